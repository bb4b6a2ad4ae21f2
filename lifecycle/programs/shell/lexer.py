"""Tokens of a shell script, here-documents among them."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from lifecycle.programs.shell.syntax import Lit, Redirect, Sequence, Word
from lifecycle.programs.shell.words import Words

OPERATORS = [
    "&>>",
    "<<-",
    "<<<",
    ";;&",
    "&&",
    "||",
    ";;",
    ";&",
    "<<",
    ">>",
    "<&",
    ">&",
    "<>",
    ">|",
    "&>",
    "((",
    ";",
    "&",
    "|",
    "<",
    ">",
    "(",
    ")",
]
BASH_ONLY = {"&>", "&>>", "<<<", ";;&", ";&", "(("}
ASH_TOO = {"&>", "<<<"}


class Token(msgspec.Struct):
    """`kind` is word, op, newline or eof; `text` the operator, or the word as it was written."""

    kind: str
    text: str
    word: Word = ()
    fd: int = -1
    line: int = 1


class Heredoc(msgspec.Struct):
    """A here-document whose text is still to come."""

    delimiter: str
    strip: bool
    raw: bool
    redirect: Redirect | None = None


class Lexer(Words):
    """Reads tokens one by one; `parse_body` parses the list inside a command substitution and is the parser's own."""

    parse_body: Callable[[], Sequence]

    def __init__(self, text: str, dialect: str) -> None:
        super().__init__(text, dialect)
        self.peeked: Token | None = None
        self.heredocs: list[Heredoc] = []
        self.bodies: dict[int, Word] = {}
        self.cut = 0  # characters taken out of the text, for they have been read ahead
        self.unfinished = False  # a here-document has not come to its end
        self.operators = [op for op in OPERATORS if self.bash or op not in BASH_ONLY or (dialect == "ash" and op in ASH_TOO)]

    def peek(self) -> Token:
        if self.peeked is None:
            self.peeked = self._read()
        return self.peeked

    def take(self) -> Token:
        token = self.peek()
        self.peeked = None
        return token

    def _skip_blanks(self) -> None:
        text, n = self.text, len(self.text)
        while self.i < n:
            c = text[self.i]
            if c in " \t\r":
                self.i += 1
            elif c == "\\" and text[self.i + 1 : self.i + 2] == "\n":
                self.i += 2
                self.line += 1
            elif c == "#":
                end = text.find("\n", self.i)
                self.i = n if end < 0 else end
            else:
                return

    def _read(self) -> Token:
        self._skip_blanks()
        text, i, line = self.text, self.i, self.line
        if i >= len(text):
            return Token("eof", "end of file", line=line)
        c = text[i]
        if c == "\n":
            self.i += 1
            self.line += 1
            self._read_heredocs()
            return Token("newline", "newline", line=line)
        if self.bash and text[i : i + 2] in ("<(", ">("):
            return self._word_token()
        for op in self.operators:
            if text.startswith(op, i):
                self.i += len(op)
                return Token("op", op, line=line)
        digits = re.compile(r"\d+(?=[<>])").match(text, i)
        if digits:
            self.i = digits.end()
            token = self._read()
            token.fd = int(digits.group())
            return token
        return self._word_token()

    def _word_token(self) -> Token:
        start, line = self.i, self.line
        word = self.read_word()
        return Token("word", self.text[start : self.i], word, line=line)

    def add_heredoc(self, delimiter: Token, strip: bool) -> Heredoc:
        text = "".join(part.text for part in delimiter.word if isinstance(part, Lit))
        raw = any(isinstance(part, Lit) and part.quoted for part in delimiter.word)
        document = Heredoc(text, strip, raw)
        self.heredocs.append(document)
        return document

    def _read_heredocs(self) -> None:
        documents, self.heredocs = self.heredocs, []
        for document in documents:
            self.bodies[id(document)] = self._heredoc_body(document)

    def _heredoc_body(self, document: Heredoc) -> Word:
        lines: list[str] = []
        while self.i < len(self.text):
            end = self.text.find("\n", self.i)
            end = len(self.text) if end < 0 else end
            line = self.text[self.i : end]
            self.i = min(end + 1, len(self.text))
            self.line += 1
            if document.strip:
                line = line.lstrip("\t")
            if line == document.delimiter:
                break
            lines.append(line)
        else:
            self.unfinished = True
        body = "".join(line + "\n" for line in lines)
        if document.raw:
            return (Lit(body, True),)
        inner = type(self)(body, self.dialect)
        return inner.quoted_word(end="")

    def nested(self) -> Sequence:
        peeked, heredocs = self.peeked, self.heredocs
        self.peeked, self.heredocs = None, []
        body = self.parse_body()
        token = self.take()
        if token.text != ")" or token.kind != "op":
            raise self.fail("eof" if token.kind == "eof" else "unexpected", token.text, ")")
        self.peeked, self.heredocs = peeked, heredocs
        return body

    def parsed(self, source: str, line: int) -> Sequence:
        inner = type(self)(source, self.dialect)
        inner.line = line
        body = inner.parse_body()
        if inner.peek().kind != "eof":
            raise inner.fail("unexpected", inner.peek().text)
        return body
