"""The annotation `podhub.dev/behavior.<container>`: what a container does, said in data instead of a command.

    listens: [{port: 8080, after: 5s}]
    answers:
    - {path: /healthz, status: 200, until: 30s}
    - {path: /healthz, status: 500}
    exits: {after: 2m, code: 1, message: out of luck}
    memory: {start: 50Mi, grows: 5Mi}
    sigterm: {after: 3s, code: 0}
    output: [{text: ready, at: 5s}]

A span is a number of seconds or a text such as `300ms`, `5s`, `2m`; a size is a number of bytes or a text such as `50Mi`. Every
moment counts from the container's start. `SCHEMA` is the JSON schema.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Literal

import msgspec

from lifecycle.clock import SECOND, Micros, parse_go_duration
from lifecycle.core_v1 import yaml_reader
from lifecycle.core_v1.yaml_reader import Places, Unreadable

Span = Annotated[str | int | float, msgspec.Meta(description="a number of seconds, or a text such as 300ms, 5s, 2m")]
Size = Annotated[str | int, msgspec.Meta(description="a number of bytes, or a text such as 50Mi, 1Gi")]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Status = Annotated[int, msgspec.Meta(ge=100, le=599)]


class Listen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A port that is open from `after` until `until` (for ever). What answers there is http, tcp (nothing) or grpc (health)."""

    port: Port
    after: Span = 0
    until: Span | None = None
    protocol: Literal["http", "tcp", "grpc"] = "http"


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """What is answered to a request. The first answer counts whose port, path and time fit; without one it is 200.

    `path` fits itself, or everything that starts with it where it ends in `*`. `status` may be a list: one for each request,
    the last one from then on. `delay` is the time until the answer; with `hang` none ever comes. `serving` is a gRPC
    server's health.
    """

    path: str = "*"
    port: Port | None = None
    status: Status | Annotated[list[Status], msgspec.Meta(min_length=1)] = 200
    body: str = ""
    delay: Span = 0
    hang: bool = False
    serving: bool = True
    since: Span = 0
    until: Span | None = None


class Exit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When and how the container ends by itself. `message` is written to its termination log."""

    after: Span = 0
    code: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    signal: str | None = None
    message: str = ""


class Memory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much memory the container holds: `start`, and `grows` more each second, up to `to`. At its limit it is OOM-killed."""

    start: Size = 0
    grows: Size = 0
    to: Size | None = None


class SigTerm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What SIGTERM does: the container ends `after` a while with `code`, or takes no notice (`ignore`)."""

    after: Span = 0
    code: Annotated[int, msgspec.Meta(ge=0, le=255)] = 0
    ignore: bool = False


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of output at a moment, and again `every` so often."""

    text: str
    at: Span = 0
    every: Span | None = None
    stream: Literal["stdout", "stderr"] = "stdout"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """A file that is there from `from` until `until`: what an exec probe looks for."""

    path: str
    text: str = ""
    since: Span = 0
    until: Span | None = None


class Behavior(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a container does, from its start on. Without `exits` it runs until it is told to stop."""

    listens: list[Listen] = []
    answers: list[Answer] = []
    exits: Exit | None = None
    memory: Memory | None = None
    sigterm: SigTerm = SigTerm()
    output: list[Line] = []
    files: list[File] = []


SCHEMA: dict[str, Any] = msgspec.json.schema(Behavior)

EXAMPLES: dict[str, str] = {
    "a server that is slow to start": "listens: [{port: 8080, after: 20s}]\n",
    "a server that breaks after a minute": (
        "listens: [{port: 8080}]\nanswers:\n- {path: /healthz, status: 200, until: 60s}\n- {path: /healthz, status: 500}\n"
    ),
    "a readiness check that fails twice": "listens: [{port: 80}]\nanswers: [{path: /ready, status: [503, 503, 200]}]\n",
    "a leak": "memory: {start: 40Mi, grows: 2Mi}\n",
    "a job": "output: [{text: working}]\nexits: {after: 30s, code: 0}\n",
    "a program that takes its time to stop": "listens: [{port: 80}]\nsigterm: {after: 12s}\n",
    "a program that must be killed": "sigterm: {ignore: true}\n",
    "a gRPC server that stops serving": (
        "listens: [{port: 5000, protocol: grpc}]\nanswers: [{serving: true, until: 30s}, {serving: false}]\n"
    ),
}


class BehaviorError(Exception):
    """What is wrong in an annotation: the line of its text, the field and what is allowed there."""


PREFIX = "podhub.dev/behavior."


@lru_cache(maxsize=1024)
def read(text: str) -> Behavior:
    """Return what an annotation says. Raises: BehaviorError."""
    try:
        nodes = yaml_reader.read(text)
    except Unreadable as error:
        raise BehaviorError(f"line {error.line}: it is not YAML: {error.message}") from error
    if len(nodes) > 1:
        raise BehaviorError("it is more than one document of YAML")
    try:
        return _converted(nodes[0].value if nodes else None)
    except BehaviorError as error:
        line = _line(nodes[0].places, str(error))
        raise BehaviorError(f"line {line}: {error}" if line else str(error)) from error


def _line(places: Places, problem: str) -> int:
    """Return the line of the field that a complaint begins with, or of the nearest around it; 0 where none is meant."""
    path = re.match(r"[a-z]+(?:\[\d+\])?(?:\.[a-z]+)*(?=:)", problem)
    if not path:
        return 0
    steps = (int(step) if step.isdigit() else step for step in re.findall(r"[a-z]+|\d+", path.group()))
    return yaml_reader.where(places, tuple(steps))[0]


def _converted(data: Any) -> Behavior:
    try:
        behavior = msgspec.convert({} if data is None else data, Behavior)
    except msgspec.ValidationError as error:
        raise BehaviorError(_explained(str(error))) from error
    _check(behavior)
    return behavior


_KINDS: dict[str, Any] = {
    "listens": Listen,
    "answers": Answer,
    "exits": Exit,
    "memory": Memory,
    "sigterm": SigTerm,
    "output": Line,
    "files": File,
}


def _explained(text: str) -> str:
    """Return msgspec's complaint with the field in front, and the fields that there are where one is unknown."""
    what, _, where = text.partition(" - at ")
    path = where.strip("`").removeprefix("$").lstrip(".")
    if "unknown field" in what:
        kind = _KINDS.get(re.split(r"[.\[]", path)[0], Behavior)
        names = ", ".join(field.encode_name for field in msgspec.structs.fields(kind))
        what += f"; there are {names}"
    return f"{path}: {what}" if path else what


def _check(behavior: Behavior) -> None:
    """Read every span and size once, so that a bad one is found now. Raises: BehaviorError."""
    for name, items in _parts(behavior):
        for i, item in enumerate(items):
            for field in msgspec.structs.fields(item):
                value = getattr(item, field.name)
                where = (
                    f"{name}[{i}].{field.encode_name}"
                    if name in ("listens", "answers", "output", "files")
                    else f"{name}.{field.encode_name}"
                )
                if field.name in ("after", "until", "delay", "since", "at", "every") and value is not None:
                    span(value, where)
                elif field.name in ("start", "grows", "to") and value is not None:
                    size(value, where)
    for i, line in enumerate(behavior.output):
        if line.every is not None and span(line.every) < SECOND // 10:
            raise BehaviorError(f"output[{i}].every: must be 100ms or more")


def _parts(behavior: Behavior) -> list[tuple[str, list[Any]]]:
    one = [("exits", behavior.exits), ("memory", behavior.memory), ("sigterm", behavior.sigterm)]
    many: list[tuple[str, list[Any]]] = [
        ("listens", list(behavior.listens)),
        ("answers", list(behavior.answers)),
        ("output", list(behavior.output)),
        ("files", list(behavior.files)),
    ]
    return many + [(name, [item]) for name, item in one if item is not None]


def span(value: str | int | float, where: str = "") -> Micros:
    """Return a span in Micros. Raises: BehaviorError."""
    try:
        micros = round(float(value) * SECOND) if not isinstance(value, str) else parse_go_duration(value)
    except (ValueError, OverflowError):
        raise BehaviorError(
            f"{where}: {value!r} is no span of time; it is a number of seconds, or a text such as 300ms, 5s, 2m"
        ) from None
    if not 0 <= micros <= 100 * 365 * 86400 * SECOND:
        raise BehaviorError(f"{where}: {value!r} must lie between 0 and 100 years")
    return micros


MOST_BYTES = 1 << 60

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30}


def size(value: str | int, where: str = "") -> int:
    """Return a size in bytes. Raises: BehaviorError."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(k|M|G|Ki|Mi|Gi)?", str(value))
    if not match:
        raise BehaviorError(f"{where}: {value!r} is no size; it is a number of bytes, or a text such as 50Mi, 1Gi")
    number = float(match[1]) * _UNITS[match[2] or ""]
    if number > MOST_BYTES:
        raise BehaviorError(f"{where}: {value!r} is more memory than there is: 1 EiB at most")
    return round(number)
