"""Who sees whose processes: containers on their own, of a Pod that shares them, of a node, and those that look at another."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.programs.world import World


def shared(world: World, **more: Any) -> tuple[str, str]:
    """Start the Pod of Kubernetes' task "Share Process Namespace between Containers in a Pod": nginx and a shell."""
    world.pod(**{"share_processes": True, **more})
    nginx = world.nginx(name="nginx")
    return nginx, world.container("busybox", "sleep", "3600", name="shell")


def listed(world: World, container: str, command: str = "ps") -> list[tuple[int, str, str]]:
    """Return what ps lists: number, user, command."""
    lines = world.exec(container, "sh", "-c", command).stdout.splitlines()[1:]
    return [(int(line.split()[0]), line.split()[1], line.split(None, 3)[3]) for line in lines]


def pid_of(world: World, container: str, command: str) -> int:
    return next(pid for pid, _, text in listed(world, container) if text.startswith(command))


def test_containers_of_a_pod_that_shares_processes_see_each_other() -> None:
    world = World()
    _, shell = shared(world)
    found = listed(world, shell, "ps ax")
    workers = [("101", "nginx: worker process")] * sum("worker" in text for _, _, text in found)
    assert [(user, text) for _, user, text in found] == [
        ("65535", "/pause"),
        ("root", "nginx: master process nginx -g daemon off;"),
        *workers,
        ("root", "sleep 3600"),
        ("root", "ps ax"),
    ]
    assert found[0][0] == 1
    assert len({pid for pid, _, _ in found}) == len(found)
    assert [pid for pid, _, _ in found] == sorted(pid for pid, _, _ in found)


def test_a_signal_reaches_a_process_of_another_container() -> None:
    world = World()
    nginx, shell = shared(world)
    master = pid_of(world, shell, "nginx: master")
    workers = [pid for pid, _, text in listed(world, shell) if "worker" in text]
    assert world.exec(shell, "kill", "-HUP", str(master)).code == 0
    after = [pid for pid, _, text in listed(world, shell) if "worker" in text]
    assert len(after) == len(workers)
    assert min(after) > max(workers)
    assert "reconfiguring" in "\n".join(line.text for line in world.programs.logs(nginx))


def test_killing_the_first_process_of_another_container_ends_that_container() -> None:
    world = World()
    nginx, shell = shared(world)
    assert world.exec(shell, "sh", "-c", f"kill -9 {pid_of(world, shell, 'nginx: master')}").code == 0
    world.run(5)
    ended = world.exit_of(nginx)
    assert ended is not None
    assert (ended[1].code, ended[1].signal) == (137, "SIGKILL")
    assert world.exit_of(shell) is None
    assert [text for _, _, text in listed(world, shell) if "nginx" in text] == []


def test_pause_takes_no_harm() -> None:
    world = World()
    _, shell = shared(world)
    assert world.exec(shell, "kill", "-9", "1").code == 0
    world.run(5)
    assert listed(world, shell)[0][2] == "/pause"


def test_files_of_another_container_are_found_under_proc() -> None:
    world = World()
    nginx, shell = shared(world)
    master = pid_of(world, shell, "nginx: master")
    root = f"/proc/{master}/root"
    assert "worker_processes" in world.exec(shell, "head", f"{root}/etc/nginx/nginx.conf").stdout
    assert "nginx.conf" in world.exec(shell, "ls", f"{root}/etc/nginx/").stdout
    assert world.exec(shell, "sh", "-c", f"echo new > {root}/tmp/f; cat {root}/tmp/f; ls /tmp").stdout == "new\n"
    assert world.exec(nginx, "cat", "/tmp/f").stdout == "new\n"
    assert world.exec(shell, "sh", "-c", f"echo x=read > {root}/tmp/f; . {root}/tmp/f; echo $x").stdout == "read\n"
    assert world.exec(shell, "cat", f"/proc/{master}/comm").stdout == "nginx\n"
    assert world.exec(shell, "cat", "/proc/4000/root/etc/passwd").code == 1


def test_another_users_files_are_not_to_be_seen() -> None:
    world = World()
    world.pod(share_processes=True)
    world.nginx(name="nginx")
    shell = world.container("busybox", "sleep", "3600", name="shell", user=1000)
    master = pid_of(world, shell, "nginx: master")
    assert "Permission denied" in world.exec(shell, "cat", f"/proc/{master}/root/etc/passwd").stderr


def test_the_numbers_of_a_shell_are_those_that_others_see() -> None:
    world = World()
    _, shell = shared(world)
    shown = world.exec(shell, "sh", "-c", "sleep 9 & echo $$ $!; cat /proc/$!/comm; kill $!; wait $!; echo $?").stdout.split()
    assert int(shown[0]) < int(shown[1])
    assert shown[2:] == ["sleep", "143"]


def test_containers_do_not_see_each_other_without_it() -> None:
    world = World()
    world.nginx(name="nginx")
    shell = world.container("busybox", "sleep", "3600", name="shell")
    assert [text for _, _, text in listed(world, shell)] == ["sleep 3600", "ps"]
    assert world.exec(shell, "kill", "7").code == 1


def test_a_container_with_a_target_sees_its_processes_and_ends_with_it() -> None:
    world = World()
    nginx = world.nginx(name="nginx")
    debugger = world.container("busybox", "sleep", "3600", name="debugger", target=nginx)
    assert listed(world, debugger)[0][2].startswith("nginx: master")
    assert listed(world, debugger)[0][0] == 1
    assert "sleep 3600" in [text for _, _, text in listed(world, debugger)]
    assert "worker_processes" in world.exec(debugger, "cat", "/proc/1/root/etc/nginx/nginx.conf").stdout
    assert world.exec(debugger, "kill", "-9", "1").code == 0
    assert world.exit_of(nginx) is None
    world.programs.kill(nginx)
    world.run(5)
    ended = world.exit_of(debugger)
    assert ended is not None
    assert ended[1].code == 137


def test_a_pod_on_its_nodes_processes_sees_all_of_them() -> None:
    world = World()
    other = world.script("sleep 1000", pod="other")
    world.pod(share_processes=True, host_processes=True, host_network=True)
    shell = world.container("busybox", "sleep", "3600", name="shell")
    commands = [text for _, _, text in listed(world, shell)]
    assert commands[0] == "/sbin/init"
    assert {"sleep 1000", "sleep 3600", "ps"} < set(commands)
    assert any("kubelet" in text for text in commands)
    assert commands.count("/pause") == 2
    first = pid_of(world, shell, "sleep 1000")
    assert pid_of(world, shell, "sleep 1000") == first
    assert world.exec(shell, "kill", "-9", str(first)).code == 0
    world.run(5)
    ended = world.exit_of(other)
    assert ended is not None
    assert ended[1].code == 137


@pytest.mark.parametrize("host", [False, True])
def test_processes_that_are_shared_go_on_identically_after_they_were_saved(host: bool) -> None:
    world = World()
    _, shell = shared(world, host_processes=host)
    before = listed(world, shell)
    other = world.saved_and_restored()
    for one in (world, other):
        one.exec(shell, "kill", "-HUP", str(pid_of(one, shell, "nginx: master")))
    assert listed(world, shell) == listed(other, shell)
    assert sorted(text for _, _, text in before) == sorted(text for _, _, text in listed(world, shell))


def test_orphans_are_reaped_by_pause() -> None:
    world = World()
    _, shell = shared(world)
    world.exec(shell, "sh", "-c", "(sleep 5 &)")
    assert "sleep 5" in [text for _, _, text in listed(world, shell)]
    world.run(10)
    assert not [text for _, _, text in listed(world, shell) if "sleep 5" in text]
