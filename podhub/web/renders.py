"""What was rendered once is shown to every browser: results by key, made by the first who asks while the others wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Renders:
    """The newest results, at most so many. For all threads; a key names its result for ever, so nothing is ever renewed."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.made = 0
        self._futures: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns for this key, called at most once as long as the result is kept."""
        with self._lock:
            future = self._futures.get(key)
            mine = future is None
            if future is None:
                future = self._futures[key] = Future()
                self._thin()
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

    def _thin(self) -> None:
        while len(self._futures) > self.most:
            self._futures.popitem(last=False)


renders = Renders(20_000)
"""The process's own."""
