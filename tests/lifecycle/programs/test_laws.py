"""Laws: no script crashes the machine; the same script gives the same life; a save in its middle changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifecycle.programs import budget
from lifecycle.programs.commands import COMMANDS
from lifecycle.programs.files import Node
from tests.lifecycle.programs.world import World

WORDS = st.sampled_from(
    [
        "a",
        "b c",
        "$x",
        '"$x"',
        "$(echo s)",
        "`date`",
        "$((x+1))",
        "${x:-d}",
        "${x%b*}",
        "*",
        "'q'",
        "-n",
        "$1",
        "/tmp/f",
        "$?",
        "~",
        "{a,b}",
    ]
)
SIMPLE = st.one_of(
    st.builds(lambda words: "echo " + " ".join(words), st.lists(WORDS, max_size=3)),
    st.sampled_from(
        [
            "sleep 1",
            "sleep 0.3",
            "true",
            "false",
            "x=1",
            "x=$x$x",
            "touch /tmp/f",
            "rm -f /tmp/f",
            "cat /tmp/f",
            "cat",
            "nosuch",
            "exit 3",
            "wait",
            "wait $!",
            "kill $!",
            "trap 'echo t' TERM",
            "trap 'echo e' EXIT",
            "trap '' INT",
            "set -e",
            "set -x",
            "cd /tmp",
            "read y",
            "ls /tmp",
            "f",
            "return 2",
            "break",
            "continue",
            "shift",
            "echo x > /tmp/f",
            "cat < /tmp/f",
            "exec 2>&1",
            "ps",
            "kill -TERM $$",
            "nslookup web",
            "wget -T 1 http://web/",
            "tail -f /dev/null",
            "seq 3",
            "export x",
            "eval 'echo $x'",
            ". /tmp/f",
            "(exit 4)",
            "sleep 100",
            "kill -9 $$",
            "nc -l -p 80",
            "killall sleep",
            "grep a",
            "printf '%d\\n' a",
            "test a -gt 1",
            "head -c 3 /dev/zero",
            "unset x",
            ": ${x?no}",
        ]
    ),
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}; {}".format, inner, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("{} &\n{}".format, inner, inner),
        st.builds("( {} )".format, inner),
        st.builds("{{ {}; }}".format, inner),
        st.builds("! {}".format, inner),
        st.builds("if {}; then {}; else {}; fi".format, inner, inner, inner),
        st.builds("while {}; do {}; done".format, inner, inner),
        st.builds("for x in 1 2; do {}; done".format, inner),
        st.builds("case $x in 1) {};; *) {};; esac".format, inner, inner),
        st.builds("f() {{ {}; }}; {}".format, inner, inner),
        st.builds("x=$({})".format, inner),
        st.builds("{} > /tmp/f 2>&1".format, inner),
        st.builds("cat <<EOF\n$({})\nEOF\n{}".format, inner, inner),
    )


SCRIPTS = st.recursive(SIMPLE, compound, max_leaves=8)
SHELLS = st.sampled_from([("busybox", "sh"), ("debian", "sh"), ("debian", "bash")])


@pytest.fixture(autouse=True, scope="module")
def short_of_steps() -> Iterator[None]:
    """Let endless scripts meet their limit soon."""
    with patch.object(budget, "MAX_STEPS", 3_000), patch.object(budget, "SPARE", 12_000):
        yield


def told(world: World) -> list[object]:
    return [world.kernel.outputs, world.listener.told, world.kernel.now]


@settings(max_examples=150, deadline=None)
@given(
    SHELLS,
    SCRIPTS,
    st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from(["SIGTERM", "SIGINT", "exec", "SIGHUP"])), max_size=3),
)
def test_a_life_is_the_same_with_and_without_saves_in_its_middle(
    shell: tuple[str, str], script: str, acts: list[tuple[float, str]]
) -> None:
    worlds = World(), World()
    for world in worlds:
        world.container(shell[0], shell[1], "-c", script)
    plain, saved = worlds
    for at, act in [*sorted(acts), (30.0, "")]:
        saved = saved.saved_and_restored()
        for world in (plain, saved):
            world.run(at)
            if act == "exec":
                world.programs.exec(
                    "pod/app", ("sh", "-c", "ps; ls /tmp; cat /tmp/f"), world.programs.state.containers["pod/app"].spec.exited
                )
            elif act:
                world.programs.signal("pod/app", act)
    saved = saved.saved_and_restored()
    assert told(plain) == told(saved)
    assert plain.programs.state == saved.programs.state


@settings(max_examples=200, deadline=None)
@given(SHELLS, st.text(alphabet="ab \n\t'\"`$(){}[]|&;<>!#=*?\\-+/0123456789fidoen\xe9\u4e2d", max_size=60))
def test_no_text_crashes_a_shell(shell: tuple[str, str], script: str) -> None:
    world = World()
    world.container(shell[0], shell[1], "-c", script)
    world.run(5)


ARGUMENTS = st.one_of(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz-0159./:=%+*[]()$^{}|,'", max_size=8),
    st.builds("-{}".format, st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFIHLOPRTX019", max_size=3)),
    st.sampled_from(
        [
            "/tmp/f",
            "/etc",
            "/nofile",
            "1",
            "-1",
            "99999999999999999999",
            "http://x:y/",
            "s/a/b/",
            "{print $1}",
            "127.0.0.1",
            "80",
            "-",
            "",
        ]
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(set(COMMANDS) - {"behavior"})), st.lists(ARGUMENTS, max_size=5), st.booleans())
def test_no_arguments_crash_a_command(name: str, args: list[str], busybox: bool) -> None:
    world = World()
    app = world.container("busybox" if busybox else "acme/tools:1", "sleep", "1000")
    world.exec(app, "sh", "-c", "echo 'a b' > /tmp/f")
    node = Node("f", "ELF", mode=0o755, program=name, flavor="busybox" if busybox else "coreutils")
    view = world.programs.view(world.programs.state.containers[app])
    view.put(view.place("/tmp/command"), node)
    world.programs.exec(app, ("/tmp/command", *args), world.programs.state.containers[app].spec.exited)
    world.run(5)
    assert world.programs.state.containers[app].running
