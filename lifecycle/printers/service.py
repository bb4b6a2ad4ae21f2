"""`kubectl describe` of Services and of what stands behind them: EndpointSlices and Endpoints.

Kubernetes: kubectl/pkg/describe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.events import described_with_events
from lifecycle.printers.metadata import NONE, UNSET, Object, boolean, name_block
from lifecycle.printers.rows import MOST, format_labels, host_port

SERVICE_NAME = "kubernetes.io/service-name"


def describe_service(service: Object, events: Sequence[Object] | None, now: Micros, slices: Sequence[Object]) -> str:
    """Return the description of a Service; `slices` are EndpointSlices, of which those of this Service are looked at."""
    metadata = service["metadata"]
    own = [
        s
        for s in slices
        if s["metadata"].get("namespace") == metadata.get("namespace")
        and (s["metadata"].get("labels") or {}).get(SERVICE_NAME) == metadata["name"]
    ]
    spec = service.get("spec") or {}
    lines = [*name_block(service), *_addresses(service, spec), *_ports(spec, own), *_policies(spec)]
    return described_with_events(lines, events, now)


def _addresses(service: Object, spec: Object) -> Iterator[str]:
    yield f"Selector:\t{format_labels(spec.get('selector'))}"
    yield f"Type:\t{spec.get('type', '')}"
    if spec.get("ipFamilyPolicy") is not None:
        yield f"IP Family Policy:\t{spec['ipFamilyPolicy']}"
    yield f"IP Families:\t{','.join(spec.get('ipFamilies') or ()) or NONE}"
    yield f"IP:\t{spec.get('clusterIP', '')}"
    yield f"IPs:\t{','.join(spec.get('clusterIPs') or ()) or NONE}"
    if spec.get("externalIPs"):
        yield f"External IPs:\t{','.join(spec['externalIPs'])}"
    if spec.get("loadBalancerIP"):
        yield f"Desired LoadBalancer IP:\t{spec['loadBalancerIP']}"
    if spec.get("externalName"):
        yield f"External Name:\t{spec['externalName']}"
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress")
    if ingress:
        yield f"LoadBalancer Ingress:\t{', '.join(map(_ingress, ingress))}"


def _ingress(point: Object) -> str:
    if not point.get("ip"):
        return str(point.get("hostname", ""))
    return f"{point['ip']} ({point['ipMode']})" if point.get("ipMode") is not None else str(point["ip"])


def _ports(spec: Object, slices: Sequence[Object]) -> Iterator[str]:
    for port in spec.get("ports") or ():
        name, protocol = port.get("name") or UNSET, port.get("protocol", "")
        yield f"Port:\t{name}\t{port['port']}/{protocol}"
        yield f"TargetPort:\t{port.get('targetPort', 0)}/{protocol}"
        if port.get("appProtocol") is not None:
            yield f"AppProtocol:\t{port['appProtocol']}"
        if port.get("nodePort"):
            yield f"NodePort:\t{name}\t{port['nodePort']}/{protocol}"
        yield f"Endpoints:\t{_endpoints(slices, port.get('name') or '')}"


def _endpoints(slices: Sequence[Object], port: str) -> str:
    """Return the first three that are ready at a port, `<none>` where there are no slices at all."""
    if not slices:
        return NONE
    counted = [(address, ready) for s in slices for address, ready in _slice_endpoints(s, port)]
    ready = [address for address, is_ready in counted if is_ready]
    # kubectl notes that there are more when it meets any endpoint, ready or not, after the third ready one.
    third = next((i for i, n in enumerate(_running_counts(counted)) if n == MOST), len(counted))
    if third < len(counted) - 1:
        return f"{','.join(ready[:MOST])} + {len(ready) - MOST} more..."
    return ",".join(ready)


def _running_counts(counted: Sequence[tuple[str, bool]]) -> Iterator[int]:
    count = 0
    for _, ready in counted:
        count += ready
        yield count


def _slice_endpoints(endpoint_slice: Object, name: str) -> Iterator[tuple[str, bool]]:
    for port in endpoint_slice.get("ports") or [None]:
        if port is not None and (port.get("name") or "") != name:
            continue
        for endpoint in endpoint_slice.get("endpoints") or ():
            address = endpoint["addresses"][0]
            ready = (endpoint.get("conditions") or {}).get("ready")
            yield (address if port is None else host_port(address, port.get("port") or 0)), ready in (None, True)


def _policies(spec: Object) -> Iterator[str]:
    yield f"Session Affinity:\t{spec.get('sessionAffinity', '')}"
    if spec.get("externalTrafficPolicy"):
        yield f"External Traffic Policy:\t{spec['externalTrafficPolicy']}"
    if spec.get("internalTrafficPolicy") is not None:
        yield f"Internal Traffic Policy:\t{spec['internalTrafficPolicy']}"
    if spec.get("healthCheckNodePort"):
        yield f"HealthCheck NodePort:\t{spec['healthCheckNodePort']}"
    if spec.get("loadBalancerSourceRanges"):
        yield f"LoadBalancer Source Ranges:\t{','.join(spec['loadBalancerSourceRanges'])}"
    if spec.get("trafficDistribution") is not None:
        yield f"Traffic Distribution:\t{spec['trafficDistribution']}"


def describe_endpoint_slice(endpoint_slice: Object, events: Sequence[Object] | None, now: Micros) -> str:
    ports, endpoints = endpoint_slice.get("ports"), endpoint_slice.get("endpoints")
    lines = [*name_block(endpoint_slice), f"AddressType:\t{endpoint_slice.get('addressType', '')}"]
    lines += ["Ports:", *_port_table(ports, "  ")] if ports else [f"Ports: {UNSET}"]
    lines += ["Endpoints:"] if endpoints else [f"Endpoints: {NONE}"]
    for endpoint in endpoints or ():
        lines += _slice_endpoint(endpoint)
    return described_with_events(lines, events, now)


def _port_table(ports: Sequence[Object], indent: str) -> Iterator[str]:
    yield f"{indent}Name\tPort\tProtocol"
    yield f"{indent}----\t----\t--------"
    for port in ports:
        number = port.get("port")
        yield f"{indent}{port.get('name') or UNSET}\t{UNSET if number is None else number}\t{port.get('protocol', '')}"


def _slice_endpoint(endpoint: Object) -> Iterator[str]:
    ready = (endpoint.get("conditions") or {}).get("ready")
    target = endpoint.get("targetRef")
    yield f"  - Addresses:\t{', '.join(endpoint.get('addresses') or ()) or NONE}"
    yield "    Conditions:"
    yield f"      Ready:\t{UNSET if ready is None else boolean(ready)}"
    yield f"    Hostname:\t{endpoint.get('hostname', UNSET)}"
    if target is not None:
        yield f"    TargetRef:\t{target.get('kind', '')}/{target.get('name', '')}"
    yield f"    NodeName:\t{endpoint.get('nodeName', UNSET)}"
    yield f"    Zone:\t{endpoint.get('zone', UNSET)}"


def describe_endpoints(endpoints: Object, events: Sequence[Object] | None, now: Micros) -> str:
    lines = [*name_block(endpoints), "Subsets:"]
    for subset in endpoints.get("subsets") or ():
        for title, field in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            lines.append(f"  {title}:\t{','.join(a['ip'] for a in subset.get(field) or ()) or NONE}")
        if subset.get("ports"):
            lines += ["  Ports:", *_port_table(subset["ports"], "    ")]
        lines.append("")
    return described_with_events(lines, events, now)
