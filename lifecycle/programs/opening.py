"""Opening files: regular ones, devices, what stands under /proc, and other containers' files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from lifecycle.programs import cgroups, pid_namespaces, terminal
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.pipes import open_named_pipe
from lifecycle.programs.state import Open, Process
from lifecycle.programs.view import Place, View

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

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
        return open_named_pipe(machine, process, place, "r")
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
        return open_named_pipe(machine, process, place, mode)
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


def _node(tree: str, path: str, node: Node, writes: bool) -> Open:
    if node.kind == "c":
        return Open(node.text if node.text in DEVICES else "null", writes=writes)
    return Open("file", tree, path, writes=writes)


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
