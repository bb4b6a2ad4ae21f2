"""What a Pod may ask for that has no effect on its simulated life. It is kept, and said to be without effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.wire import Object

OF_POD = {"hostIPC": True, "hostUsers": False, "resourceClaims": None}
"""Fields of a Pod, and the value that asks for something (None: any)."""

OF_SECURITY_CONTEXT = (
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "procMount",
    "seLinuxChangePolicy",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroupsPolicy",
    "sysctls",
    "windowsOptions",
)
GROUPS = ("initContainers", "containers", "ephemeralContainers")


def unmodelled(spec: Object) -> list[str]:
    """Return the paths of fields in a Pod's spec that ask for what is not simulated."""
    found = [f"spec.{name}" for name, value in OF_POD.items() if _asks(spec.get(name), value)]
    found += _security(spec, "spec")
    for group in GROUPS:
        for i, container in enumerate(spec.get(group) or ()):
            found += _of_container(container, f"spec.{group}[{i}]")
    return found


def _of_container(container: Object, path: str) -> Iterator[str]:
    yield from _security(container, path)
    if (container.get("resources") or {}).get("claims"):
        yield f"{path}.resources.claims"
    if container.get("volumeDevices"):
        yield f"{path}.volumeDevices"
    for i, mount in enumerate(container.get("volumeMounts") or ()):
        if mount.get("mountPropagation") not in (None, "None"):
            yield f"{path}.volumeMounts[{i}].mountPropagation"


def _security(obj: Object, path: str) -> Iterator[str]:
    if context := obj.get("securityContext"):
        asked = (name for name in OF_SECURITY_CONTEXT if context.get(name) not in (None, "", [], {}))
        asked = (name for name in asked if name != "seccompProfile" or context[name].get("type") != "Localhost")
        yield from (f"{path}.securityContext.{name}" for name in asked)


def _asks(given: Any, wanted: bool | None) -> bool:
    return bool(given) if wanted is None else given is wanted
