"""Loops that only sleep, or do nothing: they rest without a timer until somebody looks or a signal comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lifecycle.clock import Micros
from lifecycle.programs import executing, pid_namespaces
from lifecycle.programs.executing import ExecError
from lifecycle.programs.machine import OVERSLEPT
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Frame, Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine


def do_idle(turn: Turn, frame: Frame, step: Any) -> None:
    """Rest in a loop that only sleeps: no timer, until somebody looks or a signal comes."""
    shell, process = turn.shell, turn.process
    if "sleep" in shell.functions or "x" in shell.options:
        return
    if executing.which(turn.machine, process, "sleep", turn.environment()) is None:
        return
    shell.loop_start = turn.machine.kernel.now
    process.data = {"period": step[2] + OVERSLEPT, "written": step[1]}
    process.waiting = "idle"


def do_spin(turn: Turn, frame: Frame, step: Any) -> None:
    """Stay busy in a loop that does nothing: no steps are counted, for there is nothing that they could change."""
    shell = turn.shell
    if "x" not in shell.options and "DEBUG" not in shell.traps and not _WORDS_OF_NOTHING & shell.functions.keys():
        turn.process.waiting = "spin"


_WORDS_OF_NOTHING = {"true", "false", ":", "["}


def thaw(machine: Machine, process: Process) -> None:
    """Give a resting loop its sleeping child back, as if it had gone round all the time."""
    shell = process.shell
    assert shell is not None
    period: Micros = process.data["period"]
    rounds, gone = divmod(machine.kernel.now - shell.loop_start, period)
    pid_namespaces.pass_over(machine, rounds)
    written = process.data["written"]
    process.data = {}
    try:
        child = machine.spawn(process, ["sleep", written])
        executing.execute(machine, child, ["sleep", written], Turn(machine, process).environment())
    except ExecError:
        machine.ready(process)
        machine.run()
        return
    child.data["until"] = machine.kernel.now + period - gone
    child.started -= gone
    child.seen = True
    machine.sleep_until(child, child.data["until"])
    process.waiting, process.wait_for = "child", [child.pid]
