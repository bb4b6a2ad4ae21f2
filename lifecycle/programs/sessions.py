"""Commands from outside, and who sits at a container's standard streams: what they type, what they are told.

Kubernetes: pkg/kubelet/kuberuntime (ExecSync, Exec, Attach), CRI's streaming server
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.clock import Micros
from lifecycle.kernel import Reply
from lifecycle.programs import starting, streams, terminal
from lifecycle.programs.interface import ExecFailure, ExecResult, WindowSize
from lifecycle.programs.machine import MAX_PROCESSES, Machine, sleeps
from lifecycle.programs.state import Exec, Process, Terminal

if TYPE_CHECKING:
    from lifecycle.programs.room import Programs


def begin(
    room: Programs,
    machine: Machine,
    command: tuple[str, ...],
    reply: Reply,
    timeout: Micros | None,
    session: int,
    stdin: bool,
    tty: WindowSize | None,
) -> ExecFailure | None:
    """Start a command from outside."""
    state = machine.state
    room.state.execs += 1
    number = room.state.execs
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
        asked.deadline = room.kernel.after(timeout, "programs", "exec_deadline", state.spec.id, number)
    state.budget.grant(room.kernel.now)
    machine.ready(process)
    machine.run()
    return None


def _taken(machine: Machine, number: int) -> str:
    """Return what was collected; what a process that goes on in the background writes from now on is lost."""
    opened = machine.state.opens.get(number)
    if opened is None:
        return ""
    text, opened.kind, opened.text = opened.text, "null", ""
    if opened.refs <= 0:
        del machine.state.opens[number]
    return text


def ended(room: Programs, machine: Machine, process: Process, timed_out: bool = False) -> None:
    """Tell what a command from outside has come to."""
    asked = machine.state.execs.pop(process.exec_id)
    room.kernel.cancel(asked.deadline)
    streams.release(machine, asked.stdin)
    if asked.session:
        machine.state.terminals.pop(asked.session, None)
    out, err = (_taken(machine, number) for number in (asked.stdout, asked.stderr))
    said = asked.said if asked.session else out
    err = "" if asked.session else err
    outlived = _outlived(machine, process) if asked.pids > 1 else 0
    steady, code = asked.pure and outlived is not None, process.code or 0
    result = ExecResult(code, _shown(said), _shown(err), timed_out, steady, asked.pids, asked.looked, outlived or 0)
    room.answer(asked.reply, result)


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


def type_into(machine: Machine, session: int, data: bytes, end: bool) -> bool:
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
    typed = streams.type_into(machine, machine.state.processes[asked.pid], asked.stdin, text)
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
    typed = streams.type_into(machine, state.processes[state.first], state.stdin, text)
    if last:
        streams.release(machine, state.stdin)
        state.stdin = 0
    return typed


def resize(machine: Machine, session: int, size: WindowSize) -> None:
    """Tell a session's terminal how large the window is."""
    number = 0 if session in machine.state.attached else session
    if number in machine.state.terminals:
        terminal.resize(machine, number, size)
        machine.run()


def _shown(text: str) -> str:
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
