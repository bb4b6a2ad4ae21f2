"""How filters read: line by line or piece by piece, the files named one after the other, as it comes.

What is still to be read is remembered in the command's `data`, so that it can wait at any place.
"""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.programs import opening, pipes, streams
from lifecycle.programs.budget import COPIED_A_STEP
from lifecycle.programs.commands.call import MAX_READ, Call, text_work
from lifecycle.programs.files import FileError

PIECE = 32 << 10
LONGEST_LINE = 256 << 10
"""A longer line is worked on in parts."""
SOURCE = 20
"""The descriptor of the file that is being read."""


def whole(call: Call, names: list[str]) -> list[tuple[str, str]] | None:
    """Return (name, content) of the files named, or of standard input; None: wait. Says which names cannot be read."""
    names = names or ["-"]
    found: dict[str, list[str]] = call.data.setdefault("found", {})
    while call.data.setdefault("source", 0) < len(names):
        if not call.machine.spend(call.process, 0):
            return None
        source = call.data["source"]
        fd = _opened(call, names[source])
        piece = "" if fd is None else streams.read(call.machine, call.process, fd, most=PIECE)
        if piece is None:
            return None
        if fd is not None:
            found.setdefault(str(source), []).append(call.afforded(piece))
        if not piece or call.data.get("read", 0) >= MAX_READ:
            _next_source(call, fd)
    return [(names[int(source)], "".join(parts)) for source, parts in found.items()]


def next_line(call: Call, names: list[str]) -> str | None:
    """Return the next line with its newline; empty at the end of all; None: wait. Says which names cannot be read."""
    names = names or ["-"]
    while call.data.setdefault("source", 0) < len(names):
        fd = _opened(call, names[call.data["source"]])
        line = "" if fd is None else streams.read(call.machine, call.process, fd, line=True)
        if line is None:
            return None
        if line:
            call.machine.work(text_work(line))
            return line
        _next_source(call, fd)
    return ""


def pieces(call: Call, names: list[str], lines: bool = True) -> Iterator[str | None]:
    """Yield the input in pieces, each of whole lines (not with `lines` off); None: wait, and no more now.

    No more is read than a reader of the output takes, and than the container may work on.
    """
    names = names or ["-"]
    while call.data.setdefault("source", 0) < len(names):
        if pipes.pipe_full(call.machine, call.process, 1) or not call.machine.spend(call.process, 0):
            yield None
            return
        fd = _opened(call, names[call.data["source"]])
        piece = "" if fd is None else streams.read(call.machine, call.process, fd, most=PIECE)
        if piece is None:
            yield None
            return
        if not piece:
            _next_source(call, fd)
            continue
        call.machine.work(text_work(piece))
        if lines:
            piece = _whole_lines(call, piece)
        if piece:
            yield piece
    if call.data.get("rest"):
        yield call.data.pop("rest")


def _whole_lines(call: Call, piece: str) -> str:
    text: str = call.data.pop("rest", "") + piece
    call.machine.work(len(text) // COPIED_A_STEP)
    end = text.rfind("\n") + 1
    if not end and len(text) > LONGEST_LINE:
        return text
    call.data["rest"] = text[end:]
    return text[:end]


def _opened(call: Call, name: str) -> int | None:
    """Return the descriptor to read from; None where the file cannot be read."""
    if name == "-":
        return 0
    if SOURCE in call.process.fds:
        return SOURCE
    try:
        opened = opening.open_path(call.machine, call.process, call.path(name), "r")
        if opened.kind == "directory":
            raise FileError("EISDIR")
    except FileError as error:
        call.data["failed"] = True
        call.data.setdefault("unread", []).append(call.data["source"])
        call.cannot_open(name, error)
        return None
    streams.set_fd(call.machine, call.process, SOURCE, opened)
    return SOURCE


def _next_source(call: Call, fd: int | None) -> None:
    if fd == SOURCE:
        streams.close(call.machine, call.process, SOURCE)
    call.data["source"] += 1
