"""Copies of a shell: subshells, background jobs, substitutions, pipelines; and what becomes of a shell's children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from lifecycle.programs import pipes, streams
from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.executing import ExecError
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell import job_control
from lifecycle.programs.shell.external import cannot_fork
from lifecycle.programs.shell.frames import leave
from lifecycle.programs.shell.job_control import name_job, put_behind, put_in_front
from lifecycle.programs.shell.turn import ShellExit, Turn
from lifecycle.programs.signals import DESCRIPTIONS
from lifecycle.programs.state import SIGNALED, Frame, Open, Process, Shell

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


def fork(turn: Turn, frame: Frame, pc: int) -> Process:
    """Make a copy of the shell that goes on at `pc`. Raises: ShellExit where no process can be made."""
    shell = turn.shell
    try:
        child = turn.machine.spawn(turn.process, turn.process.argv)
    except ExecError:
        turn.complain(cannot_fork(shell.dialect))
        raise ShellExit(2 if shell.dialect != "bash" else 254) from None
    turn.machine.work((len(shell.vars) + len(shell.args)) // ITEMS_A_STEP)
    child.program, child.flavor = turn.process.program, turn.process.flavor
    turn.machine.memory.hold(child, turn.process.memory)
    child.shell = msgspec.structs.replace(
        shell,
        frames=[Frame(frame.code, "script", pc, tested=frame.tested, cases=list(frame.cases), line=frame.line)],
        args=list(shell.args),
        vars={name: dict(value) if isinstance(value, dict) else value for name, value in shell.vars.items()},
        exported=set(shell.exported),
        attributes=dict(shell.attributes),
        functions=dict(shell.functions),
        traps={name: action for name, action in shell.traps.items() if not action},
        jobs={},
        values=list(shell.values),
        restore=[],
        builtin=[],
        pids=[],
        statuses=[],
        subshell=shell.subshell + 1,
        input=None,
        named_jobs={},
        function_lines=dict(shell.function_lines),
    )
    return child


def do_subshell(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    put_in_front(turn, child)
    turn.process.waiting, turn.process.wait_for = "child", [child.pid]
    turn.machine.queue.append(child.pid)


def do_background(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    if not put_behind(turn, child):
        child.ignored |= {"SIGINT", "SIGQUIT"}
        if 0 in child.fds:
            streams.set_fd(turn.machine, child, 0, Open("null"))
    turn.shell.background = child.pid
    turn.shell.jobs[child.pid] = None
    name_job(turn, [child.pid], step[2])
    turn.shell.status = 0
    turn.machine.queue.append(child.pid)


COPROC_FDS = (60, 59)
"""Where a shell has the output and the input of its coprocess; process substitutions are counted down from 63."""


def do_coproc(turn: Turn, frame: Frame, step: Any) -> None:
    """Start a command with pipes to it and from it, whose ends the shell has in an array."""
    _, after, name, text = step
    child = fork(turn, frame, frame.pc)
    frame.pc = after
    put_behind(turn, child)
    for inside, (outside, reads) in enumerate(zip(COPROC_FDS[::-1], (False, True), strict=True)):
        end, start = pipes.make_pipe(turn.machine)
        streams.set_fd(turn.machine, child, inside, start if reads else end)
        streams.set_fd(turn.machine, turn.process, outside, end if reads else start)
    turn.shell.vars[name] = {"0": str(COPROC_FDS[0]), "1": str(COPROC_FDS[1])}
    turn.shell.vars[f"{name}_PID"] = str(child.pid)
    turn.shell.background = child.pid
    turn.shell.jobs[child.pid] = None
    name_job(turn, [child.pid], text)
    turn.shell.status = 0
    turn.machine.queue.append(child.pid)


def do_substitute(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    end, start = pipes.make_pipe(turn.machine)
    turn.machine.state.pipes[end.pipe].unbounded = True
    streams.set_fd(turn.machine, child, 1, start)
    number = turn.machine.open_number(end)
    end.refs = 1
    turn.process.waiting, turn.process.wait_for = "substitute", [child.pid, number]
    turn.machine.queue.append(child.pid)


def do_process_in(turn: Turn, frame: Frame, step: Any) -> None:
    _process_substitution(turn, frame, step, True)


def do_process_out(turn: Turn, frame: Frame, step: Any) -> None:
    _process_substitution(turn, frame, step, False)


def _process_substitution(turn: Turn, frame: Frame, step: Any, reading: bool) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    end, start = pipes.make_pipe(turn.machine)
    fd = 63
    while fd in turn.process.fds:
        fd -= 1
    streams.set_fd(turn.machine, child, 1 if reading else 0, start if reading else end)
    streams.set_fd(turn.machine, turn.process, fd, end if reading else start)
    turn.shell.jobs[child.pid] = None
    turn.shell.values.append(f"/dev/fd/{fd}")
    turn.machine.queue.append(child.pid)


def do_close_pipes(turn: Turn, frame: Frame, step: Any) -> None:
    """Close the shell's own ends of the process substitutions of the command before."""
    for fd in [fd for fd in turn.process.fds if 63 - step[1] < fd <= 63]:
        streams.close(turn.machine, turn.process, fd)


def do_pipeline(turn: Turn, frame: Frame, step: Any) -> None:
    _, after, *starts = step
    machine, process, shell = turn.machine, turn.process, turn.shell
    pids: list[int] = []
    previous: Open | None = None
    for i, pc in enumerate(starts):
        child = fork(turn, frame, pc)
        put_in_front(turn, child, pids[0] if pids else 0)
        if previous is not None:
            streams.set_fd(machine, child, 0, previous)
            previous = None
        if i + 1 < len(starts):
            previous, start = pipes.make_pipe(machine)
            streams.set_fd(machine, child, 1, start)
        pids.append(child.pid)
    machine.queue.extend(pids)
    frame.pc = after
    shell.pids, shell.statuses = list(pids), [0] * len(pids)
    process.waiting, process.wait_for = "pipeline", list(pids)


def do_exit_child(turn: Turn, frame: Frame, step: Any) -> None:
    leave(turn, turn.shell.status)


def child_ended(machine: Machine, parent: Process, child: Process) -> bool:
    """Tell a shell that a child of its has ended."""
    shell = parent.shell
    assert shell is not None
    code = child.code or 0
    machine.reap(child)
    if parent.waiting in ("child", "pipeline", "substitute") and child.pid in parent.wait_for:
        if parent.waiting == "substitute":
            _substituted(machine, parent, shell, code)
            job_control.ended_in_front(machine, parent, child)
            return True
        if child.signal and parent.waiting == "child":
            _say_signal(machine, parent, shell, child)
        parent.wait_for.remove(child.pid)
        if parent.waiting == "pipeline":
            shell.statuses[shell.pids.index(child.pid)] = code
            if shell.dialect == "bash" and not parent.wait_for:
                shell.vars["PIPESTATUS"] = {str(i): str(status) for i, status in enumerate(shell.statuses)}
        if not parent.wait_for:
            shell.status = _pipeline_status(shell) if parent.waiting == "pipeline" else code
            machine.ready(parent)
        job_control.ended_in_front(machine, parent, child)
        return True
    if child.pid in shell.jobs:
        shell.jobs[child.pid] = code | (SIGNALED if child.signal else 0)
        if parent.waiting == "builtin" and shell.builtin[:1] == ["wait"]:
            machine.ready(parent)
    return True


def _pipeline_status(shell: Shell) -> int:
    if "pipefail" in shell.options:
        return next((status for status in reversed(shell.statuses) if status), 0)
    return shell.statuses[-1]


def _substituted(machine: Machine, parent: Process, shell: Shell, code: int) -> None:
    """Take what a command substitution has put out. What its own children still hold open is not waited for."""
    number = parent.wait_for[1]
    opened = machine.state.opens[number]
    pipe = machine.state.pipes.get(opened.pipe)
    text = pipe.text if pipe else ""
    if pipe:
        pipe.text = ""
    streams.release(machine, number)
    shell.values.append(text.replace("\0", "").rstrip("\n"))
    shell.status = code
    parent.wait_for = []
    machine.ready(parent)


def _say_signal(machine: Machine, parent: Process, shell: Shell, child: Process) -> None:
    if shell.dialect == "bash" and (child.signal == "SIGTERM" or job_control.interactive(shell)):
        text = DESCRIPTIONS.get(child.signal or "")
        machine.write(parent, 2, f"{text}\n" if text else "")
        return
    said = words.killed(shell.dialect, shell.name, shell.line, child.signal or "", child.pid, " ".join(child.argv))
    if said:
        machine.write(parent, 2, said)
