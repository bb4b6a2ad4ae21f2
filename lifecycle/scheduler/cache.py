"""What the scheduler knows of the whole cluster: its nodes, the Pods on them, and those for which room was made.

Kubernetes: pkg/scheduler/backend/cache (cache.go, node_tree.go), pkg/scheduler/backend/queue/nominator.go
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from lifecycle.scheduler.images import Images
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.scheduler.population import Population
from lifecycle.wire import Object


class Cache:
    """`nodes` by name; `claims` counts the Pods that use each claim (namespace and name).

    `generation` grows whenever a node changes.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, NodeInfo] = {}
        self.claims: Counter[tuple[str, str]] = Counter()
        self.images = Images()
        self.generation = 0
        self._changed: dict[str, int] = {}
        """The generation as of which each node is what it is, the last one that changed at the end."""
        self._assigned: dict[str, str] = {}
        self._nominated: dict[str, dict[str, PodInfo]] = {}
        self._nominated_to: dict[str, str] = {}
        self._affine = 0
        self._population: Population | None = None
        self._order: list[NodeInfo] | None = None
        self._places: dict[str, int] = {}

    def set_node(self, node: Object) -> NodeInfo:
        """Take over what a Node object says, of a new node or of one that is known."""
        name = node["metadata"]["name"]
        info = self.nodes.get(name)
        if info is None:
            info = self.nodes[name] = NodeInfo(node)
            images: Mapping[str, int] = {}
            self._order = None
        else:
            zone, images = info.zone, info.images
            info.set(node)
            if info.zone != zone:
                self._order = None
        self.images.move(name, images, info.images)
        self._touch(name)
        return info

    def remove_node(self, name: str) -> None:
        info = self.nodes.get(name)
        if info is not None:
            for uid in list(info.pods):
                self.remove_pod(uid)
            self.images.move(name, info.images, {})
            del self.nodes[name]
            self._changed.pop(name, None)
            self._order = None

    def set_pod(self, pod: PodInfo, node: str) -> None:
        """Count a Pod on a node, as it is now; on a node that is not known it counts nowhere."""
        self.remove_pod(pod.uid)
        info = self.nodes.get(node)
        if info is not None:
            self._assigned[pod.uid] = node
            info.add(pod)
            self._touch(node)
            self._count(node, pod, 1)

    def remove_pod(self, uid: str) -> bool:
        """Take a Pod off its node; say whether it was on one."""
        node = self._assigned.pop(uid, None)
        if node is None:
            return False
        info = self.nodes[node]
        self._count(node, info.pods[uid], -1)
        info.remove(uid)
        self._touch(node)
        return True

    def pod(self, uid: str) -> PodInfo | None:
        node = self._assigned.get(uid)
        return self.nodes[node].pods[uid] if node is not None else None

    def ordered(self) -> list[NodeInfo]:
        """Return the nodes in the order in which they are looked at: one of each zone in turn."""
        if self._order is None:
            zones: dict[str, list[NodeInfo]] = {}
            for info in sorted(self.nodes.values(), key=_age):
                zones.setdefault(info.zone, []).append(info)
            self._order = [info for row in zip_longest(*zones.values()) for info in row if info is not None]
            self._places = {info.name: place for place, info in enumerate(self._order)}
        return self._order

    @property
    def places(self) -> Mapping[str, int]:
        """The place of each node in the order of all, by name."""
        self.ordered()
        return self._places

    def changed_since(self, generation: int) -> Iterator[str]:
        """Give the names of the nodes that are not what they were at a generation."""
        for name in reversed(self._changed):
            if self._changed[name] <= generation:
                return
            yield name

    @property
    def affine(self) -> bool:
        """Whether any Pod on a node minds which others are near."""
        return self._affine > 0

    @property
    def population(self) -> Population:
        """The Pods by what they are, counted from the first time that somebody asks."""
        if self._population is None:
            self._population = Population()
            for node in self.nodes.values():
                for pod in node.pods.values():
                    self._population.count(node.name, pod, 1)
        return self._population

    def nominate(self, pod: PodInfo, node: str) -> None:
        """Note for which node others had to make room for a Pod that is not there yet."""
        self.forget_nomination(pod.uid)
        self._nominated_to[pod.uid] = node
        self._nominated.setdefault(node, {})[pod.uid] = pod

    def forget_nomination(self, uid: str) -> None:
        node = self._nominated_to.pop(uid, None)
        if node is not None:
            del self._nominated[node][uid]
            if not self._nominated[node]:
                del self._nominated[node]

    @property
    def nominations(self) -> bool:
        """Whether room was made for any Pod that is not there yet."""
        return bool(self._nominated)

    def nominated(self, node: str) -> Iterable[PodInfo]:
        """Return the Pods for which others had to leave a node."""
        return self._nominated.get(node, {}).values()

    def _count(self, node: str, pod: PodInfo, sign: int) -> None:
        if pod.anti_affinity or pod.attractions:
            self._affine += sign
        for claim in pod.claims:
            self.claims[pod.namespace, claim] += sign
        if self._population is not None:
            self._population.count(node, pod, sign)

    def _touch(self, node: str) -> None:
        self.generation += 1
        self._changed.pop(node, None)
        self._changed[node] = self.generation

    def __iter__(self) -> Iterator[NodeInfo]:
        return iter(self.nodes.values())


def _age(info: NodeInfo) -> tuple[str, str]:
    """Order nodes by when they came, so that a scheduler that has read them anew looks at them in the same order."""
    return info.node["metadata"].get("creationTimestamp", ""), info.name
