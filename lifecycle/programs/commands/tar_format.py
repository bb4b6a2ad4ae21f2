"""The format of tar archives: members one by one, as they come. Text is bytes in latin-1, as everywhere in programs.

POSIX: pax (ustar and pax headers); GNU tar (long names)
"""

from __future__ import annotations

import tarfile

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.programs.files import MAX_BYTES

BLOCK = 512
MOST_NAMES = 1 << 20
"""Bytes of a header that only carries names and the like."""

_KINDS = {tarfile.REGTYPE: "f", tarfile.AREGTYPE: "f", tarfile.CONTTYPE: "f", tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l"}
_TYPES = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE}
_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}


class NotAnArchive(ValueError):
    """What was read is no archive, or not all of one."""


class Member(msgspec.Struct):
    """A member of an archive: `kind` is f, d, l, h (a hard link) or empty for what no container can have.

    `content` is None for a file that is larger than files may be. `owner` and `group` are names, or numbers.
    """

    name: str
    kind: str
    mode: int
    mtime: Micros
    size: int = 0
    content: str | None = ""
    link: str = ""
    owner: str = "root"
    group: str = "root"
    user: int = 0


def header(member: Member) -> str:
    """Return the blocks that stand before a member's content."""
    info = tarfile.TarInfo(member.name)
    info.type, info.mode, info.mtime = _TYPES[member.kind], member.mode, member.mtime // SECOND
    info.size, info.linkname = member.size, member.link
    info.uid = info.gid = member.user
    info.uname, info.gname = member.owner, member.group
    return info.tobuf(tarfile.GNU_FORMAT, "latin-1", "replace").decode("latin-1")


def padding(size: int, block: int = BLOCK) -> int:
    """Return how many NUL bytes fill up a content's last block."""
    return -size % block


def next_member(text: str, at: int, known: dict[str, str]) -> tuple[Member | None, int] | None:
    """Return the member that begins at a place of a text, and where it ends; None for the member: the archive's end.

    None: there is not all of it yet. `known` holds what headers before have said of the next member. The content of a file
    that is too large counts, but is not waited for. Raises: NotAnArchive.
    """
    while True:
        block = text[at : at + BLOCK]
        if len(block) < BLOCK:
            return None
        if not block.strip("\0"):
            return None, at + BLOCK
        try:
            info = tarfile.TarInfo.frombuf(block.encode("latin-1"), "latin-1", "replace")
        except tarfile.HeaderError as error:
            raise NotAnArchive from error
        start, extended = at + BLOCK, info.type in (tarfile.XHDTYPE, tarfile.XGLTYPE)
        if not extended and info.type not in _NAMES:
            return _member(info, text, start, known)
        if info.size > MOST_NAMES:
            raise NotAnArchive
        at = start + info.size + padding(info.size)
        if len(text) < at:
            return None
        content = text[start : start + info.size]
        known.update(_records(content) if extended else {_NAMES[info.type]: content.rstrip("\0")})


def _member(info: tarfile.TarInfo, text: str, start: int, known: dict[str, str]) -> tuple[Member, int] | None:
    has_content = info.type in _KINDS and _KINDS[info.type] == "f"
    size = _number(known.get("size"), info.size) if has_content else 0
    end = start + size + padding(size)
    if size <= MAX_BYTES and len(text) < end:
        return None
    kind = "h" if info.type == tarfile.LNKTYPE else _KINDS.get(info.type, "")
    name = known.get("path", info.name)
    member = Member(
        name.rstrip("/") if kind == "d" else name,
        kind,
        info.mode & 0o7777,
        _number(known.get("mtime", "").partition(".")[0], int(info.mtime)) * SECOND,
        size,
        text[start : start + size] if size <= MAX_BYTES else None,
        known.get("linkpath", info.linkname),
        info.uname or str(info.uid),
        info.gname or str(info.gid),
        info.uid,
    )
    known.clear()
    return member, end


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdigit() and len(text) < 19 else otherwise


def _records(content: str) -> dict[str, str]:
    """Return the keywords of a pax header: `LENGTH KEYWORD=VALUE` and a newline each. Raises: NotAnArchive."""
    found: dict[str, str] = {}
    while content.strip("\0"):
        length, _, rest = content.partition(" ")
        if not length.isdigit() or not len(length) < int(length) <= len(content):
            raise NotAnArchive
        keyword, _, value = rest[: int(length) - len(length) - 2].partition("=")
        found[keyword] = value
        content = content[int(length) :]
    return found
