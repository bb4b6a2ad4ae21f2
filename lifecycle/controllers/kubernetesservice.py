"""The room `kubernetesservice`: the Service by which Pods find the API server is always there.

Kubernetes: pkg/controlplane/controller/kubernetesservice
"""

from __future__ import annotations

import msgspec

from lifecycle.clock import SECOND, Micros
from lifecycle.controllers.bootstrap import control_plane
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

RECONCILED_EVERY: Micros = 10 * SECOND


class KubernetesServiceState(msgspec.Struct):
    """This room remembers nothing: everything stands in the objects."""


class KubernetesService:
    def __init__(self, kernel: Kernel, state: KubernetesServiceState | None = None) -> None:
        self.kernel = kernel
        self.state = state or KubernetesServiceState()
        kernel.rooms["apiserver"].inform(self.observe, "services", "endpoints", "endpointslices")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if new is None and old is not None and _is_ours(old):
            passed = (self.kernel.now - self.kernel.config.start) % RECONCILED_EVERY
            self.kernel.after(RECONCILED_EVERY - passed, "kubernetesservice", "reconcile")

    def on_reconcile(self) -> None:
        """Make anew what somebody has deleted."""
        api = self.kernel.rooms["apiserver"]
        for resource, obj in control_plane():
            if api.get(resource, obj["metadata"]["namespace"], obj["metadata"]["name"]) is None:
                api.create(resource, obj)


def _is_ours(obj: Object) -> bool:
    return (obj["metadata"]["namespace"], obj["metadata"]["name"]) == ("default", "kubernetes")
