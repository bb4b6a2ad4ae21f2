"""Open files: a process's descriptors, and reading and writing what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from lifecycle.programs import terminal
from lifecycle.programs.budget import CHARACTERS_A_STEP, COPIED_A_STEP
from lifecycle.programs.files import FILES_FULL, MAX_BYTES, MAX_SIZE, FileError, Node
from lifecycle.programs.output import MAX_LINE, MAX_LOG, log, tell
from lifecycle.programs.pipes import PIPE_SIZE, close_pipe, read_pipe, take_from_pipe, write_pipe
from lifecycle.programs.state import Open, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


def set_fd(machine: Machine, process: Process, fd: int, opened: Open) -> None:
    """Put a newly opened file at a descriptor."""
    number = machine.open_number(opened)
    opened.refs = 1
    if fd in process.fds:
        close(machine, process, fd)
    process.fds[fd] = number


def dup(machine: Machine, process: Process, source: int, fd: int) -> None:
    """Make a descriptor another name of a second one. Raises: FileError EBADF."""
    number = process.fds.get(source)
    if number is None:
        raise FileError("EBADF")
    if source == fd:
        return
    machine.state.opens[number].refs += 1
    if fd in process.fds:
        close(machine, process, fd)
    process.fds[fd] = number


def close(machine: Machine, process: Process, fd: int) -> None:
    number = process.fds.pop(fd, None)
    if number is not None:
        release(machine, number)


def close_all(machine: Machine, process: Process) -> None:
    """Close what a process has open."""
    fds, process.fds = process.fds, {}
    for number in fds.values():
        release(machine, number)


def release(machine: Machine, number: int) -> None:
    """Take one reference away; the last one closes the file."""
    opened = machine.state.opens.get(number)
    if opened is None:
        return
    opened.refs -= 1
    if opened.refs > 0:
        return
    if opened.kind != "capture":
        del machine.state.opens[number]
    if opened.kind == "pipe":
        close_pipe(machine, opened)


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(machine: Machine, process: Process, fd: int, text: str, zeros: int = 0) -> bool:
    """Write text and then NUL bytes; False where it failed (the process may have been killed by SIGPIPE)."""
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None:
        return False
    kind = opened.kind
    if len(text) > CHARACTERS_A_STEP:
        machine.work(len(text) // CHARACTERS_A_STEP)
    if kind == "log":
        machine.moves(process)
        log(machine, opened.path, text + "\0" * min(zeros, MAX_LINE), process.pid)
    elif kind == "capture":
        if len(opened.text) < MAX_LOG:
            opened.text += text + "\0" * min(zeros, MAX_LOG)
    elif kind == "session":
        tell(machine, opened.pos, opened.path, text, zeros)
    elif kind == "tty":
        terminal.show(machine, opened.pos, text + "\0" * min(zeros, MAX_LINE), process.pid)
    elif kind == "file":
        return _write_file(machine, opened, text, zeros)
    elif kind == "pipe":
        return write_pipe(machine, process, opened, text + "\0" * min(zeros, PIPE_SIZE))
    return kind != "full"


def is_file(machine: Machine, process: Process, fd: int) -> bool:
    """Say whether what is written goes into a file, or the device that is always full: where it fails, there is no space."""
    opened = machine.state.opens.get(process.fds.get(fd, 0))
    return opened is not None and opened.kind in ("file", "full")


def _write_file(machine: Machine, opened: Open, text: str, zeros: int) -> bool:
    machine = _owner(machine, opened)
    view = machine.view
    tree = machine.room.state.volumes.get(opened.tree) if opened.tree else machine.state.layer
    node = tree.nodes.get(opened.path) if tree else None
    if node is None and not opened.tree:
        node = view.image.get(opened.path)
    if tree is None or node is None:
        return True
    pos = node.size if opened.append else opened.pos
    fits = len(text) + zeros
    room = tree.room(opened.path) - (node.size if text and pos > len(node.text) else min(len(node.text), pos))
    if text and room < len(text):
        machine.limit("bytes", FILES_FULL, "no more can be written")
        fits = max(room, 0)
    if tree.size is not None:
        fits = min(fits, max(tree.size - tree.bytes + max(node.size - pos, 0), 0))
    fits = min(fits, max(MAX_SIZE - pos, 0))
    whole = fits == len(text) + zeros
    text, zeros = text[:fits], max(fits - len(text), 0)
    content, tail = _spliced(node, pos, text, zeros)
    machine.work(1 + len(content) // COPIED_A_STEP)
    opened.pos = pos + len(text) + zeros
    tree.put(opened.path, replace(node, kind="f", text=content, zeros=tail, mtime=machine.kernel.now))
    machine.changed_files(opened.tree)
    return whole


def _owner(machine: Machine, opened: Open) -> Machine:
    """Return the machine that an open file is one of."""
    return machine.room.machine(opened.container) if opened.container in machine.room.state.containers else machine


def _spliced(node: Node, pos: int, text: str, zeros: int) -> tuple[str, int]:
    """Return a file's text and its NUL bytes after something was written at a position."""
    if pos == len(node.text) and not node.zeros:
        return node.text + text, zeros
    if pos == node.size and not text:
        return node.text, node.zeros + zeros
    if pos >= node.size and not text.strip("\0"):
        return node.text, pos - len(node.text) + len(text) + zeros
    content = node.content
    content = content.ljust(pos, "\0")[:pos] + text + "\0" * min(zeros, MAX_BYTES) + content[pos + len(text) + zeros :]
    return content, 0


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(machine: Machine, process: Process, fd: int, line: bool = False, most: int = 0, until: str = "\n") -> str | None:
    """Return what can be read (a line up to its end `until`, or all there is, or `most` of either); empty at the end.

    None: wait, you will be woken.
    """
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None or opened.kind in ("null", "full", "capture", "session", "log", "directory"):
        return ""
    if opened.kind == "zero":
        machine.work(PIPE_SIZE // CHARACTERS_A_STEP)
        return "\0" * PIPE_SIZE
    if opened.kind == "random":
        machine.moves(process)
        machine.work(10)
        opened.pos += 1
        return bytes.fromhex(machine.kernel.seeds.hex(128, "urandom", machine.state.spec.id, process.pid, opened.pos)).decode(
            "latin-1"
        )
    if opened.kind == "tty":
        return terminal.read(machine, process, opened.pos)
    if opened.kind == "pipe":
        return read_pipe(machine, process, opened, line, most, until)
    text = opened.text if opened.kind == "text" else _file_text(machine, opened)
    machine.work(1)
    if line:
        end = text.find(until, opened.pos)
        end = len(text) if end < 0 else end + 1
        end = min(end, opened.pos + most) if most else end
    else:
        end = min(len(text), opened.pos + most) if most else len(text)
    piece = text[opened.pos : end]
    opened.pos = max(end, opened.pos)
    return piece


def _file_text(machine: Machine, opened: Open) -> str:
    node = node_of(machine, opened)
    if node is None:
        return ""
    if node.zeros:
        machine.work(MAX_BYTES // COPIED_A_STEP)
    return node.content


def size_left(machine: Machine, process: Process, path: str, stdin: bool) -> int | None:
    """Return how many bytes a regular file (or standard input, where it is one) still has; None where nobody can tell."""
    if stdin:
        opened = machine.state.opens.get(process.fds.get(0, 0))
        node = node_of(machine, opened) if opened and opened.kind == "file" else None
        return node.size - opened.pos if opened and node else None
    node = machine.view.get(path)
    return node.size if node is not None and node.kind == "f" else None


def node_of(machine: Machine, opened: Open) -> Node | None:
    """Return the node that an open file stands for."""
    machine = _owner(machine, opened)
    tree = machine.room.state.volumes.get(opened.tree) if opened.tree else machine.state.layer
    node = tree.nodes.get(opened.path) if tree else None
    if node is None and not opened.tree:
        node = machine.view.image.get(opened.path)
    return None if node is None or node.gone else node


def peek(machine: Machine, process: Process, fd: int) -> tuple[str, bool] | None:
    """Return what a file or a pipe has to read, without taking it, and whether that is all; None for what is neither."""
    opened = machine.state.opens.get(process.fds.get(fd, 0))
    if opened is None:
        return "", True
    if opened.kind == "pipe":
        pipe = machine.state.pipes.get(opened.pipe)
        return (pipe.text, pipe.writers <= 0) if pipe else ("", True)
    if opened.kind not in ("text", "file"):
        return None
    return (opened.text if opened.kind == "text" else _file_text(machine, opened))[opened.pos :], True


def take(machine: Machine, process: Process, fd: int, count: int) -> str:
    """Take the first so many characters of what `peek` has shown."""
    opened = machine.state.opens[process.fds[fd]]
    if opened.kind != "pipe":
        piece = (opened.text if opened.kind == "text" else _file_text(machine, opened))[opened.pos : opened.pos + count]
        opened.pos += len(piece)
        return piece
    return take_from_pipe(machine, opened, count)
