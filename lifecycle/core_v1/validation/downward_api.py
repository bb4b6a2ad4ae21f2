"""What a Pod may tell its containers about itself. Kubernetes: pkg/apis/core/pods (ConvertDownwardAPIFieldLabel)"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]

IN_FILES = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
IN_ENV = (
    "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP",
    "status.hostIPs", "status.podIP", "status.podIPs",
)  # fmt: skip
CONVERTED = {*IN_FILES, *IN_ENV, "spec.restartPolicy", "spec.schedulerName", "status.phase"}
SUBSCRIPTED = ("metadata.annotations", "metadata.labels")

AMOUNTS = tuple(f"{side}.{name}" for side in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory"))
SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
KIND_OF_SIZE = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}

_SUBSCRIPT = re.compile(r"(.*?)\['(.*)'\]")


def field_ref(ref: Object, allowed: Iterable[str], path: str) -> Iterator[Error]:
    """Test a reference to one of the Pod's own fields: metadata.name, metadata.labels['app']."""
    given = ref["fieldPath"]
    if not given:
        yield field.required(f"{path}.fieldPath")
        return
    match = _SUBSCRIPT.fullmatch(given)
    why = _unconvertible(ref.get("apiVersion", "v1"), given, match)
    if why:
        yield field.invalid(f"{path}.fieldPath", given, f"error converting fieldPath: {why}")
    elif match:
        key = match[2].lower() if match[1] == "metadata.annotations" else match[2]
        yield from wrong(path, key, formats.label_key(key))
    elif given not in allowed:
        yield field.not_supported(f"{path}.fieldPath", given, allowed)


def _unconvertible(version: str, given: str, match: re.Match[str] | None) -> str:
    if version != "v1":
        return f"unsupported pod version: {version}"
    if match:
        return "" if match[1] in SUBSCRIPTED else f"field label does not support subscript: {given}"
    return "" if given in CONVERTED else f"field label not supported: {given}"


def resource_ref(ref: Object, path: str, in_file: bool) -> Iterator[Error]:
    """Test a reference to what a container may use or asked for."""
    name = ref["resource"]
    huge = name.startswith(("limits.hugepages-", "requests.hugepages-"))
    if in_file and not ref.get("containerName"):
        yield field.required(f"{path}.containerName")
    elif not name:
        yield field.required(f"{path}.resource")
    elif name not in AMOUNTS and not huge:
        yield field.not_supported(f"{path}.resource", name, AMOUNTS)
    divisor = ref.get("divisor", "0")
    if quantity.parse(divisor):
        yield from _divisor(name, divisor, huge, f"{path}.divisor")


def _divisor(name: str, divisor: str, huge: bool, path: str) -> Iterator[Error]:
    of = name.partition(".")[2]
    if of == "cpu":
        if divisor not in ("1", "1m"):
            yield field.invalid(path, name, "only divisor's values 1m and 1 are supported with the cpu resource")
    elif (of in KIND_OF_SIZE or huge) and divisor not in SIZES:
        kind = KIND_OF_SIZE.get(of, "hugepages")
        yield field.invalid(path, name, f"only divisor's values {', '.join(SIZES)} are supported with the {kind} resource")


def file_field(item: Object, path: str) -> Iterator[Error]:
    """Test one file of a downwardAPI volume; Kubernetes names the volume, not the item."""
    if not item["path"]:
        yield field.required(f"{path}.path")
    yield from wrong(f"{path}.path", item["path"], formats.file_path(item["path"]))
    if "fieldRef" in item:
        yield from field_ref(item["fieldRef"], IN_FILES, f"{path}.fieldRef")
        if "resourceFieldRef" in item:
            yield field.invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously")
    elif "resourceFieldRef" in item:
        yield from resource_ref(item["resourceFieldRef"], f"{path}.resourceFieldRef", in_file=True)
    else:
        yield field.required(path, "one of fieldRef and resourceFieldRef is required")
    if "mode" in item:
        yield from wrong(f"{path}.mode", item["mode"], formats.file_mode(item["mode"]))
