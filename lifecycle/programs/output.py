"""What containers put out: into their logs, and to whom is there to see it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.interface import LogLine

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.state import ContainerState

MAX_LOG = 1 << 20
MARGIN = 64 << 10
"""How much more of a full log is dropped than must be, so that it is not done for each line."""
LAST_LINES = 100
LAST_BYTES = 32 << 10
"""How many lines, or bytes of them, a container remembers: more than a kubelet asks for (80 lines, 2 KiB)."""
MAX_LINE = 16 << 10
MAX_SESSION = 64 << 20
"""Bytes that somebody's own command may put out."""
PART = 256 << 10
"""Bytes of them that stand in one trace."""
SAID = 4096
"""Characters of them that the trace of the command's end repeats."""


def tell(machine: Machine, session: int, stream: str, text: str, zeros: int = 0) -> None:
    """Put out what somebody's own command writes, as far as the limit goes, in parts."""
    asked = machine.asked(session)
    if asked is None:
        return
    room = MAX_SESSION - asked.told
    if len(text) + zeros > room:
        machine.limit("output", "64 MiB of output of one command", "the rest of it is lost")
    text = (text + "\0" * min(zeros, room))[:room]
    asked.told += len(text)
    asked.said += text[: SAID - len(asked.said)]
    _collect_told(machine, session, stream, text)


def _collect_told(machine: Machine, session: int, stream: str, text: str) -> None:
    """Put out what somebody sees, together with what comes at the same instant."""
    told = machine.told
    if told and told[-1][:2] == (session, stream) and len(told[-1][2]) + len(text) <= PART:
        told[-1] = (session, stream, told[-1][2] + text)
    else:
        told.extend((session, stream, text[at : at + PART]) for at in range(0, len(text), PART))
    if not machine.running:
        put_written(machine)


def _put_session(machine: Machine, session: int, stream: str, text: str) -> None:
    """Put out a part of what somebody sees; bytes that are no text stand in base64."""
    data = text.encode("latin-1", "replace")
    try:
        written = {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        written = {"base64": base64.b64encode(data).decode()}
    machine.trace("session", session=session, stream=stream, **written)


def log(machine: Machine, stream: str, text: str, pid: int) -> None:
    """Put text into the container's log: whole lines at once, the rest when its line ends or the container does.

    Who is attached sees it as it comes.
    """
    state = machine.state
    for session in state.attached:
        _collect_told(machine, session, stream, text)
    text = state.partial.pop(stream, "") + text
    lines, newline, rest = text.rpartition("\n")
    if rest:
        if len(rest) > MAX_LINE:
            lines, newline, rest = lines + newline + rest, "\n", ""
        else:
            state.partial[stream] = rest
    if newline:
        _collect(machine, stream, lines, pid)


def _collect(machine: Machine, stream: str, lines: str, pid: int) -> None:
    """Put lines out, together with what the same process writes at the same instant."""
    if not machine.running:
        put_out(machine, stream, lines, pid)
        return
    if machine.written and machine.written[-1][:2] == (stream, pid):
        machine.written[-1][2].append(lines)
        return
    machine.written.append((stream, pid, [lines]))


def put_written(machine: Machine) -> None:
    """Put out what was collected."""
    told, machine.told = machine.told, []
    for session, stream, text in told:
        _put_session(machine, session, stream, text)
    written, machine.written = machine.written, []
    for stream, pid, lines in written:
        put_out(machine, stream, "\n".join(lines), pid)


def put_out(machine: Machine, stream: str, text: str, pid: int) -> None:
    """Add lines (without the last newline) to the log and put out a trace."""
    state = machine.state
    room = 0 if state.log_full else MAX_LOG - state.log_bytes
    machine.work(2 + len(text) // CHARACTERS_A_STEP + text.count("\n") // 4)
    shown = text.encode("latin-1", "replace").decode("utf-8", "replace")
    now = machine.kernel.now
    state.logs += [LogLine(now, stream, line) for line in shown.split("\n")[-LAST_LINES:]]
    state.log_bytes += len(shown) + 1
    if len(state.logs) > 2 * LAST_LINES or state.log_bytes - state.log_kept > LAST_BYTES:
        _forget(state)
    machine.room.usage_changed(machine.sandbox.spec.node, disk=len(shown) + 1)
    if state.log_bytes <= MAX_LOG and not state.log_full:
        machine.trace("output", stream=stream, text=shown + "\n", pid=pid)
        return
    if room > 0:
        machine.trace("output", stream=stream, text=shown[:room] + "\n", pid=pid)
    state.log_full = True
    machine.limit("output", "1 MiB of output", "only the last of it is kept, and no more is written down")
    if state.log_bytes > MAX_LOG:
        state.log_bytes = state.log_kept = MAX_LOG - MARGIN


def _forget(state: ContainerState) -> None:
    """Keep the last lines alone: the traces hold all."""
    size, first = 0, len(state.logs)
    while first and len(state.logs) - first < LAST_LINES and size < LAST_BYTES:
        first -= 1
        size += len(state.logs[first].text)
    del state.logs[:first]
    state.log_kept = state.log_bytes


def flush(machine: Machine) -> None:
    """Put out everything, also what was begun and has no newline yet."""
    put_written(machine)
    for stream, text in sorted(machine.state.partial.items()):
        put_out(machine, stream, text, 1)
    machine.state.partial = {}
