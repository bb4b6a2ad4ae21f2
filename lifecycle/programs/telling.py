"""Who is told what by the room: results, that something has changed that a probe could see, that usage has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.clock import Micros
from lifecycle.kernel import Kernel, Reply
from lifecycle.programs.exchange import Reached
from lifecycle.programs.interface import ConnectResult, ExecResult, Exit, GRPCResult, HTTPResult, SystemOOM
from lifecycle.programs.state import SandboxState

if TYPE_CHECKING:
    from lifecycle.programs.room import ProgramsState

Result = Exit | ExecResult | HTTPResult | ConnectResult | GRPCResult | SystemOOM


class Answer(msgspec.Struct):
    """A reply that is still to be told. `version` is told where there is no result."""

    reply: Reply
    result: Result | None = None
    version: int = 0


class UsageWatcher(msgspec.Struct, array_like=True):
    """Who is told once what a node holds has grown by more than so many bytes of memory or disk; `always`: at any change."""

    reply: Reply
    memory: int
    disk: int
    always: bool


class Watched(msgspec.Struct, array_like=True):
    """Something outside of all sandboxes, how often it has changed, and who waits for the next time."""

    version: int = 0
    waiting: list[Reply] = []


class Telling:
    """The part of the room that tells others.

    No reply is told inside the call that asked for it: each comes from the agenda, at the same instant at the earliest.
    """

    kernel: Kernel
    state: ProgramsState

    def version(self, name: str) -> int:
        """Return a number that grows whenever something that a probe could see has changed in a sandbox, or elsewhere."""
        found = self.state.sandboxes.get(name) or self.state.watched.get(name)
        return found.version if found else 0

    def looked(self, reached: Reached) -> dict[str, int]:
        """Return the versions of what decides where a connection comes to."""
        return {name: self.version(name) for name in reached.looked}

    def when_changed(self, name: str, reply: Reply) -> None:
        """Tell `reply` the new version, once, at the next such change."""
        found = self.state.sandboxes.get(name) or self.state.watched.setdefault(name, Watched())
        found.waiting.append(reply)

    def bump(self, name: str) -> None:
        """Count a change in a sandbox, or elsewhere, and tell those who wait for one."""
        found = self.state.sandboxes.get(name) or self.state.watched.setdefault(name, Watched())
        found.version += 1
        if found.waiting:
            self.tell_waiting(found)

    def tell_waiting(self, found: SandboxState | Watched) -> None:
        """Tell those who wait for a change that it has come."""
        waiting, found.waiting = found.waiting, []
        for reply in waiting:
            self.answer(reply, None, version=found.version)

    def when_usage_grows(self, node: str, reply: Reply, memory: int, disk: int, always: bool = False) -> None:
        """Tell `reply`, once, when a node holds more than so many bytes of memory or of disk beyond what it holds now.

        `always`: at the next change, whatever it is. Not counted are processes' own few bytes, and the files that a container
        begins with.
        """
        self.state.usage_watchers[node] = UsageWatcher(reply, memory, disk, always)

    def usage_changed(self, node: str, memory: int = 0, disk: int = 0) -> None:
        """Count what a node holds more (or less) than before, in bytes."""
        watcher = self.state.usage_watchers.get(node)
        if watcher is None:
            return
        watcher.memory -= memory
        watcher.disk -= disk
        if watcher.always or watcher.memory < 0 or watcher.disk < 0:
            del self.state.usage_watchers[node]
            self.answer(watcher.reply, None)

    def answer(self, reply: Reply, result: Result | None, delay: Micros = 0, version: int = 0) -> None:
        """Tell a reply its result after a while, never at once."""
        self.state.answered += 1
        self.state.answers[self.state.answered] = Answer(reply, result, version)
        self.kernel.after(delay, "programs", "answer", self.state.answered)

    def on_answer(self, number: int) -> None:
        answer = self.state.answers.pop(number)
        self.kernel.tell(answer.reply, answer.version if answer.result is None else answer.result)
