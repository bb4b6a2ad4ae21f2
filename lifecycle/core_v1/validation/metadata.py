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
    prefix, name = meta.get("generateName", ""), meta.get("name", "")
    if prefix:
        yield from wrong(f"{path}.generateName", prefix, name_format(_without_dash(prefix)))
    yield from _name(name, name_format, path)
    yield from _rest(meta, namespaced, path)
    yield from _standard_finalizers(meta.get("finalizers") or [], path)


def common(meta: Object, namespaced: bool, path: str = "metadata") -> Iterator[Error]:
    """Test what holds for the metadata of any kind; a name need only be fit for a URL.

    Kubernetes: apiserver/pkg/registry/rest (BeforeCreate, validateCommonFields)
    """
    prefix, name = meta.get("generateName", ""), meta.get("name", "")
    if prefix:
        yield from wrong(f"{path}.generateName", prefix, formats.path_segment_prefix(prefix))
    yield from _name(name, formats.path_segment, path)
    yield from _rest(meta, namespaced, path)


def _name(name: str, name_format: Format, path: str) -> Iterator[Error]:
    if name:
        yield from wrong(f"{path}.name", name, name_format(name))
    else:
        yield field.required(f"{path}.name", "name or generateName is required")


def _rest(meta: Object, namespaced: bool, path: str) -> Iterator[Error]:
    yield from _namespace(meta.get("namespace", ""), namespaced, path)
    if meta.get("generation", 0) < 0:
        yield field.invalid(f"{path}.generation", meta["generation"], "must be greater than or equal to 0")
    yield from labels(meta.get("labels"), f"{path}.labels")
    yield from annotation_keys(meta.get("annotations"), f"{path}.annotations")
    yield from _owners(meta.get("ownerReferences") or [], f"{path}.ownerReferences")
    yield from _finalizers(meta.get("finalizers") or [], f"{path}.finalizers")


def metadata_update(new: Object, old: Object, path: str = "metadata") -> Iterator[Error]:
    """Test the metadata of an object that takes the place of another."""
    yield from common_update(new, old, path)
    yield from _standard_finalizers(new.get("finalizers") or [], path)


def common_update(new: Object, old: Object, path: str = "metadata") -> Iterator[Error]:
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
    yield from labels(new.get("labels"), f"{path}.labels")
    yield from annotation_keys(new.get("annotations"), f"{path}.annotations")
    yield from _owners(new.get("ownerReferences") or [], f"{path}.ownerReferences")


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
    """Let a generateName end in a dash, which the suffix follows; what Kubernetes tests in its place is a letter shorter."""
    return prefix[:-2] + "a" if len(prefix) > 1 and prefix.endswith("-") else prefix


def _namespace(namespace: str, namespaced: bool, path: str) -> Iterator[Error]:
    if not namespaced:
        if namespace:
            yield field.forbidden(f"{path}.namespace", "not allowed on this type")
    elif namespace:
        yield from wrong(f"{path}.namespace", namespace, formats.dns_label(namespace))
    else:
        yield field.required(f"{path}.namespace")


def _owners(owners: list[Object], path: str) -> Iterator[Error]:
    """Test references to owners; Kubernetes names the list, not the place in it."""
    controller = ""
    for owner in owners:
        yield from _owner(owner, path)
        if owner.get("controller"):
            this = f"{owner.get('kind', '')}/{owner.get('name', '')}"
            if controller:
                text = 'Only one reference can have Controller set to true. Found "true" in references for'
                yield field.invalid(path, owners, f"{text} {controller} and {this}")
            else:
                controller = this


def _owner(owner: Object, path: str) -> Iterator[Error]:
    version = owner.get("apiVersion", "")
    if not version or version.count("/") > 1 or version.endswith("/"):
        yield field.invalid(f"{path}.apiVersion", version, "version must not be empty")
    for name in ("kind", "name", "uid"):
        if not owner.get(name):
            yield field.invalid(f"{path}.{name}", "", "must not be empty")
    if version == "v1" and owner.get("kind") == "Event":
        yield field.invalid(path, owner, "/v1, Kind=Event is disallowed from being an owner")


def _finalizers(finalizers: list[str], path: str) -> Iterator[Error]:
    for finalizer in finalizers:
        yield from wrong(path, finalizer, formats.label_key(finalizer))
    if ORPHAN in finalizers and FOREGROUND in finalizers:
        text = f"finalizer {ORPHAN} and {FOREGROUND} cannot be both set"
        yield field.invalid(path, finalizers, text)


def _standard_finalizers(finalizers: list[str], path: str) -> Iterator[Error]:
    for i, finalizer in enumerate(finalizers):
        yield from standard_finalizer(finalizer, f"{path}.finalizers[{i}]")


def standard_finalizer(finalizer: str, path: str) -> Iterator[Error]:
    """Test that a finalizer without a prefix is one of Kubernetes' own."""
    if "/" not in finalizer and finalizer not in STANDARD_FINALIZERS:
        yield field.invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified")
