"""awk's grammar: from a program's text to trees.

A tree is a tuple: its kind, then what it is made of. Places that can be assigned to are var, field and element.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from lifecycle.programs.lists import names

_TOKEN = re.compile(
    r"(?:[ \t\r]|\\\r?\n)*(?:(?P<newline>(?:#[^\n]*)?\n|;)|(?P<comment>#[^\n]*)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
    r'|(?P<string>"(?:[^"\\\n]|\\.|\\\n)*")|(?P<name>[A-Za-z_]\w*)'
    r"|(?P<op>\+\+|--|\*\*=|\*\*|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|!~|&&|\|\||>>|[-+*/%^!<>~?:,(){}\[\]=$|]))",
    re.S,
)
_REGEX = re.compile(r"(?:[ \t\r]|\\\r?\n)*/((?:[^/\\\n\[]|\\.|\[\^?\]?(?:\[:\w+:\]|[^]\n])*\])*)/")
KEYWORDS = frozenset(
    names(
        "BEGIN END if else while for do in print printf next nextfile exit delete function func getline break continue return"
    )
)
FUNCTIONS = frozenset(
    names(
        "length substr index split sub gsub gensub match tolower toupper sprintf int sqrt exp log sin cos atan2 rand srand "
        "systime strftime mktime system close fflush and or xor lshift rshift compl"
    )
)
_ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "^=", "**="}
PLACES = ("var", "field", "element")
MAX_DEPTH = 60

Tree = tuple[Any, ...]


class AwkError(Exception):
    """A program that makes no sense."""


class Program:
    """Rules are (pattern, last pattern, action); functions have their parameters and their body."""

    def __init__(self) -> None:
        self.rules: list[Tree] = []
        self.functions: dict[str, tuple[list[str], list[Tree]]] = {}


class Parser:
    """Reads a program from its start."""

    def __init__(self, text: str) -> None:
        self.tokens = self._tokens(text)
        self.i = 0
        self.depth = 0

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        out: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            before = out[-1] if out else ("", "")
            slash = None
            if not (
                before[0] in ("number", "string", "regex")
                or (before[0] == "name" and (before[1] not in KEYWORDS or before[1] == "getline"))
                or before[1] in (")", "]", "$", "++", "--")
            ):
                slash = _REGEX.match(text, at)
            if slash:
                out.append(("regex", slash.group(1)))
                at = slash.end()
                continue
            match = _TOKEN.match(text, at)
            if not match:
                if text[at:].strip(" \t\r\\") == "":
                    break
                raise AwkError(f"unexpected character near {text[at : at + 10]!r}")
            kind = match.lastgroup or ""
            if kind != "comment":
                out.append((kind, match.group(kind)))
            if kind == "name" and match.group(kind) not in KEYWORDS and text[match.end() : match.end() + 1] == "(":
                out[-1] = ("call", match.group(kind))
            at = match.end()
        out.append(("end", ""))
        return out

    # ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def peek(self, ahead: int = 0) -> str:
        token = self.tokens[min(self.i + ahead, len(self.tokens) - 1)]
        return token[1] if token[0] not in ("string", "regex") else "\0"

    def kind(self) -> str:
        return self.tokens[self.i][0]

    def take(self, text: str | None = None) -> tuple[str, str]:
        token = self.tokens[self.i]
        if text is not None and (token[1] != text or token[0] in ("string", "regex")):
            raise AwkError(f"syntax error at or near {token[1] or 'end of file'}")
        self.i += token[0] != "end"
        return token

    def accept(self, text: str) -> bool:
        if self.peek() != text:
            return False
        self.i += 1
        return True

    def skip(self) -> None:
        while self.kind() == "newline":
            self.i += 1

    def lines(self) -> None:
        """Skip ends of lines, where a statement goes on after them."""
        while self.kind() == "newline" and self.peek() != ";":
            self.i += 1

    # ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def program(self) -> Program:
        program = Program()
        self.skip()
        while self.kind() != "end":
            if self.peek() in ("function", "func"):
                self._function(program)
            else:
                program.rules.append(self._rule())
            self.skip()
        return program

    def _function(self, program: Program) -> None:
        self.take()
        name = self.take()[1]
        self.take("(")
        parameters: list[str] = []
        while not self.accept(")"):
            parameters.append(self.take()[1])
            self.accept(",")
            self.lines()
        self.lines()
        program.functions[name] = (parameters, self._block())

    def _rule(self) -> Tree:
        if self.peek() in ("BEGIN", "END"):
            return (self.take()[1], None, self._block())
        if self.peek() == "{":
            return ("always", None, self._block())
        first = self.expression()
        last = None
        if self.accept(","):
            self.lines()
            last = self.expression()
        return (first, last, self._block() if self.peek() == "{" else [("print", [], None)])

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _block(self) -> list[Tree]:
        self.take("{")
        out: list[Tree] = []
        self.skip()
        while self.peek() != "}":
            out.append(self._statement())
            if self.kind() != "newline" and self.peek() != "}" and self.tokens[self.i - 1][1] not in ("}", ";", "\n"):
                raise AwkError(f"syntax error at or near {self.tokens[self.i][1] or 'end of file'}")
            self.skip()
        self.take("}")
        return out

    def _body(self) -> list[Tree]:
        self.lines()
        if self.peek() == "{":
            return self._block()
        if self.peek() == ";":
            self.take()
            return []
        statement = self._statement()
        if self.peek() == ";":
            self.take()
        return [statement]

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
        if word in ("next", "nextfile", "break", "continue"):
            self.take()
            return (word,)
        if word in ("exit", "return"):
            self.take()
            return (word, None if self.kind() in ("newline", "end") or self.peek() == "}" else self.expression())
        if word == "delete":
            self.take()
            name = self.take()[1]
            return ("delete", name, self._subscript() if self.peek() == "[" else None)
        return ("do", self.expression())

    def _print(self) -> Tree:
        word = self.take()[1]
        items: list[Tree] = []
        if self.kind() not in ("newline", "end") and self.peek() not in ("}", ">", ">>", "|"):
            items.append(self.expression(printing=True))
            while self.accept(","):
                self.lines()
                items.append(self.expression(printing=True))
        if len(items) == 1 and items[0][0] == "group":
            items = list(items[0][1])
        if self.peek() in (">", ">>", "|"):
            return (word, items, (self.take()[1], self._binary(CONCAT, True)))
        return (word, items, None)

    def _test(self) -> Tree:
        self.take("(")
        test = self.expression()
        self.take(")")
        return test

    def _if(self) -> Tree:
        self.take()
        test = self._test()
        yes = self._body()
        at = self.i
        self.skip()
        if self.accept("else"):
            return ("if", test, yes, self._body())
        self.i = at
        return ("if", test, yes, [])

    def _while(self) -> Tree:
        if self.take()[1] == "while":
            test = self._test()
            return ("while", test, self._body())
        body = self._body()
        self.skip()
        self.take("while")
        return ("dowhile", self._test(), body)

    def _for(self) -> Tree:
        self.take()
        self.take("(")
        if self.kind() == "name" and self.peek(1) == "in" and self.peek(3) == ")":
            name = self.take()[1]
            self.take()
            array = self.take()[1]
            self.take(")")
            return ("forin", name, array, self._body())
        start = None if self.peek() == ";" else self._statement()
        self.take(";")
        self.lines()
        test = None if self.peek() == ";" else self.expression()
        self.take(";")
        self.lines()
        step = None if self.peek() == ")" else self._statement()
        self.take(")")
        return ("for", start, test, step, self._body())

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def expression(self, printing: bool = False) -> Tree:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise AwkError("expression too deep")
        try:
            return self._ternary(printing)
        finally:
            self.depth -= 1

    def _ternary(self, printing: bool) -> Tree:
        left = self._binary(0, printing)
        if self.accept("?"):
            self.lines()
            yes = self.expression(printing)
            self.lines()
            self.take(":")
            self.lines()
            return ("?", left, yes, self.expression(printing))
        if self.peek() in _ASSIGN and left[0] in PLACES:
            op = self.take()[1]
            self.lines()
            return ("assign", left, op.replace("**", "^"), self.expression(printing))
        return left

    def _binary(self, level: int, printing: bool) -> Tree:
        if level == len(_LEVELS):
            return self._unary(printing)
        left = self._binary(level + 1, printing)
        while True:
            op = self.peek()
            if level == CONCAT:
                if not self._goes_on():
                    return left
                left = ("concat", left, self._binary(level + 1, printing))
            elif level == COMPARE and op == "|" and self.peek(1) == "getline":
                self.take()
                self.take()
                left = ("getline", "command", left, self._place())
            elif op not in _LEVELS[level] or (printing and op == ">"):
                return left
            elif op == "in":
                self.take()
                left = ("in", left, self.take()[1])
            else:
                self.take()
                if op in ("&&", "||"):
                    self.lines()
                left = ("binary", op, left, self._right(level + 1, printing))

    def _right(self, level: int, printing: bool) -> Tree:
        """Return a right operand; an assignment may stand there without parentheses."""
        right = self._binary(level, printing)
        if self.peek() in _ASSIGN and right[0] in PLACES:
            return ("assign", right, self.take()[1].replace("**", "^"), self.expression(printing))
        return right

    def _goes_on(self) -> bool:
        """Say whether what follows is put to the text before."""
        kind, text = self.tokens[self.i]
        if kind in ("number", "string", "call"):
            return True
        if kind == "name":
            return text not in KEYWORDS
        return kind == "op" and text in ("$", "(", "-", "+", "!", "++", "--") and text not in ("+", "-")

    def _unary(self, printing: bool) -> Tree:
        if self.peek() in ("!", "-", "+"):
            op = self.take()[1]
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise AwkError("expression too deep")
            operand = self._unary(printing)
            self.depth -= 1
            return ("unary", op, operand)
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
        if self.peek() in ("++", "--") and base[0] in PLACES:
            return ("after", self.take()[1], base)
        return base

    def _subscript(self) -> Tree:
        self.take("[")
        keys = [self.expression()]
        while self.accept(","):
            keys.append(self.expression())
        self.take("]")
        return _key(keys)

    def _place(self) -> Tree | None:
        """Return the place that a getline reads into, where there is one."""
        if self.peek() == "$" or (self.kind() == "name" and self.peek() not in KEYWORDS):
            return self.primary()
        return None

    def primary(self) -> Tree:
        kind, text = self.take()
        if kind == "number":
            return ("value", float(int(text, 16)) if text[:2] in ("0x", "0X") else float(text))
        if kind == "string":
            return ("value", unescaped(text[1:-1]))
        if kind == "regex":
            return ("regex", text.replace("\\/", "/"))
        if text == "$":
            return ("field", self._postfix() if self.peek() in ("++", "--") else self._field())
        if text == "(":
            return self._group()
        if text == "getline":
            place = self._place()
            if self.accept("<"):
                return ("getline", "file", self._binary(len(_LEVELS), False), place)
            return ("getline", "main", None, place)
        if (kind == "call" or kind == "name") and text in FUNCTIONS:
            return ("call", text, self._arguments() if self.peek() == "(" else [])
        if kind == "call":
            return ("own", text, self._arguments())
        if kind == "name" and text not in KEYWORDS:
            return ("element", text, self._subscript()) if self.peek() == "[" else ("var", text)
        raise AwkError(f"syntax error at or near {text or 'end of file'}")

    def _field(self) -> Tree:
        if self.peek() in ("-", "!", "+"):
            return ("unary", self.take()[1], self._field())
        return self.primary()

    def _group(self) -> Tree:
        items = [self.expression()]
        while self.accept(","):
            self.lines()
            items.append(self.expression())
        self.take(")")
        if len(items) == 1:
            return items[0] if items[0][0] not in PLACES else ("paren", items[0])
        if self.peek() == "in":
            self.take()
            return ("in", _key(items), self.take()[1])
        return ("group", items)

    def _arguments(self) -> list[Tree]:
        self.take("(")
        args: list[Tree] = []
        self.lines()
        while not self.accept(")"):
            args.append(self.expression())
            self.lines()
            if not self.accept(","):
                self.take(")")
                break
            self.lines()
        return args


_LEVELS = [["||"], ["&&"], ["in"], ["~", "!~"], ["<", "<=", "==", "!=", ">", ">="], ["concat"], ["+", "-"], ["*", "/", "%"]]
COMPARE, CONCAT = 4, 5


def _key(keys: list[Tree]) -> Tree:
    tree = keys[0]
    for key in keys[1:]:
        tree = ("concat", ("concat", tree, ("var", "SUBSEP")), key)
    return tree


_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|(\n)|(.))", re.S)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "/": "/", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        octal, newline, other = match.groups()
        if octal:
            return chr(int(octal, 8) & 255)
        return "" if newline else _ESCAPES.get(other, "\\" + other)

    return _ESCAPE.sub(one, text)


@lru_cache(maxsize=128)
def parse(text: str) -> Program:
    """Return a program as trees. Raises: AwkError."""
    return Parser(text).program()
