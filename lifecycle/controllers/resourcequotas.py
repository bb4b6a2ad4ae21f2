"""The room `resourcequotas`: how much of each ResourceQuota is used.

What is created, and what grows, is counted by admission; here a quota is counted anew when it is made or changed, and when
something that it covers has gone, has ended or may use less. Kubernetes: pkg/controller/resourcequota
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from lifecycle.apiserver.kinds import COUNTED
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.core_v1.resource_quotas import is_counted_anew, recounted
from lifecycle.core_v1.schema import Kind
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND

_PLURALS = tuple(kind.plural for kind in COUNTED)


class ResourceQuotasState(msgspec.Struct):
    """The namespaces whose quotas are about to be counted anew."""

    due: list[str] = []


class ResourceQuotas:
    def __init__(self, kernel: Kernel, state: ResourceQuotasState | None = None) -> None:
        self.kernel = kernel
        self.state = state or ResourceQuotasState()
        self._store = kernel.rooms["apiserver"].store
        kernel.rooms["apiserver"].inform(self.observe, *_PLURALS)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if not self._store.count("resourcequotas"):
            return
        if resource == "resourcequotas" and new is not None and (old is None or old["spec"] != new["spec"]):
            self._count(new)
        namespace = (new or old or {})["metadata"]["namespace"]
        if (new is None or (old is not None and is_counted_anew(resource, old, new))) and namespace not in self.state.due:
            self.state.due.append(namespace)
            self.kernel.after(LATENCY, "resourcequotas", "count", namespace)

    def on_count(self, namespace: str) -> None:
        """Count what the quotas of a namespace cover."""
        self.state.due.remove(namespace)
        for quota in list(self.kernel.rooms["apiserver"].list("resourcequotas", namespace)):
            self._count(quota)

    def _count(self, quota: Object) -> None:
        """Put what is used into a quota's status, where that says something else."""
        self.kernel.rooms["apiserver"].update(
            "resourcequotas", recounted(quota, self._objects(quota["metadata"]["namespace"]), self.kernel.now)
        )

    def _objects(self, namespace: str) -> Iterator[tuple[Kind, Object]]:
        for kind in COUNTED:
            for obj in self.kernel.rooms["apiserver"].list(kind.plural, namespace):
                yield kind, obj
