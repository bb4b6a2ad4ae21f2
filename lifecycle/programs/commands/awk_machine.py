"""awk at work: its line and fields, variables and arrays; all its memory is the command's `data`, so that it can wait."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from lifecycle.programs import regex
from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.commands.awk_channels import Channels, Wait
from lifecycle.programs.commands.awk_compile import Code
from lifecycle.programs.commands.awk_functions import split
from lifecycle.programs.commands.awk_grammar import AwkError
from lifecycle.programs.commands.awk_values import Value, from_input, text, whole
from lifecycle.programs.commands.call import Call
from lifecycle.programs.regex import Match, Regex

MAX_TEXT = 1 << 20
MAX_FIELDS = 10_000
MAX_CALLS = 1_000
MAX_ELEMENTS = 100_000


class AwkLimit(Exception):
    """The program holds more than a program may: which limit it met."""


class Awk:
    """A program at work. Arrays stand in a table of their own, and variables hold their numbers (the only ints)."""

    def __init__(self, call: Call, code: Code) -> None:
        self.call = call
        self.code = code
        self.data = call.data
        self.vars: dict[str, Value] = call.data["vars"]
        self.stack: list[Value] = call.data["stack"]
        self.channels = Channels(call)
        if self.data["pc"] < 0:
            self.data["pc"] = code.begin
            self.data["inside"] = [False] * code.ranges

    @property
    def form(self) -> str:
        return text(self.vars["CONVFMT"])

    def text(self, value: Value) -> str:
        return value if isinstance(value, str) else text(value, self.form)

    def again(self) -> None:
        """Have the step that is being taken taken once more, when the command goes on. Raises: Wait."""
        self.data["pc"] -= 1
        raise Wait

    def flush(self) -> None:
        out, self.data["out"] = self.data["out"], []
        if out:
            self.call.out("".join(out))

    def put(self, piece: str) -> None:
        """Put out a text, many at a time."""
        out: list[str] = self.data["out"]
        out.append(piece)
        if len(out) >= 64 or len(piece) > 4096:
            self.flush()

    def short(self, made: str) -> str:
        """Return a text that is not too long. Raises: AwkLimit."""
        if len(made) > CHARACTERS_A_STEP:
            if len(made) > MAX_TEXT:
                raise AwkLimit(f"{MAX_TEXT:,} characters in one text of awk")
            self.call.machine.work(len(made) // CHARACTERS_A_STEP)
        return made

    # ── the line and its fields ──────────────────────────────────────────────────────────────────────────────────────

    def set_line(self, line: str) -> None:
        self.data["line"], self.data["fields"], self.data["rebuild"] = line, None, False

    def line(self) -> str:
        if self.data["rebuild"]:
            self.data["line"] = self.short(self.text(self.vars["OFS"]).join(map(self.text, self.data["fields"])))
            self.data["rebuild"] = False
        return str(self.data["line"])

    def fields(self) -> list[Value]:
        if self.data["fields"] is None:
            pieces = split(self, self.data["line"], self.text(self.vars["FS"]))
            self.call.machine.work(len(pieces) // 8)
            self.data["fields"] = [from_input(piece) for piece in pieces]
        fields: list[Value] = self.data["fields"]
        return fields

    def field(self, at: int) -> Value:
        if at == 0:
            return from_input(self.line())
        if at < 0:
            raise AwkError(f"attempt to access field {at}")
        fields = self.fields()
        return fields[at - 1] if at <= len(fields) else None

    def set_field(self, at: int, value: Value) -> None:
        if at == 0:
            self.set_line(self.text(value))
            return
        if not 0 < at <= MAX_FIELDS:
            raise AwkLimit(f"{MAX_FIELDS:,} fields of one line of awk")
        fields = self.fields()
        fields.extend([""] * (at - len(fields)))
        fields[at - 1] = value
        self.data["rebuild"] = True

    def set_count(self, count: int) -> None:
        """Set NF: fields go, or empty ones come."""
        if not 0 <= count <= MAX_FIELDS:
            raise AwkLimit(f"{MAX_FIELDS:,} fields of one line of awk")
        fields = self.fields()
        self.data["fields"] = (fields + [""] * count)[:count]
        self.data["rebuild"] = True

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def held(self, scope: str, name: Any) -> Value:
        if scope == "local":
            return self.data["frames"][-1][1][name]
        return float(len(self.fields())) if name == "NF" else self.vars.get(name)

    def hold(self, scope: str, name: Any, value: Value) -> None:
        if scope == "local":
            self.data["frames"][-1][1][name] = value
        elif name == "NF":
            self.set_count(whole(value))
        else:
            self.vars[name] = value

    def handle(self, scope: str, name: Any) -> int:
        """Return the number of an array, which is made where nothing has been there. Raises: AwkError."""
        held = self.held(scope, name)
        if isinstance(held, int):
            return held
        if held is not None:
            raise AwkError(f"attempt to use scalar `{name}' as an array")
        self.data["made"] += 1
        made: int = self.data["made"]
        self.data["arrays"][str(made)] = {}
        self.hold(scope, name, made)
        return made

    def array(self, scope: str, name: Any) -> dict[str, Value]:
        found: dict[str, Value] = self.data["arrays"][str(self.handle(scope, name))]
        return found

    def loaded(self, kind: str, name: Any, more: Any) -> Value:
        """Return what is at a place; what says where (a field's number, a subscript) is taken from the stack."""
        if kind == "field":
            return self.field(whole(self.stack.pop()))
        if kind == "element":
            return self.array(name, more).setdefault(self.text(self.stack.pop()), None)
        value = self.held(kind, name)
        if isinstance(value, int):
            raise AwkError(f"attempt to use array `{name}' in a scalar context")
        return value

    def stored(self, kind: str, name: Any, more: Any, value: Value) -> None:
        if kind == "field":
            self.set_field(whole(self.stack.pop()), value)
        elif kind == "element":
            array = self.array(name, more)
            array[self.text(self.stack.pop())] = value
            if len(array) > MAX_ELEMENTS:
                raise AwkLimit(f"{MAX_ELEMENTS:,} elements of an array of awk")
        elif isinstance(self.held(kind, name), int):
            raise AwkError(f"attempt to use array `{name}' in a scalar context")
        else:
            self.hold(kind, name, value)

    # ── expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

    def compiled(self, expression: str, source: str) -> Regex:
        """Return a regular expression that is about to be sought in a text."""
        found = regex.compiled(expression, True)
        self.call.machine.work(found.cost(len(source)))
        return found

    def search(self, expression: str, source: str) -> Match | None:
        literal = _literal(expression)
        if literal is not None:
            at = source.find(literal)
            return None if at < 0 else Match(source, [(at, at + len(literal))])
        return self.compiled(expression, source).search(source)


@lru_cache(maxsize=256)
def _literal(expression: str) -> str | None:
    return expression if re.fullmatch(r"[\w @#%&=:;,<>!'\"-]+", expression) else None
