"""Texts as other letters: checksums, base64."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode

from lifecycle.programs.commands.call import Call, command, lines_of
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
        try:
            call.out(b64decode(re.sub(r"\s", "", text).encode("latin-1"), validate=True).decode("latin-1"))
        except ValueError:
            return call.fail("invalid input")
        return 0
    encoded = b64encode(text.encode("latin-1")).decode()
    width = int(options.get("w", "76"))
    call.out("".join(encoded[i : i + width] + "\n" for i in range(0, len(encoded), width)) if width else encoded)
    return 0
