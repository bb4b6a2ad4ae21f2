"""The annotation that says what a container does."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lifecycle import behavior
from lifecycle.programs import GRPCCheck
from tests.lifecycle.programs.world import World, reply


def behaving(text: str, **more: object) -> World:
    world = World()
    world.container("nginx", behavior=text, **more)
    return world


@pytest.mark.parametrize("name", behavior.EXAMPLES)
def test_examples_can_be_read(name: str) -> None:
    assert isinstance(behavior.read(behavior.EXAMPLES[name]), behavior.Behavior)


def test_the_schema_names_every_field() -> None:
    assert set(behavior.SCHEMA["$defs"]["Behavior"]["properties"]) == {
        "listens",
        "answers",
        "exits",
        "memory",
        "sigterm",
        "output",
        "files",
    }
    assert "from" in behavior.SCHEMA["$defs"]["Answer"]["properties"]


def test_a_port_opens_and_closes_in_time() -> None:
    world = behaving("listens: [{port: 8080, after: 5s, until: 20s}]")
    assert "connection refused" in world.get(port=8080).error
    version = world.programs.version("pod")
    world.run(6)
    assert world.programs.version("pod") > version
    assert world.get(port=8080).status == 200
    world.run(21)
    assert "connection refused" in world.get(port=8080).error


def test_answers_follow_path_time_and_order() -> None:
    world = behaving(
        "listens: [{port: 80}]\nanswers:\n- {path: /a, status: 201, until: 10s}\n- {path: /a, status: 500, from: 10s}\n"
        "- {path: /b*, status: [503, 404, 200], body: b}\n- {path: /slow, delay: 1500ms}\n- {path: /never, hang: true}\n"
    )
    assert [world.get(path).status for path in ("/a", "/b1", "/b2", "/b3", "/b4", "/other")] == [201, 503, 404, 200, 200, 200]
    assert "awaiting headers" in world.get("/slow").error
    assert world.get("/slow", timeout=2).status == 200
    assert "awaiting headers" in world.get("/never", timeout=5).error
    world.run(11)
    assert world.get("/a").status == 500


def test_a_sequence_is_steady_once_it_has_come_to_its_end() -> None:
    world = behaving("listens: [{port: 80}]\nanswers: [{path: /r, status: [503, 200]}]")
    assert [world.get("/r").steady for _ in range(3)] == [False, True, True]


def test_it_exits_when_it_says() -> None:
    world = behaving("exits: {after: 30s, code: 4, message: no more}\noutput: [{text: tick, every: 10s}]")
    world.run(60)
    assert (world.exit_of()[0], world.exit_of()[1].code) == (30, 4)
    assert world.output() == "tick\n" * 4
    assert world.programs.read_file("pod/app", "/dev/termination-log") == b"no more"


def test_memory_grows_to_its_limit() -> None:
    world = behaving("memory: {start: 40Mi, grows: 10Mi}", memory=100 << 20)
    world.run(60)
    assert 5.5 < world.exit_of()[0] < 6.5
    assert world.exit_of()[1].reason == "OOMKilled"


def test_memory_that_stops_growing_in_time_kills_nobody() -> None:
    world = behaving("memory: {start: 40Mi, grows: 10Mi, to: 90Mi}", memory=100 << 20)
    world.run(600)
    assert world.exit_of() is None
    world.programs.resize("pod/app", 80 << 20)
    world.run(601)
    assert world.exit_of()[1].reason == "OOMKilled"


@pytest.mark.parametrize(
    ("text", "end"), [("sigterm: {after: 3s, code: 7}", (13.0, 7)), ("sigterm: {ignore: true}", None), ("", (10.0, 0))]
)
def test_how_it_takes_sigterm(text: str, end: tuple[float, int] | None) -> None:
    world = behaving(text)
    world.run(10)
    world.programs.signal("pod/app", "SIGTERM")
    world.run(40)
    exit_ = world.exit_of()
    assert (exit_ and (exit_[0], exit_[1].code)) == end


def test_files_come_and_go_for_exec_probes() -> None:
    world = behaving("files: [{path: /tmp/healthy, from: 2s, until: 10s}]")
    codes = []
    for at in (1, 3, 11):
        world.run(at)
        codes.append(world.exec("pod/app", "cat", "/tmp/healthy").code)
    assert codes == [1, 0, 1]


def test_grpc_health_follows_the_answers() -> None:
    world = behaving("listens: [{port: 5000, protocol: grpc}]\nanswers: [{serving: true, until: 30s}, {serving: false}]")
    found = []
    for at in (1, 31):
        world.run(at)
        world.programs.grpc(GRPCCheck("node1", "10.244.0.5", 5000), reply(f"grpc-{at}"))
        found.append(world.wait_for(f"grpc-{at}").status)
    assert found == ["SERVING", "NOT_SERVING"]


ALIASES = list(pairwise("abcdefgh"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "listens: [{prot: 1}]",
            "line 1: listens[0]: Object contains unknown field `prot`; there are port, after, until, protocol",
        ),
        ("listens: [{port: 99999}]", "line 1: listens[0].port: Expected `int` <= 65535"),
        (
            "lisens: []",
            "Object contains unknown field `lisens`; there are listens, answers, exits, memory, sigterm, output, files",
        ),
        (
            "exits: {after: soon}",
            "line 1: exits.after: 'soon' is no span of time; it is a number of seconds, or a text such as 300ms, 5s, 2m",
        ),
        ("memory: {start: 5X}", "line 1: memory.start: '5X' is no size; it is a number of bytes, or a text such as 50Mi, 1Gi"),
        ("answers: [{since: 3s}]", "line 1: answers[0]: Object contains unknown field `since`"),
        ("listens:\n- port: 80\n- {port: 81, after: later}\n", "line 3: listens[1].after: 'later' is no span of time"),
        ("a: [", "line 2: it is not YAML"),
        ("- 1", "Expected `object`, got `array`"),
        ("output: [{text: x, every: 1ms}]", "line 1: output[0].every: must be 100ms or more"),
        ("memory:\n  start: -5", "line 2: memory.start: -5 is no size"),
        (f"memory: {{start: {'9' * 400}Mi}}", "line 1: memory.start: '999"),
        (f"memory: {{start: {'9' * 300}}}", "line 1: memory.start: 999"),
        (f"exits: {{after: {'9' * 400}h}}", "line 1: exits.after: '999"),
        ("[" * 100_000, "line 1: it is not YAML: nested more than 64 levels deep"),
        ("{a: " * 100_000, "line 1: it is not YAML: nested more than 64 levels deep"),
        (
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in ALIASES),
            "line 5: it is not YAML: more than 100,000 values, once its aliases are followed",
        ),
        ("&a [*a]", "line 1: it is not YAML: anchor 'a' value contains itself"),
        ("listens: []\n---\nlistens: []\n", "it is more than one document of YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_field(text: str, message: str) -> None:
    with pytest.raises(behavior.BehaviorError) as error:
        behavior.read(text)
    assert str(error.value).startswith(message)


def test_a_bad_annotation_is_left_out_and_said() -> None:
    world = behaving("listens: 5")
    world.run(1)
    assert world.get().status == 200
    assert world.traces("assumption")[0]["text"] == (
        "The annotation podhub.dev/behavior.app is not used: line 1: listens: Expected `array`, got `int`"
    )
