"""What was rendered once is shown to every browser: results by key, made by the first who asks while the others wait."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


EACH = 1000
"""Bytes that a result takes beside itself: its key, its future."""


class Renders:
    """The results that were used last, as many as take no more than `most` bytes, or so; for all threads.

    A key names its result for ever, so nothing is ever renewed.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.made = 0
        self._size = 0
        self._futures: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns for this key, called at most once as long as the result is kept."""
        with self._lock:
            future = self._futures.get(key)
            mine = future is None
            if future is None:
                future = self._futures[key] = Future()
            else:
                self._futures.move_to_end(key)
        if mine:
            self._make(key, future, make)
        result: T = future.result()
        return result

    def __contains__(self, key: Hashable) -> bool:
        """Say whether the result for this key is kept: then it is not made again."""
        return key in self._futures

    def clear(self) -> None:
        with self._lock:
            self._futures.clear()
            self._size = 0

    def _make(self, key: Hashable, future: Future[Any], make: Callable[[], Any]) -> None:
        try:
            result = make()
        except BaseException as wrong:
            with self._lock:  # whoever asks next may have more luck
                self._futures.pop(key, None)
            future.set_exception(wrong)
        else:
            self.made += 1
            future.set_result(result)
            self._thin(key, result)

    def _thin(self, key: Hashable, result: Any) -> None:
        with self._lock:
            if key in self._futures:  # not cleared meanwhile
                self._size += _size(result)
            while self._size > self.most and len(self._futures) > 1:
                oldest = next(iter(self._futures.values()))
                if not oldest.done():
                    break
                self._futures.popitem(last=False)
                self._size -= _size(oldest.result())


def _size(result: Any) -> int:
    return EACH + sys.getsizeof(result)


renders = Renders(128 * 1024 * 1024)
"""The process's own."""
