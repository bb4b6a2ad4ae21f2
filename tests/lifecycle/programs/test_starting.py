"""How containers come to run: what lies where before the first process starts."""

from __future__ import annotations

from lifecycle.programs import Mount
from tests.lifecycle.programs.world import World

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def mounted(image: str, path: str, *command: str, **more: object) -> tuple[World, str]:
    world = World()
    world.programs.set_volume("token", {"token": b"secret", "namespace": b"shop"})
    return world, world.container(image, *command, mounts=(Mount(path, "token", read_only=True),), **more)


def test_a_volume_is_mounted_where_the_links_of_the_image_lead() -> None:
    world, container = mounted("debian", ACCOUNT, "sleep", "100")
    assert world.exec(container, "cat", f"{ACCOUNT}/namespace").stdout == "shop"
    assert world.exec(container, "ls", "/run/secrets/kubernetes.io/serviceaccount").stdout == "namespace\ntoken\n"
    assert " /run/secrets/kubernetes.io/serviceaccount tmpfs " in world.exec(container, "cat", "/proc/mounts").stdout


def test_a_volume_stays_where_it_is_asked_for_in_an_image_without_links_there() -> None:
    world, container = mounted("busybox", ACCOUNT, "sleep", "100")
    assert world.exec(container, "ls", ACCOUNT).stdout == "namespace\ntoken\n"
    assert f" {ACCOUNT} tmpfs " in world.exec(container, "cat", "/proc/mounts").stdout


def test_last_words_are_read_where_the_links_of_the_image_lead() -> None:
    path = "/var/run/last-words"
    world = World()
    container = world.container("debian", "sh", "-c", f"echo why > {path}; sleep 100", termination_message_path=path)
    assert world.programs.read_file(container, path) == b"why\n"
