"""The order that Go's sort.Sort and sort.Slice leave equal elements in.

kubectl sorts Events by whole seconds and tolerations by key with an unstable sort, so what it prints for equal ones is the
doing of one algorithm: insertion sort up to twelve elements, a pattern-defeating quicksort (Peters, arXiv:2106.05123) above.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

INSERTION = 12
NINTHER = 50
SHIFTING = 50
MAX_SWAPS = 12
MASK = (1 << 64) - 1


def go_sorted(items: Iterable[T], key: Callable[[T], Any]) -> list[T]:
    """Return the items in the order in which Go would leave them."""
    pairs = [(key(item), item) for item in items]
    keys = [pair[0] for pair in pairs]
    if len(pairs) <= INSERTION or len(set(keys)) == len(keys):
        return sorted((pair[1] for pair in pairs), key=key)
    Sort(pairs).sort(0, len(pairs), len(pairs).bit_length())
    return [pair[1] for pair in pairs]


class Sort:
    """One list on its way into order; all positions are absolute, ranges are half open."""

    def __init__(self, data: list[tuple[Any, Any]]) -> None:
        self.data = data

    def less(self, i: int, j: int) -> bool:
        return bool(self.data[i][0] < self.data[j][0])

    def swap(self, i: int, j: int) -> None:
        self.data[i], self.data[j] = self.data[j], self.data[i]

    def sort(self, low: int, high: int, limit: int) -> None:
        """Sort a range; after `limit` unbalanced partitions it goes on as a heap sort."""
        balanced = partitioned = True
        while high - low > INSERTION:
            if limit == 0:
                return self.heap_sort(low, high)
            if not balanced:
                self.break_patterns(low, high)
                limit -= 1
            pivot, swaps = self.choose_pivot(low, high)
            if swaps == MAX_SWAPS:
                self.data[low:high] = self.data[low:high][::-1]
                pivot, swaps = high - 1 - (pivot - low), 0
            if balanced and partitioned and swaps == 0 and self.finish(low, high):
                return None
            if low > 0 and not self.less(low - 1, pivot):
                low = self.partition_equal(low, high, pivot)
                continue
            length = high - low
            middle, partitioned = self.partition(low, high, pivot)
            balanced = min(middle - low, high - middle) >= length // 8
            if middle - low < high - middle:
                self.sort(low, middle, limit)
                low = middle + 1
            else:
                self.sort(middle + 1, high, limit)
                high = middle
        return self.insertion_sort(low, high)

    def insertion_sort(self, low: int, high: int) -> None:
        self.data[low:high] = sorted(self.data[low:high], key=lambda pair: pair[0])

    def heap_sort(self, low: int, high: int) -> None:
        size = high - low
        for root in range((size - 1) // 2, -1, -1):
            self.sift_down(root, size, low)
        for last in range(size - 1, -1, -1):
            self.swap(low, low + last)
            self.sift_down(0, last, low)

    def sift_down(self, root: int, size: int, first: int) -> None:
        while (child := 2 * root + 1) < size:
            if child + 1 < size and self.less(first + child, first + child + 1):
                child += 1
            if not self.less(first + root, first + child):
                return
            self.swap(first + root, first + child)
            root = child

    def partition(self, low: int, high: int, pivot: int) -> tuple[int, bool]:
        """Put what is less than the pivot before it; return its new place, and whether nothing had to move."""
        self.swap(low, pivot)
        i, j = self.inward(low, low + 1, high - 1)
        already = i > j
        while i <= j:
            self.swap(i, j)
            i, j = self.inward(low, i + 1, j - 1)
        self.swap(j, low)
        return j, already

    def inward(self, pivot: int, i: int, j: int) -> tuple[int, int]:
        """Go over what stands on its right side of the pivot already."""
        while i <= j and self.less(i, pivot):
            i += 1
        while i <= j and not self.less(j, pivot):
            j -= 1
        return i, j

    def partition_equal(self, low: int, high: int, pivot: int) -> int:
        """Put what equals the pivot (nothing is less) before what is greater; return where the greater ones begin."""
        self.swap(low, pivot)
        i, j = low + 1, high - 1
        while True:
            while i <= j and not self.less(low, i):
                i += 1
            while i <= j and self.less(low, j):
                j -= 1
            if i > j:
                return i
            self.swap(i, j)
            i, j = i + 1, j - 1

    def finish(self, low: int, high: int) -> bool:
        """Mend up to five neighbours that are out of order; say whether the range is in order now."""
        i = low + 1
        for _ in range(5):
            while i < high and not self.less(i, i - 1):
                i += 1
            if i == high:
                return True
            if high - low < SHIFTING:
                return False
            self.swap(i, i - 1)
            if i - low >= 2:
                self.shift(range(i - 1, 0, -1))
            if high - i >= 2:
                self.shift(range(i + 1, high))
        return False

    def shift(self, places: range) -> None:
        for j in places:
            if not self.less(j, j - 1):
                return
            self.swap(j, j - 1)

    def break_patterns(self, low: int, high: int) -> None:
        """Scatter three elements around the middle, by a xorshift seeded with the length."""
        length = random = high - low
        middle = low + length // 4 * 2
        for place in (middle - 1, middle, middle + 1):
            random ^= random << 13 & MASK
            random ^= random >> 7
            random ^= random << 17 & MASK
            other = random & ((1 << length.bit_length()) - 1)
            self.swap(place, low + (other - length if other >= length else other))

    def choose_pivot(self, low: int, high: int) -> tuple[int, int]:
        """Return a median's place, and how many pairs looked at were out of order."""
        quarter = (high - low) // 4
        places = [low + quarter, low + 2 * quarter, low + 3 * quarter]
        swaps = 0
        if high - low >= NINTHER:
            for n, place in enumerate(places):
                places[n], more = self.median(place - 1, place, place + 1)
                swaps += more
        pivot, more = self.median(*places)
        return pivot, swaps + more

    def median(self, a: int, b: int, c: int) -> tuple[int, int]:
        swaps = 0
        if self.less(b, a):
            a, b, swaps = b, a, swaps + 1
        if self.less(c, b):
            b, c, swaps = c, b, swaps + 1
        if self.less(b, a):
            a, b, swaps = b, a, swaps + 1
        return b, swaps
