"""`kubectl describe node`, with the Pods on it and what they ask for.

Kubernetes: kubectl/pkg/describe (describeNode), component-helpers/resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from lifecycle.clock import Micros
from lifecycle.core_v1.quantity import Quantity, parse
from lifecycle.core_v1.resources import Amounts, amounts, pod_requests
from lifecycle.printers.durations import age
from lifecycle.printers.events import described_with_events
from lifecycle.printers.metadata import UNSET, Object, annotation_lines, boolean, condition_rows, label_lines, listed, time_text
from lifecycle.printers.order import go_sorted
from lifecycle.printers.rows import node_roles

STANDARD = ("cpu", "memory", "ephemeral-storage")

NOTHING = -(2**63)
"""The share of a Pod's request in a Node that has none of it, as Go turns infinity into a whole number."""

_SYSTEM = (
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
)


def describe_node(
    node: Object, events: Sequence[Object] | None, now: Micros, pods: Iterable[Object], leases: Iterable[Object]
) -> str:
    """Return the description of a node; of `pods` and `leases` those of this node are looked at."""
    name = node["metadata"]["name"]
    own = [p for p in pods if (p.get("spec") or {}).get("nodeName") == name and is_live(p)]
    lease = next((x for x in leases if x["metadata"]["name"] == name), None)
    status = node.get("status") or {}
    lines = [
        *_identity(node),
        *_lease(name, lease),
        *condition_rows(status, "lastHeartbeatTime"),
        *_system(node, status),
        *_pods(own, now, status),
        *_allocated(own, status),
    ]
    return described_with_events(lines, events and sorted(events, key=_is_from_kubelet(node)), now)


def _is_from_kubelet(node: Object) -> Callable[[Object], bool]:
    """Return what tells the Events that kubectl asks for last: a kubelet's, which name the node where others write its uid."""
    uid = node["metadata"].get("uid")
    return lambda event: (event.get("involvedObject") or {}).get("uid") != uid


def is_live(pod: Object) -> bool:
    """Say whether a Pod counts on its node: one that has ended does not."""
    return (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed")


def _identity(node: Object) -> Iterator[str]:
    metadata, spec = node["metadata"], node.get("spec") or {}
    taints = go_sorted(spec.get("taints") or (), key=lambda taint: f"{taint['effect']},{taint['key']}")
    yield f"Name:\t{metadata['name']}"
    yield f"Roles:\t{node_roles(node)}"
    yield from label_lines("Labels", metadata.get("labels"))
    yield from annotation_lines(metadata.get("annotations"))
    yield f"CreationTimestamp:\t{time_text(metadata.get('creationTimestamp'))}"
    yield from listed("Taints", map(taint_text, taints))
    yield f"Unschedulable:\t{boolean(spec.get('unschedulable'))}"


def taint_text(taint: Object) -> str:
    """Return a taint as `key=value:Effect`."""
    value = f"={taint['value']}" if taint.get("value") else ""
    effect = taint.get("effect") or ""
    return f"{taint['key']}{value}:{effect}" if value or effect else f"{taint['key']}"


def _lease(name: str, lease: Object | None) -> Iterator[str]:
    if lease is None:
        yield f'Lease:\tFailed to get lease: leases.coordination.k8s.io "{name}" not found'
        return
    spec = lease.get("spec") or {}
    yield "Lease:"
    yield f"  HolderIdentity:\t{spec.get('holderIdentity', UNSET)}"
    for title, field in (("AcquireTime", "acquireTime"), ("RenewTime", "renewTime")):
        yield f"  {title}:\t{time_text(spec[field]) if spec.get(field) else UNSET}"


def _system(node: Object, status: Object) -> Iterator[str]:
    spec, info = node.get("spec") or {}, status.get("nodeInfo") or {}
    yield "Addresses:"
    for address in status.get("addresses") or ():
        yield f"  {address['type']}:\t{address['address']}"
    for title in ("Capacity", "Allocatable"):
        if status.get(title.lower()):
            yield f"{title}:"
        for name, quantity in sorted(amounts(status.get(title.lower())).items()):
            yield f"  {name}:\t{quantity}"
    yield "System Info:"
    for title, field in _SYSTEM:
        yield f"  {title}:\t{info.get(field, '')}"
    if spec.get("podCIDR"):
        yield f"PodCIDR:\t{spec['podCIDR']}"
    if spec.get("podCIDRs"):
        yield f"PodCIDRs:\t{','.join(spec['podCIDRs'])}"
    if spec.get("providerID"):
        yield f"ProviderID:\t{spec['providerID']}"


def _pods(pods: Sequence[Object], now: Micros, status: Object) -> Iterator[str]:
    room = room_of(status)
    yield f"Non-terminated Pods:\t({len(pods)} in total)"
    yield "  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge"
    yield "  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---"
    for pod in pods:
        metadata = pod["metadata"]
        requests, limits = _asked(pod, "requests", with_status=True), _asked(pod, "limits", with_status=True)
        shares = "\t".join(_share(of.get(name), room, name, NOTHING) for name in ("cpu", "memory") for of in (requests, limits))
        since = age(metadata.get("creationTimestamp"), now)
        yield f"  {metadata.get('namespace', '')}\t{metadata['name']}\t\t{shares}\t{since}"


def _allocated(pods: Sequence[Object], status: Object) -> Iterator[str]:
    room = room_of(status)
    requests, limits = asked_in_all(pods)
    others = [name for name in sorted(room) if name not in (*STANDARD, "pods")]
    huge = [name for name in others if name.startswith("hugepages-")]
    yield "Allocated resources:"
    yield "  (Total limits may be over 100 percent, i.e., overcommitted.)"
    yield "  Resource\tRequests\tLimits"
    yield "  --------\t--------\t------"
    for name in (*STANDARD, *huge):
        yield f"  {name}\t{_share(requests.get(name), room, name)}\t{_share(limits.get(name), room, name)}"
    for name in others:
        if name not in huge:
            yield f"  {name}\t{requests.get(name, Quantity())}\t{limits.get(name, Quantity())}"


def asked_in_all(pods: Sequence[Object]) -> tuple[Amounts, Amounts]:
    """Return what Pods request together, and what their limits come to."""
    requests, limits = (_total(_asked(pod, field) for pod in pods) for field in ("requests", "limits"))
    return requests, limits


def room_of(status: Object) -> Amounts:
    """Return what a node has for Pods, from its status."""
    return amounts(status.get("allocatable") or status.get("capacity"))


def _share(amount: Quantity | None, room: Mapping[str, Quantity], name: str, of_nothing: int = 0) -> str:
    return f"{amount or Quantity()} ({percent(amount, room, name, of_nothing)}%)"


def percent(amount: Quantity | None, room: Mapping[str, Quantity], name: str, of_nothing: int = 0) -> int:
    """Return which share of a node's room an amount of a resource is, in whole percent, rounded down."""
    amount, whole = amount or Quantity(), room.get(name) or Quantity()
    if name == "cpu":
        part, of = amount.milli_value(), whole.milli_value()
    else:
        part, of = amount.value(), whole.value()
    return int(part / of * 100) if of else of_nothing


def _total(pods: Iterable[Amounts]) -> Amounts:
    total: Amounts = {}
    for asked in pods:
        for name, amount in asked.items():
            total[name] = total[name] + amount if name in total else amount
    return total


def _asked(pod: Object, field: str, with_status: bool = False) -> Amounts:
    """Return a Pod's requests or limits; with its status, what a container has been given counts where it is more."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    statuses = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    given = {s["name"]: s for s in statuses} if with_status else {}
    counted = {
        "containers": [_counted(c, field, given.get(c["name"])) for c in spec.get("containers") or ()],
        "initContainers": [
            _counted(c, field, given.get(c["name"]) if c.get("restartPolicy") == "Always" else None)
            for c in spec.get("initContainers") or ()
        ],
        "resources": {"requests": (spec.get("resources") or {}).get(field)},
    }
    total = pod_requests(counted)
    for name, amount in amounts(spec.get("overhead")).items():
        if field == "requests" or total.get(name):
            total[name] = total[name] + amount if name in total else amount
    return total


def _counted(container: Object, field: str, status: Object | None) -> Object:
    """Return a container whose requests are what is to be added up."""
    wanted = [(container.get("resources") or {}).get(field)]
    if status is not None and status.get("resources") is not None:
        wanted += [status["resources"].get(field), status.get("allocatedResources") if field == "requests" else None]
    largest: dict[str, str] = {}
    for texts in wanted:
        for name, text in (texts or {}).items():
            if name not in largest or parse(str(text)) > parse(largest[name]):
                largest[name] = str(text)
    return {"resources": {"requests": largest}, "restartPolicy": container.get("restartPolicy")}
