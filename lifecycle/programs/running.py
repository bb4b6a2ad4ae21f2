"""How processes take their steps: a shell's, a command's; what signals and the ends of children mean to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs import starting
from lifecycle.programs.commands import COMMANDS, HANDLERS, Call, NoSpace, UsageError
from lifecycle.programs.files import FileError
from lifecycle.programs.regex import RegexError
from lifecycle.programs.shell import forks, idle, job_control, reading, steps
from lifecycle.programs.signals import NUMBERS
from lifecycle.programs.state import Process

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

COMMAND_STEPS = 5
"""What each call of a command counts for among the steps, beside what it reads and writes."""


class Running:
    """The part of the room that machines have their processes run by."""

    def step(self, machine: Machine, process: Process) -> None:
        """Let a process do what it does next."""
        if process.shell is not None:
            steps.run_shell(machine, process)
            return
        machine.state.budget.done += COMMAND_STEPS
        function = COMMANDS.get(process.program)
        call = Call(machine, process)
        if function is None:
            starting.unmodelled(machine, process)
            return
        program = process.program
        try:
            status = function(call)
        except UsageError as error:
            call.err(f"{call.name}: {error.text}\n{_advice(call, error.text)}")
            status = error.status
        except FileError as error:
            status = call.fail(error.text)
        except NoSpace:
            status = call.no_space()
        except RegexError as error:
            if error.hard:
                machine.limit_regex()
            status = call.fail(error.text, 2)
        except (ValueError, LookupError, ArithmeticError, RecursionError):
            status = call.fail("invalid argument")  # a number, an expression or a date that is none
        if status is not None and process.code is None and process.program == program:
            machine.end(process, status)

    def handles(self, machine: Machine, process: Process, signal: str) -> bool:
        """Let a program take a signal itself; False where it leaves that to the kernel."""
        shell = process.shell
        if shell is None:
            function = HANDLERS.get(process.program)
            return function is not None and function(Call(machine, process), signal)
        if signal == "SIGWINCH":
            reading.redraw(machine, process)
        if not shell.traps.get(signal):
            return job_control.interactive(shell) and job_control.take_signal(machine, process, signal)
        process.pending.append(signal)
        if process.waiting == "builtin":
            shell.builtin = []
            process.data.pop("read_prompted", None)
            shell.status = 128 + NUMBERS[signal]
            machine.ready(process)
        elif process.waiting == "read" and shell.frames[-1].kind == "input":
            machine.ready(process)
        elif process.waiting == "idle":
            idle.thaw(machine, process)
        elif process.waiting == "spin":
            machine.ready(process)
        return True

    def child_ended(self, machine: Machine, parent: Process, child: Process) -> bool:
        """Tell a parent that a child has ended; it asks for its status, or leaves it a zombie."""
        if parent.shell is not None:
            return forks.child_ended(machine, parent, child)
        if "ended" in parent.data:
            machine.reap(child)
            parent.data["ended"][str(child.pid)] = child.code or 0
            if parent.waiting == "children":
                machine.ready(parent)
        elif parent.data.get("child") == child.pid:
            parent.data["code"] = parent.data["last"] = child.code
            machine.reap(child)
            machine.ready(parent)
        elif parent.data.get("reaps"):
            machine.reap(child)
            function = HANDLERS.get(parent.program)
            if function:
                parent.data["reaped"] = [child.pid, child.code or 0]
                function(Call(machine, parent), "SIGCHLD")
        return True

    def child_stopped(self, machine: Machine, parent: Process, child: Process) -> None:
        """Tell a shell that a child of its has been stopped."""
        job_control.child_stopped(machine, parent, child)

    def thaw_all(self, machine: Machine) -> None:
        """Make resting loops real, before somebody looks at the processes."""
        for process in list(machine.state.processes.values()):
            if process.waiting == "idle":
                idle.thaw(machine, process)


def _advice(call: Call, problem: str) -> str:
    """Return the line that coreutils add to a complaint about how they were called."""
    usage = ("invalid option", "unrecognized option", "missing operand", "option requires", "option '", "missing file operand")
    return f"Try '{call.name} --help' for more information.\n" if not call.busybox and problem.startswith(usage) else ""
