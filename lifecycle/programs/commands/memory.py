"""Commands that eat memory or fill disks: dd, tail of an endless file, stress."""

from __future__ import annotations

import re

from lifecycle.clock import MILLISECOND, SECOND, Micros
from lifecycle.programs import opening, streams
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.commands.files import parse_size
from lifecycle.programs.files import FileError

RATE = 256 << 20
"""How fast a program that does nothing else takes memory, in bytes a second."""
STEP: Micros = 50 * MILLISECOND
FULL = FileError.TEXTS["ENOSPC"]


def eat(call: Call) -> int | None:
    """Take more and more memory, for ever, a second's worth at a time: the limit or the node's end ends it."""
    memory = call.machine.memory
    if "until" in call.data and call.now >= call.data["until"] and not memory.charge(call.process, call.data["takes"]):
        return None
    call.data["takes"] = takes = min(max(memory.left(), 0) + 1, RATE)
    call.data["until"] = call.now + max(round(takes / RATE * SECOND), MILLISECOND)
    call.machine.sleep_until(call.process, call.data["until"])
    return None


@command("dd")
def dd(call: Call) -> int | None:
    operands = dict(arg.partition("=")[::2] for arg in call.args)
    block = parse_size(operands.get("bs") or operands.get("ibs") or "512")
    count = parse_size(operands["count"]) if "count" in operands else None
    if block is None or ("count" in operands and count is None):
        return call.fail(
            f"invalid number '{operands.get('bs')}'" if call.busybox else f"invalid number: '{operands.get('bs')}'"
        )
    if "zeros" not in call.data and not call.machine.memory.charge(call.process, block):
        return None
    try:
        return _copy(call, operands, block, count)
    except FileError as error:
        name = (
            operands.get("if", "")
            if error.code == "ENOENT" and "if" in operands
            else operands.get("of", operands.get("if", ""))
        )
        return call.fail(f"can't open '{name}': {error.text}" if call.busybox else f"failed to open '{name}': {error.text}")


def _copy(call: Call, operands: dict[str, str], block: int, count: int | None) -> int | None:
    source = opening.open_path(call.machine, call.process, call.path(operands["if"]), "r") if "if" in operands else None
    if source is not None and source.kind in ("zero", "random"):
        if count is None:
            return _endless(call, operands)
        text, zeros = "", block * count
    elif source is not None:
        text, zeros = call.read_file(operands["if"]), 0
    else:
        piped = call.stdin()
        if piped is None:
            return None
        text, zeros = piped, 0
    if count is not None and text:
        text = text[: block * count]
    return _put(call, operands, text, zeros, block)


def _endless(call: Call, operands: dict[str, str]) -> int | None:
    """Copy from an endless file without a count: into a file it fills the disk, into /dev/null it goes on for ever."""
    target = call.path(operands["of"]) if "of" in operands else ""
    if not target or target == "/dev/null":
        call.forever()
        return None
    node = call.view.get(target)
    call.data["written"] = call.data.get("written", 0) + RATE * STEP // SECOND * 20
    if node is None or "started" not in call.data:
        call.write_file(target, "")
        call.data["started"] = True
    if not _append(call, target, RATE * STEP // SECOND * 20):
        return call.fail(f"error writing '{operands['of']}': {FULL}")
    call.sleep(20 * STEP)
    return None


def _append(call: Call, target: str, size: int) -> bool:
    opened = opening.open_path(call.machine, call.process, target, "a")
    streams.set_fd(call.machine, call.process, 9, opened)
    written = call.machine.write(call.process, 9, "", size)
    streams.close(call.machine, call.process, 9)
    return written


def _put(call: Call, operands: dict[str, str], text: str, zeros: int, block: int) -> int | None:
    """Write what was read and say how much it was; return the exit status, or None while a reader has still to take it."""
    size = written = len(text) + zeros
    if "of" in operands:
        written = _put_into_file(call, operands, text, zeros, block)
    elif call.out_zeros(zeros) is None if zeros else not call.machine.write(call.process, 1, text):
        return None
    status = int(written < size)
    if operands.get("status") == "none":
        return status
    records = f"{_records(written, block, unwritten=status)} in\n{_records(written, block)} out\n"
    span = max(written / (1 << 30), 0.000_05)
    call.err(records if operands.get("status") == "noxfer" else records + _speed(call, written, span))
    return status


def _put_into_file(call: Call, operands: dict[str, str], text: str, zeros: int, block: int) -> int:
    """Write into the file that is named, as much as fits; return how much that is."""
    skip = parse_size(operands.get("seek", "0")) or 0
    keep = "notrunc" in operands.get("conv", "") or skip
    opened = opening.open_path(call.machine, call.process, call.path(operands["of"]), "+" if keep else "w")
    opened.pos = skip * block
    streams.set_fd(call.machine, call.process, 9, opened)
    whole = call.machine.write(call.process, 9, text, zeros)
    if not whole:
        call.fail(f"error writing '{operands['of']}': {FULL}")
    written = len(text) + zeros if whole else opened.pos - skip * block
    streams.close(call.machine, call.process, 9)
    return written


def _records(size: int, block: int, unwritten: int = 0) -> str:
    """Return whole and partial blocks; one that was read and could not be written counts as whole."""
    whole, part = divmod(size, block)
    return f"{whole + 1}+0 records" if unwritten else f"{whole}+{int(part > 0)} records"


def _speed(call: Call, size: int, span: float) -> str:
    if call.busybox:
        return f"{size} bytes ({_binary(size)}) copied, {span:.6f} seconds, {_binary(round(size / span))}/s\n"
    shown = f" ({_decimal(size)}, {_binary_long(size)})" if size >= 1024 else ""
    return f"{size} bytes{shown} copied, {span:.6f} s, {_decimal(round(size / span))}/s\n"


def _binary(size: int) -> str:
    for power, unit in ((30, "GB"), (20, "MB"), (10, "KB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.1f}{unit}"
    return f"{size}B"


def _binary_long(size: int) -> str:
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if size >= 1 << power:
            return f"{size / (1 << power):.2g} {unit}" if size / (1 << power) < 10 else f"{size >> power} {unit}"
    return f"{size} B"


def _decimal(size: int) -> str:
    for scale, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= scale:
            return f"{size / scale:.1f} {unit}" if size / scale < 10 else f"{size // scale} {unit}"
    return f"{size} B"


@command("stress", "stress-ng")
def stress(call: Call) -> int | None:
    """Take memory and time: `--vm 1 --vm-bytes 150M --vm-hang 1 --timeout 60s`."""
    if "end" in call.data:
        if call.data["end"] and call.now >= call.data["end"]:
            call.out(
                f"stress: info: [{call.process.pid}] successful run completed in {(call.now - call.data['start']) // SECOND}s\n"
            )
            return 0
        if "need" in call.data:
            need = call.data.pop("need")
            if not call.machine.memory.charge(call.process, need):
                return None
        if call.data["end"]:
            call.machine.sleep_until(call.process, call.data["end"])
        else:
            call.forever()
        return None
    text = " ".join(call.args)
    workers = int(_value(text, r"(?:--vm|-m)[ =](\d+)") or 0)
    size = parse_size(_value(text, r"--vm-bytes[ =](\S+)") or "256M") or 0
    limit = re.search(r"(?:--timeout|-t)[ =](\d+)([smhd]?)", text)
    scale = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
    cpus, io = _value(text, r"(?:--cpu|-c)[ =](\d+)") or "0", _value(text, r"(?:--io|-i)[ =](\d+)") or "0"
    call.out(f"stress: info: [{call.process.pid}] dispatching hogs: {cpus} cpu, {io} io, {workers} vm, 0 hdd\n")
    call.data["start"] = call.now
    call.data["end"] = call.now + int(limit.group(1)) * scale[limit.group(2)] * SECOND if limit else 0
    if workers:
        call.data["need"] = workers * size
        call.sleep(max(round(workers * size / RATE * SECOND), MILLISECOND))
        return None
    if call.data["end"]:
        call.machine.sleep_until(call.process, call.data["end"])
    else:
        call.forever()
    return None


def _value(text: str, pattern: str) -> str | None:
    match = re.search(pattern, text)
    return match.group(1) if match else None


@handler("stress", "stress-ng")
def stress_signal(call: Call, signal: str) -> bool:
    return False
