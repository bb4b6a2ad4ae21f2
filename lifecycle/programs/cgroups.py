"""/sys/fs/cgroup, as far as programs look there for what they may use. Linux: cgroup v2"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

ROOT = "/sys/fs/cgroup/"


def text(machine: Machine, path: str) -> str | None:
    """Return the content of a file there; None where there is none."""
    limit, held = machine.state.memory, machine.memory.held()
    match path.removeprefix(ROOT):
        case "memory.max":
            return f"{limit if limit is not None else 'max'}\n"
        case "memory.current":
            return f"{held}\n"
        case "memory.events":
            kills = int(machine.state.oom)
            return f"low 0\nhigh 0\nmax {kills}\noom {kills}\noom_kill {kills}\noom_group_kill {kills}\n"
        case "memory.swap.max":
            return "0\n"
        case "pids.current":
            return f"{sum(process.code is None for process in machine.state.processes.values())}\n"
        case "pids.max":
            return "max\n"
        case "cgroup.procs":
            return "".join(f"{pid}\n" for pid in sorted(machine.state.processes))
        case "cgroup.controllers":
            return "cpuset cpu io memory hugetlb pids rdma misc\n"
    return None
