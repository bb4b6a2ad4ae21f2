"""Commands that run other programs: starting them, waiting for them, and what they came to."""

from __future__ import annotations

from collections.abc import Mapping

from lifecycle.programs import executing, streams
from lifecycle.programs.commands.call import Call
from lifecycle.programs.executing import ExecError
from lifecycle.programs.files import FileError
from lifecycle.programs.state import Open, Process


def start_child(
    call: Call, argv: list[str], fds: Mapping[int, Open] | None = None, without: tuple[int, ...] = ()
) -> Process | int:
    """Start a program as a child; a status where it could not be (it has been complained about).

    `fds` are opened for it alone; it has not the descriptors `without`. What it comes to stands in the `data` of its parent
    when it has ended: under `ended`, by pid, where there is such a table, else as `last`.
    """
    try:
        child = call.machine.spawn(call.process, argv)
    except ExecError:
        return call.fail("fork: Resource temporarily unavailable")
    for fd in without:
        streams.close(call.machine, child, fd)
    for fd, opened in (fds or {}).items():
        streams.set_fd(call.machine, child, fd, opened)
    try:
        executing.execute(call.machine, child, argv, call.process.env)
    except ExecError as error:
        child.code = error.status
        for fd in list(child.fds):
            streams.close(call.machine, child, fd)
        call.machine.reap(child)
        text = FileError(error.code).text if error.code in FileError.TEXTS else "Exec format error"
        wording = f"can't execute '{argv[0]}': {text}" if call.busybox else f"failed to run command '{argv[0]}': {text}"
        return call.fail(wording, error.status)
    call.machine.queue.append(child.pid)
    call.data["child"] = child.pid
    return child


def run_each(call: Call, commands: list[list[str]], at_once: int = 1) -> list[int] | None:
    """Run programs, some `at_once` (0: all), and return their statuses in the order of their ends; None: wait."""
    left: list[list[str]] = call.data.setdefault("left", commands[::-1])
    ended: dict[str, int] = call.data.setdefault("ended", {})
    statuses: list[int] = call.data.setdefault("statuses", [])
    while True:
        statuses += ended.values()
        call.data["running"] = call.data.get("running", 0) - len(ended)
        ended.clear()
        if not left and not call.data["running"]:
            return statuses
        if not left or (at_once and call.data["running"] >= at_once):
            call.process.waiting = "children"
            return None
        if not call.machine.spend(call.process, 20):
            return None
        started = start_child(call, left.pop())
        if isinstance(started, int):
            statuses.append(started)
        else:
            call.data["running"] += 1
