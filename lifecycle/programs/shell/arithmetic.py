"""`$((...))`: whole numbers of 64 bits, C's operators, assignments."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(
    r"\s*(0[xX][0-9a-fA-F]+|\d+#\w+|\d+|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[-+*/%&|^<>=!~?:(),])"
)
_LEVELS = {
    op: level
    for level, ops in enumerate(("||", "&&", "|", "^", "&", "== !=", "<= >= < >", "<< >>", "+ -", "* / %"))
    for op in ops.split()
}
"""How closely each operator binds."""
_ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}


class ArithmeticError_(Exception):
    """`kind` is syntax, zero or recursion; `token` where it went wrong."""

    def __init__(self, kind: str, token: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.token = token


def evaluate(text: str, get: Callable[[str], str], put: Callable[[str, str], None]) -> int:
    """Return the value of an expression. Raises: ArithmeticError_."""
    if text.isdigit() and not (len(text) > 1 and text[0] == "0"):
        return wrap(whole(text))
    return Expression(text, get, put, Extent()).value()


def wrap(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def whole(digits: str, base: int = 10) -> int:
    """Return the number that digits mean; of very many only the last count. Raises: ValueError."""
    return int(digits[-MAX_DIGITS:], base)


MAX_DIGITS = 1_000
MAX_TOKENS = 10_000
"""How long an expression may be, with those that the variables in it hold."""
MAX_DEPTH = 40
"""How deep parts of expressions, and those that variables hold, may stand in each other."""


class Extent:
    """How many tokens an expression has, with those that the variables in it hold, and how deep in it somebody is."""

    def __init__(self) -> None:
        self.tokens = self.depth = 0


class Expression:
    """One expression on its way. `live` is off in a branch that is read but not taken."""

    def __init__(self, text: str, get: Callable[[str], str], put: Callable[[str, str], None], extent: Extent) -> None:
        self.extent = extent
        self.text = text
        self.get = get
        self.put = put
        self.live = True
        self.tokens = self._tokens(text)
        self.i = 0

    def _tokens(self, text: str) -> list[str]:
        tokens, at = [], 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise ArithmeticError_("syntax", text[at:])
            tokens.append(match.group(1))
            at = match.end()
        self.extent.tokens += len(tokens)
        if self.extent.tokens > MAX_TOKENS:
            raise ArithmeticError_("recursion", text)
        return tokens

    def deeper(self, read: Callable[[], int]) -> int:
        """Read a part within a part."""
        if self.extent.depth >= MAX_DEPTH:
            raise ArithmeticError_("recursion", self.text)
        self.extent.depth += 1
        value = read()
        self.extent.depth -= 1
        return value

    def value(self) -> int:
        if not self.tokens:
            return 0
        value = self.comma()
        if self.i < len(self.tokens):
            raise ArithmeticError_("syntax", " ".join(self.tokens[self.i :]))
        return value

    def peek(self) -> str:
        return self.tokens[self.i] if self.i < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.i += 1
        return token

    def comma(self) -> int:
        value = self.assignment()
        while self.peek() == ",":
            self.take()
            value = self.assignment()
        return value

    def assignment(self) -> int:
        name = self.peek()
        following = self.tokens[self.i + 1] if self.i + 1 < len(self.tokens) else ""
        if following not in _ASSIGN or not (name[0].isalpha() or name[0] == "_"):
            return self.ternary()
        self.i += 2
        right = self.deeper(self.assignment)
        if following != "=":
            right = self.apply(following[:-1], self.variable(name), right)
        self.store(name, right)
        return right

    def store(self, name: str, value: int) -> None:
        if self.live:
            self.put(name, str(value))

    def ternary(self) -> int:
        test = self.binary(0)
        if self.peek() != "?":
            return test
        self.take()
        live = self.live
        self.live = live and bool(test)
        yes = self.deeper(self.assignment)
        if self.take() != ":":
            raise ArithmeticError_("syntax", self.text)
        self.live = live and not test
        no = self.deeper(self.assignment)
        self.live = live
        return yes if test else no

    def binary(self, least: int) -> int:
        """Return the value of operands between operators that bind so closely at least."""
        left = self.power()
        while (level := _LEVELS.get(self.peek(), -1)) >= least:
            op, live = self.take(), self.live
            if op == "&&":
                self.live = live and bool(left)
            elif op == "||":
                self.live = live and not left
            right = self.binary(level + 1)
            self.live = live
            left = self.apply(op, left, right)
        return left

    def power(self) -> int:
        base = self.unary()
        if self.peek() != "**":
            return base
        self.take()
        exponent = self.deeper(self.power)
        if exponent < 0 or exponent > 10_000:
            raise ArithmeticError_("syntax", self.text)
        return wrap(pow(base, exponent, 1 << 64)) if abs(base) > 1 else base**exponent

    def unary(self) -> int:
        token = self.peek()
        if token in ("+", "-", "!", "~"):
            self.take()
            value = self.deeper(self.unary)
            return {"+": value, "-": wrap(-value), "!": int(not value), "~": ~value}[token]
        if token in ("++", "--"):
            self.take()
            name = self.take()
            value = wrap(self.variable(name) + (1 if token == "++" else -1))
            self.store(name, value)
            return value
        return self.primary()

    def primary(self) -> int:
        token = self.take()
        if token == "(":
            value = self.deeper(self.comma)
            if self.take() != ")":
                raise ArithmeticError_("syntax", self.text)
            return value
        if token[:1].isdigit():
            return self.number(token)
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise ArithmeticError_("syntax", token)
        value = self.variable(token)
        if self.peek() in ("++", "--"):
            self.store(token, wrap(value + (1 if self.take() == "++" else -1)))
        return value

    def number(self, token: str) -> int:
        try:
            if "#" in token:
                base, digits = token.split("#")
                return wrap(whole(digits, whole(base)))
            if token[:2] in ("0x", "0X"):
                return wrap(whole(token[2:], 16))
            return wrap(whole(token, 8) if len(token) > 1 and token[0] == "0" else whole(token))
        except ValueError as error:
            raise ArithmeticError_("syntax", token) from error

    def variable(self, name: str) -> int:
        text = self.get(name).strip()
        if not text:
            return 0
        if text.isdigit() or (text[0] == "-" and text[1:].isdigit()):
            return self.number(text) if text[0] != "-" else -self.number(text[1:])
        return self.deeper(Expression(text, self.get, self.put, self.extent).value)

    def apply(self, op: str, a: int, b: int) -> int:
        if not self.live:
            return 0
        match op:
            case "/" | "%":
                if b == 0:
                    raise ArithmeticError_("zero", self.text)
                quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
                return wrap(quotient if op == "/" else a - b * quotient)
            case "<<":
                return wrap(a << (b & 63))
            case ">>":
                return a >> (b & 63)
        return wrap(int(_SIMPLE[op](a, b)))


_SIMPLE: dict[str, Callable[[int, int], int]] = {
    "||": lambda a, b: bool(a) or bool(b),
    "&&": lambda a, b: bool(a) and bool(b),
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&": lambda a, b: a & b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}
