"""Commands that read text and write text: wc, uniq, cut, tr, tee, paste, rev, tac, nl and the like."""

from __future__ import annotations

import re

from lifecycle.programs import opening, streams
from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.commands.inputs import pieces, whole
from lifecycle.programs.files import FileError


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
                opened = opening.open_path(call.machine, call.process, call.path(name), "a" if "a" in options else "w")
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


@command("rev", "tac", "nl", "fold", "expand", "unexpand")
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
    call.out("".join(row + "\n" for row in rows))
    return int(bool(call.data.get("failed")))


MOST_SHUFFLED = 100_000
_SHUF_LONG = {"echo": "e", "input-range": "i", "head-count": "n", "output": "o", "repeat": "r", "zero-terminated": "z"}


@command("shuf")
def shuf(call: Call) -> int | None:
    """Put lines, words (-e) or the numbers of a range (-i) into an order that nobody foresees; -n: the first so many."""
    options, operands = call.options("ei:n:o:rz", _SHUF_LONG)
    call.moves()
    rows = operands
    if "i" in options:
        bounds = re.fullmatch(r"(\d+)-(\d+)", options["i"])
        if bounds is None or int(bounds[1]) > int(bounds[2]) + 1:
            return call.fail(f"invalid input range: '{options['i']}'" if not call.busybox else f"bad range '{options['i']}'")
        first, last = map(int, bounds.groups())
        rows = [str(number) for number in range(first, min(last, first + MOST_SHUFFLED) + 1)]
    elif "e" not in options:
        found = whole(call, operands[:1])
        if found is None:
            return None
        rows = lines_of("".join(text for _, text in found))
    count = options.get("n", "")
    if count and not count.isdecimal():
        return call.fail(f"invalid line count: '{count}'" if not call.busybox else f"invalid number '{count}'")
    end = "\0" if "z" in options else "\n"
    text = "".join([f"{row}{end}" for row in _shuffled(call, rows, int(count) if count else None, "r" in options)])
    if "o" not in options:
        call.out(text)
        return int(bool(call.data.get("failed")))
    try:
        call.write_file(options["o"], text)
    except FileError as error:
        return call.fail(f"{options['o']}: {error.text}")
    return 0


def _shuffled(call: Call, rows: list[str], count: int | None, again: bool) -> list[str]:
    """Return rows in an order of their own for each process; with `again` each may come more than once."""
    seeds, key = call.machine.kernel.seeds, (call.machine.state.spec.id, call.process.pid, call.now)
    call.machine.work(len(rows))
    if again and rows:
        drawn = min(count if count is not None else MOST_SHUFFLED, MOST_SHUFFLED)
        call.machine.work(drawn)
        return [rows[seeds.number(len(rows), "shuf", *key, i)] for i in range(drawn)]
    order = sorted(range(len(rows)), key=lambda i: seeds.fraction("shuf", *key, i))
    return [rows[i] for i in order[:count]]


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
