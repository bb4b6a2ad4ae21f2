"""gzip, gunzip and zcat."""

from __future__ import annotations

import zlib

from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.files import MAX_BYTES, FileError

SUFFIX = ".gz"


@command("gzip", "gunzip", "zcat")
def gzip(call: Call) -> int | None:
    options, names = call.options("cdfkqtvn123456789", {"stdout": "c", "decompress": "d", "keep": "k", "force": "f"})
    unpacks = "d" in options or call.name != "gzip"
    if not names or names == ["-"]:
        text = call.stdin()
        if text is None:
            return None
        return _put_out(call, text, unpacks, "stdin")
    status = 0
    for name in names:
        shows = "c" in options or call.name == "zcat"
        status = _file(call, name, unpacks, shows, "k" in options) or status
    return status


def _put_out(call: Call, text: str, unpacks: bool, name: str) -> int:
    found = _unpacked(call, text) if unpacks else _packed(call, text)
    if found is None:
        if call.busybox:
            return call.fail("invalid magic")
        call.err(f"\ngzip: {name}: not in gzip format\n")
        return 1
    call.out(found)
    return 0


def _file(call: Call, name: str, unpacks: bool, shows: bool, keeps: bool) -> int:
    """Pack or unpack a file, and put what comes of it into its place."""
    try:
        text = call.read_file(name)
    except FileError as error:
        return call.fail(f"{name}: {error.text}")
    if shows:
        return _put_out(call, text, unpacks, name)
    if name.endswith(SUFFIX) != unpacks:
        dashes = "-" if call.busybox else "--"
        why = "unknown suffix" if unpacks else "already has .gz suffix"
        call.fail(f"{name}: {why} {dashes} {'ignored' if unpacks or call.busybox else 'unchanged'}")
        return 1 if call.busybox else 2
    found = _unpacked(call, text) if unpacks else _packed(call, text)
    if found is None:
        return _put_out(call, text, unpacks, name)
    try:
        call.write_file(name.removesuffix(SUFFIX) if unpacks else name + SUFFIX, found)
        if not keeps:
            place = call.view.target(call.path(name))
            call.view.remove(place)
            call.machine.changed_files(place.tree)
    except FileError as error:
        return call.fail(f"{name}: {error.text}")
    return 0


def _packed(call: Call, text: str) -> str:
    call.machine.work(1 + (len(text) >> 9))
    packer = zlib.compressobj(wbits=31)
    return (packer.compress(text.encode("latin-1")) + packer.flush()).decode("latin-1")


def _unpacked(call: Call, text: str) -> str | None:
    """Return what was packed; None for what is no such file."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(text.encode("latin-1"), MAX_BYTES)
    except zlib.error:
        return None
    if not unpacker.eof and not unpacker.unconsumed_tail:
        return None
    if unpacker.unconsumed_tail:
        call.machine.limit("bytes", "16 MiB in one packed file", "what comes after is left out")
    call.machine.work(1 + (len(data) >> 9))
    return data.decode("latin-1")
