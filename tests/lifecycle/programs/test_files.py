"""Files: layers, volumes, links, special files."""

from __future__ import annotations

import re

from lifecycle import tokens
from lifecycle.programs import Mount, node_volume
from lifecycle.tokens import ISSUER, PodToken
from lifecycle.wire import DEFAULT_START
from tests.lifecycle.programs.world import World


def test_containers_share_what_they_mount() -> None:
    world = World()
    world.programs.set_volume("shared")
    world.script("echo hello > /out/f; sleep 100", mounts=(Mount("/out", "shared"),))
    reader = world.script("sleep 1; cat /in/f; sleep 100", name="reader", mounts=(Mount("/in", "shared"),))
    world.run(2)
    assert world.output() == "hello\n"
    assert world.programs.read_file(reader, "/in/f") == b"hello\n"
    assert world.programs.volume_usage("shared") == 6


def test_a_writable_layer_is_a_containers_own_and_goes_with_it() -> None:
    world = World()
    first = world.script("echo x > /tmp/f; rm /etc/passwd; ls /etc/passwd; sleep 100")
    second = world.script("ls /tmp /etc/passwd; sleep 100", name="second")
    world.run(1)
    assert world.output() == "ls: /etc/passwd: No such file or directory\n/etc/passwd\n\n/tmp:\n"
    world.programs.remove(first)
    assert world.programs.read_file(first, "/tmp/f") is None
    assert world.programs.read_file(second, "/etc/passwd") is not None


def test_a_config_map_brings_its_files_and_changes_them() -> None:
    world = World()
    world.programs.set_volume("config", {"a": b"1\n", "sub/b": b"2\n"})
    app = world.container("busybox", "sleep", "100", mounts=(Mount("/etc/config", "config", read_only=True),))
    assert world.exec(app, "sh", "-c", "cat /etc/config/a /etc/config/sub/b; ls /etc/config").stdout == "1\n2\na\nsub\n"
    assert world.exec(app, "touch", "/etc/config/new").stderr == "touch: /etc/config/new: Read-only file system\n"
    version = world.programs.version("pod")
    world.programs.set_volume("config", {"a": b"new\n"})
    assert world.programs.version("pod") > version
    assert world.exec(app, "cat", "/etc/config/a").stdout == "new\n"


def test_names_in_a_volume_of_a_config_map_lead_to_where_its_files_lie() -> None:
    world = World()
    world.programs.set_volume("config", {"a": b"1\n", "sub/b": b"2\n"})
    app = world.container("busybox", "sleep", "100", mounts=(Mount("/c", "config", read_only=True),))
    links = world.exec(app, "sh", "-c", "readlink /c/..data /c/a /c/sub; ls -A /c").stdout.splitlines()
    assert links[1:3] == ["..data/a", "..data/sub"]
    assert links[3:] == [links[0], "..data", "a", "sub"]
    assert re.fullmatch(r"\.\.\d{4}(_\d\d){5}\.\d+", links[0])
    world.run(5)
    world.programs.set_volume("config", {"a": b"new\n"})
    assert world.exec(app, "ls", "-A", "/c").stdout.split()[1:] == ["..data", "a"]
    assert world.exec(app, "readlink", "/c/..data").stdout.strip() != links[0]


def test_files_of_a_volume_are_the_same_whenever_somebody_first_looks() -> None:
    token = PodToken("id", ("default", "builder", "uid"), DEFAULT_START, 3600, ISSUER, ("web", "uid"), ("node1", "uid"))
    seen = []
    for looks_at, saved in ((0, False), (50, False), (50, True)):
        world = World()
        world.programs.set_volume("v", {"token": token, "sub/a": b"1\n"}, 0o400, {"token": 0o600}, 0o1777)
        app = world.container("busybox", "sleep", "100", mounts=(Mount("/v", "v", read_only=True),))
        world.run(looks_at)
        world = world.saved_and_restored() if saved else world
        seen.append(world.exec(app, "sh", "-c", "ls -lRA /v; cat /v/token /v/sub/a").stdout)
        assert world.programs.state.unread == {}
    assert seen[0] == seen[1] == seen[2]
    assert tokens.read(world.kernel.seeds, seen[0].split("\n")[-2].removesuffix("1"), DEFAULT_START) is not None


def test_a_sub_path_mounts_one_file() -> None:
    world = World()
    world.programs.set_volume("config", {"nginx.conf": b"x\n", "other": b"y\n"})
    world.programs.pin_volume("config", "nginx.conf", "pinned")
    app = world.container("busybox", "sleep", "100", mounts=(Mount("/etc/app.conf", "pinned", "nginx.conf"),))
    assert world.exec(app, "sh", "-c", "cat /etc/app.conf; ls /etc/other").stdout == "x\n"


def test_host_paths_are_the_nodes_and_shared_between_pods() -> None:
    world = World()
    world.programs.make_node_path("node1", "/data")
    mounts = (Mount("/d", node_volume("node1"), "/data"),)
    world.script("echo here > /d/f; sleep 9", mounts=mounts)
    world.script("cat /d/f", pod="other", mounts=mounts)
    world.run(1)
    assert world.output() == "here\n"
    assert world.programs.node_path("node1", "/data/f") == "File"
    assert world.programs.node_path("node1", "/nothing") is None


def test_the_termination_message_can_be_read_after_the_end() -> None:
    world = World()
    app = world.script("echo fatal > /dev/termination-log; exit 3")
    world.run(1)
    assert world.programs.read_file(app, "/dev/termination-log") == b"fatal\n"


def test_output_of_a_command_can_go_to_process_1s_own() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100")
    assert world.exec(app, "sh", "-c", "echo to the log > /proc/1/fd/1; echo mine").stdout == "mine\n"
    assert world.output() == "to the log\n"


def test_tail_f_says_what_comes() -> None:
    world = World()
    world.script("touch /log; tail -f /log & for i in 1 2; do sleep 2; echo line $i >> /log; done; sleep 1; kill $!")
    world.run(4.5)
    assert world.output() == "line 1\nline 2\n"


def test_the_runtimes_files_are_there() -> None:
    world = World()
    world.pod("web", "shop", host_aliases=(("1.2.3.4", ("db", "db.local")),))
    app = world.container("busybox", "sleep", "100", pod="web")
    assert "10.244.0.5\tweb\n" in world.exec(app, "cat", "/etc/hosts").stdout
    assert "1.2.3.4\tdb\tdb.local\n" in world.exec(app, "cat", "/etc/hosts").stdout
    assert world.exec(app, "cat", "/etc/resolv.conf").stdout.startswith("search shop.svc.cluster.local svc.cluster.local")
    assert world.exec(app, "hostname").stdout == "web\n"


def test_large_empty_files_weigh_nothing_but_count() -> None:
    world = World()
    app = world.script("dd if=/dev/zero of=/tmp/big bs=1M count=400; sleep 100")
    world.run(1)
    assert world.programs.usage(app).writable_layer >= 400 << 20
    assert world.exec(app, "sh", "-c", "wc -c < /tmp/big").stdout == f"{400 << 20}\n"


def test_a_user_may_not_write_what_is_roots() -> None:
    world = World()
    app = world.container("busybox", "sleep", "100", user=1000)
    result = world.exec(app, "sh", "-c", "echo x > /etc/passwd; id -u; touch /tmp/mine && ls /tmp")
    assert result.stdout == "1000\nmine\n"
    assert result.stderr == "sh: can't create /etc/passwd: Permission denied\n"
