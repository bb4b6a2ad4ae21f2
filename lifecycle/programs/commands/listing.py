"""Commands that look at files: stat, readlink, which, du, df, mktemp."""

from __future__ import annotations

import re

from lifecycle.clock import SECOND
from lifecycle.programs import executing
from lifecycle.programs.commands.call import Call, command
from lifecycle.programs.commands.files import below, make_directory
from lifecycle.programs.commands.times import strftime, zone
from lifecycle.programs.files import SETGID, FileError, Node
from lifecycle.programs.paths import join, parent


def mode_text(node: Node) -> str:
    """Return a mode as `ls -l` writes it."""
    kind = {"f": "-", "d": "d", "l": "l", "p": "p", "s": "s", "c": "c"}[node.kind]
    bits = "".join(letter if node.mode >> (8 - i) & 1 else "-" for i, letter in enumerate("rwxrwxrwx"))
    if node.mode & SETGID:
        bits = bits[:5] + ("s" if bits[5] == "x" else "S") + bits[6:]
    if node.mode & 0o1000:
        bits = bits[:-1] + ("t" if bits[-1] == "x" else "T")
    return kind + bits


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
        "g": str(node.group),
        "U": "root" if not node.user else str(node.user),
        "G": "root" if not node.group else "UNKNOWN",
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
    user, group = (f"({one:5}/{'UNKNOWN' if one else 'root':>8})" for one in (node.user, node.group))
    return (
        f"  File: {name}\n  Size: {node.size}\tBlocks: {-(-node.size // 4096) * 8}\tIO Block: 4096   {kind}\n"
        f"Access: ({node.mode:04o}/{mode_text(node)})  Uid: {user}   Gid: {group}\n"
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
        path = executing.which(call.machine, call.process, name, call.process.env)
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
        directories = [one for one in below(call, path) if (call.view.get(one) or Node()).kind == "d"] or [path]
        for one in sorted(directories, reverse=True):
            if one == path or "s" not in options:
                shown = name + one[len(path) :]
                call.out(f"{_du_size(call, one, options)}\t{shown}\n")
    return status


def _du_size(call: Call, path: str, options: dict[str, str]) -> str:
    nodes = [call.view.node_at(call.view.place(one)) for one in below(call, path)]
    if "b" in options:
        return str(sum(node.size for node in nodes if node))
    blocks = sum(4096 if node.kind == "d" else -(-node.size // 4096) * 4096 for node in nodes if node)
    return human(blocks) if "h" in options else str(blocks >> 20 if "m" in options else blocks >> 10)


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
