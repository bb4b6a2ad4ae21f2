"""The commands that a shell runs itself. Each returns its status, or None where it has left the shell waiting or elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

from lifecycle.programs import streams
from lifecycle.programs.files import FileError, join
from lifecycle.programs.lists import names
from lifecycle.programs.machine import ExecError
from lifecycle.programs.shell import dialect
from lifecycle.programs.shell.conditions import TestError, Tests, explain
from lifecycle.programs.shell.expand import quote
from lifecycle.programs.shell.printf import echo_text, printf_text
from lifecycle.programs.shell.turn import Replaced, ShellExit, Turn
from lifecycle.programs.signals import BY_NUMBER, NUMBERS, named
from lifecycle.programs.state import SIGNALED, Frame

Builtin = Callable[[Turn, list[str]], int | None]


def _colon(turn: Turn, argv: list[str]) -> int:
    return 0


def _false(turn: Turn, argv: list[str]) -> int:
    return 1


def _echo(turn: Turn, argv: list[str]) -> int:
    return 0 if turn.write(1, echo_text(argv[1:], turn.shell.dialect)) else 1


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
    text, problems = printf_text(args[0], args[1:])
    for problem in problems:
        _complain_printf(turn, problem)
    if name:
        turn.set_checked(name, text)
        return int(bool(problems))
    return 0 if turn.write(1, text) and not problems else 1


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


# ── flow ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _number(turn: Turn, argv: list[str], default: int) -> int:
    """Return a builtin's numeric argument. Raises: ShellExit where it is none."""
    if len(argv) < 2:
        return default
    if not re.fullmatch(r"[-+]?\d+", argv[1]) or (argv[1][0] == "-" and turn.shell.dialect != "bash"):
        text = f"{argv[1]}: numeric argument required" if turn.shell.dialect == "bash" else f"Illegal number: {argv[1]}"
        turn.complain_as(argv[0], text)
        raise ShellExit(2)
    return int(argv[1])


def _exit(turn: Turn, argv: list[str]) -> None:
    shell = turn.shell
    trap = next((frame for frame in reversed(shell.frames) if frame.kind in ("trap", "exit")), None)
    raise ShellExit(_number(turn, argv, trap.status if trap and len(argv) < 2 else shell.status) & 255)


def _return(turn: Turn, argv: list[str]) -> None:
    from lifecycle.programs.shell.steps import leave, pop

    shell = turn.shell
    status = _number(turn, argv, shell.status) & 255
    while shell.frames:
        kind = shell.frames[-1].kind
        if kind == "script" and len(shell.frames) == 1:
            if shell.dialect == "bash" and not shell.subshell:
                turn.complain_as("return", "can only `return' from a function or sourced script")
                shell.status = 2
                return
            leave(turn, status)
            return
        pop(turn)
        if kind in ("function", "source"):
            break
    shell.status = status
    if not shell.frames:
        leave(turn, status)


def _break(turn: Turn, argv: list[str]) -> int | None:
    from lifecycle.programs.shell.steps import undo_to

    levels = max(_number(turn, argv, 1), 1)
    while turn.shell.frames[-1].kind == "eval" and not turn.shell.frames[-1].loops and len(turn.shell.frames) > 1:
        turn.shell.frames.pop()
    frame = turn.shell.frames[-1]
    if not frame.loops:
        if turn.shell.dialect == "bash":
            turn.complain_as(argv[0], "only meaningful in a `for', `while', or `until' loop")
        return 0
    levels = min(levels, len(frame.loops))
    if levels > 1:
        del frame.loops[-(levels - 1) :]
    loop = frame.loops[-1]
    undo_to(turn, loop.depth)
    del frame.cases[loop.cases :]
    frame.pc = loop.out if argv[0] == "break" else loop.again
    return 0


def _eval(turn: Turn, argv: list[str]) -> int | None:
    from lifecycle.programs.shell.steps import push

    text = " ".join(argv[1:])
    if not text.strip():
        return 0
    push(turn, Frame(text, "eval"))
    return None


def _source(turn: Turn, argv: list[str]) -> int | None:
    from lifecycle.programs.shell.steps import push

    if len(argv) < 2:
        turn.complain_as(argv[0], "filename argument required")
        return 2
    path = argv[1] if "/" in argv[1] else turn.machine.which(turn.process, argv[1], turn.environment()) or argv[1]
    node = turn.view.get(join(turn.process.cwd, path))
    if node is None or node.kind != "f":
        return _not_sourced(turn, argv)
    frame = Frame(node.content, "source")
    if len(argv) > 2 and turn.shell.dialect != "dash":
        frame.args, turn.shell.args = turn.shell.args, argv[2:]
    push(turn, frame)
    return None


def _not_sourced(turn: Turn, argv: list[str]) -> int:
    if turn.shell.dialect == "bash":
        turn.complain(f"{argv[1]}: No such file or directory")
        return 1
    if turn.shell.dialect == "dash":
        turn.complain(
            f"{argv[0]}: cannot open {argv[1]}: No such file" if "/" in argv[1] else f"{argv[0]}: {argv[1]}: not found"
        )
    else:
        turn.complain_as(
            argv[0], f"can't open '{argv[1]}': No such file or directory" if "/" in argv[1] else f"{argv[1]}: not found"
        )
    raise ShellExit(2)


def _exec(turn: Turn, argv: list[str]) -> int | None:
    from lifecycle.programs.shell.steps import run_program

    args = argv[1:]
    while args and args[0] in ("-a", "-c", "-l", "--"):
        args = args[2:] if args[0] == "-a" else args[1:]
    if not args:
        return 0
    try:
        run_program(turn, turn.process, args)
    except ExecError as error:
        if error.code == "ENOENT":
            path = "/" in args[0] and turn.shell.dialect == "bash"
            text = dialect.not_found("bash", args[0], True) if path else f"{args[0]}: not found"
        else:
            text = f"{args[0]}: {FileError(error.code).text}"
        if turn.shell.dialect == "bash" and "/" in args[0]:
            turn.complain(text if error.code != "ENOENT" else f"{args[0]}: No such file or directory")
        else:
            turn.complain_as("exec", text)
        raise ShellExit(error.status) from None
    turn.machine.queue.append(turn.process.pid)
    raise Replaced


# ── variables ────────────────────────────────────────────────────────────────────────────────────────────────────────

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


def _export(turn: Turn, argv: list[str]) -> int:
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
        else:
            (shell.exported if argv[0] == "export" else shell.readonly).add(name)
    return status


def _local(turn: Turn, argv: list[str]) -> int:
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
    if "A" in flags or "a" in flags:
        shell.vars[name] = {}
        (shell.associative.add if "A" in flags else shell.associative.discard)(name)
    elif value is not None:
        shell.vars[name] = value
    elif shell.dialect == "bash":
        shell.vars.pop(name, None)
    if "x" in flags:
        shell.exported.add(name)
    if "r" in flags:
        shell.readonly.add(name)


def _unset(turn: Turn, argv: list[str]) -> int:
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


def _shift(turn: Turn, argv: list[str]) -> int:
    count = _number(turn, argv, 1)
    if count > len(turn.shell.args):
        if turn.shell.dialect == "dash":
            turn.complain_as("shift", "can't shift that many")
            raise ShellExit(2)
        return 1
    turn.shell.args = turn.shell.args[count:]
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


def _set(turn: Turn, argv: list[str]) -> int:
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
            (shell.options.add if arg[0] == "-" else shell.options.discard)(letter)
    return 0


def _read(turn: Turn, argv: list[str]) -> int | None:
    options, names = _read_options(argv[1:])
    raw, array = "r" in options, options.get("a", "")
    fd = int(options["u"]) if options.get("u", "").isdigit() else 0
    line = streams.read(turn.machine, turn.process, fd, line=True)
    if line is None:
        turn.process.waiting = "builtin"
        turn.shell.builtin = argv
        return None
    while not raw and line.endswith("\\\n"):
        more = streams.read(turn.machine, turn.process, fd, line=True)
        line = line[:-2] + (more or "")
        if not more:
            break
    status = 0 if line.endswith("\n") else 1
    _assign_read(turn, line.rstrip("\n") if status == 0 else line, names, raw, array)
    return status


def _read_options(args: list[str]) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    left = list(args)
    while left and len(left[0]) > 1 and left[0][0] == "-":
        arg = left.pop(0)
        for i, letter in enumerate(arg[1:], 1):
            if letter in "ptndNiua":
                found[letter] = arg[i + 1 :] or (left.pop(0) if left else "")
                break
            found[letter] = ""
    return found, left


def _assign_read(turn: Turn, line: str, names: list[str], raw: bool, array: str) -> None:
    ifs = turn.shell.vars.get("IFS", " \t\n")
    if not raw:
        line = re.sub(r"\\(.)", r"\1", line)
    if array:
        turn.shell.vars[array] = {str(i): text for i, text in enumerate(split_fields(line, ifs, 0))}
        return
    names = names or ["REPLY"]
    pieces = split_fields(line, ifs, len(names)) if names != ["REPLY"] else [line]
    for i, name in enumerate(names):
        turn.set_checked(name, pieces[i] if i < len(pieces) else "")


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


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wait(turn: Turn, argv: list[str]) -> int | None:
    shell = turn.shell
    wanted = [arg for arg in argv[1:] if not arg.startswith("-")]
    if "-n" in argv[1:]:
        return _wait_any(turn, argv)
    if not wanted:
        if all(code is not None for code in shell.jobs.values()):
            shell.jobs = {}
            return 0
        _block(turn, argv)
        return None
    status = 0
    for arg in wanted:
        pid = int(arg) if arg.isdigit() else _job(turn, arg)
        if pid not in shell.jobs:
            if shell.dialect == "bash":
                turn.complain_as("wait", f"pid {arg} is not a child of this shell")
            status = 127
            continue
        code = shell.jobs[pid]
        if code is None:
            _block(turn, argv)
            return None
        if code & SIGNALED and turn.shell.dialect == "bash":
            shell.jobs[pid] = code & 255
        elif code & SIGNALED:
            _say_killed(turn, pid, code)
            shell.jobs[pid] = code & 255
        status = code & 255
    return status


def _say_killed(turn: Turn, pid: int, code: int) -> None:
    signal = BY_NUMBER.get((code & 255) - 128, "")
    turn.write(2, dialect.killed(turn.shell.dialect, turn.shell.name, turn.shell.line, signal, pid, ""))


def _wait_any(turn: Turn, argv: list[str]) -> int | None:
    jobs = turn.shell.jobs
    for pid, code in jobs.items():
        if code is not None:
            del jobs[pid]
            return code & 255
    if not jobs:
        return 127
    _block(turn, argv)
    return None


def _job(turn: Turn, text: str) -> int:
    jobs = list(turn.shell.jobs)
    if text in ("%%", "%+", "%") and jobs:
        return jobs[-1]
    if text[:1] == "%" and text[1:].isdigit() and 0 < int(text[1:]) <= len(jobs):
        return jobs[int(text[1:]) - 1]
    return -1


def _block(turn: Turn, argv: list[str]) -> None:
    turn.process.waiting = "builtin"
    turn.shell.builtin = argv


def _trap(turn: Turn, argv: list[str]) -> int:
    shell, args = turn.shell, argv[1:]
    if args[:1] == ["--"]:
        args = args[1:]
    if not args or args[0] == "-p":
        _list_traps(turn)
        return 0
    if args[0] == "-l":
        return _list_signals(turn)
    reset = args[0] == "-" or (len(args) == 1) or args[0].isdigit()
    action, signals = ("", args if args[0] != "-" else args[1:]) if reset else (args[0], args[1:])
    status = 0
    for text in signals:
        signal = named(text)
        if signal is None:
            if text in ("ERR", "DEBUG", "RETURN") and shell.dialect == "bash":
                turn.machine.assume("command", f"trap {text} is not modelled: its action is never run.")
                continue
            _bad_signal(turn, text)
            status = 1
        elif reset:
            shell.traps.pop(signal, None)
            turn.process.ignored.discard(signal)
        else:
            shell.traps[signal] = action
            (turn.process.ignored.discard if action else turn.process.ignored.add)(signal)
    return status


def _bad_signal(turn: Turn, text: str) -> None:
    if turn.shell.dialect == "dash":
        turn.write(2, f"trap: {text}: bad trap\n")
    else:
        turn.complain_as("trap", f"{text}: invalid signal specification")


def _list_traps(turn: Turn) -> None:
    for signal, action in sorted(turn.shell.traps.items(), key=lambda pair: NUMBERS.get(pair[0], 0)):
        name = signal if turn.shell.dialect == "bash" else signal.removeprefix("SIG")
        turn.write(1, f"trap -- {quote(action)} {name}\n")


def _list_signals(turn: Turn) -> int:
    turn.write(1, "".join(f"{number:2}) {name}\n" for number, name in BY_NUMBER.items()))
    return 0


def _kill(turn: Turn, argv: list[str]) -> int | None:
    args, signal = argv[1:], "SIGTERM"
    if args and args[0] == "-l":
        turn.write(1, "\n".join(name.removeprefix("SIG") for name in NUMBERS) + "\n")
        return 0
    if args and args[0] in ("-s", "-n") and len(args) > 1:
        found, args = named(args[1]), args[2:]
    elif args and re.fullmatch(r"-[A-Za-z0-9]+", args[0]) and args[0] != "--":
        found, args = named(args[0][1:]), args[1:]
    else:
        found = signal
    if found is None:
        turn.complain_as("kill", f"{argv[1].lstrip('-')}: invalid signal specification")
        return 1
    status = 0
    for arg in [one for one in args if one != "--"]:
        status = _kill_one(turn, arg, found) or status
    return status


def _kill_one(turn: Turn, arg: str, signal: str) -> int:
    machine = turn.machine
    if arg.startswith("%"):
        arg = str(_job(turn, arg))
    if not re.fullmatch(r"-?\d+", arg):
        kind = turn.shell.dialect
        if kind == "ash":
            turn.complain(f"invalid number '{arg}'")
        else:
            turn.complain_as(
                "kill", f"{arg}: arguments must be process or job IDs" if kind == "bash" else f"Illegal number: {arg}"
            )
        return 2 if kind == "dash" else 1
    pid = int(arg)
    machine.room.thaw_all(machine)
    if pid in (0, -1) or pid < 0:
        targets = [p for p in list(machine.state.processes.values()) if p.pid != 1 and (pid == 0 or p is not turn.process)]
        if pid < -1:
            targets = [p for p in targets if p.pid == -pid or p.ppid == -pid]
    else:
        targets = [p for p in [machine.state.processes.get(pid)] if p is not None]
    if not targets:
        _no_such(turn, arg)
        return 1
    for target in targets:
        if signal != "EXIT":
            machine.signal(target, signal)
    return 0


def _no_such(turn: Turn, arg: str) -> None:
    if turn.shell.dialect == "bash":
        turn.complain_as("kill", f"({arg}) - No such process")
    elif turn.shell.dialect == "dash":
        turn.complain_as("kill", "No such process\n")
    else:
        turn.complain(f"can't kill pid {arg}: No such process")


def _jobs(turn: Turn, argv: list[str]) -> int:
    running = [pid for pid, code in turn.shell.jobs.items() if code is None]
    if "-p" in argv:
        turn.write(1, "".join(f"{pid}\n" for pid in running))
    else:
        turn.write(1, "".join(f"[{i}]{'+' if i == len(running) else '-'}  Running\n" for i, _ in enumerate(running, 1)))
    return 0


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
    elif re.fullmatch(r"[0-7]+", argv[1]):
        turn.process.umask = int(argv[1], 8) & 0o777
    return 0


KEYWORDS = set(names("if then else elif fi do done case esac while until for { } ! in"))


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
    from lifecycle.programs.shell.steps import call_command

    return call_command(turn, args)


def _meaning(turn: Turn, name: str, long: bool) -> str:
    if name in KEYWORDS:
        return f"{name} is a shell keyword" if long else name
    if name in turn.shell.functions:
        return f"{name} is a function" if long else name
    if name in BUILTINS:
        return f"{name} is a shell builtin" if long else name
    path = turn.machine.which(turn.process, name, turn.environment())
    if path is None or ("/" in name and turn.view.get(join(turn.process.cwd, name)) is None):
        return ""
    return f"{name} is {path}" if long else path


def _type(turn: Turn, argv: list[str]) -> int:
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
    from lifecycle.programs.shell.arithmetic import ArithmeticError_, evaluate

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
        _block(turn, argv)
        return None
    names = [arg for arg in argv[1:] if not arg.startswith("-")]
    lines = text.splitlines(keepends="-t" not in argv)
    turn.shell.vars[names[0] if names else "MAPFILE"] = {str(i): line for i, line in enumerate(lines)}
    return 0


def _times(turn: Turn, argv: list[str]) -> int:
    turn.write(1, "0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n")
    return 0


BUILTINS: dict[str, Builtin] = {
    ":": _colon,
    "true": _colon,
    "false": _false,
    "echo": _echo,
    "printf": _printf,
    "test": _test,
    "[": _test,
    "exit": _exit,
    "return": _return,
    "break": _break,
    "continue": _break,
    "eval": _eval,
    ".": _source,
    "source": _source,
    "exec": _exec,
    "export": _export,
    "readonly": _export,
    "local": _local,
    "declare": _local,
    "typeset": _local,
    "unset": _unset,
    "shift": _shift,
    "set": _set,
    "read": _read,
    "wait": _wait,
    "trap": _trap,
    "kill": _kill,
    "jobs": _jobs,
    "fg": _colon,
    "bg": _colon,
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
    "ulimit": _ulimit,
    "let": _let,
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
