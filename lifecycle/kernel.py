"""The simulation kernel: the clock, the agenda, the count of requests and outputs, and who is told what.

Every room of the engine gets the one Kernel and nothing else to make time pass or to put something out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import msgspec

from lifecycle.agenda import NORMAL, Agenda, Due, Timer
from lifecycle.clock import Micros
from lifecycle.seeds import Seeds
from lifecycle.wire import Change, Config, Object, Output, Trace


class Reply(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Whom to tell when something that takes time has ended: `rooms[room].on_<what>(*subject, result)`.

    Plain data in place of a callback, so that whoever waits can be saved.
    """

    room: str
    what: str
    subject: tuple[Any, ...] = ()


class Pod(msgspec.Struct, frozen=True, array_like=True):
    """Which Pod (and container) a trace is about."""

    namespace: str
    name: str
    uid: str
    container: str = ""


LAST: Micros = 1 << 61
"""What is to be done later still is done then, in some 73,000 years: moments stay numbers that can be saved."""
NOWHERE = Pod("", "", "", "")


class KernelState(msgspec.Struct):
    """What of the kernel is saved."""

    config: Config
    now: Micros
    index: int = 0
    number: int = 0
    agenda: list[tuple[Due, Timer]] = []
    outputs: list[Output] = []


class Because:
    """A stretch of work with a cause of its own. Written out, for there are thousands of them in a life."""

    __slots__ = ("_before", "_index", "_kernel")

    def __init__(self, kernel: Kernel, index: int) -> None:
        self._kernel, self._index = kernel, index

    def __enter__(self) -> None:
        self._before, self._kernel.cause = self._kernel.cause, self._index

    def __exit__(self, *_: object) -> None:
        self._kernel.cause = self._before


class Kernel:
    """Virtual time and the way out."""

    def __init__(self, state: KernelState) -> None:
        self.config = state.config
        self.now = state.now
        self.index = state.index
        self.seeds = Seeds(state.config.seed)
        self.agenda = Agenda(state.agenda, state.number)
        self.cause = 0
        self.rooms: dict[str, Any] = {}
        self._handlers: dict[tuple[str, str], Callable[..., None]] = {}
        self.because: Callable[[int], Because] = partial(Because, self)
        """Let what comes out and what is scheduled inside name an index as its cause."""
        self.outputs: list[Output] = list(state.outputs)

    def save(self) -> KernelState:
        return KernelState(self.config, self.now, self.index, self.agenda.number, self.agenda.saved(), self.outputs)

    def at(self, at: Micros, room: str, what: str, *subject: Any, priority: int = NORMAL, periodic: bool = False) -> int:
        """Have `rooms[room].on_<what>(*subject)` called at a moment (never before now); return the timer's number."""
        timer = Timer(room, what, subject, self.cause, periodic)
        return self.agenda.add(max(self.now, at if at < LAST else LAST), timer, priority)

    def after(self, delay: Micros, room: str, what: str, *subject: Any, priority: int = NORMAL, periodic: bool = False) -> int:
        timer = Timer(room, what, subject, self.cause, periodic)
        if delay >= LAST:
            delay = LAST - self.now
        return self.agenda.add(self.now + delay if delay > 0 else self.now, timer, priority)

    def cancel(self, number: int | None) -> None:
        if number is not None:
            self.agenda.cancel(number)

    def tell(self, reply: Reply, result: Any) -> None:
        """Give a result to whoever asked for it, now."""
        self._handler(reply.room, reply.what)(*reply.subject, result)

    def fire(self, by: Micros) -> bool:
        """Do what the next timer says that is due by a moment; the clock goes to it. Say whether there was one."""
        due = self.agenda.pop(by)
        if due is None:
            return False
        at, timer = due
        if at > self.now:
            self.now = at
        self.cause = timer.cause
        handler = self._handlers.get((timer.room, timer.what)) or self._handler(timer.room, timer.what)
        handler(*timer.subject)
        return True

    def earlier(self, at: Micros, room: str, what: str, *subject: Any) -> None:
        """Go back to do what was left undone at a moment, and what follows from it until now. What it puts out comes now."""
        now, cause, first = self.now, self.cause, len(self.outputs)
        self.now = at
        self._handler(room, what)(*subject)
        while self.fire(now - 1):
            pass
        self.now, self.cause = now, cause
        self.outputs[first:] = [msgspec.structs.replace(output, at=now) for output in self.outputs[first:]]

    def _handler(self, room: str, what: str) -> Callable[..., None]:
        handler = self._handlers.get((room, what))
        if handler is None:
            handler = self._handlers[room, what] = getattr(self.rooms[room], f"on_{what}")
        return handler

    def next_index(self) -> int:
        self.index += 1
        return self.index

    def change(self, type: Literal["ADDED", "MODIFIED", "DELETED"], obj: Object) -> int:
        """Put out a change of an object and return its index. Only the API server calls this."""
        self.index = index = self.index + 1
        self.outputs.append(Change(index, self.now, self.cause, type, obj))
        return index

    def trace(self, kind: str, pod: Pod = NOWHERE, **body: Any) -> int:
        """Put out a trace and return its index."""
        self.index = index = self.index + 1
        self.outputs.append(Trace(index, self.now, self.cause, kind, pod.namespace, pod.name, pod.uid, pod.container, body))
        return index
