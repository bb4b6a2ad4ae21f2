"""awk: its command line, and the loop that takes a program's steps."""

from __future__ import annotations

from typing import Any

from lifecycle.programs.commands.awk_channels import Wait
from lifecycle.programs.commands.awk_compile import compile_program
from lifecycle.programs.commands.awk_grammar import AwkError, unescaped
from lifecycle.programs.commands.awk_machine import Awk, AwkLimit
from lifecycle.programs.commands.awk_steps import STEPS
from lifecycle.programs.commands.awk_values import from_input
from lifecycle.programs.commands.call import Call, UsageError, command

STEPS_A_STEP = 2
"""How many steps of awk are taken in the time of one of a shell."""


@command("awk", "gawk", "mawk")
def awk(call: Call) -> int | None:
    if "program" not in call.data:
        _begin(call)
    try:
        machine = Awk(call, compile_program(call.data["program"]))
        return _run(machine)
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


def _run(machine: Awk) -> int:
    """Take steps until the program ends. Raises: Wait."""
    data, steps = machine.data, machine.code.steps
    taken = 0
    while True:
        step = steps[data["pc"]]
        data["pc"] += 1
        taken += 1
        if taken >= 100:
            taken = 0
            if not machine.call.machine.spend(machine.call.process, 100 // STEPS_A_STEP):
                machine.again()
        if STEPS[step[0]](machine, step):
            return int(data["status"])
