"""vi at a terminal: keys in, screens out, files read and written."""

from __future__ import annotations

import msgspec

from lifecycle.programs import terminal
from lifecycle.programs.commands.call import Call, command, handler, lines_of
from lifecycle.programs.files import FileError
from lifecycle.programs.state import Open, Terminal
from lifecycle.programs.vi import normal, screen
from lifecycle.programs.vi.colon import Asked
from lifecycle.programs.vi.keys import keys_of
from lifecycle.programs.vi.text import Editor

LARGEST = 256 << 10
"""Bytes of a file that can be edited."""


@command("vi")
def vi(call: Call) -> int | None:
    opened = terminal.opened_by(call.machine, call.process)
    found = terminal.terminal_of(call.machine, call.process)
    if opened is None or found is None:
        call.out(screen.BEGIN)
        return call.fail("can't read user input")
    call.moves()
    if "editor" not in call.data:
        _begin(call, opened, found)
        return None
    editor = msgspec.convert(call.data["editor"], Editor)
    keys = terminal.read(call.machine, call.process, opened.pos)
    if keys is None:
        return None
    if keys == "":
        return _leave(call, editor, found, 1)
    for key in keys_of(keys):
        editor.message = ""
        try:
            normal.press(editor, key)
        except Asked as asked:
            _serve(call, editor, asked)
        call.machine.work(1 + len(editor.lines) // 16)
        if editor.done is not None:
            return _leave(call, editor, found, editor.done)
    _go_on(call, editor, opened)
    return None


def _begin(call: Call, opened: Open, found: Terminal) -> None:
    options, names = call.options("RHc:m")
    editor = Editor(names[0] if names else "", read_only="R" in options)
    _resized(editor, found)
    if names and (text := _read(call, editor, names[0])) is not None:
        editor.begin(text)
    commands = [call.args[0][1:]] if call.args[:1] and call.args[0].startswith("+") else []
    if commands and commands[0].isdigit():
        editor.go_to_line(int(commands[0]) - 1)
    terminal.make_raw(found)
    call.out(screen.BEGIN)
    _go_on(call, editor, opened)


def _resized(editor: Editor, found: Terminal) -> bool:
    """Take the window's size; say whether it is another one."""
    size = (max(found.rows or 24, 2), max(found.columns or 80, 2))
    if size == (editor.rows, editor.columns):
        return False
    (editor.rows, editor.columns), editor.shown = size, []
    return True


def _go_on(call: Call, editor: Editor, opened: Open) -> None:
    """Show what has become of the text, and wait for keys."""
    call.out(screen.show(editor))
    call.data["editor"] = msgspec.to_builtins(editor)
    found = call.machine.state.terminals.get(opened.pos)
    if found is not None and (found.keys or found.closed):
        call.machine.queue.append(call.process.pid)
    elif found is not None:
        terminal.wait(found, call.process)


def _leave(call: Call, editor: Editor, found: Terminal, status: int) -> int:
    call.out(f"\x1b[{editor.rows};1H\x1b[K{screen.END}")
    terminal.make_cooked(found)
    return status


@handler("vi")
def vi_signal(call: Call, signal: str) -> bool:
    """Show the text anew in a window of another size; put the terminal back where it is to end."""
    opened = terminal.opened_by(call.machine, call.process)
    found = terminal.terminal_of(call.machine, call.process)
    if found is None or opened is None or "editor" not in call.data:
        return False
    editor = msgspec.convert(call.data["editor"], Editor)
    if signal == "SIGWINCH":
        if _resized(editor, found):
            call.out("\x1b[H\x1b[J" + screen.show(editor))
            call.data["editor"] = msgspec.to_builtins(editor)
        return True
    if signal in ("SIGTERM", "SIGHUP"):
        _leave(call, editor, found, 0)
    return False


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(call: Call, editor: Editor, name: str) -> str | None:
    """Return a file's text; None where there is none that could be read."""
    try:
        text = call.read_file(name)
    except FileError as error:
        if error.code != "ENOENT":
            editor.say(f"'{name}' {error.text}", True)
        return None
    if len(text) > LARGEST:
        call.machine.limit("bytes", "256 KiB in a text that is edited", "the rest is not shown")
    return text[:LARGEST]


def _serve(call: Call, editor: Editor, asked: Asked) -> None:
    """Read or write the file that is asked for."""
    if asked.what == "write":
        _write(call, editor, asked)
        return
    text = _read(call, editor, asked.name)
    if text is None:
        editor.say(editor.message or f"'{asked.name}' No such file or directory", True)
        return
    if asked.what == "load":
        editor.name = asked.name
        editor.begin(text)
    else:
        editor.keep()
        editor.lines[editor.row + 1 : editor.row + 1] = lines_of(text)
        editor.go_to_line(editor.row + 1)
    editor.say(f"'{asked.name}' {text.count(chr(10))}L, {len(text)}C")


def _write(call: Call, editor: Editor, asked: Asked) -> None:
    text = editor.text
    if asked.rows is not None:
        text = "".join(line + "\n" for line in editor.lines[asked.rows[0] : asked.rows[1] + 1])
    try:
        call.write_file(asked.name, text)
    except FileError as error:
        editor.say(f"'{asked.name}' {error.text}", True)
        return
    editor.say(f"'{asked.name}' {text.count(chr(10))}L, {len(text)}C")
    if asked.rows is None and asked.name == (editor.name or asked.name):
        editor.name, editor.changes = asked.name, 0
        for version in editor.versions:
            version.changes = 1
    editor.done = 0 if asked.leave else None
