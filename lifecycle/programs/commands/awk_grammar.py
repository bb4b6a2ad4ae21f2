"""awk's grammar: from a program's text to trees."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(
    r"[ \t\r]*(?:\\\n)?(?:(?P<newline>(?:#[^\n]*)?\n|;)|(?P<comment>#[^\n]*)|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)"
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<name>[A-Za-z_]\w*)|(?P<op>\+\+|--|\*\*|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>~?:,(){}\[\]=$|]))"
)
_KEYWORDS = {
    "BEGIN",
    "END",
    "if",
    "else",
    "while",
    "for",
    "do",
    "in",
    "print",
    "printf",
    "next",
    "exit",
    "delete",
    "function",
    "getline",
    "break",
    "continue",
    "return",
}
_FUNCTIONS = {
    "length",
    "substr",
    "index",
    "split",
    "sub",
    "gsub",
    "match",
    "tolower",
    "toupper",
    "sprintf",
    "int",
    "sqrt",
    "exp",
    "log",
    "rand",
    "srand",
    "systime",
    "system",
}

Tree = tuple[Any, ...]


class AwkError(Exception):
    """What is not modelled or makes no sense."""


class Parser:
    """A program as trees: (pattern, last pattern, action) each."""

    def __init__(self, text: str) -> None:
        self.tokens = self._tokens(text)
        self.i = 0

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        out: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            before = out[-1] if out else ("", "")
            slash = re.compile(r"[ \t]*/((?:[^/\\\n]|\\.)*)/").match(text, at)
            if slash and not (
                before[0] in ("number", "string")
                or (before[0] == "name" and before[1] not in _KEYWORDS)
                or before[1] in (")", "]", "$")
            ):
                out.append(("regex", slash.group(1)))
                at = slash.end()
                continue
            match = _TOKEN.match(text, at)
            if not match:
                if text[at:].strip(" \t\r") == "":
                    break
                raise AwkError(f"unexpected character near {text[at : at + 10]!r}")
            kind = match.lastgroup or ""
            if kind != "comment":
                out.append((kind, match.group(kind)))
            at = match.end()
        out.append(("end", ""))
        return out

    def peek(self) -> str:
        return self.tokens[self.i][1] if self.tokens[self.i][0] not in ("string", "regex") else "\0"

    def kind(self) -> str:
        return self.tokens[self.i][0]

    def take(self, text: str | None = None) -> tuple[str, str]:
        token = self.tokens[self.i]
        if text is not None and (token[1] != text or token[0] in ("string", "regex")):
            raise AwkError(f"syntax error at or near {token[1] or 'end of program'}")
        self.i += 1
        return token

    def skip(self) -> None:
        while self.kind() == "newline":
            self.i += 1

    def program(self) -> list[Tree]:
        rules: list[Tree] = []
        self.skip()
        while self.kind() != "end":
            rules.append(self._rule())
            self.skip()
        return rules

    def _rule(self) -> Tree:
        if self.peek() in ("BEGIN", "END"):
            which = self.take()[1]
            return (which, None, self._block())
        if self.peek() == "function":
            raise AwkError("functions of one's own are not modelled")
        if self.peek() == "{":
            return ("always", None, self._block())
        first = self.expression()
        last = None
        if self.peek() == ",":
            self.take()
            last = self.expression()
        action = self._block() if self.peek() == "{" else [("print", [], None)]
        return (first, last, action)

    def _block(self) -> list[Tree]:
        self.take("{")
        out: list[Tree] = []
        self.skip()
        while self.peek() != "}":
            out.append(self._statement())
            self.skip()
        self.take("}")
        return out

    def _body(self) -> list[Tree]:
        self.skip()
        return self._block() if self.peek() == "{" else [self._statement()]

    def _statement(self) -> Tree:
        word = self.peek()
        if word == "{":
            return ("block", self._block())
        if word in ("print", "printf"):
            return self._print()
        if word == "if":
            return self._if()
        if word in ("while", "do"):
            return self._while()
        if word == "for":
            return self._for()
        if word in ("next", "break", "continue"):
            self.take()
            return (word,)
        if word == "exit":
            self.take()
            return ("exit", None if self.kind() in ("newline", "end") or self.peek() == "}" else self.expression())
        if word == "delete":
            self.take()
            name = self.take()[1]
            key = None
            if self.peek() == "[":
                key = self._subscript()
            return ("delete", name, key)
        return ("do", self.expression())

    def _print(self) -> Tree:
        word = self.take()[1]
        items: list[Tree] = []
        if self.kind() not in ("newline", "end") and self.peek() not in ("}", ">", ">>", "|"):
            items.append(self.expression(printing=True))
            while self.peek() == ",":
                self.take()
                items.append(self.expression(printing=True))
        if len(items) == 1 and items[0][0] == "group":
            items = list(items[0][1])
        target = None
        if self.peek() in (">", ">>", "|"):
            op = self.take()[1]
            if op == "|":
                raise AwkError("pipes are not modelled")
            target = (op, self.primary())
        return (word, items, target)

    def _if(self) -> Tree:
        self.take()
        self.take("(")
        test = self.expression()
        self.take(")")
        yes = self._body()
        at = self.i
        self.skip()
        if self.peek() == "else":
            self.take()
            return ("if", test, yes, self._body())
        self.i = at
        return ("if", test, yes, [])

    def _while(self) -> Tree:
        if self.take()[1] == "do":
            body = self._body()
            self.skip()
            self.take("while")
            self.take("(")
            test = self.expression()
            self.take(")")
            return ("dowhile", test, body)
        self.take("(")
        test = self.expression()
        self.take(")")
        return ("while", test, self._body())

    def _for(self) -> Tree:
        self.take()
        self.take("(")
        if self.kind() == "name" and self.tokens[self.i + 1][1] == "in":
            name = self.take()[1]
            self.take()
            array = self.take()[1]
            self.take(")")
            return ("forin", name, array, self._body())
        start = None if self.peek() == ";" else self._statement()
        self.take(";")
        test = None if self.peek() == ";" else self.expression()
        self.take(";")
        step = None if self.peek() == ")" else self._statement()
        self.take(")")
        return ("for", start, test, step, self._body())

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def expression(self, printing: bool = False) -> Tree:
        left = self._binary(0, printing)
        if self.peek() == "?":
            self.take()
            yes = self.expression(printing)
            self.take(":")
            return ("?", left, yes, self.expression(printing))
        if self.peek() in ("=", "+=", "-=", "*=", "/=", "%=", "^="):
            op = self.take()[1]
            if left[0] not in ("var", "field", "element"):
                raise AwkError("syntax error: assignment to what is no variable")
            return ("assign", left, op, self.expression(printing))
        return left

    _LEVELS = [["||"], ["&&"], ["in"], ["~", "!~"], ["<", "<=", "==", "!=", ">", ">="], ["concat"], ["+", "-"], ["*", "/", "%"]]

    def _binary(self, level: int, printing: bool) -> Tree:
        if level == len(self._LEVELS):
            return self._unary(printing)
        operators = self._LEVELS[level]
        left = self._binary(level + 1, printing)
        while True:
            op = self.peek()
            if operators == ["concat"]:
                starts = (
                    self.kind() in ("number", "string", "regex")
                    or (self.kind() == "name" and op not in ("in", "else", "getline"))
                    or op in ("$", "(", "-", "!")
                )
                if not starts or op in ("-", "!") or self.kind() == "regex":
                    return left
                left = ("concat", left, self._binary(level + 1, printing))
                continue
            if op not in operators or (printing and op == ">"):
                return left
            self.take()
            left = ("in", left, self.take()[1]) if op == "in" else ("binary", op, left, self._binary(level + 1, printing))

    def _unary(self, printing: bool) -> Tree:
        if self.peek() in ("!", "-", "+"):
            return ("unary", self.take()[1], self._unary(printing))
        base = self._postfix()
        if self.peek() in ("^", "**"):
            self.take()
            return ("binary", "^", base, self._unary(printing))
        return base

    def _postfix(self) -> Tree:
        if self.peek() in ("++", "--"):
            op = self.take()[1]
            return ("before", op, self.primary())
        base = self.primary()
        if self.peek() in ("++", "--") and base[0] in ("var", "field", "element"):
            return ("after", self.take()[1], base)
        return base

    def _subscript(self) -> Tree:
        self.take("[")
        keys = [self.expression()]
        while self.peek() == ",":
            self.take()
            keys.append(self.expression())
        self.take("]")
        tree = keys[0]
        for key in keys[1:]:
            tree = ("concat", ("concat", tree, ("value", "\x1c")), key)
        return tree

    def primary(self) -> Tree:
        kind, text = self.take()
        if kind == "number":
            return ("value", float(text))
        if kind == "string":
            return ("value", unescaped(text[1:-1]))
        if kind == "regex":
            return ("regex", text)
        if text == "$":
            return ("field", self._field_number())
        if text == "(":
            items = [self.expression()]
            while self.peek() == ",":
                self.take()
                items.append(self.expression())
            self.take(")")
            return items[0] if len(items) == 1 else ("group", items)
        if kind == "name" and text in _FUNCTIONS:
            return self._function(text)
        if kind == "name" and text not in _KEYWORDS:
            if self.peek() == "[":
                return ("element", text, self._subscript())
            return ("var", text)
        raise AwkError(f"syntax error at or near {text or 'end of program'}")

    def _field_number(self) -> Tree:
        if self.peek() in ("++", "--"):
            return self._postfix()
        return self.primary()

    def _function(self, name: str) -> Tree:
        args: list[Tree] = []
        if self.peek() == "(":
            self.take()
            while self.peek() != ")":
                args.append(self.expression())
                if self.peek() == ",":
                    self.take()
            self.take(")")
        return ("call", name, args)


def unescaped(text: str) -> str:
    return re.sub(
        r"\\(.)",
        lambda m: {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/"}.get(m.group(1), "\\" + m.group(1)),
        text,
    )


@lru_cache(maxsize=128)
def parse(text: str) -> list[Tree]:
    return Parser(text).program()
