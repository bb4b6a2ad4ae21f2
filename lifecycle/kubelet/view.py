"""What a status is made from: everything the generation of a Pod's status looks at, gathered once."""

from __future__ import annotations

import msgspec

from lifecycle.clock import Micros
from lifecycle.core_v1.types import PodSpec
from lifecycle.kubelet.state import ProbeWorker, Reason
from lifecycle.runtime.records import Snapshot
from lifecycle.wire import Object


class View(msgspec.Struct):
    """A Pod as the kubelet sees it at one moment.

    `old` is the status before, `foreign` the conditions that others wrote; `stopped` says that all containers were stopped
    for good (podIsTerminal), `restarted_all` that they were removed to be started anew.
    """

    spec: PodSpec
    snapshot: Snapshot
    old: Object
    reasons: dict[str, Reason]
    probes: dict[str, ProbeWorker]
    now: Micros
    generation: int
    foreign: tuple[Object, ...] = ()
    deleting: bool = False
    stopped: bool = False
    restarted_all: bool = False

    def worker(self, container: str, type: str) -> ProbeWorker | None:
        return self.probes.get(f"{container}/{type}")
