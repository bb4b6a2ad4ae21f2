"""What commands that serve have in common: how they begin to listen, how they end, how their lines begin."""

from __future__ import annotations

from lifecycle.clock import MILLISECOND, Micros
from lifecycle.programs.commands.call import Call
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.machine import Machine
from lifecycle.programs.state import Process

START: Micros = 30 * MILLISECOND
"""How long a compiled server takes until it listens."""


def serve(call: Call, ports: list[int], kind: str, said: str = "", after: Micros = START) -> int | None:
    """Listen on ports from `after` on, until a signal comes. `{port}` in `said` stands for the first port."""
    if "listening" in call.data:
        call.forever()
        return None
    if "starting" not in call.data:
        call.data["starting"] = True
        call.sleep(after)
        return None
    for port in ports:
        if not call.machine.listen(call.process, port, kind):
            return call.fail(f"listen tcp :{port}: bind: address already in use")
    call.data["listening"] = True
    if said:
        call.err(said.format(port=ports[0] if ports else 0) + "\n")
    call.forever()
    return None


def dies_as_go(call: Call, signal: str) -> bool:
    """Do what a Go program does that handles no signal: as process 1 it cannot kill itself by it and exits with 2."""
    if signal in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") and call.process.pid == 1:
        call.machine.end(call.process, 2)
        return True
    return False


def stops(call: Call, code: int = 0) -> bool:
    call.machine.end(call.process, code)
    return True


def ends_gracefully(call: Call, signal: str) -> bool:
    """Finish what is under way, which is nothing by then, and end."""
    return signal in ("SIGTERM", "SIGINT", "SIGQUIT", "SIGWINCH") and "starting" in call.data and stops(call)


def local_time(machine: Machine, process: Process, form: str) -> str:
    """Return the moment as a process of its time zone writes it."""
    return strftime(form, machine.kernel.now, zone(process.env))
