"""Commands about processes: ps, kill, killall, pgrep, pkill, pidof, xargs, env as a starter of programs."""

from __future__ import annotations

import re

from lifecycle.programs import executing, pid_namespaces
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.commands.system import user_name
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.container_memory import BASE_MEMORY
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.pid_namespaces import Seen
from lifecycle.programs.signals import BY_NUMBER, NUMBERS, named
from lifecycle.programs.state import Process
from lifecycle.programs.terminal import opened_by, terminal_of


def seen(call: Call) -> list[Seen]:
    """Return the processes that a command can see, in order of pid, resting loops included as what they are."""
    return pid_namespaces.seen(call.machine)


def short_name(process: Process) -> str:
    """Return the name as the kernel keeps it: 15 characters of the program's file name."""
    name = str(process.data.get("title_name") or process.argv[0].rpartition("/")[2])
    return name[:15]


def title(process: Process) -> str:
    return str(process.data.get("title") or " ".join(process.argv))


@command("ps")
def ps(call: Call) -> int:
    call.moves()
    rows = seen(call)
    args = "".join(arg.lstrip("-") for arg in call.args)
    if call.busybox:
        return _ps_busybox(call, rows)
    if "-o" in call.args or "-eo" in call.args:
        return _ps_columns(call, rows)
    if "f" in args and "aux" not in args:
        _ps_full(call, rows)
    elif "u" in args:
        _ps_user(call, rows)
    else:
        call.out("    PID TTY          TIME CMD\n")
        own = _tty(call, call.process)
        for one in rows if args else [one for one in rows if _tty(call, one.process) == own]:
            call.out(f"{one.pid:7} {_tty(call, one.process):<8} 00:00:00 {short_name(one.process)}\n")
    return 0


def _ps_busybox(call: Call, rows: list[Seen]) -> int:
    if "-o" in call.args:
        return _ps_columns(call, rows)
    call.out("PID   USER     TIME  COMMAND\n")
    for one in rows:
        text = title(one.process) if one.process.code is None else f"[{short_name(one.process)}]"
        call.out(f"{one.pid:5} {user_name_of(call, one.process):<8}  0:00 {text}\n")
    return 0


def _ps_full(call: Call, rows: list[Seen]) -> None:
    call.out("UID          PID    PPID  C STIME TTY          TIME CMD\n")
    for one in rows:
        process = one.process
        since, tty = _since(call, process), _tty(call, process)
        shown = f"{user_name_of(call, process):<8} {one.pid:7} {one.ppid:7}  0 {since} {tty:<8} 00:00:00 {_shown(process)}\n"
        call.out(shown)


def _ps_user(call: Call, rows: list[Seen]) -> None:
    total = call.machine.room.node_memory.of(call.machine.sandbox.spec.node).size
    call.out("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n")
    for one in rows:
        process = one.process
        kib, user, tty = resident(process), user_name_of(call, process), _tty(call, process)
        share = 100 * (kib << 10) / total
        call.out(
            f"{user:<8} {one.pid:7}  0.0 {share:4.1f} {kib + 1676:6} {kib:5} {tty:<8} {state(call, one):<4} "
            f"{_since(call, process)}   0:00 {_shown(process)}\n"
        )


def resident(process: Process) -> int:
    """Return how many KiB of memory a process has; a zombie has none."""
    return 0 if process.code is not None else (process.memory + BASE_MEMORY >> 10) + 600


def state(call: Call, one: Seen) -> str:
    """Return a process's state in ps's letters: s leads a session, + is in the foreground of a terminal."""
    process = one.process
    if process.code is not None:
        return "Z"
    letter = "T" if process.stopped else "R" if process is call.process else "S"
    leads = one.ppid == 0
    found = terminal_of(one.machine, process) if one.machine is not None else None
    return letter + ("s" if leads else "") + ("+" if found is not None and found.foreground == process.group else "")


def _tty(call: Call, process: Process) -> str:
    opened = opened_by(call.machine, process)
    return f"pts/{min(opened.pos, 1)}" if opened else "?"


def _since(call: Call, process: Process) -> str:
    return strftime("%H:%M", process.started, zone(call.process.env))


def _shown(process: Process) -> str:
    return title(process) if process.code is None else f"[{short_name(process)}] <defunct>"


_COLUMNS = {"rss": "RSS", "vsz": "VSZ", "%cpu": "%CPU", "%mem": "%MEM", "args": "COMMAND", "cmd": "CMD", "comm": "COMMAND"}


def _ps_columns(call: Call, rows: list[Seen]) -> int:
    at = next(i for i, arg in enumerate(call.args) if arg in ("-o", "-eo"))
    columns = [column.partition("=")[0] for column in ",".join(call.args[at + 1 :]).split(",") if not column.startswith("-")]
    bare = "=" in "".join(call.args[at + 1 :])
    table = [] if bare else [[_COLUMNS.get(column, column.upper()) for column in columns]]
    for one in rows:
        process = one.process
        values = {
            "pid": str(one.pid),
            "ppid": str(one.ppid),
            "user": user_name_of(call, process),
            "comm": short_name(process),
            "args": _shown(process),
            "cmd": _shown(process),
            "stat": state(call, one),
            "rss": str(resident(process)),
            "vsz": str(resident(process) + 1676),
            "tty": _tty(call, process),
            "%cpu": "0.0",
        }
        table.append([values.get(column, "-") for column in columns])
    if call.busybox:
        widths = [_BUSYBOX_WIDTHS.get(column, 0) for column in columns]
    else:
        widths = [0] * len(columns) if bare else [max(len(row[i]) for row in table) for i in range(len(columns))]
    for number, row in enumerate(table):
        right = [column in _NUMBERS and not (call.busybox and number == 0 and not bare) for column in columns]
        cells = [cell.rjust(wide) if r else cell.ljust(wide) for cell, wide, r in zip(row, widths, right, strict=True)]
        call.out(" ".join(cells).rstrip() + "\n")
    return 0


_BUSYBOX_WIDTHS = {"user": 8, "group": 8, "comm": 16, "pid": 5, "ppid": 5, "pgid": 5, "tty": 6, "vsz": 4, "stat": 4, "rss": 4}
_NUMBERS = {"pid", "ppid", "rss", "vsz", "%cpu", "%mem"}


def user_name_of(call: Call, process: Process) -> str:
    """Return the name of a process's user as the container that looks has it, cut as ps does; else the number."""
    if process.user == 0:
        return "root"
    name = user_name(call, process.user)
    return name if name and len(name) <= 8 else f"{name[:7]}+" if name else str(process.user)


def matching(call: Call, pattern: str, full: bool, exact: bool) -> list[Seen]:
    """Return the processes whose name (or whole command line) matches, without the one that asks."""
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"bad regex '{pattern}'", 2) from error
    found = []
    for one in seen(call):
        text = title(one.process) if full else short_name(one.process)
        if one.process is not call.process and (expression.fullmatch(text) if exact else expression.search(text)):
            found.append(one)
    return found


@command("pgrep", "pkill")
def pgrep(call: Call) -> int:
    args, signal = list(call.args), "SIGTERM"
    for arg in list(args):
        if re.fullmatch(r"-(\d+|[A-Z][A-Z0-9]+)", arg):
            signal = named(arg[1:]) or signal
            args.remove(arg)
    call.process.argv = [call.process.argv[0], *args]
    call.args = args
    options, operands = call.options(
        "flaoxnvs:P:u:cs:", {"full": "f", "exact": "x", "count": "c", "list-name": "l", "signal": "s"}
    )
    if not operands:
        return call.fail("no matching criteria specified", 2)
    if call.name == "pgrep":
        call.moves() if any(p.shell and p.shell.loop_start for p in call.machine.state.processes.values()) else None
    found = matching(call, operands[0], "f" in options, "x" in options)
    if call.name == "pkill":
        found = [one for one in found if one.process.code is None]
        for one in found:
            _signal_to(call, one, named(options["s"]) or "SIGTERM" if "s" in options else signal)
    elif "c" in options:
        call.out(f"{len(found)}\n")
    else:
        lines = [
            f"{one.pid} {title(one.process) if 'a' in options else short_name(one.process)}"
            if {"l", "a"} & set(options)
            else str(one.pid)
            for one in found
        ]
        call.out("".join(line + "\n" for line in lines))
    return 0 if found else 1


@command("pidof")
def pidof(call: Call) -> int:
    names = [arg for arg in call.args if not arg.startswith("-")]
    found = [one for one in _others(call) if short_name(one.process) in names and one.process.code is None]
    if found:
        call.out(" ".join(str(one.pid) for one in reversed(found)) + "\n")
    return 0 if found else 1


@command("killall", "killall5")
def killall(call: Call) -> int:
    args, signal, quiet = list(call.args), "SIGTERM", False
    names = []
    while args:
        arg = args.pop(0)
        if arg in ("-s", "--signal") and args:
            signal = _signal(call, args.pop(0))
        elif arg == "-l":
            call.out(" ".join(name.removeprefix("SIG") for name in NUMBERS) + "\n")
            return 0
        elif arg in ("-q", "--quiet"):
            quiet = True
        elif re.fullmatch(r"-(\d+|[A-Z]\w+)", arg):
            signal = _signal(call, arg[1:])
        elif not arg.startswith("-"):
            names.append(arg)
    status = 0
    for name in names:
        found = [one for one in _others(call) if short_name(one.process) == name.rpartition("/")[2][:15]]
        if not found:
            status = 1
            if not quiet:
                call.err(f"{name}: no process found\n" if not call.busybox else f"killall: {name}: no process killed\n")
        for one in found:
            _signal_to(call, one, signal)
    return status


def _others(call: Call) -> list[Seen]:
    return [one for one in seen(call) if one.process is not call.process]


def _signal_to(call: Call, one: Seen, signal: str) -> None:
    if signal != "EXIT":
        pid_namespaces.signal(call.machine, call.process, (one.machine, one.process), signal)


def _signal(call: Call, text: str) -> str:
    found = named(text)
    if found is None:
        raise UsageError(
            f"{text}: unknown signal; killall -l lists signals." if not call.busybox else f"bad signal name '{text}'"
        )
    return found


@command("kill")
def kill(call: Call) -> int:
    args, signal = list(call.args), "SIGTERM"
    if args[:1] == ["-l"]:
        call.out("".join(f"{number:2}) {name.removeprefix('SIG')}\n" for number, name in BY_NUMBER.items()))
        return 0
    if args and args[0] in ("-s", "--signal") and len(args) > 1:
        signal, args = _signal(call, args[1]), args[2:]
    elif args and re.fullmatch(r"-\w+", args[0]):
        signal, args = _signal(call, args[0][1:]), args[1:]
    if not args:
        return call.fail("you need to specify whom to kill" if call.busybox else "not enough arguments")
    status = 0
    call.machine.room.thaw_all(call.machine)
    for arg in args:
        target = pid_namespaces.find(call.machine, int(arg)) if arg.isdigit() else None
        if target is None:
            status = call.fail(f"can't kill pid {arg}: No such process" if call.busybox else f"({arg}): No such process")
        elif signal != "EXIT":
            pid_namespaces.signal(call.machine, call.process, target, signal)
    return status


# ── commands that run commands ───────────────────────────────────────────────────────────────────────────────────────


@command("env")
def env(call: Call) -> int | None:
    args, values = list(call.args), dict(call.process.env)
    while args:
        if args[0] in ("-i", "-", "--ignore-environment"):
            values = {}
        elif args[0] in ("-u", "--unset") and len(args) > 1:
            values.pop(args.pop(1), None)
        elif args[0].startswith("--unset="):
            values.pop(args[0][8:], None)
        elif "=" in args[0] and not args[0].startswith("-"):
            name, _, value = args[0].partition("=")
            values[name] = value
        else:
            break
        args.pop(0)
    if not args:
        call.out("".join(f"{name}={value}\n" for name, value in values.items()))
        return 0
    try:
        executing.execute(call.machine, call.process, args, values)
    except ExecError as error:
        text = FileError(error.code).text if error.code in FileError.TEXTS else "Exec format error"
        return call.fail(f"can't execute '{args[0]}': {text}" if call.busybox else f"'{args[0]}': {text}", error.status)
    call.machine.queue.append(call.process.pid)
    return None


@command("printenv")
def printenv(call: Call) -> int:
    if not call.args:
        call.out("".join(f"{name}={value}\n" for name, value in call.process.env.items()))
        return 0
    status = 0
    for name in call.args:
        if name in call.process.env:
            call.out(call.process.env[name] + "\n")
        else:
            status = 1
    return status
