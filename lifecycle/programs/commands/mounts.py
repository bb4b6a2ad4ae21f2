"""What is mounted where in a container, and how full it is: mount, df, findmnt, mountpoint.

Kubernetes and OCI: the mounts of containerd's default spec, the files that the kubelet brings, volumes
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.files import FileError
from lifecycle.programs.machine import Machine
from lifecycle.programs.paths import join
from lifecycle.programs.view import SHARED_MEMORY
from lifecycle.programs.volumes import SHARED_MEMORY_SIZE, shared_memory

ROOT_SIZE, ROOT_USED = 52428800, 10485760
"""The node's own disk, in KiB."""
SHM_SIZE = SHARED_MEMORY_SIZE >> 10


class Mounted(NamedTuple):
    """A file system in its place; `size` and `used` are in KiB (0: it holds nothing to count)."""

    device: str
    path: str
    type: str
    options: str
    size: int = 0
    used: int = 0


def mounted(machine: Machine) -> list[Mounted]:
    """Return a container's mounts, in their order."""
    spec, room = machine.state.spec, machine.room
    disk = ("/dev/vda1", "ext4", ROOT_SIZE, ROOT_USED)
    memory = room.node_memory.of(machine.sandbox.spec.node).size >> 10
    writes = "ro,relatime" if spec.read_only else "rw,relatime"
    found = [
        Mounted("overlay", "/", "overlay", writes, ROOT_SIZE, ROOT_USED),
        Mounted("proc", "/proc", "proc", "rw,nosuid,nodev,noexec,relatime"),
        Mounted("tmpfs", "/dev", "tmpfs", "rw,nosuid,size=65536k,mode=755", 65536),
        Mounted("devpts", "/dev/pts", "devpts", "rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666"),
        Mounted("mqueue", "/dev/mqueue", "mqueue", "rw,nosuid,nodev,noexec,relatime"),
        Mounted("sysfs", "/sys", "sysfs", "ro,nosuid,nodev,noexec,relatime"),
        Mounted("cgroup", "/sys/fs/cgroup", "cgroup2", "ro,nosuid,nodev,noexec,relatime"),
    ]
    for path in ("/etc/hosts", spec.termination_message_path, "/etc/hostname", "/etc/resolv.conf"):
        found.append(Mounted(disk[0], path, disk[1], "rw,relatime", *disk[2:]))
    if all(join("/", mount.path) != SHARED_MEMORY for mount in spec.mounts):
        shared = room.state.volumes.get(shared_memory(spec.sandbox))
        used = shared.bytes + 1023 >> 10 if shared else 0
        options = f"rw,nosuid,nodev,noexec,relatime,size={SHM_SIZE}k"
        found.append(Mounted("shm", SHARED_MEMORY, "tmpfs", options, SHM_SIZE, used))
    for mount in spec.mounts:
        tree = room.state.volumes[mount.volume]
        options = "ro,relatime" if mount.read_only else "rw,relatime"
        path = join("/", mount.path)
        if tree.size is not None:
            size = tree.size >> 10
            found.append(Mounted("tmpfs", path, "tmpfs", f"{options},size={size}k", size, tree.bytes + 1023 >> 10))
        elif path.endswith(ACCOUNT):
            found.append(Mounted("tmpfs", path, "tmpfs", f"{options},size={memory}k", memory, 12))
        else:
            found.append(Mounted(disk[0], path, disk[1], options, *disk[2:]))
    return found


Human = Callable[[int], str]

ACCOUNT = "/run/secrets/kubernetes.io/serviceaccount"


def table(machine: Machine) -> str:
    """Return what /proc/mounts says."""
    return "".join(f"{one.device} {one.path} {one.type} {one.options} 0 0\n" for one in mounted(machine))


@command("mount", "umount")
def mount(call: Call) -> int:
    options, operands = call.options("t:o:arvwnfl", {"bind": "r", "types": "t", "options": "o"})
    if operands or call.name == "umount" or "a" in options:
        return call.fail("permission denied (are you root?)" if call.busybox else "permission denied.")
    kinds = options.get("t", "")
    shown = [one for one in mounted(call.machine) if not kinds or one.type in kinds.split(",")]
    call.out("".join(f"{one.device} on {one.path} type {one.type} ({one.options})\n" for one in shown))
    return 0


def mount_of(machine: Machine, path: str) -> Mounted:
    """Return the mount that a path is in."""
    found = [one for one in mounted(machine) if path == one.path or path.startswith(one.path.rstrip("/") + "/")]
    return max(found, key=lambda one: len(one.path))


@command("mountpoint")
def mountpoint(call: Call) -> int:
    options, operands = call.options("qdx")
    if not operands:
        return call.fail("bad usage")
    path = call.view.resolve(call.path(operands[0]))
    found = any(one.path == path for one in mounted(call.machine))
    if "q" not in options:
        call.out(f"{operands[0]} is {'' if found else 'not '}a mountpoint\n")
    return 0 if found else 1 if call.busybox else 32


@command("findmnt")
def findmnt(call: Call) -> int:
    wanted = [arg for arg in call.args if not arg.startswith("-")]
    shown = [one for one in mounted(call.machine) if not wanted or wanted[0] in (one.path, one.device)]
    rows = [("TARGET", "SOURCE", "FSTYPE", "OPTIONS"), *((one.path, one.device, one.type, one.options) for one in shown)]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    if shown:
        call.out("".join(" ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]) + "\n" for row in rows))
    return 0 if shown else 1


# ── df ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("df")
def df(call: Call) -> int:
    long = {"human-readable": "h", "print-type": "T", "portability": "P", "inodes": "i", "all": "a", "total": "l", "type": "t"}
    options, operands = call.options("hkmTPiaHt:B:l", long)
    status, found = 0, []
    for name in operands:
        if call.view.get(call.path(name)) is None:
            why = "can't find mount point" if call.busybox else FileError.TEXTS["ENOENT"]
            status = call.fail(f"{name}: {why}")
        else:
            found.append(mount_of(call.machine, call.view.resolve(call.path(name))))
    if not operands:
        found = [one for one in mounted(call.machine) if one.size]
        found = found if call.busybox else _distinct(found)
    if "t" in options:
        found = [one for one in found if one.type == options["t"]]
    if found or not operands:
        call.out((_busybox_table if call.busybox else _coreutils_table)(found, options))
    return status


def _distinct(found: list[Mounted]) -> list[Mounted]:
    """Return each disk once, in the first place where it is mounted, as coreutils do."""
    first: dict[str, Mounted] = {}
    for one in found:
        first.setdefault(one.device if one.type == "ext4" else one.path, one)
    return list(first.values())


def _amounts(human: Human | None, one: Mounted, unit: int) -> list[str]:
    """Return size, used, available and the share of what is used, in whole percents rounded up."""
    share = f"{-(-100 * one.used // one.size) if one.size else 0}%"
    amounts = (one.size, one.used, one.size - one.used)
    return [*(human(kib) if human else str(-(-kib // unit)) for kib in amounts), share]


def _with_a_decimal(kib: int) -> str:
    """Return a size as busybox writes it."""
    unit = 0
    while kib >= 1024 << 10 * unit:
        unit += 1
    return f"{kib / (1 << 10 * unit):.1f}{'KMGT'[unit]}" if kib else "0"


def _with_two_digits(kib: int) -> str:
    """Return a size as coreutils write it, rounded up."""
    unit = 0
    while kib >= 1024 << 10 * unit:
        unit += 1
    tenths = -(-kib * 10 // (1 << 10 * unit))
    shown = f"{tenths // 10}.{tenths % 10}" if tenths < 100 else str(-(-tenths // 10))
    return f"{shown}{'KMGT'[unit]}" if kib else "0"


def _unit(options: dict[str, str]) -> tuple[str, int]:
    """Return what sizes are counted in, and how many KiB that is."""
    if {"h", "H"} & set(options):
        return "Size", 1
    return ("1M-blocks", 1024) if "m" in options else ("1K-blocks", 1)


def _busybox_table(found: list[Mounted], options: dict[str, str]) -> str:
    title, unit = _unit(options)
    kind = "T" in options
    text = f"Filesystem           {'Type       ' if kind else ''}{title:>9}      Used Available Use% Mounted on\n"
    for one in found:
        size, used, free, share = _amounts(_with_a_decimal if title == "Size" else None, one, unit)
        device = one.device if len(one.device) <= 20 else f"{one.device}\n{'':20}"
        text += f"{device:<20} {f'{one.type:<10} ' if kind else ''}{size:>9} {used:>9} {free:>9} {share:>4} {one.path}\n"
    return text


def _coreutils_table(found: list[Mounted], options: dict[str, str]) -> str:
    """Return a table whose columns are as wide as what stands in them."""
    title, unit = _unit(options)
    human = _with_two_digits if title == "Size" else None
    rows = [["Filesystem", "Type", title, "Used", "Avail" if human else "Available", "Use%", "Mounted on"]]
    rows += [[one.device, one.type, *_amounts(human, one, unit), one.path] for one in found]
    left = 2 if "T" in options else 1
    rows = rows if left == 2 else [[row[0], *row[2:]] for row in rows]
    least = [14, *([4] if left == 2 else []), *([5] * 3 if human else [0] * 3), 0]
    widths = [max(least[i], *(len(row[i]) for row in rows)) for i in range(len(least))]
    text = ""
    for row in rows:
        cells = [
            cell.ljust(wide) if i < left else cell.rjust(wide) for i, (cell, wide) in enumerate(zip(row, widths, strict=False))
        ]
        text += " ".join([*cells, row[-1]]) + "\n"
    return text
