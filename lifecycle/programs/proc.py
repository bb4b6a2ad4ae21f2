"""/proc, as far as scripts look into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import SECOND
from lifecycle.programs import pid_namespaces
from lifecycle.programs.capabilities import USUAL
from lifecycle.programs.commands import load, mounts
from lifecycle.programs.commands.processes import short_name
from lifecycle.programs.state import Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


def text(machine: Machine, process: Process, parts: list[str]) -> str | None:
    """Return the content of /proc/PARTS, or None where there is no such file."""
    if not parts:
        return None
    if parts[0] == "self" or parts[0].isdigit():
        return _process(machine, process, parts)
    machine.moves(process)
    match "/".join(parts):
        case "uptime":
            up = load.up(machine) / SECOND
            return f"{up:.2f} {up:.2f}\n"
        case "loadavg":
            return f"0.00 0.00 0.00 1/{len(pid_namespaces.seen(machine))} {pid_namespaces.last(machine)}\n"
        case "meminfo":
            total, left = (size >> 10 for size in load.memory(machine))
            rows = (
                ("MemTotal", total),
                ("MemFree", left),
                ("MemAvailable", left),
                ("Buffers", 0),
                ("Cached", 0),
                ("SwapTotal", 0),
            )
            return "".join(f"{name + ':':<16}{size:8} kB\n" for name, size in rows)
        case "cpuinfo":
            return "processor\t: 0\nmodel name\t: virtual\n\nprocessor\t: 1\nmodel name\t: virtual\n"
        case "mounts":
            return mounts.table(machine)
        case "version":
            return "Linux version 6.1.0 (virtual) #1 SMP\n"
        case "sys/kernel/hostname":
            return machine.hostname() + "\n"
        case "sys/kernel/random/uuid":
            machine.state.next_open += 1
            return machine.kernel.seeds.uid("proc-uuid", machine.state.spec.id, machine.state.next_open) + "\n"
        case "sys/net/core/somaxconn":
            return "4096\n"
    return None


def _process(machine: Machine, process: Process, parts: list[str]) -> str | None:
    machine.moves(process)
    if parts[0] != "self":
        machine.room.thaw_all(machine)
    pid = process.pid if parts[0] == "self" else int(parts[0])
    one = pid_namespaces.find(machine, pid)
    if one is None:
        return None
    found = one[1]
    match parts[1:]:
        case ["comm"]:
            return short_name(found) + "\n"
        case ["cmdline"]:
            return "".join(word + "\0" for word in found.argv)
        case ["environ"]:
            return "".join(f"{name}={value}\0" for name, value in found.env.items())
        case ["status"]:
            state = "Z (zombie)" if found.code is not None else "S (sleeping)"
            return (
                f"Name:\t{short_name(found)}\nUmask:\t{found.umask:04o}\nState:\t{state}\n"
                f"Tgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{found.ppid}\nTracerPid:\t0\n"
                f"Uid:{four(found.user)}\nGid:{four(_groups(one[0])[0])}\nFDSize:\t64\n"
                f"Groups:\t{' '.join(map(str, _groups(one[0])[1:]))} \n"
                f"VmRSS:\t{found.memory >> 10:8} kB\nThreads:\t1\n{_capabilities(one[0], found)}"
            )
        case ["stat"]:
            return f"{pid} ({short_name(found)}) S {found.ppid} 1 1 0 -1 0\n"
        case ["cgroup"]:
            return "0::/\n"
        case ["mounts"]:
            return text(machine, process, ["mounts"])
    return None


def four(number: int) -> str:
    """Return a real, effective, saved and file system's id, which are the same here."""
    return f"\t{number}" * 4


def _groups(machine: Machine | None) -> tuple[int, ...]:
    """Return the groups of a container's processes; those of a Pod's first process, which no container has, are root's."""
    return machine.view.groups if machine else (0,)


def _capabilities(machine: Machine | None, process: Process) -> str:
    """Return the lines that tell what a process may. Linux: root has what its container may, others have nothing."""
    bound = machine.state.spec.capabilities if machine else USUAL
    held = 0 if process.user else bound
    rows = {"CapInh": 0, "CapPrm": held, "CapEff": held, "CapBnd": bound, "CapAmb": 0}
    return "".join(f"{name}:\t{bits:016x}\n" for name, bits in rows.items())


FILES_OF_A_PROCESS = ("cgroup", "cmdline", "comm", "environ", "mounts", "stat", "status")


def names(machine: Machine, path: str) -> list[str] | None:
    """Return what a process's directory under /proc holds; None where the path is none."""
    parts = path.split("/")[2:]
    if len(parts) != 1 or not (parts[0] == "self" or parts[0].isdigit()):
        return None
    there = parts[0] == "self" or pid_namespaces.find(machine, int(parts[0])) is not None
    return list(FILES_OF_A_PROCESS) if there else None


def exists(machine: Machine, process: Process, path: str) -> bool:
    """Say whether a path under /proc is there."""
    parts = [part for part in path.split("/") if part][1:]
    if not parts:
        return True
    if parts[0] == "self" or parts[0].isdigit():
        machine.moves(process)
        machine.room.thaw_all(machine)
        pid = process.pid if parts[0] == "self" else int(parts[0])
        if pid_namespaces.find(machine, pid) is None:
            return False
        if len(parts) == 1 or parts[1:] == ["fd"]:
            return True
    return text(machine, process, parts) is not None
