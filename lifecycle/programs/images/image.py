"""An image's files, and where paths lead in them; that is worked out once for all its containers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from lifecycle.programs.files import DIRECTORY, MAX_FILES, FileError, Node
from lifecycle.programs.links import steps
from lifecycle.programs.paths import join, parent, top

SHORT_PATH = 64
"""Up to so many characters a path costs no work to follow."""

MAX_DIRECTORIES = 1024
"""How many characters of directories it is worth to remember a search in."""

EVERYWHERE = ""
"""The first name in the path of a mount at the root, which every path goes through."""


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
            self._found[path] = None if path.startswith("/proc/") else self._walk(path)
        return self._found[path]

    def _walk(self, path: str) -> Found | None:
        try:
            ways = list(steps(path, self._at))
        except FileError:
            return None
        return Found(ways[-1], self._at(ways[-1]), frozenset({EVERYWHERE, *map(top, ways)}))

    def _at(self, path: str) -> Node | None:
        return self.get(path) or (DIRECTORY if path == "/" else None)

    def search(self, directories: str, name: str, cwd: str) -> Search | None:
        """Return what `View.program` finds with nothing over the image; None where not all ways lead somewhere.

        None, too, where there are so many directories that the answer is not worth keeping.
        """
        if len(directories) > MAX_DIRECTORIES:
            return None
        key = (directories, name, cwd)
        if key not in self._searches:
            if len(self._searches) >= MAX_FILES:
                self._searches.clear()
            self._searches[key] = self._search(places(*key))
        return self._searches[key]

    def _search(self, paths: Iterator[str]) -> Search | None:
        tried, tops = list[str](), set[str]()
        for path in paths:
            found = self.look_up(path) if len(path) <= SHORT_PATH else None
            if found is None:
                return None
            tried.append(found.path)
            tops |= found.tops
            if found.node is not None and found.node.executable:
                return Search(Program(path, found.node), tuple(tried), frozenset(tops))
        return Search(None, tuple(tried), frozenset(tops))

    @cached_property
    def children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for path in self:
            if path != "/":
                found.setdefault(parent(path), set()).add(path.rpartition("/")[2])
        return found


def places(directories: str, name: str, cwd: str) -> Iterator[str]:
    """Give the paths that a program of a name may have, in the order in which they are tried."""
    return (join(cwd, f"{directory or '.'}/{name}") for directory in directories.split(":"))
