"""The words that bash makes of `{a,b}` and `{1..3}`."""

from __future__ import annotations

import itertools
import re
from typing import Any

from lifecycle.programs.shell.syntax import Lit

MAX_BRACED = 20_000
MAX_BRACES = 200
"""How many words braces make, and how many braces one word may have."""
MAX_PIECES = 100_000
"""How many pieces all the words have that braces make: what one word holds for each of its braces."""


def braced(word: tuple[Any, ...], most: int) -> list[tuple[Any, ...]]:
    """Return the words (so many at most) that bash's `{a,b}` and `{1..3}` make of one."""
    braced = (i for i, part in enumerate(word) if isinstance(part, Lit) and not part.quoted and "{" in part.text)
    at = next(braced, None)
    if at is None:
        return [word]
    part = word[at]
    match = re.search(r"\{(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?\}|\{([a-zA-Z])\.\.([a-zA-Z])\}", part.text)
    if match:
        middle: list[tuple[Any, ...]] = [(Lit(text),) for text in _range(match)]
        return _joined(word[:at], part.text[: match.start()], middle, part.text[match.end() :], word[at + 1 :], most)
    return _alternatives(word, most)


def _range(match: re.Match[str]) -> list[str]:
    first, last, step, a, b = match.groups()
    if a:
        low, high = ord(a), ord(b)
        return [chr(c) for c in (range(low, high + 1) if low <= high else range(low, high - 1, -1))]
    start, end = int(first), int(last)
    width = max(len(first), len(last)) if re.match(r"-?0\d", first) or re.match(r"-?0\d", last) else 0
    by = abs(int(step or 1)) or 1
    numbers = range(start, end + 1, by) if start <= end else range(start, end - 1, -by)
    return [str(n).zfill(width) for n in numbers[:MAX_BRACED]]


def _joined(
    before: tuple[Any, ...], head: str, middle: list[tuple[Any, ...]], tail: str, after: tuple[Any, ...], most: int
) -> list[tuple[Any, ...]]:
    start = (*before, Lit(head)) if head else before
    rests = braced((Lit(tail), *after) if tail else after, most) if tail or after else [()]
    return list(itertools.islice(((*start, *one, *rest) for one in middle for rest in rests), most))


def _alternatives(word: tuple[Any, ...], most: int) -> list[tuple[Any, ...]]:
    """Expand the first `{a,b}` of a word, whose parts may hold quotes and variables."""
    flat: list[Any] = []
    for part in word:
        if isinstance(part, Lit) and not part.quoted:
            flat.extend(re.findall(r"[{},]|[^{},]+", part.text))
        else:
            flat.append(part)
    depth, start = 0, -1
    commas: list[int] = []
    for i, item in enumerate(flat):
        if item == "{":
            depth += 1
            if depth == 1:
                start, commas = i, []
        elif item == "," and depth == 1:
            commas.append(i)
        elif item == "}" and depth:
            depth -= 1
            if depth == 0 and commas:
                edges = [start, *commas, i]
                words = (_word(flat[:start] + flat[a + 1 : b] + flat[i + 1 :]) for a, b in itertools.pairwise(edges))
                return list(itertools.islice((one for word in words for one in braced(word, most)), most))
    return [word]


def _word(items: list[Any]) -> tuple[Any, ...]:
    out: list[Any] = []
    for item in items:
        if isinstance(item, str) and out and isinstance(out[-1], Lit) and not out[-1].quoted:
            out[-1] = Lit(out[-1].text + item)
        else:
            out.append(Lit(item) if isinstance(item, str) else item)
    return tuple(out)
