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
