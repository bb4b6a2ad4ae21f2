"""`$(NAME)` in commands, arguments, variables and paths. Kubernetes: third_party/forked/golang/expansion"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

LONGEST = 2 << 20
"""Characters that words have together at most: no kernel takes more, so what refers to others beyond is left as it stands."""


def expand(text: str, values: Mapping[str, str], most: int = LONGEST) -> str:
    """Return a word with `$(NAME)` replaced where the name is known; `$$` is one `$`. After `most` characters nothing is."""
    if "$" not in text:
        return text
    out: list[str] = []
    size = end = 0
    for piece, name, after in _references(text):
        if size > most:
            break
        word = "$" if name is None else values.get(name, f"$({name})")
        out += (piece, word)
        size += len(piece) + len(word)
        end = after
    return "".join((*out, text[end:]))


def expand_all(words: Iterable[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Return words that are expanded, with no more than LONGEST for all of them."""
    out: list[str] = []
    room = LONGEST
    for word in words:
        out.append(expand(word, values, room))
        room -= len(out[-1])
    return tuple(out)


def names(text: str) -> set[str]:
    """Return the names that a word refers to."""
    return {name for _, name, _ in _references(text) if name is not None}


def _references(text: str) -> Iterator[tuple[str, str | None, int]]:
    """Give for each reference what stands before it, its name (None: an escaped `$`), and where it ends; in linear time."""
    begin = at = 0
    last = text.rfind(")")
    while (at := text.find("$", at)) >= 0:
        if text.startswith("$$", at):
            end, name = at + 2, None
        elif text.startswith("$(", at) and at < last:
            end = text.index(")", at) + 1
            name = text[at + 2 : end - 1]
        else:
            at += 1
            continue
        yield text[begin:at], name, end
        begin = at = end
