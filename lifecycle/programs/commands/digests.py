"""Texts as other letters: checksums, base64."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode

from lifecycle.programs.commands.call import Call, command, lines_of
from lifecycle.programs.commands.files import parse_size
from lifecycle.programs.commands.inputs import whole
from lifecycle.programs.files import FileError


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
        decoded, whole_text = _decoded(re.sub(r"[^A-Za-z0-9+/=]" if "i" in options else r"\s", "", text))
        call.out(decoded)
        return 0 if whole_text else call.fail("truncated input" if call.busybox else "invalid input")
    encoded = b64encode(text.encode("latin-1")).decode()
    width = int(options.get("w", "76"))
    call.out("".join(encoded[i : i + width] + "\n" for i in range(0, len(encoded), width)) if width else encoded)
    return 0


def _decoded(text: str) -> tuple[str, bool]:
    """Return what four letters each mean, up to the first that mean nothing, and whether that was all."""
    good = re.match(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?", text)
    assert good is not None
    return b64decode(good.group()).decode("latin-1"), good.end() == len(text)


@command("cksum", "sum")
def cksum(call: Call) -> int | None:
    """Show a file's checksum and its size: POSIX's, or the one of BSD (sum)."""
    names = [arg for arg in call.args if not arg.startswith("-")]
    found = whole(call, names)
    if found is None:
        return None
    for name, text in found:
        shown = f" {name}" if names else ""
        if call.name == "cksum":
            call.out(f"{_posix_crc(text)} {len(text)}{shown}\n")
        else:
            call.out(f"{_bsd_sum(text):05} {-(-len(text) // 1024):5}{shown}\n")
    return int(len(found) < len(names))


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
        table.append(crc & 0xFFFFFFFF)
    return table


_CRC = _crc_table()


def _posix_crc(text: str) -> int:
    crc, length = 0, len(text)
    for character in text:
        crc = (crc << 8 & 0xFFFFFFFF) ^ _CRC[crc >> 24 ^ ord(character)]
    while length:
        crc, length = (crc << 8 & 0xFFFFFFFF) ^ _CRC[crc >> 24 ^ length & 0xFF], length >> 8
    return crc ^ 0xFFFFFFFF


def _bsd_sum(text: str) -> int:
    total = 0
    for character in text:
        total = (total >> 1) + ((total & 1) << 15) + ord(character) & 0xFFFF
    return total


@command("split")
def split(call: Call) -> int | None:
    """Cut a text into files of so many lines or bytes: xaa, xab ..."""
    options, names = call.options("l:b:a:d", {"lines": "l", "bytes": "b"})
    found = whole(call, names[:1])
    if found is None:
        return None
    text, prefix = "".join(one for _, one in found), names[1] if len(names) > 1 else "x"
    if "b" in options:
        size = parse_size(options["b"]) or 0
        if size < 1:
            return call.fail(f"invalid number of bytes: '{options['b']}'")
        parts = [text[i : i + size] for i in range(0, min(len(text), size * (MOST_PARTS + 1)), size)]
    else:
        count = max(int(options.get("l", "1000")), 1)
        lines = lines_of(text, keepends=True)
        parts = ["".join(lines[i : i + count]) for i in range(0, min(len(lines), count * (MOST_PARTS + 1)), count)]
    for number, part in enumerate(parts[:MOST_PARTS]):
        call.write_file(f"{prefix}{LETTERS[number // 26]}{LETTERS[number % 26]}", part)
    if len(parts) > MOST_PARTS:
        return call.fail("suffixes exhausted" if call.busybox else "output file suffixes exhausted")
    return 0


LETTERS = "abcdefghijklmnopqrstuvwxyz"
MOST_PARTS = len(LETTERS) ** 2
"""How many names two letters make."""
