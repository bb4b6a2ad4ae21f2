"""`test`, `[` and `[[`: what they ask of files, texts and numbers, and how each shell complains."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lifecycle.programs import regex
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.paths import join
from lifecycle.programs.shell import patterns
from lifecycle.programs.shell.arithmetic import evaluate
from lifecycle.programs.terminal import is_terminal

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.shell.turn import Turn
    from lifecycle.programs.state import Process

UNARY = set("bcdefghLkprsSuwxGONtzn")
NUMERIC = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}
BINARY = {"=", "==", "!=", "<", ">", "-nt", "-ot", "-ef", *NUMERIC}
MAX_DEPTH = 50
"""How deep parentheses, and negations, may stand in each other."""


class TestError(Exception):
    """A use of test that makes no sense; `kind` and `word` say how."""

    __test__ = False

    def __init__(self, kind: str, word: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.word = word


_TEXTS = {
    "ash": {
        "number": "{}: bad number",
        "operator": "{}: unknown operand",
        "unary": "{}: unknown operand",
        "argument": "{}: argument expected",
        "paren": "closing paren expected",
    },
    "dash": {
        "number": "Illegal number: {}",
        "operator": "{}: unexpected operator",
        "unary": "{}: unexpected operator",
        "argument": "{}: argument expected",
        "paren": "closing paren expected",
    },
    "bash": {
        "number": "{}: integer expression expected",
        "operator": "{}: binary operator expected",
        "unary": "{}: unary operator expected",
        "argument": "argument expected",
        "many": "too many arguments",
        "paren": "`)' expected",
    },
    "coreutils": {
        "number": "invalid integer '{}'",
        "operator": "'{}': binary operator expected",
        "unary": "'{}': unary operator expected",
        "argument": "missing argument after '{}'",
    },
}


def explain(flavor: str, error: TestError) -> str:
    """Return a shell's words for a test that makes no sense."""
    texts = _TEXTS[flavor]
    return texts.get(error.kind, texts["operator"]).format(error.word)


class Tests:
    """Answers questions of one process."""

    def __init__(self, machine: Machine, process: Process, dialect: str = "bash") -> None:
        self.machine = machine
        self.process = process
        self.dialect = dialect

    def test(self, args: list[str]) -> bool:
        """Return what `test ARGS` says. POSIX decides by the number of arguments. Raises: TestError."""
        while len(args) > 4 and args[0] == "(" and args[-1] == ")":
            args = args[1:-1]
        n = len(args)
        if n == 0:
            return False
        if n == 1:
            return args[0] != ""
        if n == 2:
            return self._two(args)
        if n == 3 and args[1] in BINARY:
            return self.binary(args[0], args[1], args[2])
        if n == 3 and args[1] in ("-a", "-o"):
            return (bool(args[0]) and bool(args[2])) if args[1] == "-a" else (bool(args[0]) or bool(args[2]))
        if args[0] == "!" and n in (3, 4):
            return not self.test(args[1:])
        if args[0] == "(" and args[-1] == ")":
            return self.test(args[1:-1])
        parser = _Long(self, args)
        value = parser.either()
        if parser.i < len(args):
            raise TestError("many" if parser.i else "operator", args[parser.i])
        return value

    def _two(self, args: list[str]) -> bool:
        if args[0] == "!":
            return args[1] == ""
        if len(args[0]) == 2 and args[0][0] == "-" and args[0][1] in UNARY:
            return self.unary(args[0][1], args[1])
        if args[1] in BINARY and self.dialect != "bash":
            raise TestError("argument", args[1])
        raise TestError("unary", args[1] if self.dialect == "ash" else args[0])

    def unary(self, op: str, value: str) -> bool:
        if op == "z":
            return value == ""
        if op == "n":
            return value != ""
        if op == "t":
            return value.isdigit() and is_terminal(self.machine, self.process, int(value))
        try:
            node = self.machine.view.find(join(self.process.cwd, value), follow=op not in "Lh")[1] if value else None
        except FileError:
            node = None
        return self._file(op, value, node)

    def _file(self, op: str, value: str, node: Node | None) -> bool:
        if node is None:
            return (
                op in "edfrs"
                and value.startswith(("/proc/", "/sys/fs/cgroup/"))
                and self.machine.room.proc_exists(self.machine, self.process, value)
            )
        kind = {"d": "d", "f": "f", "L": "l", "h": "l", "p": "p", "S": "s", "c": "c", "b": "b"}.get(op)
        if kind:
            return node.kind == kind
        if op == "s":
            return node.size > 0 or node.kind == "d"
        if op in "rwx":
            bit = {"r": 4, "w": 2, "x": 1}[op]
            if self.process.user == 0:
                return op != "x" or node.kind == "d" or bool(node.mode & 0o111)
            return bool(node.mode >> (6 if node.user == self.process.user else 0) & bit)
        if op in "ugk":
            return bool(node.mode & {"u": 0o4000, "g": 0o2000, "k": 0o1000}[op])
        return op != "O" or node.user == self.process.user

    def binary(self, a: str, op: str, b: str) -> bool:
        match op:
            case "=" | "==":
                return a == b
            case "!=":
                return a != b
            case "<":
                return a < b
            case ">":
                return a > b
            case "-nt" | "-ot" | "-ef":
                return self._files(a, op, b)
        x, y = self.number(a), self.number(b)
        return {"-eq": x == y, "-ne": x != y, "-lt": x < y, "-le": x <= y, "-gt": x > y, "-ge": x >= y}[op]

    def _files(self, a: str, op: str, b: str) -> bool:
        left = self.machine.view.get(join(self.process.cwd, a))
        right = self.machine.view.get(join(self.process.cwd, b))
        if op == "-ef":
            return left is not None and left is right
        first, second = (left, right) if op == "-nt" else (right, left)
        if first is None or second is None:
            return first is not None and self.dialect == "bash"
        return first.mtime > second.mtime

    def number(self, text: str) -> int:
        if not re.fullmatch(r"\s*[-+]?[0-9]{1,1000}\s*", text):
            raise TestError("number", text)
        return int(text)


class _Long:
    """The long form: `-a`, `-o`, `!` and parentheses, in their order of precedence."""

    def __init__(self, tests: Tests, args: list[str]) -> None:
        self.tests = tests
        self.args = args
        self.i = 0
        self.depth = 0

    def either(self) -> bool:
        value = self.both()
        while self.args[self.i : self.i + 1] == ["-o"]:
            self.i += 1
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.args[self.i : self.i + 1] == ["-a"]:
            self.i += 1
            value = self.one() and value
        return value

    def one(self) -> bool:
        args, i = self.args, self.i
        if i >= len(args):
            raise TestError("argument", args[-1])
        if i + 2 < len(args) and args[i + 1] in BINARY:
            self.i += 3
            return self.tests.binary(args[i], args[i + 1], args[i + 2])
        if args[i] == "!":
            self.i += 1
            return not self._deeper(self.one)
        if args[i] == "(":
            self.i += 1
            value = self._deeper(self.either)
            if self.args[self.i : self.i + 1] != [")"]:
                raise TestError("paren", args[-1])
            self.i += 1
            return value
        if len(args[i]) == 2 and args[i][0] == "-" and args[i][1] in UNARY and i + 1 < len(args):
            self.i += 2
            return self.tests.unary(args[i][1], args[i + 1])
        self.i += 1
        return args[i] != ""

    def _deeper(self, read: Callable[[], bool]) -> bool:
        """Read what stands in parentheses, or behind a `!`."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TestError("many", self.args[self.i - 1])
        value = read()
        self.depth -= 1
        return value


class Bracket:
    """`[[ ... ]]`: patterns and regular expressions on the right side, no splitting."""

    def __init__(self, turn: Turn, tokens: list[Any]) -> None:
        self.turn = turn
        self.tests = Tests(turn.machine, turn.process)
        self.tokens = tokens
        self.i = 0

    def value(self) -> bool:
        return self.either()

    def peek(self) -> Any:
        return self.tokens[self.i] if self.i < len(self.tokens) else None

    def either(self) -> bool:
        value = self.both()
        while self.peek() == "||":
            self.i += 1
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.peek() == "&&":
            self.i += 1
            right = self.one()
            value = value and right
        return value

    def one(self) -> bool:
        token, negated = self.peek(), False
        while token == "!":
            self.i += 1
            token, negated = self.peek(), not negated
        return self._alone(token) != negated

    def _alone(self, token: Any) -> bool:
        if token == "(":
            self.i += 1
            value = self.either()
            self.i += 1
            return value
        if isinstance(token, str) and token.startswith("-") and isinstance(self._at(1), tuple):
            self.i += 2
            return self._unary(token[1:], self._at(-1)[0])
        self.i += 1
        left = token[0] if isinstance(token, tuple) else str(token or "")
        op = self.peek()
        if isinstance(op, str) and op not in ("&&", "||", ")", "!"):
            right = self._at(1)
            self.i += 2
            return self._binary(left, op, right if isinstance(right, tuple) else (str(right or ""), str(right or "")))
        return left != ""

    def _at(self, offset: int) -> Any:
        return self.tokens[self.i + offset] if self.i + offset < len(self.tokens) else None

    def _unary(self, op: str, value: str) -> bool:
        if op == "v":
            name, _, key = value.removesuffix("]").partition("[")
            return (self.turn.element(name, key) if key else self.turn.parameter(name)) is not None
        return self.tests.unary(op, value)

    def _binary(self, left: str, op: str, right: tuple[str, str]) -> bool:
        text, pattern = right
        if op in ("=", "==", "!="):
            return patterns.matches(pattern, left, True) == (op != "!=")
        if op == "=~":
            return self._regular(left, pattern)
        if op in NUMERIC:
            x, y = (evaluate(side, self.turn.get_text, self.turn.set_checked) for side in (left, text))
            return self.tests.binary(str(x), op, str(y))
        return self.tests.binary(left, op, text)

    def _regular(self, left: str, expression: str) -> bool:
        found = regex.compiled(expression, True, "nocasematch" in self.turn.shell.options)
        self.turn.machine.work(found.cost(len(left)))
        match = found.search(left)
        groups = {str(i): group or "" for i, group in enumerate((match.text(), *match.groups()))} if match else {}
        self.turn.shell.vars["BASH_REMATCH"] = groups
        return match is not None
