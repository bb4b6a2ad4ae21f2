"""From awk's trees to a flat list of steps for a machine with a stack, so that a program can stop and go on anywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lifecycle.programs.commands.awk_grammar import PLACES, AwkError, Program, Tree, parse

Step = tuple[Any, ...]


class Target:
    """A place in the code that is not known yet."""

    def __init__(self) -> None:
        self.pc = -1


class Code:
    """A compiled program: its steps, where its parts begin, and how many ranges (`a, b`) it has."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.begin = self.records = self.end = 0
        self.reads = False
        self.ranges = 0
        self.functions: dict[str, tuple[int, int]] = {}


@lru_cache(maxsize=128)
def compile_program(text: str) -> Code:
    """Return a program's code. Raises: AwkError."""
    return _Compiler(parse(text)).code()


class _Compiler:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps: list[Step] = []
        self.locals: list[str] = []
        self.loops: list[tuple[Target, Target]] = []
        self.arrays = _array_parameters(program)

    def code(self) -> Code:
        code = Code()
        rules = self.program.rules
        for name, (parameters, body) in self.program.functions.items():
            code.functions[name] = (len(self.steps), len(parameters))
            self.locals = parameters
            self.block(body)
            self.emit("push", None)
            self.emit("return")
        self.locals = []
        code.begin = len(self.steps)
        for rule in rules:
            if rule[0] == "BEGIN":
                self.block(rule[2])
        self.emit("main")
        code.records = len(self.steps)
        for rule in rules:
            if rule[0] not in ("BEGIN", "END"):
                code.ranges += self._rule(rule, code.ranges)
        self.emit("next")
        code.end = len(self.steps)
        for rule in rules:
            if rule[0] == "END":
                self.block(rule[2])
        self.emit("finish")
        code.reads = any(rule[0] != "BEGIN" for rule in rules)
        code.steps = [tuple(x.pc if isinstance(x, Target) else x for x in step) for step in self.steps]
        return code

    def emit(self, operation: str, *operands: Any) -> None:
        self.steps.append((operation, *operands))

    def here(self, target: Target) -> None:
        target.pc = len(self.steps)

    def _rule(self, rule: Tree, number: int) -> int:
        """Compile a rule; return how many ranges it has."""
        pattern, last, action = rule
        after, body = Target(), Target()
        if last is not None:
            self.emit("in_range", number, body)
            self.value(pattern)
            self.emit("jump_false", after)
            self.emit("range", number, True)
            self.here(body)
            self.value(last)
            inside = Target()
            self.emit("jump_false", inside)
            self.emit("range", number, False)
            self.here(inside)
        elif pattern != "always":
            self.value(pattern)
            self.emit("jump_false", after)
        self.block(action)
        self.here(after)
        return int(last is not None)

    # ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def block(self, statements: list[Tree]) -> None:
        for statement in statements:
            getattr(self, "_do_" + statement[0])(statement)

    def _do_block(self, tree: Tree) -> None:
        self.block(tree[1])

    def _do_do(self, tree: Tree) -> None:
        self.value(tree[1])
        self.emit("pop")

    def _do_print(self, tree: Tree) -> None:
        _, items, target = tree
        for item in items:
            self.value(item)
        if target:
            self.value(target[1])
        self.emit(tree[0], len(items), target[0] if target else "")

    _do_printf = _do_print

    def _do_if(self, tree: Tree) -> None:
        _, test, yes, no = tree
        otherwise, after = Target(), Target()
        self.value(test)
        self.emit("jump_false", otherwise)
        self.block(yes)
        if no:
            self.emit("jump", after)
        self.here(otherwise)
        self.block(no)
        self.here(after)

    def _do_while(self, tree: Tree) -> None:
        self._loop(None, tree[1], None, tree[2])

    def _do_for(self, tree: Tree) -> None:
        self._loop(*tree[1:])

    def _loop(self, start: Tree | None, test: Tree | None, step: Tree | None, body: list[Tree]) -> None:
        again, then, out = Target(), Target(), Target()
        if start:
            self.block([start])
        self.here(again)
        if test is not None:
            self.value(test)
            self.emit("jump_false", out)
        self._looped(body, then, out)
        self.here(then)
        if step:
            self.block([step])
        self.emit("jump", again)
        self.here(out)

    def _looped(self, body: list[Tree], again: Target, out: Target) -> None:
        self.loops.append((again, out))
        self.block(body)
        self.loops.pop()

    def _do_dowhile(self, tree: Tree) -> None:
        start, again, out = Target(), Target(), Target()
        self.here(start)
        self._looped(tree[2], again, out)
        self.here(again)
        self.value(tree[1])
        self.emit("jump_true", start)
        self.here(out)

    def _do_forin(self, tree: Tree) -> None:
        _, name, array, body = tree
        again, out, done = Target(), Target(), Target()
        self.emit("keys", *self._array(array))
        self.here(again)
        self.emit("next_key", done)
        self._store(("var", name))
        self.emit("pop")
        self._looped(body, again, out)
        self.emit("jump", again)
        self.here(out)
        self.emit("drop_keys")
        self.here(done)

    def _do_break(self, tree: Tree) -> None:
        if self.loops:
            self.emit("jump", self.loops[-1][1])

    def _do_continue(self, tree: Tree) -> None:
        if self.loops:
            self.emit("jump", self.loops[-1][0])

    def _do_next(self, tree: Tree) -> None:
        self.emit(tree[0])

    _do_nextfile = _do_next

    def _do_exit(self, tree: Tree) -> None:
        self.value(tree[1] or ("value", None))
        self.emit("exit")

    def _do_return(self, tree: Tree) -> None:
        self.value(tree[1] or ("value", None))
        self.emit("return")

    def _do_delete(self, tree: Tree) -> None:
        if tree[2] is None:
            self.emit("delete_all", *self._array(tree[1]))
        else:
            self.value(tree[2])
            self.emit("delete", *self._array(tree[1]))

    # ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _array(self, name: str) -> tuple[str, Any]:
        return ("local", self.locals.index(name)) if name in self.locals else ("global", name)

    def _where(self, place: Tree) -> tuple[str, Any, Any]:
        """Put what says where a place is (a field's number, an element's subscript) on the stack; return how to get at it."""
        if place[0] == "var":
            scope, name = self._array(place[1])
            return (scope, name, None)
        self.value(place[1] if place[0] == "field" else place[2])
        return ("field", None, None) if place[0] == "field" else ("element", *self._array(str(place[1])))

    def _load(self, place: Tree) -> None:
        self.emit("load", *self._where(place))

    def _store(self, place: Tree) -> None:
        """Store the value on top of the stack, which stays there."""
        where = self._where(place)
        self.emit("store_under" if place[0] != "var" else "store", *where)

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, tree: Tree) -> None:
        kind = tree[0]
        if kind == "value":
            self.emit("push", tree[1])
        elif kind in PLACES:
            self._load(tree)
        elif kind == "regex":
            self.emit("matches_line", tree[1])
        else:
            getattr(self, f"_value_{_NAMES.get(kind, kind)}")(tree)

    def _value_paren(self, tree: Tree) -> None:
        self.value(tree[1])

    def _value_group(self, tree: Tree) -> None:
        self.value(tree[1][-1])

    def _value_in_(self, tree: Tree) -> None:
        self.value(tree[1])
        self.emit("in", *self._array(tree[2]))

    def _value_concat(self, tree: Tree) -> None:
        self.value(tree[1])
        self.value(tree[2])
        self.emit("concat")

    def _value_choice(self, tree: Tree) -> None:
        otherwise, after = Target(), Target()
        self.value(tree[1])
        self.emit("jump_false", otherwise)
        self.value(tree[2])
        self.emit("jump", after)
        self.here(otherwise)
        self.value(tree[3])
        self.here(after)

    def _value_unary(self, tree: Tree) -> None:
        self.value(tree[2])
        self.emit("unary", tree[1])

    def _value_assign(self, tree: Tree) -> None:
        _, place, op, right = tree
        if op == "=":
            self.value(right)
            self._store(place)
            return
        where = self._where(place)
        if place[0] != "var":
            self.emit("dup")
        self.emit("load", *where)
        self.value(right)
        self.emit("arithmetic", op[0])
        self.emit("store", *where)

    def _value_before(self, tree: Tree) -> None:
        self.emit("step", *self._where(tree[2]), 1.0 if tree[1] == "++" else -1.0, True)

    def _value_after(self, tree: Tree) -> None:
        self.emit("step", *self._where(tree[2]), 1.0 if tree[1] == "++" else -1.0, False)

    def _value_binary(self, tree: Tree) -> None:
        _, op, left, right = tree
        self.value(left)
        if op in ("&&", "||"):
            after = Target()
            self.emit("truth")
            self.emit("short", op == "||", after)
            self.value(right)
            self.emit("truth")
            self.here(after)
        elif op in ("~", "!~"):
            self._expression(right)
            self.emit("match", op == "~")
        else:
            self.value(right)
            self.emit("compare" if op in ("<", "<=", "==", "!=", ">", ">=") else "arithmetic", op)

    def _expression(self, tree: Tree) -> None:
        """Put a regular expression's text on the stack: a literal's own, or what a value says."""
        self.value(("value", tree[1]) if tree[0] == "regex" else tree)

    def _value_getline(self, tree: Tree) -> None:
        _, source, name, place = tree
        if name is not None:
            self.value(name)
        self.emit("getline", source, place is None)
        if place is None:
            return
        after = Target()
        self.emit("unless_got", after)
        where = self._where(place)
        self.emit("got")
        self.emit("store", *where)
        self.emit("pop")
        self.here(after)

    def _value_own(self, tree: Tree) -> None:
        _, name, args = tree
        if name not in self.program.functions:
            raise AwkError(f"function {name} not defined")
        parameters = self.program.functions[name][0]
        if len(args) > len(parameters):
            raise AwkError(f"function {name} called with more args than declared")
        for i, arg in enumerate(args):
            if arg[0] == "var" and i in self.arrays[name]:
                self.emit("array", *self._array(arg[1]))
            else:
                self.value(arg)
        self.emit("call", name, len(args))

    def _value_call(self, tree: Tree) -> None:
        _, name, args = tree
        if name in ("sub", "gsub"):
            self._substitution(name, args)
        elif name == "split":
            self._split(args)
        elif name == "length" and args and args[0][0] == "var":
            self.emit("length_of", *self._array(args[0][1]))
        elif name == "system":
            self.value(args[0])
            self.emit("system")
        elif name == "close":
            self.value(args[0])
            self.emit("close")
        else:
            for i, arg in enumerate(args):
                if arg[0] == "regex" and (name, i) in (("match", 1), ("gensub", 0)):
                    self._expression(arg)
                else:
                    self.value(arg)
            self.emit("function", name, len(args))

    def _substitution(self, name: str, args: list[Tree]) -> None:
        if len(args) not in (2, 3):
            raise AwkError(f"syntax error: {name} takes two or three arguments")
        self._expression(args[0])
        self.value(args[1])
        place = args[2] if len(args) > 2 else ("field", ("value", 0.0))
        while place[0] == "paren":
            place = place[1]
        if place[0] not in PLACES:
            self.value(place)
            self.emit("substitute", name == "gsub", "nowhere", None, None)
            return
        where = self._where(place)
        if place[0] != "var":
            self.emit("dup")
        self.emit("load", *where)
        self.emit("substitute", name == "gsub", *where)

    def _split(self, args: list[Tree]) -> None:
        if len(args) < 2 or args[1][0] != "var":
            raise AwkError("syntax error: split takes a text and an array")
        self.value(args[0])
        if len(args) > 2:
            self._expression(args[2])
        self.emit("split", len(args) > 2, *self._array(args[1][1]))


_NAMES = {"?": "choice", "in": "in_"}


def _array_parameters(program: Program) -> dict[str, set[int]]:
    """Return which parameters of each function are used as arrays, in it or in what it calls."""
    found: dict[str, set[int]] = {name: set() for name in program.functions}
    while True:
        before = {name: set(held) for name, held in found.items()}
        for name, (parameters, body) in program.functions.items():
            for used in _arrays_in(body, found):
                if used in parameters:
                    found[name].add(parameters.index(used))
        if found == before:
            return found


def _arrays_in(tree: Any, known: dict[str, set[int]]) -> set[str]:
    """Return the names that a tree uses as arrays."""
    if isinstance(tree, list):
        return {name for one in tree for name in _arrays_in(one, known)}
    if not isinstance(tree, tuple) or not tree:
        return set()
    names = {name for one in tree[1:] for name in _arrays_in(one, known)}
    match tree[0]:
        case "element" | "delete":
            names.add(tree[1])
        case "in" | "forin":
            names.add(tree[2])
        case "call" if tree[1] == "split" and len(tree[2]) > 1:
            names.add(tree[2][1][1])
        case "own":
            names |= {arg[1] for i, arg in enumerate(tree[2]) if arg[0] == "var" and i in known.get(tree[1], ())}
    return names
