"""The editors of lines that shells have at a terminal: busybox's in ash, readline in bash; dash has none.

The terminal is raw while somebody edits, and cooked again for what the shell starts. Programs that edit whole files (vi, less,
top) are not modelled. Nothing is asked of the terminal itself (`ESC [ 6 n`), and no history is kept in files.
"""

from __future__ import annotations

from lifecycle.programs import terminal
from lifecycle.programs.editor.editing import INTERRUPTED, Editor
from lifecycle.programs.editor.history import EventNotFound, expanded, remember
from lifecycle.programs.editor.keys import next_key
from lifecycle.programs.editor.lineedit import Lineedit
from lifecycle.programs.editor.readline import Readline
from lifecycle.programs.shell.turn import Turn
from lifecycle.programs.state import Input, Line, Terminal

__all__ = ["INTERRUPTED", "begin", "read_line", "redraw", "used"]

EDITORS: dict[str, type[Editor]] = {"ash": Lineedit, "bash": Readline}
PASTED = "\x1b[201~"
KEY_STEPS = 4
"""What each key counts for among the steps, beside what it has shown anew."""


def used(turn: Turn) -> bool:
    """Say whether a shell that is typed to edits its lines; busybox does not where nothing is echoed."""
    found = terminal.opened_by(turn.machine, turn.process, 0)
    if found is None or turn.shell.dialect not in EDITORS:
        return False
    return turn.shell.dialect == "bash" or not turn.machine.state.terminals[found.pos].silent


def begin(turn: Turn, source: Input, prompt: str) -> None:
    """Show a prompt, and let somebody edit a line from now on."""
    found = terminal.terminal_of(turn.machine, turn.process)
    assert found is not None
    terminal.make_raw(found)
    source.editing = Line()
    editor = _editor(turn, source, found)
    editor.begin(prompt)
    editor.put_out()


def _editor(turn: Turn, source: Input, found: Terminal) -> Editor:
    assert source.editing is not None
    editor = EDITORS[turn.shell.dialect](turn, source, source.editing, found.columns)
    editor.silent = found.silent
    return editor


def read_line(turn: Turn, source: Input) -> str | None:
    """Return the line with its newline once it is whole; empty: the end; INTERRUPTED; None: wait, you will be woken."""
    found = terminal.terminal_of(turn.machine, turn.process)
    if found is None or source.editing is None:
        return ""
    editor = _editor(turn, source, found)
    waits = _take_keys(turn, editor, found)
    if editor.result is None and waits and found.closed:
        editor.result = ""
    editor.put_out()
    if editor.result is None:
        terminal.wait(found, turn.process, "read" if waits else turn.process.waiting)
        return None
    source.editing = None
    terminal.make_cooked(found)
    return _submitted(turn, source, editor.result)


def _submitted(turn: Turn, source: Input, line: str) -> str:
    """Return a line that somebody has typed as it is run, and remember it."""
    if not line.endswith("\n"):
        return line
    text = line[:-1]
    if turn.shell.dialect == "bash":
        try:
            text = expanded(text, source.history)
        except EventNotFound as error:
            turn.complain(str(error))
            return "\n"
        if text != line[:-1]:
            turn.write(2, text + "\n")
    remember(turn, source, text)
    return text + "\n"


def _take_keys(turn: Turn, editor: Editor, found: Terminal) -> bool:
    """Give an editor the keys that have come; False where the shell has had its share and goes on later."""
    at = 0
    while editor.result is None and at < len(found.keys):
        key = next_key(found.keys, at)
        end = found.keys.find(PASTED, key[1]) if key and key[0] == "paste" else at
        if key is None or end < 0:
            break
        if key[0] == "paste":
            editor.pasted(found.keys[key[1] : end])
            at = end + len(PASTED)
        else:
            editor.take(key[0])
            at = key[1]
        if not turn.machine.spend(turn.process, KEY_STEPS + editor.drawn()):
            found.keys = found.keys[at:]
            return False
    found.keys = found.keys[at:]
    return True


def redraw(turn: Turn, source: Input) -> None:
    """Show what is edited once more, as the window has another size."""
    found = terminal.terminal_of(turn.machine, turn.process)
    if found is not None and source.editing is not None:
        editor = _editor(turn, source, found)
        editor.redraw()
        editor.put_out()
