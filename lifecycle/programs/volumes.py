"""Volumes: what is mounted, whose files it holds, and the nodes' own file systems."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from lifecycle.clock import Micros, rfc3339
from lifecycle.kernel import Kernel
from lifecycle.programs.files import SETGID, FileError, Node, Tree
from lifecycle.programs.images import catalogue
from lifecycle.programs.images.image import Image
from lifecycle.programs.interface import node_volume
from lifecycle.programs.node_memory import NodeMemory
from lifecycle.programs.paths import join, parent
from lifecycle.programs.view import View
from lifecycle.tokens import PodToken

if TYPE_CHECKING:
    from lifecycle.programs.room import ProgramsState


DATA = "..data"
DATA_PATH = f"/{DATA}"
_NAMED = str.maketrans("-:T", "___")
"""What becomes of a moment in a directory's name."""


Content = bytes | PodToken
"""What is in a file of a volume; a token is written when somebody reads it."""


SHARED_MEMORY_SIZE = 64 << 20
"""In bytes. containerd: pkg/cri/sbserver (the sandbox's /dev/shm)"""


def shared_memory(sandbox_id: str) -> str:
    """Return the key of the volume that is the memory which a sandbox's containers share."""
    return f"{sandbox_id}/shm"


class Unread(msgspec.Struct, array_like=True, gc=False):
    """The files of a volume that nobody has looked into yet, and when they came there; the rest is as for `set_volume`."""

    at: Micros
    files: dict[str, Content]
    mode: int
    modes: dict[str, int]
    root: int


class Volumes(ABC):
    """The part of the room that keeps volumes, by key."""

    kernel: Kernel
    state: ProgramsState
    node_memory: NodeMemory

    @abstractmethod
    def bump(self, sandbox_id: str) -> None:
        """Count a change in a sandbox and tell those who wait for one."""

    def set_volume(
        self,
        key: str,
        files: Mapping[str, Content] | None = None,
        mode: int = 0o644,
        modes: Mapping[str, int] | None = None,
        root: int = 0o777,
    ) -> None:
        """Make a volume (empty where `files` is None), or give it new files: path in the volume -> content.

        ConfigMaps, Secrets, projected and downward API volumes bring their files and are replaced whole when they change;
        an emptyDir is made once without files and keeps what programs write. `modes` overrides `mode` for single paths, `root`
        is the mode of the volume itself. Files lie in a directory of their own, to which `..data` leads, and names in the
        volume lead through that; it is all laid out when somebody first looks. Kubernetes: pkg/volume/util/atomic_writer.go
        """
        if files is None:
            self.volume(key)
        elif key not in self.state.volumes:
            self.state.volumes[key] = Tree()
            self.state.unread[key] = Unread(self.kernel.now, dict(files), mode, dict(modes or {}), root)
        else:
            tree, contents = self.volume(key), self._contents(files)
            if not _holds(tree, contents):
                self._lay(key, tree, contents, Unread(self.kernel.now, {}, mode, dict(modes or {}), root))
                for sandbox in tree.users:
                    self.bump(sandbox)

    def _contents(self, files: Mapping[str, Content]) -> dict[str, str]:
        """Return what is in files, as programs read it."""
        seeds = self.kernel.seeds
        texts = {
            path: content if isinstance(content, bytes) else content.text(seeds).encode() for path, content in files.items()
        }
        return {path: text.decode("latin-1") for path, text in texts.items()}

    def _lay(self, key: str, tree: Tree, contents: Mapping[str, str], like: Unread) -> None:
        now, directory = like.at, self._new_directory(key, like.at)
        nodes = {
            "/": Node("d", mode=like.root, mtime=now),
            f"/{directory}": Node("d", mode=0o755, mtime=now),
            DATA_PATH: Node("l", directory, mode=0o777, mtime=now),
        }
        for path, content in contents.items():
            full = f"/{directory}{join('/', path)}"
            above = parent(full)
            while above not in nodes:
                nodes[above] = Node("d", mode=0o755, mtime=now)
                above = parent(above)
            nodes[full] = Node("f", content, 0, like.modes.get(path, like.mode), now)
        for name in dict.fromkeys([path.partition("/")[0] for path in contents]):
            nodes[f"/{name}"] = Node("l", f"{DATA}/{name}", mode=0o777, mtime=now)
        tree.lay(nodes)

    def _new_directory(self, key: str, at: Micros) -> str:
        """Return the name of a directory that nobody has: when it is made, and a number."""
        number = self.kernel.seeds.number(10**10, "volume's directory", key, at)
        return f"..{rfc3339(at)[:-1].translate(_NAMED)}.{number}"

    def volume(self, key: str) -> Tree:
        """Return a volume, which is made where it is not there yet: a node's own files, or an empty directory."""
        tree = self.find_volume(key)
        if tree is None:
            tree = self.state.volumes[key] = Tree()
            if key.startswith("node:"):
                tree.nodes.update(catalogue.node_files())
            else:
                tree.nodes["/"] = Node("d", mode=0o777, mtime=self.kernel.now)
        return tree

    def find_volume(self, key: str) -> Tree | None:
        """Return a volume with its files, or None where there is no such volume."""
        tree, unread = self.state.volumes.get(key), self.state.unread.pop(key, None)
        if tree is not None and unread is not None:
            self._lay(key, tree, self._contents(unread.files), unread)
        return tree

    def set_volume_size(self, key: str, size: int) -> None:
        """Say how much fits into a volume that is in memory, in bytes."""
        self.volume(key).size = size

    def hand_over(self, key: str, group: int, read_only: bool = False, on_root_mismatch: bool = False) -> None:
        """Let a volume, with all that is in it, belong to a group that may read it and, unless it is `read_only`, write it.

        `on_root_mismatch`: not if its topmost directory does already. Kubernetes: pkg/volume/volume_linux.go
        """
        tree, mask = self.volume(key), 0o440 if read_only else 0o660
        root = tree.nodes.setdefault("/", Node("d", mode=0o777, mtime=self.kernel.now))
        given = SETGID | 0o110 | mask
        if on_root_mismatch and root.group == group and root.mode & given == given:
            return
        for path, node in tree.nodes.items():
            mode = node.mode if node.kind == "l" else node.mode | (given if node.kind == "d" else mask)
            tree.nodes[path] = replace(node, group=group, mode=mode)

    def set_image_volume(self, key: str, image: str) -> bool:
        """Make a volume of an image's files; False where the catalogue does not have it, and the volume is empty."""
        tree, known = self.volume(key), catalogue.config(image).known
        if known and len(tree.nodes) == 1:
            tree.nodes.update(catalogue.files(image))
        return known

    def has_room_for(self, key: str, path: str) -> bool:
        """Say whether a path in a volume is there, or could be made: nothing above it is anything but a directory."""
        nodes = self.volume(key).nodes
        try:
            full = self._alone(key).resolve(join("/", path))
        except FileError:
            return False
        while (full := parent(full)) != "/":
            if full in nodes and nodes[full].kind != "d":
                return False
        return True

    def pin_volume(self, key: str, path: str, pinned: str) -> None:
        """Make a volume of what another holds at a path now, and below it; it does not change with the other."""
        full = join("/", path)
        real, tree = self._alone(key).resolve(full), Tree()
        for name, node in self.volume(key).nodes.items():
            if name == real or name.startswith(real + "/"):
                tree.put(full + name[len(real) :], node)
        self.state.volumes[pinned] = tree

    def read_volume(self, key: str, path: str) -> str | None:
        """Return what a file in a volume holds, links followed; None where there is none."""
        node = self._alone(key).get(join("/", path))
        return node.content.encode("latin-1", "replace").decode("utf-8", "replace") if node and node.kind == "f" else None

    def place_kind(self, key: str, path: str) -> str | None:
        """Return what stands at a path in a volume, links followed: a kind of node, or None."""
        node = self._alone(key).get(join("/", path))
        return node.kind if node else None

    def _alone(self, key: str) -> View:
        """Return a volume as if there were nothing else."""
        return View(Image(), self.volume(key), [], self.find_volume, True)

    def remove_volume(self, key: str) -> None:
        self.state.unread.pop(key, None)
        tree = self.state.volumes.pop(key, None)
        if tree is not None and tree.charged:
            self.node_memory.free_files(tree, tree.bytes)

    def volume_usage(self, key: str) -> int:
        """Return the bytes in a volume's files."""
        tree = self.state.volumes.get(key)
        return tree.bytes if tree else 0

    def node_path(self, node: str, path: str) -> str | None:
        """Return what stands at a path on a node (Directory, File, Socket, CharDevice, BlockDevice), or None."""
        found = self.volume(node_volume(node)).nodes.get(join("/", path))
        if found is None:
            return "Directory" if join("/", path) == "/" else None
        return {"d": "Directory", "f": "File", "s": "Socket", "c": "CharDevice", "b": "BlockDevice"}.get(found.kind, "File")

    def make_node_path(self, node: str, path: str, kind: str = "Directory") -> None:
        """Create what hostPath's DirectoryOrCreate and FileOrCreate ask for, with the directories above it."""
        tree = self.volume(node_volume(node))
        full = join("/", path)
        if full not in tree.nodes and full != "/":
            tree.put(full, Node("d", mode=0o755, mtime=self.kernel.now) if kind == "Directory" else Node(mtime=self.kernel.now))
        while (full := parent(full)) != "/":
            tree.nodes.setdefault(full, Node("d", mode=0o755, mtime=self.kernel.now))


def _holds(tree: Tree, contents: Mapping[str, str]) -> bool:
    """Say whether a volume holds just these files already."""
    if DATA_PATH not in tree.nodes:
        return False
    above = f"/{tree.nodes[DATA_PATH].text}/"
    held = {path.removeprefix(above): node.text for path, node in tree.nodes.items() if node.kind == "f"}
    return held == contents
