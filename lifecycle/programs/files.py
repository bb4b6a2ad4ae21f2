"""Files: what a path is the name of, trees of them, and how a system call fails.

A tree is flat: absolute path -> node. A container's view (`view`) joins its trees; only a view knows about links and mounts.
"""

from __future__ import annotations

import msgspec

from lifecycle.clock import Micros

MAX_FILES = 10_000
MAX_BYTES = 16 << 20
MAX_SIZE = 16 << 40
"""How long one file may be, NUL bytes included (ext4: 16 TiB)."""
FILES_FULL = "16 MiB in the files of one file system"
"""Its writable layer, or a volume; NUL bytes do not count."""
SETGID = 0o2000


class Node(msgspec.Struct, omit_defaults=True, gc=False):
    """A file, directory, link or device.

    `kind` is f, d, l (`text` is where it leads), or p, s, c (`text` names the device). A file's content is `text` followed by
    `zeros` NUL bytes, so that a large empty file weighs nothing. `program` is what runs when the file is executed, `flavor`
    whose program it is. `gone` hides what a lower layer has.
    """

    kind: str = "f"
    text: str = ""
    zeros: int = 0
    mode: int = 0o644
    mtime: Micros = 0
    user: int = 0
    program: str = ""
    flavor: str = ""
    gone: bool = False
    group: int = 0

    @property
    def size(self) -> int:
        return len(self.text) + self.zeros

    @property
    def executable(self) -> bool:
        return self.kind == "f" and self.mode & 0o111 != 0

    @property
    def content(self) -> str:
        """What programs read: of the NUL bytes only as many as the limit of a file lets stand."""
        return self.text + "\0" * min(self.zeros, MAX_BYTES - len(self.text)) if self.zeros else self.text


class Tree(msgspec.Struct, omit_defaults=True, gc=False):
    """A volume or a writable layer. `bytes` is the sum of the files' sizes, `held` of their texts alone (what it weighs here);
    `users` are the sandboxes that see it.

    `size` is what fits into a file system in memory, in bytes (None: it is on disk, and fits as much as there is). What it
    holds is `charged` to the containers that wrote it, and to the memory of its `node`.
    `links`: the paths that are names of a file with several, and a number for each such file.
    """

    nodes: dict[str, Node] = {}
    bytes: int = 0
    held: int = 0
    users: list[str] = []
    size: int | None = None
    charged: dict[str, int] = {}
    node: str = ""
    links: dict[str, int] = {}
    linked: int = 0
    counted: int = 0

    def grown(self) -> int:
        """Return by how many bytes the files have grown (or shrunk) since this was last asked."""
        grown, self.counted = self.bytes - self.counted, self.bytes
        return grown

    def put(self, path: str, node: Node) -> None:
        for name in self.names(path) if self.links else (path,):
            old = self.nodes.get(name)
            self.bytes += node.size - (old.size if old else 0)
            self.held += len(node.text) - (len(old.text) if old else 0)
            self.nodes[name] = node

    def room(self, path: str) -> int:
        """Return how long a file's text may be where all of them together stay within the limit."""
        names = self.names(path)
        return (MAX_BYTES - self.held + sum(len(self.nodes[name].text) for name in names if name in self.nodes)) // len(names)

    def lay(self, nodes: dict[str, Node]) -> None:
        """Hold these files, of which each has one name, and no others."""
        self.nodes.clear()
        self.links.clear()
        self.nodes.update(nodes)
        self.held = sum([len(node.text) for node in nodes.values()])
        self.bytes = self.held + sum([node.zeros for node in nodes.values()])

    def drop(self, path: str) -> None:
        node = self.nodes.pop(path, None)
        if node:
            self.bytes -= node.size
            self.held -= len(node.text)
        self.links.pop(path, None)

    def link(self, old: str, new: str) -> None:
        """Let two paths be names of one file."""
        if old not in self.links:
            self.linked += 1
            self.links[old] = self.linked
        self.links[new] = self.links[old]

    def names(self, path: str) -> list[str]:
        """Return all names of the file at a path."""
        number = self.links.get(path)
        return [path] if number is None else [name for name, one in self.links.items() if one == number]


GONE = Node(gone=True)
DIRECTORY = Node(kind="d", mode=0o755)
"""What stands at a place of which nobody has said more than that something is below it."""


class FileError(Exception):
    """A failed system call: `code` is the errno's name, `text` what strerror says."""

    TEXTS = {
        "ENOENT": "No such file or directory",
        "EACCES": "Permission denied",
        "EEXIST": "File exists",
        "ENOTDIR": "Not a directory",
        "EISDIR": "Is a directory",
        "EROFS": "Read-only file system",
        "ENOTEMPTY": "Directory not empty",
        "ELOOP": "Too many levels of symbolic links",
        "EBUSY": "Device or resource busy",
        "ENOSPC": "No space left on device",
        "EPERM": "Operation not permitted",
        "EINVAL": "Invalid argument",
        "EBADF": "Bad file descriptor",
        "EXDEV": "Invalid cross-device link",
        "ENOEXEC": "Exec format error",
        "ENXIO": "No such device or address",
        "ENAMETOOLONG": "File name too long",
        "EAGAIN": "Resource temporarily unavailable",
        "EPIPE": "Broken pipe",
        "E2BIG": "Argument list too long",
        "EFBIG": "File too large",
    }

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = self.TEXTS[code]
