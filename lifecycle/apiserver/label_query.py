"""Label selectors as a query writes them: `app=web,tier in (front, back),!old`.

Kubernetes: apimachinery/pkg/labels/selector.go
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from lifecycle.core_v1 import field, status
from lifecycle.core_v1.validation import formats

Fits = Callable[[Mapping[str, str]], bool]

OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")

NOWHERE = "<nil>"
"""How Go shows the path of a key: there is none."""

_TOKEN = re.compile(r"[ \t\r\n]*(?:(?P<symbol>==|!=|[=!(),<>])|(?P<word>[^=!(),<> \t\r\n]+))")


class Malformed(ValueError):
    """A text that is no selector; the message is Kubernetes' own."""


class Token(NamedTuple):
    """A symbol, a word, or the end (both empty)."""

    symbol: str = ""
    word: str = ""

    def __str__(self) -> str:
        return self.symbol or self.word


def parse(text: str) -> list[Fits]:
    """Return what a selector asks of labels, all of which has to hold. Raises: Malformed."""
    return _Parser(text).requirements()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = [Token(match["symbol"] or "", match["word"] or "") for match in _TOKEN.finditer(text)]
        self.at = 0

    def ahead(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else Token()

    def take(self) -> Token:
        token = self.ahead()
        self.at += 1
        return token

    def requirements(self) -> list[Fits]:
        found: list[Fits] = []
        while True:
            token = self.ahead()
            if token.symbol not in ("", "!"):
                raise Malformed(f"found '{token}', expected: !, identifier, or 'end of string'")
            if not str(token):
                return found
            try:
                found.append(self.requirement())
            except Malformed as wrong:
                raise Malformed(f"unable to parse requirement: {wrong}") from None
            token = self.take()
            if not str(token):
                return found
            if token.symbol != ",":
                raise Malformed(f"found '{token}', expected: ',' or 'end of string'")
            if self.ahead().symbol not in ("", "!") or not str(self.ahead()):
                raise Malformed(f"found '{self.ahead()}', expected: identifier after ','")

    def requirement(self) -> Fits:
        absent = self.ahead().symbol == "!"
        if absent:
            self.take()
        token = self.take()
        if not token.word:
            raise Malformed(f"found '{token}', expected: identifier")
        key = token.word
        _refuse([field.invalid(NOWHERE, key, "; ".join(wrong)) for wrong in [formats.label_key(key)] if wrong])
        if absent:
            return lambda labels: key not in labels
        if self.ahead().symbol == "," or not str(self.ahead()):
            return lambda labels: key in labels
        return self.comparison(key)

    def comparison(self, key: str) -> Fits:
        operator = str(self.take())
        match operator:
            case "in" | "notin":
                values, inside = self.values(), operator == "in"
                _refuse(_wrong_values(key, values))
                return lambda labels: (labels.get(key) in values) == inside
            case "=" | "==" | "!=":
                wanted, equal = self.value(), operator != "!="
                _refuse(_wrong_values(key, {wanted}))
                return lambda labels: (labels.get(key) == wanted) == equal
            case "<" | ">":
                return _ordered(key, operator, self.value())
        raise Malformed(f"found '{operator}', expected: {', '.join(OPERATORS)}")

    def value(self) -> str:
        if self.ahead().symbol == "," or not str(self.ahead()):
            return ""
        token = self.take()
        if not token.word:
            raise Malformed(f"found '{token}', expected: identifier")
        return token.word

    def values(self) -> set[str]:
        """Return what stands in parentheses: words, each of which may be empty."""
        token = self.take()
        if token.symbol != "(":
            raise Malformed(f"found '{token}' expected: '('")
        if not self.ahead().word and self.ahead().symbol not in (",", ")"):
            raise Malformed(f"found '{self.ahead()}', expected: ',', ')' or identifier")
        found, empty = set[str](), True
        while True:
            token = self.take()
            if token.word:
                found.add(token.word)
                empty = False
                if self.ahead().symbol not in (",", ")"):
                    raise Malformed(f"found '{self.ahead()}', expected: ',' or ')'")
            elif token.symbol in (",", ")"):
                found |= {""} if empty else set()
                empty = True
                if token.symbol == ")":
                    return found
            else:
                raise Malformed(f"found '{token}', expected: ',', or identifier")


def _ordered(key: str, operator: str, text: str) -> Fits:
    why = "for 'Gt', 'Lt' operators, the value must be an integer"
    wrong = [] if _is_number(text) else [field.invalid("values[0]", text, why)]
    _refuse([*wrong, *_wrong_values(key, {text})])
    bound, more = int(text), operator == ">"

    def fits(labels: Mapping[str, str]) -> bool:
        own = labels.get(key)
        return own is not None and _is_number(own) and (int(own) > bound if more else int(own) < bound)

    return fits


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII))


def _wrong_values(key: str, values: set[str]) -> list[field.Error]:
    found = ((f"values[{i}][{key}]", value, formats.label_value(value)) for i, value in enumerate(sorted(values)))
    return [field.invalid(path, value, "; ".join(texts)) for path, value, texts in found if texts]


def _refuse(errors: list[field.Error]) -> None:
    if errors:
        raise Malformed(status.aggregate(errors))
