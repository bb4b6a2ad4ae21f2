"""A run as plain text: when, what sort, to whom, what; made for terminals of 80 to 100 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from lifecycle.clock import SECOND, Micros
from lifecycle.printers.happenings import Happening, Happenings, Whom
from lifecycle.printers.layout import escaped
from lifecycle.wire import Output

WIDTH = 100
WHAT, WHOM_LEAST, WHOM_MOST = 9, 12, 28
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Timeline:
    """Writes outputs as lines as they come.

    The first namespace to be named goes without saying, and of a Pod's containers only their own name is written while the
    lines are about that Pod. The column of names grows with the names, and never shrinks.
    """

    def __init__(self, start: Micros, width: int = WIDTH) -> None:
        self.start = start
        self.width = width
        self._whom = WHOM_LEAST
        self._namespace = ""
        self._last = Whom("", "")
        self._happenings = Happenings()

    def lines(self, outputs: Iterable[Output]) -> Iterator[str]:
        """Yield a line for each happening, without newlines; a long one goes on below its beginning."""
        for output in outputs:
            for happening in self._happenings.of(output):
                yield from self._lines(output.at, happening)

    def _lines(self, at: Micros, happening: Happening) -> Iterator[str]:
        whom = _shortened(self._name(happening.whom))
        self._whom = max(self._whom, len(whom))
        start = f"{offset(at - self.start):>9}  {happening.what:<{WHAT}}  {whom:<{self._whom}}  "
        room = max(20, self.width - len(start))
        for line in _clean(happening.text).split("\n"):
            for piece in textwrap.wrap(line, room, replace_whitespace=False, break_on_hyphens=False) or [""]:
                yield (start + piece).rstrip()
                start = " " * len(start)

    def _name(self, whom: Whom) -> str:
        last, self._last = self._last, whom
        self._namespace = self._namespace or whom.namespace
        if whom.container and whom[:2] == last[:2]:
            return f"[{whom.container}]"
        place = f"{whom.namespace}/" if whom.namespace not in ("", self._namespace) else ""
        return f"{place}{whom.name}[{whom.container}]" if whom.container else f"{place}{whom.name}"


def offset(span: Micros) -> str:
    """Return a time since the start: `35.502s`, from ten minutes on `12m05.5s`, from an hour on `1h02m05s`."""
    tenths = span * 10 // SECOND
    minutes, seconds = divmod(tenths // 10, 60)
    if minutes < 10:
        return f"{span // SECOND}.{span % SECOND // 1000:03d}s"
    if minutes < 60:
        return f"{minutes}m{seconds:02d}.{tenths % 10}s"
    return f"{minutes // 60}h{minutes % 60:02d}m{seconds:02d}s"


def _shortened(whom: str) -> str:
    """Cut the middle out of a name that is too long for its column; the end tells the container."""
    if len(whom) <= WHOM_MOST:
        return whom
    half = (WHOM_MOST - 3) // 2
    return f"{whom[: WHOM_MOST - 3 - half]}...{whom[-half:]}"


def _clean(text: str) -> str:
    return _CONTROL.sub("?", escaped(text.expandtabs(8)))
