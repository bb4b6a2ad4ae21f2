"""Commands that make, change and list files: cat, touch, rm, mkdir, mv, cp, ln, chmod, ls, stat, find, du, df ..."""

from __future__ import annotations

import re

import msgspec

from lifecycle.clock import SECOND
from lifecycle.programs import streams
from lifecycle.programs.commands.call import Call, UsageError, command
from lifecycle.programs.commands.processes import run_each
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.files import FileError, Node, join, parent
from lifecycle.programs.shell import patterns


@command("cat")
def cat(call: Call) -> int | None:
    options, names = call.options("nsvetAEbu", {"number": "n", "show-all": "A"})
    for name in names or ["-"]:
        if name in call.data.setdefault("done", []):
            continue
        status = _cat_one(call, name, "n" in options)
        if status is None:
            return None
        call.data["failed"] = call.data.get("failed") or status != 0
        call.data["done"].append(name)
    return int(bool(call.data.get("failed")))


def _cat_one(call: Call, name: str, numbered: bool) -> int | None:
    if name == "-" and numbered:
        text = call.stdin()
        if text is None:
            return None
        call.out(_numbered(text))
        return 0
    if name == "-":
        return _cat_stream(call, 0)
    try:
        opened = streams.open_path(call.machine, call.process, call.path(name), "r")
    except FileError as error:
        return call.cannot_open(name, error)
    if opened.kind == "directory":
        return call.cannot_open(name, FileError("EISDIR"))
    if opened.kind in ("pipe", "zero", "random"):
        fd = call.data.setdefault("fd", 9)
        streams.set_fd(call.machine, call.process, fd, opened)
        return _cat_stream(call, fd)
    if opened.kind == "file":
        node = streams.node_of(call.machine, opened)
        text, zeros = (node.text, node.zeros) if node else ("", 0)
    else:
        text, zeros = opened.text, 0
    if numbered:
        text = _numbered(text)
    return 0 if call.out(text, zeros) else 1


def _numbered(text: str) -> str:
    return "".join(f"{i:6}\t{line}" for i, line in enumerate(text.splitlines(keepends=True), 1))


def _cat_stream(call: Call, fd: int) -> int | None:
    """Copy a stream until it ends; never more at once than a reader takes."""
    while True:
        if streams.pipe_full(call.machine, call.process, 1):
            return None
        piece = streams.read(call.machine, call.process, fd)
        if piece is None:
            return None
        if not piece:
            return 0
        if not call.out(piece):
            return 1
        if not call.machine.spend(call.process, 1 + len(piece) // 512):
            return None


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
        node = Node(mode=0o666 & ~call.process.umask, user=call.process.user)
    elif node.kind == "c":
        return
    if place.read_only:
        raise FileError("EROFS")
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
        status = _rm_one(call, name, force, "r" in options or "R" in options) or status
    return status


def _rm_one(call: Call, name: str, force: bool, recursive: bool) -> int:
    prefix = "can't remove" if call.busybox else "cannot remove"
    try:
        place, node = call.view.find(call.path(name), follow=False)
    except FileError as error:
        return 0 if force and error.code in ("ENOENT", "ENOTDIR") else call.fail(f"{prefix} '{name}': {error.text}")
    if node.kind == "d" and not recursive:
        return call.fail(f"'{name}' is a directory" if call.busybox else f"{prefix} '{name}': Is a directory")
    if name.rstrip("/").rpartition("/")[2] in (".", "..") or place.full == "/":
        return call.fail(f"refusing to remove '.' or '..' directory: skipping '{name}'")
    status = 0
    try:
        for path in sorted(_below(call, place.full), reverse=True):
            try:
                call.view.remove(call.view.place(path))
            except FileError as error:
                status = call.fail(f"{prefix} '{path}': {error.text}")
    finally:
        call.machine.changed_files(place.tree)
    return status


def _below(call: Call, path: str) -> list[str]:
    """Return a path and everything below it."""
    node = call.view.node_at(call.view.place(path))
    found = [path]
    if node is not None and node.kind == "d":
        for name in call.view.names(path):
            found += _below(call, join(path, name))
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
    mode = int(options["m"], 8) if re.fullmatch(r"[0-7]+", options.get("m", "")) else 0o777 & ~call.process.umask
    status = 0
    for name in names:
        try:
            make_directory(call, name, "p" in options, mode)
        except FileError as error:
            prefix = "can't create directory" if call.busybox else "cannot create directory"
            status = call.fail(f"{prefix} '{name}': {error.text}")
    return status


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
    place = view.target(full)
    view.put(place, Node("d", mode=mode, mtime=call.now, user=call.process.user))
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
            for one in sorted(_below(call, path), reverse=True):
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
            copy_tree(
                call,
                call.view.resolve(call.path(source)),
                call.view.resolve(_cp_target(call, source, target)),
                "a" in options or "p" in options,
            )
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


def _cannot_create(call: Call, target: str, error: FileError) -> str:
    return f"can't create '{target}': {error.text}" if call.busybox else f"cannot create regular file '{target}': {error.text}"


def copy_tree(call: Call, source: str, target: str, keep: bool) -> None:
    """Copy a file or a directory with all below it. Raises: FileError."""
    view = call.view
    for path in _below(call, source):
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
        mtime = node.mtime if keep else call.now
        view.put(place, msgspec.structs.replace(node, mtime=mtime, user=node.user if keep else call.process.user))
    call.machine.changed_files(view.place(target).tree)


@command("ln")
def ln(call: Call) -> int:
    options, names = call.options("sfnvTr", {"symbolic": "s", "force": "f", "no-dereference": "n"})
    if len(names) < 2:
        return call.fail("missing file operand")
    *sources, target = names
    status = 0
    for source in sources:
        path = call.path(target) if "n" in options or "T" in options else _target(call, source, target)
        try:
            place = call.view.target(path, follow=False)
            if call.view.node_at(place) is not None:
                if "f" not in options:
                    raise FileError("EEXIST")
                call.view.remove(place)
            node = Node("l", source, mode=0o777, mtime=call.now) if "s" in options else call.find(source)
            call.view.put(place, node)
            call.machine.changed_files(place.tree)
        except FileError as error:
            kind = "symbolic link" if "s" in options else "hard link"
            status = call.fail(
                f"{target}: {error.text}" if call.busybox else f"failed to create {kind} '{target}': {error.text}"
            )
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
            for one in _below(call, path) if recursive else [path]:
                _change(call, one, what)
        except FileError as error:
            status = call.fail(f"{name}: {error.text}" if call.busybox else f"cannot access '{name}': {error.text}")
    return status


def _change(call: Call, path: str, what: str) -> None:
    place, node = call.view.find(path)
    if place.read_only:
        raise FileError("EROFS")
    if call.process.user and node.user != call.process.user:
        raise FileError("EPERM")
    if call.name == "chmod":
        changed = msgspec.structs.replace(node, mode=new_mode(node, what))
    elif call.name == "chown":
        owner = what.partition(":")[0]
        changed = msgspec.structs.replace(node, user=int(owner) if owner.isdigit() else 0 if owner in ("root", "") else 1000)
    else:
        return
    call.view.put(place, changed)
    call.machine.changed_files(place.tree)


def new_mode(node: Node, what: str) -> int:
    """Return a file's mode after `chmod WHAT`, octal or symbolic."""
    if re.fullmatch(r"[0-7]+", what):
        return int(what, 8)
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
            full = call.view.resolve(call.path(name))
            place = call.view.target(full)
            node = call.view.node_at(place) or Node(mode=0o644)
            text = node.text[:size]
            call.view.put(place, Node("f", text, size - len(text), node.mode, call.now, node.user))
            call.machine.changed_files(place.tree)
        except FileError as error:
            return call.fail(f"{name}: {error.text}" if call.busybox else f"cannot open '{name}' for writing: {error.text}")
    return 0


def parse_size(text: str) -> int | None:
    """Return the bytes that `10M`, `1g`, `512K`, `1MB` mean; None where it is no size."""
    match = re.fullmatch(r"(\d+)([bcwkKmMgGtT]?)(i?B)?", text)
    if not match:
        return None
    unit = {"": 1, "c": 1, "w": 2, "b": 512, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}[match.group(2).lower()]
    return int(match.group(1)) * unit


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def mode_text(node: Node) -> str:
    """Return a mode as `ls -l` writes it."""
    kind = {"f": "-", "d": "d", "l": "l", "p": "p", "s": "s", "c": "c"}[node.kind]
    bits = "".join(letter if node.mode >> (8 - i) & 1 else "-" for i, letter in enumerate("rwxrwxrwx"))
    if node.mode & 0o1000:
        bits = bits[:-1] + ("t" if bits[-1] == "x" else "T")
    return kind + bits


@command("ls", "dir")
def ls(call: Call) -> int:
    options, names = call.options(
        "laA1RrthdnSpFiHLscC",
        {"all": "a", "almost-all": "A", "recursive": "R", "human-readable": "h", "color": "1", "directory": "d"},
    )
    files: list[tuple[str, Node]] = []
    directories: list[str] = []
    status = 0
    for name in names or ["."]:
        try:
            node = call.find(name, follow="l" not in options or name.endswith("/"))
            if node.kind == "l" and "l" not in options:
                node = call.find(name)
        except FileError as error:
            status = call.fail(
                f"{name}: {error.text}" if call.busybox else f"cannot access '{name}': {error.text}", 1 if call.busybox else 2
            )
            continue
        if node.kind == "d" and "d" not in options:
            directories.append(name)
        else:
            files.append((name, node))
    if files:
        call.out(_listed(call, sorted(files, key=lambda pair: pair[0]), options))
    for i, name in enumerate(sorted(directories)):
        if i or files:
            call.out("\n")
        if len(names) > 1 or "R" in options:
            call.out(f"{name}:\n")
        _list_directory(call, name, options)
    return status


def _list_directory(call: Call, name: str, options: dict[str, str]) -> None:
    path = call.view.resolve(call.path(name))
    found = call.view.names(path)
    if "a" in options:
        found = [".", "..", *found]
    elif "A" not in options:
        found = [one for one in found if not one.startswith(".")]
    nodes = [(one, call.view.get(join(path, one), follow=False) or Node("d", mode=0o755)) for one in found]
    if "t" in options:
        nodes.sort(key=lambda pair: -pair[1].mtime)
    if "S" in options:
        nodes.sort(key=lambda pair: -pair[1].size)
    if "r" in options:
        nodes.reverse()
    if "l" in options or "n" in options or "s" in options:
        total = sum(-(-node.size // 1024 // 4) * 4 for _, node in nodes if node.kind == "f")
        call.out(f"total {total}\n")
    call.out(_listed(call, nodes, options))
    if "R" in options:
        for one, node in nodes:
            if node.kind == "d" and one not in (".", ".."):
                call.out(f"\n{name.rstrip('/')}/{one}:\n")
                _list_directory(call, f"{name.rstrip('/')}/{one}", options)


def _listed(call: Call, nodes: list[tuple[str, Node]], options: dict[str, str]) -> str:
    if "l" not in options and "n" not in options:
        marks = [
            ("/" if node.kind == "d" else "*" if "F" in options and node.mode & 0o111 else "")
            if {"p", "F"} & set(options)
            else ""
            for _, node in nodes
        ]
        return "".join(f"{name}{mark}\n" for (name, _), mark in zip(nodes, marks, strict=True))
    width = max((len(str(node.size)) for _, node in nodes), default=1)
    place = zone(call.process.env)
    lines = []
    for name, node in nodes:
        owner = str(node.user) if "n" in options or node.user else "root"
        owner = owner if owner != "0" or "n" in options else "root"
        size = human(node.size) if "h" in options else str(node.size)
        time = strftime("%b %e %H:%M", node.mtime, place)
        arrow = f" -> {node.text}" if node.kind == "l" else ""
        links = 2 if node.kind == "d" else 1
        group = owner if "n" in options or not node.user else "root"
        if call.busybox:
            lines.append(f"{mode_text(node)} {links:4} {owner:<8} {group:<8} {size:>9} {time} {name}{arrow}\n")
        else:
            lines.append(f"{mode_text(node)} {links} {owner} {group} {size:>{width}} {time} {name}{arrow}\n")
    return "".join(lines)


def human(size: int) -> str:
    """Return a size as `-h` writes it: 4.0K, 12M."""
    value = float(size)
    for unit in ("", "K", "M", "G"):
        if value < 1024 or unit == "G":
            return f"{value:.0f}{unit}" if not unit or value >= 10 else f"{value:.1f}{unit}"
        value /= 1024
    return str(size)


@command("stat")
def stat(call: Call) -> int:
    options, names = call.options("c:f%tLZ", {"format": "c", "printf": "c"})
    status = 0
    for name in names:
        try:
            node = call.find(name, follow="L" in options)
        except FileError as error:
            status = call.fail(f"can't stat '{name}': {error.text}" if call.busybox else f"cannot statx '{name}': {error.text}")
            continue
        form = options.get("c")
        call.out(_stat_form(form, name, node) + "\n" if form is not None else _stat_long(name, node))
    return status


def _stat_form(form: str, name: str, node: Node) -> str:
    values = {
        "n": name,
        "s": str(node.size),
        "Y": str(node.mtime // SECOND),
        "Z": str(node.mtime // SECOND),
        "X": str(node.mtime // SECOND),
        "a": f"{node.mode:o}",
        "A": mode_text(node),
        "u": str(node.user),
        "g": "0",
        "U": "root" if not node.user else str(node.user),
        "G": "root",
        "F": {"f": "regular file" if node.size else "regular empty file", "d": "directory", "l": "symbolic link"}.get(
            node.kind, "special file"
        ),
        "y": strftime("%Y-%m-%d %H:%M:%S.%N +0000", node.mtime, zone({})),
        "h": "1",
    }
    return re.sub(r"%(.)", lambda m: values.get(m.group(1), m.group()), form)


def _stat_long(name: str, node: Node) -> str:
    kind = {"f": "regular file", "d": "directory", "l": "symbolic link"}.get(node.kind, "special file")
    when = strftime("%Y-%m-%d %H:%M:%S.%N +0000", node.mtime, zone({}))
    return (
        f"  File: {name}\n  Size: {node.size}\tBlocks: {-(-node.size // 4096) * 8}\tIO Block: 4096   {kind}\n"
        f"Access: ({node.mode:04o}/{mode_text(node)})  Uid: ({node.user:5}/    root)   Gid: (    0/    root)\n"
        f"Access: {when}\nModify: {when}\nChange: {when}\n"
    )


@command("readlink", "realpath")
def readlink(call: Call) -> int:
    options, names = call.options("femnqsz", {"canonicalize": "f"})
    status = 0
    for name in names:
        try:
            if options or call.name == "realpath":
                path = call.view.resolve(call.path(name))
                if call.view.get(parent(path)) is None:
                    raise FileError("ENOENT")
                call.out(path + "\n")
                continue
            node = call.find(name, follow=False)
            if node.kind != "l":
                status = 1
                continue
            call.out(node.text + "\n")
        except FileError as error:
            status = call.fail(f"{name}: {error.text}") if call.name == "realpath" else 1
    return status


@command("which")
def which(call: Call) -> int:
    status = 0
    for name in call.args:
        if name == "-a":
            continue
        path = call.machine.which(call.process, name, call.process.env)
        if path is None or call.view.get(call.path(path)) is None:
            status = 1
        else:
            call.out(path + "\n")
    return status


@command("du")
def du(call: Call) -> int:
    options, names = call.options("shkmacxd:b", {"summarize": "s", "human-readable": "h", "max-depth": "d", "bytes": "b"})
    status = 0
    for name in names or ["."]:
        try:
            path = call.view.resolve(call.path(name))
            call.view.find(path)
        except FileError as error:
            status = call.fail(f"{name}: {error.text}" if call.busybox else f"cannot access '{name}': {error.text}")
            continue
        directories = [one for one in _below(call, path) if (call.view.get(one) or Node()).kind == "d"] or [path]
        for one in sorted(directories, reverse=True):
            if one == path or "s" not in options:
                shown = name + one[len(path) :]
                call.out(f"{_du_size(call, one, options)}\t{shown}\n")
    return status


def _du_size(call: Call, path: str, options: dict[str, str]) -> str:
    nodes = [call.view.node_at(call.view.place(one)) for one in _below(call, path)]
    if "b" in options:
        return str(sum(node.size for node in nodes if node))
    blocks = sum(4096 if node.kind == "d" else -(-node.size // 4096) * 4096 for node in nodes if node)
    return human(blocks) if "h" in options else str(blocks >> 20 if "m" in options else blocks >> 10)


@command("df")
def df(call: Call) -> int:
    human_ = any("h" in arg for arg in call.args if arg.startswith("-"))
    head = (
        "Filesystem                Size      Used Available Use% Mounted on\n"
        if human_
        else "Filesystem           1K-blocks      Used Available Use% Mounted on\n"
    )
    row = (
        "overlay                  50.0G     10.0G     40.0G  20% /\n"
        if human_
        else "overlay               52428800  10485760  41943040  20% /\n"
    )
    call.out(head + row)
    return 0


@command("sync", "fsync")
def sync(call: Call) -> int:
    return 0


@command("mktemp")
def mktemp(call: Call) -> int:
    options, operands = call.options("dqp:tu", {"directory": "d", "tmpdir": "p"})
    template = operands[0] if operands else "tmp.XXXXXXXXXX" if not call.busybox else "tmp.XXXXXX"
    base = options.get("p") or (call.process.env.get("TMPDIR") or "/tmp" if not operands or "t" in options else "")
    call.moves()
    key = (call.machine.state.spec.id, call.process.pid, call.machine.state.next_open)
    letters = call.machine.kernel.seeds.hex(10, "mktemp", *key)
    count = len(template) - len(template.rstrip("X"))
    name = (
        join(call.path(base or "."), template.rstrip("X") + letters[:count]) if base else template.rstrip("X") + letters[:count]
    )
    try:
        if "d" in options:
            make_directory(call, name, False, 0o700)
        else:
            call.write_file(name, "")
    except FileError as error:
        return call.fail(
            f"(null): {error.text}" if call.busybox else f"failed to create file via template '{template}': {error.text}"
        )
    call.out(name + "\n")
    return 0


@command("mkfifo", "mknod")
def mkfifo(call: Call) -> int:
    call.assume("command", "Named pipes are not modelled: mkfifo makes a plain file.")
    for name in [arg for arg in call.args if not arg.startswith("-")][:1]:
        try:
            call.write_file(name, "")
        except FileError as error:
            return call.fail(f"{name}: {error.text}" if call.busybox else f"cannot create fifo '{name}': {error.text}")
    return 0


# ── find ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("find")
def find(call: Call) -> int | None:
    if "left" in call.data:
        return run_each(call, [], 0)
    args = list(call.args)
    roots: list[str] = []
    while args and not args[0].startswith(("-", "(", "!")):
        roots.append(args.pop(0))
    status, found = 0, []
    for root in roots or ["."]:
        try:
            call.find(root, follow=False)
        except FileError as error:
            status = call.fail(f"{root}: {error.text}" if call.busybox else f"'{root}': {error.text}")
            continue
        found += _walk(call, root)
    return _find_actions(call, args, found, status)


def _walk(call: Call, root: str) -> list[tuple[str, Node, int]]:
    path = call.view.resolve(call.path(root), follow=False)
    out = []
    for one in _below(call, path):
        node = call.view.node_at(call.view.place(one))
        if node is not None:
            relative = one[len(path) :] if path != "/" else one.rstrip("/")
            out.append((root.rstrip("/") + relative if relative else root, node, relative.count("/")))
    return out


def _find_actions(call: Call, args: list[str], found: list[tuple[str, Node, int]], status: int) -> int | None:
    selected, actions = _select(call, args, found)
    if actions and actions[0] == "-delete":
        for name, _, _ in reversed(selected):
            status = _rm_one(call, name, True, True) or status
        return status
    if actions and actions[0] in ("-exec", "-execdir", "-ok"):
        return _find_exec(call, actions[1:], [name for name, _, _ in selected], status)
    call.out("".join(name + ("\0" if actions[:1] == ["-print0"] else "\n") for name, _, _ in selected))
    return status


def _find_exec(call: Call, words: list[str], names: list[str], status: int) -> int | None:
    end = next((i for i, word in enumerate(words) if word in (";", "+")), len(words))
    template = words[:end]
    if words[end : end + 1] == ["+"]:
        commands = [[*[word for word in template if word != "{}"], *names]] if names else []
    else:
        commands = [[word.replace("{}", name) for word in template] for name in names]
    return run_each(call, commands, status)


def _select(call: Call, args: list[str], found: list[tuple[str, Node, int]]) -> tuple[list[tuple[str, Node, int]], list[str]]:
    negate = False
    while args:
        word = args.pop(0)
        if word in ("-print", "-print0", "-delete", "-exec", "-execdir", "-ok"):
            return found, [word, *args]
        if word in ("!", "-not"):
            negate = not negate
            continue
        if word in ("-a", "-and", "-follow", "-xdev", "-mount", "(", ")", "-L", "-depth", "-ls"):
            continue
        if word in ("-o", "-or"):
            call.assume("command", "find with -o is modelled in part: the tests after -o are left out.")
            return found, []
        value = args.pop(0) if args and word != "-empty" else ""
        found = [one for one in found if _passes(call, word, value, one) != negate]
        negate = False
    return found, []


def _passes(call: Call, test: str, value: str, one: tuple[str, Node, int]) -> bool:
    name, node, depth = one
    base = name.rstrip("/").rpartition("/")[2]
    match test:
        case "-name":
            return patterns.matches(value, base)
        case "-iname":
            return patterns.matches(value.lower(), base.lower())
        case "-path" | "-wholename":
            return patterns.matches(value, name)
        case "-type":
            return node.kind in value.split(",")
        case "-maxdepth":
            return depth <= int(value or 0)
        case "-mindepth":
            return depth >= int(value or 0)
        case "-mmin" | "-amin" | "-cmin" | "-mtime" | "-atime" | "-ctime":
            call.moves()
            age = (call.now - node.mtime) / SECOND / (60 if test.endswith("min") else 86400)
            number = float(value.lstrip("+-") or 0)
            return age > number if value[:1] == "+" else age < number if value[:1] == "-" else int(age) == number
        case "-size":
            size = parse_size(value.lstrip("+-")) or 0
            return node.size > size if value[:1] == "+" else node.size < size if value[:1] == "-" else node.size == size
        case "-empty":
            return node.size == 0 if node.kind == "f" else node.kind == "d" and not call.view.names(call.path(name))
        case "-newer":
            other = call.view.get(call.path(value))
            return other is not None and node.mtime > other.mtime
        case "-perm" | "-user" | "-group":
            return True
    raise UsageError(f"unrecognized: {test}" if call.busybox else f"unknown predicate `{test}'")
