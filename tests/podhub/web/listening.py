"""What a browser's timeline knows after it was told a story in parts: as `podhub/timeline/lanes` takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from podhub.web.story import Story


def known_after(parts: Iterable[Story]) -> tuple[list[Any], list[Any]]:
    """Return the points and marks of the lanes that are drawn, in the order of their seqs."""
    lanes: set[str] = set()
    points: list[Any] = []
    marks: list[Any] = []
    seq = 0
    for part in parts:
        fresh = {lane.id for lane in part.lanes} - lanes
        lanes |= fresh
        points = [point for point in points if point.lane not in fresh]
        marks = [mark for mark in marks if mark.lane not in fresh]
        points += [point for point in part.points if point.seq > seq or point.lane in fresh]
        marks += [mark for mark in part.marks if mark.seq > seq or mark.lane in fresh]
        seq = max(seq, part.seq)
    drawn = [
        sorted((one for one in told if one.lane in lanes), key=lambda one: (one.seq, one.lane)) for told in (points, marks)
    ]
    return drawn[0], drawn[1]
