"""Paths, and what follows from them alone."""

from __future__ import annotations

from functools import cached_property, lru_cache

MAX_NAME = 255
MAX_PATH = 4096


def join(cwd: str, path: str) -> str:
    """Return an absolute path without `.`, `..` and doubled slashes (links are not looked at)."""
    if path[:1] != "/":
        path = f"{cwd}/{path}"
    if "/." not in path and "//" not in path and (path[-1] != "/" or path == "/"):
        return path
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def too_long(path: str) -> bool:
    return len(path) >= MAX_PATH or any(len(part) > MAX_NAME for part in path.split("/"))


def top(path: str) -> str:
    """Return the first name in an absolute path."""
    end = path.find("/", 1)
    return path[1:] if end < 0 else path[1:end]


def parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


class MountPoints:
    """Where volumes are mounted: `above` are the directories above those places, `tops` the first names in their paths."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.tops = frozenset(map(top, paths))
        self.above = frozenset[str]().union(*map(_above, paths))
        self.all = self.above | set(paths)

    @cached_property
    def names(self) -> dict[str, set[str]]:
        """The names of mount points, and of directories above some, in each directory."""
        found: dict[str, set[str]] = {}
        for path in self.all - {"/"}:
            found.setdefault(parent(path), set()).add(path.rpartition("/")[2])
        return found


@lru_cache(1024)
def mount_points(paths: tuple[str, ...]) -> MountPoints:
    """Return the same for all containers that have their volumes in the same places."""
    return MountPoints(paths)


def _above(path: str) -> set[str]:
    found = set()
    while path != "/":
        path = parent(path)
        found.add(path)
    return found
