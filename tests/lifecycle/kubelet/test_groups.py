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


@pytest.mark.parametrize("image", ["busybox", "debian"])
def test_root_is_root_where_nothing_else_is_asked_for(image: str) -> None:
    assert said("id; id -gn", image) == "uid=0(root) gid=0(root) groups=0(root)\nroot\n"
