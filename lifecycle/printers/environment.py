"""The environment of a container: values, and where they come from.

Kubernetes: kubectl/pkg/describe (describeContainerEnvVars), kubectl/pkg/util/resource.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from lifecycle.core_v1.quantity import Quantity, parse
from lifecycle.printers.metadata import NONE, Object, boolean


def environment_from(container: Object) -> Iterator[str]:
    """Yield whole ConfigMaps and Secrets that become variables, nothing where there are none."""
    sources = container.get("envFrom")
    if sources:
        yield "    Environment Variables from:"
    for source in sources or ():
        kind, reference = _reference(source)
        prefix = f" with prefix '{source['prefix']}'" if source.get("prefix") else ""
        yield f"      {reference.get('name', '')}\t{kind}{prefix}\tOptional: {boolean(reference.get('optional'))}"


def environment(container: Object, pod: Object) -> Iterator[str]:
    """Yield the variables; of those taken from the Pod's fields only its name and namespace have a value here."""
    variables = container.get("env")
    yield "    Environment:" if variables else f"    Environment:\t{NONE}"
    for variable in variables or ():
        source = variable.get("valueFrom")
        value: str | None
        if source is None:
            value = str(variable.get("value") or "").replace("\n", "\n      \t")
        else:
            value = _from(source, container, pod)
        if value is not None:
            yield f"      {variable['name']}:\t{value}"


def _reference(source: Object) -> tuple[str, Object]:
    if source.get("configMapRef") is not None:
        return "ConfigMap", source["configMapRef"]
    if source.get("secretRef") is not None:
        return "Secret", source["secretRef"]
    return "", {}


def _from(source: Object, container: Object, pod: Object) -> str | None:
    if field := source.get("fieldRef"):
        return f"{_field(field, pod)} ({field.get('apiVersion', '')}:{field.get('fieldPath', '')})"
    if field := source.get("resourceFieldRef"):
        return f"{_resource(field, container)} ({field['resource']})"
    for reference, where in (("secretKeyRef", "in secret"), ("configMapKeyRef", "of config map")):
        if key := source.get(reference):
            place = f"<set to the key '{key.get('key', '')}' {where} '{key.get('name', '')}'>"
            return f"{place}\tOptional: {boolean(key.get('optional'))}"
    return None


def _field(field: Object, pod: Object) -> str:
    """Return a field's value; kubectl itself resolves no others than these two."""
    kind, _, name = str(field.get("fieldPath", "")).partition(".")
    return str(pod["metadata"].get(name, "")) if kind == "metadata" and name in ("name", "namespace") else ""


def _resource(field: Object, container: Object) -> str:
    """Return a limit or request in units of the divisor, rounded up; `node allocatable` for a limit there is none of."""
    resource = field["resource"]
    of, _, name = resource.partition(".")
    if of not in ("limits", "requests") or not (
        name in ("cpu", "memory", "ephemeral-storage") or name.startswith("hugepages-")
    ):
        return ""
    amount = parse(str(((container.get("resources") or {}).get(of) or {}).get(name, "0")))
    divisor = parse(str(field.get("divisor") or "0")) or Quantity(10**9)
    if name == "cpu":
        value = math.ceil(amount.milli_value() / divisor.milli_value())
    else:
        value = math.ceil(amount.value() / divisor.value())
    return "node allocatable" if not value and resource in ("limits.cpu", "limits.memory") else str(value)
