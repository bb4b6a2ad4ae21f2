"""What containers may beside what files allow, and what /proc tells of their processes."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.programs.capabilities import EVERY, USUAL, granted
from lifecycle.wire import DEFAULT_START, Config, Request, Trace
from tests.lifecycle.programs.world import World


@pytest.mark.parametrize(
    ("add", "drop", "privileged", "shown"),
    [
        ([], [], False, "00000000a80425fb"),
        (["NET_ADMIN", "SYS_TIME"], [], False, "00000000aa0435fb"),
        (["CAP_NET_ADMIN"], ["chown"], False, "00000000a80435fa"),
        ([], ["ALL"], False, "0000000000000000"),
        (["NET_BIND_SERVICE"], ["ALL"], False, "0000000000000400"),
        (["ALL"], ["SYS_ADMIN"], False, "000001ffffdfffff"),
        ([], [], True, "000001ffffffffff"),
    ],
)
def test_capabilities_are_added_to_the_usual_ones_and_then_dropped(
    add: list[str], drop: list[str], privileged: bool, shown: str
) -> None:
    assert f"{granted(add, drop, privileged):016x}" == shown


def status(**more: object) -> dict[str, str]:
    world = World()
    container = world.container("debian", "sleep", "100", **more)
    out = world.exec(container, "sh", "-c", "cd /proc/1; cat status").stdout
    return dict(line.split(":\t", 1) for line in out.splitlines() if ":\t" in line)


def test_proc_tells_what_a_process_may() -> None:
    found = status(capabilities=granted(["SYS_TIME"]))
    assert found["CapPrm"] == found["CapEff"] == found["CapBnd"] == "00000000aa0425fb"
    assert found["CapInh"] == found["CapAmb"] == "0000000000000000"


def test_who_is_not_root_may_nothing_but_could() -> None:
    found = status(user=1000, group=3000, groups=(2000,))
    assert (found["CapEff"], found["CapBnd"]) == ("0000000000000000", f"{USUAL:016x}")
    assert (found["Uid"], found["Gid"], found["Groups"]) == ("\t".join(["1000"] * 4), "\t".join(["3000"] * 4), "2000 ")


def test_a_process_has_a_directory_under_proc() -> None:
    world = World()
    container = world.container("busybox", "sleep", "100")
    assert world.exec(container, "ls", "/proc/1").stdout == "cgroup\ncmdline\ncomm\nenviron\nmounts\nstat\nstatus\n"
    assert world.exec(container, "ls", "/proc/77").code == 1
    assert world.exec(container, "sh", "-c", "cd /proc/1 && cat comm").stdout == "sleep\n"


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("busybox", "chown: /tmp: Operation not permitted\n"),
        ("debian", "chown: changing ownership of '/tmp': Operation not permitted\n"),
    ],
)
def test_root_gives_no_files_away_without_the_capability(image: str, said: str) -> None:
    world = World()
    may = world.container(image, "sleep", "100", name="may")
    may_not = world.container(image, "sleep", "100", name="may-not", capabilities=granted(drop=["CHOWN"]))
    assert world.exec(may, "sh", "-c", "chown nobody /tmp && ls -ld /tmp").stdout.split()[2] == "65534"
    found = world.exec(may_not, "chown", "nobody", "/tmp")
    assert (found.code, found.stderr) == (1, said)


def test_files_are_given_to_no_user_that_there_is_not() -> None:
    world = World()
    assert world.exec(world.container("alpine", "sleep", "1"), "chown", "ann", "/tmp").stderr == "chown: unknown user ann\n"
    found = world.exec(world.container("debian", "sleep", "1", name="d"), "chown", ":folk", "/tmp")
    assert found.stderr.startswith("chown: invalid group: 'folk'\n")


def test_only_who_may_sets_the_clock() -> None:
    world = World()
    may = world.container("alpine", "sleep", "100", name="may", capabilities=EVERY)
    may_not = world.container("alpine", "sleep", "100", name="may-not")
    assert world.exec(may, "date", "+%T", "-s", "12:00:00").stdout == "12:00:00\n"
    found = world.exec(may_not, "date", "+%T", "-s", "12:00:00")
    assert (found.code, found.stdout, found.stderr) == (1, "12:00:00\n", "date: can't set date: Operation not permitted\n")


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}}, "00000000aa0435fb"),
        ({"capabilities": {"drop": ["ALL"]}}, "0000000000000000"),
        ({"privileged": True}, "000001ffffffffff"),
        ({}, "00000000a80425fb"),
    ],
)
def test_a_container_gets_what_its_security_context_asks_for(context: dict[str, Any], shown: str) -> None:
    engine = Engine.new(Config(DEFAULT_START))
    container = {
        "name": "c",
        "image": "busybox",
        "command": ["grep", "CapBnd", "/proc/self/status"],
        "securityContext": context,
    }
    spec = {"restartPolicy": "Never", "containers": [container]}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    traces = [one for one in engine.advance(DEFAULT_START + 10 * SECOND) if isinstance(one, Trace)]
    assert [one.body["text"] for one in traces if one.kind == "output"] == [f"CapBnd:\t{shown}\n"]
    assert not [one for one in traces if one.kind == "assumption"]
