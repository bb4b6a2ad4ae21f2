"""From the grammar to a flat list of steps: a process needs no more than a program counter to stop and go on anywhere.

A step is a tuple: the name of its operation (`steps.py`), then operands. Compiled code is found by a script's text and may be
dropped at any time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from lifecycle.programs.shell.parser import parse
from lifecycle.programs.shell.plain import idle_period, plain_words, spins
from lifecycle.programs.shell.syntax import (
    AndOr,
    Arith,
    ArithCommand,
    ArithFor,
    ArrayLit,
    Assign,
    Case,
    Command,
    Condition,
    Coproc,
    For,
    Function,
    Group,
    If,
    Item,
    Lit,
    Pipeline,
    ProcSub,
    Redirect,
    Redirected,
    Select,
    Sequence,
    Simple,
    Sub,
    Subshell,
    Unparsed,
    Var,
    While,
    Word,
)

Step = tuple[Any, ...]


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """Stands where a command substitution stood: its output is the n-th of the values that the step before collected."""

    number: int
    quoted: bool


class Code(msgspec.Struct, frozen=True):
    """Compiled code. `lines` are the script's lines, for bash's error messages."""

    steps: list[Step]


class Target:
    """A place in the code that is not known yet."""

    def __init__(self) -> None:
        self.pc = -1


MAX_SCRIPT = 256 << 10
"""How many characters of a script are read."""
SHORT, LONG = 1 << 10, 16 << 10
"""Of short scripts more are remembered than of long ones: together some MiB of text, and a hundred times that of code."""


def compile_script(text: str, dialect: str) -> Code:
    """Return a script's code; what does not parse ends in a step that says so."""
    size = len(text)
    return (_short if size <= SHORT else _long if size <= LONG else _huge)(text, dialect)


def _compiled(text: str, dialect: str) -> Code:
    if len(text) > MAX_SCRIPT:
        return Code([("too_long",)])
    compiler = Compiler()
    compiler.sequence(parse(text, dialect), last=True)
    compiler.emit("end")
    return Code(compiler.resolved())


_short = lru_cache(maxsize=2048)(_compiled)
_long = lru_cache(maxsize=128)(_compiled)
_huge = lru_cache(maxsize=8)(_compiled)


class Compiler:
    """Appends steps. `tested` is on where a failure must not end a shell that runs with -e."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.tested = 0

    def emit(self, operation: str, *operands: Any) -> None:
        self.steps.append((operation, *operands))

    def place(self, target: Target) -> None:
        target.pc = len(self.steps)

    def resolved(self) -> list[Step]:
        return [tuple(x.pc if isinstance(x, Target) else x for x in step) for step in self.steps]

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def sequence(self, body: Sequence, last: bool = False) -> None:
        for i, item in enumerate(body.items):
            self.item(item, last and i == len(body.items) - 1)

    def item(self, item: Item, last: bool) -> None:
        if not item.background:
            self.and_or(item.command, last)
            return
        after = Target()
        self.emit("background", after, item.text)
        self.and_or(item.command, True)
        self.emit("exit_child")
        self.place(after)

    def and_or(self, command: AndOr, last: bool) -> None:
        pipelines = [command.first, *(pipeline for _, pipeline in command.rest)]
        after = Target()
        for i, pipeline in enumerate(pipelines):
            final = i == len(pipelines) - 1
            if i:
                op = command.rest[i - 1][0]
                skip = Target()
                self.emit("jump_if_failed" if op == "&&" else "jump_if_ok", skip)
            self.tested += not final
            self.pipeline(pipeline, last and final)
            self.tested -= not final
            if i:
                self.place(skip)
        self.place(after)

    def pipeline(self, pipeline: Pipeline, last: bool) -> None:
        self.tested += pipeline.negated
        if pipeline.timed:
            self.emit("time_start")
        if len(pipeline.commands) == 1:
            self.command(pipeline.commands[0], last and not pipeline.negated and not pipeline.timed)
        else:
            self._piped(pipeline)
        if pipeline.timed:
            self.emit("time_end")
        if pipeline.negated:
            self.emit("negate")
        self.tested -= pipeline.negated

    def _piped(self, pipeline: Pipeline) -> None:
        starts = [Target() for _ in pipeline.commands]
        after = Target()
        self.emit("pipeline", after, *starts)
        for start, command in zip(starts, pipeline.commands, strict=True):
            self.place(start)
            self.command(command, True)
            self.emit("exit_child")
        self.place(after)
        if not self.tested:
            self.emit("check")

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def command(self, command: Command, last: bool = False) -> None:
        match command:
            case Simple():
                self.simple(command, last)
            case Redirected():
                self.redirected(command)
            case If():
                self.if_(command, last)
            case While():
                self.while_(command)
            case For():
                self.for_(command)
            case Select():
                self.select(command)
            case Coproc():
                self.coproc(command)
            case ArithFor():
                self.arith_for(command)
            case Case():
                self.case(command, last)
            case Function():
                self.function(command)
            case Subshell(body):
                self.subshell(body)
            case Group(body):
                self.sequence(body, last)
            case Condition(tokens):
                self.condition(tokens)
            case ArithCommand(word):
                self.emit("arithmetic", *self.word(word))
                if not self.tested:
                    self.emit("check")
            case Unparsed(error):
                self.emit("syntax_error", error)

    def simple(self, command: Simple, last: bool) -> None:
        before = len(self.steps)
        assigns, a = self.assigns(command.assigns)
        words, w = self.words(command.words, a)
        redirects, r = self.redirects(command.redirects, a + w)
        substituted = len(self.steps) > before
        plain = plain_words(words) if not assigns and not redirects else None
        if plain is not None:
            self.emit("plain", plain, bool(self.tested), last, command.line)
        else:
            self.emit("command", assigns, words, redirects, a + w + r, bool(self.tested), last, command.line, substituted)
        if redirects or (assigns and words):
            self.emit("restore")
        pipes = sum(step[0] in ("process_in", "process_out") for step in self.steps[before:])
        if pipes:
            self.emit("close_pipes", pipes)
        if not self.tested:
            self.emit("check")

    def redirected(self, command: Redirected) -> None:
        compiled, count = self.redirects(command.redirects)
        failed = Target()
        self.emit("redirect", compiled, count, failed)
        self.command(command.command)
        self.emit("restore")
        self.place(failed)

    def coproc(self, command: Coproc) -> None:
        after = Target()
        self.emit("coproc", after, command.name, command.text)
        self.command(command.body, True)
        self.emit("exit_child")
        self.place(after)

    def function(self, command: Function) -> None:
        after = Target()
        self.emit("function", command.name, after)
        tested, self.tested = self.tested, 0
        self.command(command.body)
        self.tested = tested
        self.emit("return_function")
        self.place(after)

    def subshell(self, body: Sequence) -> None:
        after = Target()
        self.emit("subshell", after)
        self.sequence(body, True)
        self.emit("exit_child")
        self.place(after)
        if not self.tested:
            self.emit("check")

    def condition(self, tokens: tuple[Word | str, ...]) -> None:
        compiled: list[Any] = []
        count = 0
        for token in tokens:
            if isinstance(token, str):
                compiled.append(token)
            else:
                word, n = self.word(token, count)
                compiled.append(word)
                count += n
        self.emit("condition", tuple(compiled), count)
        if not self.tested:
            self.emit("check")

    def if_(self, command: If, last: bool) -> None:
        after = Target()
        for condition, body in command.branches:
            otherwise = Target()
            self.tested += 1
            self.sequence(condition)
            self.tested -= 1
            self.emit("jump_if_failed", otherwise)
            self.sequence(body, last)
            self.emit("jump", after)
            self.place(otherwise)
        if command.orelse:
            self.sequence(command.orelse, last)
        else:
            self.emit("status", 0)
        self.place(after)

    def while_(self, command: While) -> None:
        again, body, out = Target(), Target(), Target()
        self.emit("loop", again, out)
        self.emit("status", 0)
        self.place(again)
        period = idle_period(command)
        if period is not None:
            self.emit("idle", period[0], period[1])
        if spins(command):
            self.emit("spin")
        self.emit("keep_status")
        self.tested += 1
        self.sequence(command.condition)
        self.tested -= 1
        self.emit("jump_if_failed" if command.until else "jump_if_ok", body)
        self.emit("recall_status")
        self.emit("jump", out)
        self.place(body)
        self.sequence(command.body)
        self.emit("jump", again)
        self.place(out)
        self.emit("loop_end")

    def for_(self, command: For) -> None:
        again, out = Target(), Target()
        words, count = self.words(command.words, 0) if command.words is not None else (None, 0)
        self.emit("for", words, count, again, out)
        self.place(again)
        self.emit("next", command.name, out)
        self.sequence(command.body)
        self.emit("jump", again)
        self.place(out)
        self.emit("loop_end")

    def select(self, command: Select) -> None:
        again, out = Target(), Target()
        words, count = self.words(command.words, 0) if command.words is not None else (None, 0)
        self.emit("select", words, count, again, out)
        self.place(again)
        self.emit("choose", command.name, out)
        self.sequence(command.body)
        self.emit("jump", again)
        self.place(out)
        self.emit("loop_end")

    def arith_for(self, command: ArithFor) -> None:
        again, test, out = Target(), Target(), Target()
        self.emit("loop", again, out)
        self.emit("arithmetic", *self.word(command.start))
        self.emit("jump", test)
        self.place(again)
        self.emit("arithmetic", *self.word(command.step))
        self.place(test)
        word, count = self.word(command.test)
        self.emit("arithmetic", word or (Lit("1"),), count)
        self.emit("jump_if_failed", out)
        self.sequence(command.body)
        self.emit("jump", again)
        self.place(out)
        self.emit("status", 0)
        self.emit("loop_end")

    def case(self, command: Case, last: bool) -> None:
        after = Target()
        word, count = self.word(command.word)
        self.emit("case", word, count)
        self.emit("status", 0)
        bodies = [Target() for _ in command.arms]
        for i, (patterns, body, end) in enumerate(command.arms):
            otherwise = Target()
            compiled, count = self.words(patterns, 0)
            self.emit("match", compiled, count, otherwise)
            self.place(bodies[i])
            self.sequence(body, last and end == ";;")
            if end == ";&" and i + 1 < len(bodies):
                self.emit("jump", bodies[i + 1])
            elif end != ";;&":
                self.emit("jump", after)
            self.place(otherwise)
        self.place(after)
        self.emit("case_end")

    # ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def words(self, words: tuple[Word, ...], count: int) -> tuple[tuple[Any, ...], int]:
        """Compile words; substitutions in them are numbered from `count` on. Return them and how many there were."""
        compiled = []
        total = 0
        for word in words:
            one, n = self.word(word, count + total)
            compiled.append(one)
            total += n
        return tuple(compiled), total

    def word(self, word: Word, count: int = 0) -> tuple[tuple[Any, ...], int]:
        parts: list[Any] = []
        total = 0
        for part in word:
            compiled, n = self._part(part, count + total)
            parts.append(compiled)
            total += n
        return tuple(parts), total

    def _part(self, part: Any, count: int) -> tuple[Any, int]:
        match part:
            case Sub(body, quoted):
                self._substitution("substitute", body)
                return Slot(count, quoted), 1
            case ProcSub(direction, body):
                self._substitution("process_" + ("in" if direction == "<" else "out"), body)
                return Slot(count, True), 1
            case Arith(word, quoted):
                inner, n = self.word(word, count)
                return Arith(inner, quoted), n
            case ArrayLit(words):
                inner, n = self.words(words, count)
                return ArrayLit(inner), n
            case Var(name, op, word, quoted, index, other):
                return self._variable(name, op, word, quoted, index, other, count)
        return part, 0

    def _substitution(self, operation: str, body: Sequence) -> None:
        after = Target()
        self.emit(operation, after)
        tested, self.tested = self.tested, 0
        self.sequence(body, True)
        self.tested = tested
        self.emit("exit_child")
        self.place(after)

    def _variable(
        self, name: str, op: str, word: Word | None, quoted: bool, index: Word | None, other: Word | None, count: int
    ) -> tuple[Var, int]:
        total = 0
        if word is not None:
            start = len(self.steps)
            guard = Target()
            self.steps.append(("unless_needed", name, op, 0, guard))
            word, n = self.word(word, count)
            if n == 0:
                del self.steps[start:]
            else:
                self.steps[start] = ("unless_needed", name, op, n, guard)
                self.place(guard)
            total += n
        if index is not None:
            index, n = self.word(index, count + total)
            total += n
        if other is not None:
            other, n = self.word(other, count + total)
            total += n
        return Var(name, op, word, quoted, index, other), total

    def assigns(self, assigns: tuple[Assign, ...]) -> tuple[tuple[Assign, ...], int]:
        compiled = []
        total = 0
        for assign in assigns:
            index, n = self.word(assign.index, total) if assign.index is not None else (None, 0)
            value, m = self.word(assign.value, total + n)
            compiled.append(Assign(assign.name, value, assign.append, index))
            total += n + m
        return tuple(compiled), total

    def redirects(self, redirects: tuple[Redirect, ...], count: int = 0) -> tuple[tuple[Redirect, ...], int]:
        compiled = []
        total = 0
        for redirect in redirects:
            target, n = self.word(redirect.target, count + total)
            compiled.append(Redirect(redirect.fd, redirect.op, target))
            total += n
        return tuple(compiled), total
