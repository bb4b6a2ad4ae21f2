"""The shell's grammar as data: what the parser makes and the compiler takes apart.

POSIX.1-2024, Shell Command Language, and what bash and busybox ash add to it.
"""

from __future__ import annotations

import msgspec


class Lit(msgspec.Struct, frozen=True, array_like=True):
    """Text as it stands; quoted text is safe from splitting and globbing."""

    text: str
    quoted: bool = False


class Var(msgspec.Struct, frozen=True, array_like=True):
    """`$name`, `${name}`, `${name op word}`; `op` is one of - := + ? and so on, `#` in front for `${#name}`, or empty."""

    name: str
    op: str = ""
    word: Word | None = None
    quoted: bool = False
    index: Word | None = None
    other: Word | None = None


class Sub(msgspec.Struct, frozen=True, array_like=True):
    """A command substitution."""

    body: Sequence
    quoted: bool = False


class Arith(msgspec.Struct, frozen=True, array_like=True):
    """`$((...))`."""

    word: Word
    quoted: bool = False


class ProcSub(msgspec.Struct, frozen=True, array_like=True):
    """`<(...)` or `>(...)` of bash."""

    direction: str
    body: Sequence


class ArrayLit(msgspec.Struct, frozen=True, array_like=True):
    """The value of `name=(...)`."""

    words: tuple[Word, ...]


Part = Lit | Var | Sub | Arith | ProcSub | ArrayLit
Word = tuple[Part, ...]


class Redirect(msgspec.Struct, frozen=True, array_like=True):
    """`fd op target`; a here-document has op `<<` and its text as target."""

    fd: int
    op: str
    target: Word


class Assign(msgspec.Struct, frozen=True, array_like=True):
    name: str
    value: Word
    append: bool = False
    index: Word | None = None


class Simple(msgspec.Struct, frozen=True, array_like=True):
    assigns: tuple[Assign, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int


class Pipeline(msgspec.Struct, frozen=True, array_like=True):
    commands: tuple[Command, ...]
    negated: bool = False
    timed: bool = False


class AndOr(msgspec.Struct, frozen=True, array_like=True):
    first: Pipeline
    rest: tuple[tuple[str, Pipeline], ...] = ()


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A command of a list; `text` is how one in the background was written."""

    command: AndOr
    background: bool = False
    text: str = ""


class Sequence(msgspec.Struct, frozen=True, array_like=True):
    items: tuple[Item, ...]


class If(msgspec.Struct, frozen=True, array_like=True):
    branches: tuple[tuple[Sequence, Sequence], ...]
    orelse: Sequence | None


class While(msgspec.Struct, frozen=True, array_like=True):
    condition: Sequence
    body: Sequence
    until: bool


class For(msgspec.Struct, frozen=True, array_like=True):
    """`words` is None where the positional parameters are meant."""

    name: str
    words: tuple[Word, ...] | None
    body: Sequence


class Select(msgspec.Struct, frozen=True, array_like=True):
    """bash's menu: `words` is None where the positional parameters are meant."""

    name: str
    words: tuple[Word, ...] | None
    body: Sequence


class Coproc(msgspec.Struct, frozen=True, array_like=True):
    """A command in the background with a pipe to its input and one from its output, in the array of that name (bash)."""

    name: str
    body: Command
    text: str


class ArithFor(msgspec.Struct, frozen=True, array_like=True):
    start: Word
    test: Word
    step: Word
    body: Sequence


class Case(msgspec.Struct, frozen=True, array_like=True):
    word: Word
    arms: tuple[tuple[tuple[Word, ...], Sequence, str], ...]


class Function(msgspec.Struct, frozen=True, array_like=True):
    name: str
    body: Command


class Subshell(msgspec.Struct, frozen=True, array_like=True):
    body: Sequence


class Group(msgspec.Struct, frozen=True, array_like=True):
    body: Sequence


class Condition(msgspec.Struct, frozen=True, array_like=True):
    """`[[ ... ]]`: words and operators in their order; an operator is a plain string."""

    tokens: tuple[Word | str, ...]


class ArithCommand(msgspec.Struct, frozen=True, array_like=True):
    word: Word


class Redirected(msgspec.Struct, frozen=True, array_like=True):
    command: Command
    redirects: tuple[Redirect, ...]


class Unparsed(msgspec.Struct, frozen=True, array_like=True):
    """Where the parser gave up: the shell says `error` when it comes here."""

    error: SyntaxFault


class SyntaxFault(msgspec.Struct, frozen=True, array_like=True):
    """`kind` is unexpected, eof, quote, or fd; `token` what was met, `expecting` what should have been there."""

    kind: str
    token: str
    line: int
    expecting: str = ""
    text: str = ""


Command = (
    Simple
    | If
    | While
    | For
    | Select
    | Coproc
    | ArithFor
    | Case
    | Function
    | Subshell
    | Group
    | Condition
    | ArithCommand
    | Redirected
    | Unparsed
)
