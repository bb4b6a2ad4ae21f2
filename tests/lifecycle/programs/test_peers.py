"""Two processes that talk over the network as their input comes; datagrams; programs behind a port."""

from __future__ import annotations

import pytest

from lifecycle.wire import Trace
from tests.lifecycle.programs.world import World


def written(world: World, pod: str) -> str:
    said = [out for out in world.kernel.outputs if isinstance(out, Trace) and out.kind == "output"]
    return "".join(out.body["text"] for out in said if out.pod == pod)


def played(server: str, client: str, until: float = 5, image: str = "busybox") -> tuple[str, str]:
    """Return what a server's script and, half a second later, a client's have put out; the server is at 10.244.0.5."""
    world = World()
    world.script(server, pod="server", image=image)
    world.run(0.5)
    world.script(client, pod="client")
    world.run(until)
    return written(world, "server"), written(world, "client")


@pytest.mark.parametrize(
    ("server", "client", "shown"),
    [
        ("nc -l -p 1234; echo gone", "echo hello | nc 10.244.0.5 1234; echo done", ("hello\ngone\n", "done\n")),
        ("echo hi | nc -l -p 1234; echo gone", "echo a | nc 10.244.0.5 1234; echo b", ("a\ngone\n", "hi\nb\n")),
        ("nc -lk -p 9", "for i in 1 2; do echo $i | nc 10.244.0.5 9; sleep 1; done; echo b", ("1\n2\n", "b\n")),
        ("nc -l -p 9 > /f; wc -l /f", "(echo a; sleep 1; echo b) | nc 10.244.0.5 9; echo c", ("2 /f\n", "c\n")),
        ("nc -u -l -p 5000", "echo hi | nc -u -w 1 10.244.0.5 5000; echo $?", ("hi\n", "0\n")),
        ("sleep 9", "echo hi | nc -u -w 1 10.244.0.5 5000; echo $?", ("", "0\n")),
        ("nc -lk -p 80 -e echo hello", "nc 10.244.0.5 80 < /dev/null; nc 10.244.0.5 80 < /dev/null", ("", "hello\nhello\n")),
        ("nc -lk -p 80 -e sh -c 'echo HTTP/1.1 200 OK; echo; hostname'", "wget -qO- http://10.244.0.5/", ("", "server\n")),
    ],
)
def test_what_one_says_the_other_writes_out(server: str, client: str, shown: tuple[str, str]) -> None:
    assert played(server, client) == shown


def test_two_people_talk_line_by_line() -> None:
    world = World()
    server = world.container("busybox", "sleep", "1000", pod="server")
    client = world.container("busybox", "sleep", "1000", pod="client")
    one = world.session(server, "nc", "-l", "-p", "1234", tty=True)
    other = world.session(client, "nc", "10.244.0.5", "1234", tty=True)
    one.pass_time(0.1)
    other.type("hello\r")
    assert one.shown() == "hello\r\n"
    one.type("you too\r")
    assert other.shown() == "hello\r\nyou too\r\n"
    other.type("\x03")
    other.pass_time(0.1)
    assert (one.code, other.code) == (0, 130)


def test_who_is_killed_leaves_the_other_alone() -> None:
    world = World()
    world.script("nc -l -p 1234; echo gone", pod="server")
    client = world.script("sleep 100 | nc 10.244.0.5 1234", pod="client")
    world.run(2)
    world.programs.kill(client)
    world.run(3)
    assert written(world, "server") == "gone\n"


def test_a_conversation_goes_on_after_it_was_saved() -> None:
    world = World()
    world.script("nc -l -p 1234; echo gone", pod="server")
    world.script("(sleep 1; echo later; sleep 1) | nc 10.244.0.5 1234", pod="client")
    world.run(0.5)
    world = world.saved_and_restored()
    world.run(4)
    assert written(world, "server") == "later\ngone\n"


def test_a_port_that_is_bound_twice_is_in_use() -> None:
    world = World()
    app = world.script("nc -u -l -p 53 & sleep 100")
    assert world.exec(app, "nc", "-u", "-l", "-p", "53").stderr == "nc: bind: Address already in use\n"
    assert "udp        0      0 0.0.0.0:53 " in world.exec(app, "netstat", "-uln").stdout


def test_agnhost_answers_datagrams() -> None:
    world = World()
    world.container("registry.k8s.io/e2e-test-images/agnhost:2.40", "/agnhost", "netexec", pod="server")
    client = world.container("busybox", "sleep", "1000", pod="client")
    world.run(1)
    asked = world.exec(client, "sh", "-c", "echo hostname | nc -u -w 1 10.244.0.5 8081")
    assert asked.stdout == "server"
