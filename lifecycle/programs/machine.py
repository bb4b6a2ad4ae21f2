"""One container's kernel: it starts, stops, wakes and signals processes, and moves bytes between them.

Linux's rules: process 1 has no default action for signals; what it leaves behind when it ends is killed; orphans become its
children; a pipe without readers kills its writer. What a process runs is in `shell` and `commands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.kernel import Pod
from lifecycle.programs import budget, following, output, peers, pid_namespaces, streams
from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.container_memory import ContainerMemory
from lifecycle.programs.executing import ExecError
from lifecycle.programs.interface import Exit
from lifecycle.programs.signals import FATAL_BY_DEFAULT, NUMBERS, STOPPING
from lifecycle.programs.state import ContainerState, Exec, Listener, Open, Process
from lifecycle.programs.view import Keeper, View

if TYPE_CHECKING:
    from lifecycle.programs.exchange import Reached
    from lifecycle.programs.room import Programs

PROC_FILES = ("cpuinfo", "loadavg", "meminfo", "mounts", "self", "sys", "uptime", "version")
MAX_PROCESSES = 1_000
SPAWN_STEPS = 40
"""What making a process counts for among the steps."""

OVERSLEPT: Micros = MILLISECOND
"""By how much a command that sleeps comes late: it has to be made, and to be woken. A loop of sleeps falls behind by it."""


class Machine(Keeper):
    """The processes of one container."""

    def __init__(self, room: Programs, state: ContainerState) -> None:
        self.room = room
        self.kernel = room.kernel
        self.state = state
        self.view: View = room.view(state)
        self.view.keeper = self
        self.queue: list[int] = []
        self.running = False
        self.written: list[tuple[str, int, list[str]]] = []
        self.told: list[tuple[int, str, str]] = []
        self.environment: dict[str, str] | None = None
        sandbox = room.state.sandboxes[state.spec.sandbox]
        self.sandbox = sandbox
        self.namespace = pid_namespaces.key(room, state)
        """Of its processes, where they share it with others; empty: they have one of their own."""
        self.memory = ContainerMemory(self)
        self.pod = Pod(sandbox.spec.namespace, sandbox.spec.pod, sandbox.spec.uid, state.spec.name)

    # ── making processes ─────────────────────────────────────────────────────────────────────────────────────────────

    def spawn(self, parent: Process | None, argv: list[str]) -> Process:
        """Make a process that has what its parent has; it runs nothing yet. Raises: FileError EAGAIN beyond the limit."""
        state = self.state
        state.budget.done += SPAWN_STEPS
        if len(state.processes) >= MAX_PROCESSES:
            self.limit("processes", f"{MAX_PROCESSES:,} processes", "no more processes can be started")
            if parent and not self.stays_crowded(parent.exec_id):
                self.moves(parent)
            raise ExecError(2, "EAGAIN")
        pid = pid_namespaces.take(self)
        if not state.processes:
            state.first = pid
        child = Process(pid, parent.pid if parent else 0, argv, "", started=self.kernel.now, group=pid)
        if parent:
            child.cwd, child.umask, child.user, child.exec_id = parent.cwd, parent.umask, parent.user, parent.exec_id
            child.env = parent.env
            child.ignored, child.group = parent.ignored, parent.group
            child.fds = dict(parent.fds)
            if len(child.fds) > ITEMS_A_STEP:
                state.budget.done += len(child.fds)
            for number in child.fds.values():
                state.opens[number].refs += 1
            parent.children.append(pid)
            if child.exec_id in state.execs:
                state.execs[child.exec_id].pids += 1
        state.processes[pid] = child
        return child

    @property
    def first(self) -> Process:
        """The container's first process, while it runs."""
        return self.state.processes[self.state.first]

    def elsewhere(self, path: str) -> tuple[View, str] | None:
        found = pid_namespaces.root_of(self, path)
        return None if found is None or found[1] is self.view else found[1:]

    def share_memory(self) -> None:
        self.room.share_memory(self.sandbox)

    def names_in_proc(self) -> list[str]:
        return [*(str(one.pid) for one in pid_namespaces.seen(self)), *PROC_FILES]

    def names_of_a_process(self, path: str) -> list[str] | None:
        return self.room.names_of_a_process(self, path)

    # ── running ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def ready(self, process: Process) -> None:
        """Let a process go on."""
        process.waiting = ""
        if process.timer is not None:
            self.kernel.cancel(process.timer)
            process.timer = None
        self.queue.append(process.pid)

    def run(self) -> None:
        """Run every process that can go on, until all wait."""
        if self.running:
            return
        if self.sandbox.slow and not self._only_ends():
            self.room.rouse(self)
        self.running = True
        try:
            while self.queue:
                if not self.state.budget.affordable(self.kernel.now):
                    self._park()
                    break
                if self.memory.too_heavy():
                    break
                process = self.state.processes.get(self.queue.pop(0))
                if process is not None and process.code is None and not process.waiting and not process.stopped:
                    self.view.user = process.user
                    self.room.step(self, process)
                    if process.waiting and not process.seen and process.code is None:
                        process.seen = True
                        self.changed(process)
            else:
                self.state.budget.rest()
        finally:
            self.running = False
            self.view.user = 0
            if self.written or self.told:
                output.put_written(self)

    def stays_crowded(self, exec_id: int = 0) -> bool:
        """Say whether no command from outside but one holds any of the processes that there are."""
        others = (one for one in self.state.processes.values() if one.exec_id not in (0, exec_id))
        return not self.sandbox.slow and all(one.code is not None for one in others)

    def _only_ends(self) -> bool:
        """Say whether nothing goes on but what commands from outside have left asleep."""
        queued = [self.state.processes.get(pid) for pid in self.queue]
        return all(one is None or (sleeps(one) and one.exec_id not in self.state.execs) for one in queued)

    def spend(self, process: Process, steps: int) -> bool:
        """Count steps; False where the process must stop here and go on later, because the container has had its share."""
        self.state.budget.done += steps
        if self.memory.too_heavy():
            return False
        if self.state.budget.affordable(self.kernel.now):
            return True
        self.moves(process)
        if process.code is None and not process.waiting:
            self.queue.append(process.pid)
            process.waiting = "spin"
        return False

    def work(self, steps: int) -> None:
        """Count steps that were made in one go."""
        self.state.budget.done += steps

    def _park(self) -> None:
        """Let everything that could go on wait until there is something to use again, or for ever."""
        state = self.state
        second = state.budget.next_second()
        self._say_parked(second)
        queue, self.queue = self.queue, []
        for pid in dict.fromkeys(queue):
            process = state.processes.get(pid)
            if process is None or process.code is not None:
                continue
            process.waiting = "spin"
            self.moves(process)
            if second is not None and process.timer is None:
                process.timer = self.kernel.at(second * SECOND, "programs", "wake", state.spec.id, pid)

    def _say_parked(self, second: int | None) -> None:
        if second is None:
            met = f"{budget.SPARE:,} steps of its scripts without a rest"
            self.limit("steps", met, "they are left as busy for ever; they still take signals")
        elif second == self.state.budget.second + 1:
            self.limit("steps", f"{budget.MAX_STEPS:,} steps of its scripts in one second", "they go on in the next second")
        else:
            met = f"{budget.SPARE:,} steps of its scripts, and {budget.REGAIN} more for each second"
            self.limit("steps", met, "they go on more slowly")

    def sleep(self, process: Process, span: Micros) -> None:
        """Have a process go on after a while."""
        self.sleep_until(process, self.kernel.now + span)

    def sleep_until(self, process: Process, at: Micros) -> None:
        process.waiting = "time"
        process.timer = self.kernel.at(at, "programs", "wake", self.state.spec.id, process.pid)

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def end(self, process: Process, code: int, signal: str | None = None) -> None:
        """End a process: close what it holds, hand on its children, tell its parent. Process 1 takes all with it."""
        if process.code is not None:
            return
        process.code, process.signal = code & 255, signal
        if process.timer is not None:
            self.kernel.cancel(process.timer)
            process.timer = None
        process.shell = None
        if "peer" in process.data:
            peers.hang_up(self, process)
        process.data = {}
        if process.memory:
            self.memory.hold(process, -process.memory)
        streams.close_all(self, process)
        self.room.close_ports(self, process)
        if process.exec_id and self.state.execs.get(process.exec_id) and self.state.execs[process.exec_id].pid == process.pid:
            self.room.exec_ended(self, process)
        if process.pid == self.state.first:
            self._end_all(process)
            return
        if process.seen:
            self.changed(process)
        if process.children:
            self._orphan(process)
        parent = self.state.processes.get(process.ppid)
        if parent is None:
            self.reap(process)
        elif parent.code is None:
            self.room.child_ended(self, parent, process)

    def _orphan(self, process: Process) -> None:
        first = self.state.processes.get(1)  # nobody's, where others share the namespace: pause reaps
        for pid in process.children:
            child = self.state.processes.get(pid)
            if child is None:
                continue
            if child.code is not None or first is None or first is process:
                self.state.processes.pop(pid, None)
                if child.code is None:
                    self.state.processes[pid] = child
                    child.ppid = int(pid_namespaces.shared(self))
            else:
                child.ppid = 1
                first.children.append(pid)
        process.children = []

    def _end_all(self, first: Process) -> None:
        for process in list(self.state.processes.values()):
            if process is not first and process.code is None:
                process.children = []
                process.ppid = 0
                self.end(process, 137, "SIGKILL")
        self.state.processes.clear()
        self.state.running = False
        self.state.pipes.clear()
        self.state.opens.clear()
        output.flush(self)
        reason = "OOMKilled" if self.state.oom else "Completed" if first.code == 0 else "Error"
        if self.state.lost:
            reason = "Unknown"
        code = first.code or 0
        index = self.kernel.trace("exit", self.pod, exitCode=code, signal=first.signal, reason=reason, pid=first.pid)
        with self.kernel.because(index):
            self.changed(None)
            if not self.state.lost:
                result = Exit(self.state.spec.id, code, first.signal, reason)
                self.room.answer(self.state.spec.exited, result)
        pid_namespaces.end_with(self)

    def reap(self, process: Process) -> None:
        """Forget a process that has ended."""
        self.state.processes.pop(process.pid, None)
        parent = self.state.processes.get(process.ppid)
        if parent and process.pid in parent.children:
            parent.children.remove(process.pid)

    # ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def signal(self, process: Process, signal: str) -> None:
        """Deliver a signal with Linux's rules."""
        if process.code is not None:
            return
        if signal == "SIGKILL":
            if process.pid != 1:
                self.end(process, 137, "SIGKILL")
            return
        if process.stopped and signal != "SIGCONT":
            process.held.append(signal)
            return
        if signal == "SIGCONT":
            self._continue(process)
        if signal in process.ignored:
            return
        if self.room.handles(self, process, signal):
            return
        first = process.pid == 1
        if signal in FATAL_BY_DEFAULT and not first:
            self.end(process, 128 + NUMBERS[signal], signal)
        elif signal in STOPPING and not first and not process.stopped:
            self._stop(process)

    def _stop(self, process: Process) -> None:
        """Have a process do nothing until SIGCONT, and tell the shell that started it."""
        process.stopped = True
        parent = self.state.processes.get(process.ppid)
        if parent is not None and parent.shell is not None and parent.code is None:
            self.room.child_stopped(self, parent, process)

    def _continue(self, process: Process) -> None:
        held, process.held = process.held, []
        if process.stopped and not process.waiting:
            self.queue.append(process.pid)
        process.stopped = False
        for signal in held:
            self.signal(process, signal)

    # ── files and streams ────────────────────────────────────────────────────────────────────────────────────────────

    def write(self, process: Process, fd: int, text: str, zeros: int = 0) -> bool:
        return streams.write(self, process, fd, text, zeros)

    def open_number(self, opened: Open) -> int:
        """Register an open file and return its number."""
        number = self.state.next_open
        self.state.next_open += 1
        self.state.opens[number] = opened
        return number

    def changed_files(self, tree: str) -> None:
        """Say that files of a tree (empty: the writable layer) have changed."""
        following.files_changed(self, tree)
        changed = self.room.state.volumes[tree] if tree else self.state.layer
        self.room.usage_changed(self.sandbox.spec.node, disk=changed.grown() if changed.size is None else 0)
        if not tree:
            self.changed(None)
            return
        if changed.size is not None:
            self.room.node_memory.count_files(self, changed)
        for sandbox in changed.users:
            self.room.bump(sandbox)

    def changed(self, process: Process | None) -> None:
        """Say that something has changed that a probe could see. What a command from outside does in passing does not count."""
        if process is None or not process.exec_id:
            self.room.bump(self.state.spec.sandbox)

    # ── words to the outside ─────────────────────────────────────────────────────────────────────────────────────────

    def hostname(self) -> str:
        return self.sandbox.spec.hostname

    def asked(self, session: int) -> Exec | None:
        """Return somebody's own command by its session, while it runs."""
        return next((one for one in self.state.execs.values() if one.session == session), None)

    def moves(self, process: Process) -> None:
        """Note that a command looked at what changes by itself (the clock, chance, other Pods): its result is not steady."""
        asked = self.state.execs.get(process.exec_id)
        if asked:
            asked.pure = False

    def looks(self, process: Process, reached: Reached) -> None:
        """Note that the result of a command depends on where a connection comes to."""
        asked = self.state.execs.get(process.exec_id)
        if asked:
            asked.pure = asked.pure and reached.steady
            asked.looked = self.room.looked(reached) | asked.looked

    def trace(self, kind: str, **body: Any) -> None:
        if (self.written or self.told) and kind not in ("output", "session"):
            output.put_written(self)
        self.kernel.trace(kind, self.pod, **body)

    def assume(self, about: str, text: str) -> None:
        """Say once what was not known and what was assumed."""
        if text not in self.state.said:
            self.state.said |= {text}
            self.trace("assumption", about=about, text=text)

    def limit(self, limit: str, met: str, done: str) -> None:
        text = f"The container met the limit of {met}: {done}."
        if text not in self.state.said:
            self.state.said |= {text}
            self.trace("limit", limit=limit, text=text)

    def limit_regex(self) -> None:
        self.limit("steps", "what matching one regular expression may take", "its command fails")

    # ── ports ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def listen(self, process: Process, port: int, server: str, address: str = "0.0.0.0", certificate: str = "") -> bool:
        """Open a port, to TLS alone where there is a certificate; False where it is in use."""
        ports = self.room.ports(self.sandbox)
        if port in ports:
            return False
        ports[port] = Listener(self.state.spec.id, process.pid, server, address, certificate)
        self.changed(None)
        self.room.ports_changed(self.sandbox)
        return True


def sleeps(process: Process) -> bool:
    """Say whether a process of a command from outside does nothing but wait for a moment that is known."""
    return process.exec_id > 0 and process.shell is None and process.program == "sleep" and "until" in process.data
