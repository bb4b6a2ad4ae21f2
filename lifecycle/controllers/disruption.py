"""The room `disruption`: how many of a PodDisruptionBudget's Pods are well, and how many of them may go.

Kubernetes: pkg/controller/disruption/disruption.go
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from lifecycle.apiserver.conditions import condition, with_condition
from lifecycle.clock import MILLISECOND, MINUTE, Micros, parse_rfc3339
from lifecycle.core_v1 import disruption
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

COMPONENT = "controllermanager"
LATENCY: Micros = 6 * MILLISECOND
DELETION_TIMEOUT: Micros = 2 * MINUTE
"""How long a Pod that was given leave to go counts as gone though it is still there."""
STALE: Micros = 2 * MINUTE
"""After so long a condition DisruptionTarget of which nothing came is taken back."""

NO_PODS = "No matching pods found"
NOT_COUNTED = "Failed to calculate the number of expected pods: "
UNMANAGED = (
    "Pods selected by this PodDisruptionBudget (selector: {0}) were found to be unmanaged. As a result, the status of the PDB "
    "cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set "
    '".spec.minAvailable" field of the PDB to an integer value.'
)


class Expected(msgspec.Struct, frozen=True):
    """How many Pods there ought to be, and how many of them well; which of them nobody has made."""

    count: int
    healthy: int
    unmanaged: bool = False


class DisruptionState(msgspec.Struct):
    """Budgets that are to be looked at (namespace/name)."""

    queued: dict[str, bool] = {}


class Disruption:
    def __init__(self, kernel: Kernel, state: DisruptionState | None = None) -> None:
        self.kernel = kernel
        self.state = state or DisruptionState()
        self._api = kernel.rooms["apiserver"]
        self._api.inform(self.observe, "poddisruptionbudgets", "pods")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "poddisruptionbudgets":
            if new is not None:
                self._enqueue(new)
            return
        counted = self._api.store.count("poddisruptionbudgets")
        if not counted and (new is None or not _is_target(new)):
            return
        if old is not None and new is not None and _view(old) == _view(new):
            return
        self._note_disruption(new)
        if not counted:
            return
        pod = new or old
        assert pod is not None
        for budget in self._budgets_of(pod):
            self._enqueue(budget)

    def on_sync(self, namespace: str, name: str) -> None:
        """Count the Pods of a budget anew. Kubernetes: trySync"""
        self.state.queued.pop(f"{namespace}/{name}", None)
        budget = self._api.get("poddisruptionbudgets", namespace, name)
        if budget is None:
            return
        pods = [pod for pod in self._api.list("pods", namespace) if disruption.covers(budget, pod)]
        if not pods:
            self._event(budget, "Normal", "NoPods", NO_PODS)
        expected = _expected(budget, pods)
        if isinstance(expected, str):
            self._event(budget, "Warning", "CalculateExpectedPodCountFailed", NOT_COUNTED + expected)
            status = {**_status(budget), "disruptionsAllowed": 0, "observedGeneration": budget["metadata"]["generation"]}
            failed = disruption.with_condition(budget, status, "False", "SyncFailed", expected, self.kernel.now)
            self._api.update("poddisruptionbudgets", failed)
            return
        if expected.unmanaged:
            self._event(budget, "Warning", "UnmanagedPods", UNMANAGED.format(go_selector(budget["spec"].get("selector"))))
        self._write(budget, pods, expected)

    def _write(self, budget: Object, pods: Iterable[Object], expected: Expected) -> None:
        pods = list(pods)
        disrupted = self._disrupted(budget, pods)
        healthy = sum(
            disruption.is_ready(pod)
            and not pod["metadata"].get("deletionTimestamp")
            and pod["metadata"]["name"] not in disrupted
            for pod in pods
        )
        allowed = max(healthy - expected.healthy, 0) if expected.count > 0 else 0
        status = {
            "observedGeneration": budget["metadata"]["generation"],
            **({"disruptedPods": disrupted} if disrupted else {}),
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": expected.healthy,
            "expectedPods": expected.count,
        }
        self._api.update("poddisruptionbudgets", disruption.with_allowed(budget, status, self.kernel.now))

    def _disrupted(self, budget: Object, pods: Iterable[Object]) -> dict[str, str]:
        """Return those that were given leave to go and whose going is still awaited; look again when it no longer is."""
        given = _status(budget).get("disruptedPods") or {}
        found: dict[str, str] = {}
        for pod in pods:
            metadata = pod["metadata"]
            since = given.get(metadata["name"])
            if since is None or metadata.get("deletionTimestamp"):
                continue
            until = parse_rfc3339(since) + DELETION_TIMEOUT
            if until > self.kernel.now:
                found[metadata["name"]] = since
                about = budget["metadata"]
                self.kernel.at(until, "disruption", "sync", about["namespace"], about["name"])
            else:
                about = f"{budget['metadata']['namespace']}/{budget['metadata']['name']}"
                text = f"Pod was expected by PDB {about} to be deleted but it wasn't"
                self._event(pod, "Warning", "NotDeleted", text)
        return found

    def _budgets_of(self, pod: Object) -> list[Object]:
        """Return the budget that a Pod is counted by; where several are about it, the first, which is said."""
        metadata = pod["metadata"]
        budgets = self._api.list("poddisruptionbudgets", metadata["namespace"])
        found = [budget for budget in budgets if disruption.covers(budget, pod)]
        if len(found) > 1:
            text = f'Pod "{metadata["namespace"]}"/"{metadata["name"]}" matches multiple PodDisruptionBudgets.'
            chosen = f'  Chose "{found[0]["metadata"]["name"]}" arbitrarily.'
            self._event(pod, "Warning", "MultiplePodDisruptionBudgets", text + chosen)
        return found[:1]

    def _enqueue(self, budget: Object) -> None:
        namespace, name = budget["metadata"]["namespace"], budget["metadata"]["name"]
        if f"{namespace}/{name}" not in self.state.queued:
            self.state.queued[f"{namespace}/{name}"] = True
            self.kernel.after(LATENCY, "disruption", "sync", namespace, name)

    def _note_disruption(self, pod: Object | None) -> None:
        """Look again after a Pod that is said to be about to go."""
        if pod is not None and _is_target(pod):
            metadata = pod["metadata"]
            self.kernel.after(LATENCY, "disruption", "stale", metadata["namespace"], metadata["name"], metadata["uid"])

    def on_stale(self, namespace: str, name: str, uid: str) -> None:
        """Take back that a Pod is about to go, if nothing has come of it for long enough."""
        pod = self._api.get("pods", namespace, name)
        if pod is None or pod["metadata"]["uid"] != uid or not _is_target(pod):
            return
        until = parse_rfc3339((condition(pod["status"], "DisruptionTarget") or {})["lastTransitionTime"]) + STALE
        if until > self.kernel.now:
            self.kernel.at(until, "disruption", "stale", namespace, name, uid)
        else:
            calm = {"type": "DisruptionTarget", "status": "False", "lastProbeTime": None}
            self._api.update("pods", {**pod, "status": with_condition(pod["status"], calm, self.kernel.now)})

    def _event(self, obj: Object, type: str, reason: str, message: str) -> None:
        self.kernel.rooms["recorder"].event(COMPONENT, obj, type, reason, message)


def _expected(budget: Object, pods: list[Object]) -> Expected | str:
    """Return what a budget asks for, or why that cannot be told.

    A part of the Pods, or how many may be missing, is reckoned from what their controllers want; no controller's objects are
    part of the cluster, so a Pod that names one has none that can be found. Kubernetes: getExpectedPodCount
    """
    spec = budget["spec"]
    least, most_missing = spec.get("minAvailable"), spec.get("maxUnavailable")
    if most_missing is None and (least is None or isinstance(least, int)):
        return Expected(len(pods), 0) if least is None else Expected(len(pods), least)
    for pod in pods:
        if any(owner.get("controller") for owner in pod["metadata"].get("ownerReferences") or ()):
            return f'found no controllers for pod "{pod["metadata"]["name"]}"'
    healthy = disruption.scaled(least, 0) if most_missing is None and least is not None else 0
    return Expected(0, healthy, unmanaged=bool(pods))


def go_selector(selector: Object | None) -> str:
    """Return a selector as Go prints it: `&LabelSelector{MatchLabels:map[string]string{app: web,},...}`"""
    if selector is None:
        return "nil"
    labels = "".join(f"{key}: {value}," for key, value in sorted((selector.get("matchLabels") or {}).items()))
    expressions = "".join(map(_go_requirement, selector.get("matchExpressions") or ()))
    lists = f"MatchLabels:map[string]string{{{labels}}},MatchExpressions:[]LabelSelectorRequirement{{{expressions}}}"
    return f"&LabelSelector{{{lists},}}"


def _go_requirement(one: Object) -> str:
    values = " ".join(one.get("values") or ())
    return f"LabelSelectorRequirement{{Key:{one['key']},Operator:{one['operator']},Values:[{values}],}},"


def _status(budget: Object) -> Object:
    return budget.get("status") or {}


def _is_target(pod: Object) -> bool:
    found = condition(pod["status"], "DisruptionTarget")
    ended = pod["status"].get("phase") in ("Succeeded", "Failed")
    return found is not None and found["status"] == "True" and not ended and not pod["metadata"].get("deletionTimestamp")


def _view(pod: Object) -> object:
    """Return what of a Pod matters to budgets."""
    metadata, status = pod["metadata"], pod["status"]
    target = condition(status, "DisruptionTarget") if status.get("conditions") else None
    return metadata.get("labels"), bool(metadata.get("deletionTimestamp")), disruption.is_ready(pod), target is not None
