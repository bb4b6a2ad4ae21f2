"""awk: patterns and actions, fields, variables, arrays, the usual functions; a tree that is walked over the whole input."""

from __future__ import annotations

import contextlib
import math
import re
from typing import Any

from lifecycle.programs.commands import regex
from lifecycle.programs.commands.awk_grammar import AwkError, Tree, parse, unescaped
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.shell.printf import printf_text

MAX_STEPS = 200_000
MAX_TEXT = 4 << 20


class _Next(Exception):
    pass


class _Exit(Exception):
    pass


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Awk:
    """A program at work."""

    def __init__(self, call: Call, rules: list[Tree], variables: dict[str, Any]) -> None:
        self.call = call
        self.rules = rules
        self.vars: dict[str, Any] = {
            "FS": " ",
            "OFS": " ",
            "ORS": "\n",
            "RS": "\n",
            "NR": 0.0,
            "NF": 0.0,
            "SUBSEP": "\x1c",
            "ENVIRON": dict(call.process.env),
            **variables,
        }
        self.fields: list[str] = []
        self.line = ""
        self.out: list[str] = []
        self.files: dict[str, str] = {}
        self.ranges: set[int] = set()
        self.status = 0
        self.steps = 0

    def run(self, text: str) -> None:
        try:
            self._rules("BEGIN")
            if any(rule[0] != "BEGIN" for rule in self.rules):
                for line in self._records(text):
                    self._record(line)
        except _Exit:
            pass
        with contextlib.suppress(_Exit):
            self._rules("END")

    def _records(self, text: str) -> list[str]:
        separator = str(self.vars["RS"])
        if separator == "":
            return [one for one in re.split(r"\n\n+", text.strip("\n")) if one]
        return text.split(separator)[: -1 if text.endswith(separator) else None] if text else []

    def _rules(self, which: str) -> None:
        for rule in self.rules:
            if rule[0] == which:
                self.block(rule[2])

    def _record(self, line: str) -> None:
        self.set_line(line)
        self.vars["NR"] += 1
        self.vars["FNR"] = self.vars["NR"]
        try:
            for i, (pattern, last, action) in enumerate(self.rules):
                if pattern not in ("BEGIN", "END") and self._selects(i, pattern, last):
                    self.block(action)
        except _Next:
            pass

    def _selects(self, i: int, pattern: Any, last: Any) -> bool:
        if pattern == "always":
            return True
        if last is None:
            return self.true(self.value(pattern))
        if i in self.ranges or self.true(self.value(pattern)):
            self.ranges.add(i)
            if self.true(self.value(last)):
                self.ranges.discard(i)
            return True
        return False

    def set_line(self, line: str) -> None:
        self.line = line
        self.fields = self.split(line, str(self.vars["FS"]))
        self.vars["NF"] = float(len(self.fields))

    def split(self, text: str, separator: str) -> list[str]:
        if separator == " ":
            return text.split()
        if not text:
            return []
        if len(separator) == 1 and separator not in "|\\":
            return text.split(separator)
        return re.split(regex.extended_expression(separator if separator != "|" else r"\|"), text)

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, statements: list[Tree]) -> None:
        for statement in statements:
            self.steps += 1
            if self.steps > MAX_STEPS:
                self.call.machine.limit("steps", f"{MAX_STEPS:,} steps of awk", "it ends with 2")
                self.status = 2
                raise _Exit
            getattr(self, "_do_" + statement[0])(statement)

    def _do_block(self, tree: Tree) -> None:
        self.block(tree[1])

    def _do_do(self, tree: Tree) -> None:
        self.value(tree[1])

    def _do_print(self, tree: Tree) -> None:
        items = [self.shown(self.value(item)) for item in tree[1]]
        self._put((str(self.vars["OFS"]).join(items) if items else self.line) + str(self.vars["ORS"]), tree[2])

    def _do_printf(self, tree: Tree) -> None:
        values = [self.value(item) for item in tree[1]]
        self._put(self.formatted(values), tree[2])

    def formatted(self, values: list[Any]) -> str:
        form = self.text(values[0]) if values else ""
        texts = [self.text(value) if not isinstance(value, float) else repr(value) for value in values[1:]]
        kinds = re.findall(r"%[-+ #0]*(?:\*|\d+)?(?:\.\d*)?([a-zA-Z])", form)
        for i, kind in enumerate(kinds[: len(texts)]):
            value = values[1:][i]
            texts[i] = (
                str(int(self.number(value)))
                if kind in "dixXou"
                else repr(self.number(value))
                if kind in "feEgG"
                else self.text(value)
            )
        return printf_text(form.replace("\\", "\\\\"), texts)[0] if texts or "%" in form else form

    def _put(self, text: str, target: Any) -> None:
        if target is None:
            self.out.append(text)
            return
        name = self.text(self.value(target[1]))
        if name in ("/dev/stderr", "/dev/stdout"):
            (self.call.err if name.endswith("err") else self.out.append)(text)
        else:
            if name not in self.files:
                self.files[name] = ">>" if target[0] == ">>" else ">"
                self.call.write_file(name, "", "a" if target[0] == ">>" else "w")
            self.call.write_file(name, text, "a")

    def _do_if(self, tree: Tree) -> None:
        self.block(tree[2] if self.true(self.value(tree[1])) else tree[3])

    def _do_while(self, tree: Tree) -> None:
        while self.true(self.value(tree[1])):
            if not self._looped(tree[2]):
                return

    def _do_dowhile(self, tree: Tree) -> None:
        while self._looped(tree[2]) and self.true(self.value(tree[1])):
            pass

    def _do_for(self, tree: Tree) -> None:
        _, start, test, step, body = tree
        if start:
            self.block([start])
        while test is None or self.true(self.value(test)):
            if not self._looped(body):
                return
            if step:
                self.block([step])

    def _do_forin(self, tree: Tree) -> None:
        for key in list(self.array(tree[2])):
            self.vars[tree[1]] = key
            if not self._looped(tree[3]):
                return

    def _looped(self, body: list[Tree]) -> bool:
        try:
            self.block(body or [("do", ("value", 0.0))])
        except _Break:
            return False
        except _Continue:
            return True
        return True

    def _do_next(self, tree: Tree) -> None:
        raise _Next

    def _do_break(self, tree: Tree) -> None:
        raise _Break

    def _do_continue(self, tree: Tree) -> None:
        raise _Continue

    def _do_exit(self, tree: Tree) -> None:
        if tree[1] is not None:
            self.status = int(self.number(self.value(tree[1])))
        raise _Exit

    def _do_delete(self, tree: Tree) -> None:
        if tree[2] is None:
            self.array(tree[1]).clear()
        else:
            self.array(tree[1]).pop(self.text(self.value(tree[2])), None)

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def array(self, name: str) -> dict[str, Any]:
        held = self.vars.setdefault(name, {})
        if not isinstance(held, dict):
            raise AwkError(f"{name} is no array")
        return held

    def value(self, tree: Tree) -> Any:
        return getattr(self, "_value_" + _METHODS[tree[0]])(tree)

    def _value_value(self, tree: Tree) -> Any:
        return tree[1]

    def _value_regex(self, tree: Tree) -> Any:
        return float(re.search(regex.extended_expression(tree[1]), self.line) is not None)

    def _value_var(self, tree: Tree) -> Any:
        return self.vars.get(tree[1], "")

    def _value_field(self, tree: Tree) -> Any:
        number = int(self.number(self.value(tree[1])))
        if number == 0:
            return _Text(self.line)
        return _Text(self.fields[number - 1]) if 0 < number <= len(self.fields) else ""

    def _value_element(self, tree: Tree) -> Any:
        return self.array(tree[1]).get(self.text(self.value(tree[2])), "")

    def _value_group(self, tree: Tree) -> Any:
        return self.value(tree[1][-1])

    def _value_in(self, tree: Tree) -> Any:
        return float(self.text(self.value(tree[1])) in self.array(tree[2]))

    def _value_concat(self, tree: Tree) -> Any:
        text = self.text(self.value(tree[1])) + self.text(self.value(tree[2]))
        if len(text) > MAX_TEXT:
            self.call.machine.limit("bytes", f"{MAX_TEXT:,} characters in one text of awk", "it ends with 2")
            self.status = 2
            raise _Exit
        return text

    def _value_choice(self, tree: Tree) -> Any:
        return self.value(tree[2] if self.true(self.value(tree[1])) else tree[3])

    def _value_unary(self, tree: Tree) -> Any:
        value = self.value(tree[2])
        return float(not self.true(value)) if tree[1] == "!" else -self.number(value) if tree[1] == "-" else self.number(value)

    def _value_assign(self, tree: Tree) -> Any:
        _, target, op, right = tree
        value = self.value(right)
        if op != "=":
            value = self.arithmetic(op[0], self.number(self.value(target)), self.number(value))
        self.store(target, value)
        return value

    def store(self, target: Tree, value: Any) -> None:
        if target[0] == "var":
            self.vars[target[1]] = value
            if target[1] == "NF":
                self.fields = (self.fields + [""] * int(self.number(value)))[: int(self.number(value))]
                self.line = str(self.vars["OFS"]).join(self.fields)
        elif target[0] == "element":
            self.array(target[1])[self.text(self.value(target[2]))] = value
        else:
            number = int(self.number(self.value(target[1])))
            if number == 0:
                self.set_line(self.text(value))
                return
            self.fields += [""] * (min(number, 10_000) - len(self.fields))
            self.fields[number - 1] = self.text(value)
            self.vars["NF"] = float(len(self.fields))
            self.line = str(self.vars["OFS"]).join(self.fields)

    def _value_before(self, tree: Tree) -> Any:
        value = self.number(self.value(tree[2])) + (1 if tree[1] == "++" else -1)
        self.store(tree[2], value)
        return value

    def _value_after(self, tree: Tree) -> Any:
        value = self.number(self.value(tree[2]))
        self.store(tree[2], value + (1 if tree[1] == "++" else -1))
        return value

    def _value_binary(self, tree: Tree) -> Any:
        _, op, left, right = tree
        if op in ("&&", "||"):
            first = self.true(self.value(left))
            return float(self.true(self.value(right)) if first == (op == "&&") else first)
        if op in ("~", "!~"):
            pattern = right[1] if right[0] == "regex" else self.text(self.value(right))
            return float(
                (re.search(regex.extended_expression(pattern), self.text(self.value(left))) is not None) == (op == "~")
            )
        a, b = self.value(left), self.value(right)
        if op in ("<", "<=", "==", "!=", ">", ">="):
            return float(self.compared(op, a, b))
        return self.arithmetic(op, self.number(a), self.number(b))

    def compared(self, op: str, a: Any, b: Any) -> bool:
        if self.numeric(a) and self.numeric(b):
            x: Any = self.number(a)
            y: Any = self.number(b)
        else:
            x, y = self.text(a), self.text(b)
        return bool({"<": x < y, "<=": x <= y, "==": x == y, "!=": x != y, ">": x > y, ">=": x >= y}[op])

    def arithmetic(self, op: str, a: float, b: float) -> float:
        if op in "/%" and b == 0:
            raise UsageError("division by zero", 2)
        if op == "^":
            return math.pow(a, b) if abs(b) < 1000 else math.inf
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0, "%": math.fmod(a, b) if b else 0.0}[op]

    def numeric(self, value: Any) -> bool:
        """Say whether a value counts as a number: one, or a field or input that looks like one."""
        return (
            isinstance(value, float)
            or value == ""
            or (isinstance(value, _Text) and re.fullmatch(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", value) is not None)
        )

    def number(self, value: Any) -> float:
        if isinstance(value, float):
            return value
        match = re.match(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", value)
        return float(match.group()) if match else 0.0

    def text(self, value: Any) -> str:
        if not isinstance(value, float):
            return str(value)
        return str(int(value)) if value == int(value) and abs(value) < 1e16 else f"{value:.6g}"

    shown = text

    def true(self, value: Any) -> bool:
        return (
            value != 0.0
            if isinstance(value, float)
            else self.number(value) != 0
            if self.numeric(value) and value
            else value != ""
        )

    def _value_call(self, tree: Tree) -> Any:
        return getattr(self, "_call_" + tree[1])(tree[2])

    def _args(self, args: list[Tree]) -> list[Any]:
        return [self.value(arg) for arg in args]

    def _call_length(self, args: list[Tree]) -> Any:
        if args and args[0][0] == "var" and isinstance(self.vars.get(args[0][1]), dict):
            return float(len(self.vars[args[0][1]]))
        return float(len(self.text(self.value(args[0])) if args else self.line))

    def _call_substr(self, args: list[Tree]) -> Any:
        values = self._args(args)
        text, start = self.text(values[0]), round(self.number(values[1]))
        end = start + round(self.number(values[2])) if len(values) > 2 else len(text) + 1
        return text[max(start, 1) - 1 : max(end - 1, 0)]

    def _call_index(self, args: list[Tree]) -> Any:
        values = [self.text(value) for value in self._args(args)]
        return float(values[0].find(values[1]) + 1)

    def _call_split(self, args: list[Tree]) -> Any:
        separator = (
            str(self.vars["FS"]) if len(args) < 3 else args[2][1] if args[2][0] == "regex" else self.text(self.value(args[2]))
        )
        pieces = self.split(self.text(self.value(args[0])), separator)
        array = self.array(args[1][1])
        array.clear()
        array.update({str(i): _Text(piece) for i, piece in enumerate(pieces, 1)})
        return float(len(pieces))

    def _call_sub(self, args: list[Tree], count: int = 1) -> Any:
        pattern = args[0][1] if args[0][0] == "regex" else self.text(self.value(args[0]))
        template = self.text(self.value(args[1]))
        target = args[2] if len(args) > 2 else ("field", ("value", 0.0))

        def one(match: re.Match[str]) -> str:
            return re.sub(r"\\&|&", lambda m: "&" if m.group() == "\\&" else match.group(), template)

        text, made = re.subn(regex.extended_expression(pattern), one, self.text(self.value(target)), count=count)
        if made:
            self.store(target, text)
        return float(made)

    def _call_gsub(self, args: list[Tree]) -> Any:
        return self._call_sub(args, 0)

    def _call_match(self, args: list[Tree]) -> Any:
        pattern = args[1][1] if args[1][0] == "regex" else self.text(self.value(args[1]))
        match = re.search(regex.extended_expression(pattern), self.text(self.value(args[0])))
        self.vars["RSTART"] = float(match.start() + 1 if match else 0)
        self.vars["RLENGTH"] = float(len(match.group()) if match else -1)
        return self.vars["RSTART"]

    def _call_tolower(self, args: list[Tree]) -> Any:
        return self.text(self.value(args[0])).lower()

    def _call_toupper(self, args: list[Tree]) -> Any:
        return self.text(self.value(args[0])).upper()

    def _call_sprintf(self, args: list[Tree]) -> Any:
        return self.formatted(self._args(args))

    def _call_int(self, args: list[Tree]) -> Any:
        return float(int(self.number(self.value(args[0]))))

    def _call_sqrt(self, args: list[Tree]) -> Any:
        return math.sqrt(max(self.number(self.value(args[0])), 0.0))

    def _call_exp(self, args: list[Tree]) -> Any:
        return math.exp(min(self.number(self.value(args[0])), 700.0))

    def _call_log(self, args: list[Tree]) -> Any:
        value = self.number(self.value(args[0]))
        return math.log(value) if value > 0 else -math.inf

    def _call_rand(self, args: list[Tree]) -> Any:
        self.call.moves()
        self.steps += 1
        return self.call.machine.kernel.seeds.fraction(
            "awk", self.call.machine.state.spec.id, self.call.process.pid, self.steps
        )

    def _call_srand(self, args: list[Tree]) -> Any:
        return 0.0

    def _call_systime(self, args: list[Tree]) -> Any:
        self.call.moves()
        return float(self.call.now // 1_000_000)

    def _call_system(self, args: list[Tree]) -> Any:
        raise AwkError("system() is not modelled")


class _Text(str):
    """A text from the input: it counts as a number where it looks like one."""

    __slots__ = ()


_METHODS = {
    name: name
    for name in (
        "value",
        "regex",
        "var",
        "field",
        "element",
        "group",
        "in",
        "concat",
        "unary",
        "assign",
        "before",
        "after",
        "binary",
        "call",
    )
} | {"?": "choice"}


@command("awk", "gawk", "mawk")
def awk(call: Call) -> int | None:
    program, variables, names = _arguments(call)
    try:
        rules = parse(program)
        needs_input = any(rule[0] != "BEGIN" for rule in rules)
        found = call.inputs(names) if needs_input else []
        if found is None:
            return None
        machine = Awk(call, rules, variables)
        machine.run("".join(text for _, text in found))
    except AwkError as error:
        call.assume(
            "command", f"This program of awk is not modelled ({error}): it is assumed to exit with 0 and to put out nothing."
        )
        return 0
    except (IndexError, TypeError, re.error, OverflowError, ValueError, RecursionError):
        return call.fail("syntax error", 2)
    call.out("".join(machine.out))
    return machine.status or (2 if call.data.get("failed") else 0)


def _arguments(call: Call) -> tuple[str, dict[str, Any], list[str]]:
    args, variables, program = list(call.args), dict[str, Any](), None
    while args and args[0].startswith("-") and len(args[0]) > 1:
        arg = args.pop(0)
        if arg == "--":
            break
        value = arg[2:] or (args.pop(0) if args else "")
        if arg[:2] == "-F":
            variables["FS"] = {"t": "\t", "\\t": "\t"}.get(value, unescaped(value))
        elif arg[:2] == "-v":
            name, _, text = value.partition("=")
            variables[name] = _Text(unescaped(text))
        elif arg[:2] == "-f":
            program = (program or "") + call.read_file(value)
    if program is None:
        if not args:
            raise UsageError("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]", 2)
        program = args.pop(0)
    names = []
    for arg in args:
        match = re.fullmatch(r"([A-Za-z_]\w*)=(.*)", arg)
        if match:
            variables[match.group(1)] = _Text(match.group(2))
        else:
            names.append(arg)
    return program, variables, names
