"""Job control: who a terminal's keys are for, what is stopped or in the background, and how an interactive shell goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.programs.shell.frames import abandon
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.signals import BY_NUMBER, DESCRIPTIONS, NUMBERS
from lifecycle.programs.state import SIGNALED, Job, Process, Shell
from lifecycle.programs.terminal import make_cooked, terminal_of

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

IGNORED = {"SIGTERM", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU"}
"""What an interactive shell does not end or stop by."""


def interactive(shell: Shell) -> bool:
    return shell.input is not None and shell.input.interactive


def _controls(shell: Shell) -> bool:
    return "m" in shell.options and interactive(shell)


# ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def put_in_front(turn: Turn, child: Process, leader: int = 0) -> None:
    """Give a child a process group (its own, or a pipeline's) that the terminal's keys are for."""
    if _controls(turn.shell):
        child.group = leader or child.pid
        _foreground(turn.machine, turn.process, child.group)


def put_behind(turn: Turn, child: Process) -> bool:
    """Give a child in the background a group of its own; False where the shell has no job control."""
    if not _controls(turn.shell):
        return False
    child.group = child.pid
    return True


def _foreground(machine: Machine, process: Process, group: int) -> None:
    terminal = terminal_of(machine, process)
    if terminal is not None:
        terminal.foreground = group


# ── signals ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def take_signal(machine: Machine, process: Process, signal: str) -> bool:
    """Do what an interactive shell does on a signal that it has no trap for; False: the default action."""
    if signal == "SIGINT":
        interrupt(machine, process)
    return signal == "SIGINT" or signal in IGNORED


def interrupt(machine: Machine, process: Process) -> None:
    """Drop the command in progress, once its children in front have ended."""
    shell = process.shell
    assert shell is not None
    assert shell.input is not None
    if process.waiting in ("child", "pipeline", "substitute"):
        shell.input.interrupted = True
        return
    _drop(Turn(machine, process))
    machine.ready(process)


def give_up(turn: Turn) -> None:
    """Drop what was typed, as somebody has typed ^C into the editor; a trap for it runs."""
    action = turn.shell.traps.get("SIGINT")
    if action:
        turn.write(2, "\n")
        turn.process.pending.append("SIGINT")
    else:
        _drop(turn)


def _drop(turn: Turn) -> None:
    source = turn.shell.input
    assert source is not None
    abandon(turn, 128 + NUMBERS["SIGINT"])
    source.text, source.prompted, source.interrupted, source.editing = "", False, False, None
    turn.process.data.pop("read_prompted", None)
    terminal = terminal_of(turn.machine, turn.process)
    if terminal is not None:
        make_cooked(terminal)
        terminal.silent = False
    turn.write(2, "\n")


def ended_in_front(machine: Machine, parent: Process, child: Process) -> None:
    """Go on when a child in front has ended: the keys are the shell's again, and an interrupt is the whole command's."""
    shell = parent.shell
    if shell is None or shell.input is None or not shell.input.interactive:
        return
    shell.input.interrupted |= child.signal == "SIGINT"
    if parent.wait_for:
        return
    _foreground(machine, parent, parent.group)
    if shell.input.interrupted:
        parent.waiting = ""
        interrupt(machine, parent)


def child_stopped(machine: Machine, parent: Process, child: Process) -> None:
    """Go on when a child in front has been stopped: it becomes a job."""
    shell = parent.shell
    assert shell is not None
    if not interactive(shell):
        return
    job = next((job for job in shell.named_jobs.values() if child.pid in job.pids), None)
    if job is not None:
        job.stopped = True
    if parent.waiting not in ("child", "pipeline") or child.pid not in parent.wait_for:
        return
    if not all(machine.state.processes[pid].stopped for pid in parent.wait_for):
        return
    turn = Turn(machine, parent)
    pids, parent.wait_for = parent.wait_for, []
    if job is None:
        whole = parent.waiting == "pipeline" or child.shell is not None
        job = name_job(turn, pids, shell.frames[1].code.strip() if whole else " ".join(child.argv))
    job.stopped = True
    shell.jobs[pids[0]] = None
    shell.status = 128 + NUMBERS["SIGTSTP"]
    turn.write(2, ("\n" if shell.dialect == "bash" else "") + described(shell, pids[0]))
    _foreground(machine, parent, parent.group)
    machine.ready(parent)


# ── jobs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def name_job(turn: Turn, pids: list[int], text: str) -> Job:
    """Give a job a number; a bash that is typed to says it. Without job control ash and dash keep no text."""
    shell = turn.shell
    turn.machine.work(len(shell.named_jobs) // 4)
    taken = {job.number for job in shell.named_jobs.values()}
    free = next(number for number in range(1, len(taken) + 2) if number not in taken)
    number = max(taken, default=0) + 1 if shell.dialect == "bash" else free
    if shell.dialect != "bash" and not _controls(shell):
        text = ""
    job = shell.named_jobs[pids[0]] = Job(number, text, pids)
    if interactive(shell) and shell.dialect == "bash" and not turn.process.waiting:
        turn.write(2, f"[{number}] {pids[-1]}\n")
    return job


def described(shell: Shell, pid: int) -> str:
    """Return a job's line, as `jobs` lists it."""
    job = shell.named_jobs[pid]
    state = _state(shell, pid)
    mark = _mark(shell, pid)
    if shell.dialect == "bash":
        return f"[{job.number}]{mark}  {state:<23} {job.text}{' &' if state == 'Running' else ''}\n"
    space = " " if shell.dialect == "dash" else ""
    return f"[{job.number}]{space}{mark}{'' if space else ' '} {state:<26} {job.text}\n"


def _state(shell: Shell, pid: int) -> str:
    code = shell.jobs.get(pid)
    if code is None:
        return "Stopped" if shell.named_jobs[pid].stopped else "Running"
    if code & SIGNALED:
        return DESCRIPTIONS.get("SIG" + BY_NUMBER[(code & 255) - 128].removeprefix("SIG"), "Interrupt")
    if not code:
        return "Done"
    return f"Exit {code}" if shell.dialect == "bash" else f"Done({code})"


def _mark(shell: Shell, pid: int) -> str:
    """Return + for the current job, - for the one before: stopped ones first, then the newest."""
    place = _ranked(shell).index(pid)
    ended = shell.dialect == "bash" and shell.jobs.get(pid) is not None
    return "+" if place == 0 else "-" if place == 1 and not ended else " "


def _ranked(shell: Shell) -> list[int]:
    """Return the jobs, the current one first: stopped ones, then the newest."""
    jobs = shell.named_jobs
    return sorted(jobs, key=lambda pid: (jobs[pid].stopped, pid), reverse=True)


def listed(shell: Shell) -> list[int]:
    """Return the jobs in the order in which `jobs` lists them."""
    return list(shell.named_jobs) if shell.dialect == "bash" else _ranked(shell)


def announce(turn: Turn) -> None:
    """Say which jobs in the background have ended, and forget them."""
    shell = turn.shell
    ended = [pid for pid in listed(shell) if shell.jobs.get(pid, 0) is not None]
    turn.write(2, "".join(described(shell, pid) for pid in ended if pid in shell.jobs))
    for pid in ended:
        shell.jobs.pop(pid, None)
        del shell.named_jobs[pid]


def job_named(shell: Shell, text: str) -> int:
    """Return the first process of the job that %1, %%, %+, %- or %name means; -1 where there is none."""
    ranked = _ranked(shell)
    name = text.removeprefix("%")
    if name in ("", "%", "+", "-"):
        ranked = ranked[name == "-" :]
    elif name.isdigit():
        ranked = [pid for pid in ranked if shell.named_jobs[pid].number == int(name)]
    else:
        ranked = [pid for pid in ranked if shell.named_jobs[pid].text.startswith(name)]
    return ranked[0] if ranked else -1


def fg(turn: Turn, argv: list[str]) -> int | None:
    """Bring a job to the front and wait for it."""
    pid = _job(turn, argv)
    if pid < 0:
        return 1 if turn.shell.dialect == "bash" else 2
    shell, machine, job = turn.shell, turn.machine, turn.shell.named_jobs[pid]
    turn.write(1, job.text + "\n")
    job.stopped = False
    shell.jobs.pop(pid, None)
    alive = [one for one in job.pids if (found := machine.state.processes.get(one)) is not None and found.code is None]
    if not alive:
        return 0
    shell.pids, shell.statuses = list(alive), [0] * len(alive)
    turn.process.waiting, turn.process.wait_for = "child" if len(alive) == 1 else "pipeline", list(alive)
    _foreground(machine, turn.process, pid)
    _continue(turn, alive)
    return None


def bg(turn: Turn, argv: list[str]) -> int:
    """Let a stopped job go on in the background."""
    pid = _job(turn, argv)
    if pid < 0:
        return 1 if turn.shell.dialect == "bash" else 2
    job = turn.shell.named_jobs[pid]
    turn.write(1, f"[{job.number}]+ {job.text} &\n" if turn.shell.dialect == "bash" else f"[{job.number}] {job.text}\n")
    job.stopped = False
    _continue(turn, job.pids)
    return 0


def _continue(turn: Turn, pids: list[int]) -> None:
    for pid in pids:
        process = turn.machine.state.processes.get(pid)
        for one in list(turn.machine.state.processes.values()) if process else ():
            if process is not None and one.group == process.group:
                turn.machine.signal(one, "SIGCONT")


def _job(turn: Turn, argv: list[str]) -> int:
    """Return the job that `fg` or `bg` means; -1 after a complaint."""
    dialect = turn.shell.dialect
    if not _controls(turn.shell) and dialect == "bash":
        turn.complain_as(argv[0], "no job control")
        return -1
    asked = argv[1] if len(argv) > 1 else ""
    pid = job_named(turn.shell, asked)
    if pid < 0 and dialect == "bash":
        turn.complain_as(argv[0], f"{asked or 'current'}: no such job")
    elif pid >= 0 and not _controls(turn.shell):
        turn.complain_as(argv[0], "job (null) not created under job control")
        return -1
    elif pid < 0 and not asked:
        turn.complain_as(argv[0], "No current job")
    elif pid < 0:
        turn.complain_as(argv[0], f"No such job: {asked}" if dialect == "dash" else f"{asked}: no such job")
    return pid


def may_leave(turn: Turn) -> bool:
    """Say whether an interactive shell ends when it is asked to: with stopped jobs only when it is asked again."""
    shell = turn.shell
    bash = shell.dialect == "bash"
    turn.write(2, "exit\n" if bash else "")
    if shell.exiting or not any(job.stopped for job in shell.named_jobs.values()):
        return True
    turn.write(2, "There are stopped jobs.\n" if bash else "You have stopped jobs.\n")
    shell.exiting = True
    return False
