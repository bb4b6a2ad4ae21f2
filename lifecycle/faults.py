"""The room `faults`: what no real API can ask for. A Fault (`podhub.dev/v1`) holds while its object exists.

| type | fields of spec | while it holds |
|---|---|---|
| KubeletDown | node | the node's kubelet does nothing; its containers run on |
| NodeDown | node | the node is off, and all that ran on it has ended; afterwards it boots |
| NodePressure | node, resource (memory), available | what is outside of Pods leaves only so much of the node's resource |
| NetworkPluginNotReady | node | no Pod of the node gets a network (but its host's), and the node is not ready |
| ContainerExit | pod, container, exitCode (1) | once: the container's process 1 exits |
| ContainerOOMKilled | pod, container | once: the kernel kills process 1 for memory |
| PortRefused | pod, port (0: every port) | connections are refused |
| PortDropped | pod, port | packets are lost: connections time out |
| PortSlow | pod, port, delay (a Go duration), path | connections, or answers on that path, take longer |
| PortStatus | pod, port, status (503), path | HTTP answers have that status |
| ImageMissing | image, message | pulls of the image fail with the message |
| ImageSlow | image, delay | pulls of the image take that long |
| NetworkCut | pod, to (a name, an address, `*`), dns (false) | packets are lost; with dns the name is unknown too |

A Fault about a Pod is about the Pod of that name in its own namespace, also one that is made later.
"""

from __future__ import annotations

from typing import Any

import msgspec

from lifecycle.clock import parse_go_duration
from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.kernel import Kernel, Pod
from lifecycle.programs.network import CutFault, PortFault
from lifecycle.wire import Image, Object

FIELDS: dict[str, dict[str, type]] = {
    "KubeletDown": {"node": str},
    "NodeDown": {"node": str},
    "NodePressure": {"node": str, "resource": str, "available": str},
    "NetworkPluginNotReady": {"node": str},
    "ContainerExit": {"pod": str, "container": str, "exitCode": int},
    "ContainerOOMKilled": {"pod": str, "container": str},
    "PortRefused": {"pod": str, "port": int},
    "PortDropped": {"pod": str, "port": int},
    "PortSlow": {"pod": str, "port": int, "delay": str, "path": str},
    "PortStatus": {"pod": str, "port": int, "status": int, "path": str},
    "ImageMissing": {"image": str, "message": str},
    "ImageSlow": {"image": str, "delay": str},
    "NetworkCut": {"pod": str, "to": str, "dns": bool},
}
"""The fields of each type."""

REQUIRED = ("node", "available", "pod", "container", "image", "delay")
"""Fields without which a Fault of a type that has them means nothing."""

RESOURCES = ("memory", "ephemeral-storage")
"""What a node can be short of."""

RANGES = {"port": (0, 65535), "status": (100, 599), "exitCode": (0, 255)}
"""From where to where numbers go."""

_EFFECTS = {"PortRefused": "refuse", "PortDropped": "drop", "PortSlow": "delay", "PortStatus": "status"}


def validate(fault: Object) -> list[Error]:
    """Return what is wrong with a Fault's spec."""
    spec = fault.get("spec")
    if not isinstance(spec, dict):
        return [field.required("spec", "a Fault says what is wrong: spec.type and the fields of that type")]
    known = FIELDS.get(str(spec.get("type", "")))
    if known is None:
        kind = spec.get("type")
        return [field.not_supported("spec.type", kind, FIELDS) if kind else field.required("spec.type", "")]
    errors = [field.required(f"spec.{name}", "") for name in REQUIRED if name in known and not spec.get(name)]
    for name, value in spec.items():
        if name != "type":
            errors += _wrong(name, value, known)
    return errors


def _wrong(name: str, value: Any, known: dict[str, type]) -> list[Error]:
    path = f"spec.{name}"
    if name not in known:
        return [field.invalid(path, value, f"unknown field; known are type, {', '.join(known)}")]
    if not isinstance(value, known[name]) or (known[name] is int and isinstance(value, bool)):
        return [field.invalid(path, value, f"must be a {_NAMES[known[name]]}")]
    if isinstance(value, int) and name in RANGES:
        least, most = RANGES[name]
        return [] if least <= value <= most else [field.invalid(path, value, f"must be between {least} and {most}, inclusive")]
    if name == "delay" and isinstance(value, str) and value:
        try:
            span = parse_go_duration(value)
        except ValueError as wrong:
            return [field.invalid(path, value, str(wrong))]
        if span < 0:
            return [field.invalid(path, value, "must be greater than or equal to 0")]
    if name == "resource" and value not in RESOURCES:
        return [field.not_supported(path, value, RESOURCES)]
    if name == "available":
        try:
            amount = quantity.parse(value)
        except ValueError as wrong:
            return [field.invalid(path, value, str(wrong))]
        if amount.nanos < 0:
            return [field.invalid(path, value, "must be greater than or equal to 0")]
    return []


_NAMES: dict[type, str] = {str: "text", int: "whole number", bool: "true or false"}


class FaultsState(msgspec.Struct):
    """What holds about images, by the Fault's own key."""

    images: dict[str, tuple[str, Image]] = {}


class Faults:
    def __init__(self, kernel: Kernel, state: FaultsState | None = None) -> None:
        self.kernel = kernel
        self.state = state or FaultsState()
        kernel.rooms["apiserver"].inform(self.observe, "faults")

    def image(self, image: str) -> Image | None:
        """Return what a pull of an image finds by a Fault, or None where none says anything."""
        return next((found for name, found in self.state.images.values() if name == image), None)

    def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
        if old is not None:
            self._lift(old)
        if new is not None:
            self._impose(new)

    def _impose(self, fault: Object) -> None:
        spec, key = fault["spec"], fault["metadata"]["uid"]
        namespace = fault["metadata"]["namespace"]
        programs = self.kernel.rooms["programs"]
        match spec["type"]:
            case "KubeletDown":
                self.kernel.rooms["kubelet"].stop(spec["node"], key)
                self.kernel.rooms["nodelifecycle"].kubelet_stopped(spec["node"])
            case "NodeDown":
                self.kernel.rooms["kubelet"].restarting.power_off(spec["node"], key)
                self.kernel.rooms["nodelifecycle"].kubelet_stopped(spec["node"])
            case "NodePressure":
                available = quantity.parse(spec["available"]).value()
                self.kernel.rooms["kubelet"].eviction.take(spec["node"], key, spec.get("resource") or "memory", available)
            case "NetworkPluginNotReady":
                self.kernel.rooms["kubelet"].node_status.network_lost(spec["node"], key)
            case "ContainerExit" | "ContainerOOMKilled":
                self._end_container(namespace, spec)
            case "ImageMissing":
                message = spec.get("message") or f'failed to pull and unpack image "{spec["image"]}": not found'
                self.state.images[key] = (spec["image"], Image(error=message))
            case "ImageSlow":
                self.state.images[key] = (spec["image"], Image(pull=spec["delay"]))
            case "NetworkCut":
                programs.set_fault(key, CutFault(namespace, spec["pod"], spec.get("to") or "*", spec.get("dns", False)))
            case port:
                programs.set_fault(key, _port_fault(namespace, port, spec))

    def _lift(self, fault: Object) -> None:
        spec, key = fault["spec"], fault["metadata"]["uid"]
        if spec["type"] == "KubeletDown":
            self.kernel.rooms["kubelet"].start(spec["node"], key)
        elif spec["type"] == "NetworkPluginNotReady":
            self.kernel.rooms["kubelet"].node_status.network_found(spec["node"], key)
        elif spec["type"] == "NodeDown":
            self.kernel.rooms["kubelet"].restarting.power_on(spec["node"], key)
        elif spec["type"] == "NodePressure":
            self.kernel.rooms["kubelet"].eviction.give_back(spec["node"], key)
        self.state.images.pop(key, None)
        self.kernel.rooms["programs"].remove_fault(key)

    def _end_container(self, namespace: str, spec: dict[str, Any]) -> None:
        """End a container that runs; where none of that name runs, nothing happens but that it is told."""
        ended = False
        pod = self.kernel.rooms["apiserver"].get("pods", namespace, spec["pod"])
        programs = self.kernel.rooms["programs"]
        for lists in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
            for status in (pod or {"status": {}})["status"].get(lists) or ():
                if status["name"] == spec["container"] and "running" in status["state"]:
                    container, ended = status["containerID"].rpartition("://")[2], True
                    if spec["type"] == "ContainerExit":
                        programs.exit(container, spec.get("exitCode", 1))
                    else:
                        programs.oom_kill(container)
        if not ended:
            about = Pod(namespace, spec["pod"], pod["metadata"]["uid"] if pod else "", spec["container"])
            text = f"No container {spec['container']} of a Pod {spec['pod']} was running: the Fault has ended none."
            self.kernel.trace("decision", about, by="faults", text=text)


def _port_fault(namespace: str, type: str, spec: dict[str, Any]) -> PortFault:
    return PortFault(
        namespace,
        spec["pod"],
        _EFFECTS[type],  # type: ignore[arg-type]
        port=spec.get("port", 0),
        delay=parse_go_duration(spec.get("delay", "0")),
        status=spec.get("status", 503),
        path=spec.get("path", ""),
    )
