"""Commands from outside, and who sits at a container's standard streams: what they type, what they are told.

Kubernetes: pkg/kubelet/kuberuntime (ExecSync, Exec, Attach), CRI's streaming server
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from lifecycle.clock import Micros
from lifecycle.kernel import Kernel, Reply
from lifecycle.programs import pipes, starting, streams, terminal
from lifecycle.programs.interface import STOPPED, ExecFailure, ExecResult, WindowSize
from lifecycle.programs.machine import MAX_PROCESSES, Machine, sleeps
from lifecycle.programs.state import Exec, Process, Terminal

if TYPE_CHECKING:
    from lifecycle.programs.room import ProgramsState
    from lifecycle.programs.telling import Result


class Sessions(ABC):
    """The part of the room that runs commands from outside, and has somebody sit at a container's streams."""

    kernel: Kernel
    state: ProgramsState

    @abstractmethod
    def machine(self, container_id: str) -> Machine:
        """Return a container's machine."""

    @abstractmethod
    def running(self, container_id: str) -> Machine | None:
        """Return a container's machine, where its first process is there and nothing is under way that was not run."""

    @abstractmethod
    def answer(self, reply: Reply, result: Result | None, delay: Micros = 0, version: int = 0) -> None:
        """Tell a reply its result."""

    def exec(
        self,
        container_id: str,
        command: tuple[str, ...],
        reply: Reply,
        timeout: Micros | None = None,
        session: int = 0,
        stdin: bool = False,
        tty: WindowSize | None = None,
    ) -> ExecFailure | None:
        """Run a command in a container; `reply` is told an ExecResult.

        What a command with a `session` writes is put out as it comes, as traces `session`; with `stdin` it reads what
        `type` gives it, with `tty` from a terminal of that size.
        """
        machine = self.running(container_id)
        if machine is None:
            return ExecFailure(STOPPED, False)
        state = machine.state
        self.state.execs += 1
        number = self.state.execs
        state.execs[number] = asked = Exec(0, 0, 0, reply, session=session, stdin=int(stdin))
        if tty:
            state.terminals[session] = Terminal(rows=tty.rows, columns=tty.columns)
        process = starting.exec_process(machine, list(command), number, asked)
        if isinstance(process, str):
            del state.execs[number]
            state.terminals.pop(session, None)
            return ExecFailure(process, len(state.processes) < MAX_PROCESSES or machine.stays_crowded())
        if tty:
            state.terminals[session].foreground = process.group
        if timeout is not None:
            asked.deadline = self.kernel.after(timeout, "programs", "exec_deadline", state.spec.id, number)
        state.budget.grant(self.kernel.now)
        machine.ready(process)
        machine.run()
        return None

    def exec_ended(self, machine: Machine, process: Process, timed_out: bool = False) -> None:
        """Tell what a command from outside has come to."""
        asked = machine.state.execs.pop(process.exec_id)
        self.kernel.cancel(asked.deadline)
        streams.release(machine, asked.stdin)
        if asked.session:
            machine.state.terminals.pop(asked.session, None)
        out, err = (_taken(machine, number) for number in (asked.stdout, asked.stderr))
        said = asked.said if asked.session else out
        err = "" if asked.session else err
        outlived = _outlived(machine, process) if asked.pids > 1 else 0
        steady, code = asked.pure and outlived is not None, process.code or 0
        result = ExecResult(code, _shown(said), _shown(err), timed_out, steady, asked.pids, asked.looked, outlived or 0)
        self.answer(asked.reply, result)

    def on_exec_deadline(self, container_id: str, number: int) -> None:
        state = self.state.containers.get(container_id)
        asked = state.execs.get(number) if state else None
        if asked is None:
            return
        asked.deadline = None
        machine = self.machine(container_id)
        process = machine.state.processes.get(asked.pid)
        if process is None:
            return
        process.code = 137
        self.exec_ended(machine, process, True)
        process.code = None
        machine.end(process, 137, "SIGKILL")
        machine.run()

    def attach(self, container_id: str, session: int, stdin: bool = False) -> bool:
        """Have somebody see what a container's first process writes, as traces `session`; False where none runs."""
        machine = self.running(container_id)
        if machine is not None:
            machine.state.attached[session] = stdin
        return machine is not None

    def detach(self, container_id: str, session: int) -> None:
        """Show no more to somebody who has gone."""
        machine = self.running(container_id)
        if machine is not None:
            machine.state.attached.pop(session, None)

    def type(self, container_id: str, session: int, data: bytes, end: bool) -> bool:
        """Give a command what somebody types, and with `end` nothing more; False where it reads no more.

        A session of `attach` (or 0) is the container's own first process.
        """
        machine = self.running(container_id)
        return machine is not None and _type(machine, session, data, end)

    def resize_terminal(self, container_id: str, session: int, size: WindowSize) -> None:
        """Say how large the window is that a session's terminal is shown in."""
        machine = self.running(container_id)
        number = 0 if machine is None or session in machine.state.attached else session
        if machine is not None and number in machine.state.terminals:
            terminal.resize(machine, number, size)
            machine.run()


def _taken(machine: Machine, number: int) -> str:
    """Return what was collected; what a process that goes on in the background writes from now on is lost."""
    opened = machine.state.opens.get(number)
    if opened is None:
        return ""
    text, opened.kind, opened.text = opened.text, "null", ""
    if opened.refs <= 0:
        del machine.state.opens[number]
    return text


def _outlived(machine: Machine, process: Process) -> Micros | None:
    """Return how much longer those live that a command leaves behind; None where that cannot be told, or nobody reaps them."""
    left = [one for one in machine.state.processes.values() if one.exec_id == process.exec_id and one is not process]
    if not left:
        return 0
    first = machine.state.processes.get(machine.state.first)
    reaps = first is not None and (first.shell is not None or bool(first.data.get("reaps")))
    if not reaps or not all(sleeps(one) and one.code is None for one in left):
        return None
    return max(int(one.data["until"]) for one in left) - machine.kernel.now


def _type(machine: Machine, session: int, data: bytes, end: bool) -> bool:
    """Give a session's command what is typed, and with `end` nothing more; False where nobody reads it."""
    text = data.decode("latin-1")
    machine.state.budget.grant(machine.kernel.now)
    if not session or session in machine.state.attached:
        typed = _type_to_first(machine, session, text, end)
    elif session in machine.state.terminals:
        terminal.type_text(machine, session, text)
        if end:
            terminal.hang_up(machine, session)
        typed = True
    else:
        typed = _type_to_command(machine, session, text, end)
    machine.run()
    return typed


def _type_to_command(machine: Machine, session: int, text: str, end: bool) -> bool:
    asked = machine.asked(session)
    if asked is None or not asked.stdin:
        return False
    typed = pipes.type_into(machine, machine.state.processes[asked.pid], asked.stdin, text)
    if end:
        streams.release(machine, asked.stdin)
        asked.stdin = 0
    return typed


def _type_to_first(machine: Machine, session: int, text: str, end: bool) -> bool:
    """Type to the container's own first process; its input ends with the first who leaves, where `stdinOnce` says so."""
    state = machine.state
    last = end and state.spec.stdin_once and state.attached.get(session, True)
    if state.spec.tty:
        if state.spec.stdin:
            terminal.type_text(machine, 0, text)
        if last:
            terminal.hang_up(machine, 0)
        return state.spec.stdin
    typed = pipes.type_into(machine, state.processes[state.first], state.stdin, text)
    if last:
        streams.release(machine, state.stdin)
        state.stdin = 0
    return typed


def _shown(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
