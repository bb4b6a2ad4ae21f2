"""Containers of the three lists. Kubernetes: pkg/apis/core/validation (validateContainers and what it calls)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import amounts, formats, handlers, security
from lifecycle.core_v1.validation.downward_api import IN_ENV, field_ref, resource_ref
from lifecycle.core_v1.validation.metadata import wrong
from lifecycle.core_v1.validation.volumes import Volumes

Object = dict[str, Any]

PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
MESSAGE_POLICIES = ("File", "FallbackToLogsOnError")
RESTART_POLICIES = ("Always", "Never", "OnFailure")
RESTART_ACTIONS = ("Restart", "RestartAllContainers")
PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
RECURSIVE = ("Disabled", "Enabled", "IfPossible")
ENV_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")

MOST_RULES = 20
MOST_EXIT_CODES = 255

NOT_EPHEMERAL = (
    "ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe",
    "startupProbe", "lifecycle",
)  # fmt: skip


class Around(msgspec.Struct, frozen=True):
    """What of a Pod's spec its containers are tested against."""

    volumes: Volumes
    claims: set[str]
    grace: int | None
    restart_policy: str
    host_users: bool


def regular(containers: list[Object], around: Around, path: str) -> Iterator[Error]:
    if not containers:
        yield field.required(path)
    names: set[str] = set()
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        yield from _common(container, around, at)
        if container["name"] in names:
            yield field.duplicate(f"{at}.name", container["name"])
        names.add(container["name"])
        yield from _hooks_and_probes(container, around, at)
        yield from _restart_policy(container, at)
    yield from _host_ports(containers, path)


def init(containers: list[Object], others: list[Object], around: Around, path: str) -> Iterator[Error]:
    names = {container["name"] for container in others}
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        yield from _common(container, around, at)
        yield from _restart_policy(container, at, init=True)
        if container["name"] in names:
            yield field.duplicate(f"{at}.name", container["name"])
        elif container["name"]:
            names.add(container["name"])
        yield from _host_ports([container], path)
        if container.get("restartPolicy") == "Always":
            yield from _hooks_and_probes(container, around, at)
        else:
            yield from _no_sidecar(container, at)


def _no_sidecar(container: Object, path: str) -> Iterator[Error]:
    """Test an init container that runs to its end."""
    for name in ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe"):
        if name in container:
            yield field.forbidden(f"{path}.{name}", "may not be set for init containers without restartPolicy=Always")
    for i, policy in enumerate(container.get("resizePolicy") or []):
        if policy["restartPolicy"] == "RestartContainer":
            text = "must not be set to 'RestartContainer' for non-sidecar initContainers"
            yield field.invalid(f"{path}.resizePolicy[{i}].restartPolicy", "RestartContainer", text)


def ephemeral(containers: list[Object], others: list[Object], around: Around, path: str) -> Iterator[Error]:
    targets = {container["name"] for container in others}
    names = set(targets)
    for i, container in enumerate(containers):
        at = f"{path}[{i}]"
        yield from _common(container, around, at)
        yield from image_text(container, at)
        if container["name"] in names:
            yield field.duplicate(f"{at}.name", container["name"])
        names.add(container["name"])
        target = container.get("targetContainerName")
        if target and target not in targets:
            yield field.not_found(f"{at}.targetContainerName", target)
        yield from _not_ephemeral(container, at)


def _not_ephemeral(container: Object, path: str) -> Iterator[Error]:
    for name in NOT_EPHEMERAL:
        if container.get(name):
            yield field.forbidden(f"{path}.{name}", "cannot be set for an Ephemeral Container")
    for i, mount in enumerate(container.get("volumeMounts") or []):
        for name in ("subPath", "subPathExpr"):
            if mount.get(name):
                at = f"{path}.volumeMounts[{i}].{name}"
                yield field.forbidden(at, "cannot be set for an Ephemeral Container")


def image_text(container: Object, path: str) -> Iterator[Error]:
    image = container.get("image", "")
    if image != image.strip():
        yield field.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")


def _common(container: Object, around: Around, path: str) -> Iterator[Error]:
    """Test what all kinds of containers have."""
    if container["name"]:
        yield from wrong(f"{path}.name", container["name"], formats.dns_label(container["name"]))
    else:
        yield field.required(f"{path}.name")
    if not container.get("image"):
        yield field.required(f"{path}.image")
    if container.get("terminationMessagePolicy") not in MESSAGE_POLICIES:
        yield field.not_supported(
            f"{path}.terminationMessagePolicy", container.get("terminationMessagePolicy"), MESSAGE_POLICIES
        )
    yield from _ports(container.get("ports") or [], f"{path}.ports")
    yield from _env(container.get("env") or [], f"{path}.env")
    yield from _env_from(container.get("envFrom") or [], f"{path}.envFrom")
    yield from _mounts(container, around.volumes, f"{path}.volumeMounts")
    yield from _devices(container, around.volumes, f"{path}.volumeDevices")
    if container.get("imagePullPolicy") not in PULL_POLICIES:
        yield field.not_supported(f"{path}.imagePullPolicy", container.get("imagePullPolicy"), PULL_POLICIES)
    resources = container["resources"]
    yield from amounts.requirements(resources, f"{path}.resources", amounts.container_resource_name, around.claims)
    yield from _resize_policy(container.get("resizePolicy") or [], f"{path}.resizePolicy", around.restart_policy)
    yield from security.container_context(container.get("securityContext"), f"{path}.securityContext", around.host_users)


def _hooks_and_probes(container: Object, around: Around, path: str) -> Iterator[Error]:
    if "lifecycle" in container:
        yield from handlers.lifecycle(container["lifecycle"], f"{path}.lifecycle", around.grace)
    yield from handlers.probes(container, path)


def _ports(ports: list[Object], path: str) -> Iterator[Error]:
    names: set[str] = set()
    for i, port in enumerate(ports):
        at, name = f"{path}[{i}]", port.get("name", "")
        texts = formats.port_name(name) if name else []
        yield from wrong(f"{at}.name", name, texts)
        if name in names:
            yield field.duplicate(f"{at}.name", name)
        elif name and not texts:
            names.add(name)
        if port["containerPort"]:
            yield from wrong(f"{at}.containerPort", port["containerPort"], formats.port_number(port["containerPort"]))
        else:
            yield field.required(f"{at}.containerPort")
        if port.get("hostPort"):
            yield from wrong(f"{at}.hostPort", port["hostPort"], formats.port_number(port["hostPort"]))
        if port.get("protocol") not in PROTOCOLS:
            yield field.not_supported(f"{at}.protocol", port.get("protocol"), PROTOCOLS)


def _host_ports(containers: list[Object], path: str) -> Iterator[Error]:
    taken: set[str] = set()
    for i, container in enumerate(containers):
        for n, port in enumerate(container.get("ports") or []):
            if not port.get("hostPort"):
                continue
            text = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{port['hostPort']}"
            if text in taken:
                yield field.duplicate(f"{path}[{i}].ports[{n}].hostPort", text)
            taken.add(text)


def _env(env: list[Object], path: str) -> Iterator[Error]:
    for i, variable in enumerate(env):
        at = f"{path}[{i}]"
        if variable["name"]:
            yield from wrong(f"{at}.name", variable["name"], formats.env_name(variable["name"]))
        else:
            yield field.required(f"{at}.name")
        if "valueFrom" in variable:
            yield from _value_from(variable, f"{at}.valueFrom")


def _value_from(variable: Object, path: str) -> Iterator[Error]:
    source = variable["valueFrom"]
    if "fieldRef" in source:
        yield from field_ref(source["fieldRef"], IN_ENV, f"{path}.fieldRef")
    if "resourceFieldRef" in source:
        yield from resource_ref(source["resourceFieldRef"], f"{path}.resourceFieldRef", in_file=False)
    for name in ("configMapKeyRef", "secretKeyRef"):
        if name in source:
            yield from _key_ref(source[name], f"{path}.{name}")
    if "fileKeyRef" in source:
        yield from _file_ref(source["fileKeyRef"], f"{path}.fileKeyRef")
    given = [name for name in ENV_SOURCES if name in source]
    if not given:
        names = ", ".join(f"`{name}`" for name in ENV_SOURCES[:-1])
        yield field.invalid(path, "", f"must specify one of: {names} or `{ENV_SOURCES[-1]}`")
    elif variable.get("value"):
        yield field.invalid(path, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield field.invalid(path, "", "may not have more than one field specified at a time")


def _key_ref(ref: Object, path: str) -> Iterator[Error]:
    yield from wrong(f"{path}.name", ref.get("name", ""), formats.dns_subdomain(ref.get("name", "")))
    if ref["key"]:
        yield from wrong(f"{path}.key", ref["key"], formats.config_key(ref["key"]))
    else:
        yield field.required(f"{path}.key")


def _file_ref(ref: Object, path: str) -> Iterator[Error]:
    for name, test in (("key", formats.env_name), ("volumeName", formats.dns_label), ("path", formats.no_backsteps)):
        if ref[name]:
            yield from wrong(f"{path}.{name}", ref[name], test(ref[name]))
        else:
            yield field.required(f"{path}.{name}")


def _env_from(sources: list[Object], path: str) -> Iterator[Error]:
    for i, source in enumerate(sources):
        at = f"{path}[{i}]"
        prefix = source.get("prefix", "")
        yield from wrong(f"{at}.prefix", prefix, formats.env_name(prefix))
        given = [name for name in ("configMapRef", "secretRef") if name in source]
        for name in given:
            ref = source[name].get("name", "")
            if ref:
                yield from wrong(f"{at}.{name}.name", ref, formats.dns_subdomain(ref))
            else:
                yield field.required(f"{at}.{name}.name")
        if not given:
            yield field.invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(given) > 1:
            yield field.invalid(path, "", "may not have more than one field specified at a time")


def _mounts(container: Object, volumes: Volumes, path: str) -> Iterator[Error]:
    devices = {device["name"]: device["devicePath"] for device in container.get("volumeDevices") or []}
    places: set[str] = set()
    for i, mount in enumerate(container.get("volumeMounts") or []):
        at, name, place = f"{path}[{i}]", mount["name"], mount["mountPath"]
        if not name:
            yield field.required(f"{at}.name")
        if name not in volumes:
            yield field.not_found(f"{at}.name", name)
        if not place:
            yield field.required(f"{at}.mountPath")
        if place in places:
            yield field.invalid(f"{at}.mountPath", place, "must be unique")
        places.add(place)
        if name in devices:
            yield field.invalid(f"{at}.name", name, "must not already exist in volumeDevices")
        if place in devices.values():
            yield field.invalid(f"{at}.mountPath", place, "must not already exist as a path in volumeDevices")
        yield from _sub_path(mount, path, at)
        yield from _mount_options(mount, container, path)


def _sub_path(mount: Object, path: str, at: str) -> Iterator[Error]:
    """Test subPath and subPathExpr; Kubernetes leaves out the mount's place in the list."""
    if mount.get("subPath"):
        yield from wrong(f"{path}.subPath", mount["subPath"], formats.relative_path(mount["subPath"]))
    if mount.get("subPathExpr"):
        if mount.get("subPath"):
            yield field.invalid(f"{at}.subPathExpr", mount["subPathExpr"], "subPathExpr and subPath are mutually exclusive")
        yield from wrong(f"{path}.subPathExpr", mount["subPathExpr"], formats.relative_path(mount["subPathExpr"]))


def _mount_options(mount: Object, container: Object, path: str) -> Iterator[Error]:
    propagation = mount.get("mountPropagation")
    if propagation is not None:
        if propagation not in PROPAGATIONS:
            yield field.not_supported(f"{path}.mountPropagation", propagation, PROPAGATIONS)
        if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
            text = "Bidirectional mount propagation is available only to privileged containers"
            yield field.forbidden(f"{path}.mountPropagation", text)
    recursive = mount.get("recursiveReadOnly")
    if recursive in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            yield field.forbidden(f"{path}.recursiveReadOnly", "may only be specified when readOnly is true")
        if propagation not in (None, "None"):
            text = "may only be specified when mountPropagation is None or not specified"
            yield field.forbidden(f"{path}.recursiveReadOnly", text)
    elif recursive not in (None, "Disabled"):
        yield field.not_supported(f"{path}.recursiveReadOnly", recursive, RECURSIVE)


def _devices(container: Object, volumes: Volumes, path: str) -> Iterator[Error]:
    mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts") or []}
    names: set[str] = set()
    places: set[str] = set()
    for i, device in enumerate(container.get("volumeDevices") or []):
        at, name, place = f"{path}[{i}]", device["name"], device["devicePath"]
        if not name:
            yield field.required(f"{at}.name")
        if name in names:
            yield field.invalid(f"{at}.name", name, "must be unique")
        if name not in volumes:
            yield field.not_found(f"{at}.name", name)
        elif not {"persistentVolumeClaim", "ephemeral"} & volumes[name].keys():
            text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            yield field.invalid(f"{at}.name", name, text)
        if not place:
            yield field.required(f"{at}.devicePath")
        if place in places:
            yield field.invalid(f"{at}.devicePath", place, "must be unique")
        if formats.no_backsteps(place):
            yield field.invalid(f"{at}.devicePath", place, "can not contain backsteps ('..')")
        if name in mounts:
            yield field.invalid(f"{at}.name", name, "must not already exist in volumeMounts")
        if place in mounts.values():
            yield field.invalid(f"{at}.devicePath", place, "must not already exist as a path in volumeMounts")
        names |= {name} - {""}
        places |= {place} if not formats.no_backsteps(place) else set()


def _resize_policy(policies: list[Object], path: str, restart_policy: str) -> Iterator[Error]:
    seen = set()
    for i, policy in enumerate(policies):
        name, restart = policy["resourceName"], policy["restartPolicy"]
        if name in seen:
            yield field.duplicate(f"{path}[{i}]", name)
        seen.add(name)
        for value, supported in ((name, ("cpu", "memory")), (restart, ("NotRequired", "RestartContainer"))):
            if not value:
                yield field.required(path)
            elif value not in supported:
                yield field.not_supported(path, value, supported)
        if restart_policy == "Never" and restart != "NotRequired":
            yield field.invalid(path, restart, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def _restart_policy(container: Object, path: str, init: bool = False) -> Iterator[Error]:
    """Test a container's own restartPolicy and its rules; those of an init container that has no policy, nobody reads."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or []
    if policy is None and rules:
        yield field.required(f"{path}.restartPolicy", "must specify restartPolicy when restart rules are used")
    elif policy is not None and policy not in RESTART_POLICIES:
        yield field.not_supported(f"{path}.restartPolicy", policy, RESTART_POLICIES)
    if init and policy is None:
        return
    if len(rules) > MOST_RULES:
        yield field.too_many(f"{path}.restartPolicyRules", len(rules), MOST_RULES)
    for i, rule in enumerate(rules):
        yield from _restart_rule(rule, f"{path}.restartPolicyRules[{i}]")


def _restart_rule(rule: Object, path: str) -> Iterator[Error]:
    if rule.get("action", "") not in RESTART_ACTIONS:
        yield field.not_supported(f"{path}.action", rule.get("action", ""), RESTART_ACTIONS)
    codes = rule.get("exitCodes")
    if codes is None:
        yield field.required(f"{path}.exitCodes", "must be specified")
        return
    if codes.get("operator") not in ("In", "NotIn"):
        yield field.not_supported(f"{path}.exitCodes.operator", codes.get("operator", ""), ("In", "NotIn"))
    if len(codes.get("values") or []) > MOST_EXIT_CODES:
        yield field.too_many(f"{path}.exitCodes.values", len(codes["values"]), MOST_EXIT_CODES)
