"""Annotations of a Pod that Kubernetes itself reads.

Kubernetes: pkg/apis/core/validation (ValidatePodSpecificAnnotations, validateSeccompAnnotationsAndFields)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong
from lifecycle.core_v1.validation.windows import each_container

Object = dict[str, Any]

MIRROR = "kubernetes.io/config.mirror"
DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"

SECCOMP_PROFILES = ("runtime/default", "docker/default", "unconfined")
APP_ARMOR_PROFILES = ("", "runtime/default", "unconfined")


def of_pod(given: dict[str, str], spec: Object, path: str) -> Iterator[Error]:
    if not given:
        return
    if MIRROR in given and not spec.get("nodeName"):
        text = "must set spec.nodeName if mirror pod annotation is set"
        yield field.invalid(field.key(path, MIRROR), given[MIRROR], text)
    if not _is_cost(given.get(DELETION_COST, "0")):
        yield field.invalid(field.key(path, DELETION_COST), given[DELETION_COST], "must be a 32bit integer")
    for key, value in sorted(given.items(), key=lambda item: item[0] != SECCOMP_POD):
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            yield from _seccomp(value, f"{path}.{key}")
    for key, value in given.items():
        if key.startswith(APP_ARMOR):
            yield from _app_armor(key, value, spec, field.key(path, key))


def _is_cost(text: str) -> bool:
    """Return whether a text is a number as Go reads it: no sign but a minus, no zero before another digit, 32 bits."""
    digits = text.removeprefix("-")
    plain = digits.isascii() and digits.isdigit() and (digits == text == "0" or not digits.startswith("0"))
    return plain and -(2**31) <= int(text) < 2**31


def _seccomp(profile: str, path: str) -> Iterator[Error]:
    if profile.startswith("localhost/"):
        file = profile.removeprefix("localhost/")
        yield from wrong(path, file, formats.relative_path(file))
    elif profile not in SECCOMP_PROFILES:
        yield field.invalid(path, profile, "must be a valid seccomp profile")


def _app_armor(key: str, profile: str, spec: Object, path: str) -> Iterator[Error]:
    name = key.removeprefix(APP_ARMOR)
    if all(container["name"] != name for container, _ in each_container(spec, "")):
        yield field.invalid(path, name, "container not found")
    if profile not in APP_ARMOR_PROFILES and not profile.startswith("localhost/"):
        yield field.invalid(path, profile, f"invalid AppArmor profile name: {field.quote(profile)}")


def like_fields(pod: Object, path: str) -> Iterator[Error]:
    """Test that annotations say nothing else than the fields that have taken their place."""
    given, spec = pod["metadata"].get("annotations"), pod["spec"]
    if not given:
        return
    context = spec.get("securityContext") or {}
    at = f"{path}.securityContext.seccompProfile"
    yield from _alike(given.get(SECCOMP_POD), context.get("seccompProfile"), "seccomp", at)
    for container, place in each_container(spec, path):
        profile = (container.get("securityContext") or {}).get("seccompProfile")
        at = f"{place}.securityContext.seccompProfile"
        yield from _alike(given.get(SECCOMP_CONTAINER + container["name"]), profile, "seccomp", at)
    if (spec.get("os") or {}).get("name") == "windows":
        return
    for container, place in each_container(spec, path):
        profile = (container.get("securityContext") or {}).get("appArmorProfile") or context.get("appArmorProfile")
        at = f"{place}.securityContext.appArmorProfile"
        yield from _alike(given.get(APP_ARMOR + container["name"]), profile, "apparmor", at)


def _alike(annotation: str | None, profile: Object | None, what: str, path: str) -> Iterator[Error]:
    if annotation is None or profile is None:
        return
    local = annotation.removeprefix("localhost/") if annotation.startswith("localhost/") else None
    right = {
        "Unconfined": annotation == "unconfined",
        "RuntimeDefault": annotation == "runtime/default" or (what == "seccomp" and annotation == "docker/default"),
        "Localhost": local is not None,
    }
    if not right.get(profile["type"], True):
        yield field.forbidden(f"{path}.type", f"{what} type in annotation and field must match")
    elif profile["type"] == "Localhost" and profile.get("localhostProfile") != local:
        yield field.forbidden(f"{path}.localhostProfile", f"{what} profile in annotation and field must match")


def update(new: dict[str, str], old: dict[str, str], spec: Object, path: str) -> Iterator[Error]:
    """Test annotations that take the place of others: those that the kubelet goes by stay what they were."""
    for key in old:
        if new.get(key) != old[key]:
            yield from _fixed(key, "remove or update", path)
    for key in new:
        if key not in old:
            yield from _fixed(key, "add", path)
    yield from of_pod(new, spec, path)


def _fixed(key: str, verb: str, path: str) -> Iterator[Error]:
    if key.startswith(APP_ARMOR):
        yield field.forbidden(field.key(path, key), f"may not {verb} AppArmor annotations")
    if key == MIRROR:
        yield field.forbidden(field.key(path, key), f"may not {verb} mirror pod annotation")
