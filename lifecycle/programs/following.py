"""Who reads files as they grow: `tail -f` and its like are called again when one changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifecycle.programs.machine import Machine
    from lifecycle.programs.state import Process


FOLLOW_STEPS = 15
"""What each look at files that are followed counts for."""


def follow(machine: Machine, process: Process, paths: list[str]) -> None:
    """Have a process called again when one of these files changes."""
    room = machine.room
    process.waiting = "follow"
    trees = sorted({machine.view.place(path).tree for path in paths})
    process.data["trees"] = trees
    machine.work(FOLLOW_STEPS)
    for sandbox in {
        machine.state.spec.sandbox,
        *(user for tree in trees if tree for user in room.state.volumes[tree].users),
    }:
        if machine.state.spec.id not in room.state.sandboxes[sandbox].followers:
            room.state.sandboxes[sandbox].followers.append(machine.state.spec.id)


def files_changed(machine: Machine, tree: str) -> None:
    """Wake those who follow files of a tree."""
    room = machine.room
    followers = (
        machine.sandbox.followers
        if not tree
        else [one for user in room.state.volumes[tree].users for one in room.state.sandboxes[user].followers]
    )
    machine.work(len(followers))
    for container_id in dict.fromkeys(followers):
        state = room.state.containers.get(container_id)
        for process in state.processes.values() if state and (tree or container_id == machine.state.spec.id) else ():
            if process.waiting == "follow" and process.timer is None and tree in process.data["trees"]:
                process.timer = room.kernel.at(room.kernel.now, "programs", "wake", container_id, process.pid)
