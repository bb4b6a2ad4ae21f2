"""The rows of `kubectl get` for everything but Pods, wide cells included.

Kubernetes: pkg/printers/internalversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.durations import age
from lifecycle.printers.metadata import NONE, UNSET, Object

MOST = 3
"""How many ports or endpoints stand in a cell before the rest is counted."""


def format_labels(labels: Object | None) -> str:
    """Return a map in one cell: `a=1,b=2`, in the order of these pairs as texts: `a2=1` is before `a=1`.

    Kubernetes: apimachinery/pkg/labels (FormatLabels).
    """
    return ",".join(sorted(f"{key}={value}" for key, value in (labels or {}).items())) or NONE


def since_creation(obj: Object, now: Micros) -> str:
    return age(obj["metadata"].get("creationTimestamp"), now)


def service_cells(service: Object, now: Micros) -> list[object]:
    spec = service.get("spec") or {}
    return [
        service["metadata"]["name"],
        spec.get("type", ""),
        (spec.get("clusterIPs") or [NONE])[0],
        _external_ip(service, spec),
        ",".join(map(_service_port, spec.get("ports") or ())) or NONE,
        since_creation(service, now),
        format_labels(spec.get("selector")),
    ]


def _external_ip(service: Object, spec: Object) -> str:
    kind, extra = spec.get("type"), spec.get("externalIPs") or []
    if kind in ("ClusterIP", "NodePort"):
        return ",".join(extra) or NONE
    if kind == "LoadBalancer":
        ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        addresses = sorted({point.get("ip") or point.get("hostname") or "" for point in ingress} - {""})
        return ",".join([*addresses, *extra]) or "<pending>"
    return str(spec.get("externalName", "")) if kind == "ExternalName" else "<unknown>"


def _service_port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', '')}"


def endpoint_slice_cells(endpoint_slice: Object, now: Micros) -> list[object]:
    addresses = [a for endpoint in endpoint_slice.get("endpoints") or () for a in endpoint.get("addresses") or ()]
    return [
        endpoint_slice["metadata"]["name"],
        endpoint_slice.get("addressType", ""),
        some([_slice_port(port) for port in endpoint_slice.get("ports") or ()]) or UNSET,
        some(addresses) or UNSET,
        since_creation(endpoint_slice, now),
    ]


def _slice_port(port: Object) -> str:
    if port.get("port") is not None:
        return str(port["port"])
    name = port.get("name")
    return "*" if name is None else str(name)


def endpoints_cells(endpoints: Object, now: Micros) -> list[object]:
    subsets = endpoints.get("subsets") or ()
    text = some(list(_subset_addresses(subsets))) if subsets else NONE
    return [endpoints["metadata"]["name"], text, since_creation(endpoints, now)]


def _subset_addresses(subsets: Iterable[Object]) -> Iterator[str]:
    for subset in subsets:
        addresses = [address["ip"] for address in subset.get("addresses") or ()]
        for port in subset.get("ports") or [None]:
            yield from addresses if port is None else (host_port(ip, port["port"]) for ip in addresses)


def host_port(host: str, port: object) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def some(items: Sequence[str]) -> str:
    """Return the first three, and how many more there are."""
    text = ",".join(items[:MOST])
    return f"{text} + {len(items) - MOST} more..." if len(items) > MOST else text


def event_cells(event: Object, now: Micros) -> list[object]:
    about, series = event.get("involvedObject") or {}, event.get("series")
    first = event.get("firstTimestamp") or event.get("eventTime")
    last = event.get("lastTimestamp") or first if series is None else series.get("lastObservedTime")
    kind, name = about.get("kind", "").lower(), about.get("name")
    return [
        age(last, now),
        event.get("type", ""),
        event.get("reason", ""),
        f"{kind}/{name}" if name else kind,
        about.get("fieldPath", ""),
        event_source(event),
        (event.get("message") or "").strip(),
        age(first, now),
        event.get("count") or 1 if series is None else series.get("count") or 0,
        event["metadata"]["name"],
    ]


def event_source(event: Object) -> str:
    """Return who reported an Event, and from where: `kubelet, node1`."""
    source = event.get("source") or {}
    component = source.get("component") or event.get("reportingComponent") or ""
    host = source.get("host") or event.get("reportingInstance")
    return f"{component}, {host}" if host else component


def namespace_cells(namespace: Object, now: Micros) -> list[object]:
    phase = (namespace.get("status") or {}).get("phase", "")
    return [namespace["metadata"]["name"], phase, since_creation(namespace, now)]


def node_cells(node: Object, now: Micros) -> list[object]:
    status = node.get("status") or {}
    info = status.get("nodeInfo") or {}
    kernel = info.get("kernelVersion") or "<unknown>"
    architecture = f" ({info['architecture']})" if info.get("architecture") else ""
    return [
        node["metadata"]["name"],
        node_status(node),
        node_roles(node),
        since_creation(node, now),
        info.get("kubeletVersion", ""),
        _address(status, "InternalIP"),
        _address(status, "ExternalIP"),
        info.get("osImage") or "<unknown>",
        f"{kernel}{architecture}",
        info.get("containerRuntimeVersion") or "<unknown>",
    ]


def node_status(node: Object) -> str:
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready = [c.get("status") == "True" for c in conditions if c["type"] == "Ready"]
    word = "Unknown" if not ready else "Ready" if ready[-1] else "NotReady"
    return f"{word},SchedulingDisabled" if (node.get("spec") or {}).get("unschedulable") else word


def node_roles(node: Object) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = node["metadata"].get("labels") or {}
    roles = {key.removeprefix(prefix) for key in labels if key.startswith(prefix)} | {labels.get("kubernetes.io/role") or ""}
    return ",".join(sorted(roles - {""})) or NONE


def _address(status: Object, kind: str) -> str:
    return next((a["address"] for a in status.get("addresses") or () if a["type"] == kind), NONE)


def config_map_cells(config_map: Object, now: Micros) -> list[object]:
    size = len(config_map.get("data") or ()) + len(config_map.get("binaryData") or ())
    return [config_map["metadata"]["name"], size, since_creation(config_map, now)]


def secret_cells(secret: Object, now: Micros) -> list[object]:
    return [secret["metadata"]["name"], secret.get("type", ""), len(secret.get("data") or ()), since_creation(secret, now)]


def service_account_cells(account: Object, now: Micros) -> list[object]:
    return [account["metadata"]["name"], since_creation(account, now)]


def fault_cells(fault: Object, now: Micros) -> list[object]:
    return [fault["metadata"]["name"], (fault.get("spec") or {}).get("type", ""), since_creation(fault, now)]


def component_status_cells(component: Object, now: Micros) -> list[object]:
    healthy: Object = next((c for c in component.get("conditions") or () if c.get("type") == "Healthy"), {})
    verdict = {"True": "Healthy", "False": "Unhealthy"}.get(healthy.get("status", ""), "Unknown")
    return [component["metadata"]["name"], verdict, healthy.get("message", ""), healthy.get("error", "")]


def other_cells(obj: Object, now: Micros) -> list[object]:
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]
