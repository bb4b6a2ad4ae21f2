"""Probes and lifecycle hooks. Kubernetes: pkg/apis/core/validation (validateProbe, validateHandler, validateLifecycle)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]

OF_PROBES = ("exec", "httpGet", "tcpSocket", "grpc")
OF_HOOKS = ("exec", "httpGet", "tcpSocket", "sleep")
NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")


def probes(container: Object, path: str) -> Iterator[Error]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            yield from _probe(container[name], name, f"{path}.{name}")


def _probe(probe: Object, name: str, path: str) -> Iterator[Error]:
    yield from _handler(probe, OF_PROBES, path, None)
    for number in NUMBERS:
        if probe.get(number, 0) < 0:
            yield field.invalid(f"{path}.{number}", probe[number], "must be greater than or equal to 0")
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        yield field.invalid(f"{path}.terminationGracePeriodSeconds", grace, "must be greater than 0")
    if name == "readinessProbe":
        if grace is not None:
            text = "must not be set for readinessProbes"
            yield field.invalid(f"{path}.terminationGracePeriodSeconds", grace, text)
    elif probe.get("successThreshold", 1) != 1:
        yield field.invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")


def lifecycle(hooks: Object, path: str, grace: int | None) -> Iterator[Error]:
    """Test a container's hooks; `grace` is the Pod's terminationGracePeriodSeconds."""
    for name in ("postStart", "preStop"):
        if name in hooks:
            yield from _handler(hooks[name], OF_HOOKS, f"{path}.{name}", grace)


def _handler(handler: Object, kinds: tuple[str, ...], path: str, grace: int | None) -> Iterator[Error]:
    given = [kind for kind in kinds if kind in handler]
    if not given:
        yield field.required(path, "must specify a handler type")
        return
    first, *others = given
    yield from _action(first, handler[first], f"{path}.{first}", grace)
    for other in others:
        yield field.forbidden(f"{path}.{other}", "may not specify more than 1 handler type")


def _action(kind: str, action: Object, path: str, grace: int | None) -> Iterator[Error]:
    match kind:
        case "exec":
            if not action.get("command"):
                yield field.required(f"{path}.command")
        case "httpGet":
            yield from _http_get(action, path)
        case "tcpSocket" | "grpc":
            yield from port(action["port"], f"{path}.port")
        case "sleep":
            seconds = action["seconds"]
            if grace is not None and not 0 <= seconds <= grace:
                text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                yield field.invalid(path, seconds, text)


def _http_get(action: Object, path: str) -> Iterator[Error]:
    if not action.get("path"):
        yield field.required(f"{path}.path")
    yield from port(action["port"], f"{path}.port")
    if action.get("scheme") not in ("HTTP", "HTTPS"):
        yield field.not_supported(f"{path}.scheme", action.get("scheme", ""), ("HTTP", "HTTPS"))
    for header in action.get("httpHeaders") or []:
        yield from wrong(f"{path}.httpHeaders", header["name"], formats.header_name(header["name"]))


def port(value: int | str, path: str) -> Iterator[Error]:
    """Test a port that is given by number or by name; whether a container has one of that name, nobody asks."""
    yield from wrong(path, value, formats.port_name(value) if isinstance(value, str) else formats.port_number(value))
