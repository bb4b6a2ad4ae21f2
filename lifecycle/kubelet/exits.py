"""Exits of containers: what the runtime makes of a process that has ended, and when.

Until it has handled the exit, the runtime takes the container for running, and so does a relist.
Kubernetes: pkg/kubelet/kuberuntime/kuberuntime_container.go (getTerminationMessage), pkg/kubelet/status (normalizeStatus)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lifecycle.clock import Micros
from lifecycle.kubelet.state import PodState
from lifecycle.programs import Exit
from lifecycle.runtime import delays
from lifecycle.runtime.records import ContainerRecord

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet

MESSAGE_LIMIT = 4096
POD_MESSAGE_LIMIT = 12288
"""What the messages of a Pod's containers may have together, each its even share (bytes, as all limits here)."""
LOG_LINES, LOG_LIMIT = 80, 2048
_ODD = re.compile("[\udc80-\udcff]")


class Exits:
    """The exits of all containers."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def on_exited(self, uid: str, result: Exit) -> None:
        """A container's first process has ended."""
        if pod := self.kubelet.state.pods.get(uid):
            self.kernel.after(
                self.kubelet.runtime.takes(delays.EXIT, pod),
                "kubelet",
                "exit_handled",
                uid,
                result.container,
                result.code,
                result.reason,
                self.kernel.now,
            )

    def on_exit_handled(self, uid: str, container_id: str, code: int, reason: str, at: Micros) -> None:
        """The runtime has noted an exit that happened at a moment."""
        pod = self.kubelet.state.pods.get(uid)
        record = pod.runtime.by_id(container_id) if pod else None
        if pod and record:
            limit = POD_MESSAGE_LIMIT // sum(1 for _ in self.kubelet.spec(pod).all_containers())
            message = self._termination_message(pod, record, code)[:limit]
            self.kubelet.runtime.exited(pod, record, code, reason, at, _text(message))
            self.kubelet.termination.exited(pod, container_id)

    def _termination_message(self, pod: PodState, record: ContainerRecord, code: int) -> bytes:
        """Return what a container left as its last word: of a long one the end."""
        container = self.kubelet.container(pod, record.name)
        if container is None:
            return b""
        written = self.kubelet.programs.read_file(record.id, container.termination_message_path)
        if written:
            return written[-MESSAGE_LIMIT:]
        if container.termination_message_policy != "FallbackToLogsOnError" or code == 0:
            return b""
        lines = self.kubelet.programs.logs(record.id)[-LOG_LINES:]
        return "".join(f"{line.text}\n" for line in lines).encode()[-LOG_LIMIT:]


def _text(message: bytes) -> str:
    """Return bytes as Go writes them into JSON: each that is no part of a character as one replacement character."""
    return _ODD.sub("\ufffd", message.decode("utf-8", "surrogateescape"))
