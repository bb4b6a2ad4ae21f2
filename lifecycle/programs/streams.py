"""Open files: reading, writing, pipes, and the container's own output."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from lifecycle.programs.files import MAX_BYTES, FileError, Node, join
from lifecycle.programs.interface import LogLine
from lifecycle.programs.state import Open, Pipe, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

PIPE_SIZE = 64 << 10
MAX_LOG = 1 << 20
MAX_LINE = 16 << 10
DEVICES = {"null", "zero", "random", "full"}


def open_path(machine: Machine, process: Process, path: str, mode: str) -> Open:
    """Open a file by an absolute path; `mode` is r, w (truncate), a (append), + (read and write), x (create anew).

    Raises: FileError.
    """
    special = _special(machine, process, path, mode)
    if special is not None:
        return special
    view = machine.view
    full = view.resolve(path)
    if full != path:
        special = _special(machine, process, full, mode)
        if special is not None:
            return special
    place = view.place(full)
    node = view.node_at(place)
    if mode == "r":
        if node is None:
            raise FileError("ENOENT")
        if node.kind == "d":
            return Open("directory", place.tree, place.path)
        return _node(place.tree, place.path, node, False)
    if node is None:
        place = view.target(full)
        view.put(place, Node(mode=0o666 & ~process.umask, mtime=machine.kernel.now, user=process.user))
        machine.changed_files(place.tree)
    elif node.kind == "d":
        raise FileError("EISDIR")
    elif mode == "x":
        raise FileError("EEXIST")
    elif node.kind in "cp":
        return _node(place.tree, place.path, node, True)
    elif place.read_only:
        raise FileError("EROFS")
    elif process.user and node.user != process.user and not node.mode & 0o002:
        raise FileError("EACCES")
    elif mode == "w" and (node.size or not place.tree):
        view.put(place, Node("f", "", 0, node.mode, machine.kernel.now, node.user, node.program if not node.size else "", ""))
        machine.changed_files(place.tree)
    opened = Open("file", place.tree, place.path, writes=True)
    opened.append = mode == "a"
    return opened


def _node(tree: str, path: str, node: Node, writes: bool) -> Open:
    if node.kind == "c":
        return Open(node.text if node.text in DEVICES else "null", writes=writes)
    return Open("file", tree, path, writes=writes)


def _special(machine: Machine, process: Process, path: str, mode: str) -> Open | None:
    """Open what is no file of its own: another descriptor, /proc, the terminal."""
    if path in ("/dev/stdin", "/dev/stdout", "/dev/stderr"):
        return _descriptor(machine, process, {"stdin": 0, "stdout": 1, "stderr": 2}[path[5:]])
    if path.startswith("/dev/fd/") and path[8:].isdigit():
        return _descriptor(machine, process, int(path[8:]))
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
    return Open(opened.kind, opened.tree, opened.path, 0, opened.append, opened.pipe, opened.writes, opened.text)


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


def release(machine: Machine, number: int) -> None:
    """Take one reference away; the last one closes the file."""
    opened = machine.state.opens.get(number)
    if opened is None:
        return
    opened.refs -= 1
    if opened.refs > 0:
        return
    if opened.kind not in ("capture", "session"):
        del machine.state.opens[number]
    if opened.kind == "pipe":
        _close_end(machine, opened)


def _close_end(machine: Machine, opened: Open) -> None:
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None:
        return
    if opened.writes:
        pipe.writers -= 1
    else:
        pipe.readers -= 1
    if pipe.readers <= 0 and pipe.writers <= 0:
        del machine.state.pipes[opened.pipe]
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


# ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def write(machine: Machine, process: Process, fd: int, text: str, zeros: int = 0) -> bool:
    """Write text and then NUL bytes; False where it failed (the process may have been killed by SIGPIPE)."""
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None:
        return False
    kind = opened.kind
    if kind == "log":
        _log(machine, process, opened.path, text + "\0" * min(zeros, MAX_LINE))
    elif kind == "capture":
        if len(opened.text) < MAX_LOG:
            opened.text += text + "\0" * min(zeros, MAX_LOG)
    elif kind == "session":
        _tell(machine, opened, text + "\0" * min(zeros, MAX_LOG))
    elif kind == "file":
        return _write_file(machine, opened, text, zeros)
    elif kind == "pipe":
        return _write_pipe(machine, process, opened, text + "\0" * min(zeros, PIPE_SIZE))
    return kind != "full"


def _tell(machine: Machine, opened: Open, text: str) -> None:
    """Put out what somebody's own command writes, as far as output is kept; bytes that are no text stand in base64."""
    text = text[: MAX_LOG - len(opened.text)]
    if not text:
        return
    opened.text += text
    data = text.encode("latin-1", "replace")
    try:
        written = {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        written = {"base64": base64.b64encode(data).decode()}
    machine.trace("session", session=opened.pos, stream=opened.path, **written)


def _write_file(machine: Machine, opened: Open, text: str, zeros: int) -> bool:
    view = machine.view
    tree = machine.room.state.volumes.get(opened.tree) if opened.tree else machine.state.layer
    node = tree.nodes.get(opened.path) if tree else None
    if node is None and not opened.tree:
        node = view.image.get(opened.path)
    if tree is None or node is None:
        return True
    pos = node.size if opened.append else opened.pos
    if len(node.text) + len(text) > MAX_BYTES:
        machine.limit("bytes", "16 MiB in one file", "what is written beyond is lost")
        return False
    content, tail = _spliced(node, pos, text, zeros)
    opened.pos = pos + len(text) + zeros
    tree.put(opened.path, Node("f", content, tail, node.mode, machine.kernel.now, node.user, node.program, node.flavor))
    machine.changed_files(opened.tree)
    return True


def _spliced(node: Node, pos: int, text: str, zeros: int) -> tuple[str, int]:
    """Return a file's text and its NUL bytes after something was written at a position."""
    if pos == len(node.text) and not node.zeros:
        return node.text + text, zeros
    if pos == node.size and not text:
        return node.text, node.zeros + zeros
    if pos >= node.size and not text.strip("\0"):
        return node.text, pos - len(node.text) + len(text) + zeros
    content = node.content[: MAX_BYTES * 4]
    content = content.ljust(pos, "\0")[:pos] + text + "\0" * min(zeros, MAX_BYTES) + content[pos + len(text) + zeros :]
    return content, 0


def _write_pipe(machine: Machine, process: Process, opened: Open, text: str) -> bool:
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None or pipe.readers <= 0:
        machine.signal(process, "SIGPIPE")
        return False
    pipe.text += text
    if len(pipe.text) > MAX_BYTES:
        machine.limit("bytes", "16 MiB in a pipe", "what is written beyond is lost")
        pipe.text = pipe.text[:MAX_BYTES]
        return False
    _wake(machine, pipe)
    return True


def pipe_full(machine: Machine, process: Process, fd: int) -> bool:
    """Say whether a writer should wait for its reader; it will be woken then."""
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None or opened.kind != "pipe":
        return False
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None or pipe.unbounded or len(pipe.text) < PIPE_SIZE:
        return False
    process.waiting = "write"
    pipe.waiting.append(process.pid)
    return True


def type_into(machine: Machine, process: Process, number: int, text: str) -> bool:
    """Write to a pipe from outside; False where nobody reads it any more."""
    opened = machine.state.opens.get(number)
    pipe = machine.state.pipes.get(opened.pipe) if opened else None
    return opened is not None and pipe is not None and pipe.readers > 0 and _write_pipe(machine, process, opened, text)


def _log(machine: Machine, process: Process, stream: str, text: str) -> None:
    """Put text into the container's log: whole lines at once, the rest when its line ends or the container does."""
    state = machine.state
    text = state.partial.pop(stream, "") + text
    lines, newline, rest = text.rpartition("\n")
    if rest:
        if len(rest) > MAX_LINE:
            lines, newline, rest = lines + newline + rest, "\n", ""
        else:
            state.partial[stream] = rest
    if newline:
        _collect(machine, stream, lines, process.pid)


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
    written, machine.written = machine.written, []
    for stream, pid, lines in written:
        put_out(machine, stream, "\n".join(lines), pid)


def put_out(machine: Machine, stream: str, text: str, pid: int) -> None:
    """Add lines (without the last newline) to the log and put out a trace."""
    state = machine.state
    room = MAX_LOG - state.log_bytes
    shown = text.encode("latin-1", "replace").decode("utf-8", "replace")
    for line in shown.split("\n"):
        state.logs.append(LogLine(machine.kernel.now, stream, line))
        state.log_bytes += len(line) + 1
    machine.room.usage_changed(machine.sandbox.spec.node, log=True)
    if state.log_bytes <= MAX_LOG:
        machine.trace("output", stream=stream, text=shown + "\n", pid=pid)
        return
    if room > 0:
        machine.trace("output", stream=stream, text=shown[:room] + "\n", pid=pid)
    machine.limit("output", "1 MiB of output", "only the last of it is kept, and no more is written down")
    dropped = 0
    while state.log_bytes > MAX_LOG and dropped < len(state.logs):
        state.log_bytes -= len(state.logs[dropped].text) + 1
        dropped += 1
    del state.logs[:dropped]


def flush(machine: Machine) -> None:
    """Put out everything, also what was begun and has no newline yet."""
    put_written(machine)
    for stream, text in sorted(machine.state.partial.items()):
        put_out(machine, stream, text, 1)
    machine.state.partial = {}


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def read(machine: Machine, process: Process, fd: int, line: bool = False) -> str | None:
    """Return what can be read (a line with its newline, or all there is); empty at the end; None: wait, you will be woken."""
    number = process.fds.get(fd)
    opened = machine.state.opens.get(number) if number is not None else None
    if opened is None or opened.kind in ("null", "full", "capture", "session", "log", "directory"):
        return ""
    if opened.kind == "silent":
        process.waiting = "read"
        return None
    if opened.kind == "zero":
        return "\0" * PIPE_SIZE
    if opened.kind == "random":
        machine.moves(process)
        opened.pos += 1
        return bytes.fromhex(machine.kernel.seeds.hex(128, "urandom", machine.state.spec.id, process.pid, opened.pos)).decode(
            "latin-1"
        )
    if opened.kind == "pipe":
        return _read_pipe(machine, process, opened, line)
    text = opened.text if opened.kind == "text" else _file_text(machine, opened)
    if line:
        end = text.find("\n", opened.pos)
        end = len(text) if end < 0 else end + 1
    else:
        end = len(text)
    piece = text[opened.pos : end]
    opened.pos = max(end, opened.pos)
    return piece


def _file_text(machine: Machine, opened: Open) -> str:
    node = node_of(machine, opened)
    return node.content if node else ""


def node_of(machine: Machine, opened: Open) -> Node | None:
    """Return the node that an open file stands for."""
    tree = machine.room.state.volumes.get(opened.tree) if opened.tree else machine.state.layer
    node = tree.nodes.get(opened.path) if tree else None
    if node is None and not opened.tree:
        node = machine.view.image.get(opened.path)
    return None if node is None or node.gone else node


def _read_pipe(machine: Machine, process: Process, opened: Open, line: bool) -> str | None:
    pipe = machine.state.pipes.get(opened.pipe)
    if pipe is None:
        return ""
    if line:
        end = pipe.text.find("\n") + 1
        if not end and pipe.writers > 0:
            _wait(pipe, process)
            return None
        piece, pipe.text = (pipe.text[:end], pipe.text[end:]) if end else (pipe.text, "")
    elif not pipe.text and pipe.writers > 0:
        _wait(pipe, process)
        return None
    else:
        piece, pipe.text = pipe.text, ""
    _wake(machine, pipe)
    return piece


def _wait(pipe: Pipe, process: Process) -> None:
    process.waiting = "read"
    if process.pid not in pipe.waiting:
        pipe.waiting.append(process.pid)


def path_of(process: Process, path: str) -> str:
    """Return the absolute path that a process means."""
    return join(process.cwd, path)
