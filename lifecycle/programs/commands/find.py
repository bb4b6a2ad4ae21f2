"""find: an expression of tests and actions, weighed for each file; and xargs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from lifecycle.clock import SECOND
from lifecycle.programs import regex
from lifecycle.programs.commands.call import Call, UsageError, command, lines_of
from lifecycle.programs.commands.children import run_each, start_child
from lifecycle.programs.commands.files import below, parse_size, remove_one
from lifecycle.programs.files import FileError, Node
from lifecycle.programs.lists import names as words_of
from lifecycle.programs.shell import patterns

Tree = tuple[Any, ...]
_OPTIONS = {"-follow", "-xdev", "-mount", "-depth", "-d", "-noleaf"}
_ACTIONS = frozenset(words_of("-print -print0 -delete -exec -execdir -ok -ls -quit -prune -printf"))
_VALUED = frozenset(
    words_of(
        "-name -iname -path -ipath -wholename -type -maxdepth -mindepth -mmin -amin -cmin -mtime -atime -ctime -size -newer "
        "-perm -user -group -regex -iregex -links -inum -uid -gid"
    )
)


class _Expression:
    """Reads an expression: `-o` binds least, then `-a` (or nothing), then `!`, then parentheses."""

    def __init__(self, args: list[str]) -> None:
        self.args = args
        self.i = 0
        self.acts = False

    def tree(self) -> Tree:
        tree: Tree = ("true",) if not self.args else self.either()
        if self.i < len(self.args):
            raise UsageError(f"unexpected argument '{self.args[self.i]}'")
        return tree if self.acts else ("and", tree, ("-print", self.i))

    def either(self) -> Tree:
        left = self.both()
        while self.args[self.i : self.i + 1] in (["-o"], ["-or"]):
            self.i += 1
            left = ("or", left, self.both())
        return left

    def both(self) -> Tree:
        left = self.one()
        while self.i < len(self.args) and self.args[self.i] not in ("-o", "-or", ")"):
            if self.args[self.i] in ("-a", "-and"):
                self.i += 1
            left = ("and", left, self.one())
        return left

    def one(self) -> Tree:
        if self.i >= len(self.args):
            raise UsageError("missing argument")
        word = self.args[self.i]
        self.i += 1
        if word in ("!", "-not"):
            return ("not", self.one())
        if word == "(":
            tree = self.either()
            if self.args[self.i : self.i + 1] != [")"]:
                raise UsageError("missing ')'")
            self.i += 1
            return tree
        if word in _ACTIONS:
            return self._action(word)
        if word in _OPTIONS or word in ("-true", "-empty", "-false", "-executable", "-readable", "-writable"):
            return ("true",) if word in _OPTIONS else (word, "")
        if word not in _VALUED:
            raise UsageError(word)
        if self.i >= len(self.args):
            raise UsageError(f"missing argument to `{word}'")
        self.i += 1
        return (word, self.args[self.i - 1])

    def _action(self, word: str) -> Tree:
        self.acts = self.acts or word != "-prune"
        at = self.i
        if word == "-printf":
            self.i += 1
            return (word, at, self.args[at : at + 1])
        if word not in ("-exec", "-execdir", "-ok"):
            return (word, at)
        end = next((i for i in range(at, len(self.args)) if self.args[i] in (";", "+")), -1)
        if end < 0:
            raise UsageError(f"missing argument to `{word}'")
        self.i = end + 1
        return (word, at, tuple(self.args[at:end]), self.args[end] == "+")


@lru_cache(maxsize=64)
def _expression(args: tuple[str, ...]) -> Tree:
    return _Expression(list(args)).tree()


@command("find")
def find(call: Call) -> int | None:
    args = [arg for arg in call.args if arg not in ("-L", "-P", "-H")]
    at = next((i for i, arg in enumerate(args) if arg.startswith(("-", "(", "!"))), len(args))
    try:
        tree = _expression(tuple(args[at:]))
    except UsageError as error:
        word = error.text
        if word.startswith("-"):
            raise UsageError(f"unrecognized: {word}" if call.busybox else f"unknown predicate `{word}'") from error
        raise
    if "files" not in call.data:
        call.data.update(files=_found(call, args[:at] or ["."], args[at:])[::-1], known={}, together={}, ended={})
    return _weigh_all(call, tree)


def _found(call: Call, roots: list[str], tests: list[str]) -> list[str]:
    found: list[str] = []
    call.data["status"] = 0
    for root in roots:
        try:
            call.find(root, follow=False)
        except FileError as error:
            call.data["status"] = call.fail(f"{root}: {error.text}" if call.busybox else f"'{root}': {error.text}")
            continue
        path = call.view.resolve(call.path(root), follow=root.endswith("/"))
        names = below(call, path)
        if {"-delete", "-depth"} & set(tests):
            names = names[::-1]
        for one in names:
            relative = one[len(path) :] if path != "/" else one.rstrip("/")
            found.append(root + "\0" + (root.rstrip("/") + relative if relative else root))
    return found


def _weigh_all(call: Call, tree: Tree) -> int | None:
    data = call.data
    while data["files"]:
        if not call.machine.spend(call.process, 2):
            return None
        root, _, name = data["files"][-1].partition("\0")
        pruned = data.get("pruned")
        node = call.view.get(call.path(name), follow=False) or (Node() if data["known"] or "running" in data else None)
        if node is not None and not (pruned and name.startswith(pruned + "/")):
            weighed = _weigh(call, tree, (name, node, name[len(root.rstrip("/")) :].count("/")))
            if weighed is None:
                return None
        if data.pop("quit", False):
            break
        data["files"].pop()
        data["known"] = {}
    return _together(call)


def _together(call: Call) -> int | None:
    """Run what `-exec ... +` has collected."""
    if "commands" not in call.data:
        call.data["commands"] = True
        call.data["left"] = list(call.data["together"].values())[::-1]
    statuses = run_each(call, [])
    return None if statuses is None else int(call.data["status"] or (1 if any(statuses) else 0))


def _weigh(call: Call, tree: Tree, one: tuple[str, Node, int]) -> bool | None:
    """Say whether an expression holds for a file, acting on the way; None: wait. What is known already is not done again."""
    match tree[0]:
        case "true":
            return True
        case "not":
            value = _weigh(call, tree[1], one)
            return None if value is None else not value
        case "and" | "or":
            left = _weigh(call, tree[1], one)
            if left is None or left == (tree[0] == "or"):
                return left
            return _weigh(call, tree[2], one)
    if tree[0] not in _ACTIONS:
        return _passes(call, tree[0], tree[1], one)
    known: dict[str, bool] = call.data["known"]
    key = str(tree[1])
    if key not in known:
        value = _act(call, tree, one)
        if value is None:
            return None
        known[key] = value
    return known[key]


def _act(call: Call, tree: Tree, one: tuple[str, Node, int]) -> bool | None:
    name, node, _ = one
    match tree[0]:
        case "-print" | "-print0":
            return call.out(name + ("\n" if tree[0] == "-print" else "\0"))
        case "-ls":
            return call.out(f"{node.size:8} {name}\n")
        case "-printf":
            return call.out(_printed(tree[2][0] if tree[2] else "", one))
        case "-delete":
            return remove_one(call, name, True, False, empty_directories=True) == 0
        case "-prune":
            call.data["pruned"] = name
            return True
        case "-quit":
            call.data["quit"] = True
            return True
    return _exec(call, tree, name)


def _printed(form: str, one: tuple[str, Node, int]) -> str:
    name, node, depth = one
    base = name.rstrip("/").rpartition("/")[2] or "/"
    values = {"p": name, "f": base, "s": str(node.size), "m": f"{node.mode & 0o7777:o}", "d": str(depth), "%": "%"}
    values |= {"y": node.kind, "T@": f"{node.mtime / SECOND:.10f}", "h": name.rpartition("/")[0] or "."}
    values |= {"u": "root" if not node.user else str(node.user), "U": str(node.user)}
    values |= {"g": "root" if not node.group else str(node.group), "G": str(node.group)}
    text = re.sub(r"%(T@|.)", lambda m: values.get(m.group(1), m.group()), form)
    return re.sub(r"\\([nt0\\])", lambda m: {"n": "\n", "t": "\t", "0": "\0", "\\": "\\"}[m.group(1)], text)


def _exec(call: Call, tree: Tree, name: str) -> bool | None:
    word, at, template, together = tree
    if word == "-execdir":
        name = "./" + name.rpartition("/")[2]
    if together:
        held: list[str] = call.data["together"].setdefault(str(at), [part for part in template if part != "{}"])
        held.append(name)
        return True
    ended: dict[str, int] = call.data["ended"]
    if "running" not in call.data:
        started = start_child(call, [part.replace("{}", name) for part in template])
        if isinstance(started, int):
            return False
        call.data["running"] = started.pid
    status = ended.pop(str(call.data["running"]), None)
    if status is None:
        call.process.waiting = "children"
        return None
    del call.data["running"]
    return status == 0


def _passes(call: Call, test: str, value: str, one: tuple[str, Node, int]) -> bool:
    name, node, depth = one
    base = name.rstrip("/").rpartition("/")[2] or "/"
    match test:
        case "-true" | "-false":
            return test == "-true"
        case "-name" | "-iname":
            return patterns.matches(value, base) if test == "-name" else patterns.matches(value.lower(), base.lower())
        case "-path" | "-wholename" | "-ipath":
            return patterns.matches(value, name)
        case "-type":
            return node.kind in value.split(",")
        case "-maxdepth":
            return depth <= int(value or 0)
        case "-mindepth":
            return depth >= int(value or 0)
        case "-mmin" | "-amin" | "-cmin" | "-mtime" | "-atime" | "-ctime":
            return _aged(call, test, value, node)
        case "-size":
            return _sized(value, node)
        case "-empty":
            return node.size == 0 if node.kind == "f" else node.kind == "d" and not call.view.names(call.path(name))
        case "-newer":
            other = call.view.get(call.path(value))
            return other is not None and node.mtime > other.mtime
        case "-executable":
            return bool(node.mode & 0o111)
        case "-perm":
            bits = int(value.lstrip("-/") or "0", 8) if re.fullmatch(r"[-/]?[0-7]+", value) else 0
            held = node.mode & 0o7777
            return held & bits == bits if value[:1] == "-" else bool(held & bits) if value[:1] == "/" else held == bits
        case "-user" | "-uid":
            return str(node.user) == value or (value == "root" and not node.user)
        case "-group" | "-gid":
            return str(node.group) == value or (value == "root" and not node.group)
        case "-regex" | "-iregex":
            return regex.compiled(f"^({value})$", False, test == "-iregex").search(name) is not None
    return True


def _aged(call: Call, test: str, value: str, node: Node) -> bool:
    call.moves()
    age = (call.now - node.mtime) / SECOND / (60 if test.endswith("min") else 86400)
    wanted = float(value.lstrip("+-") or 0)
    age = -(-age // 1) if test.endswith("min") and not call.busybox else age // 1
    return age > wanted if value[:1] == "+" else age < wanted if value[:1] == "-" else age == wanted


def _sized(value: str, node: Node) -> bool:
    """Compare sizes in the unit asked for (blocks of 512 bytes where none is), rounded up."""
    match = re.fullmatch(r"([-+]?)(\d+)([bcwkMG]?)", value)
    if not match:
        raise UsageError(f"invalid argument `{value}' to `-size'")
    unit = parse_size("1" + (match.group(3) or "b")) or 1
    size, wanted = -(-(4096 if node.kind == "d" else node.size) // unit), int(match.group(2))
    return size > wanted if match.group(1) == "+" else size < wanted if match.group(1) == "-" else size == wanted


# ── xargs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@command("xargs")
def xargs(call: Call) -> int | None:
    if "left" not in call.data:
        commands = _commands(call)
        if commands is None:
            return None
        call.data["left"] = commands[::-1]
    statuses = run_each(call, [], int(call.data["at_once"]))
    if statuses is None:
        return None
    worst = max(statuses, default=0)
    return worst if worst in (126, 127) else 123 if worst and worst < 128 else 125 if worst else 0


def _commands(call: Call) -> list[list[str]] | None:
    options, base = _xargs_options(call)
    call.data["at_once"] = int(options.get("P") or 1) if options.get("P", "1").isdigit() else 1
    text = call.stdin()
    if text is None:
        return None
    replace = options.get("I", "")
    if "0" in options:
        items = [item for item in text.split("\0") if item]
    elif "d" in options:
        items = text.removesuffix("\n").split(options["d"].replace("\\n", "\n").replace("\\t", "\t") or "\n")
    else:
        items = _items(text, bool(replace or options.get("L")))
    call.machine.work(len(items) // 4)
    if replace:
        return [[word.replace(replace, item) for word in base] for item in items]
    if not items:
        return [] if "r" in options else [base]
    size = int(options.get("n") or options.get("L") or 0) or max(len(items), 1)
    size = min(size, MAX_ITEMS)
    pieces = [items[i : i + size] for i in range(0, len(items), size)]
    return [[*base, *(word for item in piece for word in (item.split() if options.get("L") else [item]))] for piece in pieces]


MAX_ITEMS = 5_000
"""How many words xargs gives to one command where nothing else is said: what 128 KiB hold of short ones."""


def _xargs_options(call: Call) -> tuple[dict[str, str], list[str]]:
    args, found = list(call.args), dict[str, str]()
    while args and args[0].startswith("-") and args[0] != "--":
        arg = args.pop(0)
        long = {"--null": "0", "--no-run-if-empty": "r", "--verbose": "t"}.get(arg)
        long_valued = {"--max-args": "n", "--max-procs": "P", "--delimiter": "d", "--replace": "I", "--max-lines": "L"}
        if long:
            found[long] = ""
        elif arg.partition("=")[0] in long_valued:
            found[long_valued[arg.partition("=")[0]]] = arg.partition("=")[2] or (args.pop(0) if args else "")
        elif arg[:2] in ("-n", "-L", "-I", "-P", "-d", "-s", "-a", "-E"):
            found[arg[1]] = arg[2:] or (args.pop(0) if args else "")
        else:
            found |= dict.fromkeys(arg[1:], "")
    for letter in ("n", "L", "P"):
        if letter in found and not found[letter].isdigit():
            text = f'invalid number "{found[letter]}" for -{letter} option'
            raise UsageError(f"invalid number '{found[letter]}'" if call.busybox else text)
    return found, [arg for i, arg in enumerate(args) if i or arg != "--"] or ["echo"]


def _items(text: str, lines: bool) -> list[str]:
    if lines:
        return [line.strip() for line in lines_of(text) if line.strip()]
    found = re.findall(r"'([^']*)'|\"([^\"]*)\"|((?:[^\s'\"\\]+|\\.|\\)+)", text)
    return [a or b or re.sub(r"\\(.)", r"\1", c) for a, b, c in found]
