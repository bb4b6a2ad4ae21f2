"""The room `endpointslices`: EndpointSlices, legacy Endpoints and the network's table follow Services and their Pods.

Kubernetes: pkg/controller/endpointslice, pkg/controller/endpoint, staging/src/k8s.io/endpointslice/trigger_time_tracker.go
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.apiserver.conditions import condition
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.controllers import endpoints
from lifecycle.controllers.endpoints import Endpoint, Port, Ports
from lifecycle.kernel import Kernel
from lifecycle.programs import network
from lifecycle.wire import Object

LATENCY: Micros = 5 * MILLISECOND
LATENCY_EACH: Micros = 10
"""From a Pod's change to that of the slices, with so much more for each Pod that the Service has."""
MOST_ENDPOINTS = 100
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
SERVICE_NAME = "kubernetes.io/service-name"


class Member(msgspec.Struct):
    """A Pod of a Service: as what, with which ports, in which slice."""

    endpoint: Endpoint
    ports: list[Port]
    slice: str


class Service(msgspec.Struct):
    """What is known of a Service with a selector: its Pods, the Pods of each slice, and those that are to be looked at.

    `triggers` are the moments (RFC 3339) that were counted already, by Pod, the Service's own under an empty name.
    """

    members: dict[str, Member] = {}
    slices: dict[str, dict[str, bool]] = {}
    pending: dict[str, bool] = {}
    waiting: bool = False
    triggers: dict[str, str] = {}


class EndpointSlicesState(msgspec.Struct):
    """By namespace, then by the Service's name."""

    services: dict[str, dict[str, Service]] = {}


class EndpointSlices:
    def __init__(self, kernel: Kernel, state: EndpointSlicesState | None = None) -> None:
        self.kernel = kernel
        self.state = state or EndpointSlicesState()
        kernel.rooms["apiserver"].inform(self.observe, "services", "pods")

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if resource == "services":
            self._observe_service(old, new)
        elif self.state.services:
            self._observe_pod(old, new)

    def on_sync(self, namespace: str, name: str) -> None:
        """Bring a Service's slices up to date with the Pods that have changed."""
        service = self.kernel.rooms["apiserver"].get("services", namespace, name)
        known = self.state.services.get(namespace, {}).get(name)
        if service is None or known is None:
            return
        known.waiting = False
        pods = self._pending_pods(namespace, known)
        trigger = _trigger(service, known, pods)
        dirty = {slice for pod, obj in pods.items() for slice in self._place(service, known, pod, obj)}
        if not known.slices:
            dirty.add(self._new_slice(service, known, (), trigger))
        labels = endpoints.own_labels(service, _slice_labels(name))
        for slice in sorted(known.slices if self._labelled_otherwise(namespace, known, labels) else dirty):
            self._write_slice(namespace, known, slice, trigger, labels)
        self._write_endpoints(service, known, trigger)
        self._write_network(service, known)

    def _observe_service(self, old: Object | None, new: Object | None) -> None:
        namespace, name = _name((new or old or {})["metadata"])
        known = self.state.services.get(namespace, {})
        if new is None or not new["spec"].get("selector"):
            self._end(namespace, name, known.pop(name, None))
            if new is not None:
                self._write_network(new, Service())
            return
        if name not in known:
            known = self.state.services.setdefault(namespace, {})
            known[name] = Service()
        pods = self.kernel.rooms["apiserver"].store.names("pods", namespace)
        self._look_at(namespace, name, *pods)

    def _observe_pod(self, old: Object | None, new: Object | None) -> None:
        pod = new or old
        assert pod is not None
        namespace, name = _name(pod["metadata"])
        services = self.state.services.get(namespace)
        if not services or (old is not None and new is not None and _view(old) == _view(new)):
            return
        api, labels = self.kernel.rooms["apiserver"], pod["metadata"].get("labels") or {}
        for service, known in services.items():
            obj = api.get("services", namespace, service)
            if name in known.members or (obj and endpoints.selects(obj, labels)):
                self._look_at(namespace, service, name)

    def _look_at(self, namespace: str, service: str, *pods: str) -> None:
        known = self.state.services[namespace][service]
        known.pending.update(dict.fromkeys(pods, True))
        if not known.waiting:
            known.waiting = True
            delay = LATENCY + len(known.members) * LATENCY_EACH
            self.kernel.after(delay, "endpointslices", "sync", namespace, service)

    def _pending_pods(self, namespace: str, known: Service) -> dict[str, Object | None]:
        api = self.kernel.rooms["apiserver"]
        pods = {name: api.get("pods", namespace, name) for name in sorted(known.pending)}
        known.pending = {}
        return pods

    def _place(self, service: Object, known: Service, name: str, pod: Object | None) -> list[str]:
        """Put a Pod where it belongs, or take it out; return the slices that are no longer right."""
        selected = pod is not None and endpoints.selects(service, pod["metadata"].get("labels") or {})
        endpoint = endpoints.endpoint(service, pod, self._node(pod)) if pod is not None and selected else None
        old = known.members.pop(name, None)
        if old:
            known.slices[old.slice].pop(name)
        if endpoint is None or pod is None:
            return [old.slice] if old else []
        numbers = list(endpoints.ports(service, pod))
        stays = old is not None and old.ports == numbers
        slice = old.slice if old and stays else self._slice_with_room(service, known, numbers)
        known.members[name] = Member(endpoint, numbers, slice)
        known.slices[slice][name] = True
        if old and stays:
            return [slice] if old.endpoint != endpoint else []
        return [slice, old.slice] if old else [slice]

    def _node(self, pod: Object) -> Object | None:
        found: Object | None = self.kernel.rooms["apiserver"].get("nodes", "", pod["spec"].get("nodeName", ""))
        return found

    def _labelled_otherwise(self, namespace: str, known: Service, labels: dict[str, str]) -> bool:
        """Say whether the Service's labels are no longer those of its slices."""
        first = next(iter(known.slices), "")
        slice = self.kernel.rooms["apiserver"].get("endpointslices", namespace, first)
        return slice is not None and bool(slice["metadata"].get("labels") != labels)

    def _slice_with_room(self, service: Object, known: Service, numbers: list[Port]) -> str:
        """Return a slice with the same ports (or none yet) that can take one more endpoint; a new one if there is none."""
        for slice, inside in known.slices.items():
            first = next(iter(inside), None)
            if len(inside) < MOST_ENDPOINTS and (first is None or known.members[first].ports == numbers):
                return slice
        return self._new_slice(service, known, tuple(numbers), "")

    def _new_slice(self, service: Object, known: Service, numbers: Ports, trigger: str) -> str:
        namespace, name = _name(service["metadata"])
        owner = {"apiVersion": "v1", "kind": "Service", "name": name, "uid": service["metadata"]["uid"]}
        metadata = {
            "generateName": f"{name}-",
            "namespace": namespace,
            "labels": endpoints.own_labels(service, _slice_labels(name)),
            "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
        }
        slice = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": _annotated(metadata, trigger),
            "addressType": "IPv4",
            **endpoints.slice_content([], numbers),
        }
        made = self.kernel.rooms["apiserver"].create("endpointslices", slice)["metadata"]["name"]
        known.slices[made] = {}
        return str(made)

    def _write_slice(self, namespace: str, known: Service, slice: str, trigger: str, labels: dict[str, str]) -> None:
        api = self.kernel.rooms["apiserver"]
        old = api.get("endpointslices", namespace, slice)
        inside = [known.members[pod] for pod in sorted(known.slices[slice])]
        if old is None:
            return
        if not inside and len(known.slices) > 1:
            del known.slices[slice]
            api.delete("endpointslices", namespace, slice)
            return
        content = endpoints.slice_content([member.endpoint for member in inside], tuple(inside[0].ports) if inside else ())
        if {key: old[key] for key in content} != content or old["metadata"].get("labels") != labels:
            metadata = {**_annotated(old["metadata"], trigger), "labels": labels}
            metadata["generation"] = metadata["generation"] + 1
            api.update("endpointslices", {**old, **content, "metadata": metadata})

    def _write_endpoints(self, service: Object, known: Service, trigger: str) -> None:
        api = self.kernel.rooms["apiserver"]
        namespace, name = _name(service["metadata"])
        members = ((member.endpoint, tuple(member.ports)) for _, member in sorted(known.members.items()))
        subsets, cut = endpoints.subsets(members, bool(service["spec"].get("publishNotReadyAddresses")))
        content = {"subsets": subsets} if subsets else {}
        labels = endpoints.own_labels(service, {"endpoints.kubernetes.io/managed-by": "endpoint-controller"})
        old = api.get("endpoints", namespace, name)
        if old is None:
            metadata = _annotated({"name": name, "namespace": namespace, "labels": labels}, trigger, cut)
            api.create("endpoints", {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, **content})
        elif old.get("subsets", []) != subsets or old["metadata"].get("labels") != labels:
            rest = {key: value for key, value in old.items() if key != "subsets"}
            metadata = {**_annotated(old["metadata"], trigger, cut), "labels": labels}
            api.update("endpoints", {**rest, "metadata": metadata, **content})

    def _write_network(self, service: Object, known: Service) -> None:
        """Tell the network where the Service's name and address lead."""
        spec, (namespace, name) = service["spec"], _name(service["metadata"])
        ports = tuple((port.get("name", ""), int(port["port"])) for port in spec.get("ports") or ())
        members = {member.endpoint["addresses"][0]: member for _, member in sorted(known.members.items())}
        receiving = endpoints.may_receive(member.endpoint for member in members.values())
        targets: dict[Ports, tuple[int, ...]] = {}
        found = []
        for one in receiving:
            ip = one["addresses"][0]
            own = tuple(members[ip].ports)
            if own not in targets:
                numbers = {port[0]: port[2] for port in own}
                targets[own] = tuple(numbers.get(port, 0) for port, _ in ports)
            found.append(network.Endpoint(ip, targets[own], one.get("hostname", "")))
        table = self.kernel.rooms["programs"].network
        cluster_ip = "" if spec.get("type") == "ExternalName" else spec.get("clusterIP", "")
        table.set_service(
            network.Service(
                namespace,
                name,
                cluster_ip,
                ports,
                tuple(found),
                spec.get("externalName", ""),
                endpoints.node_ports(spec),
                spec.get("externalTrafficPolicy") == "Local",
            )
        )

    def _end(self, namespace: str, name: str, known: Service | None) -> None:
        """Take away what belongs to a Service that is gone or has lost its selector."""
        api = self.kernel.rooms["apiserver"]
        self.kernel.rooms["programs"].network.remove_service(namespace, name)
        if known is not None:
            for slice in known.slices:
                api.delete("endpointslices", namespace, slice)
            api.delete("endpoints", namespace, name)
            if not self.state.services[namespace]:
                del self.state.services[namespace]


def _name(metadata: dict[str, Any]) -> tuple[str, str]:
    return metadata["namespace"], metadata["name"]


def _view(pod: Object) -> object:
    """Return what of a Pod matters to Services."""
    metadata, status = pod["metadata"], pod["status"]
    ended = status.get("phase") in ("Succeeded", "Failed")
    ready = (condition(status, "Ready") or {}).get("status")
    return metadata.get("labels"), bool(metadata.get("deletionTimestamp")), status.get("podIP"), ended, ready


def _slice_labels(service: str) -> dict[str, str]:
    return {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", SERVICE_NAME: service}


def _annotated(metadata: dict[str, Any], trigger: str, cut: bool = False) -> dict[str, Any]:
    """Return metadata that tell when what caused the change happened, where that is known, and whether some are left out."""
    annotations = {k: value for k, value in (metadata.get("annotations") or {}).items() if k not in (TRIGGER, OVER_CAPACITY)}
    if trigger:
        annotations[TRIGGER] = trigger
    if cut:
        annotations[OVER_CAPACITY] = "truncated"
    rest = {key: value for key, value in metadata.items() if key != "annotations"}
    return {**rest, "annotations": annotations} if annotations else rest


def _trigger(service: Object, known: Service, pods: dict[str, Object | None]) -> str:
    """Return the earliest moment, not counted before, at which a Pod became ready or not, or the Service was made."""
    moments = {"": service["metadata"]["creationTimestamp"]}
    for name, pod in pods.items():
        ready = condition(pod["status"], "Ready") if pod is not None else None
        if ready:
            moments[name] = ready["lastTransitionTime"]
        else:
            known.triggers.pop(name, None)
    new = {name: at for name, at in moments.items() if at > known.triggers.get(name, "")}
    known.triggers.update(new)
    return min(new.values(), default="")
