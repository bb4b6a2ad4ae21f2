"""Builtins about variables: export, local, declare, unset, set, shift, read."""

from __future__ import annotations

import re

from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.shell.quoting import quote
from lifecycle.programs.shell.turn import ShellExit, Turn, number

_NAME = re.compile(r"[A-Za-z_]\w*")


def _good_name(turn: Turn, command: str, name: str) -> bool:
    if _NAME.fullmatch(name):
        return True
    bad = (
        f"`{name}': not a valid identifier" if turn.shell.dialect == "bash" else f"{name.partition('=')[0]}: bad variable name"
    )
    turn.complain_as(command, bad)
    if turn.shell.dialect != "bash":
        raise ShellExit(2)
    return False


def export(turn: Turn, argv: list[str]) -> int:
    shell = turn.shell
    args = [arg for arg in argv[1:] if arg != "-p"]
    if not args:
        names = sorted(shell.exported if argv[0] == "export" else shell.readonly)
        start = f"declare -{'x' if argv[0] == 'export' else 'r'}" if shell.dialect == "bash" else argv[0]
        mark = '"{}"' if shell.dialect == "bash" else "'{}'"
        turn.write(1, "".join(f"{start} {name}={mark.format(turn.get_text(name))}\n" for name in names))
        return 0
    removing = args[0] == "-n"
    status = 0
    for arg in args[1:] if removing or args[0] == "-f" else args:
        name, equals, value = arg.partition("=")
        if not _good_name(turn, argv[0], name if _NAME.fullmatch(name) else arg):
            status = 1
            continue
        if equals:
            turn.set_checked(name, value)
        if removing:
            shell.exported.discard(name)
        elif argv[0] == "export":
            shell.exported.add(name)
        else:
            shell.readonly |= {name}
    return status


def local(turn: Turn, argv: list[str]) -> int:
    shell = turn.shell
    frame = next((frame for frame in reversed(shell.frames) if frame.kind == "function"), None)
    if frame is None and argv[0] == "local":
        bash = shell.dialect == "bash"
        turn.complain_as("local", "can only be used in a function" if bash else "not in a function")
        if not bash:
            raise ShellExit(2)
        return 1
    flags = "".join(arg[1:] for arg in argv[1:] if arg.startswith("-"))
    for arg in argv[1:]:
        if arg.startswith("-"):
            continue
        name, equals, value = arg.partition("=")
        if frame is not None and "g" not in flags:
            frame.local = frame.local or {}
            frame.local.setdefault(name, shell.vars.get(name))
        _declare(turn, name, value if equals else None, flags)
    return 0


def _declare(turn: Turn, name: str, value: str | None, flags: str) -> None:
    shell = turn.shell
    kept = "".join(letter for letter in "ilu" if letter in flags)
    if kept and shell.dialect == "bash":
        shell.attributes[name] = kept
    if "A" in flags or "a" in flags:
        shell.vars[name] = {}
        shell.associative = shell.associative | {name} if "A" in flags else shell.associative - {name}
    elif value is not None and name in shell.attributes:
        turn.set_checked(name, value)
    elif value is not None:
        shell.vars[name] = value
    elif shell.dialect == "bash":
        shell.vars.pop(name, None)
    if "x" in flags:
        shell.exported.add(name)
    if "r" in flags:
        shell.readonly |= {name}


def unset(turn: Turn, argv: list[str]) -> int:
    functions = "-f" in argv[1:2]
    for name in argv[1:]:
        if name in ("-f", "-v"):
            continue
        if functions:
            turn.shell.functions.pop(name, None)
        elif name in turn.shell.readonly:
            turn.complain_as(
                "unset", f"{name}: cannot unset: readonly variable" if turn.shell.dialect == "bash" else f"{name}: is read only"
            )
            return 1
        elif name.endswith("]") and "[" in name:
            array, _, key = name[:-1].partition("[")
            held = turn.shell.vars.get(array)
            if isinstance(held, dict):
                held.pop(key, None)
        else:
            turn.unset(name)
            if turn.shell.dialect == "bash" and name in turn.shell.functions:
                del turn.shell.functions[name]
    return 0


def shift(turn: Turn, argv: list[str]) -> int:
    count = number(turn, argv, 1)
    if count > len(turn.shell.args):
        if turn.shell.dialect == "dash":
            turn.complain_as("shift", "can't shift that many")
            raise ShellExit(2)
        return 1
    turn.machine.work(len(turn.shell.args) // CHARACTERS_A_STEP)
    del turn.shell.args[:count]
    return 0


_LONG = {
    "errexit": "e",
    "nounset": "u",
    "xtrace": "x",
    "noglob": "f",
    "allexport": "a",
    "noclobber": "C",
    "pipefail": "pipefail",
    "noexec": "n",
    "verbose": "v",
    "monitor": "m",
}


def set_(turn: Turn, argv: list[str]) -> int:
    shell, args = turn.shell, argv[1:]
    if not args:
        names = sorted(name for name, value in shell.vars.items() if isinstance(value, str))
        turn.write(1, "".join(f"{name}={quote(shell.vars[name])}\n" for name in names))
        return 0
    while args:
        arg = args.pop(0)
        if arg == "--":
            shell.args = args
            return 0
        if arg in ("-", "+") or arg[0] not in "-+":
            shell.args = [arg, *args] if arg not in ("-", "+") else args
            return 0
        for letter in arg[1:]:
            if letter == "o":
                name = args.pop(0) if args else ""
                if name not in _LONG or (name == "pipefail" and shell.dialect == "dash"):
                    if name:
                        turn.complain_as(
                            "set", f"{name}: invalid option name" if shell.dialect == "bash" else f"Illegal option -o {name}"
                        )
                        if shell.dialect != "bash":
                            raise ShellExit(2)
                        return 2
                    continue
                letter = _LONG[name]
            shell.options = shell.options | {letter} if arg[0] == "-" else shell.options - {letter}
    return 0


def split_fields(line: str, ifs: str, most: int) -> list[str]:
    """Split a line as `read` does: the last of `most` fields (0: no limit) takes what is left."""
    if not ifs:
        return [line]
    blanks = "".join(c for c in ifs if c in " \t\n")
    hard = "".join(c for c in ifs if c not in blanks)
    line = line.strip(blanks) if blanks else line
    separator = (
        (f"[{re.escape(blanks)}]*[{re.escape(hard)}][{re.escape(blanks)}]*" if blanks else f"[{re.escape(hard)}]")
        if hard
        else ""
    )
    if blanks:
        separator += ("|" if separator else "") + f"[{re.escape(blanks)}]+"
    if most == 1:
        return [line]
    return re.split(separator, line, maxsplit=max(most - 1, 0)) if line else []
