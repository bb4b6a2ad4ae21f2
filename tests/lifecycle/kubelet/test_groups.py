"""The users and groups that programs find themselves to be."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Config, Request, Trace

CONTEXT = {"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000, "supplementalGroups": [4000]}


def said(script: str, image: str = "busybox", own: dict[str, Any] | None = None, **context: Any) -> str:
    container = {"name": "app", "image": image, "command": ["sh", "-c", script], "securityContext": own or {}}
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {"containers": [container], "restartPolicy": "Never", "securityContext": context},
    }
    engine = Engine.new(Config(DEFAULT_START))
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    outputs = engine.advance(DEFAULT_START + 20 * SECOND)
    return "".join(o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "output")


def test_processes_have_the_groups_that_their_pod_names() -> None:
    assert said("id", **CONTEXT) == "uid=1000 gid=3000 groups=2000,3000,4000\n"
    assert said("id -g; id -G; groups", **CONTEXT) == "3000\n2000 3000 4000\n2000 3000 4000\n"


def test_coreutils_name_a_processs_own_group_first() -> None:
    assert said("id", "debian", **CONTEXT) == "uid=1000 gid=3000 groups=3000,2000,4000\n"


def test_a_containers_own_group_goes_before_its_pods() -> None:
    assert said("id -g", own={"runAsGroup": 7}, **CONTEXT) == "7\n"


@pytest.mark.parametrize(("image", "groups"), [("busybox", "0(root),10(wheel)"), ("debian", "0(root)")])
def test_root_is_root_where_nothing_else_is_asked_for(image: str, groups: str) -> None:
    assert said("id; id -gn", image) == f"uid=0(root) gid=0(root) groups={groups}\nroot\n"


def played(script: str, *sources: dict[str, Any], security: dict[str, Any] | None = None, **more: Any) -> str:
    """Return what a script says in a Pod that mounts a volume at /data; `sources` are objects that it is made of."""
    container = {
        "name": "app",
        "image": "busybox",
        "command": ["sh", "-c", script],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "securityContext": CONTEXT if security is None else security,
        "volumes": [{"name": "data", **more}],
    }
    engine = Engine.new(Config(DEFAULT_START))
    for body in (*sources, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}):
        resource = body["kind"].lower() + "s"
        assert engine.request(DEFAULT_START, Request("create", resource, namespace="default", body=body)).code == 201
    outputs = engine.advance(DEFAULT_START + 20 * SECOND)
    return "".join(o.body["text"] for o in outputs if isinstance(o, Trace) and o.kind == "output")


def columns(line: str) -> list[str]:
    """Return the mode, the owner and the group of a line of `ls -l`."""
    words = line.split()
    return [words[0], words[2], words[3]]


def test_an_empty_volume_belongs_to_its_pods_fs_group() -> None:
    assert columns(played("ls -ld /data", emptyDir={})) == ["drwxrwsrwx", "root", "2000"]
    assert columns(played("ls -ld /data", emptyDir={}, security={})) == ["drwxrwxrwx", "root", "root"]


def test_what_is_made_in_such_a_volume_belongs_to_the_group_too() -> None:
    lines = played("mkdir -p /data/d; echo hello > /data/d/f; ls -ld /data/d; ls -l /data/d/f", emptyDir={}).splitlines()
    assert [columns(line) for line in lines] == [["drwxr-sr-x", "1000", "2000"], ["-rw-r--r--", "1000", "2000"]]


def test_what_is_made_elsewhere_belongs_to_the_processs_own_group() -> None:
    assert columns(played("touch /tmp/f; ls -ln /tmp/f", emptyDir={})) == ["-rw-r--r--", "1000", "3000"]
    assert played("touch /tmp/f; echo x >> /tmp/f; stat -c '%u %g %a' /tmp/f", emptyDir={}) == "1000 3000 644\n"


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"key": "secret\n"}}


@pytest.mark.parametrize(
    ("security", "said"),
    [
        ({"runAsUser": 1000, "fsGroup": 2000}, "secret\n"),
        ({"runAsUser": 1000}, "cat: can't open '/data/key': Permission denied\n"),
    ],
)
def test_a_secret_that_its_owner_alone_may_read_can_be_read_by_the_fs_group(security: dict[str, Any], said: str) -> None:
    volume = {"secretName": "key", "defaultMode": 0o400}
    assert played("cat /data/key", SECRET, security=security, secret=volume) == said


def test_the_group_does_not_write_what_is_made_of_objects() -> None:
    said = played("stat -L -c '%g %a' /data/key; stat -L -c '%g %a' /data", SECRET, secret={"secretName": "key"})
    assert said == "2000 644\n2000 3777\n"


@pytest.mark.parametrize(
    "volume", [{"secret": {"secretName": "key"}}, {"projected": {"sources": [{"secret": {"name": "key"}}]}}]
)
def test_no_container_writes_what_is_made_of_objects(volume: dict[str, Any]) -> None:
    said = played("echo x > /data/key; cat /data/key", SECRET, security={}, **volume)
    assert said == "sh: can't create /data/key: Read-only file system\nsecret\n"
