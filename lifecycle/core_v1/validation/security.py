"""Security contexts of Pods and containers.

Kubernetes: pkg/apis/core/validation (validatePodSpecSecurityContext, ValidateSecurityContext)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.schema import struct
from lifecycle.core_v1.validation import formats, windows
from lifecycle.core_v1.validation.metadata import wrong
from lifecycle.core_v1.validation.spec_diff import internal

Object = dict[str, Any]

PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
NET_SYSCTLS = ("net.",)
IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "fs.mqueue.")
LONGEST_PROFILE = 4095


def pod_context(spec: Object, path: str) -> Iterator[Error]:
    context = spec.get("securityContext") or {}
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        if name in context:
            yield from wrong(f"{path}.{name}", context[name], formats.user_or_group(context[name]))
    for i, group in enumerate(context.get("supplementalGroups") or []):
        yield from wrong(f"{path}.supplementalGroups[{i}]", group, formats.user_or_group(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield field.invalid(f"{path}.shareProcessNamespace", True, text)
    yield from _sysctls(context.get("sysctls") or [], spec, f"{path}.sysctls")
    yield from _one_of(context, "fsGroupChangePolicy", ("Always", "OnRootMismatch"), path)
    yield from _seccomp(context.get("seccompProfile"), f"{path}.seccompProfile")
    yield from windows.options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from _app_armor(context.get("appArmorProfile"), f"{path}.appArmorProfile")
    yield from _one_of(context, "supplementalGroupsPolicy", ("Merge", "Strict"), path)
    yield from _one_of(context, "seLinuxChangePolicy", ("MountOption", "Recursive"), path)


def container_context(context: Object | None, path: str, host_users: bool) -> Iterator[Error]:
    if not context:
        return
    for name in ("runAsUser", "runAsGroup"):
        if name in context:
            yield from wrong(f"{path}.{name}", context[name], formats.user_or_group(context[name]))
    yield from _one_of(context, "procMount", ("Default", "Unmasked"), path)
    if context.get("procMount") == "Unmasked" and host_users:
        yield field.invalid(f"{path}.procMount", "Unmasked", "`hostUsers` must be false to use `Unmasked`")
    yield from _seccomp(context.get("seccompProfile"), f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        yield from _escalation(context, path)
    yield from windows.options(context.get("windowsOptions"), f"{path}.windowsOptions")
    yield from _app_armor(context.get("appArmorProfile"), f"{path}.appArmorProfile")


def _escalation(context: Object, path: str) -> Iterator[Error]:
    shown = internal(context, struct("SecurityContext"))
    refused = "cannot set `allowPrivilegeEscalation` to false and"
    if context.get("privileged"):
        yield field.invalid(path, shown, f"{refused} `privileged` to true")
    if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or []):
        yield field.invalid(path, shown, f"{refused} `capabilities.Add` CAP_SYS_ADMIN")


def _one_of(context: Object, name: str, values: tuple[str, ...], path: str) -> Iterator[Error]:
    if name in context and context[name] not in values:
        yield field.not_supported(f"{path}.{name}", context[name], values)


def _sysctls(sysctls: list[Object], spec: Object, path: str) -> Iterator[Error]:
    seen = set()
    for i, sysctl in enumerate(sysctls):
        at, name = f"{path}[{i}].name", sysctl["name"]
        if not name:
            yield field.required(at)
        elif formats.sysctl(name):
            yield from wrong(at, name, formats.sysctl(name))
        elif name in seen:
            yield field.duplicate(at, name)
        plain = name.replace("/", ".")
        if spec.get("hostNetwork") and plain.startswith(NET_SYSCTLS):
            yield field.invalid(at, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and (plain == "kernel.sem" or plain.startswith(IPC_SYSCTLS)):
            yield field.invalid(at, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def _seccomp(profile: Object | None, path: str) -> Iterator[Error]:
    if profile is None:
        return
    yield from _profile_type(profile["type"], f"{path}.type", "seccompProfile")
    local = profile.get("localhostProfile")
    if profile["type"] == "Localhost":
        if local is None:
            yield field.required(f"{path}.localhostProfile", "must be set when seccomp type is Localhost")
        else:
            yield from wrong(f"{path}.localhostProfile", local, formats.relative_path(local))
    elif local is not None:
        shown = {"Type": profile["type"], "LocalhostProfile": local}
        yield field.invalid(f"{path}.localhostProfile", shown, "can only be set when seccomp type is Localhost")


def _app_armor(profile: Object | None, path: str) -> Iterator[Error]:
    if profile is None:
        return
    local: str | None = profile.get("localhostProfile")
    if profile["type"] == "Localhost":
        if not local:
            yield field.required(f"{path}.localhostProfile", "must be set when AppArmor type is Localhost")
        elif local != local.strip():
            yield field.invalid(f"{path}.localhostProfile", local, "must not be padded with whitespace")
        if len((local or "").encode()) > LONGEST_PROFILE:
            yield field.too_long(f"{path}.localhostProfile", LONGEST_PROFILE)
    elif profile["type"] in PROFILES:
        if local is not None:
            yield field.invalid(f"{path}.localhostProfile", local, "can only be set when AppArmor type is Localhost")
    else:
        yield from _profile_type(profile["type"], f"{path}.type", "appArmorProfile")


def _profile_type(type: str, path: str, name: str) -> Iterator[Error]:
    if not type:
        yield field.required(path, f"type is required when {name} is set")
    elif type not in PROFILES:
        yield field.not_supported(path, type, PROFILES)
