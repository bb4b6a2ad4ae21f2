"""Commands that read text and write text: grep, head, tail, wc, sort, uniq, cut, tr, tee, rev, tac, nl and the like."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode

from lifecycle.clock import SECOND
from lifecycle.programs import streams
from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.commands.children import run_each
from lifecycle.programs.commands.inputs import pieces, whole
from lifecycle.programs.files import FileError


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
    from lifecycle.programs.commands.files import parse_size

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
            opened = streams.open_path(call.machine, call.process, call.path(name), "r")
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
        from lifecycle.programs.commands.memory import eat

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
    call.machine.room.follow(call.machine, call.process, list(positions))
    return None


@command("wc")
def wc(call: Call) -> int | None:
    options, names = call.options("lwcmL", {"lines": "l", "words": "w", "bytes": "c", "chars": "m"})
    wanted = [letter for letter in "lwcm" if letter in options] or ["l", "w", "c"]
    counts = _counted(call, names or ["-"], wanted)
    if counts is None:
        return None
    rows = [([count[letter] for letter in wanted], name) for count, name in zip(counts, names or ["-"], strict=True) if count]
    if len(rows) > 1:
        rows.append(([sum(row[0][i] for row in rows) for i in range(len(wanted))], "total"))
    for numbers, name in rows:
        call.out(_wc_row(call, numbers, "" if not names else name, rows) + "\n")
    return int(bool(call.data.get("failed")))


def _counted(call: Call, names: list[str], wanted: list[str]) -> list[dict[str, int]] | None:
    """Return how many lines, words and bytes each input has (nothing where it cannot be read); None: wait."""
    counts: list[dict[str, int]] = call.data.setdefault("counts", [{} for _ in names])
    if wanted == ["c"] and (sizes := [streams.size_left(call.machine, call.process, call.path(n), n == "-") for n in names]):
        known = [{"c": size} for size in sizes if size is not None]
        if len(known) == len(names):
            return known
    for text in pieces(call, names, lines=False):
        if text is None:
            return None
        count = counts[call.data["source"]]
        words = len(text.split()) - int(bool(count.get("open")) and not text[:1].isspace())
        for letter, number in (("l", text.count("\n")), ("w", words), ("c", len(text)), ("m", len(text))):
            count[letter] = count.get(letter, 0) + number
        count["open"] = not text[-1:].isspace()
    unread: list[int] = call.data.get("unread", [])
    return [count or ({} if i in unread else dict.fromkeys("lwcm", 0)) for i, count in enumerate(counts)]


def _wc_row(call: Call, numbers: list[int], name: str, rows: list[tuple[list[int], str]]) -> str:
    end = f" {name}" if name else ""
    if len(numbers) == 1 and (not name or len(rows) == 1):
        return f"{numbers[0]}{end}"
    width = 9 if call.busybox else max(len(str(max(row[0]))) for row in rows) if name else 7
    return " ".join(f"{number:{width}}" for number in numbers) + end


@command("uniq")
def uniq(call: Call) -> int | None:
    options, names = call.options("cdui", {"count": "c", "repeated": "d", "unique": "u", "ignore-case": "i"})
    found = whole(call, names[:1])
    if found is None:
        return None
    groups: list[tuple[str, int]] = []
    for line in lines_of("".join(text for _, text in found)):
        if groups and (groups[-1][0].lower() == line.lower() if "i" in options else groups[-1][0] == line):
            groups[-1] = (groups[-1][0], groups[-1][1] + 1)
        else:
            groups.append((line, 1))
    if "d" in options:
        groups = [one for one in groups if one[1] > 1]
    if "u" in options:
        groups = [one for one in groups if one[1] == 1]
    call.out("".join(f"{count:7} {line}\n" if "c" in options else f"{line}\n" for line, count in groups))
    return 0


@command("cut")
def cut(call: Call) -> int | None:
    options, names = call.options(
        "d:f:c:b:snD:", {
            "delimiter": "d", "fields": "f", "characters": "c", "only-delimited": "s", "bytes": "b", "output-delimiter": "D",
        },
    )  # fmt: skip
    wanted = options.get("f") or options.get("c") or options.get("b")
    if not wanted:
        raise UsageError(
            "you must specify a list of bytes, characters, or fields"
            if not call.busybox
            else "expected a list of bytes, characters, or fields"
        )
    ranges = _ranges(call, wanted)
    for text in pieces(call, names):
        if text is None:
            return None
        if not call.out(_cut(lines_of(text), options, ranges)):
            return 1
    return int(bool(call.data.get("failed")))


def _cut(lines: list[str], options: dict[str, str], ranges: list[tuple[int, int]]) -> str:
    delimiter, joint = options.get("d", "\t"), options.get("D", options.get("d", "\t"))
    out = []
    for line in lines:
        if "f" not in options:
            out.append("".join(_picked(line, ranges)))
        elif delimiter not in line:
            if "s" not in options:
                out.append(line)
        else:
            out.append(joint.join(_picked(line.split(delimiter), ranges)))
    return "".join(line + "\n" for line in out)


def _ranges(call: Call, text: str) -> list[tuple[int, int]]:
    found = []
    for piece in text.split(","):
        match = re.fullmatch(r"(\d*)(-?)(\d*)", piece)
        if not match or piece in ("", "-"):
            raise UsageError(f"invalid range '{piece}'" if call.busybox else f"invalid field value '{piece}'")
        first, dash, last = match.groups()
        low = int(first or 1)
        found.append((max(low, 1), int(last) if last else 1 << 30 if dash else low))
    merged: list[tuple[int, int]] = []
    for low, high in sorted(found):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _picked(items: list[str] | str, ranges: list[tuple[int, int]]) -> list[str]:
    """Return the items of some ranges, which are in order and do not meet."""
    return [item for low, high in ranges for item in items[low - 1 : high]]


@command("tr")
def tr(call: Call) -> int | None:
    options, sets = call.options("dscC", {"delete": "d", "squeeze-repeats": "s", "complement": "c"})
    if not sets or (len(sets) < 2 and not {"d", "s"} & set(options)):
        return call.fail("missing operand" if not sets else f"missing operand after '{sets[0]}'")
    table, squeezed = _translation(options, sets)
    repeated = re.compile("([" + "".join(map(re.escape, squeezed)) + r"])\1+", re.S) if squeezed else None
    for text in pieces(call, [], lines=False):
        if text is None:
            return None
        text = text.translate(table)
        if repeated:
            text = repeated.sub(r"\1", text)
            if text[:1] in squeezed and text[:1] == call.data.get("before"):
                text = text[1:]
            call.data["before"] = text[-1:] or call.data.get("before", "")
        if not call.out(text):
            return 1
    return 0


def _translation(options: dict[str, str], sets: list[str]) -> tuple[dict[int, str | None], list[str]]:
    """Return what becomes of each character (None: it goes), and those of which repetitions go."""
    first = _characters(sets[0])
    if {"c", "C"} & set(options):
        members = set(first)
        first = [chr(i) for i in range(256) if chr(i) not in members]
    if "d" in options:
        return {ord(c): None for c in first}, _characters(sets[1]) if len(sets) > 1 and "s" in options else []
    if len(sets) == 1:
        return {}, first
    second = _characters(sets[1]) or [""]
    return {ord(c): second[min(i, len(second) - 1)] for i, c in enumerate(first)}, second if "s" in options else []


_TR_CLASSES = {
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "digit": "0123456789",
    "space": " \t\n\r\f\v",
    "blank": " \t",
}
_TR_CLASSES["alpha"] = _TR_CLASSES["upper"] + _TR_CLASSES["lower"]
_TR_CLASSES["alnum"] = _TR_CLASSES["digit"] + _TR_CLASSES["alpha"]
_TR_CLASSES["punct"] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def _characters(text: str) -> list[str]:
    text = re.sub(r"\[:(\w+):\]", lambda m: _TR_CLASSES.get(m.group(1), ""), text)
    text = re.sub(r"\\([nrt\\0])", lambda m: {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0"}[m.group(1)], text)
    out: list[str] = []
    i = 0
    while i < len(text):
        if text[i + 1 : i + 2] == "-" and i + 2 < len(text):
            out += [chr(c) for c in range(ord(text[i]), ord(text[i + 2]) + 1)]
            i += 3
        else:
            out.append(text[i])
            i += 1
    return out


@command("tee")
def tee(call: Call) -> int | None:
    options, names = call.options("aip", {"append": "a"})
    if "opened" not in call.data:
        call.data["opened"], call.data["names"], call.data["status"] = [], [], 0
        for name in names:
            try:
                opened = streams.open_path(call.machine, call.process, call.path(name), "a" if "a" in options else "w")
            except FileError as error:
                call.data["status"] = call.fail(f"{name}: {error.text}")
                continue
            fd = 10 + len(call.data["opened"])
            streams.set_fd(call.machine, call.process, fd, opened)
            call.data["opened"].append(fd)
            call.data["names"].append(name)
    while True:
        piece = streams.read(call.machine, call.process, 0)
        if piece is None:
            return None
        if not piece:
            return int(call.data["status"])
        for fd, name in zip((1, *call.data["opened"]), ("standard output", *call.data["names"]), strict=True):
            if not call.machine.write(call.process, fd, piece) and streams.is_file(call.machine, call.process, fd):
                call.data["status"] = call.fail(f"{name}: {'I/O error' if call.busybox else FileError.TEXTS['ENOSPC']}")
        if call.process.code is not None or not call.machine.spend(call.process, 1 + len(piece) // 512):
            return None


@command("rev", "tac", "nl", "fold", "expand", "unexpand", "shuf")
def lines(call: Call) -> int | None:
    found = whole(call, [arg for arg in call.args if not arg.startswith("-")])
    if found is None:
        return None
    rows = lines_of("".join(text for _, text in found))
    match call.name:
        case "rev":
            rows = [row[::-1] for row in rows]
        case "tac":
            rows.reverse()
        case "nl":
            numbers = iter(range(1, len(rows) + 1))
            every = "-ba" in call.args
            rows = [f"{next(numbers):6}\t{row}" if row or every else " " * 7 for row in rows]
        case "fold":
            rows = [piece for row in rows for piece in _folded(row, _width(call.args))]
        case "expand":
            rows = [row.expandtabs(8) for row in rows]
        case "shuf":
            call.moves()
            key = (call.machine.state.spec.id, call.process.pid)
            rows.sort(key=lambda row: call.machine.kernel.seeds.fraction("shuf", *key, row))
    call.out("".join(row + "\n" for row in rows))
    return int(bool(call.data.get("failed")))


def _width(args: list[str]) -> int:
    number = next((arg.lstrip("-w") for arg in args if re.fullmatch(r"-w?\d+", arg)), "80")
    return max(int(number), 1)


def _folded(row: str, width: int) -> list[str]:
    return [row[i : i + width] for i in range(0, len(row), width)] or [""]


@command("paste")
def paste(call: Call) -> int | None:
    """Put files beside each other, or (`-s`) the lines of each; `-` takes its lines in turn."""
    options, names = call.options("d:s", {"delimiters": "d", "serial": "s"})
    sources = list(dict.fromkeys(names or ["-"]))
    found = whole(call, sources)
    if found is None:
        return None
    texts = {name: lines_of(text) for name, text in found}
    joints = options.get("d", "\t").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "") or ""
    if "s" in options:
        rows = [texts.get(name, []) for name in sources]
    else:
        columns = [texts.get(name, [])[names.index(name) :: names.count(name)] for name in names or ["-"]]
        seen: dict[str, int] = {}
        for i, name in enumerate(names):
            columns[i] = texts.get(name, [])[seen.get(name, 0) :: names.count(name)]
            seen[name] = seen.get(name, 0) + 1
        rows = [[column[i] if i < len(column) else "" for column in columns] for i in range(max(map(len, columns), default=0))]
    call.out("".join(_joined(row, joints) + "\n" for row in rows))
    return int(bool(call.data.get("failed")))


def _joined(row: list[str], joints: str) -> str:
    return "".join(item + (joints[i % len(joints)] if joints and i + 1 < len(row) else "") for i, item in enumerate(row))


@command("md5sum", "sha1sum", "sha256sum", "sha512sum")
def digest(call: Call) -> int | None:
    found = whole(call, [arg for arg in call.args if not arg.startswith("-")])
    if found is None:
        return None
    if any(arg in ("-c", "--check") for arg in call.args):
        return max([_check_sums(call, text) for _, text in found], default=1)
    for name, text in found:
        call.out(f"{_digest(call, text)}  {name}\n")
    return int(bool(call.data.get("failed")))


def _digest(call: Call, text: str) -> str:
    return hashlib.new(call.name.removesuffix("sum"), text.encode("latin-1"), usedforsecurity=False).hexdigest()


def _check_sums(call: Call, listed: str) -> int:
    failed = 0
    for line in lines_of(listed):
        value, _, name = line.partition(" ")
        try:
            good = _digest(call, call.read_file(name[1:])) == value
        except FileError as error:
            call.fail(f"{name[1:]}: {error.text}")
            good = False
        failed += not good
        call.out(f"{name[1:]}: {'OK' if good else 'FAILED'}\n")
    if failed:
        of = f"of {len(lines_of(listed))} " if call.busybox else ""
        call.fail(f"WARNING: {failed} {of}computed checksum{'s' if failed > 1 or of else ''} did NOT match")
    return int(failed > 0)


@command("base64")
def base64(call: Call) -> int | None:
    options, names = call.options("dw:i", {"decode": "d", "wrap": "w"})
    found = whole(call, names)
    if found is None:
        return None
    text = "".join(one for _, one in found)
    if "d" in options:
        try:
            call.out(b64decode(re.sub(r"\s", "", text).encode("latin-1"), validate=True).decode("latin-1"))
        except ValueError:
            return call.fail("invalid input")
        return 0
    encoded = b64encode(text.encode("latin-1")).decode()
    width = int(options.get("w", "76"))
    call.out("".join(encoded[i : i + width] + "\n" for i in range(0, len(encoded), width)) if width else encoded)
    return 0


@command("cmp", "diff")
def compare(call: Call) -> int:
    options, names = call.options("squbNrwB", {"quiet": "q", "silent": "s", "brief": "q"})
    if len(names) < 2:
        return call.fail("missing operand", 2)
    texts = []
    for name in names[:2]:
        try:
            texts.append(call.read_file(name))
        except FileError as error:
            return call.fail(f"{name}: {error.text}", 2)
    if texts[0] == texts[1]:
        return 0
    if call.name == "cmp":
        at = next((i for i, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
        if "s" not in options:
            line = texts[0][:at].count("\n") + 1
            call.out(f"{names[0]} {names[1]} differ: char {at + 1}, line {line}\n")
        return 1
    if "q" in options:
        call.out(f"Files {names[0]} and {names[1]} differ\n")
        return 1
    return _diff(call, names, texts)


def _diff(call: Call, names: list[str], texts: list[str]) -> int:
    import difflib

    for line in difflib.unified_diff(lines_of(texts[0]), lines_of(texts[1]), names[0], names[1], lineterm=""):
        call.out(line + "\n")
    return 1


@command("watch")
def watch(call: Call) -> int | None:
    args = list(call.args)
    span = 2.0
    while args and args[0].startswith("-"):
        arg = args.pop(0)
        if arg.startswith("-n"):
            span = float(arg[2:] or (args.pop(0) if args else "2"))
    if not args:
        return call.fail("no command", 1)
    if not call.data.pop("resting", False):
        if run_each(call, [["sh", "-c", " ".join(args)]]) is None:
            return None
        call.data.clear()
        call.data["resting"] = True
        call.sleep(max(round(span * SECOND), SECOND // 10))
        return None
    return watch(call)
