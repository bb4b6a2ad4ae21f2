"""tar in containers, with Python's tarfile at the other end."""

from __future__ import annotations

import io
import random
import tarfile

import pytest

from tests.lifecycle.programs.world import World

IMAGES = ["busybox", "debian"]
BINARY = random.Random(1).randbytes(300_000) + b"\0" * 5_000


def archive(**more: object) -> bytes:
    """Return an archive of a directory with a file, a link and a name that takes a header of its own."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", **more) as tar:  # type: ignore[call-overload]
        for name, kind, mode, content, link in (
            ("d", tarfile.DIRTYPE, 0o750, b"", ""),
            ("d/binary", tarfile.REGTYPE, 0o640, BINARY, ""),
            ("d/link", tarfile.SYMTYPE, 0o777, b"", "binary"),
            ("d/" + "é" * 90 + "/" + "long" * 20, tarfile.REGTYPE, 0o755, b"deep\n", ""),
            ("d/empty", tarfile.REGTYPE, 0o600, b"", ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, len(content), link, 1_700_000_000
            tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


def unpacked(world: World, container: str, data: bytes, size: int, *options: str) -> tuple[str, int | None]:
    session = world.session(container, "tar", *(options or ("xf", "-", "-C", "/tmp")))
    for at in range(0, len(data), size):
        session.type(data[at : at + size])
    session.type("", end=True)
    session.pass_time(20)
    return session.written["stderr"], session.code


def packed(world: World, container: str, *arguments: str) -> tuple[bytes, str, int | None]:
    session = world.session(container, *arguments)
    session.pass_time(20)
    return session.bytes_written["stdout"], session.bytes_written["stderr"].decode(), session.code


@pytest.mark.parametrize("image", IMAGES)
@pytest.mark.parametrize("more", [{"format": tarfile.PAX_FORMAT}, {"format": tarfile.GNU_FORMAT}], ids=["pax", "gnu"])
@pytest.mark.parametrize("size", [700, 32 << 10, 1 << 20])
def test_what_goes_in_comes_out_byte_by_byte(image: str, more: dict[str, int], size: int) -> None:
    world = World()
    container = world.container(image, "sleep", "infinity")
    data = archive(**more)
    assert unpacked(world, container, data, size) == ("", 0)
    assert world.exec(container, "readlink", "/tmp/d/link").stdout == "binary\n"
    assert world.exec(container, "stat", "-c", "%a", "/tmp/d/binary", "/tmp/d").stdout == "640\n750\n"
    given, said, code = packed(world, container, "tar", "cf", "-", "/tmp/d")
    assert (said.lower().replace("`", "'"), code) == ("tar: removing leading '/' from member names\n", 0)
    with tarfile.open(fileobj=io.BytesIO(data)) as before, tarfile.open(fileobj=io.BytesIO(given)) as after:
        assert after.extractfile("tmp/d/binary").read() == BINARY  # type: ignore[union-attr]
        kept = {(f"tmp/{one.name}", one.type, one.mode, one.size, one.linkname) for one in before}
        assert kept <= {(one.name, one.type, one.mode, one.size, one.linkname) for one in after}
    assert len(given) % (512 if image == "busybox" else 10_240) == 0


@pytest.mark.parametrize("image", IMAGES)
def test_a_compressed_archive_in_a_file_is_listed_and_unpacked(image: str) -> None:
    world = World()
    container = world.container(image, "sleep", "infinity")
    pack = "cd /tmp && mkdir s && echo hi > s/a && ln -s a s/b && tar -czf s.tgz s && rm -r s"
    result = world.exec(container, "sh", "-c", f"{pack} && tar tzf s.tgz && tar xzf s.tgz && cat s/b")
    assert (result.stdout, result.code) == ("s/\ns/a\ns/b\nhi\n", 0)


def test_what_kubectl_runs_to_try_again_gives_the_rest() -> None:
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    unpacked(world, container, archive(), 1 << 20)
    whole, _, _ = packed(world, container, "tar", "cf", "-", "/tmp/d")
    for first in (0, 1, 100_001):
        rest, _, code = packed(world, container, "sh", "-c", f"tar cf - /tmp/d | tail -c+{first}")
        assert (rest, code) == (whole[max(first - 1, 0) :], 0)


@pytest.mark.parametrize(
    ("image", "arguments", "said", "code"),
    [
        ("busybox", "cf - /nope", "tar: /nope: No such file or directory\ntar: error exit delayed from previous errors\n", 1),
        (
            "debian",
            "cf - /nope",
            "tar: /nope: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n",
            2,
        ),
        ("busybox", "xf - -C /nope", "tar: can't change directory to '/nope': No such file or directory\n", 1),
        (
            "debian",
            "xf /nope.tar",
            "tar: /nope.tar: Cannot open: No such file or directory\ntar: Error is not recoverable: exiting now\n",
            2,
        ),
        (
            "debian",
            "xf -",
            "tar: This does not look like a tar archive\ntar: Exiting with failure status due to previous errors\n",
            2,
        ),
        ("busybox", "xf -", "tar: short read\n", 1),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_the_real_one(image: str, arguments: str, said: str, code: int) -> None:
    world = World()
    container = world.container(image, "sleep", "infinity")
    assert unpacked(world, container, b"", 1, *arguments.split()) == (said, code)


def test_members_are_listed_with_all_that_is_known_of_them() -> None:
    world = World()
    listed = {}
    for image in IMAGES:
        container = world.container(image, "sleep", "infinity", name=image)
        unpacked(world, container, archive(), 1 << 20)
        listed[image] = world.exec(container, "sh", "-c", "cd /tmp/d && tar cf - -C /tmp d/link d/binary | tar tvf -").stdout
    assert listed["busybox"].splitlines() == [
        "lrwxrwxrwx root/root         0 2023-11-14 22:13:20 d/link -> binary",
        "-rw-r----- root/root    305000 2023-11-14 22:13:20 d/binary",
    ]
    assert listed["debian"] == listed["busybox"].replace("22:13:20", "22:13")


@pytest.mark.parametrize("name", ["../outside", "d/../../outside"])
def test_nothing_is_unpacked_outside_of_the_directory(name: str) -> None:
    world = World()
    container = world.container("debian", "sleep", "infinity")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    assert unpacked(world, container, data.getvalue(), 512)[1] == 2
    assert world.exec(container, "ls", "/outside").code == 2


def test_a_file_that_is_too_large_is_refused_and_the_next_one_taken() -> None:
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, size in (("large", 17 << 20), ("small", 3)):
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(b"x" * size))
    said, code = unpacked(world, container, data.getvalue(), 1 << 20)
    assert (said, code) == (
        "tar: can't open 'large': No space left on device\ntar: error exit delayed from previous errors\n",
        1,
    )
    assert world.exec(container, "cat", "/tmp/small").stdout == "xxx"


@pytest.mark.parametrize("seed", range(40))
def test_broken_archives_harm_nobody(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(archive(format=chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])))
    for _ in range(chance.randrange(1, 30)):
        data[chance.randrange(2_000 if chance.random() < 0.7 else len(data))] = chance.randrange(256)
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    assert unpacked(world, container, bytes(data[: chance.randrange(len(data))]), 50_000)[1] in (0, 1, 2)


def test_what_is_copied_in_takes_no_more_than_files_may_together() -> None:
    world = World()
    container = world.container("busybox", "sleep", "infinity")
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for number in range(6):
            info = tarfile.TarInfo(f"file{number}")
            info.size = 6 << 20
            tar.addfile(info, io.BytesIO(b"x" * info.size))
    said, code = unpacked(world, container, data.getvalue(), 1 << 20)
    assert "No space left on device" in said
    assert code == 1
    assert sum(len(node.text) for node in world.programs.state.containers[container].layer.nodes.values()) <= 16 << 20
    assert [trace["limit"] for trace in world.traces("limit")] == ["bytes"]
