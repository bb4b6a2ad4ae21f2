"""Commands about the terminal: tty, stty, clear, reset."""

from __future__ import annotations

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.terminal import opened_by, terminal_of


@command("tty")
def tty(call: Call) -> int:
    found = opened_by(call.machine, call.process, 0)
    if "-s" not in call.args:
        call.out(f"/dev/pts/{min(found.pos, 1)}\n" if found else "not a tty\n")
    return 0 if found else 1


@command("stty")
def stty(call: Call) -> int:
    terminal = terminal_of(call.machine, call.process)
    if terminal is None or opened_by(call.machine, call.process, 0) is None:
        name = "standard input" if call.busybox else "'standard input'"
        return call.fail(f"{name}: Inappropriate ioctl for device")
    if call.args == ["size"]:
        call.out(f"{terminal.rows} {terminal.columns}\n")
    elif call.args in ([], ["-a"]):
        size = f" rows {terminal.rows}; columns {terminal.columns};" if call.args else " line = 0;"
        call.out(f"speed 38400 baud;{size}\n")
    return 0


@command("clear", "reset")
def clear(call: Call) -> int:
    if call.process.env.get("TERM"):
        call.out("\x1b[H\x1b[2J" if call.busybox else "\x1b[H\x1b[2J\x1b[3J")
        return 0
    if call.busybox:
        return 0
    return call.fail("TERM environment variable not set.")
