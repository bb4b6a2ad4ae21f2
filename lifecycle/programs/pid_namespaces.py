"""Whose processes a process sees, and by which numbers: its container's, its Pod's, another container's, or all of its node.

Linux: pid_namespaces(7). A container's processes have numbers of their own namespace; in one that its Pod shares process 1 is
the pause container. A node's namespace has numbers for all processes on it; those of containers with a namespace of their own
get theirs when somebody looks. What the node itself runs is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from lifecycle.programs.files import FileError, Tree
from lifecycle.programs.interface import Attempts, node_volume
from lifecycle.programs.paths import join
from lifecycle.programs.state import ContainerState, PidNamespace, Process
from lifecycle.programs.view import View

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs

THREADS = 6
"""How many numbers a container's first process takes: runc's own threads have taken those behind it."""
PAUSE_USER = 65535
NODE_PROCESSES = (
    (1, "/sbin/init"),
    (112, "/usr/local/bin/containerd"),
    (207, "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml"),
)
FIRST_OF_NODE = 1_000


def key(room: Programs, state: ContainerState) -> str:
    """Return the name of the namespace that a container shares with others; empty: it has one of its own."""
    sandbox = room.state.sandboxes[state.spec.sandbox].spec
    if sandbox.host_processes:
        return f"node:{sandbox.node}"
    return sandbox.id if sandbox.share_processes else state.spec.target


def take(machine: Machine) -> int:
    """Return the number of a new process."""
    holder = _counted(machine)
    pid = holder.next_pid
    holder.next_pid += 1 if machine.state.processes else THREADS
    return pid


def pass_over(machine: Machine, count: int) -> None:
    """Let numbers be gone that processes have had meanwhile."""
    _holder(machine).next_pid += count


def last(machine: Machine) -> int:
    """Return the number that was given out last."""
    return _counted(machine).next_pid - 1


def repeat(machine: Machine, key: str, attempts: Attempts | None) -> None:
    """Let a command take numbers from now on without being run; None: no more."""
    holder = _counted(machine)
    if attempts is None:
        holder.attempts.pop(key, None)
    else:
        holder.attempts[key] = attempts


def _counted(machine: Machine) -> ContainerState | PidNamespace:
    """Return who gives the numbers out, once commands that are not run have taken theirs."""
    holder, now = _holder(machine), machine.kernel.now
    for key, attempts in holder.attempts.items():
        if times := attempts.until(now):
            holder.next_pid += times * attempts.pids
            holder.attempts[key] = msgspec.structs.replace(attempts, counted=now - attempts.takes)
    return holder


def _holder(machine: Machine) -> ContainerState | PidNamespace:
    room, name = machine.room, machine.namespace
    if not name:
        return machine.state
    if name in room.state.containers:
        return room.state.containers[name]
    found = room.state.pid_namespaces.get(name)
    if found is None:
        first = FIRST_OF_NODE if name.startswith("node:") else 1 + THREADS
        found = room.state.pid_namespaces[name] = PidNamespace(first)
    return found


# ── who is there ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Seen:
    """A process as others see it: its numbers there, whose it is (None: nobody's that can be reached)."""

    __slots__ = ("machine", "pid", "ppid", "process")

    def __init__(self, pid: int, ppid: int, machine: Machine | None, process: Process) -> None:
        self.pid, self.ppid, self.machine, self.process = pid, ppid, machine, process


def seen(machine: Machine) -> list[Seen]:
    """Return the processes that a container's see, in order of their numbers; resting loops as what they are."""
    found = sorted(_seen(machine), key=lambda one: one.pid)
    machine.work(len(found))
    return found


def find(machine: Machine, pid: int) -> tuple[Machine | None, Process] | None:
    """Return the process that has a number for a container's processes, and its machine."""
    process = machine.state.processes.get(pid)
    if process is not None:
        return machine, process
    if not shared(machine):
        return None
    return next(((one.machine, one.process) for one in seen(machine) if one.pid == pid), None)


def shared(machine: Machine) -> bool:
    """Say whether a container's processes see those of others."""
    spec = machine.sandbox.spec
    if spec.share_processes or machine.state.spec.target:
        return True
    containers = machine.room.state.containers
    return any(containers[one].spec.target == machine.state.spec.id for one in machine.sandbox.containers)


def _seen(machine: Machine) -> Iterator[Seen]:
    if not shared(machine):
        machine.room.thaw_all(machine)
        yield from (Seen(pid, one.ppid, machine, one) for pid, one in machine.state.processes.items())
    elif machine.sandbox.spec.host_processes:
        yield from _of_node(machine)
    else:
        yield from _of_pod(machine)


def _of_pod(machine: Machine) -> Iterator[Seen]:
    room, name = machine.room, _namespace(machine)
    if machine.sandbox.spec.share_processes:
        yield Seen(1, 0, None, Process(1, 0, ["/pause"], "pause", user=PAUSE_USER))
    for container in machine.sandbox.containers:
        other = room.state.containers[container]
        if container == name or key(room, other) == name:
            found = room.machine(container)
            room.thaw_all(found)
            for pid, process in other.processes.items():
                yield Seen(pid, process.ppid, found, process)


def _of_node(machine: Machine) -> Iterator[Seen]:
    room, node = machine.room, machine.sandbox.spec.node
    machine.assume("command", "The node's own processes are assumed: init, containerd, the kubelet, and a pause for each Pod.")
    for pid, command in NODE_PROCESSES:
        yield Seen(pid, int(pid > 1), None, Process(pid, 0, command.split(), "node"))
    numbers = _Numbers(room, f"node:{node}")
    for sandbox in room.state.sandboxes.values():
        if sandbox.spec.node != node:
            continue
        pause = numbers.of(sandbox.spec.id, 0)
        yield Seen(pause, 1, None, Process(pause, 1, ["/pause"], "pause", user=PAUSE_USER))
        for container in sandbox.containers:
            found = room.machine(container)
            room.thaw_all(found)
            for pid, process in found.state.processes.items():
                if sandbox.spec.host_processes:
                    yield Seen(pid, process.ppid, found, process)
                else:
                    parent = numbers.of(container, process.ppid) if process.ppid in found.state.processes else 1
                    yield Seen(numbers.of(container, pid), parent, found, process)
    numbers.keep()


class _Numbers:
    """The numbers that a node's namespace has for processes of others; those that are not asked for are forgotten."""

    def __init__(self, room: Programs, name: str) -> None:
        self.namespace = room.state.pid_namespaces.setdefault(name, PidNamespace(FIRST_OF_NODE))
        self.used: dict[str, int] = {}

    def of(self, owner: str, pid: int) -> int:
        name = f"{owner}/{pid}"
        found = self.namespace.numbers.get(name) or self.used.get(name)
        if found is None:
            found = self.namespace.next_pid
            self.namespace.next_pid += 1
        self.used[name] = found
        return found

    def keep(self) -> None:
        self.namespace.numbers = self.used


# ── their files ──────────────────────────────────────────────────────────────────────────────────────────────────────

_ROOT = re.compile(r"/proc/(\d+|self)/(root|cwd)(/.*)?")


def root_of(machine: Machine, path: str) -> tuple[Machine | None, View, str] | None:
    """Return whose files /proc/PID/root/... and /proc/PID/cwd/... lead to, and where there; None for any other path.

    Raises: FileError ENOENT (no such process), EACCES (another user's: Linux, ptrace(2), asks for CAP_SYS_PTRACE then).
    """
    matched = _ROOT.fullmatch(path)
    if matched is None:
        return None
    pid, kind, rest = matched.groups()
    if pid == "self":
        return machine, machine.view, rest or "/"
    found = find(machine, int(pid))
    if found is None:
        raise FileError("ENOENT")
    other, process = found
    if machine.view.user not in (0, process.user):
        raise FileError("EACCES")
    view = other.view if other is not None else _node_view(machine)
    return other, view, join("/", (process.cwd if kind == "cwd" else "") + (rest or "/"))


def _node_view(machine: Machine) -> View:
    """Return the files of the node that a container runs on."""
    volume = node_volume(machine.sandbox.spec.node)
    machine.room.volume(volume)
    return View({}, Tree(), [("/", volume, "", True)], machine.room.find_volume, True)


# ── what happens to all ──────────────────────────────────────────────────────────────────────────────────────────────


def _namespace(machine: Machine) -> str:
    return machine.namespace or machine.state.spec.id


def signal(machine: Machine, sender: Process, target: tuple[Machine | None, Process], name: str) -> None:
    """Have a process send a signal to one that `find` has found, whosever it is.

    Process 1 of another namespace cannot be kept from ending by SIGKILL.
    """
    other, process = target
    if other is None:
        machine.assume("command", f"A signal to {process.argv[0]}, which is no container's, is assumed to do nothing.")
        return
    if process.exec_id != sender.exec_id:
        machine.moves(sender)
    if name == "SIGKILL" and _namespace(machine) != _namespace(other):
        other.end(process, 137, name)
    other.signal(process, name)
    if other is not machine:
        other.run()


def end_with(machine: Machine) -> None:
    """End the containers that have joined the namespace of one whose first process has ended."""
    for container in list(machine.sandbox.containers):
        other = machine.room.state.containers[container]
        if other.spec.target == machine.state.spec.id and key(machine.room, other) == other.spec.target:
            machine.room.kill(container)
