"""The beginnings and the ends of texts: head, tail."""

from __future__ import annotations

import re

from lifecycle.programs import opening, streams
from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.commands.files import parse_size
from lifecycle.programs.commands.inputs import whole
from lifecycle.programs.commands.memory import eat
from lifecycle.programs.files import FileError
from lifecycle.programs.following import follow


@command("head")
def head(call: Call) -> int | None:
    call.args = [f"-n{arg[1:]}" if not i and re.fullmatch(r"-\d+", arg) else arg for i, arg in enumerate(call.args)]
    options, names = call.options("n:c:qv", {"lines": "n", "bytes": "c", "quiet": "q"})
    if "c" in options:
        return _head_bytes(call, options, names)
    most = _count(call, options.get("n", "10"))
    if not names or names == ["-"]:
        done: int = call.data.get("done", 0)
        if most < 0:
            text = call.stdin()
            if text is None:
                return None
            call.out("".join(lines_of(text, True)[:most]))
            return 0
        for line in call.lines() if done < most else ():
            if line is None:
                call.data["done"] = done
                return None
            if not call.out(line):
                return 1
            done += 1
            if done >= most:
                break
        return 0
    found = whole(call, names)
    if found is None:
        return None
    for i, (name, text) in enumerate(found):
        if len(names) > 1 and "q" not in options:
            call.out(("\n" if i else "") + f"==> {name} <==\n")
        call.out("".join(lines_of(text, True)[:most]))
    return int(bool(call.data.get("failed")))


def _head_bytes(call: Call, options: dict[str, str], names: list[str]) -> int | None:
    most = parse_size(options["c"]) or 0
    if not names or names == ["-"]:
        left = call.data.setdefault("left", most)
        while left > 0:
            piece = streams.read(call.machine, call.process, 0)
            if piece is None:
                call.data["left"] = left
                return None
            if not piece or not call.out(piece[:left]):
                break
            left -= len(piece)
        return 0
    for name in names:
        try:
            opened = opening.open_path(call.machine, call.process, call.path(name), "r")
        except FileError as error:
            return call.cannot_open(name, error)
        if opened.kind == "zero":
            if call.out_zeros(most) is None:
                return None
        elif opened.kind == "random":
            call.moves()
            size = min(most, 4096)
            text = "".join(
                bytes.fromhex(
                    call.machine.kernel.seeds.hex(128, "head", call.machine.state.spec.id, call.process.pid, i)
                ).decode("latin-1")
                for i in range(size // 64 + 1)
            )
            call.out(text[:size], most - size)
        else:
            call.out(call.read_file(name)[:most])
    return 0


def _count(call: Call, text: str) -> int:
    if not re.fullmatch(r"[-+]?\d+[kKmM]?", text):
        raise UsageError(f"invalid number '{text}'" if call.busybox else f"invalid number of lines: '{text}'")
    scale = {"k": 1024, "m": 1 << 20}.get(text[-1].lower(), 1)
    return int(text.rstrip("kKmM")) * scale


@command("tail")
def tail(call: Call) -> int | None:
    call.args = [f"-n{arg[1:]}" if not i and re.fullmatch(r"-\d+|\+\d+", arg) else arg for i, arg in enumerate(call.args)]
    options, names = call.options(
        "n:c:fFqs:vr", {"lines": "n", "bytes": "c", "follow": "f", "retry": "F", "quiet": "q", "pid": "s"}
    )
    if "following" in call.data:
        return _follow(call)
    if any(name in ("/dev/zero", "/dev/urandom", "/dev/random", "/dev/full") for name in names):
        return eat(call)
    found = whole(call, names)
    if found is None:
        return None
    texts = [_tail_text(call, text, options) for _, text in found]
    for i, ((name, _), text) in enumerate(zip(found, texts, strict=True)):
        if len(names) > 1 and "q" not in options:
            call.out(("\n" if i else "") + f"==> {name} <==\n")
        call.out(text)
    if not {"f", "F"} & set(options):
        return int(bool(call.data.get("failed")))
    if not found and "F" not in options:
        return call.fail("no files")
    sizes = {name: len(text) for name, text in found}
    call.data["following"] = {call.path(name): sizes.get(name, 0) for name in names if name != "-"}
    return _follow(call)


def _tail_text(call: Call, text: str, options: dict[str, str]) -> str:
    if "c" in options:
        size = _count(call, options["c"])
        return text[max(size - 1, 0) :] if options["c"].startswith("+") else text[-abs(size) :] if size else ""
    count = _count(call, options.get("n", "10"))
    lines = lines_of(text, True)
    if options.get("n", "").startswith("+"):
        return "".join(lines[max(count - 1, 0) :])
    return "".join(lines[-abs(count) :]) if count else ""


def _follow(call: Call) -> int | None:
    """Look for more once a second; a file that cannot grow (/dev/null) needs no look."""
    positions: dict[str, int] = call.data["following"]
    living = False
    for path, at in positions.items():
        node = call.view.get(path)
        if node is not None and node.kind == "c":
            continue
        living = True
        if node is None:
            continue
        if node.size < at:
            at = 0
        if node.size > at:
            call.out(node.content[at:])
            positions[path] = node.size
    if not living:
        call.forever()
        return None
    follow(call.machine, call.process, list(positions))
    return None
