"""A Pod that looks for a node. Kubernetes: pkg/scheduler/framework (CycleState)"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from lifecycle.scheduler.affinity_terms import NamespaceLabels
from lifecycle.scheduler.cache import Cache
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.pod_affinity import PodAffinity, pod_affinity
from lifecycle.scheduler.topology_spread import TopologySpread, topology_spread
from lifecycle.scheduler.volumes import Objects, PodClaims
from lifecycle.wire import Object


class Candidate(NamedTuple):
    """What of a Pod, and of all others for it, filters ask for.

    `busy` says how many others use the claims that one Pod alone may use; `looks_around` whether anything beside the node that
    is looked at matters at all.
    """

    pod: Object
    wants: PodInfo
    tolerations: list[dict[str, Any]]
    spread: TopologySpread | None = None
    affinity: PodAffinity | None = None
    claims: PodClaims | None = None
    objects: Objects | None = None
    busy: int = 0
    looks_around: bool = False

    @classmethod
    def of(cls, pod: Object) -> Candidate:
        """Return a Pod for filters that look at one node alone."""
        return cls(pod, PodInfo.of(pod), pod["spec"].get("tolerations") or [])

    @classmethod
    def among(
        cls, pod: Object, cache: Cache, namespace_labels: NamespaceLabels, objects: Objects, claims: PodClaims | None = None
    ) -> Candidate:
        """Return a Pod for all filters."""
        spread = affinity = None
        if pod["spec"].get("topologySpreadConstraints"):
            spread = topology_spread(pod, cache, cache.population)
        if cache.affine or pod["spec"].get("affinity"):
            affinity = pod_affinity(pod, cache.nodes, cache.population, namespace_labels)
        namespace = pod["metadata"]["namespace"]
        busy = sum(cache.claims[namespace, name] for name in claims.exclusive) if claims else 0
        around = spread is not None or affinity is not None or claims is not None
        found = cls.of(pod)
        return found._replace(spread=spread, affinity=affinity, claims=claims, objects=objects, busy=busy, looks_around=around)

    def moved(self, node: NodeInfo, other: PodInfo, sign: int) -> Candidate:
        """Return what would be so with a Pod more (1) or less (-1) on a node."""
        if not self.looks_around:
            return self
        shared = len(self.claims.exclusive.intersection(other.claims)) if self.claims else 0
        return self._replace(
            spread=self.spread.moved(node.name, other, sign) if self.spread else None,
            affinity=self.affinity.moved(node, other, sign) if self.affinity else None,
            busy=self.busy + sign * (shared if other.namespace == self.wants.namespace else 0),
        )

    def shape(self) -> bytes:
        """Return what two Pods share that a single node treats alike."""
        spec = self.pod["spec"]
        affinity = (spec.get("affinity") or {}).get("nodeAffinity")
        parts = (self.wants.requested, self.wants.cpu, self.wants.memory, self.wants.ports, spec.get("nodeSelector"))
        return msgspec.json.encode((*parts, affinity, self.tolerations))
