"""How busy a node is, and who is logged in: free, uptime, w, who, vmstat, dmesg.

No program here keeps a processor busy.
"""

from __future__ import annotations

from lifecycle.clock import SECOND, Micros
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.machine import Machine

LOAD = "0.00, 0.00, 0.00"


def memory(machine: Machine) -> tuple[int, int]:
    """Return how much memory the node has, and how much of it nobody holds, in bytes."""
    node, room = machine.sandbox.spec.node, machine.room
    return room.node_memory.of(node).size, max(room.node_memory.left(node), 0)


def up(machine: Machine) -> Micros:
    """Return for how long the node has been up: as long as there is a cluster."""
    return machine.kernel.now - machine.kernel.config.start


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────

_UNITS = {"b": 0, "k": 10, "m": 20, "g": 30}


@command("free")
def free(call: Call) -> int:
    call.moves()
    options, _ = call.options("bkmghs:c:twl", {"bytes": "b", "kibi": "k", "mebi": "m", "gibi": "g", "human": "h", "total": "t"})
    total, left = memory(call.machine)
    amounts = (total, total - left, left, 0, 0, left)
    unit = next((_UNITS[letter] for letter in options if letter in _UNITS), 10)
    cells = [_human(call, amount) if "h" in options else str(amount >> unit) for amount in amounts]
    none = "0B" if "h" in options and not call.busybox else "0"
    wide = 15 if call.busybox else 16
    titles = ("total", "used", "free", "shared", "buff/cache", "available")
    call.out(f"{'':4}{titles[0]:>{wide}}" + "".join(f"{title:>12}" for title in titles[1:]) + "\n")
    call.out(f"Mem:{cells[0]:>{wide}}" + "".join(f"{cell:>12}" for cell in cells[1:]) + "\n")
    call.out(f"Swap:{none:>{wide - 1}}{none:>12}{none:>12}\n")
    return 0


def _human(call: Call, size: int) -> str:
    """Return a size as free -h writes it: busybox with one decimal, procps with three digits at most."""
    letters, unit = "BKMGT", 0
    while size >= 1024 << 10 * unit and unit < 4:
        unit += 1
    value = size / (1 << 10 * unit)
    if call.busybox:
        return f"{value:.1f}{letters[unit]}" if size else "0"
    suffix = "B" if not unit else f"{letters[unit]}i"
    return f"{value:.1f}{suffix}" if value < 10 and unit else f"{int(value)}{suffix}"


@command("vmstat")
def vmstat(call: Call) -> int:
    call.moves()
    left = memory(call.machine)[1] >> 10
    call.out("procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----\n")
    call.out(" r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st\n")
    call.out(f" 0  0      0 {left:6}      0      0    0    0     0     0    0    0  0  0 100  0  0\n")
    return 0


# ── time and people ──────────────────────────────────────────────────────────────────────────────────────────────────


def uptime_line(call: Call) -> str:
    minutes = up(call.machine) // (60 * SECOND)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    span = f"{days} day{'s' if days != 1 else ''}, " if days else ""
    span += f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    users = "0 users" if call.busybox else "0 user"
    return f" {strftime('%T', call.now, zone(call.process.env))} up {span},  {users},  load average: {LOAD}\n"


@command("uptime")
def uptime(call: Call) -> int:
    call.moves()
    call.out(uptime_line(call))
    return 0


@command("w")
def w(call: Call) -> int:
    if call.busybox:
        call.out("USER\t\tTTY\t\tIDLE\tTIME\t\t HOST\n")
        return 0
    call.moves()
    call.out(uptime_line(call) + "USER     TTY      FROM             LOGIN@   IDLE   JCPU   PCPU WHAT\n")
    return 0


@command("who", "users", "last")
def who(call: Call) -> int:
    """Nobody has logged in: who comes by exec or attach does not."""
    return 0


@command("dmesg")
def dmesg(call: Call) -> int:
    """Refuse: the kernel's words are for those who have the capability SYSLOG."""
    why = "klogctl" if call.busybox else "read kernel buffer failed"
    return call.fail(f"{why}: Operation not permitted")
