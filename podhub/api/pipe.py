"""What one task hands on to another, in order and not without measure."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class Pipe(Generic[T]):
    """Things on their way; whoever puts them in is to wait for `room`, which there is up to `most` (by their sizes)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: list[T] = []
        self._size = 0
        self._closed = False
        self.left = False
        self._more, self._less = asyncio.Event(), asyncio.Event()

    def put(self, thing: T, size: int = 1) -> None:
        """Hand something on; into a closed pipe it is thrown away."""
        if not self._closed:
            self._things.append(thing)
            self._size += size
            self._more.set()

    def close(self) -> None:
        """Say that nothing more comes."""
        self._closed = True
        self._more.set()

    def leave(self) -> None:
        """Want nothing of it any more: what lies there is thrown away, and so is what comes."""
        self.left = True
        self._things, self._size = [], 0
        self.close()
        self._less.set()

    @property
    def full(self) -> bool:
        """Whether more lies there than should."""
        return self._size > self._most

    async def room(self) -> None:
        """Wait until there is room."""
        while self.full:
            self._less.clear()
            await self._less.wait()

    async def take(self) -> list[T]:
        """Wait for something, and take all there is; nothing means that nothing more comes."""
        await self._more.wait()
        things, self._things, self._size = self._things, [], 0
        if not self._closed:
            self._more.clear()
        self._less.set()
        return things
