"""The memory of a node, and volumes as the kubelet makes them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lifecycle.programs import Mount, SystemOOM
from tests.lifecycle.programs.world import World, reply

MI = 1 << 20


def exits(world: World) -> list[tuple[str, str]]:
    return [(o.pod, o.body["reason"]) for o in world.kernel.outputs if o.kind == "exit"]


def test_a_program_without_a_limit_ends_where_the_node_does() -> None:
    world = World()
    world.programs.set_node_memory("node1", 1024 * MI, 256 * MI, reply("oom"))
    world.container("busybox", "tail", "/dev/zero")
    world.run(2.9)
    assert not exits(world)
    world.run(3.1)
    assert exits(world) == [("pod", "OOMKilled")]
    assert ("oom", SystemOOM("tail", 1)) in [(subject, result) for _, subject, result in world.listener.told]


def test_the_kernel_takes_whom_it_finds_worst() -> None:
    world = World()
    world.programs.set_node_memory("node1", 1024 * MI, 0, reply("oom"))
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "600M", pod="guaranteed", oom_score_adj=-997)
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "100M", pod="besteffort", oom_score_adj=1000)
    world.container("busybox", "tail", "/dev/zero", pod="burstable", oom_score_adj=500)
    world.run(30)
    assert exits(world)[:2] == [("besteffort", "OOMKilled"), ("burstable", "OOMKilled")]
    assert "guaranteed" not in {pod for pod, _ in exits(world)}


def test_what_is_taken_outside_of_containers_can_cost_one_its_life() -> None:
    world = World()
    world.programs.set_node_memory("node1", 1024 * MI, 0, reply("oom"))
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "600M")
    world.run(10)
    world.programs.set_node_memory("node1", 1024 * MI, 700 * MI, reply("oom"))
    assert world.programs.node_memory.left("node1") >= 0
    world.run(11)
    assert exits(world) == [("pod", "OOMKilled")]


@given(st.lists(st.sampled_from(["run", "kill", "remove", "wait"]), max_size=12))
def test_a_nodes_memory_is_the_sum_of_its_processes(steps: list[str]) -> None:
    world, containers = World(), []
    for i, step in enumerate(steps):
        if step == "run":
            size = f"{10 + i}M"
            containers.append(world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", size, pod=f"pod{i}"))
        elif step == "kill" and containers:
            world.programs.kill(containers[0])
        elif step == "remove" and containers:
            world.programs.remove(containers.pop(0))
        world.run(i + 1)
        held = sum(p.memory for state in world.programs.state.containers.values() for p in state.processes.values())
        assert world.programs.node_memory.of("node1").held == held


def test_a_watcher_is_told_once_when_a_node_holds_so_much_more() -> None:
    world = World()
    world.programs.when_usage_grows("node1", reply("disk"), 10 << 20, 1000)
    world.script("head -c 900 /dev/zero > /a; rm /a; sleep 5; echo > /b; sleep 5; head -c 1000 /dev/zero > /c; sleep 100")
    world.run(9)
    assert world.listener.told == []
    world.run(20)
    assert [(at, subject) for at, subject, _ in world.listener.told] == [(10.002, "disk")]
    world.programs.when_usage_grows("node1", reply("memory"), 10 << 20, 1 << 30)
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "9M", name="second")
    world.run(21)
    assert [subject for _, subject, _ in world.listener.told] == ["disk"]
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "2M", name="third")
    world.run(22)
    assert [subject for _, subject, _ in world.listener.told] == ["disk", "memory"]


def test_a_watcher_of_everything_is_told_of_output_too() -> None:
    world = World()
    world.programs.when_usage_grows("node1", reply("all"), 1 << 30, 1 << 30, always=True)
    world.script("sleep 3; echo hello; sleep 100")
    world.run(2)
    assert world.listener.told == []
    world.run(4)
    assert [subject for _, subject, _ in world.listener.told] == ["all"]


def test_a_pinned_place_does_not_change_with_its_volume() -> None:
    world = World()
    world.programs.set_volume("v", {"a/b": b"one", "c": b"other"})
    world.programs.pin_volume("v", "a", "pinned")
    world.programs.set_volume("v", {"a/b": b"two"})
    container = world.container(
        "busybox", "sleep", "100", mounts=(Mount("/pinned", "pinned", "a"), Mount("/live", "v"), Mount("/none", "pinned", "x"))
    )
    assert world.programs.read_file(container, "/pinned/b") == b"one"
    assert world.programs.read_file(container, "/live/a/b") == b"two"
    assert world.programs.read_file(container, "/pinned/c") is None


def test_there_is_room_below_directories_alone() -> None:
    world = World()
    world.programs.set_volume("v", {"a/b": b"one"})
    assert world.programs.has_room_for("v", "a/c/d")
    assert world.programs.has_room_for("v", "a/b")
    assert not world.programs.has_room_for("v", "a/b/c")


def test_files_that_stay_the_same_are_no_change() -> None:
    world = World()
    world.programs.set_volume("v", {"a": b"one"})
    world.container("busybox", "sleep", "100", mounts=(Mount("/v", "v"),))
    version = world.programs.version("pod")
    world.programs.set_volume("v", {"a": b"one"})
    assert world.programs.version("pod") == version
    world.programs.set_volume("v", {"a": b"two"})
    assert world.programs.version("pod") > version


def test_a_volume_holds_an_images_files() -> None:
    world = World()
    assert world.programs.set_image_volume("i", "busybox:1.36")
    assert not world.programs.set_image_volume("unknown", "example.com/artifact:1")
    container = world.script(
        "ls /v/bin | grep -c . ; ls /u", mounts=(Mount("/v", "i", "", True), Mount("/u", "unknown", "", True))
    )
    world.run(1)
    (line,) = world.programs.logs(container)
    assert int(line.text) > 100


def test_containers_of_a_pod_share_the_limit_that_it_has_as_a_whole() -> None:
    world = World()
    world.pod(memory=256 * MI)
    world.container("polinux/stress", "stress", "--vm", "1", "--vm-bytes", "100M", name="small")
    world.run(5)
    world.container("busybox", "tail", "/dev/zero", name="greedy")
    world.run(10)
    (exit,) = [o for o in world.kernel.outputs if o.kind == "exit"]
    assert (exit.container, exit.body["reason"]) == ("greedy", "OOMKilled")


def with_cache(size: int) -> World:
    """Return a world with a volume in memory, called cache, that holds so many MiB."""
    world = World()
    world.programs.set_volume("cache")
    world.programs.set_volume_size("cache", size * MI)
    return world


def test_a_file_system_in_memory_holds_only_so_much() -> None:
    world = with_cache(64)
    mounts = (Mount("/cache", "cache"),)
    container = world.script("dd if=/dev/zero of=/cache/f bs=1M count=100 status=noxfer; echo $?; ls -l /cache", mounts=mounts)
    world.run(5)
    said = [line.text for line in world.programs.logs(container)]
    assert said[:4] == ["dd: error writing '/cache/f': No space left on device", "65+0 records in", "64+0 records out", "1"]
    assert "67108864" in said[-1]
    assert world.programs.volume_usage("cache") == 64 * MI


def test_what_fits_is_written_whole() -> None:
    world = with_cache(64)
    fill = "dd if=/dev/zero of=/cache/f bs=1M count=64 status=noxfer"
    container = world.script(f"{fill} && rm /cache/f && {fill} && echo well", mounts=(Mount("/cache", "cache"),))
    world.run(5)
    assert world.programs.logs(container)[-1].text == "well"


def test_files_in_memory_count_for_the_container_that_wrote_them() -> None:
    world = with_cache(1024)
    mounts = (Mount("/cache", "cache"),)
    fill = "dd if=/dev/zero of=/cache/f bs=1M"
    world.script(f"{fill} count=60; rm /cache/f; {fill} count=60; sleep 2; {fill} count=100", mounts=mounts, memory=96 * MI)
    world.run(1)
    assert world.programs.node_memory.of("node1").held == 60 * MI
    assert not exits(world)
    world.run(4)
    assert exits(world) == [("pod", "OOMKilled")]
    world.programs.remove_volume("cache")
    assert world.programs.node_memory.of("node1").held == 0


def test_a_shell_that_writes_too_much_into_memory_is_killed_and_says_no_more() -> None:
    world = with_cache(1024)
    script = "while true; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx >> /cache/f; done"
    container = world.script(script, mounts=(Mount("/cache", "cache"),), memory=400 << 10)
    world.run(20)
    assert exits(world) == [("pod", "OOMKilled")]
    assert world.programs.usage(container).tmpfs > 90 << 10


def test_the_containers_of_a_pod_share_memory_of_64_mib() -> None:
    world = World()
    world.container("busybox", "sleep", "1000", name="other")
    fill = "dd if=/dev/zero of=/dev/shm/f bs=1M count=80 status=noxfer"
    container = world.script(f"cd /dev/shm; {fill}; df /dev/shm; echo x > /dev/null; ls /dev/shm")
    world.run(5)
    said = [line.text for line in world.programs.logs(container)]
    assert said[:3] == ["dd: error writing '/dev/shm/f': No space left on device", "65+0 records in", "64+0 records out"]
    assert said[-2].split() == ["shm", "65536", "65536", "0", "100%", "/dev/shm"]
    assert said[-1] == "f"
    assert world.exec("pod/other", "ls", "-ld", "/dev/shm", "/dev/shm/f").stdout.count("\n") == 2
    assert world.exec("pod/other", "sh", "-c", "rm /dev/shm/f; echo 2 > /dev/shm/g; ls -a /dev/shm").stdout == ".\n..\ng\n"
    assert world.exec(world.container("busybox", "sleep", "1000", name="late"), "cat", "/dev/shm/g").stdout == "2\n"


def test_what_is_in_shared_memory_counts_for_who_wrote_it_and_goes_with_the_pod() -> None:
    world = World()
    world.container("busybox", "sleep", "1000", name="other")
    world.script("dd if=/dev/zero of=/dev/shm/f bs=1M count=60", memory=32 * MI)
    world.exec("pod/other", "dd", "if=/dev/zero", "of=/dev/shm/g", "bs=1M", "count=10")
    assert exits(world) == [("pod", "OOMKilled")]
    world.programs.remove_sandbox("pod")
    assert world.programs.node_memory.of("node1").held == 0


def test_a_volume_may_stand_in_the_place_of_shared_memory() -> None:
    world = with_cache(128)
    container = world.script("dd if=/dev/zero of=/dev/shm/f bs=1M count=80 && df", mounts=(Mount("/dev/shm", "cache"),))
    world.run(5)
    shown = [line.text.split() for line in world.programs.logs(container) if "/dev/shm" in line.text]
    assert shown == [["tmpfs", "131072", "81920", "49152", "63%", "/dev/shm"]]
