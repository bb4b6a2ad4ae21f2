"""In-place resize of containers. Kubernetes: pkg/kubelet/allocation, pkg/kubelet/kuberuntime (doPodResizeAction)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lifecycle.kubelet.state import Call, PodState, Step
from lifecycle.kubelet.view import View
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet


class Resize:
    """The resizes of all Pods."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet
        self.kernel = kubelet.kernel

    def restarts(self, pod: PodState) -> frozenset[str]:
        """Return the containers that a resize has to restart."""
        return frozenset()

    def conditions(self, pod: PodState, view: View) -> tuple[Object, ...]:
        """Return the conditions that tell of a resize."""
        return ()

    def step_resize(self, pod: PodState, call: Call, step: Step) -> bool:
        return True
