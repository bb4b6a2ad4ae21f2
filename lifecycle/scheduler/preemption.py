"""Which Pods of lower priority have to go so that a Pod fits somewhere.

Kubernetes: pkg/scheduler/framework/preemption, pkg/scheduler/framework/plugins/defaultpreemption
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from lifecycle.core_v1.label_selector import selects
from lifecycle.scheduler.candidate import Candidate
from lifecycle.scheduler.filters import Rejection
from lifecycle.scheduler.nodes import NodeInfo, PodInfo
from lifecycle.wire import Object

NO_VICTIMS = "No preemption victims found for incoming pod"
NOT_HELPFUL = "Preemption is not helpful for scheduling"

FEWEST_CANDIDATES, CANDIDATES_PERCENT = 100, 10
"""So many nodes are looked at for victims, or this part of them, whichever is more."""

Try = Callable[[Candidate, NodeInfo], Rejection | None]
"""Why a Pod would not fit on a node as both would be then."""
Started = Callable[[PodInfo], str]
"""Since when a Pod runs (RFC 3339); one that does not run yet counts as the last of all."""
NOT_STARTED = "9999"


class Budget(NamedTuple):
    """A PodDisruptionBudget: whom it protects, how many may go now, and who has been given leave to go already."""

    namespace: str
    selector: Object
    allowed: int
    disrupted: frozenset[str]

    @classmethod
    def of(cls, budget: Object) -> Budget:
        status = budget.get("status") or {}
        return cls(
            budget["metadata"]["namespace"],
            budget["spec"].get("selector") or {},
            status.get("disruptionsAllowed") or 0,
            frozenset(status.get("disruptedPods") or ()),
        )

    def protects(self, pod: PodInfo) -> bool:
        """Say whether it counts if a Pod goes. An empty selector protects nobody."""
        if pod.namespace != self.namespace or not pod.labels or not self.selector:
            return False
        return selects(self.selector, pod.labels) and pod.name not in self.disrupted


class Victims(NamedTuple):
    """A node, the Pods that have to leave it, the most important one first, and for how many no budget allows that."""

    node: NodeInfo
    pods: tuple[PodInfo, ...]
    violations: int


class Search(NamedTuple):
    """The best choice, or the reasons why there is none, one for each node."""

    victims: Victims | None
    reasons: tuple[str, ...]


def search(
    candidate: Candidate,
    nodes: Sequence[tuple[NodeInfo, Rejection]],
    budgets: Sequence[Budget],
    first: float,
    fits: Try,
    started: Started,
) -> Search:
    """Look for the least harm that makes room for a Pod on one of the nodes that rejected it.

    `first`, from [0, 1), says with which of those that preemption may help the search begins.
    """
    hopeful = [node for node, rejection in nodes if rejection.preemption_helps]
    reasons = [NOT_HELPFUL] * (len(nodes) - len(hopeful))
    enough = max(FEWEST_CANDIDATES, len(hopeful) * CANDIDATES_PERCENT // 100)
    found: list[Victims] = []
    for i in range(len(hopeful)):
        outcome = _victims(candidate, hopeful[(int(first * len(hopeful)) + i) % len(hopeful)], budgets, fits, started)
        if isinstance(outcome, Victims):
            found.append(outcome)
            if len(found) >= enough and any(not victims.violations for victims in found):
                break
        else:
            reasons += outcome
    return Search(min(found, key=lambda victims: _harm(victims, started), default=None), tuple(reasons))


def _victims(
    candidate: Candidate, node: NodeInfo, budgets: Sequence[Budget], fits: Try, started: Started
) -> Victims | tuple[str, ...]:
    """Take all Pods of lower priority away, then let as many as possible stay, the protected and the most important first.

    More important is what has a higher priority, and among equals what runs for longer.
    """

    def importance(pod: PodInfo) -> tuple[int, str, str, str]:
        return -pod.priority, started(pod), pod.namespace, pod.name

    lower = sorted((pod for pod in node.pods.values() if pod.priority < candidate.wants.priority), key=importance)
    if not lower:
        return (NO_VICTIMS,)
    emptied = node.copy()
    for pod in lower:
        emptied.remove(pod.uid)
        candidate = candidate.moved(node, pod, -1)
    rejection = fits(candidate, emptied)
    if rejection:
        return rejection.reasons
    victims: list[PodInfo] = []
    violations = 0
    for pod, violates in _protected_first(lower, budgets):
        emptied.add(pod)
        with_it = candidate.moved(node, pod, 1)
        if fits(with_it, emptied):
            emptied.remove(pod.uid)
            victims.append(pod)
            violations += violates
        else:
            candidate = with_it
    return Victims(node, tuple(sorted(victims, key=importance)), violations)


def _protected_first(pods: Iterable[PodInfo], budgets: Sequence[Budget]) -> list[tuple[PodInfo, bool]]:
    """Return Pods with whether their going violates a budget, those whose going does first."""
    left = [budget.allowed for budget in budgets]
    found = []
    for pod in pods:
        violates = False
        for i, budget in enumerate(budgets):
            if budget.protects(pod):
                left[i] -= 1
                violates = violates or left[i] < 0
        found.append((pod, violates))
    return sorted(found, key=lambda one: not one[1])


def _harm(victims: Victims, started: Started) -> tuple[int, int, int, int, tuple[int, ...]]:
    """Order choices: fewer violated budgets, a lower highest priority, less priority in all, fewer Pods, later starts."""
    pods = victims.pods
    if not pods:
        return victims.violations, -(2**31), 0, 0, ()
    highest = pods[0].priority
    earliest = min(started(pod) for pod in pods if pod.priority == highest)
    total = sum(pod.priority + 2**31 for pod in pods)
    return victims.violations, highest, total, len(pods), tuple(-ord(character) for character in earliest)


def terminating_for(priority: int, node: NodeInfo | None) -> bool:
    """Say whether a Pod of lower priority is already leaving a node to make room."""
    pods: Iterable[PodInfo] = node.pods.values() if node else ()
    return any(pod.priority < priority and pod.preempted for pod in pods)
