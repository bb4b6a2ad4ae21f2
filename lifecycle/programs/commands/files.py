"""Commands that make, change and list files: cat, touch, rm, mkdir, mv, cp, ln, chmod, ls, stat, find, du, df ..."""

from __future__ import annotations

import re

import msgspec

from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.files import MAX_SIZE, SETGID, FileError, Node
from lifecycle.programs.paths import join, parent


@command("touch")
def touch(call: Call) -> int:
    _, names = call.options("camd:t:r:h", {"no-create": "c", "date": "d", "reference": "r"})
    no_create = any(re.fullmatch(r"-\w*c\w*", arg) for arg in call.args)
    if not names:
        return call.fail("missing file operand")
    status = 0
    for name in names:
        try:
            _touch(call, name, no_create)
        except FileError as error:
            status = call.fail(f"{name}: {error.text}" if call.busybox else f"cannot touch '{name}': {error.text}")
    return status


def _touch(call: Call, name: str, no_create: bool) -> None:
    view, path = call.view, call.path(name)
    full = view.resolve(path)
    place = view.place(full)
    node = view.node_at(place)
    if node is None:
        if no_create:
            return
        place = view.target(full)
        view.make(place, Node(mode=0o666 & ~call.process.umask, mtime=call.now, user=call.process.user))
    elif node.kind == "c":
        return
    elif place.read_only:
        raise FileError("EROFS")
    elif not view.allows(node, 2):
        raise FileError("EACCES")
    else:
        view.put(place, msgspec.structs.replace(node, mtime=call.now))
    call.machine.changed_files(place.tree)


@command("rm", "unlink")
def rm(call: Call) -> int:
    options, names = call.options("rRfiIvd", {"recursive": "r", "force": "f", "verbose": "v", "dir": "d"})
    force = "f" in options
    if not names:
        return 0 if force else call.fail("missing operand")
    status = 0
    for name in names:
        status = remove_one(call, name, force, "r" in options or "R" in options) or status
    return status


def remove_one(call: Call, name: str, force: bool, recursive: bool, empty_directories: bool = False) -> int:
    prefix = "can't remove" if call.busybox else "cannot remove"
    try:
        place, node = call.view.find(call.path(name), follow=False)
    except FileError as error:
        return 0 if force and error.code in ("ENOENT", "ENOTDIR") else call.fail(f"{prefix} '{name}': {error.text}")
    if node.kind == "d" and empty_directories and call.view.names(place.full):
        return call.fail(f"{prefix} '{name}': Directory not empty")
    if node.kind == "d" and not recursive and not empty_directories:
        return call.fail(f"'{name}' is a directory" if call.busybox else f"{prefix} '{name}': Is a directory")
    if name.rstrip("/").rpartition("/")[2] in (".", "..") or place.full == "/":
        return call.fail(f"refusing to remove '.' or '..' directory: skipping '{name}'")
    status = 0
    try:
        for path in sorted(below(call, place.full), reverse=True):
            try:
                call.view.remove(call.view.place(path))
            except FileError as error:
                status = call.fail(f"{prefix} '{path}': {error.text}")
    finally:
        call.machine.changed_files(place.tree)
    return status


def below(call: Call, path: str) -> list[str]:
    """Return a path and everything below it."""
    call.machine.work(2)
    node = call.view.node_at(call.view.place(path))
    found = [path]
    if node is not None and node.kind == "d":
        for name in call.view.names(path):
            found += below(call, join(path, name))
    return found


@command("rmdir")
def rmdir(call: Call) -> int:
    _, names = call.options("p", {"ignore-fail-on-non-empty": "p", "parents": "p"})
    status = 0
    for name in names:
        try:
            place, node = call.view.find(call.path(name), follow=False)
            if node.kind != "d":
                raise FileError("ENOTDIR")
            if call.view.names(place.full):
                raise FileError("ENOTEMPTY")
            call.view.remove(place)
            call.machine.changed_files(place.tree)
        except FileError as error:
            status = call.fail(f"'{name}': {error.text}" if call.busybox else f"failed to remove '{name}': {error.text}")
    return status


@command("mkdir")
def mkdir(call: Call) -> int:
    options, names = call.options("pm:v", {"parents": "p", "mode": "m", "verbose": "v"})
    if not names:
        return call.fail("missing operand")
    mode = int(options["m"], 8) & 0o7777 if re.fullmatch(r"[0-7]+", options.get("m", "")) else 0o777 & ~call.process.umask
    status = 0
    for name in names:
        try:
            make_directory(call, name, "p" in options, mode)
        except FileError as error:
            prefix = "can't create directory" if call.busybox else "cannot create directory"
            at = error.path if isinstance(error, MakeError) else name
            status = call.fail(f"{prefix} '{at}': {error.text}")
    return status


class MakeError(FileError):
    """A directory could not be made; `path` is which one."""

    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.path = path


def make_directory(call: Call, name: str, parents: bool, mode: int) -> None:
    """Make a directory, with those above it if wanted. Raises: FileError."""
    view = call.view
    full = view.resolve(call.path(name))
    node = view.node_at(view.place(full))
    if node is not None:
        if parents and node.kind == "d":
            return
        raise FileError("EEXIST")
    if parents and view.node_at(view.place(parent(full))) is None:
        make_directory(call, parent(full), True, 0o777 & ~call.process.umask)
    try:
        place = view.target(full)
    except FileError as error:
        raise MakeError(error.code, full if parents else name) from error
    view.make(place, Node("d", mode=mode, mtime=call.now, user=call.process.user))
    call.machine.changed_files(place.tree)


def _target(call: Call, source: str, target: str) -> str:
    """Return the path that mv, cp and ln mean: in a directory, the source's own name."""
    node = call.view.get(call.path(target))
    if node is not None and node.kind == "d":
        return join(call.path(target), source.rstrip("/").rpartition("/")[2])
    return call.path(target)


@command("mv")
def mv(call: Call) -> int:
    _, names = call.options("finvTut:", {"force": "f", "no-clobber": "n", "verbose": "v"})
    if len(names) < 2:
        return call.fail("missing file operand")
    *sources, target = names
    status = 0
    for source in sources:
        try:
            call.find(source, follow=False)
            path = call.view.resolve(call.path(source), follow=False)
            destination = call.view.resolve(_target(call, source, target), follow=False)
            if destination == path or destination.startswith(path + "/"):
                raise FileError("EINVAL")
            copy_tree(call, path, destination, True)
            for one in sorted(below(call, path), reverse=True):
                call.view.remove(call.view.place(one))
            call.machine.changed_files(call.view.place(path).tree)
        except FileError as error:
            status = call.fail(
                f"can't rename '{source}': {error.text}"
                if call.busybox
                else f"cannot stat '{source}': {error.text}"
                if error.code == "ENOENT"
                else f"cannot move '{source}' to '{target}': {error.text}"
            )
    return status


@command("cp")
def cp(call: Call) -> int:
    options, names = call.options(
        "rRafpdvLPnuT", {"recursive": "r", "archive": "a", "force": "f", "verbose": "v", "preserve": "p", "no-clobber": "n"}
    )
    if len(names) < 2:
        return call.fail("missing file operand" if len(names) < 1 else f"missing destination file operand after '{names[0]}'")
    *sources, target = names
    status = 0
    for source in sources:
        try:
            node = call.find(source)
            if node.kind == "d" and not {"r", "R", "a"} & set(options):
                status = call.fail(
                    f"omitting directory '{source}'" if call.busybox else f"-r not specified; omitting directory '{source}'"
                )
                continue
            origin, destination = call.view.resolve(call.path(source)), call.view.resolve(_cp_target(call, source, target))
            if node.kind == "d" and destination.startswith(origin.rstrip("/") + "/"):
                status = call.fail(_into_itself(call, source, target))
                continue
            copy_tree(call, origin, destination, "a" in options or "p" in options)
        except FileError as error:
            prefix = f"can't stat '{source}'" if call.busybox else f"cannot stat '{source}'"
            status = call.fail(
                f"{prefix}: {error.text}"
                if error.code == "ENOENT" and call.view.get(call.path(source)) is None
                else _cannot_create(call, target, error)
            )
    return status


def _cp_target(call: Call, source: str, target: str) -> str:
    if source.endswith("/.") or source == ".":
        return call.path(target)
    return _target(call, source, target)


def _into_itself(call: Call, source: str, target: str) -> str:
    if call.busybox:
        return f"recursion detected, omitting directory '{source}'"
    return f"cannot copy a directory, '{source}', into itself, '{target}'"


def _cannot_create(call: Call, target: str, error: FileError) -> str:
    if error.code == "ENOSPC":
        return f"write error: {error.text}" if call.busybox else f"error writing '{target}': {error.text}"
    return f"can't create '{target}': {error.text}" if call.busybox else f"cannot create regular file '{target}': {error.text}"


def copy_tree(call: Call, source: str, target: str, keep: bool) -> None:
    """Copy a file or a directory with all below it. Raises: FileError."""
    view = call.view
    for path in below(call, source):
        node = view.node_at(view.place(path))
        if node is None:
            continue
        destination = target + path[len(source) :]
        held = view.node_at(view.place(destination))
        if held is not None and held.kind == "d":
            if node.kind != "d":
                raise FileError("EISDIR")
            continue
        place = view.target(destination)
        if keep:
            view.put(place, msgspec.structs.replace(node))
        elif held is not None:
            view.put(place, msgspec.structs.replace(node, mtime=call.now, user=call.process.user, group=held.group))
        else:
            mode = node.mode & ~SETGID
            view.make(place, msgspec.structs.replace(node, mtime=call.now, mode=mode, user=call.process.user))
    call.machine.changed_files(view.place(target).tree)


@command("ln")
def ln(call: Call) -> int:
    options, names = call.options("sfnvTr", {"symbolic": "s", "force": "f", "no-dereference": "n"})
    if len(names) < 2:
        return call.fail("missing file operand")
    *sources, target = names
    status = 0
    for source in sources:
        if "s" not in options and call.view.get(call.path(source), follow=False) is None:
            text = "No such file or directory"
            status = call.fail(f"{source}: {text}" if call.busybox else f"failed to access '{source}': {text}")
            continue
        path = call.path(target) if "n" in options or "T" in options else _target(call, source, target)
        try:
            place = call.view.target(path, follow=False)
            if call.view.node_at(place) is not None:
                if "f" not in options:
                    raise FileError("EEXIST")
                call.view.remove(place)
            if "s" in options:
                call.view.make(place, Node("l", source, mode=0o777, mtime=call.now, user=call.process.user))
            else:
                call.view.link(call.view.find(call.path(source), follow=False)[0], place)
            call.machine.changed_files(place.tree)
        except FileError as error:
            kind = "symbolic link" if "s" in options else "hard link"
            status = call.fail(
                f"{target}: {error.text}" if call.busybox else f"failed to create {kind} '{target}': {error.text}"
            )
    return status


@command("mkfifo", "mknod")
def mkfifo(call: Call) -> int:
    _, names = call.options("m:", {"mode": "m"})
    if not names:
        return call.fail("missing operand")
    if call.name == "mknod":
        if names[1:2] != ["p"]:
            return call.fail(f"{names[0]}: Operation not permitted")
        names = names[:1]
    status = 0
    for name in names:
        try:
            place = call.view.target(call.path(name))
            if call.view.node_at(place) is not None:
                raise FileError("EEXIST")
            call.view.make(place, Node("p", mode=0o666 & ~call.process.umask, mtime=call.now, user=call.process.user))
            call.machine.changed_files(place.tree)
        except FileError as error:
            status = call.fail(f"{name}: {error.text}" if call.busybox else f"cannot create fifo '{name}': {error.text}")
    return status


@command("chmod", "chown", "chgrp")
def chmod(call: Call) -> int:
    _, operands = (
        call.options("Rvfch", {"recursive": "R", "verbose": "v"})
        if not re.match(r"-[rwx]", " ".join(call.args))
        else ({}, call.args)
    )
    if len(operands) < 2:
        return call.fail("missing operand")
    what, *names = operands
    recursive = any(re.fullmatch(r"-\w*R\w*|--recursive", arg) for arg in call.args)
    status = 0
    for name in names:
        try:
            path = call.view.resolve(call.path(name))
            call.find(name)
            for one in below(call, path) if recursive else [path]:
                _change(call, one, what)
        except FileError as error:
            what = "permissions" if call.name == "chmod" else "group" if call.name == "chgrp" else "ownership"
            tried = f"changing {what} of" if error.code in ("EROFS", "EPERM") else "cannot access"
            status = call.fail(f"{name}: {error.text}" if call.busybox else f"{tried} '{name}': {error.text}")
    return status


def _change(call: Call, path: str, what: str) -> None:
    place, node = call.view.find(path)
    if place.read_only:
        raise FileError("EROFS")
    if node.user != call.process.user and not call.may("FOWNER" if call.name == "chmod" else "CHOWN"):
        raise FileError("EPERM")
    if call.name == "chmod":
        changed = msgspec.structs.replace(node, mode=new_mode(node, what))
    else:
        owner, _, group = what.partition(":") if call.name == "chown" else ("", "", what)
        changed = msgspec.structs.replace(
            node,
            user=_number(call, owner, "/etc/passwd") if owner else node.user,
            group=_number(call, group, "/etc/group") if group else node.group,
        )
        if (changed.user, changed.group) != (node.user, node.group) and not _may_give(call, node, changed):
            raise FileError("EPERM")
    call.view.put(place, changed)
    call.machine.changed_files(place.tree)


SYSTEMS = ("alpine", "busybox", "centos", "debian", "ubuntu")
"""Images of nothing but an operating system."""


def _may_give(call: Call, old: Node, new: Node) -> bool:
    """Say whether a file may be another's: who has CAP_CHOWN may all, others give what they own to groups of theirs."""
    return call.may("CHOWN") or (new.user == old.user == call.process.user and new.group in call.view.groups)


def _number(call: Call, name: str, table: str) -> int:
    """Return a user's or a group's number, as /etc/passwd or /etc/group has it. Raises: UsageError.

    Images of programs have users of their own, of whom not all are known: those are 1000.
    """
    if name.isdigit():
        return int(name) % (1 << 32)
    node = call.view.get(table)
    rows = (line.split(":") for line in (node.text if node else "").split("\n"))
    found = next(
        (row[2] for row in rows if row[0] == name and len(row) > 2 and row[2].isdigit()), "0" if name == "root" else ""
    )
    if not found and call.machine.state.image.partition("@")[0] not in SYSTEMS:
        return 1000
    if not found:
        kind = "user" if table == "/etc/passwd" else "group"
        raise UsageError(f"unknown {kind} {name}" if call.busybox else f"invalid {kind}: '{name}'")
    return int(found)


def new_mode(node: Node, what: str) -> int:
    """Return a file's mode after `chmod WHAT`, octal or symbolic."""
    if re.fullmatch(r"[0-7]+", what):
        return int(what, 8) & 0o7777
    mode = node.mode
    for clause in what.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxXst]*)", clause)
        if not match:
            continue
        who, op, letters = match.groups()
        bits = 0
        for letter in letters:
            bits |= {"r": 4, "w": 2, "x": 1, "X": 1 if node.kind == "d" or mode & 0o111 else 0}.get(letter, 0)
        mask = 0
        for place in who.replace("a", "ugo") or "ugo":
            shift = {"u": 6, "g": 3, "o": 0}[place]
            mask |= bits << shift
            if op == "=":
                mode &= ~(7 << shift)
        mode = mode & ~mask if op == "-" else mode | mask
    return mode


@command("truncate", "fallocate")
def truncate(call: Call) -> int:
    options, names = call.options("s:cl:o:", {"size": "s", "length": "l", "no-create": "c"})
    size = parse_size(options.get("s", options.get("l", "0")).lstrip("+"))
    if size is None:
        return call.fail(f"Invalid number: '{options.get('s')}'")
    for name in names:
        try:
            if size > MAX_SIZE:
                raise FileError("EFBIG")
            full = call.view.resolve(call.path(name))
            place = call.view.target(full)
            node = call.view.node_at(place)
            if node is None:
                call.view.make(place, Node("f", "", size, 0o666 & ~call.process.umask, call.now, call.process.user))
            else:
                text = node.text[:size]
                changed = msgspec.structs.replace(
                    node, text=text, zeros=size - len(text), mtime=call.now, program="", flavor=""
                )
                call.view.put(place, changed)
            call.machine.changed_files(place.tree)
        except FileError as error:
            return call.fail(f"{name}: {error.text}" if call.busybox else f"cannot open '{name}' for writing: {error.text}")
    return 0


MOST = 1 << 60


def parse_size(text: str) -> int | None:
    """Return the bytes that `10M`, `1g`, `512K`, `1MB` mean (what is more than anything is stays countable); None: no size."""
    match = re.fullmatch(r"([0-9]{1,1000})([bcwkKmMgGtT]?)(i?B)?", text)
    if not match:
        return None
    unit = {"": 1, "c": 1, "w": 2, "b": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[match.group(2).lower()]
    return min(int(match.group(1)) * unit, MOST)
