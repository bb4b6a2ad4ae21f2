"""Control: jumps, loops, cases, functions, conditions, and redirections of whole commands."""

from __future__ import annotations

from functools import partial
from typing import Any

from lifecycle.programs.budget import CHARACTERS_A_STEP
from lifecycle.programs.regex import RegexError
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell import patterns
from lifecycle.programs.shell.arithmetic import ArithmeticError_
from lifecycle.programs.shell.conditions import Bracket, TestError, explain
from lifecycle.programs.shell.expand import Expander
from lifecycle.programs.shell.frames import expander_of, guarded, leave, pop_call, told_of
from lifecycle.programs.shell.reading import read_command
from lifecycle.programs.shell.redirects import expanded, redirect, undo_to
from lifecycle.programs.shell.turn import ShellExit, Turn
from lifecycle.programs.state import Frame, Loop, Undo


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
    if not shell.status or any(one.tested for one in shell.frames):
        return
    if shell.traps and told_of(turn, frame, "ERR"):
        return
    if "e" in shell.options:
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
    expander = expander_of(turn, count)
    items = list(turn.shell.args) if command is None else guarded(turn, lambda: expander.fields(command))
    frame.loops.append(Loop(again, out, items[::-1], len(turn.shell.restore), len(frame.cases)))
    turn.shell.status = 0


def do_next(turn: Turn, frame: Frame, step: Any) -> None:
    loop = frame.loops[-1]
    if loop.words:
        turn.set_checked(step[1], loop.words.pop())
    else:
        frame.pc = step[2]


def do_case(turn: Turn, frame: Frame, step: Any) -> None:
    expander = expander_of(turn, step[2])
    frame.cases.append(guarded(turn, lambda: expander.text(step[1])))


def do_match(turn: Turn, frame: Frame, step: Any) -> None:
    _, alternatives, count, otherwise = step
    expander = expander_of(turn, count)
    text = frame.cases[-1]
    extended = turn.shell.dialect == "bash"
    turn.machine.work(len(text) // CHARACTERS_A_STEP)

    def matches(word: Any) -> bool:
        return patterns.matches(expander.pattern(word), text, extended)

    if not any(guarded(turn, partial(matches, word)) for word in alternatives):
        frame.pc = otherwise


def do_case_end(turn: Turn, frame: Frame, step: Any) -> None:
    frame.cases.pop()


def do_function(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.functions[step[1]] = (frame.code, frame.pc)
    turn.shell.function_lines.pop(step[1], None)
    if frame.line:
        turn.shell.function_lines[step[1]] = frame.line
    frame.pc = step[2]
    turn.shell.status = 0


def do_return_function(turn: Turn, frame: Frame, step: Any) -> None:
    pop_call(turn)
    if not turn.shell.frames:
        leave(turn, turn.shell.status)


def do_end(turn: Turn, frame: Frame, step: Any) -> None:
    shell = turn.shell
    if frame.kind == "input":
        frame.pc = 0
        read_command(turn)
        return
    if frame.kind in ("script", "exit") and len(shell.frames) == 1:
        leave(turn, frame.status if frame.kind == "exit" else shell.status)
        return
    pop_call(turn)


def _text_and_pattern(expander: Expander, word: Any) -> tuple[str, str]:
    return expander.text(word), expander.pattern(word)


def do_condition(turn: Turn, frame: Frame, step: Any) -> None:
    _, tokens, count = step
    expander = expander_of(turn, count)
    ready = [
        token if isinstance(token, str) else guarded(turn, partial(_text_and_pattern, expander, token)) for token in tokens
    ]
    for i, token in enumerate(tokens):
        if token == "=~" and i + 1 < len(ready) and not isinstance(tokens[i + 1], str):
            ready[i + 1] = (ready[i + 1][0], expander.text(tokens[i + 1]))
    try:
        turn.shell.status = int(not Bracket(turn, ready).value())
    except RegexError as error:
        if error.hard:
            turn.machine.limit_regex()
        turn.shell.status = 2
    except TestError as error:
        turn.complain("[[: " + explain("bash", error))
        turn.shell.status = 1 if error.kind == "number" else 2
    except ArithmeticError_ as error:
        turn.complain("[[: " + words.arithmetic("bash", error.kind, error.token, error.token))
        turn.shell.status = 1


def do_arithmetic(turn: Turn, frame: Frame, step: Any) -> None:
    expander = expander_of(turn, step[2])
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
    expander = expander_of(turn, count)
    opens = guarded(turn, lambda: expanded(turn, expander, redirects))
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


def do_too_long(turn: Turn, frame: Frame, step: Any) -> None:
    turn.machine.limit("bytes", "256 KiB in one script", "the shell ends as when it is out of memory")
    turn.complain("out of memory")
    raise ShellExit(2)


def do_time_start(turn: Turn, frame: Frame, step: Any) -> None:
    turn.shell.values.append(str(turn.machine.kernel.now))


def do_time_end(turn: Turn, frame: Frame, step: Any) -> None:
    span = turn.machine.kernel.now - int(turn.shell.values.pop())
    minutes, rest = divmod(span, 60_000_000)
    turn.write(2, f"\nreal\t{minutes}m{rest / 1e6:.3f}s\nuser\t0m0.000s\nsys\t0m0.000s\n")
