"""Well-known images: their configuration and files, found by repository whatever registry and tag stand around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import msgspec

from lifecycle.programs.files import Node
from lifecycle.programs.images import userland
from lifecycle.programs.images.entries import ENTRIES, SERVER_PROGRAMS, Entry
from lifecycle.programs.images.image import Image
from lifecycle.programs.images.releases import named_release, numbers
from lifecycle.programs.interface import ImageConfig


def repository(image: str) -> str:
    """Return an image's repository without registry, tag and digest: `nginx`, `e2e-test-images/agnhost`."""
    name = image.partition("@")[0]
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        name = rest
    directory, slash, last = name.rpartition("/")
    return (directory + slash + last.partition(":")[0]).removeprefix("library/")


ON_ALPINE = "@alpine"
"""Marks the key of an image that is made of Debian elsewhere, and of Alpine under this tag."""


@lru_cache(maxsize=1024)
def key(image: str) -> str:
    """Return the entry that an image is found under; empty where there is none."""
    name = repository(image)
    if name not in ENTRIES:
        name = name.rpartition("/")[2]
    if name not in ENTRIES:
        return ""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return name + ON_ALPINE if "alpine" in tag and ENTRIES[name].base in _DEBIANS else name


_DEBIANS = ("debian", "debian-procps")


def _entry(key: str) -> Entry | None:
    entry = ENTRIES.get(key.removesuffix(ON_ALPINE))
    return msgspec.structs.replace(entry, base="alpine") if entry and key.endswith(ON_ALPINE) else entry


@lru_cache(maxsize=1024)
def config(image: str) -> ImageConfig:
    """Return an image's configuration; `known` is False for an image that nobody listed."""
    entry = _entry(key(image))
    if entry is None:
        return ImageConfig(repository(image), known=False)
    held = release(image)
    env = tuple([(name, held if held and name.endswith("_VERSION") else value) for name, value in entry.env])
    lacks = bool(entry.entrypoint_since) and numbers(held) < numbers(entry.entrypoint_since)
    return ImageConfig(
        repository(image),
        () if lacks else entry.entrypoint,
        entry.cmd,
        env,
        entry.working_dir,
        entry.user,
        entry.stop_signal,
        entry.ports,
    )


def release(image: str) -> str:
    """Return the release of its program that an image holds; empty where nobody knows."""
    entry = _entry(key(image))
    return named_release(image, entry.release) if entry and entry.release else ""


@lru_cache(maxsize=1024)
def user_number(user: str) -> int:
    """Return the number of an image's user: a name that is not root's stands for 1000."""
    name = user.partition(":")[0]
    return int(name) if name.isdigit() else 0 if name in ("", "root") else 1000


_BASES: dict[str, Callable[[], dict[str, Node]]] = {
    "busybox": userland.busybox,
    "alpine": userland.alpine,
    "debian": userland.debian,
    "ubuntu": lambda: userland.debian("ubuntu", procps=True),
    "centos": lambda: userland.debian("centos", procps=True),
    "debian-procps": lambda: userland.debian(procps=True),
    "scratch": userland.scratch,
    "": userland.unknown,
}


def files(image: str) -> Image:
    """Return an image's files, shared by all containers of it."""
    return _files(key(image))


@lru_cache(maxsize=256)
def _files(name: str) -> Image:
    entry = _entry(name) or Entry(base="")
    nodes = _BASES[entry.base]()
    for path, program in entry.programs.items():
        nodes[path] = userland.program(program, "busybox" if entry.base in ("busybox", "alpine") else "")
    for path, text in entry.files.items():
        nodes[path] = userland.file(text, 0o755 if text.startswith("#!") else 0o644)
    for path in entry.directories:
        nodes[path] = Node("d", mode=0o755, user=user_number(entry.user))
    if not name:
        for program in SERVER_PROGRAMS:
            nodes.setdefault(f"/usr/bin/{program}", userland.program(f"server:{program}"))
    return Image(userland.with_parents(nodes))


@lru_cache(maxsize=1)
def node_files() -> Mapping[str, Node]:
    """Return what a node's own file system has when nobody has touched it."""
    nodes = dict(userland.skeleton())
    for path in (
        "/var/lib",
        "/var/lib/kubelet",
        "/var/log/pods",
        "/var/log/containers",
        "/etc/kubernetes",
        "/usr/share",
        "/mnt",
        "/srv",
        "/lib/modules",
        "/run/containerd",
    ):
        nodes[path] = userland.directory()
    nodes["/run/containerd/containerd.sock"] = Node("s", mode=0o660)
    nodes["/etc/hostname"] = userland.file("node1\n")
    nodes["/etc/os-release"] = userland.file('NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n')
    nodes["/var/log/syslog"] = userland.file("")
    return userland.with_parents(nodes)
