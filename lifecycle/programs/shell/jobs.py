"""Builtins about processes: wait, trap, kill, jobs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifecycle.programs import pid_namespaces
from lifecycle.programs.shell import dialect
from lifecycle.programs.shell.job_control import described, job_named, listed
from lifecycle.programs.shell.quoting import quote
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.signals import BY_NUMBER, NUMBERS, named
from lifecycle.programs.state import SIGNALED, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


def wait(turn: Turn, argv: list[str]) -> int | None:
    shell = turn.shell
    wanted = [arg for arg in argv[1:] if not arg.startswith("-")]
    if "-n" in argv[1:]:
        return _wait_any(turn, argv)
    if not wanted:
        if all(code is not None for code in shell.jobs.values()):
            shell.jobs = {}
            return 0
        block(turn, argv)
        return None
    status = 0
    for arg in wanted:
        pid = int(arg) if arg.isdigit() else job_named(turn.shell, arg)
        if pid not in shell.jobs:
            if shell.dialect == "bash":
                turn.complain_as("wait", f"pid {arg} is not a child of this shell")
            status = 127
            continue
        code = shell.jobs[pid]
        if code is None:
            block(turn, argv)
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
    block(turn, argv)
    return None


def block(turn: Turn, argv: list[str]) -> None:
    turn.process.waiting = "builtin"
    turn.shell.builtin = argv


def trap(turn: Turn, argv: list[str]) -> int:
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
                function = next((frame for frame in reversed(shell.frames) if frame.kind == "function"), None)
                if text == "RETURN" and function is not None:
                    function.returns = True
                (shell.traps.pop(text, None) if reset else shell.traps.update({text: action}))
                continue
            _bad_signal(turn, text)
            status = 1
        elif reset:
            shell.traps.pop(signal, None)
            turn.process.ignored -= {signal}
        else:
            shell.traps[signal] = action
            turn.process.ignored = turn.process.ignored - {signal} if action else turn.process.ignored | {signal}
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


def kill(turn: Turn, argv: list[str]) -> int | None:
    args, signal = argv[1:], "SIGTERM"
    if args[:1] == ["-l"] and len(args) > 1 and args[1].isdigit():
        turn.write(1, BY_NUMBER.get(int(args[1]) % 128, args[1]).removeprefix("SIG") + "\n")
        return 0
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
        return _kill_job(turn, arg, signal)
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
    targets: list[tuple[Machine | None, Process]]
    machine.room.thaw_all(machine)
    if pid in (0, -1) or pid < 0:
        first = machine.state.processes.get(1)
        own = [p for p in list(machine.state.processes.values()) if p is not first and (pid == 0 or p is not turn.process)]
        targets = [(machine, p) for p in own if pid >= -1 or -pid in (p.pid, p.ppid, p.group)]
    else:
        found = pid_namespaces.find(machine, pid)
        targets = [found] if found is not None else []
    if not targets:
        _no_such(turn, arg)
        return 1
    for target in targets:
        if signal != "EXIT":
            pid_namespaces.signal(machine, turn.process, target, signal)
    return 0


def _kill_job(turn: Turn, arg: str, signal: str) -> int:
    """Send a signal to a job: to its process group, where it has one; bash lets a stopped one take it at once."""
    shell, machine = turn.shell, turn.machine
    pid = job_named(shell, arg)
    if pid < 0:
        turn.complain_as("kill", f"No such job: {arg}" if shell.dialect == "dash" else f"{arg}: no such job")
        return 1 if shell.dialect == "bash" else 2
    job = shell.named_jobs[pid]
    groups = {one.group for one in machine.state.processes.values() if one.pid in job.pids} - {turn.process.group}
    targets = [one for one in list(machine.state.processes.values()) if one.group in groups or one.pid in job.pids]
    for target in targets:
        machine.signal(target, signal)
        if job.stopped and shell.dialect == "bash":
            machine.signal(target, "SIGCONT")
    return 0


def _no_such(turn: Turn, arg: str) -> None:
    if turn.shell.dialect == "bash":
        turn.complain_as("kill", f"({arg}) - No such process")
    elif turn.shell.dialect == "dash":
        turn.complain_as("kill", "No such process\n")
    else:
        turn.complain(f"can't kill pid {arg}: No such process")


def jobs(turn: Turn, argv: list[str]) -> int:
    shell = turn.shell
    found = [pid for pid in listed(shell) if pid in shell.jobs]
    turn.write(1, "".join(f"{pid}\n" if "-p" in argv else described(shell, pid) for pid in found))
    for pid in [pid for pid in shell.named_jobs if shell.jobs.get(pid, 0) is not None]:
        del shell.named_jobs[pid]
    return 0
