"""cat: files one after the other, as they are, or numbered, squeezed, and with what is not printed shown."""

from __future__ import annotations

import re

from lifecycle.programs import opening, pipes, streams
from lifecycle.programs.commands.call import Call, command, lines_of
from lifecycle.programs.files import FileError

LONG = {
    "number": "n",
    "number-nonblank": "b",
    "squeeze-blank": "s",
    "show-all": "A",
    "show-ends": "E",
    "show-tabs": "T",
    "show-nonprinting": "v",
}
MEANT = {"A": "vET", "e": "vE", "t": "vT"}


@command("cat")
def cat(call: Call) -> int | None:
    letters, names = call.options("nbvteA" if call.busybox else "nsvetAEbTu", LONG)
    options = {one for letter in letters for one in MEANT.get(letter, letter)} - {"u"}
    for name in names or ["-"]:
        if name in call.data.setdefault("done", []):
            continue
        status = _one(call, name, options)
        if status is None:
            return None
        call.data["failed"] = call.data.get("failed") or status != 0
        call.data["done"].append(name)
    return int(bool(call.data.get("failed")))


def _one(call: Call, name: str, options: set[str]) -> int | None:
    if name == "-":
        return _stream(call, 0, options)
    try:
        opened = opening.open_path(call.machine, call.process, call.path(name), "r")
    except FileError as error:
        return call.cannot_open(name, error)
    if opened.kind == "directory":
        return call.cannot_open(name, FileError("EISDIR"))
    if opened.kind in ("pipe", "zero", "random"):
        fd = call.data.setdefault("fd", 9)
        streams.set_fd(call.machine, call.process, fd, opened)
        return _stream(call, fd, options)
    if opened.kind == "file":
        node = streams.node_of(call.machine, opened)
        text, zeros = (node.text, node.zeros) if node else ("", 0)
    else:
        text, zeros = opened.text, 0
    if options:
        text, zeros = _shown(call, text, options), 0
    return 0 if call.out(text, zeros) else 1


def _stream(call: Call, fd: int, options: set[str]) -> int | None:
    """Copy a stream until it ends; never more at once than a reader takes."""
    while True:
        if pipes.pipe_full(call.machine, call.process, 1):
            return None
        piece = streams.read(call.machine, call.process, fd)
        if piece is None:
            return None
        if not piece:
            return 0
        if not call.out(_shown(call, piece, options) if options else piece):
            return 1
        if not call.machine.spend(call.process, 1 + len(piece) // 512):
            return None


def _shown(call: Call, text: str, options: set[str]) -> str:
    """Return a piece of what is read as it is shown; lines are counted over all files, and go on from piece to piece."""
    call.machine.work(len(text) // 128)
    data, out = call.data, []
    for line in lines_of(text, True):
        begins, data["open"] = not data.get("open"), not line.endswith("\n")
        blank = begins and line == "\n"
        data["blanks"] = data.get("blanks", 0) + 1 if blank else 0
        if "s" in options and data["blanks"] > 1:
            continue
        if begins and (("b" in options and not blank) or {"n", "b"} & options == {"n"}):
            data["line"] = data.get("line", 0) + 1
            out.append(f"{data['line']:6}\t")
        out.append(_printed(line, options))
    return "".join(out)


def _printed(line: str, options: set[str]) -> str:
    body, end = (line[:-1], "\n") if line.endswith("\n") else (line, "")
    if "v" in options:
        body = re.sub(r"[^\t -~]", lambda found: _caret(found.group()), body)
    elif "E" in options and end and body.endswith("\r"):
        body = body[:-1] + "^M"
    if "T" in options:
        body = body.replace("\t", "^I")
    return body + ("$" + end if end and "E" in options else end)


def _caret(character: str) -> str:
    """Return what stands for a character that is not printed: ^A, M-^A, M-a."""
    code = ord(character)
    prefix, code = ("M-", code - 128) if code >= 128 else ("", code)
    return prefix + (f"^{chr(code ^ 0x40)}" if code < 32 or code == 127 else chr(code))
