"""A program that does what the annotation says (`behavior.py` reads it)."""

from __future__ import annotations

from lifecycle.behavior import Answer, Behavior, File, read, size, span
from lifecycle.clock import SECOND, Micros
from lifecycle.programs.commands.call import Call, command, handler
from lifecycle.programs.container_memory import BASE_MEMORY
from lifecycle.programs.files import FileError
from lifecycle.programs.machine import Machine
from lifecycle.programs.servers import GRPC, NO_HTTP, HTTPRequest, HTTPResponse, server
from lifecycle.programs.signals import NUMBERS, named
from lifecycle.programs.state import Process

GROWS_EVERY: Micros = 5 * SECOND
"""How often memory that grows is counted anew."""


def of(machine: Machine) -> Behavior:
    return read(machine.state.spec.behavior or "")


@command("behavior")
def behave(call: Call) -> int | None:
    """Do what is due now, and wait for what is due next."""
    behavior, data = of(call.machine), call.data
    start: Micros = data.setdefault("start", call.now)
    at, before = call.now - start, data.get("done", -1)
    data["done"] = at
    if "stop" in data and call.now >= data["stop"]:
        return behavior.sigterm.code
    _ports(call, behavior, at, before)
    _files(call, behavior, at, before)
    _lines(call, behavior, at, before)
    if any(before < moment <= at for answer in behavior.answers for moment in _moments(answer.since, answer.until)):
        call.machine.changed(None)
    if _grown(call, behavior, at):
        return None
    if behavior.exits is not None and at >= span(behavior.exits.after):
        return _exit(call, behavior)
    _rest(call, behavior, start, at)
    return None


def _moments(since: str | int | float, until: str | int | float | None) -> list[Micros]:
    return [span(since)] + ([span(until)] if until is not None else [])


def _ports(call: Call, behavior: Behavior, at: Micros, before: Micros) -> None:
    for listen in behavior.listens:
        if before < span(listen.after) <= at and not call.machine.listen(
            call.process, listen.port, f"behavior-{listen.protocol}"
        ):
            call.err(f"listen tcp :{listen.port}: bind: address already in use\n")
        if listen.until is not None and before < span(listen.until) <= at:
            ports = call.machine.room.ports(call.machine.sandbox)
            if listen.port in ports and ports[listen.port].pid == call.process.pid:
                del ports[listen.port]
                call.machine.changed(None)


def _files(call: Call, behavior: Behavior, at: Micros, before: Micros) -> None:
    for file in behavior.files:
        try:
            _file(call, file, at, before)
        except FileError as error:
            call.err(f"{file.path}: {error.text}\n")


def _file(call: Call, file: File, at: Micros, before: Micros) -> None:
    if before < span(file.since) <= at:
        call.write_file(file.path, file.text.encode().decode("latin-1"))
    if file.until is not None and before < span(file.until) <= at:
        place = call.view.find(call.path(file.path))[0]
        call.view.remove(place)
        call.machine.changed_files(place.tree)


def _lines(call: Call, behavior: Behavior, at: Micros, before: Micros) -> None:
    for line in behavior.output:
        first = span(line.at)
        every = span(line.every) if line.every is not None else 0
        if before < first <= at or (every and at > first and (at - first) // every > (before - first) // every):
            call.machine.write(call.process, 1 if line.stream == "stdout" else 2, line.text.encode().decode("latin-1") + "\n")


def _grown(call: Call, behavior: Behavior, at: Micros) -> bool:
    """Hold the memory of this moment; True where that was too much."""
    memory = behavior.memory
    if memory is None:
        return False
    held = size(memory.start) + size(memory.grows) * at // SECOND
    if memory.to is not None:
        held = min(held, size(memory.to))
    return not call.machine.memory.charge(call.process, held - call.process.memory)


def _exit(call: Call, behavior: Behavior) -> int | None:
    exits = behavior.exits
    assert exits is not None
    if exits.message:
        try:
            call.write_file(call.machine.state.spec.termination_message_path, exits.message.encode().decode("latin-1"))
        except FileError as error:
            call.err(f"{call.machine.state.spec.termination_message_path}: {error.text}\n")
    signal = named(exits.signal) if exits.signal else None
    if signal in NUMBERS:
        call.machine.end(call.process, 128 + NUMBERS[str(signal)], signal)
        return None
    return exits.code


def _rest(call: Call, behavior: Behavior, start: Micros, at: Micros) -> None:
    moments: list[Micros] = []
    for listen in behavior.listens:
        moments += _moments(listen.after, listen.until)
    for answer in behavior.answers:
        moments += _moments(answer.since, answer.until)
    for file in behavior.files:
        moments += _moments(file.since, file.until)
    if behavior.exits is not None:
        moments.append(span(behavior.exits.after))
    moments += [_next_line(span(line.at), span(line.every) if line.every is not None else 0, at) for line in behavior.output]
    moments += _out_of_memory(call, behavior)
    moments += _growing(call, behavior, at)
    if "stop" in call.data:
        moments.append(call.data["stop"] - start)
    following = min((moment for moment in moments if moment > at), default=None)
    if following is None:
        call.forever()
    else:
        call.machine.sleep_until(call.process, start + following)


def _next_line(first: Micros, every: Micros, at: Micros) -> Micros:
    if at < first or not every:
        return first
    return first + ((at - first) // every + 1) * every


def _out_of_memory(call: Call, behavior: Behavior) -> list[Micros]:
    """Return when the growing memory meets the limit, if it ever does."""
    memory, limit = behavior.memory, call.machine.state.memory
    if memory is None or limit is None or not size(memory.grows):
        return []
    if memory.to is not None and size(memory.to) + BASE_MEMORY <= limit:
        return []
    others = call.machine.memory.held() - call.process.memory
    return [max((limit - others - size(memory.start)) * SECOND // size(memory.grows) + SECOND // 1000, 0)]


def _growing(call: Call, behavior: Behavior, at: Micros) -> list[Micros]:
    """Return when to hold more next while the memory grows, so that the node knows of it in time."""
    memory = behavior.memory
    if memory is None or not size(memory.grows) or (memory.to is not None and call.process.memory >= size(memory.to)):
        return []
    return [(at // GROWS_EVERY + 1) * GROWS_EVERY]


@handler("behavior")
def behavior_signal(call: Call, signal: str) -> bool:
    if signal not in ("SIGTERM", "SIGINT", "SIGQUIT"):
        return False
    sigterm = of(call.machine).sigterm
    if sigterm.ignore or "stop" in call.data:
        return True
    call.data["stop"] = call.now + span(sigterm.after)
    call.machine.ready(call.process)
    return True


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen(machine: Machine, process: Process, path: str, port: int) -> tuple[int, Answer] | None:
    at = machine.kernel.now - process.data.get("start", machine.kernel.now)
    for i, answer in enumerate(of(machine).answers):
        fits = path.startswith(answer.path[:-1]) if answer.path.endswith("*") else path == answer.path
        if (
            fits
            and answer.port in (None, port)
            and span(answer.since) <= at
            and (answer.until is None or at < span(answer.until))
        ):
            return i, answer
    return None


@server("behavior-http")
def behavior_answer(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    found = _chosen(machine, process, request.path.partition("?")[0], request.port)
    if found is None:
        return HTTPResponse(200, "ok\n")
    number, answer = found
    steady = True
    status = answer.status
    if isinstance(status, list):
        counts: dict[str, int] = process.data.setdefault("asked", {})
        asked = counts.get(str(number), 0)
        counts[str(number)] = asked + 1
        steady = asked + 1 >= len(status)
        status = status[min(asked, len(status) - 1)]
    body = answer.body.encode().decode("latin-1")
    return HTTPResponse(status, body, delay=None if answer.hang else span(answer.delay), steady=steady)


@server("behavior-tcp", "behavior-grpc", manner=NO_HTTP)
def behavior_tcp(machine: Machine, process: Process, request: HTTPRequest) -> HTTPResponse:
    return HTTPResponse(0, protocol="tcp")


def _health(machine: Machine, process: Process, service: str) -> tuple[str, bool]:
    found = _chosen(machine, process, "/" + service, 0)
    return ("SERVING" if found is None or found[1].serving else "NOT_SERVING"), True


GRPC["behavior-grpc"] = _health
