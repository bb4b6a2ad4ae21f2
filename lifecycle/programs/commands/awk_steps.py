"""The steps that compiled programs of awk are made of."""

from __future__ import annotations

import math
from collections.abc import Callable

from lifecycle.programs.commands.awk_compile import Step
from lifecycle.programs.commands.awk_functions import FUNCTIONS, replaced, split
from lifecycle.programs.commands.awk_grammar import AwkError
from lifecycle.programs.commands.awk_machine import MAX_CALLS, MAX_ELEMENTS, MAX_TEXT, Awk, AwkLimit
from lifecycle.programs.commands.awk_values import Value, arithmetic, compared, formatted, from_input, number, text, true, whole


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
