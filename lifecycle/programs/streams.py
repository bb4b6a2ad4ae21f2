"""Open files: reading, writing, pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from lifecycle.programs import cgroups, pid_namespaces, terminal
from lifecycle.programs.budget import CHARACTERS_A_STEP, COPIED_A_STEP
from lifecycle.programs.files import FILES_FULL, MAX_BYTES, FileError, Node
from lifecycle.programs.output import MAX_LINE, MAX_LOG, log, tell
from lifecycle.programs.state import Open, Pipe, Process
from lifecycle.programs.view import Place, View

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

PIPE_SIZE = 64 << 10
LONGEST_LINE = 256 << 10
"""A longer line in a pipe is read in parts."""
DEVICES = {"null", "zero", "random", "full"}
SPECIAL = ("/dev/", "/proc/", cgroups.ROOT)
"""Where files lie that are none of their own."""


def open_path(machine: Machine, process: Process, path: str, mode: str) -> Open:
    """Open a file by an absolute path; `mode` is r, w (truncate), a (append), + (read and write), x (create anew).

    Raises: FileError.
    """
    if path.startswith("/proc/") and (found := pid_namespaces.root_of(machine, path)):
        return _elsewhere(machine, process, found, mode)
    special = _special(machine, process, path, mode) if path.startswith(SPECIAL) else None
    if special is not None:
        return special
    view = machine.view
    full = view.resolve(path)
    if full != path and full.startswith(SPECIAL):
        special = _special(machine, process, full, mode)
        if special is not None:
            return special
    if mode == "r":
        return _open_to_read(machine, process, view.place(full))
    return _open_to_write(machine, process, full, mode)


def _open_to_read(machine: Machine, process: Process, place: Place) -> Open:
    node = machine.view.node_at(place)
    if node is None:
        raise FileError("ENOENT")
    if node.kind == "d":
        return Open("directory", place.tree, place.path)
    if not machine.view.allows(node, 4):
        raise FileError("EACCES")
    if node.kind == "p":
        return _named_pipe(machine, process, place, "r")
    return _node(place.tree, place.path, node, False)


def _open_to_write(machine: Machine, process: Process, full: str, mode: str) -> Open:
    view = machine.view
    place = view.place(full)
    node = view.node_at(place)
    if node is None:
        place = view.target(full)
        view.make(place, Node(mode=0o666 & ~process.umask, mtime=machine.kernel.now, user=process.user))
        machine.changed_files(place.tree)
    elif node.kind == "d":
        raise FileError("EISDIR")
    elif mode == "x":
        raise FileError("EEXIST")
    elif node.kind == "c":
        return _node(place.tree, place.path, node, True)
    elif place.read_only:
        raise FileError("EROFS")
    elif not view.allows(node, 2):
        raise FileError("EACCES")
    elif node.kind == "p":
        return _named_pipe(machine, process, place, mode)
    elif mode == "w" and (node.size or not place.tree):
        program = node.program if not node.size else ""
        view.put(place, replace(node, text="", zeros=0, mtime=machine.kernel.now, program=program, flavor=""))
        machine.changed_files(place.tree)
    opened = Open("file", place.tree, place.path, writes=True)
    opened.append = mode == "a"
    return opened


def _elsewhere(machine: Machine, process: Process, found: tuple[Machine | None, View, str], mode: str) -> Open:
    """Open a file of another container, or of the node (to read it only)."""
    other, view, path = found
    if other is None:
        if mode != "r":
            raise FileError("EACCES")
        return Open("text", text=view.find(path)[1].content)
    opened = open_path(other, process, path, mode)
    opened.container = other.state.spec.id if other is not machine else ""
    return opened


def _owner(machine: Machine, opened: Open) -> Machine:
    """Return the machine that an open file is one of."""
    return machine.room.machine(opened.container) if opened.container in machine.room.state.containers else machine


def _node(tree: str, path: str, node: Node, writes: bool) -> Open:
    if node.kind == "c":
        return Open(node.text if node.text in DEVICES else "null", writes=writes)
    return Open("file", tree, path, writes=writes)


def _named_pipe(machine: Machine, process: Process, place: Place, mode: str) -> Open:
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


def _special(machine: Machine, process: Process, path: str, mode: str) -> Open | None:
    """Open what is no file of its own: another descriptor, /proc, the terminal."""
    if path == "/dev/tty" or path.startswith("/dev/pts/"):
        found = terminal.opened_by(machine, process)
        if found is None:
            raise FileError("ENXIO" if path == "/dev/tty" else "ENOENT")
        return Open("tty", pos=found.pos, writes=mode != "r")
    if path in ("/dev/stdin", "/dev/stdout", "/dev/stderr"):
        return _descriptor(machine, process, {"stdin": 0, "stdout": 1, "stderr": 2}[path[5:]])
    if path.startswith("/dev/fd/") and path[8:].isdigit():
        return _descriptor(machine, process, int(path[8:]))
    if path.startswith(cgroups.ROOT):
        return _cgroup_file(machine, process, path, mode)
    if not path.startswith("/proc/"):
        return None
    parts = path.split("/")
    if len(parts) == 5 and parts[3] == "fd" and parts[4].isdigit():
        pid = process.pid if parts[2] == "self" else int(parts[2]) if parts[2].isdigit() else 0
        other = machine.state.processes.get(pid)
        if other is None:
            raise FileError("ENOENT")
        return _descriptor(machine, other, int(parts[4]))
    text = machine.room.proc_file(machine, process, parts[2:])
    if text is None:
        return None
    if mode != "r":
        return Open("null", writes=True)
    return Open("text", text=text)


def _cgroup_file(machine: Machine, process: Process, path: str, mode: str) -> Open | None:
    text = cgroups.text(machine, path)
    if text is None:
        return None
    if mode != "r":
        raise FileError("EROFS")
    machine.moves(process)
    return Open("text", text=text)


def _descriptor(machine: Machine, process: Process, fd: int) -> Open:
    number = process.fds.get(fd)
    if number is None:
        raise FileError("ENOENT")
    opened = machine.state.opens[number]
    if opened.kind == "pipe":
        pipe = machine.state.pipes[opened.pipe]
        if opened.writes:
            pipe.writers += 1
        else:
            pipe.readers += 1
    pos = opened.pos if opened.kind in ("session", "tty") else 0
    return Open(
        opened.kind,
        opened.tree,
        opened.path,
        pos,
        opened.append,
        opened.pipe,
        opened.writes,
        opened.text,
        container=opened.container,
    )


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
        _close_end(machine, opened)


def _close_end(machine: Machine, opened: Open) -> None:
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None:
        return
    pipe.writers -= opened.writes or opened.both
    pipe.readers -= not opened.writes or opened.both
    if pipe.readers <= 0 and pipe.writers <= 0:
        del machine.state.pipes[opened.pipe]
        machine.state.named_pipes.pop(pipe.named, None)
    _wake(machine, pipe)


def make_pipe(machine: Machine) -> tuple[Open, Open]:
    """Return a new pipe's two ends: to read, to write."""
    state = machine.state
    number = state.next_open
    state.next_open += 1
    state.pipes[number] = Pipe(readers=1, writers=1)
    return Open("pipe", pipe=number), Open("pipe", pipe=number, writes=True)


def _wake(machine: Machine, pipe: Pipe) -> None:
    waiting, pipe.waiting = pipe.waiting, []
    for pid in waiting:
        process = machine.state.processes.get(pid)
        if process is not None and process.waiting in ("read", "write", "builtin") and process.code is None:
            machine.ready(process)
        elif process is not None and process.waiting == "open":
            machine.ready(process) if pipe.met else pipe.waiting.append(pid)


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
        return _write_pipe(machine, process, opened, text + "\0" * min(zeros, PIPE_SIZE))
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
    whole = fits == len(text) + zeros
    text, zeros = text[:fits], max(fits - len(text), 0)
    content, tail = _spliced(node, pos, text, zeros)
    machine.work(1 + len(content) // COPIED_A_STEP)
    opened.pos = pos + len(text) + zeros
    tree.put(opened.path, replace(node, kind="f", text=content, zeros=tail, mtime=machine.kernel.now))
    machine.changed_files(opened.tree)
    return whole


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


def _write_pipe(machine: Machine, process: Process, opened: Open, text: str) -> bool:
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


def type_into(machine: Machine, process: Process, number: int, text: str) -> bool:
    """Write to a pipe from outside; False where nobody reads it any more."""
    opened = machine.state.opens.get(number)
    pipe = machine.state.pipes.get(opened.pipe) if opened else None
    return opened is not None and pipe is not None and pipe.readers > 0 and _write_pipe(machine, process, opened, text)


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
        return _read_pipe(machine, process, opened, line, most, until)
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


def _read_pipe(machine: Machine, process: Process, opened: Open, line: bool, most: int, until: str) -> str | None:
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
    pipe = machine.state.pipes[opened.pipe]
    piece, pipe.text = pipe.text[:count], pipe.text[count:]
    _wake(machine, pipe)
    return piece


def _wait(pipe: Pipe, process: Process) -> None:
    process.waiting = "read"
    if process.pid not in pipe.waiting:
        pipe.waiting.append(process.pid)
