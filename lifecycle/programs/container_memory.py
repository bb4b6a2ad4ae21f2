"""What a container holds of memory, and when it holds too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.state import Process

BASE_MEMORY = 300 << 10
"""Bytes that any process holds."""

MAX_HELD = 32 << 20
"""How many bytes a container's processes may hold together: variables, arguments, what stands in pipes and documents."""
WEIGHED_EVERY = 10_000
"""After how many steps that is looked at again."""

_ENCODE = msgspec.msgpack.Encoder().encode


class ContainerMemory:
    """One container's memory, in bytes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.state = machine.state
        self.sandbox = machine.sandbox
        self.node_memory = machine.room.node_memory

    def held(self) -> int:
        """Return what the container holds, in bytes: its processes, and what it wrote into file systems in memory."""
        held = sum(process.memory + BASE_MEMORY for process in self.state.processes.values() if process.code is None)
        return held + self.state.tmpfs

    def charge(self, process: Process, size: int) -> bool:
        """Let a process hold more memory; False where it was killed for that.

        Beyond its own limit the container is killed (memory.oom.group); where its node has no more, the one that the kernel
        chooses.
        """
        self.hold(process, size)
        if size > 0:
            self.relieve()
        return process.code is None

    def relieve(self) -> None:
        """Have somebody killed where there is too little memory for what the container holds now."""
        limit = self.state.memory
        if limit is not None and self.held() > limit:
            self.oom()
            return
        self.node_memory.relieve_pod(self.sandbox)
        self.node_memory.relieve(self.sandbox.spec.node)

    def hold(self, process: Process, size: int) -> None:
        """Count what a process holds more (or, below zero, less) than before."""
        if size:
            process.memory += size
            self.node_memory.hold(self.sandbox.spec.node, size)

    def left(self) -> int:
        """Return how much more memory the container can hold."""
        limit = self.state.memory
        left = self.node_memory.left(self.sandbox.spec.node)
        if self.sandbox.spec.memory is not None:
            left = min(self.sandbox.spec.memory - self.node_memory.held_by(self.sandbox), left)
        return left if limit is None else min(limit - self.held(), left)

    def oom(self) -> None:
        """Kill the container."""
        self.state.oom = True
        first = self.state.processes.get(self.state.first)
        if first:
            self.machine.end(first, 137, "SIGKILL")

    def too_heavy(self) -> bool:
        """Look, now and then, at what all processes hold; say whether it was too much, and the container killed for it."""
        state = self.state
        if state.budget.done - state.weighed < WEIGHED_EVERY:
            return False
        state.weighed = state.budget.done
        if sum(map(len, map(_ENCODE, (state.processes, state.opens, state.pipes)))) <= MAX_HELD:
            return False
        met = f"{MAX_HELD >> 20} MiB in what its processes hold"
        self.machine.limit("bytes", met, "it is killed as when it is out of memory")
        self.oom()
        return True
