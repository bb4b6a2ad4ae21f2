"""What scripts may not do: a trace says which limit they met, and the rest of the cluster is unharmed."""

from __future__ import annotations

import time

import pytest

from tests.lifecycle.programs.world import World


def limits(world: World) -> set[str]:
    return {body["limit"] for body in world.traces("limit")}


def test_an_endless_loop_stays_busy_and_still_takes_signals() -> None:
    world = World()
    app = world.script("trap 'echo out; exit 3' TERM; while true; do :; done")
    world.run(20)
    assert limits(world) == {"steps"}
    assert world.exit_of() is None
    assert world.kernel.agenda.next_at() is None
    world.programs.signal(app, "SIGTERM")
    world.run(22)
    assert world.exit_of()[1].code == 3


def test_a_long_loop_goes_on_in_the_next_second() -> None:
    world = World()
    world.script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; echo $i")
    world.run(5)
    assert world.output() == "20000\n"
    assert world.exit_of()[0] == 1


@pytest.mark.parametrize(
    ("script", "limit"),
    [
        ("f() { f | f & }; f; sleep 5; echo alive", "processes"),
        ("f() { f; }; f", "nesting"),
        ("i=0; while [ $i -lt 11000 ]; do : > /tmp/f$i; i=$((i+1)); done", "files"),
        ("x=aaaaaaaaaaaaaaaa; while true; do x=$x$x; done", "bytes"),
        ("yes", "steps"),
        ("yes > /tmp/y", "steps"),
        ("cat /dev/zero", "output"),
        ("seq 100000000", "steps"),
        ("x=$(yes); echo ${#x}", "steps"),
        ("awk 'BEGIN { s = \"a\"; while (1) s = s s }'", "bytes"),
        ("while true; do mkdir -p a/b/c; cp -r a a/b; done", "steps"),
    ],
)
def test_explosions_meet_a_limit_soon(script: str, limit: str) -> None:
    world = World()
    begun = time.process_time()
    world.script(script)
    world.run(10)
    assert limit in limits(world)
    assert time.process_time() - begun < 10
    assert len(world.output()) <= 2 << 20


def test_another_container_goes_on_beside_a_fork_bomb() -> None:
    world = World()
    world.script("f() { f | f & }; f; sleep 100")
    other = world.script("echo fine; sleep 1; echo still", name="other")
    world.run(3)
    assert "fine\nstill\n" in "".join(line.text + "\n" for line in world.programs.logs(other))


@pytest.mark.parametrize(
    "script", ["(" * 400, "$(" * 400, "{ " * 500, "echo " + "${x:-" * 300, "[[ " + "( " * 300, "echo $((" + "(" * 900]
)
def test_deep_nesting_is_refused_by_the_shell(script: str) -> None:
    world = World()
    world.container("debian", "bash", "-c", script)
    world.run(1)
    assert world.exit_of()[1].code != 0
