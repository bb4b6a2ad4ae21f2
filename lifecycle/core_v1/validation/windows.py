"""What is said of containers on Windows, and what may not be said of a Pod because of its operating system.

Kubernetes: pkg/apis/core/validation (validateWindowsSecurityContextOptions, validateWindowsHostProcessPod, validateWindows)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]

LARGEST_CREDENTIAL_SPEC = 64
"""KiB"""

LONGEST_DOMAIN = 256
LONGEST_USER = 104

_NET_BIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DNS = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_NOT_IN_USER = re.compile(r'["/\\:;|=,+*?<>@\[\]]')

NOT_IN_POD = (
    ("securityContext", "appArmorProfile"), ("securityContext", "seLinuxOptions"), ("", "hostUsers"), ("", "hostPID"),
    ("", "hostIPC"), ("securityContext", "seccompProfile"), ("securityContext", "fsGroup"),
    ("securityContext", "fsGroupChangePolicy"), ("securityContext", "sysctls"), ("", "shareProcessNamespace"),
    ("securityContext", "runAsUser"), ("securityContext", "runAsGroup"), ("securityContext", "supplementalGroups"),
    ("securityContext", "supplementalGroupsPolicy"), ("securityContext", "seLinuxChangePolicy"),
)  # fmt: skip
NOT_IN_CONTAINER = (
    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged",
    "allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup",
)  # fmt: skip
"""What has no meaning on Windows."""

CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def each_container(spec: Object, path: str) -> Iterator[tuple[Object, str]]:
    """Yield each container with its path, in the order in which Kubernetes visits them."""
    for name in CONTAINERS:
        for i, container in enumerate(spec.get(name) or []):
            yield container, f"{path}.{name}[{i}]"


def options(value: Object | None, path: str) -> Iterator[Error]:
    if value is None:
        return
    if "gmsaCredentialSpecName" in value:
        name = value["gmsaCredentialSpecName"]
        yield from wrong(f"{path}.gmsaCredentialSpecName", name, formats.dns_subdomain(name))
    if "gmsaCredentialSpec" in value:
        size = len(value["gmsaCredentialSpec"].encode())
        text = "" if size <= LARGEST_CREDENTIAL_SPEC * 1024 else f"size must be under {LARGEST_CREDENTIAL_SPEC} KiB"
        text = text if size else "cannot be an empty string"
        if text:
            yield field.invalid(f"{path}.gmsaCredentialSpec", value["gmsaCredentialSpec"], f"gmsaCredentialSpec {text}")
    if "runAsUserName" in value:
        yield from wrong(f"{path}.runAsUserName", value["runAsUserName"], _run_as(value["runAsUserName"]))


def _run_as(name: str) -> list[str]:
    """Test a name of the form DOMAIN\\USER, of which the domain may be left out."""
    if not name:
        return ["runAsUserName cannot be an empty string"]
    if re.search(r"[\x00-\x1f\x7f]", name):
        return ["runAsUserName cannot contain control characters"]
    if name.count("\\") > 1:
        return ["runAsUserName cannot contain more than one backslash"]
    domain, backslash, user = name.rpartition("\\")
    found = []
    if len(domain.encode()) >= LONGEST_DOMAIN:
        found.append(f"runAsUserName's Domain length must be under {LONGEST_DOMAIN} characters")
    if backslash and not (_NET_BIOS.fullmatch(domain) or _DNS.fullmatch(domain)):
        found.append("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
    if not user:
        found.append("runAsUserName's User cannot be empty")
    elif len(user.encode()) > LONGEST_USER:
        found.append(f"runAsUserName's User length must not be longer than {LONGEST_USER} characters")
    if re.fullmatch("[. ]+", user):
        found.append("runAsUserName's User cannot contain only periods or spaces")
    if _NOT_IN_USER.search(user):
        found.append("runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]")
    return found


def host_process(spec: Object, path: str) -> Iterator[Error]:
    """Test that either all containers are the host's own processes, and in its network, or none is."""
    pod = _host_process(spec)
    containers = list(each_container(spec, path))
    for container, at in containers:
        own = _host_process(container)
        if pod is not None and own is not None and pod != own:
            text = f"pod hostProcess value must be identical if both are specified, was {str(pod).lower()}"
            yield field.invalid(f"{at}.securityContext.windowsOptions.hostProcess", own, text)
    counted = [own if own is not None else pod for own in (_host_process(container) for container, _ in containers)]
    if not any(counted):
        return
    if not all(counted):
        text = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
        yield field.invalid(path, "", text)
    if not spec.get("hostNetwork"):
        yield field.invalid(f"{path}.hostNetwork", False, "hostNetwork must be true if pod contains any hostProcess containers")


def _host_process(owner: Object) -> bool | None:
    found: bool | None = ((owner.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
    return found


def system(spec: Object, path: str) -> Iterator[Error]:
    """Test what a Pod says that means nothing on the system that it names."""
    name = spec["os"]["name"]
    if not name:
        yield field.required(f"{path}.os.name")
    elif name not in ("linux", "windows"):
        yield field.not_supported(f"{path}.os", name, ("linux", "windows"))
    elif name == "linux":
        yield from _linux(spec, path)
    else:
        yield from _windows(spec, path)


def _linux(spec: Object, path: str) -> Iterator[Error]:
    for owner, at in ((spec, path), *each_container(spec, path)):
        if "windowsOptions" in (owner.get("securityContext") or {}):
            text = "windows options cannot be set for a linux pod"
            yield field.forbidden(f"{at}.securityContext.windowsOptions", text)


def _windows(spec: Object, path: str) -> Iterator[Error]:
    for owner, name in NOT_IN_POD:
        value = (spec.get(owner) or {} if owner else spec).get(name)
        if value or (value is not None and name not in ("hostPID", "hostIPC", "sysctls")):
            yield field.forbidden(".".join(filter(None, (path, owner, name))), "cannot be set for a windows pod")
    for container, at in each_container(spec, path):
        for name in NOT_IN_CONTAINER:
            if name in (container.get("securityContext") or {}):
                yield field.forbidden(f"{at}.securityContext.{name}", "cannot be set for a windows pod")
