"""What `<life-timeline>` draws of a Service: how much of it is ready, and each of its endpoints.

A Service is spoken of as one with its EndpointSlices; recordings often hold these alone.
Kubernetes: staging/src/k8s.io/api/discovery/v1 (EndpointConditions)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from django.utils.translation import gettext

from lifecycle.wire import Object
from podhub.web.timeline import Bar, Lane, Looks


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint of a slice. `pod` is the name of the Pod behind it, where one is."""

    family: str
    address: str
    pod: str
    node: str
    ready: bool
    serving: bool
    terminating: bool
    ports: str

    @property
    def lane(self) -> str:
        return f"endpoint/{self.family}/{self.pod or self.address}"

    @property
    def look(self) -> str:
        return "terminating" if self.terminating else "ready" if self.ready else "unready"

    @property
    def word(self) -> str:
        if self.terminating:
            return gettext("terminating, still serving") if self.serving else gettext("terminating")
        return gettext("ready") if self.ready else gettext("not ready")


def endpoints(slices: Iterable[Object]) -> list[Endpoint]:
    """Return the endpoints of a Service's slices, in the order of their Pods and addresses."""
    found = (one for endpoint_slice in slices for one in _endpoints(endpoint_slice))
    return sorted(found, key=lambda one: (one.family, one.pod, one.address))


def _endpoints(endpoint_slice: Object) -> Iterator[Endpoint]:
    ports = ", ".join(map(_port, endpoint_slice.get("ports") or ()))
    for endpoint in endpoint_slice.get("endpoints") or ():
        conditions, target = endpoint.get("conditions") or {}, endpoint.get("targetRef") or {}
        ready = conditions.get("ready") is not False  # who tells nothing is taken for ready
        serving = conditions.get("serving")
        yield Endpoint(
            family=endpoint_slice.get("addressType", ""),
            address=", ".join(endpoint.get("addresses") or ()),
            pod=target.get("name", "") if target.get("kind") == "Pod" else "",
            node=endpoint.get("nodeName") or "",
            ready=ready,
            serving=ready if serving is None else bool(serving),
            terminating=bool(conditions.get("terminating")),
            ports=ports,
        )


def _port(port: Object) -> str:
    name = f"{port['name']}:" if port.get("name") else ""
    return f"{name}{port.get('port', '*')}/{port.get('protocol', 'TCP')}"


def service_bar(service: Object | None, found: Iterable[Endpoint]) -> Bar:
    """Return how much of a Service is ready to be asked."""
    every = list(found)
    ready = [one.address for one in every if one.ready]
    if not every:
        external = ((service or {}).get("spec") or {}).get("type") == "ExternalName"
        return Bar("ready", "ExternalName") if external else Bar("waiting", gettext("no endpoints"))
    look = "ready" if len(ready) == len(every) else "unready" if ready else "failed"
    word = gettext("%(ready)d of %(all)d ready") % {"ready": len(ready), "all": len(every)}
    return Bar(look, word, ", ".join(ready))


def bars(state: Object) -> Looks:
    """Return what each lane looks like; `state` holds the `service` (or None) and its `slices` by name."""
    service, found = state["service"], endpoints(state["slices"].values())
    looks: Looks = {"service": (service_bar(service, found), (service or {}).get("metadata", {}).get("uid", ""))}
    for one in found:
        looks[one.lane] = (Bar(one.look, one.word, one.address), one.address)
    return looks


def lanes(ends: Iterable[tuple[str, str]]) -> list[Lane]:
    """Return the rows for a Service and for the endpoints it has or has had: (lane, address)."""
    rows = [Lane(lane, "endpoints", lane.split("/", 2)[2], address) for lane, address in ends]
    return [Lane("service", "service", "Service"), *rows, Lane("events", "events", "Events")]
