"""top: what runs, once, again and again, or at a terminal until somebody has seen enough."""

from __future__ import annotations

from collections import Counter

from lifecycle.programs import terminal
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.load import LOAD, memory, uptime_line
from lifecycle.programs.commands.processes import resident, seen, short_name, state, title, user_name_of
from lifecycle.programs.commands.times import seconds

EVERY = {"busybox": 5.0, "procps": 3.0}
QUIT = ("q", "\x03")


@command("top")
def top(call: Call) -> int | None:
    call.moves()
    options, _ = call.options("bn:d:p:HmcoSisu:U:w:E:e:1")
    batch = "b" in options
    found = terminal.terminal_of(call.machine, call.process)
    if found is None and not batch and not call.busybox:
        return call.fail("failed tty get")
    if not batch and found is not None:
        return _at_terminal(call, options)
    return _once_more(call, options, "" if call.busybox or not call.data.get("shown") else "\n", None)


def _once_more(call: Call, options: dict[str, str], before: str, rows: int | None) -> int | None:
    """Show the processes, and go on in a while; at a terminal of so many rows only as many as fit."""
    shown = call.data["shown"] = call.data.get("shown", 0) + 1
    text = _busybox_screen(call) if call.busybox else _procps_screen(call)
    if rows is not None:
        text = "\n".join(line[: _columns(call)] for line in text.split("\n")[: max(rows - 1, 1)])
    call.out(before + text)
    if "n" in options and shown >= int(options["n"] or 1):
        return _leave(call)
    call.sleep_seconds(seconds(options.get("d", "")) or EVERY["busybox" if call.busybox else "procps"])
    return None


def _columns(call: Call) -> int:
    found = terminal.terminal_of(call.machine, call.process)
    return (found.columns if found else 0) or 80


def _at_terminal(call: Call, options: dict[str, str]) -> int | None:
    found = terminal.terminal_of(call.machine, call.process)
    assert found is not None
    terminal.make_raw(found)
    number = next((n for n, one in call.machine.state.terminals.items() if one is found), 0)
    keys = terminal.read(call.machine, call.process, number) if found.keys or found.closed else None
    if keys == "" or (keys and any(key in QUIT for key in keys)):
        return _leave(call)
    status = _once_more(call, options, "\x1b[H\x1b[J", found.rows or 24)
    if status is None:
        terminal.wait(found, call.process)
    return status


def _leave(call: Call) -> int:
    found = terminal.terminal_of(call.machine, call.process)
    if found is not None and found.raw:
        terminal.make_cooked(found)
        call.out("\n" if call.busybox else "\x1b[?12l\x1b[?25h\n")
    return 0


@handler("top")
def top_signal(call: Call, signal: str) -> bool:
    """Put the terminal back before it ends."""
    if signal in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
        _leave(call)
    return False


def _busybox_screen(call: Call) -> str:
    total, left = (size >> 10 for size in memory(call.machine))
    rows = sorted(seen(call), key=lambda one: (-resident(one.process), -one.pid))
    text = f"Mem: {total - left}K used, {left}K free, 0K shrd, 0K buff, 0K cached\n"
    text += "CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n"
    text += f"Load average: {LOAD.replace(',', '')} 1/{len(rows)} {max(one.pid for one in rows)}\n"
    text += "  PID  PPID USER     STAT   VSZ %VSZ %CPU COMMAND\n"
    for one in rows:
        kib = resident(one.process)
        size = f"{kib:5}" if kib < 100_000 else f"{kib >> 10:4}m"
        share, user = 100 * kib // max(total, 1), user_name_of(call, one.process)
        text += f"{one.pid:5} {one.ppid:5} {user:<8} {state(call, one)[0]:<4} {size} {share:3}%   0% {title(one.process)}\n"
    return text


def _procps_screen(call: Call) -> str:
    total, left = memory(call.machine)
    rows = sorted(seen(call), key=lambda one: (one.process is not call.process, one.pid))
    states = [state(call, one)[0] for one in rows]
    counts = Counter(states)
    mebi = [f"{size / (1 << 20):.1f}" for size in (total, left, total - left, 0, left)]
    text = f"top -{uptime_line(call)}"
    text += f"Tasks: {len(rows):3} total, {counts['R']:3} running, {counts['S']:3} sleeping, {counts['T']:3} stopped, "
    text += f"{counts['Z']:3} zombie\n"
    text += "%Cpu(s):  0.0 us,  0.0 sy,  0.0 ni,100.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n"
    text += f"MiB Mem : {mebi[0]:>8} total, {mebi[1]:>8} free, {mebi[2]:>8} used, {mebi[3]:>8} buff/cache     \n"
    text += f"MiB Swap:      0.0 total,      0.0 free,      0.0 used. {mebi[4]:>8} avail Mem \n\n"
    text += "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    for one, letter in zip(rows, states, strict=True):
        kib = resident(one.process)
        share = 100 * (kib << 10) / max(total, 1)
        text += f"{one.pid:7} {user_name_of(call, one.process):<8}  20   0 {kib + 2048:7} {kib:6} {min(kib, 3000):6} {letter} "
        text += f"  0.0 {share:5.1f}   0:00.00 {short_name(one.process)}\n"
    return text
