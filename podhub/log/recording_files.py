"""The texts that a recording is read from: files, folders of them, and archives, packed or not.

A folder with JSON lines (`pods.jsonl`) is a recording, and what lies beside them (what was asked, a manifest) is no part of
it. Another folder or an archive (a support bundle, a must-gather, what `kubectl cluster-info dump` wrote) is read with all
that is in it, as far as its names are those of JSON or YAML; what else it holds is told of, and left.
"""

from __future__ import annotations

import codecs
import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
from django.utils.translation import gettext as _

from podhub.log.errors import BadRecording

SUFFIXES = (".jsonl", ".ndjson", ".json", ".yaml", ".yml")
"""How the names of texts end that may hold objects; `.gz` may follow."""

LARGEST_TEXT = 256 * 1024 * 1024
"""Bytes of all texts of one recording, unpacked."""

MOST_FILES = 20_000
"""Files in a folder or an archive."""

UNPACKABLE = (gzip.BadGzipFile, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Text(msgspec.Struct, frozen=True):
    """What one file holds, unpacked. `found`: nobody named it, it lay in a folder or an archive."""

    name: str
    data: bytes
    found: bool = False


class Passed(msgspec.Struct, frozen=True):
    """A file that was found and is not imported, and why."""

    name: str
    why: str


class Allowance:
    """What may be read yet: a few bytes may unpack to more than a machine holds."""

    def __init__(self, size: int = LARGEST_TEXT) -> None:
        self.size = self.left = size

    def read(self, name: str, file: IO[bytes]) -> bytes:
        """Return what a file holds. Raises: BadRecording where that is more than is left."""
        data = file.read(self.left + 1)
        if len(data) > self.left:
            text = _("too large: the texts of a recording may have %(size)d MiB, unpacked") % {"size": self.size >> 20}
            raise BadRecording(name, text)
        self.left -= len(data)
        return data


def texts_at(path: Path) -> Iterator[Text | Passed]:
    """Yield what a file or a folder holds; of a recording's folder, the JSON lines alone. Raises: BadRecording."""
    allowance = Allowance()
    try:
        recorded = sorted(path.glob("*.jsonl"))
        for named in recorded or ([] if path.is_dir() else [path]):
            with named.open("rb") as file:
                yield from texts_in(str(named), file, allowance)
        for found in _below(path) if path.is_dir() and not recorded else ():
            with found.open("rb") as file:
                yield _found(str(found), file, allowance)
    except OSError as wrong:
        text = _("cannot be read: %(why)s") % {"why": wrong.strerror}
        raise BadRecording(str(wrong.filename or path), text) from None


def _no_text() -> str:
    return _("its name does not end in %(suffixes)s") % {"suffixes": ", ".join(SUFFIXES)}


def texts_in(name: str, file: IO[bytes], allowance: Allowance) -> Iterator[Text | Passed]:
    """Yield what one file holds that somebody named: its text, or those of an archive. Raises: BadRecording."""
    try:
        packed = _ungzipped(file)
        start = packed.read(512)
        packed.seek(0)
        if start[257:262] == b"ustar":
            yield from _tarred(name, packed, allowance)
        elif start[:4] == b"PK\x03\x04":
            yield from _zipped(name, packed, allowance)
        else:
            yield Text(name, allowance.read(name, packed))
    except UNPACKABLE as wrong:
        text = _("cannot be unpacked: %(why)s; take it again") % {"why": wrong}
        raise BadRecording(name, text) from None


def decoded(text: Text) -> str:
    """Return a text's characters; a Windows shell writes UTF-16. Raises: BadRecording, with the line at fault."""
    encoding = next((encoding for mark, encoding in _MARKS if text.data.startswith(mark)), "utf-8")
    try:
        return text.data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        line = text.data.count(b"\n", 0, wrong.start) + 1
        why = _("not JSON: no %(encoding)s text: %(why)s") % {"encoding": encoding.upper(), "why": wrong.reason}
        raise BadRecording(f"{text.name}: line {line}", why) from None


def _below(folder: Path) -> list[Path]:
    """Return the files of a folder and of those in it, in the order of their names; hidden ones are nobody's data."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    if len(found) > MOST_FILES:
        raise _too_many(str(folder))
    return found


def _too_many(name: str) -> BadRecording:
    return BadRecording(name, _("more than %(most)d files") % {"most": MOST_FILES})


def _named_as_text(name: str) -> bool:
    return name.lower().removesuffix(".gz").endswith(SUFFIXES)


def _ungzipped(file: IO[bytes]) -> IO[bytes]:
    magic = file.read(2)
    file.seek(0)
    return io.BufferedReader(gzip.GzipFile(fileobj=file)) if magic == b"\x1f\x8b" else file


def _found(name: str, file: IO[bytes], allowance: Allowance) -> Text | Passed:
    """Return what a file holds that nobody named, where its own name says that it is a text."""
    if not _named_as_text(name):
        return Passed(name, _no_text())
    try:
        return Text(name, allowance.read(name, _ungzipped(file)), found=True)
    except UNPACKABLE as wrong:
        return Passed(name, _("cannot be unpacked: %(why)s") % {"why": wrong})


def _tarred(name: str, file: IO[bytes], allowance: Allowance) -> Iterator[Text | Passed]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for number, member in enumerate(archive):
            if number >= MOST_FILES:
                raise _too_many(name)
            within = f"{name}: {member.name}"
            opened = archive.extractfile(member) if member.isfile() else None
            if opened is not None and not _hidden(member.name):
                yield _found(within, opened, allowance)


def _zipped(name: str, file: IO[bytes], allowance: Allowance) -> Iterator[Text | Passed]:
    with zipfile.ZipFile(file) as archive:
        members = [member for member in archive.infolist() if not member.is_dir() and not _hidden(member.filename)]
        if len(members) > MOST_FILES:
            raise _too_many(name)
        for member in members:
            if member.flag_bits & 1:
                raise BadRecording(name, _("it is encrypted: unpack it first"))
            with archive.open(member) as opened:
                yield _found(f"{name}: {member.filename}", opened, allowance)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in name.split("/"))
