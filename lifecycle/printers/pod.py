"""`kubectl describe pod`, to the byte.

Kubernetes: kubectl/pkg/describe (describePod), kubectl 1.36.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.core_v1.qos import qos_class
from lifecycle.printers.containers import containers, resources
from lifecycle.printers.durations import age
from lifecycle.printers.events import described_with_events
from lifecycle.printers.fields import typed
from lifecycle.printers.metadata import (
    NONE,
    Object,
    annotation_lines,
    controller,
    label_lines,
    label_selector,
    listed,
    time_text,
)
from lifecycle.printers.order import go_sorted
from lifecycle.printers.volumes import volumes

ENDED = ("Succeeded", "Failed")


def describe_pod(pod: Object, events: Sequence[Object] | None, now: Micros) -> str:
    """Return the description of a Pod as of a moment; without `events` (None) it has no such section."""
    pod = typed(pod)
    spec: Object = pod.get("spec") or {}
    status: Object = pod.get("status") or {}
    lines = [
        *_identity(pod, spec, status),
        *_state(pod, spec, status, now),
        *_address(pod, status),
        *_all_containers(pod, spec, status),
        *_conditions(spec, status),
        *volumes(spec.get("volumes")),
        *_scheduling(pod, spec),
    ]
    return described_with_events(lines, events, now)


def _identity(pod: Object, spec: Object, status: Object) -> Iterator[str]:
    metadata = pod["metadata"]
    yield f"Name:\t{metadata['name']}"
    yield f"Namespace:\t{metadata.get('namespace', '')}"
    if spec.get("priority") is not None:
        yield f"Priority:\t{spec['priority']}"
    for title, field in (
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ):
        if spec.get(field):
            yield f"{title}:\t{spec[field]}"
    yield f"Node:\t{spec['nodeName']}/{status.get('hostIP', '')}" if spec.get("nodeName") else f"Node:\t{NONE}"
    if status.get("startTime"):
        yield f"Start Time:\t{time_text(status['startTime'])}"
    yield from label_lines("Labels", metadata.get("labels"))
    yield from annotation_lines(metadata.get("annotations"))


def _state(pod: Object, spec: Object, status: Object, now: Micros) -> Iterator[str]:
    metadata = pod["metadata"]
    if metadata.get("deletionTimestamp") and status.get("phase") not in ENDED:
        # kubectl tells the time since the deletion's deadline, so it is `<invalid>` until that has passed.
        yield f"Status:\tTerminating (lasts {age(metadata['deletionTimestamp'], now)})"
        yield f"Termination Grace Period:\t{metadata.get('deletionGracePeriodSeconds') or 0}s"
    else:
        yield f"Status:\t{status.get('phase', '')}"
    for title in ("Reason", "Message"):
        if status.get(title.lower()):
            yield f"{title}:\t{status[title.lower()]}"
    profile = (spec.get("securityContext") or {}).get("seccompProfile")
    if profile:
        yield f"SeccompProfile:\t{profile['type']}"
        if profile["type"] == "Localhost":
            yield f"LocalhostProfile:\t{profile.get('localhostProfile', '')}"


def _address(pod: Object, status: Object) -> Iterator[str]:
    yield f"IP:\t{status.get('podIP', '')}"
    addresses = status.get("podIPs")
    yield "IPs:" if addresses else f"IPs:\t{NONE}"
    for address in addresses or ():
        yield f"  IP:\t{address.get('ip', '')}"
    if controller(pod):
        yield f"Controlled By:\t{controller(pod)}"
    if status.get("nominatedNodeName"):
        yield f"NominatedNodeName:\t{status['nominatedNodeName']}"


def _all_containers(pod: Object, spec: Object, status: Object) -> Iterator[str]:
    if spec.get("resources") is not None:
        yield "Resources:"
        yield from resources(spec["resources"], "  ")
    for title, field in (
        ("Init Containers", "initContainers"),
        ("Containers", "containers"),
        ("Ephemeral Containers", "ephemeralContainers"),
    ):
        if spec.get(field) or field == "containers":
            yield from containers(title, spec.get(field), status.get(f"{field[:-1]}Statuses"), pod)


def _conditions(spec: Object, status: Object) -> Iterator[str]:
    conditions = status.get("conditions") or ()
    gates = spec.get("readinessGates") or ()
    if gates:
        yield "Readiness Gates:"
        yield "  Type\tStatus"
    for gate in gates:
        found = (c.get("status", "") for c in conditions if c["type"] == gate["conditionType"])
        yield f"  {gate['conditionType']} \t{next(found, NONE)} "
    if conditions:
        yield "Conditions:"
        yield "  Type\tStatus"
    for condition in conditions:
        yield f"  {condition['type']} \t{condition.get('status', '')} "


def _scheduling(pod: Object, spec: Object) -> Iterator[str]:
    yield f"QoS Class:\t{(pod.get('status') or {}).get('qosClass') or qos_class(spec)}"
    yield from label_lines("Node-Selectors", spec.get("nodeSelector"))
    yield from listed("Tolerations", map(_toleration, go_sorted(spec.get("tolerations") or (), key=_key)))
    spread = go_sorted(spec.get("topologySpreadConstraints") or (), key=lambda constraint: str(constraint["topologyKey"]))
    if spread:
        yield from listed("Topology Spread Constraints", map(_spread, spread))
    if spec.get("schedulingGroup") is not None:
        yield "SchedulingGroup:"
        yield f"  PodGroupName:\t{spec['schedulingGroup'].get('podGroupName', '')}"


def _key(toleration: Object) -> str:
    return toleration.get("key") or ""


def _toleration(toleration: Object) -> str:
    key, value, effect = _key(toleration), toleration.get("value"), toleration.get("effect")
    text = key + (f"={value}" if value else "") + (f":{effect}" if effect else "")
    if toleration.get("operator") == "Exists" and not value:
        text += " op=Exists" if text else "op=Exists"
    seconds = toleration.get("tolerationSeconds")
    return text if seconds is None else f"{text} for {seconds}s"


def _spread(constraint: Object) -> str:
    selector = constraint.get("labelSelector")
    suffix = "" if selector is None else f" for selector {label_selector(selector)}"
    rule = f"{constraint['topologyKey']}:{constraint.get('whenUnsatisfiable', '')}"
    return f"{rule} when max skew {constraint.get('maxSkew', 0)} is exceeded{suffix}"
