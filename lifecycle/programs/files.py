"""Files: trees of nodes, an image under a writable layer, and volumes mounted over it.

A tree is flat: absolute path -> node. A container's view joins its trees; only a view knows about links and mounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

import msgspec

from lifecycle.clock import Micros
from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.paths import join, mount_points, parent, too_long, top

MAX_FILES = 10_000
MAX_BYTES = 16 << 20
FILES_FULL = "16 MiB in the files of one file system"
"""Its writable layer, or a volume; NUL bytes do not count."""
MAX_LINKS = 40
SHORT_PATH = 64
"""Up to so many characters a path costs no work to follow."""
BLOCK = 4096
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


class Found(NamedTuple):
    """Where a path leads in an image, what is there, and the first names of all paths on the way."""

    path: str
    node: Node | None
    tops: frozenset[str]


class Program(NamedTuple):
    """An executable file and where it is."""

    path: str
    node: Node


class Search(NamedTuple):
    """Which program of an image was found first, where all paths led that were tried, and their first names."""

    program: Program | None
    tried: tuple[str, ...]
    tops: frozenset[str]


class Image(dict[str, Node]):
    """An image's files, which never change; `children` are the names in each directory."""

    @cached_property
    def _found(self) -> dict[str, Found | None]:
        return {}

    @cached_property
    def _searches(self) -> dict[tuple[str, str, str], Search | None]:
        return {}

    def look_up(self, path: str) -> Found | None:
        """Return where an absolute path leads with nothing over the image; None where that is a failed system call.

        None, too, under /proc, where no image has anything.
        """
        if path not in self._found:
            if len(self._found) >= MAX_FILES:
                self._found.clear()
            self._found[path] = None if path.startswith("/proc/") else View(self, Tree(), [], {}).walk(path)
        return self._found[path]

    def search(self, directories: str, name: str, cwd: str) -> Search | None:
        """Return what `View.program` finds with nothing over the image; None where not all ways lead somewhere."""
        key = (directories, name, cwd)
        if key not in self._searches:
            if len(self._searches) >= MAX_FILES:
                self._searches.clear()
            self._searches[key] = self._search(_places(*key))
        return self._searches[key]

    def _search(self, paths: Iterator[str]) -> Search | None:
        tried, tops = list[str](), frozenset[str]()
        for path in paths:
            found = self.look_up(path) if len(path) <= SHORT_PATH else None
            if found is None:
                return None
            tried.append(found.path)
            tops |= found.tops
            if found.node is not None and found.node.executable:
                return Search(Program(path, found.node), tuple(tried), tops)
        return Search(None, tuple(tried), tops)

    @cached_property
    def children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path in self:
            if path != "/":
                found.setdefault(parent(path), set()).add(path.rpartition("/")[2])
        return found


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a path leads: which tree (`layer` or a volume's key), the path in it, and whether it may be written."""

    tree: str
    path: str
    read_only: bool
    full: str


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
    }

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = self.TEXTS[code]


class Keeper:
    """What a view asks of the machine whose files it shows. This one is nobody's: nothing runs, and nobody counts."""

    def limit(self, limit: str, met: str, done: str) -> None:
        """Say that a limit was met."""

    def work(self, steps: int) -> None:
        """Count steps that were made in one go."""

    def elsewhere(self, path: str) -> tuple[View, str] | None:
        """Return where a path under /proc leads into another container's files, and which path that is there."""
        return None

    def names_in_proc(self) -> list[str]:
        return []


NOBODY = Keeper()


class View:
    """A container's files: mounts over the writable layer over the image. Rebuilt when needed, never saved.

    `user` is the one whose process is at work, `groups` are those of all its container's processes, their own first.
    """

    def __init__(
        self,
        image: Mapping[str, Node],
        layer: Tree,
        mounts: list[tuple[str, str, str, bool]],
        volumes: Mapping[str, Tree],
        read_only: bool = False,
    ) -> None:
        """`read_only`: nothing may be written but in mounts and under /dev, which is a file system of its own."""
        self.read_only = read_only
        self.user = 0
        self.groups: tuple[int, ...] = (0,)
        self.image = image if isinstance(image, Image) else Image(image)
        self.layer = layer
        self.volumes = volumes
        self.mounts = sorted(mounts, key=lambda mount: -len(mount[0]))
        self.points = mount_points(tuple([mount[0] for mount in mounts]))
        written = {top(path) for path, node in layer.nodes.items() if self._stands_in_the_way(path, node)}
        self._redone = self.points.tops | written if written else self.points.tops
        self._resolved: dict[str, str] = {}
        self.keeper = NOBODY

    def _stands_in_the_way(self, path: str, node: Node) -> bool:
        """Say whether what was written at a path may lead elsewhere than the image does."""
        before = self.image.get(path)
        return node.kind != "f" or node.gone or (before is not None and before.kind != "f")

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, path: str) -> Place:
        """Return where an absolute, link-free path lies."""
        near = top(path) in self.points.tops or _EVERYWHERE in self.points.tops  # most paths have no mount above them
        for mount, volume, sub, read_only in self.mounts if near else ():
            if path == mount or path.startswith(mount + "/") or mount == "/":
                return Place(volume, join("/", sub + path[len(mount) :]) if sub else path[len(mount) :] or "/", read_only, path)
        return Place("", path, self.read_only and path != "/dev" and not path.startswith("/dev/"), path)

    def tree(self, place: Place) -> Tree:
        return self.volumes[place.tree] if place.tree else self.layer

    def node_at(self, place: Place) -> Node | None:
        """Return the node at a place, not following a link."""
        if place.tree:
            tree = self.volumes.get(place.tree)
            if tree is None:
                return None
            return tree.nodes.get(place.path) or (_DIRECTORY if place.path == "/" else None)
        node = self.layer.nodes.get(place.path)
        if node is not None:
            return None if node.gone else node
        node = self.image.get(place.path)
        if node is None and (place.path in self.points.above or place.path == "/"):
            return _DIRECTORY
        return node

    def resolve(self, path: str, follow: bool = True) -> str:
        """Return an absolute path with every link on its way followed (the last one only with `follow`).

        Raises: FileError ENOTDIR or ELOOP.
        """
        if follow:
            found = self._untouched(path)
            if found is not None and (found.node is not None or found.path in self.layer.nodes):
                return found.path
            known = self._resolved.get(path)
            if known is not None:
                return known
        asked = path
        if len(path) > SHORT_PATH:
            if too_long(path):
                raise FileError("ENAMETOOLONG")
            self.keeper.work(path.count("/") // 2)
        *_, path = self._steps(path, follow)
        if follow and not self.place(path).tree and not self.place(asked).tree:
            if len(self._resolved) > 1_000:
                self._resolved.clear()
            self._resolved[asked] = path  # what lies in a volume may be changed by others
        return path

    def _untouched(self, path: str) -> Found | None:
        """Return where a path leads in the image, if nothing stands in its way that was mounted, linked or removed since."""
        found = self.image.look_up(path) if len(path) <= SHORT_PATH else None
        return found if found is not None and found.tops.isdisjoint(self._redone) else None

    def _steps(self, path: str, follow: bool) -> Iterator[str]:
        """Give a path, and what it becomes as one link after the other is followed. Raises: FileError ENOTDIR or ELOOP."""
        for _ in range(MAX_LINKS):
            yield path
            link = self._first_link(path, follow)
            if link is None:
                return
            path = link
        raise FileError("ELOOP")

    def walk(self, path: str) -> Found | None:
        """Return where a path leads and by which ways; None where that is a failed system call."""
        try:
            steps = list(self._steps(path, follow=True))
        except FileError:
            return None
        return Found(steps[-1], self.node_at(self.place(steps[-1])), frozenset({_EVERYWHERE, *map(top, steps)}))

    def _first_link(self, path: str, follow: bool) -> str | None:
        at = path.find("/", 1)
        while at > 0:
            node = self.node_at(self.place(path[:at]))
            if node is not None and node.kind == "l":
                return join(parent(path[:at]), node.text) + path[at:]
            if node is not None and node.kind != "d":
                raise FileError("ENOTDIR")
            at = path.find("/", at + 1)
        if follow:
            node = self.node_at(self.place(path))
            if node is not None and node.kind == "l":
                return join(parent(path), node.text)
        return None

    def find(self, path: str, follow: bool = True) -> tuple[Place, Node]:
        """Return the place and node of an absolute path. Raises: FileError."""
        if path.startswith("/proc/") and (other := self.keeper.elsewhere(path)):
            return other[0].find(other[1], follow)
        place = self.place(self.resolve(path, follow))
        node = self.node_at(place)
        if node is None:
            raise FileError("ENOENT")
        return place, node

    def get(self, path: str, follow: bool = True) -> Node | None:
        """Return the node of an absolute path, None where there is none or no way to it."""
        found = self._untouched(path) if follow else None
        if found is not None:
            written = self.layer.nodes.get(found.path)
            return found.node if written is None else written
        try:
            if path.startswith("/proc/") and (other := self.keeper.elsewhere(path)):
                return other[0].get(other[1], follow)
            return self.node_at(self.place(self.resolve(path, follow)))
        except FileError:
            return None

    def program(self, directories: str, name: str, cwd: str) -> Program | None:
        """Return the program of a name in the first of some directories (as PATH has them) that has one."""
        known = self.image.search(directories, name, cwd)
        if known is not None and known.tops.isdisjoint(self._redone) and self.layer.nodes.keys().isdisjoint(known.tried):
            return known.program
        found = ((path, self.get(path)) for path in _places(directories, name, cwd))
        return next((Program(path, node) for path, node in found if node is not None and node.executable), None)

    def names(self, path: str) -> list[str]:
        """Return what a directory holds, sorted by name. Raises: FileError."""
        if path.startswith("/proc/") and (other := self.keeper.elsewhere(path)):
            return other[0].names(other[1])
        place, node = self.find(path)
        if node.kind != "d":
            raise FileError("ENOTDIR")
        nodes = self.tree(place).nodes
        self.keeper.work(len(nodes) // ITEMS_A_STEP)
        here = dict(_children(nodes, place.path))
        found = {name for name, node in here.items() if not node.gone}
        if not place.tree:
            found |= self.image.children.get(place.path, set()) - here.keys()
        found |= self.points.names.get(place.full, set())
        found.update(self.keeper.names_in_proc() if path == "/proc" else ())
        self.keeper.work(len(found) // ITEMS_A_STEP)
        return sorted(found)

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def target(self, path: str, follow: bool = True) -> Place:
        """Return the place where a path may be created: its directory exists and may be written. Raises: FileError."""
        if path.startswith("/proc/") and self.keeper.elsewhere(path):
            raise FileError("EACCES")
        full = self.resolve(path, follow)
        above = self.node_at(self.place(parent(full)))
        if above is None:
            raise FileError("ENOENT")
        if above.kind != "d":
            raise FileError("ENOTDIR")
        place = self.place(full)
        if place.read_only:
            raise FileError("EROFS")
        if not self.allows(above, 2) and self.node_at(place) is None:
            raise FileError("EACCES")
        return place

    def allows(self, node: Node, bits: int) -> bool:
        """Say whether the user may read (4) or write (2)."""
        if not self.user:
            return True
        if node.user == self.user:
            return bool(node.mode >> 6 & bits)
        return bool((node.mode >> 3 if node.group in self.groups else node.mode) & bits)

    def make(self, place: Place, node: Node) -> None:
        """Set a node that was not there: of its directory's group, where that hands it down, else of the process's own.

        Raises: FileError ENOSPC beyond the limits.
        """
        above = self.node_at(self.place(parent(place.full)))
        node.group = self.groups[0]
        if above is not None and above.mode & SETGID:
            node.group = above.group
            node.mode |= SETGID if node.kind == "d" else 0
        self.put(place, node)

    def link(self, old: Place, new: Place) -> None:
        """Give a file one more name (a hard link). Raises: FileError EXDEV, EPERM (a directory), ENOSPC."""
        node = self.node_at(old)
        if old.tree != new.tree:
            raise FileError("EXDEV")
        if node is None or node.kind == "d":
            raise FileError("EPERM")
        self.put(old, node)
        self.put(new, node)
        self.tree(old).link(old.path, new.path)

    def links(self, path: str) -> int:
        """Return how many names a file has."""
        place = self.place(path)
        return len(self.tree(place).names(place.path))

    def put(self, place: Place, node: Node) -> None:
        """Set a node. Raises: FileError ENOSPC beyond the limits."""
        tree = self.tree(place)
        if len(tree.nodes) >= MAX_FILES and place.path not in tree.nodes:
            self.keeper.limit("files", f"{MAX_FILES:,} files", "no more can be made")
            raise FileError("ENOSPC")
        if len(node.text) > tree.room(place.path):
            self.keeper.limit("bytes", FILES_FULL, "no more can be written")
            raise FileError("ENOSPC")
        if tree.nodes.get(place.path, GONE).gone:
            self._resolved.clear()  # ways that led to nothing may end at this file now
        tree.put(place.path, node)
        if node.kind != "f":
            self._lead_elsewhere(place)

    def remove(self, place: Place) -> None:
        """Take a node away. Raises: FileError EROFS or EBUSY (a mount point)."""
        if place.read_only:
            raise FileError("EROFS")
        if place.full in self.points.all:
            raise FileError("EBUSY")
        above = self.node_at(self.place(parent(place.full)))
        if above is not None and self.user:
            node = self.node_at(place)
            if not self.allows(above, 2):
                raise FileError("EACCES")
            if above.mode & 0o1000 and node is not None and self.user not in (node.user, above.user):
                raise FileError("EPERM")
        self._lead_elsewhere(place)
        tree = self.tree(place)
        tree.drop(place.path)
        if not place.tree and place.path in self.image:
            tree.nodes[place.path] = GONE

    def _lead_elsewhere(self, place: Place) -> None:
        """Forget where paths lead: at this place stands, or stood, what they may go through."""
        self._resolved.clear()
        self._redone |= {top(place.full)}


_DIRECTORY = Node(kind="d", mode=0o755)
_EVERYWHERE = ""
"""The first name in the path of a mount at the root, which every path goes through."""


def _places(directories: str, name: str, cwd: str) -> Iterator[str]:
    return (join(cwd, f"{directory or '.'}/{name}") for directory in directories.split(":"))


def _children(nodes: Mapping[str, Node], directory: str) -> Iterator[tuple[str, Node]]:
    prefix = directory if directory == "/" else directory + "/"
    size = len(prefix)
    for path, node in nodes.items():
        if path.startswith(prefix) and len(path) > size and "/" not in path[size:]:
            yield path[size:], node
