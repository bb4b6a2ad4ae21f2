"""less and more: a text page by page at a terminal, and as it is everywhere else."""

from __future__ import annotations

import re

from lifecycle.programs import regex, terminal
from lifecycle.programs.commands.call import Call, command, handler, lines_of
from lifecycle.programs.files import FileError
from lifecycle.programs.regex import RegexError
from lifecycle.programs.state import Open, Terminal
from lifecycle.programs.vi.keys import keys_of
from lifecycle.programs.vi.screen import expanded


def _text(call: Call, names: list[str]) -> str | None:
    """Return what is to be shown, once all of it is there; None: wait. What cannot be read is said."""
    if not names:
        return call.stdin()
    text = ""
    for name in names:
        try:
            text += call.read_file(name)
        except FileError as error:
            call.data["status"] = 1
            call.fail(f"can't open '{name}': {error.text}" if call.busybox else f"cannot open {name}: {error.text}")
    return text


def _terminal(call: Call) -> tuple[Open, Terminal] | None:
    """Return the terminal that pages are shown at, if there is one."""
    opened = terminal.opened_by(call.machine, call.process, 1)
    found = call.machine.state.terminals.get(opened.pos) if opened else None
    return (opened, found) if opened and found else None


def _size(found: Terminal) -> tuple[int, int]:
    """Return for how many rows of text there is room, and how long they are."""
    return max((found.rows or 24) - 1, 1), found.columns or 80


def _keys(call: Call, opened: Open) -> str | None:
    """Return what was typed; None: wait."""
    return terminal.read(call.machine, call.process, opened.pos)


def _leave(call: Call, found: Terminal, cleared: str) -> int:
    terminal.make_cooked(found)
    call.out(cleared)
    return int(call.data.get("status", 0))


@handler("less", "more")
def pager_signal(call: Call, signal: str) -> bool:
    """Put the terminal back before it ends."""
    at = _terminal(call)
    if at is not None and at[1].raw and signal in ("SIGTERM", "SIGINT", "SIGHUP"):
        terminal.make_cooked(at[1])
    return False


# ── less ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("less")
def less(call: Call) -> int | None:
    data = call.data
    names = [arg for arg in call.args if not arg.startswith(("-", "+")) or arg == "-"]
    if "lines" not in data:
        text = _text(call, names)
        if text is None:
            return None
        at = _terminal(call)
        if at is None or not (text or not data.get("status")):
            call.out(text)
            return int(data.get("status", 0))
        rows = [expanded(line) for line in lines_of(text)]
        data.update(lines=rows, top=0, typed="", name=names[0] if names else "standard input", sought="")
        terminal.make_raw(at[1])
        _show(call, at[1])
        terminal.wait(at[1], call.process)
        return None
    at = _terminal(call)
    if at is None:
        return 1
    keys = _keys(call, at[0])
    if keys is None:
        return None
    if keys == "" or any(_less_key(call, at[1], key) for key in keys_of(keys)):
        return _leave(call, at[1], f"\x1b[{at[1].rows or 24};0H\x1b[K")
    if not data["typed"]:
        _show(call, at[1])
    terminal.wait(at[1], call.process)
    return None


_MOVES = {
    " ": 1.0, "f": 1.0, "\x06": 1.0, "\x1b[6~": 1.0, "b": -1.0, "\x02": -1.0, "\x1b[5~": -1.0,
    "d": 0.5, "\x04": 0.5, "u": -0.5, "\x15": -0.5,
}  # fmt: skip
"""By how many pages keys go on."""
_STEPS = {"j": 1, "\r": 1, "\n": 1, "e": 1, "\x1b[B": 1, "\x1bOB": 1, "k": -1, "y": -1, "\x1b[A": -1, "\x1bOA": -1}
"""By how many lines."""


def _less_key(call: Call, found: Terminal, key: str) -> bool:
    """Do what a key asks for; True: that was enough."""
    data, (height, _) = call.data, _size(found)
    if data["typed"]:
        return _less_line(call, found, key)
    if key in ("q", "Q", "\x03"):
        return True
    last = max(len(data["lines"]) + 2 - height, 0)
    if key in ("/", "?", ":"):
        data["typed"] = key
        call.out(f"\x1b[{height + 1};0H\x1b[K{key}")
    elif key in _MOVES:
        data["top"] = min(max(data["top"] + int(_MOVES[key] * height), 0), max(last, data["top"]))
    elif key in _STEPS:
        data["top"] = min(max(data["top"] + _STEPS[key], 0), max(last, data["top"]))
    elif key in ("g", "<", "\x1b[H"):
        data["top"] = 0
    elif key in ("G", ">", "\x1b[F"):
        data["top"] = last
    elif key in ("n", "N"):
        _find(call, key == "n")
    return False


def _less_line(call: Call, found: Terminal, key: str) -> bool:
    """Take a key into the line that is typed below the text."""
    data = call.data
    if key not in ("\r", "\n"):
        data["typed"] = data["typed"][:-1] if key in ("\x7f", "\x08") else data["typed"] + key
        call.out(f"\x1b[{_size(found)[0] + 1};0H\x1b[K{data['typed']}")
        return False
    typed, data["typed"] = data["typed"], ""
    if typed[0] == ":":
        return bool(typed[1:2] == "q")
    data["sought"], data["forward"] = typed[1:] or data["sought"], typed[0] == "/"
    _find(call, True)
    return False


def _find(call: Call, onwards: bool) -> None:
    """Go to the next line in which what is sought stands."""
    data = call.data
    try:
        sought = regex.compiled(data["sought"], False)
    except RegexError:
        return
    forward = data.get("forward", True) == onwards
    rows = [i for i, line in enumerate(data["lines"]) if sought.search(line)] if data["sought"] else []
    beyond = [i for i in rows if (i > data["top"] if forward else i < data["top"])]
    call.machine.work(1 + len(data["lines"]) // 16)
    if beyond:
        data["top"] = beyond[0] if forward else beyond[-1]


def _show(call: Call, found: Terminal) -> None:
    data, (height, columns) = call.data, _size(found)
    rows = [line[:columns] for line in [*data["lines"], ""][data["top"] : data["top"] + height]]
    rows += ["~"] * (height - len(rows))
    ended = data["top"] and data["top"] + height > len(data["lines"])
    status = f"\x1b[7m{data['name']}\x1b[m" if not data["top"] else "\x1b[7m(END)\x1b[m" if ended else ":"
    call.out("\x1b[H" + "".join(f"\x1b[K{row}\n" for row in rows) + f"\x1b[{height + 1};0H\x1b[K{status}")


# ── more ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("more")
def more(call: Call) -> int | None:
    data = call.data
    names = [arg for arg in call.args if not re.match(r"[-+]", arg)]
    if "left" not in data:
        text = _text(call, names)
        if text is None:
            return None
        at = _terminal(call)
        if at is None:
            call.out(text)
            return int(data.get("status", 0))
        data.update(left=lines_of(text, keepends=True), size=len(text), named=bool(names), room=_size(at[1])[0])
        terminal.make_raw(at[1])
        return _page(call, at[1])
    at = _terminal(call)
    if at is None:
        return 1
    keys = _keys(call, at[0])
    if keys is None:
        return None
    if keys == "":
        return _leave(call, at[1], "")
    for key in keys_of(keys):
        if key in ("q", "Q", "\x03"):
            return _leave(call, at[1], _cleared(call))
        data["room"] = 1 if key in ("\r", "\n") else _size(at[1])[0] if key in (" ", "f", "\x06") else 0
        status = _page(call, at[1]) if data["room"] else None
        if status is not None:
            return status
    terminal.wait(at[1], call.process)
    return None


def _cleared(call: Call) -> str:
    """Return what takes the prompt away."""
    if not call.data.get("prompt"):
        return ""
    return f"\r{' ' * len(call.data['prompt'])}\r" if call.busybox else "\r\x1b[K"


def _page(call: Call, found: Terminal) -> int | None:
    """Show as many lines as there is room for, and ask whether to go on; the status where that was all."""
    data = call.data
    shown, data["left"] = data["left"][: data["room"]], data["left"][data["room"] :]
    call.out(_cleared(call) + "".join(shown))
    if not data["left"]:
        data["prompt"] = ""
        return _leave(call, found, "")
    seen = data["size"] - sum(map(len, data["left"]))
    share = 100 * seen // data["size"]
    if call.busybox:
        data["prompt"] = f"--More-- ({share}% of {data['size']} bytes)" if data["named"] else "--More-- "
        call.out(data["prompt"])
    else:
        data["prompt"] = f"--More--({share}%)" if data["named"] else "--More--"
        call.out(f"\x1b[7m{data['prompt']}\x1b[27m")
    terminal.wait(found, call.process)
    return None
