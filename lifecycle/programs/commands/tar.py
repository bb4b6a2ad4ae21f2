"""tar, GNU's and busybox's: what `kubectl cp` runs, and what scripts pack and unpack."""

from __future__ import annotations

import fnmatch
import re
import zlib
from collections.abc import Iterator

from lifecycle.clock import as_datetime
from lifecycle.programs import pipes, streams
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.commands.files import below, make_directory
from lifecycle.programs.commands.tar_format import Member, NotAnArchive, header, next_member, padding
from lifecycle.programs.files import FILES_FULL, FileError, Node
from lifecycle.programs.paths import join, parent

LETTERS = "cxtf:C:zjJvmpohkOPE:S:nru"
LONG = {
    "create": "c",
    "extract": "x",
    "get": "x",
    "list": "t",
    "file": "f",
    "directory": "C",
    "gzip": "z",
    "gunzip": "z",
    "bzip2": "j",
    "xz": "J",
    "verbose": "v",
    "touch": "m",
    "preserve-permissions": "p",
    "same-permissions": "p",
    "no-same-owner": "o",
    "no-same-permissions": "n",
    "keep-old-files": "k",
    "to-stdout": "O",
    "dereference": "h",
    "exclude": "E",
    "strip-components": "S",
    "no-recursion": "r",
    "numeric-owner": "u",
    "overwrite": "u",
    "absolute-names": "P",
}
MOST = 64 << 20
"""Bytes of an archive that has to be held whole."""


@command("tar")
def tar(call: Call) -> int | None:
    call.args = _dashed(call.args)
    options, names = call.options(LETTERS, LONG)
    actions = [letter for letter in "cxt" if letter in options]
    if len(actions) != 1:
        return _no_action(call)
    if {"j", "J"} & set(options):
        call.assume("command", "tar with bzip2 or xz is not modelled: it is assumed to have failed.")
        return call.fail("this compression is not modelled", 2)
    try:
        directory = _directory(call, options)
        if "c" in options:
            return _create(call, options, names, directory)
        return _read(call, options, names, directory)
    except NotAnArchive:
        call.err("tar: short read\n" if call.busybox else "tar: This does not look like a tar archive\n")
        return _failed(call)
    except Fatal as fatal:
        call.err(f"tar: {fatal}\n" + ("" if call.busybox else "tar: Error is not recoverable: exiting now\n"))
        return 1 if call.busybox else 2


class Fatal(Exception):
    """What ends tar at once; the text is what it says."""


def _dashed(args: list[str]) -> list[str]:
    """Return arguments whose first one is a bundle of letters without a dash as getopt takes them."""
    if not args or args[0].startswith("-"):
        return args
    bundle, rest, found = args[0], args[1:], []
    for letter in bundle:
        found.append("-" + letter)
        if letter + ":" in LETTERS and rest:
            found.append(rest.pop(0))
    return found + rest


def _no_action(call: Call) -> int:
    if call.busybox:
        raise UsageError("Usage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [FILE]...")
    call.err(
        "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n"
        "Try 'tar --help' or 'tar --usage' for more information.\n"
    )
    return 2


def _directory(call: Call, options: dict[str, str]) -> str:
    """Return where tar works. Raises: Fatal."""
    name = options.get("C", ".")
    node = call.view.get(call.path(name))
    if node is None or node.kind != "d":
        why = FileError("ENOENT" if node is None else "ENOTDIR").text
        raise Fatal(f"can't change directory to '{name}': {why}" if call.busybox else f"{name}: Cannot open: {why}")
    return call.path(name)


def _failed(call: Call) -> int:
    """Say that something went wrong on the way, as GNU's tar does at its end."""
    if call.busybox:
        return 1
    call.err("tar: Exiting with failure status due to previous errors\n")
    return 2


def _is_stream(options: dict[str, str]) -> bool:
    return options.get("f", "-") == "-"


# ── packing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _create(call: Call, options: dict[str, str], names: list[str], directory: str) -> int | None:
    if "todo" not in call.data:
        if not names:
            call.err("tar: empty archive\n" if call.busybox else "tar: Cowardly refusing to create an empty archive\n")
            if not call.busybox:
                call.err("Try 'tar --help' or 'tar --usage' for more information.\n")
            return 1 if call.busybox else 2
        call.data.update(todo=_todo(call, options, names, directory)[::-1], size=0)
    if _is_stream(options) and "z" not in options:
        return _stream(call, options)
    if "text" not in call.data:
        call.data["text"] = _whole(call, options)
    if not _is_stream(options):
        call.write_file(options["f"], call.data["text"])
        return _end(call)
    if pipes.pipe_full(call.machine, call.process, 1):
        return None
    return _end(call) if call.out(call.data["text"]) else 1


def _todo(call: Call, options: dict[str, str], names: list[str], directory: str) -> list[list[str]]:
    """Return what to pack, as [path, name in the archive]; what is not there is complained about."""
    found: list[list[str]] = []
    for name in names:
        path = join(directory, name)
        try:
            call.view.find(path, follow="h" in options)
        except FileError as error:
            call.err(f"tar: {name}: {'' if call.busybox else 'Cannot stat: '}{error.text}\n")
            call.data["failed"] = True
            continue
        full = call.view.resolve(path, follow="h" in options)
        for one in [full] if "r" in options else below(call, full):
            inside = name.rstrip("/") + one[len(full.rstrip("/")) :]
            if not _excluded(options, inside):
                found.append([one, inside])
    return [[path, _relative(call, options, name)] for path, name in found]


def _excluded(options: dict[str, str], name: str) -> bool:
    pattern = options.get("E")
    return pattern is not None and (fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(name.rpartition("/")[2], pattern))


def _relative(call: Call, options: dict[str, str], name: str) -> str:
    """Return a member's name without what leads out of the directory that it is unpacked in."""
    if "P" in options:
        return name
    match = re.match(r"(?:.*/)?\.\./|\.\.$|/+", name)
    if match is None:
        return name
    if not call.data.get("said"):
        call.data["said"] = True
        lead = match.group()[:1] if name.startswith("/") else match.group()
        said = f"removing leading '{lead}'" if call.busybox else f"Removing leading `{lead}'"
        call.err(f"tar: {said} from member names\n")
    return name[match.end() :].lstrip("/") or "./"


def _stream(call: Call, options: dict[str, str]) -> int | None:
    """Write the archive to standard output, as fast as it is read."""
    todo = call.data["todo"]
    while todo:
        if pipes.pipe_full(call.machine, call.process, 1):
            return None
        path, name = todo.pop()
        for text, zeros in _packed(call, options, path, name):
            call.data["size"] += len(text) + zeros
            if not call.out(text, zeros):
                return 1
        if not call.machine.spend(call.process, 20):
            return None
    call.out("", _trailer(call))
    return _end(call)


def _whole(call: Call, options: dict[str, str]) -> str:
    """Return the whole archive, compressed where that is wanted."""
    parts: list[str] = []
    for path, name in reversed(call.data["todo"]):
        for text, zeros in _packed(call, options, path, name):
            if call.data["size"] + len(text) + zeros > MOST:
                call.machine.limit("bytes", "64 MiB in one archive", "what comes after is left out")
                break
            call.data["size"] += len(text) + zeros
            parts.append(text + "\0" * zeros)
    text = "".join(parts) + "\0" * _trailer(call)
    call.machine.work(len(text) >> 9)
    if "z" not in options:
        return text
    packer = zlib.compressobj(wbits=31)
    return (packer.compress(text.encode("latin-1")) + packer.flush()).decode("latin-1")


def _packed(call: Call, options: dict[str, str], path: str, name: str) -> Iterator[tuple[str, int]]:
    """Yield one member as (text, NUL bytes after it)."""
    node = call.view.get(path, follow="h" in options)
    if node is None or node.kind not in "fdl":
        return
    name = name.rstrip("/") + "/" if node.kind == "d" else name
    owner = "root" if not node.user else ""
    member = Member(name, node.kind, node.mode, node.mtime, owner=owner, group=owner, user=node.user)
    if node.kind == "f":
        member.size = node.size
    elif node.kind == "l":
        member.link = node.text
    if "v" in options:
        (call.err if _is_stream(options) else call.out)(name + "\n")
    yield header(member), 0
    if node.kind == "f":
        yield node.text, node.zeros + padding(node.size)


def _trailer(call: Call) -> int:
    """Return how many NUL bytes end the archive: two blocks; GNU's fills up a record of twenty."""
    return 1024 if call.busybox else 1024 + padding(call.data["size"] + 1024, 10_240)


def _end(call: Call) -> int:
    if not call.data.get("failed"):
        return 0
    if call.busybox:
        call.err("tar: error exit delayed from previous errors\n")
    return _failed(call)


# ── unpacking ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(call: Call, options: dict[str, str], names: list[str], directory: str) -> int | None:
    data = call.data
    data.setdefault("text", "")
    data.setdefault("known", {})
    while not data.get("over"):
        piece = _piece(call, options)
        if piece is None:
            return None
        data["text"] += piece
        if not piece and (data["text"].strip("\0") or not data.get("any")):
            raise NotAnArchive
        _unpack(call, options, names, directory)
        data["over"] = data.get("over") or not piece
        if not call.machine.spend(call.process, 1 + (len(piece) >> 9)):
            return None
    while _is_stream(options) and "whole" not in data:
        piece = streams.read(call.machine, call.process, 0)  # what stands behind the end is read, so that nobody is killed
        if piece is None:
            return None
        if not piece:
            break
    return _missing(call, names) or _end(call)


def _piece(call: Call, options: dict[str, str]) -> str | None:
    """Return what there is to read; empty at the end; None: wait. A compressed archive comes at once. Raises: Fatal."""
    if _is_stream(options) and "z" not in options:
        return streams.read(call.machine, call.process, 0)
    if "whole" in call.data:
        return ""
    if _is_stream(options):
        text = call.stdin()
        if text is None:
            return None
    else:
        try:
            text = call.read_file(options["f"])
        except FileError as error:
            said = f"can't open '{options['f']}'" if call.busybox else f"{options['f']}: Cannot open"
            raise Fatal(f"{said}: {error.text}") from error
    call.data["whole"] = True
    return _unzipped(call, text) if "z" in options or text.startswith("\x1f\x8b") else text


def _unzipped(call: Call, text: str) -> str:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(text.encode("latin-1"), MOST)
    except zlib.error as error:
        raise Fatal("invalid gzip magic" if call.busybox else "Child returned status 1") from error
    if unpacker.unconsumed_tail:
        call.machine.limit("bytes", "64 MiB in one archive", "what comes after is left out")
    return data.decode("latin-1")


def _unpack(call: Call, options: dict[str, str], names: list[str], directory: str) -> None:
    """Take the members that have come whole. Raises: NotAnArchive."""
    data, at = call.data, 0
    skipped = min(data.get("skip", 0), len(data["text"]))
    data["skip"] = data.get("skip", 0) - skipped
    text = data["text"][skipped:]
    while not data["skip"]:
        found = next_member(text, at, data["known"])
        if found is None:
            break
        member, end = found
        data["any"] = True
        if member is None:
            data["over"] = True
            break
        data["skip"], at = max(end - len(text), 0), min(end, len(text))
        _take(call, options, names, directory, member)
    data["text"] = text[at:]


def _take(call: Call, options: dict[str, str], names: list[str], directory: str, member: Member) -> None:
    shown = member.name + "/" if member.kind == "d" else member.name
    wanted = [name.rstrip("/") for name in names]
    matching = [name for name in wanted if f"{shown}/".startswith(name + "/")]
    if wanted and not matching:
        return
    call.data.setdefault("found", []).extend(matching)
    if _excluded(options, shown.rstrip("/")):
        return
    if "t" in options:
        call.out(_listed(call, member, shown) if "v" in options else shown + "\n")
        return
    if "v" in options:
        call.out(shown + "\n")
    if "O" in options:
        call.out(member.content or "")
        return
    try:
        _extract(call, options, directory, member)
    except FileError as error:
        said = f"can't open '{shown}': {error.text}" if call.busybox else f"{shown}: Cannot open: {error.text}"
        call.err(f"tar: {said}\n")
        call.data["failed"] = True


def _listed(call: Call, member: Member, shown: str) -> str:
    """Return a member's line of `tar tv`."""
    kind = {"d": "d", "l": "l", "h": "-" if call.busybox else "h"}.get(member.kind, "-")
    bits = "".join(letter if member.mode >> 8 - i & 1 else "-" for i, letter in enumerate("rwxrwxrwx"))
    when = as_datetime(member.mtime).strftime("%Y-%m-%d %H:%M:%S" if call.busybox else "%Y-%m-%d %H:%M")
    arrow = "link to" if member.kind == "h" and not call.busybox else "->"
    link = f" {arrow} {member.link}" if member.link else ""
    owner = f"{member.owner}/{member.group}"
    return f"{kind}{bits} {owner}{member.size:>{max(19 - len(owner), 2)}} {when} {shown}{link}\n"


def _extract(call: Call, options: dict[str, str], directory: str, member: Member) -> None:
    """Make what a member says. Raises: FileError."""
    parts = [part for part in member.name.split("/") if part not in ("", ".")][int(options.get("S") or 0) :]
    if not parts:
        return
    if ".." in parts:
        call.err(f"tar: {member.name}: Member name contains '..'\n")
        call.data["failed"] = True
        return
    _relative(call, options, member.name)
    path = join(directory, "/".join(parts))
    view, user = call.view, call.process.user
    mode = member.mode & ~(call.process.umask if "n" in options or user else 0)
    mtime = call.now if "m" in options else member.mtime
    if view.get(parent(path)) is None:
        make_directory(call, parent(path), True, 0o777 & ~call.process.umask)
    held = view.get(path, follow=False)
    if member.kind == "d" and held is not None and held.kind in "dl":
        return
    if held is not None and "k" in options:
        raise FileError("EEXIST")
    if held is not None and held.kind == "d":
        raise FileError("EISDIR")
    place = view.target(path, follow=False)
    if place.read_only:
        raise FileError("EROFS")
    node = _node(call, directory, member, mode, mtime, user or ("o" not in options and member.user) or 0)
    if node is not None:
        if held is None and member.kind != "h":
            view.make(place, node)
        else:
            view.put(place, node)
        call.machine.changed_files(place.tree)


def _node(call: Call, directory: str, member: Member, mode: int, mtime: int, user: int) -> Node | None:
    """Return the node of a member; None for what a container cannot have. Raises: FileError."""
    match member.kind:
        case "d":
            return Node("d", mode=mode, mtime=mtime, user=user)
        case "l":
            return Node("l", member.link, mode=0o777, mtime=mtime, user=user)
        case "h":
            return call.view.find(join(directory, member.link))[1]
        case "f" if member.content is not None:
            text = member.content.rstrip("\0")
            return Node("f", text, member.size - len(text), mode, mtime, user)
        case "f":
            call.machine.limit("bytes", FILES_FULL, "no more can be written")
            raise FileError("ENOSPC")
    return None


def _missing(call: Call, names: list[str]) -> int:
    """Complain about members that were asked for and not found; return 0 where there are none."""
    missing = [name for name in names if name.rstrip("/") not in call.data.get("found", [])]
    for name in missing:
        call.err(f"tar: {name}: {'not' if call.busybox else 'Not'} found in archive\n")
    return _failed(call) if missing else 0
