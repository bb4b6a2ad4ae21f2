"""Pipes, and named ones: bytes wait in them, and processes for bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs.budget import COPIED_A_STEP
from lifecycle.programs.files import MAX_BYTES
from lifecycle.programs.state import Open, Pipe, Process
from lifecycle.programs.view import Place

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

PIPE_SIZE = 64 << 10
LONGEST_LINE = 256 << 10
"""A longer line in a pipe is read in parts."""


def make_pipe(machine: Machine) -> tuple[Open, Open]:
    """Return a new pipe's two ends: to read, to write."""
    state = machine.state
    number = state.next_open
    state.next_open += 1
    state.pipes[number] = Pipe(readers=1, writers=1)
    return Open("pipe", pipe=number), Open("pipe", pipe=number, writes=True)


def open_named_pipe(machine: Machine, process: Process, place: Place, mode: str) -> Open:
    """Open an end of a named pipe; the process waits until somebody has opened the other one."""
    state, name = machine.state, f"{place.tree}:{place.path}"
    number = state.named_pipes.get(name)
    if number is None or number not in state.pipes:
        number = state.named_pipes[name] = state.next_open
        state.next_open += 1
        state.pipes[number] = Pipe(named=name)
    pipe = state.pipes[number]
    pipe.readers += mode in ("r", "+")
    pipe.writers += mode != "r"
    if pipe.readers and pipe.writers:
        pipe.met = True
        _wake(machine, pipe)
    else:
        process.waiting = "open"
        pipe.waiting.append(process.pid)
    return Open("pipe", pipe=number, writes=mode != "r", both=mode == "+")


def is_pipe(machine: Machine, process: Process, fd: int) -> bool:
    opened = machine.state.opens.get(process.fds.get(fd, 0))
    return opened is not None and opened.kind == "pipe"


def pipe_full(machine: Machine, process: Process, fd: int) -> bool:
    """Say whether a writer should wait for its reader; it will be woken then."""
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None or opened.kind != "pipe":
        return False
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None or pipe.unbounded or pipe.starved or len(pipe.text) < PIPE_SIZE:
        return False
    process.waiting = "write"
    pipe.waiting.append(process.pid)
    return True


def write_pipe(machine: Machine, process: Process, opened: Open, text: str) -> bool:
    """Write to a pipe; False where nobody reads it, or it holds no more."""
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None or (pipe.readers <= 0 and (pipe.met or not pipe.named)):
        machine.signal(process, "SIGPIPE")
        return False
    if pipe.named:
        machine.moves(process)
    pipe.text += text
    machine.work(1 + len(pipe.text) // COPIED_A_STEP)
    if len(pipe.text) > MAX_BYTES:
        machine.limit("bytes", "16 MiB in a pipe", "what is written beyond is lost")
        pipe.text = pipe.text[:MAX_BYTES]
        return False
    _wake(machine, pipe)
    return True


def type_into(machine: Machine, process: Process, number: int, text: str) -> bool:
    """Write to a pipe from outside; False where nobody reads it any more."""
    opened = machine.state.opens.get(number)
    pipe = machine.state.pipes.get(opened.pipe) if opened else None
    return opened is not None and pipe is not None and pipe.readers > 0 and write_pipe(machine, process, opened, text)


def read_pipe(machine: Machine, process: Process, opened: Open, line: bool, most: int, until: str) -> str | None:
    """Do what `streams.read` does, for a pipe."""
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None:
        return ""
    more = pipe.writers > 0 or (pipe.named != "" and not pipe.met)
    if line:
        end = pipe.text.find(until) + 1
        if most and (end > most or (not end and len(pipe.text) >= most)):
            end = most
        machine.work(len(pipe.text) // COPIED_A_STEP)
        if not end and more and len(pipe.text) < LONGEST_LINE:
            if len(pipe.text) >= PIPE_SIZE:
                pipe.starved = True
                _wake(machine, pipe)
            _wait(pipe, process)
            return None
        pipe.starved = False
        piece, pipe.text = (pipe.text[:end], pipe.text[end:]) if end else (pipe.text, "")
    elif not pipe.text and more:
        _wait(pipe, process)
        return None
    else:
        end = most or len(pipe.text)
        piece, pipe.text = pipe.text[:end], pipe.text[end:]
    _wake(machine, pipe)
    return piece


def _wait(pipe: Pipe, process: Process) -> None:
    process.waiting = "read"
    if process.pid not in pipe.waiting:
        pipe.waiting.append(process.pid)


def close_pipe(machine: Machine, opened: Open) -> None:
    """Close one end."""
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None:
        return
    pipe.writers -= opened.writes or opened.both
    pipe.readers -= not opened.writes or opened.both
    if pipe.readers <= 0 and pipe.writers <= 0:
        del machine.state.pipes[opened.pipe]
        machine.state.named_pipes.pop(pipe.named, None)
    _wake(machine, pipe)


def _wake(machine: Machine, pipe: Pipe) -> None:
    waiting, pipe.waiting = pipe.waiting, []
    for pid in waiting:
        process = machine.state.processes.get(pid)
        if process is not None and process.waiting in ("read", "write", "builtin") and process.code is None:
            machine.ready(process)
        elif process is not None and process.waiting == "open":
            machine.ready(process) if pipe.met else pipe.waiting.append(pid)


def take_from_pipe(machine: Machine, opened: Open, count: int) -> str:
    """Take the first so many characters that wait in a pipe."""
    pipe = machine.state.pipes[opened.pipe]
    piece, pipe.text = pipe.text[:count], pipe.text[count:]
    _wake(machine, pipe)
    return piece
