"""sed's scripts: from a text to a flat list of commands, where blocks and branches have become jumps."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from lifecycle.programs import regex
from lifecycle.programs.commands.call import UsageError
from lifecycle.programs.regex import Regex, RegexError


class Address(msgspec.Struct, frozen=True):
    """Which lines: a number, `$` (last), an expression (None: the one used last), `first~step`; after a comma `+n` or `~n`."""

    kind: str
    number: int = 0
    step: int = 0
    expression: Regex | None = None


class Edit(msgspec.Struct):
    """One command. `jump` is where a branch leads, and where a block ends that is not entered."""

    letter: str
    first: Address | None = None
    last: Address | None = None
    negated: bool = False
    expression: Regex | None = None
    text: str = ""
    flags: str = ""
    label: str = ""
    jump: int = 0


@lru_cache(maxsize=256)
def script(text: str, extended: bool) -> tuple[Edit, ...]:
    """Return a script's commands. Raises: UsageError where it makes no sense."""
    return tuple(_Reader(text, extended).edits())


class _Reader:
    """Reads a script from its start."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text = text
        self.extended = extended
        self.i = 0

    def edits(self) -> list[Edit]:
        found: list[Edit] = []
        blocks: list[int] = []
        labels: dict[str, int] = {}
        while True:
            self._skip(" \t\n;")
            if self.i >= len(self.text):
                break
            if self.text[self.i] == "#":
                self._until("\n")
            elif self.text[self.i] == "}":
                self.i += 1
                if not blocks:
                    raise UsageError(self._at("unexpected `}'"))
                found[blocks.pop()].jump = len(found)
            else:
                edit = self._edit()
                if edit.letter == ":":
                    labels[edit.label] = len(found)
                    continue
                if edit.letter == "{":
                    blocks.append(len(found))
                found.append(edit)
        if blocks:
            raise UsageError("-e expression #1, char 0: unmatched `{'")
        return _branched(found, labels)

    def _at(self, problem: str) -> str:
        return f"-e expression #1, char {self.i}: {problem}"

    def _skip(self, letters: str) -> None:
        while self.i < len(self.text) and self.text[self.i] in letters:
            self.i += 1

    def _until(self, stops: str) -> str:
        start = self.i
        while self.i < len(self.text) and self.text[self.i] not in stops:
            self.i += 1
        return self.text[start : self.i]

    def _edit(self) -> Edit:
        first, last = self._address(), None
        self._skip(" ")
        if first and self.text[self.i : self.i + 1] == ",":
            self.i += 1
            self._skip(" ")
            last = self._address(second=True)
            if last is None:
                raise UsageError(self._at("unexpected `,'"))
        self._skip(" ")
        negated = self.text[self.i : self.i + 1] == "!"
        self.i += negated
        self._skip(" ")
        edit = Edit(self._take(), first, last, negated)
        self._arguments(edit)
        return edit

    def _arguments(self, edit: Edit) -> None:
        letter = edit.letter
        if letter == "":
            raise UsageError(self._at("missing command"))
        if letter == "s":
            self._substitute(edit)
        elif letter == "y":
            stop = self._take()
            edit.text, edit.flags = _plain(self._delimited(stop, "y")), _plain(self._delimited(stop, "y"))
            if len(edit.text) != len(edit.flags):
                raise UsageError(self._at("strings for `y' command are different lengths"))
        elif letter in "aic":
            edit.text = self._lines()
        elif letter in ":btT":
            self._skip(" \t")
            edit.label = self._until(" \t\n;" if letter == ":" else " \t\n;}")
        elif letter in "rw":
            self._skip(" \t")
            edit.text = self._until("\n")
        elif letter in "dpqQnNDPxhHgG=lzF{":
            self._skip(" ")
            edit.text = self._until(" \t\n;}#") if letter in "qQl" else ""
        else:
            raise UsageError(self._at(f"unknown command: `{letter}'"))

    def _lines(self) -> str:
        """Return the text of a, i or c: what follows on the line, or on the next ones while they end in a backslash."""
        self._skip(" \t")
        if self.text[self.i : self.i + 1] == "\\":
            self.i += 1
            self._skip(" \t")
            self._skip("\n")
        out = []
        while self.i < len(self.text) and self.text[self.i] != "\n":
            if self.text[self.i] == "\\" and self.i + 1 < len(self.text):
                self.i += 1
                out.append({"t": "\t"}.get(self.text[self.i], self.text[self.i]))
            else:
                out.append(self.text[self.i])
            self.i += 1
        if not out and self.i >= len(self.text):
            raise UsageError(self._at("expected \\ after `a', `c' or `i'"))
        return "".join(out)

    def _take(self) -> str:
        self.i += 1
        return self.text[self.i - 1 : self.i]

    def _address(self, second: bool = False) -> Address | None:
        match = re.compile(r"(\d+)~(\d+)|(\d+)|(\$)").match(self.text, self.i)
        near = re.compile(r"([+~])(\d+)").match(self.text, self.i) if second else None
        if near:
            self.i = near.end()
            return Address(near.group(1), int(near.group(2)))
        if match:
            self.i = match.end()
            if match.group(1):
                return Address("step", int(match.group(1)), int(match.group(2)))
            return Address("last") if match.group(4) else Address("line", int(match.group(3)))
        c = self.text[self.i : self.i + 1]
        if c not in ("/", "\\") or not c:
            return None
        self.i += 1
        source = self._delimited(c if c == "/" else self._take(), "address regex")
        ignore = self.text[self.i : self.i + 1] == "I"
        self.i += ignore
        return Address("expression", expression=self._expression(source, ignore))

    def _expression(self, source: str, ignore: bool) -> Regex | None:
        try:
            return regex.compiled(source, self.extended, ignore) if source else None
        except RegexError as error:
            if error.hard:
                raise
            raise UsageError(self._at(error.text)) from error

    def _delimited(self, stop: str, what: str = "s", brackets: bool = True) -> str:
        """Return the text up to a delimiter, which in a bracket expression is none."""
        out: list[str] = []
        bracket = False
        while self.i < len(self.text) and (self.text[self.i] != stop or bracket):
            c = self.text[self.i]
            if c == "\\" and self.i + 1 < len(self.text) and not bracket:
                following = self.text[self.i + 1]
                out.append(following if following == stop and stop not in "|+?(){}" else "\\" + following)
                self.i += 2
                continue
            if brackets and what != "y" and c == "[" and not bracket and "]" in self.text[self.i + 2 :].partition("\n")[0]:
                bracket = True
                start = self.i
            elif bracket and c == "]" and self.i > start + 1 + (self.text[start + 1] == "^"):
                bracket = self.text[start : self.i].rpartition("[:")[1] != "" and self.text[self.i - 1] == ":"
                bracket = bracket and self.text.count("[:", start, self.i) > self.text.count(":]", start, self.i + 1)
            out.append(c)
            self.i += 1
        if self.i >= len(self.text):
            kind = "unterminated address regex" if what == "address regex" else f"unterminated `{what}' command"
            raise UsageError(self._at(kind))
        self.i += 1
        return "".join(out)

    def _substitute(self, edit: Edit) -> None:
        stop = self._take()
        source = self._delimited(stop)
        edit.text = self._delimited(stop, "s", False).replace("\\\n", "\n")
        match = re.compile(r"[gpiIeM0-9]*").match(self.text, self.i)
        edit.flags = match.group() if match else ""
        self.i += len(edit.flags)
        if self.text[self.i : self.i + 1] == "w":
            self.i += 1
            self._skip(" ")
            edit.label = self._until("\n")
        elif self.text[self.i : self.i + 1] not in ("", ";", "\n", "}", " ", "#"):
            raise UsageError(self._at("unknown option to `s'"))
        edit.expression = self._expression(source, "i" in edit.flags.lower())


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), text, flags=re.S)


def _branched(edits: list[Edit], labels: dict[str, int]) -> list[Edit]:
    for edit in edits:
        if edit.letter in "btT":
            if edit.label and edit.label not in labels:
                raise UsageError(f"-e expression #1, char 0: can't find label for jump to `{edit.label}'")
            edit.jump = labels[edit.label] if edit.label else len(edits)
    return edits
