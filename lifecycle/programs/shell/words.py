"""Words of a shell script, parsed into parts at once: quotes, expansions, the lists inside command substitutions."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

from lifecycle.programs.shell.quoting import unescape
from lifecycle.programs.shell.syntax import Arith, Lit, Part, ProcSub, Sequence, Sub, SyntaxFault, Var, Word

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[^\s;&|<>()$`\"'\\#]+")
_SPECIAL = "@*#?-$!0123456789"


class ParseError(Exception):
    def __init__(self, fault: SyntaxFault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class Words(ABC):
    """Reads words from a text, from `i` on."""

    def __init__(self, text: str, dialect: str) -> None:
        self.text = text
        self.dialect = dialect
        self.bash = dialect == "bash"
        self.i = 0
        self.line = 1
        self.subshells: set[tuple[int, int]] = set()  # where `$((` was tried in vain: one within others is tried but once

    @abstractmethod
    def nested(self) -> Sequence:
        """Parse a list up to the closing parenthesis, from here on in the same text."""

    @abstractmethod
    def parsed(self, source: str, line: int) -> Sequence:
        """Parse a text, which begins in that line, as a list."""

    def fail(self, kind: str, token: str = "", expecting: str = "") -> ParseError:
        return ParseError(SyntaxFault(kind, token, self.line, expecting, self._line_text()))

    def _line_text(self) -> str:
        lines = self.text.split("\n")
        return lines[min(self.line, len(lines)) - 1] if lines else ""

    # ── words ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def read_word(self, stop: str = "") -> Word:
        """Read a word up to a blank or operator; with `stop`, up to that character, blanks and operators included."""
        parts: list[Part] = []
        text, n = self.text, len(self.text)
        while self.i < n:
            c = text[self.i]
            if c in stop if stop else self._ends_word(parts, c):
                break
            self._part(parts, c, stop)
        return tuple(parts)

    def _ends_word(self, parts: list[Part], c: str) -> bool:
        if c not in " \t\r\n;&|<>()":
            return False
        substitution = self.bash and c in "<>" and self.text[self.i + 1 : self.i + 2] == "("
        return not substitution and not self._extglob(parts, c)

    def _extglob(self, parts: list[Part], c: str) -> bool:
        last = parts[-1] if parts else None
        return (
            self.bash
            and c == "("
            and isinstance(last, Lit)
            and not last.quoted
            and last.text[-1:] in "@?*+!"
            and bool(last.text)
        )

    def _part(self, parts: list[Part], c: str, stop: str) -> None:
        text = self.text
        if c == "'":
            end = text.find("'", self.i + 1)
            if end < 0:
                raise self.fail("quote", "'")
            parts.append(Lit(text[self.i + 1 : end], True))
            self._advance(end + 1)
        elif c == '"':
            self.i += 1
            line = self.line
            parts.append(Lit("", True))
            parts.extend(self.quoted_word(end='"'))
            if self.i >= len(text):
                self.line = line if self.bash else self.line
                raise self.fail("quote", '"')
            self.i += 1
        elif c == "\\":
            self._escape(parts)
        elif c == "$":
            self._dollar(parts, False)
        elif c == "`":
            parts.append(self._backquote(False))
        elif c in "<>" and not stop and self.bash:
            self.i += 2
            parts.append(ProcSub(c, self.nested()))
        elif c == "(" and self._extglob(parts, c):
            self._extglob_group(parts)
        else:
            match = _PLAIN.match(text, self.i)
            end = match.end() if match else self.i + 1
            if stop:
                found = [at for at in (text.find(s, self.i, end) for s in stop) if at >= 0]
                end = min(found, default=end)
            chunk = text[self.i : end]
            self._advance(end)
            parts.append(Lit(chunk))

    def _advance(self, to: int) -> None:
        self.line += self.text.count("\n", self.i, to)
        self.i = to

    def _extglob_group(self, parts: list[Part]) -> None:
        depth, start = 0, self.i
        while self.i < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.text[self.i], 0)
            self.i += 1
            if depth == 0:
                break
        parts.append(Lit(self.text[start : self.i]))

    def _escape(self, parts: list[Part]) -> None:
        following = self.text[self.i + 1 : self.i + 2]
        self.i += 2
        if following == "\n":
            self.line += 1
        else:
            parts.append(Lit(following or "\\", True))

    def quoted_word(self, end: str) -> tuple[Part, ...]:
        """Read text as between double quotes, up to `end` (empty: to the end of the text)."""
        parts: list[Part] = []
        text, n = self.text, len(self.text)
        start = self.i
        while self.i < n:
            c = text[self.i]
            if end and c in end:
                break
            if c not in "\\$`":
                self.line += c == "\n"
                self.i += 1
                continue
            if start < self.i:
                parts.append(Lit(text[start : self.i], True))
            if c == "\\":
                following = text[self.i + 1 : self.i + 2]
                if following == "\n":
                    self.line += 1
                elif following and (following in "$`\\" or following in (end or "\0")):
                    parts.append(Lit(following, True))
                else:
                    parts.append(Lit("\\" + following, True))
                self.i += 2
            elif c == "$":
                self._dollar(parts, True)
            else:
                parts.append(self._backquote(True))
            start = self.i
        if start < self.i:
            parts.append(Lit(text[start : self.i], True))
        return tuple(parts)

    # ── expansions ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _dollar(self, parts: list[Part], quoted: bool) -> None:
        text, i = self.text, self.i
        c = text[i + 1 : i + 2]
        if c == "(":
            parts.append(self._parenthesis(quoted))
        elif c == "{":
            parts.append(self._braces(quoted))
        elif c == "'" and not quoted and self.dialect != "dash":
            parts.append(self._ansi())
        elif c == '"' and self.bash and not quoted:
            self.i += 1
        elif (match := _NAME.match(text, i + 1)) is not None:
            self.i = match.end()
            parts.append(Var(match.group(), quoted=quoted))
        elif c and c in _SPECIAL:
            self.i += 2
            parts.append(Var(c, quoted=quoted))
        else:
            self.i += 1
            parts.append(Lit("$", True))

    def _ansi(self) -> Lit:
        match = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.S).match(self.text, self.i)
        if not match:
            raise self.fail("quote", "'")
        self.i = match.end()
        return Lit(unescape(match.group(1)), True)

    def _parenthesis(self, quoted: bool) -> Part:
        start, line = self.i, self.line
        place = start, len(self.text)
        if self.text.startswith("$((", start) and place not in self.subshells:
            self.i = start + 3
            word = self._arithmetic_word()
            if word is not None:
                return Arith(word, quoted)
            self.i, self.line = start, line
            self.subshells.add(place)
        self.i = start + 2
        return Sub(self.nested(), quoted)

    def _arithmetic_word(self) -> Word | None:
        """Read up to `))`; None where the parentheses turn out to be subshells'."""
        parts: list[Part] = []
        depth, start = 0, self.i
        while self.i < len(self.text):
            c = self.text[self.i]
            if c == ")" and depth == 0:
                if self.text[self.i + 1 : self.i + 2] != ")":
                    return None
                parts.append(Lit(self.text[start : self.i], True))
                self.i += 2
                return tuple(parts)
            if c in "$`":
                parts.append(Lit(self.text[start : self.i], True))
                if c == "$":
                    self._dollar(parts, True)
                else:
                    parts.append(self._backquote(True))
                start = self.i
                continue
            depth += {"(": 1, ")": -1}.get(c, 0)
            self.line += c == "\n"
            self.i += 1
        return None

    def _backquote(self, quoted: bool) -> Sub:
        match = re.compile(r"`((?:[^`\\]|\\.)*)`", re.S).match(self.text, self.i)
        if not match:
            raise self.fail("quote", "`")
        self.i = match.end()
        source = re.sub(r"\\([$`\\])", r"\1", match.group(1))
        if quoted:
            source = source.replace('\\"', '"')
        line = self.line
        self.line += match.group().count("\n")
        return Sub(self.parsed(source, line), quoted)

    _OPERATION = re.compile(r":?[-=+?]|##?|%%?|//?|\^\^?|,,?|:|@[A-Za-z]")

    def _braces(self, quoted: bool) -> Var:
        text = self.text
        self.i += 2
        length = text[self.i] == "#" and text[self.i + 1 : self.i + 2] not in ("}", "") if self.i < len(text) else False
        if length:
            self.i += 1
        indirect = self.bash and re.match(r"![A-Za-z0-9_#]", text[self.i : self.i + 2]) is not None
        if indirect:
            self.i += 1
        name = self._parameter()
        index = self._index() if self.bash and text[self.i : self.i + 1] == "[" else None
        op, word, other = "", None, None
        match = self._OPERATION.match(text, self.i)
        if match and not length:
            op = match.group()
            if op[0] == "@" and self.dialect == "ash":
                raise self.fail("substitution", op)
            self.i = match.end()
            word, other = self._operand(op, quoted)
        if self.i >= len(text):
            raise self.fail("quote", "}")
        if text[self.i] != "}":
            end = text.find("}", self.i)
            raise self.fail("substitution", text[self.i : end if end > 0 else len(text)])
        self.i += 1
        return Var(name, "length" if length else "!" + op if indirect else op, word, quoted, index, other)

    def _parameter(self) -> str:
        match = _NAME.match(self.text, self.i) or re.compile(r"\d+").match(self.text, self.i)
        if match:
            self.i = match.end()
            return match.group()
        c = self.text[self.i : self.i + 1]
        if not c or c not in _SPECIAL:
            raise self.fail("substitution", c)
        self.i += 1
        return c

    def _index(self) -> Word:
        self.i += 1
        word = self.read_word(stop="]")
        self.i += 1
        return word

    def _operand(self, op: str, quoted: bool) -> tuple[Word, Word | None]:
        if op in ("/", "//"):
            word = self.read_word(stop="/}")
            if self.text[self.i : self.i + 1] == "/":
                self.i += 1
                return word, self._operand_word(quoted)
            return word, ()
        if op in ("#", "##", "%", "%%", ":", "^", "^^", ",", ",,"):
            return self.read_word(stop="}"), None
        return self._operand_word(quoted), None

    def _operand_word(self, quoted: bool) -> Word:
        if not quoted:
            return self.read_word(stop="}")
        parts: list[Part] = []
        while self.i < len(self.text) and self.text[self.i] != "}":
            if self.text[self.i] == '"':
                self.i += 1
                parts.extend(self.quoted_word(end='"'))
                self.i += 1
            else:
                parts.extend(self.quoted_word(end='}"'))
        return tuple(parts)
