"""The memory of nodes: what their containers hold together, and whom the kernel kills where there is no more.

Linux: mm/oom_kill.c (oom_badness)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from lifecycle.kernel import Reply
from lifecycle.programs.interface import SystemOOM

if TYPE_CHECKING:
    from lifecycle.programs.files import Tree
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.room import Programs
    from lifecycle.programs.state import SandboxState

DEFAULT_SIZE = 4 << 30
"""What a node has of which nobody said how much it has."""


class Memory(msgspec.Struct):
    """One node's memory in bytes: `size` in all, `system` what is taken outside of containers, `held` by containers.

    `reply` is told of kills.
    """

    size: int = DEFAULT_SIZE
    system: int = 0
    held: int = 0
    reply: Reply | None = None


class NodeMemory:
    """The memory of all nodes."""

    def __init__(self, room: Programs) -> None:
        self.room = room

    def of(self, node: str) -> Memory:
        return self.room.state.memory.setdefault(node, Memory())

    def set(self, node: str, size: int, system: int, reply: Reply) -> None:
        """Say what a node has, what of it is taken outside of containers, and who is told of kills."""
        memory = self.of(node)
        memory.size, memory.system, memory.reply = size, system, reply
        self.relieve(node)

    def hold(self, node: str, size: int) -> None:
        """Count what a container of the node holds more (or less) than before."""
        self.of(node).held += size
        self.room.usage_changed(node, memory=size)

    def left(self, node: str) -> int:
        memory = self.of(node)
        return memory.size - memory.system - memory.held

    def relieve(self, node: str) -> None:
        """Kill containers until what the others hold fits into the node."""
        memory = self.of(node)
        while self.left(node) < 0 and (victim := self._victim(self._on(node), memory.size)):
            worst = max(victim.state.processes.values(), key=lambda process: process.memory)
            if memory.reply:
                self.room.answer(memory.reply, SystemOOM(worst.argv[0].rpartition("/")[2], worst.pid))
            victim.memory.oom()

    def held_by(self, sandbox: SandboxState) -> int:
        """Return what a Pod's containers hold together."""
        return sum(self.room.machine(one).memory.held() for one in sandbox.containers)

    def relieve_pod(self, sandbox: SandboxState) -> None:
        """Kill containers of a Pod until the others hold what they may together."""
        limit = sandbox.spec.memory
        while limit is not None and self.held_by(sandbox) > limit and (victim := self._victim(sandbox.containers, limit)):
            victim.memory.oom()

    def count_files(self, machine: Machine, tree: Tree) -> None:
        """Charge what a file system in memory holds more than before to who wrote it; give back what it holds less."""
        more, tree.node = tree.bytes - sum(tree.charged.values()), machine.sandbox.spec.node
        if more > 0:
            container = machine.state.spec.id
            tree.charged[container] = tree.charged.get(container, 0) + more
            machine.state.tmpfs += more
            self.hold(tree.node, more)
            machine.memory.relieve()
        elif more < 0:
            self.free_files(tree, -more)

    def free_files(self, tree: Tree, size: int) -> None:
        """Give back so much of what a file system in memory was charged for."""
        for container, held in list(tree.charged.items()):
            freed = min(held, size)
            tree.charged[container], size = held - freed, size - freed
            if state := self.room.state.containers.get(container):
                state.tmpfs -= freed
            self.hold(tree.node, -freed)

    def _on(self, node: str) -> list[str]:
        sandboxes = [one for one in self.room.state.sandboxes.values() if one.spec.node == node]
        return [container for sandbox in sandboxes for container in sandbox.containers]

    def _victim(self, containers: list[str], size: int) -> Machine | None:
        """Return the container that the kernel finds worst: what it holds of `size`, moved by its oom_score_adj."""
        machines = [self.room.machine(one) for one in containers if self.room.state.containers[one].running]
        holding = [one for one in machines if one.state.tmpfs or any(p.memory for p in one.state.processes.values())]
        return max(holding, key=lambda one: one.memory.held() * 1000 // size + one.state.spec.oom_score_adj, default=None)
