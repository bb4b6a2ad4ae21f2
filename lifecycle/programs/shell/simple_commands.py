"""Simple commands: their words, assignments, arrays, redirections and here-documents; functions, which begin like them."""

from __future__ import annotations

import re
from abc import abstractmethod

from lifecycle.programs.shell.lexer import Heredoc, Lexer, Token
from lifecycle.programs.shell.syntax import (
    AndOr,
    ArrayLit,
    Assign,
    Command,
    Function,
    Group,
    Item,
    Lit,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Word,
)
from lifecycle.programs.shell.words import ParseError

_DECLARING = [(Lit(name),) for name in ("declare", "local", "typeset", "export", "readonly")]
RESERVED = {"if", "then", "else", "elif", "fi", "do", "done", "case", "esac", "while", "until", "for", "{", "}", "!", "in"}
CLOSERS = {"then", "else", "elif", "fi", "do", "done", "esac", "}"}
REDIRECTIONS = {"<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"}
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\+?=)")
_INDEXED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[([^]]*)\](\+?=)")
_FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_:.+-]*")


class SimpleCommands(Lexer):
    """The part of the parser that reads commands without words of the grammar."""

    @abstractmethod
    def _command(self) -> Command:
        """Read any command, for a function's body."""

    def skip_newlines(self) -> None:
        while self.peek().kind == "newline":
            self.take()

    def _reserved(self, token: Token) -> str:
        return token.text if token.kind == "word" and token.text in RESERVED else ""

    def _unexpected(self, expecting: str = "") -> ParseError:
        token = self.peek()
        self.line = token.line
        return self.fail("eof" if token.kind == "eof" else "unexpected", token.text, expecting)

    def _expect(self, text: str) -> None:
        if self.peek().text != text or self.peek().kind in ("eof", "newline"):
            raise self._unexpected(text)
        self.take()

    def _simple(self) -> Command:
        assigns: list[Assign] = []
        arrays: list[Assign] = []
        words: list[Word] = []
        redirects: list[Redirect | Heredoc] = []
        line = self.peek().line
        first = self.peek()
        if self._reserved(first) in CLOSERS or (first.kind != "word" and first.text not in REDIRECTIONS):
            raise self._unexpected()
        while True:
            token = self.peek()
            if token.kind == "op" and token.text in REDIRECTIONS:
                redirects.append(self._redirect())
            elif token.kind != "word":
                if token.text == "(" and len(words) == 1 and not assigns and not redirects:
                    return self._function(first)
                break
            elif not words and (assign := self._assignment(token)) is not None:
                assigns.append(assign)
            elif self.bash and words and words[0] in _DECLARING and re.fullmatch(r"\w+\+?=", token.text) and self._array_next():
                later = self._assignment(token)
                assert later is not None
                arrays.append(later)
                words.append((Lit(later.name),))
            else:
                words.append(self.take().word)
        simple = Simple(tuple(assigns), tuple(words), self._resolve(redirects), line)
        if not arrays:
            return simple
        commands = (simple, *(Simple((one,), (), (), line) for one in arrays))
        return Group(Sequence(tuple(Item(AndOr(Pipeline((command,)))) for command in commands)))

    def _array_next(self) -> bool:
        """Say whether what follows the word that was peeked at is the list of an array."""
        return self.text[self.i : self.i + 1] == "("

    def _function(self, name: Token) -> Function:
        self.take()
        self._expect(")")
        if not _FUNCTION_NAME.fullmatch(name.text):
            raise self.fail("function", name.text)
        self.skip_newlines()
        return Function(name.text, self._command())

    def _assignment(self, token: Token) -> Assign | None:
        match = _ASSIGNMENT.match(token.text)
        index: Word | None = None
        if match:
            name, op = match.groups()
        elif self.bash and (indexed := _INDEXED.match(token.text)):
            name, at, op = indexed.groups()
            match, index = indexed, type(self)(at, self.dialect).quoted_word(end="")
        else:
            return None
        if op == "+=" and not self.bash:
            return None
        self.take()
        if self.bash and match.end() == len(token.text) and self.text[self.i : self.i + 1] == "(":
            return Assign(name, self._array(), op == "+=", index)
        value = _cut(token.word, match.end()) if index is None else _after_subscript(token.word, f"]{op}")
        return Assign(name, value, op == "+=", index)

    def _array(self) -> Word:
        self.i += 1
        words: list[Word] = []
        while True:
            token = self.take()
            if token.kind == "op" and token.text == ")":
                return (ArrayLit(tuple(words)),)
            if token.kind == "word":
                words.append(token.word)
            elif token.kind != "newline":
                raise self.fail("eof" if token.kind == "eof" else "unexpected", token.text, ")")

    def _redirect(self) -> Redirect | Heredoc:
        token = self.take()
        target = self.take()
        if target.kind != "word":
            raise self.fail("unexpected" if target.kind != "eof" else "eof", target.text)
        fd = token.fd if token.fd >= 0 else 0 if token.text[0] == "<" else 1
        if token.text in ("<<", "<<-"):
            document = self.add_heredoc(target, token.text == "<<-")
            document.redirect = Redirect(fd, "<<", ())
            if self.peeked is None:
                self.peek()
            return document
        if token.text == "<<<":
            return Redirect(fd, "<<<", target.word)
        return Redirect(fd, token.text, target.word)

    def _redirects(self) -> tuple[Redirect, ...]:
        found: list[Redirect | Heredoc] = []
        while self.peek().kind == "op" and self.peek().text in REDIRECTIONS:
            found.append(self._redirect())
        return self._resolve(found)

    def _resolve(self, redirects: list[Redirect | Heredoc]) -> tuple[Redirect, ...]:
        """Give here-documents their text. It stands behind the line's end, which may not have been read yet."""
        resolved = []
        for redirect in redirects:
            if isinstance(redirect, Heredoc):
                if id(redirect) not in self.bodies:
                    self._read_ahead()
                assert redirect.redirect is not None
                redirect = Redirect(redirect.redirect.fd, "<<", self.bodies.pop(id(redirect)))
            resolved.append(redirect)
        return tuple(resolved)

    def _read_ahead(self) -> None:
        """Read the bodies of the here-documents that are open, and cut them out of the text."""
        end = self.text.find("\n", self.i)
        if end < 0:
            self.text += "\n"
            end = len(self.text) - 1
        here, line = self.i, self.line
        self.i = end + 1
        self._read_heredocs()
        self.cut += self.i - (end + 1)
        self.text = self.text[: end + 1] + self.text[self.i :]
        self.i, self.line = here, line


def _after_subscript(word: Word, end: str) -> Word:
    """Return what follows the subscript in a word such as `a[$i]=x`."""
    for i, part in enumerate(word):
        if isinstance(part, Lit) and not part.quoted and end in part.text:
            left = part.text.partition(end)[2]
            return (Lit(left), *word[i + 1 :]) if left else tuple(word[i + 1 :])
    return ()


def _cut(word: Word, size: int) -> Word:
    """Return a word without its first characters, which are plain."""
    first, *rest = word
    assert isinstance(first, Lit)
    if len(first.text) < size:
        return _cut((*rest,), size - len(first.text))
    left = first.text[size:]
    return (Lit(left), *rest) if left else tuple(rest)
