"""Which Pods of lower priority have to go so that a Pod fits somewhere.

Kubernetes: pkg/scheduler/framework/preemption, pkg/scheduler/framework/plugins/defaultpreemption
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from lifecycle.scheduler.filters import Rejection
from lifecycle.scheduler.nodes import NodeInfo, PodInfo

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"

Try = Callable[[NodeInfo], Rejection | None]
"""Why a Pod would not fit on a node as it would be then."""


class Victims(NamedTuple):
    """A node, and the Pods that have to leave it, the most important one first."""

    node: NodeInfo
    pods: tuple[PodInfo, ...]


class Search(NamedTuple):
    """The best choice, or the reasons why there is none, one for each node."""

    victims: Victims | None
    reasons: tuple[str, ...]


def search(priority: int, nodes: dict[str, NodeInfo], rejections: dict[str, Rejection], fits: Try) -> Search:
    """Look for the least harm that makes room for a Pod of that priority on one of the nodes that rejected it."""
    found: list[Victims] = []
    reasons: list[str] = []
    for name, rejection in rejections.items():
        if not rejection.preemption_helps:
            reasons.append(NOT_HELPFUL)
            continue
        outcome = _victims(priority, nodes[name], fits)
        if isinstance(outcome, Victims):
            found.append(outcome)
        else:
            reasons += outcome
    return Search(min(found, key=_harm, default=None), tuple(reasons))


def _victims(priority: int, node: NodeInfo, fits: Try) -> Victims | tuple[str, ...]:
    """Take all Pods of lower priority away, then let as many as possible stay, the most important first."""
    lower = sorted((pod for pod in node.pods.values() if pod.priority < priority), key=_importance)
    if not lower:
        return (NO_VICTIMS,)
    emptied = node.without(pod.uid for pod in lower)
    rejection = fits(emptied)
    if rejection:
        return rejection.reasons
    victims = []
    for pod in lower:
        emptied.add(pod)
        if fits(emptied):
            emptied.remove(pod.uid)
            victims.append(pod)
    return Victims(node, tuple(victims))


def _importance(pod: PodInfo) -> tuple[int, str, str, str]:
    """Order Pods by priority, and those of one priority by how long they have been running; among equals by name."""
    return -pod.priority, pod.started, pod.namespace, pod.name


def _harm(victims: Victims) -> tuple[int, int, int, tuple[int, ...]]:
    """Order choices: a lower highest priority, then less priority in all, fewer Pods, and such as started later."""
    pods = victims.pods
    if not pods:
        return -(2**31), 0, 0, ()
    highest = pods[0].priority
    earliest = min(pod.started for pod in pods if pod.priority == highest)
    total = sum(pod.priority + 2**31 for pod in pods)
    return highest, total, len(pods), tuple(-ord(character) for character in earliest)


def terminating_for(priority: int, node: NodeInfo | None) -> bool:
    """Say whether a Pod of lower priority is already leaving a node to make room."""
    pods: Iterable[PodInfo] = node.pods.values() if node else ()
    return any(pod.priority < priority and pod.preempted for pod in pods)
