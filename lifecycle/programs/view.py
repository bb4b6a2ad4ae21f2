"""A container's files as its processes see them: an image under a writable layer, and volumes mounted over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.files import DIRECTORY, FILES_FULL, GONE, MAX_FILES, SETGID, FileError, Node, Tree
from lifecycle.programs.images.image import EVERYWHERE, SHORT_PATH, Found, Image, Program, places
from lifecycle.programs.links import steps
from lifecycle.programs.paths import join, mount_points, parent, too_long, top


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Where a path leads: which tree (`layer` or a volume's key), the path in it, and whether it may be written."""

    tree: str
    path: str
    read_only: bool
    full: str


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

    def names_of_a_process(self, path: str) -> list[str] | None:
        """Return what a process's directory under /proc holds; None where the path is none."""
        return None

    def share_memory(self) -> None:
        """Mount the memory that the containers of a Pod share."""


SHARED_MEMORY = "/dev/shm"
"""A file system in memory, of all containers of a Pod; it is mounted when somebody first writes to it."""
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
        volumes: Callable[[str], Tree | None],
        read_only: bool = False,
    ) -> None:
        """`volumes` finds them by key. `read_only`: only in mounts and under /dev, a file system of its own, may be written."""
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

    def mount(self, path: str, volume: str) -> None:
        """Show a volume at a place, unless something is mounted there."""
        if path in self.points.all:
            return
        self.mounts = sorted([*self.mounts, (path, volume, "", False)], key=lambda mount: -len(mount[0]))
        self.points = mount_points(tuple([mount[0] for mount in self.mounts]))
        self._redone |= self.points.tops
        self._resolved.clear()

    # ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def place(self, path: str) -> Place:
        """Return where an absolute, link-free path lies."""
        near = top(path) in self.points.tops or EVERYWHERE in self.points.tops  # most paths have no mount above them
        for mount, volume, sub, read_only in self.mounts if near else ():
            if path == mount or path.startswith(mount + "/") or mount == "/":
                return Place(volume, join("/", sub + path[len(mount) :]) if sub else path[len(mount) :] or "/", read_only, path)
        return Place("", path, self.read_only and path != "/dev" and not path.startswith("/dev/"), path)

    def tree(self, place: Place) -> Tree:
        found = self.volumes(place.tree) if place.tree else self.layer
        assert found is not None, place
        return found

    def node_at(self, place: Place) -> Node | None:
        """Return the node at a place, not following a link."""
        if place.tree:
            tree = self.volumes(place.tree)
            if tree is None:
                return None
            return tree.nodes.get(place.path) or (DIRECTORY if place.path == "/" else None)
        node = self.layer.nodes.get(place.path)
        if node is not None:
            return None if node.gone else node
        node = self.image.get(place.path)
        if node is None and (place.path in self.points.above or place.path == "/"):
            return DIRECTORY
        return node

    def _at(self, path: str) -> Node | None:
        """Return the node at an absolute, link-free path."""
        return self.node_at(self.place(path))

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
        *_, path = steps(path, self._at, follow)
        if follow and not self.place(path).tree and not self.place(asked).tree:
            if len(self._resolved) > 1_000:
                self._resolved.clear()
            self._resolved[asked] = path  # what lies in a volume may be changed by others
        return path

    def _untouched(self, path: str) -> Found | None:
        """Return where a path leads in the image, if nothing stands in its way that was mounted, linked or removed since."""
        found = self.image.look_up(path) if len(path) <= SHORT_PATH else None
        return found if found is not None and found.tops.isdisjoint(self._redone) else None

    def find(self, path: str, follow: bool = True) -> tuple[Place, Node]:
        """Return the place and node of an absolute path. Raises: FileError."""
        if path.startswith("/proc/") and (other := self.keeper.elsewhere(path)):
            return other[0].find(other[1], follow)
        place = self.place(self.resolve(path, follow))
        node = self.node_at(place)
        if node is None and path.startswith("/proc/") and self.keeper.names_of_a_process(path) is not None:
            return place, DIRECTORY
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
        found = ((path, self.get(path)) for path in places(directories, name, cwd))
        return next((Program(path, node) for path, node in found if node is not None and node.executable), None)

    def names(self, path: str) -> list[str]:
        """Return what a directory holds, sorted by name. Raises: FileError."""
        if path.startswith("/proc/") and (other := self.keeper.elsewhere(path)):
            return other[0].names(other[1])
        if path.startswith("/proc/") and (held := self.keeper.names_of_a_process(path)) is not None:
            return held
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
        if full.startswith("/dev/shm/") and SHARED_MEMORY not in self.points.all:
            self.keeper.share_memory()
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


def _children(nodes: Mapping[str, Node], directory: str) -> Iterator[tuple[str, Node]]:
    prefix = directory if directory == "/" else directory + "/"
    size = len(prefix)
    for path, node in nodes.items():
        if path.startswith(prefix) and len(path) > size and "/" not in path[size:]:
            yield path[size:], node
