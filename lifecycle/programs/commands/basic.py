"""The smallest commands: true, false, echo, printf, test, yes, seq, basename and the like."""

from __future__ import annotations

import re

from lifecycle.programs import pipes, regex
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.shell.arithmetic import ArithmeticError_, evaluate
from lifecycle.programs.shell.conditions import TestError, Tests, explain
from lifecycle.programs.shell.printf import echo_text, printf_text


@command("true", ":")
def true(call: Call) -> int:
    return 0


@command("false")
def false(call: Call) -> int:
    return 1


@command("echo")
def echo(call: Call) -> int:
    return 0 if call.out(echo_text(call.args, "ash")) else 1


@command("printf")
def printf(call: Call) -> int:
    if not call.args:
        return call.fail("missing operand" if not call.busybox else "usage: printf FORMAT [ARG]...")
    text, problems = printf_text(call.args[0], call.args[1:])
    for problem in problems:
        call.fail(problem)
    return 0 if call.out(text) and not problems else 1


@command("test", "[", "[[")
def test(call: Call) -> int:
    args = call.args
    if call.name != "test":
        end = "]" * len(call.name)
        if args[-1:] != [end]:
            return call.fail(f"missing '{end}'" if not call.busybox else f"missing {end}", 2)
        args = args[:-1]
    try:
        return int(not Tests(call.machine, call.process, "ash" if call.busybox else "bash").test(args))
    except TestError as error:
        return call.fail(explain("ash" if call.busybox else "coreutils", error), 2)


test.__test__ = False  # type: ignore[attr-defined]


@command("yes")
def yes(call: Call) -> int | None:
    line = " ".join(call.args or ["y"]) + "\n"
    while not pipes.pipe_full(call.machine, call.process, 1):
        if not call.out(line * 512):
            return 1
        if not call.machine.spend(call.process, 512):
            return None
    return None


@command("seq")
def seq(call: Call) -> int:
    options, operands = (
        call.options("s:w", {"separator": "s", "equal-width": "w"}) if not _negative(call.args) else ({}, call.args)
    )
    if not 1 <= len(operands) <= 3 or not all(re.fullmatch(r"-?\d+(\.\d+)?", operand) for operand in operands):
        bad = next((operand for operand in operands if not re.fullmatch(r"-?\d+(\.\d+)?", operand)), "")
        return call.fail(
            f"invalid number '{bad}'"
            if call.busybox
            else f"invalid floating point argument: '{bad}'"
            if bad
            else "missing operand"
        )
    digits = max(len(operand.partition(".")[2]) for operand in operands)
    scale = 10**digits
    numbers = [round(float(operand) * scale) for operand in operands]
    first, step, last = numbers[0] if len(numbers) > 1 else scale, numbers[1] if len(numbers) == 3 else scale, numbers[-1]
    if step == 0:
        return call.fail("invalid Zero increment value: '0'")
    found = range(first, last + (1 if step > 0 else -1), step)
    if len(found) > 100_000:
        call.machine.limit("steps", "100,000 numbers of seq", "the rest is left out")
        found = found[:100_000]
    call.machine.work(len(found) // 4)
    texts = [f"{number / scale:.{digits}f}" if digits else str(number) for number in found]
    if "w" in options and texts:
        width = max(map(len, texts))
        texts = [text.zfill(width) for text in texts]
    return 0 if not texts or call.out(options.get("s", "\n").join(texts) + "\n") else 1


def _negative(args: list[str]) -> bool:
    return any(re.fullmatch(r"-\d.*", arg) for arg in args)


@command("factor")
def factor(call: Call) -> int:
    for arg in call.args:
        if not arg.isdigit() or len(arg) > 12:
            return call.fail(f"'{arg}' is not a valid positive integer" if not call.busybox else f"invalid number '{arg}'")
        call.out(f"{int(arg)}:{''.join(f' {prime}' for prime in _factors(call, int(arg)))}\n")
    return 0


def _factors(call: Call, number: int) -> list[int]:
    """Return a number's prime factors (of twelve digits at most, so that no more than a million are tried)."""
    found, divisor = [], 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1 + divisor % 2
    call.machine.work(divisor // 16)
    return [*found, number] if number > 1 else found


@command("basename")
def basename(call: Call) -> int:
    if not call.args:
        return call.fail("missing operand")
    name = call.args[0].rstrip("/").rpartition("/")[2] or "/"
    suffix = call.args[1] if len(call.args) > 1 else ""
    call.out((name.removesuffix(suffix) if suffix != name else name) + "\n")
    return 0


@command("dirname")
def dirname(call: Call) -> int:
    if not call.args:
        return call.fail("missing operand")
    for name in call.args:
        head, slash, _ = name.rstrip("/").rpartition("/")
        call.out((head or (slash and "/") or ".") + "\n")
    return 0


@command("expr")
def expr(call: Call) -> int:
    args = call.args
    if len(args) == 3 and args[1] in ("=", "!=") and not all(re.fullmatch(r"-?\d+", arg) for arg in (args[0], args[2])):
        value = str(int((args[0] == args[2]) == (args[1] == "=")))
    elif len(args) == 3 and args[1] == ":":
        value = _matched(args[0], args[2])
    elif args[:1] == ["length"] and len(args) == 2:
        value = str(len(args[1]))
    else:
        if args and not re.fullmatch(r"-?\d+", args[0]) and args[0] != "(" and len(args) > 1:
            return call.fail("non-integer argument" if not call.busybox else "syntax error", 2)
        try:
            value = (
                args[0]
                if len(args) == 1
                else str(evaluate(" ".join(arg if arg != "=" else "==" for arg in args), lambda _: "", lambda *_: None))
            )
        except ArithmeticError_ as error:
            return call.fail("division by zero" if error.kind == "zero" else "syntax error", 2)
    call.out(value + "\n")
    return int(value in ("", "0"))


def _matched(text: str, pattern: str) -> str:
    match = regex.compiled("^" + pattern if pattern[:1] != "^" else pattern, False).search(text)
    if match and match.groups():
        return match.group(1) or ""
    return str(match.end if match else 0)
