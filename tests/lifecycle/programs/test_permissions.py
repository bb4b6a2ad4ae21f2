"""Who may write where: read-only root file systems and volumes, and users that are not root."""

from __future__ import annotations

import pytest

from lifecycle.programs import Mount
from tests.lifecycle.programs.world import World

MOUNTS = (Mount("/data", "scratch"), Mount("/config", "config", "", True))


def world_of(**more: object) -> tuple[World, str]:
    world = World()
    world.pod()
    world.programs.set_volume("scratch")
    world.programs.set_volume("config", {"key": b"value\n"})
    world.programs.set_volume("secret", {"key": b"hidden\n"}, 0o400)
    mounts = (*MOUNTS, Mount("/secret", "secret", "", True))
    return world, world.container("busybox", "sh", "-c", "sleep 1000", mounts=mounts, **more)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo a > /a", "sh: can't create /a: Read-only file system\n"),
        ("echo a >> /etc/hosts", "sh: can't create /etc/hosts: Read-only file system\n"),
        ("touch /tmp/a", "touch: /tmp/a: Read-only file system\n"),
        ("mkdir -p /var/cache/a", "mkdir: can't create directory '/var/cache': Read-only file system\n"),
        ("rm /etc/passwd", "rm: can't remove '/etc/passwd': Read-only file system\n"),
        ("mv /etc/passwd /data/p", "mv: can't rename '/etc/passwd': Read-only file system\n"),
        ("chmod 777 /etc/passwd", "chmod: /etc/passwd: Read-only file system\n"),
        ("ln -s /etc /tmp/link", "ln: /tmp/link: Read-only file system\n"),
    ],
)
def test_nothing_is_written_into_a_read_only_root(script: str, said: str) -> None:
    world, app = world_of(read_only=True)
    result = world.exec(app, "sh", "-c", script)
    assert (result.stderr, result.code) == (said, 1)


def test_mounts_and_devices_of_a_read_only_root_are_written() -> None:
    world, app = world_of(read_only=True)
    result = world.exec(app, "sh", "-c", "echo a > /data/a; echo b > /dev/termination-log; echo c > /dev/shm/c; cat /data/a")
    assert (result.stdout, result.stderr) == ("a\n", "")
    assert world.programs.read_file(app, "/dev/termination-log") == b"b\n"


def test_a_read_only_mount_is_not_written() -> None:
    world, app = world_of()
    result = world.exec(app, "sh", "-c", "cat /config/key; echo x > /config/key; echo x > /config/new; echo $?")
    assert result.stdout == "value\n1\n"
    assert result.stderr == (
        "sh: can't create /config/key: Read-only file system\nsh: can't create /config/new: Read-only file system\n"
    )


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo a > /a", "sh: can't create /a: Permission denied\n"),
        ("mkdir /etc/a", "mkdir: can't create directory '/etc/a': Permission denied\n"),
        ("rm /etc/passwd", "rm: can't remove '/etc/passwd': Permission denied\n"),
        ("cat /secret/key", "cat: can't open '/secret/key': Permission denied\n"),
        ("chmod 777 /etc/passwd", "chmod: /etc/passwd: Operation not permitted\n"),
    ],
)
def test_a_user_who_is_not_root_may_not_touch_what_is_roots(script: str, said: str) -> None:
    world, app = world_of(user=1000)
    result = world.exec(app, "sh", "-c", script)
    assert (result.stderr, result.code) == (said, 1)


def test_a_user_who_is_not_root_writes_where_everybody_may() -> None:
    world, app = world_of(user=1000)
    result = world.exec(app, "sh", "-c", "echo a > /tmp/a && echo b > /data/b && rm /tmp/a && cat /data/b")
    assert (result.stdout, result.stderr) == ("b\n", "")


def test_what_others_own_in_a_sticky_directory_is_not_removed() -> None:
    world, app = world_of(user=1000)
    view = world.programs.view(world.programs.state.containers[app])
    view.put(view.place("/tmp/roots"), view.find("/etc/passwd")[1])
    result = world.exec(app, "rm", "-f", "/tmp/roots")
    assert result.stderr == "rm: can't remove '/tmp/roots': Operation not permitted\n"
