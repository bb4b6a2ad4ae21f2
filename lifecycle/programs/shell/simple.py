"""Simple commands: their words, assignments and redirections, and who runs them."""

from __future__ import annotations

from functools import partial
from typing import Any

from lifecycle.programs.budget import ITEMS_A_STEP
from lifecycle.programs.shell import dialect as words
from lifecycle.programs.shell.builtins import BUILTINS, SPECIAL
from lifecycle.programs.shell.expand import Expander
from lifecycle.programs.shell.external import external
from lifecycle.programs.shell.frames import expander_of, guarded, push, told_of
from lifecycle.programs.shell.quoting import quote
from lifecycle.programs.shell.redirects import expanded, redirect
from lifecycle.programs.shell.syntax import ArrayLit, Assign
from lifecycle.programs.shell.turn import ShellExit, Turn
from lifecycle.programs.state import Frame, Undo

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
    "history": frozenset({"bash", "ash"}),
}


def owned(dialect: str, name: str) -> bool:
    """Say whether a builtin is one of this shell's."""
    return dialect in _OWNERS.get(name, _ALL)


def do_plain(turn: Turn, frame: Frame, step: Any) -> None:
    _, argv, tested, last, line = step
    if "DEBUG" in turn.shell.traps and told_of(turn, frame, "DEBUG"):
        return
    turn.shell.line = line + frame.line
    if "x" in turn.shell.options:
        _xtrace(turn, [], list(argv))
    _call(turn, frame, list(argv), tested, last, None, [])


def do_command(turn: Turn, frame: Frame, step: Any) -> None:
    _, assigns, command, redirects, count, tested, last, line, substituted = step
    if "DEBUG" in turn.shell.traps and told_of(turn, frame, "DEBUG"):
        return
    shell = turn.shell
    shell.line = line + frame.line
    expander = expander_of(turn, count)
    argv: list[str]
    opens: list[tuple[int, str, str]]
    argv, opens = guarded(turn, lambda: (expander.fields(command), expanded(turn, expander, redirects)))
    if not argv:
        _assign_only(turn, expander, assigns, opens, substituted, bool(command))
        return
    values = [(one.name, guarded(turn, partial(expander.text, one.value))) for one in assigns]
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
        guarded(turn, partial(assign, turn, expander, one))
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
        turn.machine.work(len(base) // ITEMS_A_STEP)
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
    if one.append:
        old = turn.get_text(one.name)
        text = f"({old or 0})+({text})" if "i" in shell.attributes.get(one.name, "") else old + text
    turn.set_checked(one.name, text)


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
    if builtin is not None and not owned(shell.dialect, name):
        builtin = None
    if function is None and builtin is None:
        external(turn, frame, argv, last, opens)
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
        line = shell.function_lines.get(name, 0)
        push(turn, Frame(code, "function", pc, args=shell.args, tested=tested, line=line, name=name))
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
    external(turn, turn.shell.frames[-1], argv, False, [])
    return None
