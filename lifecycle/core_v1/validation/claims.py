"""What a PersistentVolumeClaim asks for. Kubernetes: pkg/apis/core/validation (ValidatePersistentVolumeClaimSpec)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import label_selector, wrong

Object = dict[str, Any]

MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")


def claim_spec(spec: Object, path: str) -> Iterator[Error]:
    given = spec.get("accessModes") or []
    if not given:
        yield field.required(f"{path}.accessModes", "at least 1 access mode is required")
    yield from label_selector(spec.get("selector"), f"{path}.selector")
    yield from access_modes(given, f"{path}.accessModes")
    yield from _storage((spec["resources"].get("requests") or {}).get("storage"), f"{path}.resources[storage]")
    yield from _class(spec, "storageClassName", path)
    if spec.get("volumeMode", "Filesystem") not in VOLUME_MODES:
        yield field.not_supported(f"{path}.volumeMode", spec["volumeMode"], VOLUME_MODES)
    for name in ("dataSource", "dataSourceRef"):
        if name in spec:
            yield from _data_source(spec[name], f"{path}.{name}")
    yield from _same_source(spec, path)
    yield from _class(spec, "volumeAttributesClassName", path)


def access_modes(given: list[str], path: str) -> Iterator[Error]:
    for mode in given:
        if mode not in MODES:
            yield field.not_supported(path, mode, MODES)
    if "ReadWriteOncePod" in given and {*given} & {*MODES} != {"ReadWriteOncePod"}:
        yield field.forbidden(path, "may not use ReadWriteOncePod with other access modes")


def _storage(amount: str | None, path: str) -> Iterator[Error]:
    if amount is None:
        yield field.required(path)
    elif quantity.parse(amount).nanos <= 0:
        yield field.invalid(path, amount, "must be greater than zero")


def _class(spec: Object, name: str, path: str) -> Iterator[Error]:
    if spec.get(name):
        yield from wrong(f"{path}.{name}", spec[name], formats.dns_subdomain(spec[name]))


def _data_source(source: Object, path: str) -> Iterator[Error]:
    for name in ("name", "kind"):
        if not source[name]:
            yield field.required(f"{path}.{name}")
    group = source.get("apiGroup") or ""
    if group:
        yield from wrong(f"{path}.apiGroup", group, formats.dns_subdomain(group))
    elif source["kind"] != "PersistentVolumeClaim":
        text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup"
        yield field.invalid(path, source["kind"], text)
    if source.get("namespace"):
        yield from wrong(f"{path}.namespace", source["namespace"], formats.dns_label(source["namespace"]))


def _same_source(spec: Object, path: str) -> Iterator[Error]:
    """Test that both ways to name a source name the same one; what Kubernetes shows as the value is empty."""
    source, reference = spec.get("dataSource"), spec.get("dataSourceRef")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        yield field.invalid(path, {}, "may not be specified when dataSourceRef.namespace is specified")
    elif any(source.get(name) != reference.get(name) for name in ("apiGroup", "kind", "name")):
        yield field.invalid(path, {}, "must match dataSourceRef")
