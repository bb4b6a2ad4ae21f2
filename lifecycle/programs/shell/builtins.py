"""The commands that a shell runs itself. Each returns its status, or None where it has left the shell waiting or elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs import executing, streams
from lifecycle.programs.editor.history import history
from lifecycle.programs.files import FileError
from lifecycle.programs.lists import names
from lifecycle.programs.paths import join
from lifecycle.programs.shell import dialect
from lifecycle.programs.shell.arithmetic import ArithmeticError_, evaluate
from lifecycle.programs.shell.conditions import TestError, Tests, explain
from lifecycle.programs.shell.flow import break_, eval_, exec_, exit_, return_, source
from lifecycle.programs.shell.job_control import bg, fg
from lifecycle.programs.shell.jobs import block, jobs, kill, trap, wait
from lifecycle.programs.shell.printf import echo_text, printf_text
from lifecycle.programs.shell.read import read
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.shell.variables import export, local, set_, shift, unset

Builtin = Callable[[Turn, list[str]], int | None]


def _colon(turn: Turn, argv: list[str]) -> int:
    return 0


def _false(turn: Turn, argv: list[str]) -> int:
    return 1


def _written(turn: Turn, command: str, text: str) -> bool:
    """Write what a builtin puts out; the shell says where there is no space for it."""
    written = turn.write(1, text)
    if not written and streams.is_file(turn.machine, turn.process, 1):
        match turn.shell.dialect:
            case "ash":
                turn.complain(f"write error: {FileError.TEXTS['ENOSPC']}")
            case "dash":
                turn.complain_as(command, f"{command}: I/O error")
            case _:
                turn.complain_as(command, f"write error: {FileError.TEXTS['ENOSPC']}")
    return written


def _echo(turn: Turn, argv: list[str]) -> int:
    return 0 if _written(turn, "echo", echo_text(argv[1:], turn.shell.dialect)) else 1


def _printf(turn: Turn, argv: list[str]) -> int:
    args = argv[1:]
    name = ""
    if args[:1] == ["-v"] and turn.shell.dialect == "bash" and len(args) > 2:
        name, args = args[1], args[2:]
    if args[:1] == ["--"]:
        args = args[1:]
    if not args:
        turn.complain_as("printf", "usage: printf [-v var] format [arguments]")
        return 2
    text, problems = printf_text(args[0], args[1:], turn.clock if turn.shell.dialect == "bash" else None)
    for problem in problems:
        _complain_printf(turn, problem)
    if name:
        turn.set_checked(name, text)
        return int(bool(problems))
    return 0 if _written(turn, "printf", text) and not problems else 1


def _complain_printf(turn: Turn, problem: str) -> None:
    value, _, text = problem.rpartition(": ")
    if text != "invalid number" or turn.shell.dialect == "bash":
        turn.complain_as("printf", problem)
    elif turn.shell.dialect == "dash":
        turn.complain_as("printf", f"{value}: expected numeric value")
    else:
        turn.complain(f"invalid number '{value}'")


def _test(turn: Turn, argv: list[str]) -> int:
    args = argv[1:]
    kind = turn.shell.dialect
    if argv[0] == "[":
        if not args or args[-1] != "]":
            missing = {"ash": "missing ]", "dash": "missing ]", "bash": "missing `]'"}[kind]
            _complain_test(turn, argv[0], missing)
            return 2
        args = args[:-1]
    try:
        return int(not Tests(turn.machine, turn.process, kind).test(args))
    except TestError as error:
        _complain_test(turn, argv[0], explain(kind, error))
        return 2


def _complain_test(turn: Turn, name: str, text: str) -> None:
    if turn.shell.dialect == "ash":
        turn.complain(text)
    else:
        turn.complain_as(name, text)


# ── places and words ─────────────────────────────────────────────────────────────────────────────────────────────────


def _cd(turn: Turn, argv: list[str]) -> int:
    args = [arg for arg in argv[1:] if arg not in ("-L", "-P", "--")]
    target = args[0] if args else turn.get_text("HOME")
    if target == "-":
        target = turn.get_text("OLDPWD") or turn.process.cwd
        turn.write(1, target + "\n")
    path = join(turn.process.cwd, target or ".")
    try:
        node = turn.view.find(path)[1]
        if node.kind != "d":
            raise FileError("ENOTDIR")
    except FileError as error:
        said = {
            "bash": f"{target}: {error.text}",
            "dash": f"can't cd to {target}",
            "ash": f"can't cd to {target}: {error.text}",
        }
        turn.complain_as("cd", said[turn.shell.dialect])
        return 1 if turn.shell.dialect == "bash" else 2
    turn.shell.vars["OLDPWD"] = turn.process.cwd
    turn.process.cwd = path
    turn.shell.vars["PWD"] = path
    return 0


def _pwd(turn: Turn, argv: list[str]) -> int:
    turn.write(1, turn.process.cwd + "\n")
    return 0


def _umask(turn: Turn, argv: list[str]) -> int:
    if len(argv) < 2:
        turn.write(1, f"{turn.process.umask:04o}\n")
    elif argv[1] == "-S":
        letters = [
            "".join(c for c, bit in (("r", 4), ("w", 2), ("x", 1)) if ~turn.process.umask >> at & bit) for at in (6, 3, 0)
        ]
        turn.write(1, "u={},g={},o={}\n".format(*letters))
    elif re.fullmatch(r"[0-7]+", argv[1]):
        turn.process.umask = int(argv[1], 8) & 0o777
    return 0


KEYWORDS = set(names("if then else elif fi do done case esac while until for { } ! in"))


BASH_KEYWORDS = set(names("[[ ]] coproc function select time"))


def _command(turn: Turn, argv: list[str]) -> int | None:
    args = argv[1:]
    if args[:1] and args[0] in ("-v", "-V"):
        found = [_meaning(turn, name, args[0] == "-V") for name in args[1:]]
        turn.write(1, "".join(text + "\n" for text in found if text))
        return 0 if any(found) else 127 if turn.shell.dialect != "bash" else 1
    if args[:1] in (["-p"], ["--"]):
        args = args[1:]
    if not args:
        return 0
    from lifecycle.programs.shell.simple import call_command  # which runs builtins

    return call_command(turn, args)


def _is_keyword(turn: Turn, name: str) -> bool:
    return name in KEYWORDS or (turn.shell.dialect == "bash" and name in BASH_KEYWORDS)


def _meaning(turn: Turn, name: str, long: bool) -> str:
    if _is_keyword(turn, name):
        return f"{name} is a shell keyword" if long else name
    if name in turn.shell.functions:
        return f"{name} is a function" if long else name
    if name in BUILTINS:
        return f"{name} is a shell builtin" if long else name
    path = executing.which(turn.machine, turn.process, name, turn.environment())
    if path is None or ("/" in name and turn.view.get(join(turn.process.cwd, name)) is None):
        return ""
    return f"{name} is {path}" if long else path


def _kind(turn: Turn, name: str) -> str:
    """Return what `type -t` calls a name."""
    if _is_keyword(turn, name):
        return "keyword"
    if name in turn.shell.functions:
        return "function"
    return "builtin" if name in BUILTINS else "file" if _meaning(turn, name, False) else ""


def _builtin(turn: Turn, argv: list[str]) -> int | None:
    builtin = BUILTINS.get(argv[1]) if len(argv) > 1 else _colon
    if builtin is None:
        turn.complain_as("builtin", f"{argv[1]}: not a shell builtin")
        return 1
    return builtin(turn, argv[1:])


def _type(turn: Turn, argv: list[str]) -> int:
    if argv[1:2] == ["-t"]:
        kinds = [_kind(turn, name) for name in argv[2:]]
        turn.write(1, "".join(kind + "\n" for kind in kinds if kind))
        return int(not all(kinds))
    if argv[1:2] in (["-p"], ["-P"], ["-a"]):
        argv = [argv[0], *argv[2:]]
    status = 0
    for name in argv[1:]:
        text = _meaning(turn, name, True)
        if not text:
            status = 1 if turn.shell.dialect == "bash" else 127
            if turn.shell.dialect == "bash":
                turn.complain_as("type", f"{name}: not found")
                continue
            text = f"{name}: not found"
        turn.write(1, text + "\n")
    return status


def _getopts(turn: Turn, argv: list[str]) -> int:
    if len(argv) < 3:
        return 2
    args = argv[3:] or turn.shell.args
    at = int(turn.shell.vars.get("OPTIND", "1") or 1)
    offset = int(turn.shell.vars.get(" OPTOFF", "1"))
    if at > len(args) or not args[at - 1].startswith("-") or args[at - 1] == "-":
        return 1
    if args[at - 1] == "--":
        turn.shell.vars["OPTIND"] = str(at + 1)
        return 1
    letter = args[at - 1][offset]
    rest = args[at - 1][offset + 1 :]
    where = argv[1].find(letter)
    turn.shell.vars.pop("OPTARG", None)
    if where < 0 or letter == ":":
        if not argv[1].startswith(":"):
            turn.complain(f"illegal option -- {letter}" if turn.shell.dialect == "bash" else f"Illegal option -{letter}")
        turn.shell.vars[argv[2]] = "?"
    elif argv[1][where + 1 : where + 2] == ":":
        at += 1
        value = rest or (args[at - 1] if at <= len(args) else "")
        at += 0 if rest else 1
        if rest:
            at = at
        turn.shell.vars["OPTARG"] = value
        turn.shell.vars[argv[2]] = letter
        rest = ""
        turn.shell.vars["OPTIND"] = str(at)
        turn.shell.vars[" OPTOFF"] = "1"
        return 0
    else:
        turn.shell.vars[argv[2]] = letter
    turn.shell.vars["OPTIND"] = str(at if rest else at + 1)
    turn.shell.vars[" OPTOFF"] = str(offset + 1) if rest else "1"
    return 0


def _ulimit(turn: Turn, argv: list[str]) -> int:
    if len(argv) == 2 and argv[1] in ("-n", "-Sn", "-Hn"):
        turn.write(1, "1048576\n")
    elif len(argv) < 3:
        turn.write(1, "unlimited\n")
    return 0


def _let(turn: Turn, argv: list[str]) -> int:
    value = 0
    for text in argv[1:]:
        try:
            value = evaluate(text, turn.get_text, turn.set_checked)
        except ArithmeticError_ as error:
            turn.complain("let: " + dialect.arithmetic(turn.shell.dialect, error.kind, error.token, text))
            return 1
    return int(value == 0)


def _mapfile(turn: Turn, argv: list[str]) -> int | None:
    text = streams.read(turn.machine, turn.process, 0)
    if text is None:
        block(turn, argv)
        return None
    names = [arg for arg in argv[1:] if not arg.startswith("-")]
    lines = text.splitlines(keepends="-t" not in argv)
    turn.shell.vars[names[0] if names else "MAPFILE"] = {str(i): line for i, line in enumerate(lines)}
    return 0


def _times(turn: Turn, argv: list[str]) -> int:
    turn.write(1, "0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


def _history(turn: Turn, argv: list[str]) -> int:
    return history(turn, argv)


BUILTINS: dict[str, Builtin] = {
    ":": _colon,
    "true": _colon,
    "false": _false,
    "echo": _echo,
    "printf": _printf,
    "test": _test,
    "[": _test,
    "exit": exit_,
    "return": return_,
    "break": break_,
    "continue": break_,
    "eval": eval_,
    ".": source,
    "source": source,
    "exec": exec_,
    "export": export,
    "readonly": export,
    "local": local,
    "declare": local,
    "typeset": local,
    "unset": unset,
    "shift": shift,
    "set": set_,
    "read": read,
    "wait": wait,
    "trap": trap,
    "kill": kill,
    "jobs": jobs,
    "fg": fg,
    "bg": bg,
    "disown": _colon,
    "cd": _cd,
    "pwd": _pwd,
    "umask": _umask,
    "command": _command,
    "type": _type,
    "hash": _colon,
    "alias": _colon,
    "unalias": _colon,
    "getopts": _getopts,
    "history": _history,
    "ulimit": _ulimit,
    "let": _let,
    "builtin": _builtin,
    "mapfile": _mapfile,
    "readarray": _mapfile,
    "shopt": _colon,
    "times": _times,
    "enable": _colon,
}
SPECIAL = {
    ":",
    ".",
    "break",
    "continue",
    "eval",
    "exec",
    "exit",
    "export",
    "readonly",
    "return",
    "set",
    "shift",
    "times",
    "trap",
    "unset",
}
