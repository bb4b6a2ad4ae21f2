"""The memory of nodes: what their containers hold together, and whom the kernel kills where there is no more.

Linux: mm/oom_kill.c (oom_badness)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs

DEFAULT_SIZE = 4 << 30
"""What a node has of which nobody said how much it has."""


class Memory(msgspec.Struct):
    """One node's memory in bytes: `size` in all, `system` what is taken outside of containers, `held` by containers."""

    size: int = DEFAULT_SIZE
    system: int = 0
    held: int = 0


class NodeMemory:
    """The memory of all nodes."""

    def __init__(self, room: Programs) -> None:
        self.room = room

    def of(self, node: str) -> Memory:
        return self.room.state.memory.setdefault(node, Memory())

    def set(self, node: str, size: int, system: int) -> None:
        """Say what a node has, and what of it is taken outside of containers."""
        memory = self.of(node)
        memory.size, memory.system = size, system
        self.relieve(node)

    def hold(self, node: str, size: int) -> None:
        """Count what a container of the node holds more (or less) than before."""
        self.of(node).held += size
        self.room.usage_changed(node)

    def left(self, node: str) -> int:
        memory = self.of(node)
        return memory.size - memory.system - memory.held

    def relieve(self, node: str) -> None:
        """Kill containers until what the others hold fits into the node."""
        while self.left(node) < 0 and (victim := self._victim(node)):
            victim.oom()

    def _victim(self, node: str) -> Machine | None:
        """Return the container that the kernel finds worst: what it holds, moved by its oom_score_adj."""
        size = self.of(node).size
        found = [
            (machine.memory() * 1000 // size + state.spec.oom_score_adj, machine)
            for state in self.room.state.containers.values()
            if state.running and self.room.state.sandboxes[state.spec.sandbox].spec.node == node
            for machine in [self.room.machine(state.spec.id)]
            if any(process.memory for process in state.processes.values())
        ]
        return max(found, key=lambda one: one[0])[1] if found else None
