"""Expansion of words: variables, arithmetic, splitting, path names, braces, quotes.

Command substitutions have run before; their outputs come as `values`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lifecycle.programs.budget import CHARACTERS_A_STEP, ITEMS_A_STEP
from lifecycle.programs.shell import patterns
from lifecycle.programs.shell.arithmetic import ArithmeticError_, evaluate
from lifecycle.programs.shell.braces import MAX_BRACED, MAX_BRACES, MAX_PIECES, braced
from lifecycle.programs.shell.compile import Slot
from lifecycle.programs.shell.globbing import glob
from lifecycle.programs.shell.syntax import Arith, ArrayLit, Lit, Var
from lifecycle.programs.shell.transform import OPERATORS, attributes, transformed, whole_array

if TYPE_CHECKING:
    from lifecycle.programs.shell.turn import Turn


class ExpansionError(Exception):
    """An expansion that ends a shell: `${x?}`, `set -u`, a bad substitution. The text is the message."""


MAX_TEXT = 4 << 20
"""How many characters a replacement may make of one value."""
MAX_WORDS = 100_000
"""How many words splitting may make of one."""


class Field:
    """A field on its way: its text, and the pieces that it is made of."""

    __slots__ = ("magic", "pieces", "quoted", "text")

    def __init__(self) -> None:
        self.text = ""
        self.pieces: list[tuple[str, bool]] = []
        self.magic = False
        self.quoted = False

    def add(self, text: str, quoted: bool) -> None:
        self.text += text
        self.pieces.append((text, quoted))
        self.quoted = self.quoted or quoted
        self.magic = self.magic or (not quoted and patterns.is_magic(text))

    def pattern(self) -> str:
        """Return the field as a pattern, in which quoted characters stand for themselves."""
        return "".join(patterns.escape(text) if quoted else text for text, quoted in self.pieces)


class Expander:
    """Expands words for one command."""

    def __init__(self, turn: Turn, values: list[str]) -> None:
        self.turn = turn
        self.values = values
        self.vars = turn.shell.vars
        self.bash = turn.shell.dialect == "bash"

    # ── results ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def fields(self, words: tuple[Any, ...]) -> list[str]:
        """Return the fields that words come to."""
        out: list[str] = []
        for word in words:
            if len(word) == 1 and isinstance(word[0], Lit) and (word[0].quoted or _PLAIN.fullmatch(word[0].text)):
                out.append(word[0].text)
                continue
            for one in self._braced(word) if self.bash else (word,):
                for field in self._split(one):
                    out.extend(self._paths(field))
        if len(out) > ITEMS_A_STEP:
            self.turn.machine.work(len(out))
        return out

    def _braced(self, word: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        braces = sum(part.text.count("{") for part in word if isinstance(part, Lit) and not part.quoted)
        if not braces:
            return [word]
        if braces > MAX_BRACES:
            self._too_many("its braces stand for themselves")
            return [word]
        most = min(MAX_BRACED, MAX_PIECES // braces)
        made = braced(word, most)
        if len(made) > 1:
            self.turn.machine.work(len(made) * (2 + braces))
        if len(made) >= most:
            self._too_many("the rest of what braces make is left out")
        return made

    def _too_many(self, done: str) -> None:
        self.turn.machine.limit("words", f"{MAX_WORDS:,} words ({MAX_BRACED:,} of braces) in one command", done)

    def text(self, word: tuple[Any, ...]) -> str:
        """Return a word as one text: no splitting, no path names (assignments, redirections, here-documents)."""
        if len(word) == 1 and isinstance(word[0], Lit) and (word[0].quoted or word[0].text[:1] != "~"):
            return word[0].text
        return "".join(text for text, _ in self._pieces(self._tilde(word)))

    def pattern(self, word: tuple[Any, ...]) -> str:
        """Return a word as a pattern: quoted characters stand for themselves."""
        return "".join(patterns.escape(text) if quoted else text for text, quoted in self._pieces(self._tilde(word)))

    def number(self, word: tuple[Any, ...]) -> int:
        """Return an arithmetic word's value. Raises: ArithmeticError_."""
        text = self.text(word)
        if self.turn.shell.dialect == "dash" and not text.isalnum():
            text = _of_dash(text)
        return evaluate(text, self.turn.get_text, self.turn.set_checked)

    # ── splitting ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tilde(self, word: tuple[Any, ...]) -> tuple[Any, ...]:
        first = word[0] if word else None
        if isinstance(first, Lit) and not first.quoted and first.text[:1] == "~" and (first.text[1:2] in ("/", "")):
            home = self.vars.get("HOME", "")
            return (Lit(home, True), Lit(first.text[1:]), *word[1:]) if home else word
        return word

    def _split(self, word: tuple[Any, ...]) -> list[Field]:
        fields: list[Field] = []
        current: Field | None = None
        empty_at = False
        for part in self._tilde(word):
            if (isinstance(part, Var) and part.name in ("@", "*")) or (isinstance(part, Var) and part.index is not None):
                items = self._items(part)
                if items is not None:
                    empty_at = empty_at or not items
                    for i, item in enumerate(items):
                        if i and current is not None:
                            fields.append(current)
                            current = None
                        current = current or Field()
                        if part.quoted:
                            current.add(item, True)
                        else:
                            current = self._add_split(fields, current, item)
                    continue
            for text, quoted in self._part(part):
                if quoted or isinstance(part, Lit):
                    if text or not empty_at:
                        current = current or Field()
                        current.add(text, quoted)
                else:
                    current = self._add_split(fields, current, text)
        if current is not None and (current.text or current.quoted) and not (empty_at and not current.text):
            fields.append(current)
        return fields

    def _add_split(self, fields: list[Field], current: Field | None, text: str) -> Field | None:
        """Split an unquoted expansion at IFS; return the field that is still open."""
        ifs = self.vars.get("IFS", " \t\n")
        if not ifs:
            if text:
                current = current or Field()
                current.add(text, False)
            return current
        blanks = "".join(c for c in ifs if c in " \t\n")
        if ifs == blanks:
            pieces = text.split() if len(ifs) == 3 else [x for x in re.split(f"[{re.escape(ifs)}]+", text) if x]
            if len(pieces) > MAX_WORDS:
                self._too_many("the shell ends as when it is out of memory")
                raise ExpansionError("out of memory")
            self.turn.machine.work(len(pieces))
            if text and text[0] in ifs and current is not None and (current.text or current.quoted):
                fields.append(current)
                current = None
            for i, piece in enumerate(pieces):
                if i and current is not None:
                    fields.append(current)
                    current = None
                current = current or Field()
                current.add(piece, False)
            if text and text[-1] in ifs and pieces and current is not None:
                fields.append(current)
                current = None
            return current
        return self._split_at(fields, current, text, ifs, blanks)

    def _split_at(self, fields: list[Field], current: Field | None, text: str, ifs: str, blanks: str) -> Field | None:
        hard = "".join(c for c in ifs if c not in blanks)
        soft = f"[{re.escape(blanks)}]*" if blanks else ""
        text = text.strip(blanks) if blanks else text
        separator = f"{soft}[{re.escape(hard)}]{soft}" + (f"|[{re.escape(blanks)}]+" if blanks else "")
        pieces = re.split(separator, text)
        if len(pieces) > 1 and pieces[-1] == "":
            pieces.pop()
            pieces.append("\0")
        for i, piece in enumerate(pieces):
            if i:
                fields.append(current or Field())
                fields[-1].quoted = True
                current = None
            if piece == "\0":
                return None
            current = current or Field()
            current.add(piece, False)
        return current

    def _items(self, part: Var) -> list[str] | None:
        """Return the items of `$@`, `$*` or an array where they make fields of their own; else None."""
        if part.op == "!" and part.index is not None and self.text(part.index) == "@":
            return self.turn.keys(part.name)
        if part.op[:1] == "@":
            return self._transformed_items(part)
        if part.op not in ("", ":"):
            return None
        if part.index is None:
            items = self.turn.shell.args
            if part.op == ":":
                items = self._slice([self.turn.shell.name, *items], part)
        else:
            subscript = self.text(part.index)
            if subscript not in ("@", "*"):
                return None
            items = self.turn.array(part.name)
            if part.op == ":":
                items = self._slice(items, part)
        if part.name == "*" or (part.index is not None and self.text(part.index) == "*"):
            if part.quoted:
                return [self.vars.get("IFS", " ")[:1].join(items)]
            return items
        return items

    def _transformed_items(self, part: Var) -> list[str] | None:
        """Return what an operator makes of each of `$@` or an array's elements; else None."""
        self._check_operator(part)
        subscript = self.text(part.index) if part.index is not None else part.name
        if subscript not in ("@", "*"):
            return None
        whole = whole_array(self.turn, part.name, part.op[1]) if part.index is not None else None
        items = self.turn.shell.args if part.index is None else self.turn.array(part.name)
        made = [transformed(self.turn, part.name, item, part.op[1]) for item in items] if whole is None else whole
        return [self.vars.get("IFS", " ")[:1].join(made)] if subscript == "*" and part.quoted else made

    def _slice(self, items: list[str], part: Var) -> list[str]:
        start, _, size = self.text(part.word or ()).partition(":")
        first = evaluate(start, self.turn.get_text, self.turn.set_checked)
        first = max(first + len(items), 0) if first < 0 else first
        if not size:
            return items[first:]
        count = evaluate(size, self.turn.get_text, self.turn.set_checked)
        return items[first : first + count]

    def _paths(self, field: Field) -> list[str]:
        if not field.magic or "f" in self.turn.shell.options:
            return [field.text]
        return glob(self.turn, field.pattern(), self.bash) or [field.text]

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _pieces(self, word: tuple[Any, ...]) -> list[tuple[str, bool]]:
        """Return what a word is made of, each piece quoted or not."""
        return [piece for part in word for piece in self._part(part)]

    def _part(self, part: Any) -> list[tuple[str, bool]]:
        """Return a part's value as pieces of text, each quoted or not."""
        if isinstance(part, Lit):
            return [(part.text, part.quoted)]
        pieces = self._expanded(part)
        size = len(pieces[0][0]) if pieces else 0
        if size > CHARACTERS_A_STEP:
            self.turn.machine.work(size // CHARACTERS_A_STEP)
        return pieces

    def _expanded(self, part: Any) -> list[tuple[str, bool]]:
        if isinstance(part, Slot):
            return [(self.values[part.number], part.quoted)]
        if isinstance(part, Arith):
            return [(str(self.number(part.word)), part.quoted)]
        if isinstance(part, Var):
            return self._variable(part)
        assert isinstance(part, ArrayLit)
        return [(" ".join(self.fields(part.words)), True)]

    def _value(self, part: Var) -> str | None:
        if part.index is not None:
            return self.turn.element(part.name, self.text(part.index))
        return self.turn.parameter(part.name)

    def _variable(self, part: Var) -> list[tuple[str, bool]]:
        op = part.op
        if op == "":
            value = self._value(part)
            if value is None:
                if "u" in self.turn.shell.options and part.name not in "@*":
                    raise ExpansionError(self.turn.unbound(part.name))
                return [("", part.quoted)]
            return [(value, part.quoted)]
        if op == "length":
            return [(str(self._length(part)), part.quoted)]
        if op.startswith("!"):
            return [(self._indirect(part, op[1:]), part.quoted)]
        if (self.turn.shell.dialect == "dash" and op[0] in "/^,@") or (op == ":" and self.turn.shell.dialect == "dash"):
            raise ExpansionError("Bad substitution")
        value = self._value(part)
        if op[0] == "@":
            self._check_operator(part)
            if value is None and "u" in self.turn.shell.options:
                raise ExpansionError(self.turn.unbound(part.name))
            if part.op == "@a":
                return [(attributes(self.turn, part.name), part.quoted)]
            return [("" if value is None else transformed(self.turn, part.name, value, op[1]), part.quoted)]
        if op.lstrip(":") in ("-", "=", "+", "?") and op != ":":
            return self._conditional(part, op, value)
        return [(self._altered(part, op, value or ""), part.quoted)]

    def _check_operator(self, part: Var) -> None:
        if part.op[1] not in OPERATORS:
            raise ExpansionError(f"${{{part.name}{part.op}}}: bad substitution")

    def _length(self, part: Var) -> int:
        if part.name in ("@", "*"):
            return len(self.turn.shell.args)
        if part.index is not None and self.text(part.index) in ("@", "*"):
            return len(self.turn.array(part.name))
        value = self._value(part)
        if value is None and "u" in self.turn.shell.options:
            raise ExpansionError(self.turn.unbound(part.name))
        return len(value or "")

    def _indirect(self, part: Var, op: str) -> str:
        if part.index is not None:
            return " ".join(self.turn.keys(part.name))
        name = self._value(part) or ""
        return "".join(text for text, _ in self._variable(Var(name, op, part.word, part.quoted))) if name else ""

    def _conditional(self, part: Var, op: str, value: str | None) -> list[tuple[str, bool]]:
        word = part.word or ()
        missing = value is None or (op[0] == ":" and value == "")
        if op[-1] == "+":
            return [("", part.quoted)] if missing else self._alternative(word, part.quoted)
        if not missing:
            return [(value or "", part.quoted)]
        if op[-1] == "-":
            return self._alternative(word, part.quoted)
        if op[-1] == "=":
            text = self.text(word)
            self.turn.set_checked(part.name, text)
            return [(text, part.quoted)]
        raise ExpansionError(self.turn.missing(part.name, self.text(word), op))

    def _alternative(self, word: tuple[Any, ...], quoted: bool) -> list[tuple[str, bool]]:
        return [(text, quoted or q) for text, q in self._pieces(self._tilde(word))]

    def _altered(self, part: Var, op: str, value: str) -> str:
        self.turn.machine.work(len(value) // ITEMS_A_STEP)
        if op in ("#", "##"):
            return _trim_front(value, self.pattern(part.word or ()), op == "##", self.bash)
        if op in ("%", "%%"):
            return _trim_back(value, self.pattern(part.word or ()), op == "%%", self.bash)
        if op == ":":
            return "".join(self._slice(list(value), part))
        if op in ("/", "//"):
            return self._replaced(part, op == "//", value)
        if op in ("^", "^^"):
            return value.upper() if op == "^^" else value[:1].upper() + value[1:]
        if op in (",", ",,"):
            return value.lower() if op == ",," else value[:1].lower() + value[1:]
        return value

    def _replaced(self, part: Var, everywhere: bool, value: str) -> str:
        pattern = self.pattern(part.word or ())
        replacement = self.text(part.other or ())
        if not pattern:
            return value
        if len(replacement) * len(value) > MAX_TEXT and len(replacement) * value.count(pattern[:1]) > MAX_TEXT:
            raise ExpansionError("cannot allocate memory")
        text = patterns.replaced(pattern, replacement, value, everywhere, self.bash)
        if len(text) > MAX_TEXT:
            raise ExpansionError("cannot allocate memory")
        return text


_PLAIN = re.compile(r"[^*?\[~{]*|\[")


def _trim_front(value: str, pattern: str, longest: bool, extended: bool) -> str:
    if not any(c in pattern for c in "*?[\\("):
        return value.removeprefix(pattern)
    end = patterns.prefix(pattern, value, longest, extended)
    return value if end is None else value[end:]


def _trim_back(value: str, pattern: str, longest: bool, extended: bool) -> str:
    if not any(c in pattern for c in "*?[\\("):
        return value.removesuffix(pattern)
    start = patterns.suffix(pattern, value, longest, extended)
    return value if start is None else value[:start]


_NOT_OF_DASH = re.compile(r"\*\*|,|[A-Za-z_]\w*\s*(?:\+\+|--)(?!\s*[\w(])")


def _of_dash(text: str) -> str:
    """Return an arithmetic expression as dash reads it, which only knows POSIX's operators: ++x is +(+x).

    Raises: ArithmeticError_
    """
    if _NOT_OF_DASH.search(text):
        raise ArithmeticError_("syntax", text)
    return re.sub(r"\+\+(?=\s*[\w(])", "+ +", re.sub(r"--(?=\s*[\w(])", "- -", text))
