"""awk: a compiled program at work. Its whole memory is the command's `data`, so that it can wait anywhere."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lifecycle.programs import regex
from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.commands.awk_channels import Channels, Wait
from lifecycle.programs.commands.awk_compile import Code, Step, compile_program
from lifecycle.programs.commands.awk_functions import FUNCTIONS, replaced, split
from lifecycle.programs.commands.awk_grammar import AwkError, unescaped
from lifecycle.programs.commands.awk_values import Value, arithmetic, compared, formatted, from_input, number, text, true, whole
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.regex import Match, Regex

MAX_TEXT = 1 << 20
MAX_FIELDS = 10_000
MAX_CALLS = 1_000
MAX_ELEMENTS = 100_000
STEPS_A_STEP = 2
"""How many steps of awk are taken in the time of one of a shell."""


class AwkLimit(Exception):
    """The program holds more than a program may: which limit it met."""


@command("awk", "gawk", "mawk")
def awk(call: Call) -> int | None:
    if "program" not in call.data:
        _begin(call)
    try:
        machine = Awk(call, compile_program(call.data["program"]))
        return machine.run()
    except Wait:
        machine.flush()
        return None
    except AwkError as error:
        return call.fail(_said(call, str(error)), 1 if call.busybox else 2)
    except AwkLimit as error:
        call.machine.limit("bytes", str(error), "it ends with 2")
        machine.flush()
        return call.fail("memory exhausted" if call.busybox else "not enough memory", 2)
    except ZeroDivisionError:
        machine.flush()
        return call.fail("cmd. line:1: Division by zero")


def _said(call: Call, problem: str) -> str:
    if not call.busybox:
        return f"line 1: {problem}"
    return f"cmd. line:1: {'Unexpected token' if 'syntax error' in problem else problem}"


def _begin(call: Call) -> None:
    program, variables, names = _arguments(call)
    call.data["program"] = program
    call.data.update(
        vars={"FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "FNR": 0.0, "SUBSEP": "\x1c", "RSTART": 0.0,
              "RLENGTH": -1.0, "OFMT": "%.6g", "CONVFMT": "%.6g", "FILENAME": "", **variables},
        arrays={}, made=0, stack=[], frames=[], keys=[], pc=-1, line="", fields=None, rebuild=False, got=None, names=names,
        inside=[], status=0, ending=False, out=[], drawn=0, seed=0.0, files={}, buffers={}, fresh=30,
    )  # fmt: skip
    arguments = [call.name, *names]
    for name, values in (
        ("ENVIRON", {key: from_input(value) for key, value in call.process.env.items()}),
        ("ARGV", {str(i): from_input(value) for i, value in enumerate(arguments)}),
    ):
        call.data["made"] += 1
        call.data["arrays"][str(call.data["made"])] = values
        call.data["vars"][name] = call.data["made"]
    call.data["vars"]["ARGC"] = float(len(arguments))


def _arguments(call: Call) -> tuple[str, dict[str, Any], list[str]]:
    args, variables, program = list(call.args), dict[str, Any](), None
    while args and args[0].startswith("-") and len(args[0]) > 1:
        arg = args.pop(0)
        if arg == "--":
            break
        if arg.startswith("--") and arg not in ("--assign", "--file", "--field-separator"):
            continue
        letter = {"--assign": "v", "--file": "f", "--field-separator": "F"}.get(arg, arg[1])
        value = "" if letter not in "Fvf" else arg[2:] if arg[2:] and arg[1] != "-" else args.pop(0) if args else ""
        if letter == "F":
            variables["FS"] = "\t" if value == "t" else unescaped(value)
        elif letter == "v":
            name, _, assigned = value.partition("=")
            variables[name] = from_input(unescaped(assigned))
        elif letter == "f":
            program = (program + "\n" if program else "") + call.read_file(value)
    if program is None:
        if not args:
            raise UsageError("usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]", 2)
        program = args.pop(0)
    return program, variables, args


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

    def run(self) -> int:
        """Take steps until the program ends. Raises: Wait."""
        data, steps = self.data, self.code.steps
        taken = 0
        while True:
            step = steps[data["pc"]]
            data["pc"] += 1
            taken += 1
            if taken >= 100:
                taken = 0
                if not self.call.machine.spend(self.call.process, 100 // STEPS_A_STEP):
                    data["pc"] -= 1
                    raise Wait
            ended = STEPS[step[0]](self, step)
            if ended:
                return int(data["status"])

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


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def do_push(awk: Awk, step: Step) -> None:
    awk.stack.append(step[1])


def do_pop(awk: Awk, step: Step) -> None:
    awk.stack.pop()


def do_dup(awk: Awk, step: Step) -> None:
    awk.stack.append(awk.stack[-1])


def do_load(awk: Awk, step: Step) -> None:
    awk.stack.append(awk.loaded(step[1], step[2], step[3]))


def do_store(awk: Awk, step: Step) -> None:
    value = awk.stack.pop()
    awk.stored(step[1], step[2], step[3], value)
    awk.stack.append(value)


def do_store_under(awk: Awk, step: Step) -> None:
    """Store the value that lies under what says where."""
    awk.stored(step[1], step[2], step[3], awk.stack[-2])


def do_step(awk: Awk, step: Step) -> None:
    """Count a place up or down; what stays on the stack is the new value or the old one."""
    _, kind, name, more, by, new = step
    where = awk.stack[-1] if kind in ("field", "element") else None
    old = number(awk.loaded(kind, name, more))
    if where is not None:
        awk.stack.append(where)
    awk.stored(kind, name, more, old + by)
    awk.stack.append(old + by if new else old)


def do_array(awk: Awk, step: Step) -> None:
    awk.stack.append(awk.handle(step[1], step[2]))


def do_concat(awk: Awk, step: Step) -> None:
    right = awk.text(awk.stack.pop())
    awk.stack[-1] = awk.short(awk.text(awk.stack[-1]) + right)


def do_unary(awk: Awk, step: Step) -> None:
    value = awk.stack[-1]
    awk.stack[-1] = float(not true(value)) if step[1] == "!" else -number(value) if step[1] == "-" else number(value)


def do_arithmetic(awk: Awk, step: Step) -> None:
    right = number(awk.stack.pop())
    left = number(awk.stack[-1])
    try:
        awk.stack[-1] = arithmetic(step[1], left, right)
    except ZeroDivisionError:
        if awk.call.busybox:
            raise
        awk.stack[-1] = math.copysign(math.inf, left) if left and step[1] == "/" else math.nan


def do_compare(awk: Awk, step: Step) -> None:
    right = awk.stack.pop()
    awk.stack[-1] = float(compared(step[1], awk.stack[-1], right, awk.form))


def do_match(awk: Awk, step: Step) -> None:
    expression = awk.text(awk.stack.pop())
    awk.stack[-1] = float((awk.search(expression, awk.text(awk.stack[-1])) is not None) == step[1])


def do_matches_line(awk: Awk, step: Step) -> None:
    awk.stack.append(float(awk.search(step[1], awk.line()) is not None))


def do_truth(awk: Awk, step: Step) -> None:
    awk.stack[-1] = float(true(awk.stack[-1]))


def do_short(awk: Awk, step: Step) -> None:
    """Leave `&&` or `||` where the left side decides."""
    if bool(awk.stack[-1]) == step[1]:
        awk.data["pc"] = step[2]
    else:
        awk.stack.pop()


def do_jump(awk: Awk, step: Step) -> None:
    awk.data["pc"] = step[1]


def do_jump_false(awk: Awk, step: Step) -> None:
    if not true(awk.stack.pop()):
        awk.data["pc"] = step[1]


def do_jump_true(awk: Awk, step: Step) -> None:
    if true(awk.stack.pop()):
        awk.data["pc"] = step[1]


def do_in_range(awk: Awk, step: Step) -> None:
    if awk.data["inside"][step[1]]:
        awk.data["pc"] = step[2]


def do_range(awk: Awk, step: Step) -> None:
    awk.data["inside"][step[1]] = step[2]


def do_in(awk: Awk, step: Step) -> None:
    awk.stack[-1] = float(awk.text(awk.stack[-1]) in awk.array(step[1], step[2]))


def do_delete(awk: Awk, step: Step) -> None:
    awk.array(step[1], step[2]).pop(awk.text(awk.stack.pop()), None)


def do_delete_all(awk: Awk, step: Step) -> None:
    awk.array(step[1], step[2]).clear()


def do_keys(awk: Awk, step: Step) -> None:
    keys = list(awk.array(step[1], step[2]))
    awk.call.machine.work(len(keys) // 8)
    awk.data["keys"].append(keys[::-1])


def do_next_key(awk: Awk, step: Step) -> None:
    keys = awk.data["keys"]
    if keys[-1]:
        awk.stack.append(from_input(keys[-1].pop()))
    else:
        keys.pop()
        awk.data["pc"] = step[1]


def do_drop_keys(awk: Awk, step: Step) -> None:
    awk.data["keys"].pop()


def do_length_of(awk: Awk, step: Step) -> None:
    held = awk.held(step[1], step[2])
    awk.stack.append(float(len(awk.data["arrays"][str(held)] if isinstance(held, int) else awk.text(held))))


def do_function(awk: Awk, step: Step) -> None:
    _, name, count = step
    args = [awk.stack.pop() for _ in range(count)][::-1]
    try:
        value = FUNCTIONS[name](awk, args)
    except IndexError:
        raise AwkError(f"syntax error: too few arguments of {name}") from None
    awk.stack.append(awk.short(value) if isinstance(value, str) else value)


def do_substitute(awk: Awk, step: Step) -> None:
    _, everywhere, kind, name, more = step
    source = awk.text(awk.stack.pop())
    where = awk.stack.pop() if kind in ("field", "element") else None
    template, expression = awk.text(awk.stack.pop()), awk.text(awk.stack.pop())
    if len(template) * len(source) > MAX_TEXT and len(template) > 1:
        source = source[: MAX_TEXT // len(template) + 1]
    made, count = awk.compiled(expression, source).subn(lambda match: replaced(template, match), source, 0 if everywhere else 1)
    awk.call.machine.work(count)
    if count and kind != "nowhere":
        if where is not None:
            awk.stack.append(where)
        awk.stored(kind, name, more, awk.short(made))
    awk.stack.append(float(count))


def do_split(awk: Awk, step: Step) -> None:
    separator = awk.text(awk.stack.pop() if step[1] else awk.vars["FS"])
    pieces = split(awk, awk.text(awk.stack.pop()), separator)
    awk.call.machine.work(len(pieces) // 4)
    array = awk.array(step[2], step[3])
    array.clear()
    array.update((str(i), from_input(piece)) for i, piece in enumerate(pieces[:MAX_ELEMENTS], 1))
    awk.stack.append(float(len(pieces)))


def do_call(awk: Awk, step: Step) -> None:
    _, name, count = step
    at, parameters = awk.code.functions[name]
    if len(awk.data["frames"]) >= MAX_CALLS:
        raise AwkLimit(f"{MAX_CALLS:,} nested calls of awk's functions")
    args = [awk.stack.pop() for _ in range(count)][::-1]
    awk.data["frames"].append([awk.data["pc"], args + [None] * (parameters - count), len(awk.data["keys"])])
    awk.data["pc"] = at


def do_return(awk: Awk, step: Step) -> None:
    if not awk.data["frames"]:
        raise AwkError("return outside function body")
    awk.data["pc"], _, keys = awk.data["frames"].pop()
    del awk.data["keys"][keys:]


# ── input and output ─────────────────────────────────────────────────────────────────────────────────────────────────


def do_print(awk: Awk, step: Step) -> None:
    form = text(awk.vars["OFMT"])
    items = [value if isinstance(value, str) else text(value, form) for value in _popped(awk, step)]
    piece = text(awk.vars["OFS"]).join(items) if step[1] else awk.line()
    _put(awk, step, awk.short(piece + text(awk.vars["ORS"])))


def do_printf(awk: Awk, step: Step) -> None:
    values = _popped(awk, step)
    if values:
        _put(awk, step, awk.short(formatted(awk.text(values[0]), values[1:], awk.form)))


def _popped(awk: Awk, step: Step) -> list[Value]:
    """Return what is to be printed, without taking it from the stack: it may have to wait."""
    end = len(awk.stack) - bool(step[2])
    return awk.stack[end - step[1] : end]


def _put(awk: Awk, step: Step, piece: str) -> None:
    _, count, op = step
    if not op:
        awk.put(piece)
    else:
        awk.flush()
        if not awk.channels.write(op, awk.text(awk.stack[-1]), piece):
            awk.again()
    if count or op:
        del awk.stack[len(awk.stack) - count - bool(op) :]


def do_getline(awk: Awk, step: Step) -> None:
    """Read a record; `got` holds it (None: there was none), and it becomes the line where no place was named."""
    _, source, whole_line = step
    awk.flush()
    name = awk.text(awk.stack[-1]) if source != "main" else ""
    separator = awk.text(awk.vars["RS"])
    found = awk.channels.main_record(awk) if source == "main" else awk.channels.record(source, name, separator)
    if found is None:
        awk.again()
    if source != "main":
        awk.stack.pop()
    awk.data["got"] = found if isinstance(found, str) else None
    awk.stack.append(1.0 if isinstance(found, str) else found)
    if isinstance(found, str):
        if source != "file":
            awk.vars["NR"] = number(awk.vars["NR"]) + 1
        if source == "main":
            awk.vars["FNR"] = number(awk.vars["FNR"]) + 1
        if whole_line:
            awk.set_line(found)


def do_unless_got(awk: Awk, step: Step) -> None:
    if awk.data["got"] is None:
        awk.data["pc"] = step[1]


def do_got(awk: Awk, step: Step) -> None:
    awk.stack.append(from_input(awk.data["got"]))


def do_system(awk: Awk, step: Step) -> None:
    awk.flush()
    status = awk.channels.system(awk.text(awk.stack[-1]))
    if status is None:
        awk.again()
    awk.stack[-1] = status


def do_close(awk: Awk, step: Step) -> None:
    awk.flush()
    status = awk.channels.close(awk.text(awk.stack[-1]))
    if status is None:
        awk.again()
    awk.stack[-1] = status


# ── the course of things ─────────────────────────────────────────────────────────────────────────────────────────────


def do_main(awk: Awk, step: Step) -> None:
    """After BEGIN: go on to the records, or to the end where nothing is to be done with them."""
    awk.data["pc"] = awk.code.end - 1 if awk.code.reads else awk.code.end


def do_next(awk: Awk, step: Step) -> None:
    awk.data["frames"], awk.data["keys"] = [], []
    awk.stack.clear()
    found = awk.channels.main_record(awk)
    if found is None:
        awk.again()
    if not isinstance(found, str):
        awk.data["pc"], awk.data["ending"] = awk.code.end, True
        return
    awk.vars["NR"] = number(awk.vars["NR"]) + 1
    awk.vars["FNR"] = number(awk.vars["FNR"]) + 1
    awk.set_line(found)
    awk.data["pc"] = awk.code.records


def do_nextfile(awk: Awk, step: Step) -> None:
    awk.channels.next_file()
    do_next(awk, step)


def do_exit(awk: Awk, step: Step) -> None:
    value = awk.stack.pop()
    if value is not None:
        awk.data["status"] = whole(value) & 255
    awk.data["frames"], awk.data["keys"] = [], []
    awk.stack.clear()
    awk.data["pc"] = len(awk.code.steps) - 1 if awk.data["ending"] else awk.code.end
    awk.data["ending"] = True


def do_finish(awk: Awk, step: Step) -> bool:
    """Close everything, wait for the programs that were written to, and end."""
    awk.flush()
    if not awk.channels.close_all():
        awk.again()
    if not awk.data["status"] and awk.data.get("failed"):
        awk.data["status"] = 2 if not awk.call.busybox else 1
    return True


STEPS: dict[str, Callable[[Awk, Step], bool | None]] = {
    name[3:]: value for name, value in list(globals().items()) if name.startswith("do_") and callable(value)
}
