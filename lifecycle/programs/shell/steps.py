"""The steps of compiled scripts, and the loop that takes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from lifecycle.clock import Micros
from lifecycle.programs import streams
from lifecycle.programs.files import FileError, join
from lifecycle.programs.images import catalogue
from lifecycle.programs.machine import ExecError
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell import patterns
from lifecycle.programs.shell.arithmetic import ArithmeticError_
from lifecycle.programs.shell.builtins import BUILTINS, SPECIAL
from lifecycle.programs.shell.compile import Code, compile_script
from lifecycle.programs.shell.conditions import Bracket, TestError, explain
from lifecycle.programs.shell.expand import Expander, ExpansionError, quote
from lifecycle.programs.shell.redirects import expanded, redirect, undo_to
from lifecycle.programs.shell.syntax import ArrayLit, Assign
from lifecycle.programs.shell.turn import Replaced, ShellExit, Turn
from lifecycle.programs.state import SIGNALED, Frame, Loop, Open, Process, Shell, Undo

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine

MAX_FRAMES = 1_000


def run_shell(machine: Machine, process: Process) -> None:
    """Let a shell go on until it waits or ends."""
    turn = Turn(machine, process)
    shell = turn.shell
    taken = 0
    try:
        if shell.builtin:
            _resume_builtin(turn)
        while process.code is None and not process.waiting:
            if process.pending:
                _trap(turn)
            frame = shell.frames[-1]
            steps = _code(shell, frame).steps
            while True:
                step = steps[frame.pc]
                frame.pc += 1
                taken += 1
                STEPS[step[0]](turn, frame, step)
                if process.waiting or process.code is not None or process.pending or shell.frames[-1] is not frame:
                    break
                if taken >= 500:
                    if not machine.spend(process, taken):
                        return
                    taken = 0
    except Replaced:
        return
    except ShellExit as error:
        leave(turn, error.status)
        if process.code is None and not process.waiting:
            machine.ready(process)
    machine.state.steps += taken


def _code(shell: Shell, frame: Frame) -> Code:
    return compile_script(frame.code, shell.dialect)


def _resume_builtin(turn: Turn) -> None:
    argv, turn.shell.builtin = turn.shell.builtin, []
    status = BUILTINS[argv[0]](turn, argv)
    if status is not None:
        turn.shell.status = status


def _trap(turn: Turn) -> None:
    signal = turn.process.pending.pop(0)
    action = turn.shell.traps.get(signal, "")
    if action:
        push(turn, Frame(action, "trap", status=turn.shell.status))


def push(turn: Turn, frame: Frame) -> None:
    """Begin a piece of code. Raises: ShellExit where the nesting is too deep."""
    if len(turn.shell.frames) >= MAX_FRAMES:
        turn.machine.limit("nesting", f"{MAX_FRAMES:,} nested calls", "the shell ends as after running out of stack")
        raise ShellExit(139)
    frame.depth = len(turn.shell.restore)
    frame.tested = frame.tested or (bool(turn.shell.frames) and turn.shell.frames[-1].tested)
    turn.shell.frames.append(frame)


def pop(turn: Turn) -> None:
    """End the innermost piece of code and put back what it had changed for itself."""
    shell = turn.shell
    frame = shell.frames.pop()
    undo_to(turn, frame.depth)
    if frame.args is not None:
        shell.args = frame.args
    for name, value in (frame.local or {}).items():
        if value is None:
            shell.vars.pop(name, None)
        else:
            shell.vars[name] = value
    if frame.kind == "trap":
        shell.status = frame.status


def leave(turn: Turn, status: int) -> None:
    """End the shell: its EXIT trap first, then the process."""
    shell = turn.shell
    shell.status = status
    action = shell.traps.pop("EXIT", None)
    undo_to(turn, 0)
    shell.frames = []
    if action:
        shell.frames = [Frame(action, "exit", status=status)]
        return
    turn.machine.end(turn.process, status)


# ── simple commands ──────────────────────────────────────────────────────────────────────────────────────────────────


def _expander(turn: Turn, count: int) -> Expander:
    values = turn.shell.values
    if not count:
        return Expander(turn, [])
    mine = values[-count:]
    del values[-count:]
    return Expander(turn, mine)


def _guarded(turn: Turn, make: Callable[[], Any]) -> Any:
    """Expand something; an error in it ends the shell."""
    try:
        return make()
    except ExpansionError as error:
        turn.complain(str(error))
        raise ShellExit(127 if turn.shell.dialect == "bash" else 2) from error
    except ArithmeticError_ as error:
        turn.complain(words.arithmetic(turn.shell.dialect, error.kind, error.token, error.token))
        raise ShellExit(1 if turn.shell.dialect == "bash" else 2) from error
    except (RecursionError, re.error, OverflowError) as error:
        turn.complain("out of memory")
        raise ShellExit(2) from error


def do_plain(turn: Turn, frame: Frame, step: Any) -> None:
    _, argv, tested, last, line = step
    turn.shell.line = line
    if "x" in turn.shell.options:
        _xtrace(turn, [], list(argv))
    _call(turn, frame, list(argv), tested, last, None, [])


def do_command(turn: Turn, frame: Frame, step: Any) -> None:
    _, assigns, command, redirects, count, tested, last, line, substituted = step
    shell = turn.shell
    shell.line = line
    expander = _expander(turn, count)
    argv: list[str] = _guarded(turn, lambda: expander.fields(command))
    opens: list[tuple[int, str, str]] = _guarded(turn, lambda: expanded(turn, expander, redirects))
    if not argv:
        _assign_only(turn, expander, assigns, opens, substituted, bool(command))
        return
    values = [(one.name, _guarded(turn, partial(expander.text, one.value))) for one in assigns]
    if "x" in shell.options:
        _xtrace(turn, values, argv)
    undo = Undo() if redirects or assigns else None
    if undo is not None:
        shell.restore.append(undo)
        for name, value in values:
            undo.vars.setdefault(name, shell.vars.get(name))
            undo.exported |= {name} & shell.exported
            turn.set_checked(name, value)
            shell.exported.add(name)
    _call(turn, frame, argv, tested, last, undo, opens)


def _assign_only(
    turn: Turn,
    expander: Expander,
    assigns: tuple[Assign, ...],
    opens: list[tuple[int, str, str]],
    substituted: bool,
    words_: bool,
) -> None:
    shell = turn.shell
    for one in assigns:
        _guarded(turn, partial(assign, turn, expander, one))
    if "x" in shell.options and assigns:
        _xtrace(turn, [(one.name, turn.get_text(one.name)) for one in assigns], [])
    if opens:
        undo = Undo()
        shell.restore.append(undo)
        done = redirect(turn, turn.process, opens, undo)
        shell.status = 0 if done else words.redirection_status(shell.dialect)
        if not done and shell.dialect == "dash":
            raise ShellExit(2)
        return
    if words_ and assigns:
        shell.restore.append(Undo())
    if not substituted:
        shell.status = 0


def assign(turn: Turn, expander: Expander, one: Assign) -> None:
    """Set a variable, an array or an element of one."""
    shell = turn.shell
    held: Any = shell.vars.get(one.name)
    if one.value and isinstance(one.value[0], ArrayLit):
        texts = expander.fields(one.value[0].words)
        base = dict(held) if one.append and isinstance(held, dict) else {}
        pairs = [_pair(text) for text in texts]
        at = len(base)
        for key, value in pairs:
            base[key if key is not None else str(at)] = value
            at += 1
        shell.vars[one.name] = base
        return
    text = expander.text(one.value)
    if one.index is not None:
        array = held if isinstance(held, dict) else {} if held is None else {"0": held}
        key = turn.subscript(one.name, array, expander.text(one.index))
        array[key] = array.get(key, "") + text if one.append else text
        shell.vars[one.name] = array
        return
    turn.set_checked(one.name, turn.get_text(one.name) + text if one.append else text)


def _pair(text: str) -> tuple[str | None, str]:
    if text.startswith("[") and "]=" in text:
        key, _, value = text[1:].partition("]=")
        return key, value
    return None, text


def _xtrace(turn: Turn, values: list[tuple[str, str]], argv: list[str]) -> None:
    shown = [f"{name}={value}" for name, value in values]
    if turn.shell.dialect != "dash":
        shown += [
            quote(word)
            if not word or (not word.replace("-", "").replace("_", "").isalnum() and set(word) & set(" \t\n'\"$*?;&|<>()`\\"))
            else word
            for word in argv
        ]
    else:
        shown += argv
    turn.write(
        2, turn.get_text("PS4") + " ".join(shown) + "\n" if turn.shell.vars.get("PS4") else "+ " + " ".join(shown) + "\n"
    )


def _call(
    turn: Turn, frame: Frame, argv: list[str], tested: bool, last: bool, undo: Undo | None, opens: list[tuple[int, str, str]]
) -> None:
    """Run a command: a special builtin, a function, a builtin, or a program."""
    shell, name = turn.shell, argv[0]
    function = shell.functions.get(name) if name not in SPECIAL else None
    builtin = BUILTINS.get(name) if function is None else None
    if builtin is not None and shell.dialect not in _OWNERS.get(name, _ALL):
        builtin = None
    if function is None and builtin is None:
        _external(turn, frame, argv, last, opens)
        return
    if opens:
        assert undo is not None
        if not redirect(turn, turn.process, opens, undo if name != "exec" else None):
            shell.status = words.redirection_status(shell.dialect)
            if name in SPECIAL and shell.dialect != "bash":
                raise ShellExit(shell.status)
            return
    if function is not None:
        code, pc = function
        push(turn, Frame(code, "function", pc, args=shell.args, tested=tested))
        shell.args = argv[1:]
        return
    assert builtin is not None
    status = builtin(turn, argv)
    if status is not None:
        shell.status = status


def call_command(turn: Turn, argv: list[str]) -> int | None:
    """Run `command NAME ...`: a builtin or a program, never a function."""
    builtin = BUILTINS.get(argv[0])
    if builtin is not None:
        return builtin(turn, argv)
    _external(turn, turn.shell.frames[-1], argv, False, [])
    return None


_ALL = frozenset({"ash", "dash", "bash"})
_OWNERS: dict[str, frozenset[str]] = {
    "declare": frozenset({"bash"}),
    "typeset": frozenset({"bash"}),
    "shopt": frozenset({"bash"}),
    "mapfile": frozenset({"bash"}),
    "readarray": frozenset({"bash"}),
    "source": frozenset({"bash", "ash"}),
    "let": frozenset({"bash", "ash"}),
    "disown": frozenset({"bash"}),
    "enable": frozenset({"bash"}),
    "builtin": frozenset({"bash"}),
    "pushd": frozenset({"bash"}),
    "popd": frozenset({"bash"}),
}


def _external(turn: Turn, frame: Frame, argv: list[str], last: bool, opens: list[tuple[int, str, str]]) -> None:
    machine, process, shell = turn.machine, turn.process, turn.shell
    if last and _may_exec(turn, frame):
        target = process
    else:
        try:
            target = machine.spawn(process, argv)
        except ExecError:
            turn.complain(cannot_fork(shell.dialect))
            raise ShellExit(2 if shell.dialect != "bash" else 254) from None
    if not redirect(turn, target, opens, None):
        _gone(turn, target, words.redirection_status(shell.dialect))
        return
    try:
        run_program(turn, target, argv)
    except ExecError as error:
        if error.code != "ENOENT" or catalogue.config(machine.state.spec.image).known:
            _say_not_run(turn, target, argv[0], error)
            _gone(turn, target, error.status)
            return
        _assume(turn, target, argv, last and process.pid == 1)
    if target is process:
        machine.queue.append(process.pid)
        raise Replaced
    process.waiting, process.wait_for = "child", [target.pid]
    machine.queue.append(target.pid)


def _assume(turn: Turn, target: Process, argv: list[str], final: bool) -> None:
    """Let a program of an unknown image be what is assumed: the server itself as the script's last command, else a tool."""
    target.argv, target.env, target.shell, target.data = argv, turn.environment(), None, {}
    target.program = "assumed" if final else "unknown-exec"


def _may_exec(turn: Turn, frame: Frame) -> bool:
    """Say whether the shell may turn into its last command instead of waiting for it."""
    shell = turn.shell
    if len(shell.frames) != 1 or frame.kind != "script" or any(shell.traps.values()) or frame.loops:
        return False
    if len(shell.restore) > 1 or (shell.restore and shell.restore[-1].fds):
        return False
    return bool(shell.subshell) or shell.dialect != "dash" or shell.frames[0].pc <= 2


def cannot_fork(dialect: str) -> str:
    return {"ash": "can't fork: Resource temporarily unavailable", "dash": "Cannot fork"}.get(
        dialect, "fork: retry: Resource temporarily unavailable"
    )


def _gone(turn: Turn, target: Process, status: int) -> None:
    """A command could not be run: its process, or the shell that would have become it, has this status."""
    turn.shell.status = status
    if target is turn.process:
        leave(turn, status)
        return
    for fd in list(target.fds):
        streams.close(turn.machine, target, fd)
    target.code = status
    turn.machine.reap(target)


def _say_not_run(turn: Turn, target: Process, name: str, error: ExecError) -> None:
    shell = turn.shell
    if error.code == "ENOENT":
        text = words.not_found(shell.dialect, name, "/" in name)
    elif error.code == "EISDIR":
        text = f"{name}: {'Is a directory' if shell.dialect == 'bash' else 'Permission denied'}"
    else:
        text = f"{name}: {FileError(error.code).text}"
    said = words.prefix(shell.dialect, shell.name, shell.line) + text + "\n"
    turn.machine.write(target, 2, said)


def run_program(turn: Turn, target: Process, argv: list[str]) -> None:
    """Let a process execute a program; a text without `#!` runs as a script of this shell. Raises: ExecError."""
    machine, shell = turn.machine, turn.shell
    env = turn.environment()
    try:
        machine.execute(target, argv, env)
    except ExecError as error:
        if error.code != "ENOEXEC":
            raise
        path = machine.which(target, argv[0], env) or argv[0]
        node = machine.view.find(join(target.cwd, path))[1]
        target.argv, target.env = [shell.dialect, path, *argv[1:]], env
        machine.room.load_shell(machine, target, shell.dialect, path, node.content, argv[1:])


# ── forks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def fork(turn: Turn, frame: Frame, pc: int) -> Process:
    """Make a copy of the shell that goes on at `pc`. Raises: ShellExit where no process can be made."""
    shell = turn.shell
    try:
        child = turn.machine.spawn(turn.process, turn.process.argv)
    except ExecError:
        turn.complain(cannot_fork(shell.dialect))
        raise ShellExit(2 if shell.dialect != "bash" else 254) from None
    child.program, child.flavor = turn.process.program, turn.process.flavor
    child.memory = turn.process.memory
    child.shell = msgspec.structs.replace(
        shell,
        frames=[Frame(frame.code, "script", pc, tested=frame.tested, cases=list(frame.cases))],
        args=list(shell.args),
        vars={name: dict(value) if isinstance(value, dict) else value for name, value in shell.vars.items()},
        exported=set(shell.exported),
        readonly=set(shell.readonly),
        associative=set(shell.associative),
        functions=dict(shell.functions),
        options=set(shell.options),
        traps={name: action for name, action in shell.traps.items() if not action},
        jobs={},
        values=list(shell.values),
        restore=[],
        builtin=[],
        pids=[],
        statuses=[],
        subshell=shell.subshell + 1,
    )
    return child


def do_subshell(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    turn.process.waiting, turn.process.wait_for = "child", [child.pid]
    turn.machine.queue.append(child.pid)


def do_background(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    child.ignored |= {"SIGINT", "SIGQUIT"}
    if 0 in child.fds:
        streams.set_fd(turn.machine, child, 0, Open("null"))
    turn.shell.background = child.pid
    turn.shell.jobs[child.pid] = None
    turn.shell.status = 0
    turn.machine.queue.append(child.pid)


def do_substitute(turn: Turn, frame: Frame, step: Any) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    end, start = streams.make_pipe(turn.machine)
    turn.machine.state.pipes[end.pipe].unbounded = True
    streams.set_fd(turn.machine, child, 1, start)
    number = turn.machine.open_number(end)
    end.refs = 1
    turn.process.waiting, turn.process.wait_for = "substitute", [child.pid, number]
    turn.machine.queue.append(child.pid)


def do_process_in(turn: Turn, frame: Frame, step: Any) -> None:
    _process_substitution(turn, frame, step, True)


def do_process_out(turn: Turn, frame: Frame, step: Any) -> None:
    _process_substitution(turn, frame, step, False)


def _process_substitution(turn: Turn, frame: Frame, step: Any, reading: bool) -> None:
    child = fork(turn, frame, frame.pc)
    frame.pc = step[1]
    end, start = streams.make_pipe(turn.machine)
    fd = 63
    while fd in turn.process.fds:
        fd -= 1
    streams.set_fd(turn.machine, child, 1 if reading else 0, start if reading else end)
    streams.set_fd(turn.machine, turn.process, fd, end if reading else start)
    turn.shell.jobs[child.pid] = None
    turn.shell.values.append(f"/dev/fd/{fd}")
    turn.machine.queue.append(child.pid)


def do_pipeline(turn: Turn, frame: Frame, step: Any) -> None:
    _, after, *starts = step
    machine, process, shell = turn.machine, turn.process, turn.shell
    pids: list[int] = []
    previous: Open | None = None
    for i, pc in enumerate(starts):
        child = fork(turn, frame, pc)
        if previous is not None:
            streams.set_fd(machine, child, 0, previous)
            previous = None
        if i + 1 < len(starts):
            previous, start = streams.make_pipe(machine)
            streams.set_fd(machine, child, 1, start)
        pids.append(child.pid)
    machine.queue.extend(pids)
    frame.pc = after
    shell.pids, shell.statuses = list(pids), [0] * len(pids)
    process.waiting, process.wait_for = "pipeline", list(pids)


def do_exit_child(turn: Turn, frame: Frame, step: Any) -> None:
    leave(turn, turn.shell.status)


# ── children that end ────────────────────────────────────────────────────────────────────────────────────────────────


def child_ended(machine: Machine, parent: Process, child: Process) -> bool:
    """Tell a shell that a child of its has ended."""
    shell = parent.shell
    assert shell is not None
    code = child.code or 0
    machine.reap(child)
    if parent.waiting in ("child", "pipeline", "substitute") and child.pid in parent.wait_for:
        if parent.waiting == "substitute":
            _substituted(machine, parent, shell, code)
            return True
        if child.signal and parent.waiting == "child":
            _say_signal(machine, parent, shell, child)
        parent.wait_for.remove(child.pid)
        if parent.waiting == "pipeline":
            shell.statuses[shell.pids.index(child.pid)] = code
        if not parent.wait_for:
            shell.status = _pipeline_status(shell) if parent.waiting == "pipeline" else code
            machine.ready(parent)
        return True
    if child.pid in shell.jobs:
        shell.jobs[child.pid] = code | (SIGNALED if child.signal else 0)
        if parent.waiting == "builtin" and shell.builtin[:1] == ["wait"]:
            machine.ready(parent)
    return True


def _pipeline_status(shell: Shell) -> int:
    if "pipefail" in shell.options:
        return next((status for status in reversed(shell.statuses) if status), 0)
    return shell.statuses[-1]


def _substituted(machine: Machine, parent: Process, shell: Shell, code: int) -> None:
    """Take what a command substitution has put out. What its own children still hold open is not waited for."""
    number = parent.wait_for[1]
    opened = machine.state.opens[number]
    pipe = machine.state.pipes.get(opened.pipe)
    text = pipe.text if pipe else ""
    if pipe:
        pipe.text = ""
    streams.release(machine, number)
    shell.values.append(text.replace("\0", "").rstrip("\n"))
    shell.status = code
    parent.wait_for = []
    machine.ready(parent)


def _say_signal(machine: Machine, parent: Process, shell: Shell, child: Process) -> None:
    if shell.dialect == "bash" and child.signal == "SIGTERM":
        machine.write(parent, 2, "Terminated\n")
        return
    said = words.killed(shell.dialect, shell.name, shell.line, child.signal or "", child.pid, " ".join(child.argv))
    if said:
        machine.write(parent, 2, said)


# ── control ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def do_jump(turn: Turn, frame: Frame, step: Any) -> None:
    frame.pc = step[1]


def do_jump_if_failed(turn: Turn, frame: Frame, step: Any) -> None:
    if turn.shell.status:
        frame.pc = step[1]


def do_jump_if_ok(turn: Turn, frame: Frame, step: Any) -> None:
    if not turn.shell.status:
        frame.pc = step[1]


def do_status(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.status = step[1]


def do_negate(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.status = int(not turn.shell.status)


def do_check(turn: Turn, frame: Frame, step: Any) -> None:
    shell = turn.shell
    if shell.status and "e" in shell.options and not any(one.tested for one in shell.frames):
        leave(turn, shell.status)


def do_loop(turn: Turn, frame: Frame, step: Any) -> None:
    frame.loops.append(Loop(step[1], step[2], [], len(turn.shell.restore), len(frame.cases)))


def do_loop_end(turn: Turn, frame: Frame, step: Any) -> None:
    frame.loops.pop()


def do_keep_status(turn: Turn, frame: Frame, step: Any) -> None:
    frame.loops[-1].status = turn.shell.status


def do_recall_status(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.status = frame.loops[-1].status


def do_for(turn: Turn, frame: Frame, step: Any) -> None:
    _, command, count, again, out = step
    expander = _expander(turn, count)
    items = list(turn.shell.args) if command is None else _guarded(turn, lambda: expander.fields(command))
    frame.loops.append(Loop(again, out, items[::-1], len(turn.shell.restore), len(frame.cases)))
    turn.shell.status = 0


def do_next(turn: Turn, frame: Frame, step: Any) -> None:
    loop = frame.loops[-1]
    if loop.words:
        turn.set_checked(step[1], loop.words.pop())
    else:
        frame.pc = step[2]


def do_idle(turn: Turn, frame: Frame, step: Any) -> None:
    """Rest in a loop that only sleeps: no timer, until somebody looks or a signal comes."""
    shell, process = turn.shell, turn.process
    if "sleep" in shell.functions or "x" in shell.options or turn.machine.which(process, "sleep", turn.environment()) is None:
        return
    shell.loop_start = turn.machine.kernel.now
    process.data = {"period": step[2], "written": step[1]}
    process.waiting = "idle"


def thaw(machine: Machine, process: Process) -> None:
    """Give a resting loop its sleeping child back, as if it had gone round all the time."""
    shell = process.shell
    assert shell is not None
    period: Micros = process.data["period"]
    rounds, gone = divmod(machine.kernel.now - shell.loop_start, period)
    machine.state.next_pid += rounds
    written = process.data["written"]
    process.data = {}
    try:
        child = machine.spawn(process, ["sleep", written])
        machine.execute(child, ["sleep", written], Turn(machine, process).environment())
    except ExecError:
        machine.ready(process)
        machine.run()
        return
    child.data["until"] = machine.kernel.now + period - gone
    child.started -= gone
    child.seen = True
    machine.sleep_until(child, child.data["until"])
    process.waiting, process.wait_for = "child", [child.pid]


def do_case(turn: Turn, frame: Frame, step: Any) -> None:
    expander = _expander(turn, step[2])
    frame.cases.append(_guarded(turn, lambda: expander.text(step[1])))


def do_match(turn: Turn, frame: Frame, step: Any) -> None:
    _, alternatives, count, otherwise = step
    expander = _expander(turn, count)
    text = frame.cases[-1]
    extended = turn.shell.dialect == "bash"
    if not any(patterns.matches(_guarded(turn, partial(expander.pattern, word)), text, extended) for word in alternatives):
        frame.pc = otherwise


def do_case_end(turn: Turn, frame: Frame, step: Any) -> None:
    frame.cases.pop()


def do_function(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.functions[step[1]] = (frame.code, frame.pc)
    frame.pc = step[2]
    turn.shell.status = 0


def do_return_function(turn: Turn, frame: Frame, step: Any) -> None:
    pop(turn)
    if not turn.shell.frames:
        leave(turn, turn.shell.status)


def do_end(turn: Turn, frame: Frame, step: Any) -> None:
    shell = turn.shell
    if frame.kind in ("script", "exit") and len(shell.frames) == 1:
        leave(turn, frame.status if frame.kind == "exit" else shell.status)
        return
    pop(turn)


def _text_and_pattern(expander: Expander, word: Any) -> tuple[str, str]:
    return expander.text(word), expander.pattern(word)


def do_condition(turn: Turn, frame: Frame, step: Any) -> None:
    _, tokens, count = step
    expander = _expander(turn, count)
    ready = [
        token if isinstance(token, str) else _guarded(turn, partial(_text_and_pattern, expander, token)) for token in tokens
    ]
    for i, token in enumerate(tokens):
        if token == "=~" and i + 1 < len(ready) and not isinstance(tokens[i + 1], str):
            ready[i + 1] = (ready[i + 1][0], expander.text(tokens[i + 1]))
    try:
        turn.shell.status = int(not Bracket(turn, ready).value())
    except TestError as error:
        turn.complain("[[: " + explain("bash", error))
        turn.shell.status = 1 if error.kind == "number" else 2
    except ArithmeticError_ as error:
        turn.complain("[[: " + words.arithmetic("bash", error.kind, error.token, error.token))
        turn.shell.status = 1


def do_arithmetic(turn: Turn, frame: Frame, step: Any) -> None:
    expander = _expander(turn, step[2])
    try:
        turn.shell.status = int(expander.number(step[1]) == 0)
    except ArithmeticError_ as error:
        turn.complain("((: " + words.arithmetic(turn.shell.dialect, error.kind, error.token, error.token))
        turn.shell.status = 1


def do_unless_needed(turn: Turn, frame: Frame, step: Any) -> None:
    """Skip the command substitutions in the word of `${x:-...}` where the word is not used."""
    _, name, op, count, target = step
    value = turn.parameter(name)
    plain = op.lstrip("!")
    missing = value is None or (plain[:1] == ":" and value == "")
    if (plain[-1:] in ("-", "=", "?") and not missing) or (plain[-1:] == "+" and missing):
        turn.shell.values.extend([""] * count)
        frame.pc = target


def do_redirect(turn: Turn, frame: Frame, step: Any) -> None:
    _, redirects, count, failed = step
    expander = _expander(turn, count)
    opens = _guarded(turn, lambda: expanded(turn, expander, redirects))
    undo = Undo()
    turn.shell.restore.append(undo)
    if not redirect(turn, turn.process, opens, undo):
        undo_to(turn, len(turn.shell.restore) - 1)
        turn.shell.status = words.redirection_status(turn.shell.dialect)
        frame.pc = failed


def do_restore(turn: Turn, frame: Frame, step: Any) -> None:
    undo_to(turn, len(turn.shell.restore) - 1)


def do_syntax_error(turn: Turn, frame: Frame, step: Any) -> None:
    turn.write(2, words.syntax_error(turn.shell.dialect, turn.shell.name, step[1]))
    raise ShellExit(2)


def do_time_start(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.values.append(str(turn.machine.kernel.now))


def do_time_end(turn: Turn, frame: Frame, step: Any) -> None:
    span = turn.machine.kernel.now - int(turn.shell.values.pop())
    minutes, rest = divmod(span, 60_000_000)
    turn.write(2, f"\nreal\t{minutes}m{rest / 1e6:.3f}s\nuser\t0m0.000s\nsys\t0m0.000s\n")


STEPS: dict[str, Callable[[Turn, Frame, Any], None]] = {
    name[3:]: value for name, value in list(globals().items()) if name.startswith("do_") and callable(value)
}
