"""metadata, labels and selectors of labels: what all kinds share.

Kubernetes: apimachinery/pkg/api/validation/objectmeta.go, apimachinery/pkg/apis/meta/v1/validation
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats

Object = dict[str, Any]
Format = Callable[[str], list[str]]

LARGEST_ANNOTATIONS = 256 * 1024
"""Bytes of all keys and values together."""

FIXED = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
"""What no update may change."""

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
STANDARD_FINALIZERS = {"kubernetes", ORPHAN, FOREGROUND}


def wrong(path: str, value: Any, texts: Iterable[str]) -> Iterator[Error]:
    """Turn what a format found wrong into errors of one field."""
    for text in texts:
        yield field.invalid(path, value, text)


def metadata(meta: Object, namespaced: bool, name_format: Format, path: str = "metadata") -> Iterator[Error]:
    """Test the metadata of an object that is created; `name_format` says what names of its kind look like."""
    prefix = meta.get("generateName", "")
    if prefix:
        yield from wrong(f"{path}.generateName", prefix, name_format(_without_dash(prefix)))
    name = meta.get("name", "")
    if name:
        yield from wrong(f"{path}.name", name, name_format(name))
    else:
        yield field.required(f"{path}.name", "name or generateName is required")
    yield from _namespace(meta.get("namespace", ""), namespaced, path)
    if meta.get("generation", 0) < 0:
        yield field.invalid(f"{path}.generation", meta["generation"], "must be greater than or equal to 0")
    yield from labels(meta.get("labels"), f"{path}.labels")
    yield from annotation_keys(meta.get("annotations"), f"{path}.annotations")
    yield from _owners(meta.get("ownerReferences") or [], f"{path}.ownerReferences")
    yield from _finalizers(meta.get("finalizers") or [], f"{path}.finalizers")


def metadata_update(new: Object, old: Object, path: str = "metadata") -> Iterator[Error]:
    """Test the metadata of an object that takes the place of another; beside this goes what `metadata` tests."""
    if old.get("deletionTimestamp"):
        added = sorted(set(new.get("finalizers") or []) - set(old.get("finalizers") or []))
        if added:
            shown = "[]string{" + ", ".join(map(field.quote, added)) + "}"
            text = f"no new finalizers can be added if the object is being deleted, found new finalizers {shown}"
            yield field.forbidden(f"{path}.finalizers", text)
    if new.get("generation", 0) < old.get("generation", 0):
        yield field.invalid(f"{path}.generation", new.get("generation", 0), "must not be decremented")
    for name in FIXED:
        yield from immutable(new.get(name), old.get(name), f"{path}.{name}")


def immutable(new: Any, old: Any, path: str) -> Iterator[Error]:
    if new != old:
        yield field.invalid(path, new, "field is immutable")


def labels(values: dict[str, str] | None, path: str) -> Iterator[Error]:
    for key, value in (values or {}).items():
        yield from wrong(path, key, formats.label_key(key))
        yield from wrong(path, value, formats.label_value(value))


def annotation_keys(values: dict[str, str] | None, path: str) -> Iterator[Error]:
    size = 0
    for key, value in (values or {}).items():
        yield from wrong(path, key, formats.label_key(key.lower()))
        size += len(key.encode()) + len(value.encode())
    if size > LARGEST_ANNOTATIONS:
        yield field.too_long(path, LARGEST_ANNOTATIONS)


def label_selector(selector: Object | None, path: str) -> Iterator[Error]:
    """Test a metav1.LabelSelector."""
    if not selector:
        return
    yield from labels(selector.get("matchLabels"), f"{path}.matchLabels")
    for i, expression in enumerate(selector.get("matchExpressions") or []):
        at = f"{path}.matchExpressions[{i}]"
        yield from expression_values(expression, at)
        yield from wrong(f"{at}.key", expression["key"], formats.label_key(expression["key"]))
        for n, value in enumerate(expression.get("values") or []):
            yield from wrong(f"{at}.values[{n}]", value, formats.label_value(value))


def expression_values(expression: Object, path: str) -> Iterator[Error]:
    """Test that an expression has as many values as its operator takes."""
    operator, values = expression["operator"], expression.get("values") or []
    if operator in ("In", "NotIn"):
        if not values:
            yield field.required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            yield field.forbidden(f"{path}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
    else:
        yield field.invalid(f"{path}.operator", operator, "not a valid selector operator")


def _without_dash(prefix: str) -> str:
    """Let a generateName end in a dash, which the suffix follows."""
    return prefix[:-1] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def _namespace(namespace: str, namespaced: bool, path: str) -> Iterator[Error]:
    if not namespaced:
        if namespace:
            yield field.forbidden(f"{path}.namespace", "not allowed on this type")
    elif namespace:
        yield from wrong(f"{path}.namespace", namespace, formats.dns_label(namespace))
    else:
        yield field.required(f"{path}.namespace")


def _owners(owners: list[Object], path: str) -> Iterator[Error]:
    controller = ""
    for i, owner in enumerate(owners):
        at = f"{path}[{i}]"
        version = owner.get("apiVersion", "")
        if version and (version.count("/") > 1 or version.endswith("/")):
            yield field.invalid(f"{at}.apiVersion", version, "must be <group>/<version> or <version>")
        for name in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(name):
                yield field.required(f"{at}.{name}", "must not be empty")
        if version == "v1" and owner.get("kind") == "Event":
            yield field.invalid(at, owner, "/v1, Kind=Event is disallowed from being an owner")
        if owner.get("controller"):
            this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                text = 'Only one reference can have Controller set to true. Found "true" in references for'
                yield field.invalid(path, owners, f"{text} {controller} and {this}")
            else:
                controller = this


def _finalizers(finalizers: list[str], path: str) -> Iterator[Error]:
    for finalizer in finalizers:
        yield from wrong(path, finalizer, formats.label_key(finalizer))
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        text = f"finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        yield field.invalid(path, finalizers, text)
    for i, finalizer in enumerate(finalizers):
        if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS and not formats.label_key(finalizer):
            text = "name is neither a standard finalizer name nor is it fully qualified"
            yield field.invalid(f"{path}[{i}]", finalizer, text)
