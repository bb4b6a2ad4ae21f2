"""What every description begins with, and the wording that its parts share. Lines hold TABs where `layout` makes columns.

Kubernetes: kubectl/pkg/describe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lifecycle.clock import as_datetime
from lifecycle.printers.durations import moment

Object = dict[str, Any]

NONE = "<none>"
UNSET = "<unset>"
ANNOTATION_LENGTH = 140
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def name_block(obj: Object, namespaced: bool = True) -> Iterator[str]:
    """Yield the lines that most kinds begin with: name, namespace, labels, annotations."""
    metadata = obj["metadata"]
    yield f"Name:\t{metadata['name']}"
    if namespaced:
        yield f"Namespace:\t{metadata.get('namespace', '')}"
    yield from label_lines("Labels", metadata.get("labels"))
    yield from annotation_lines(metadata.get("annotations"))


def label_lines(title: str, values: Mapping[str, str] | None, indent: str = "") -> Iterator[str]:
    """Yield `k=v` lines by key; `indent` stands before each piece, as it does in a claim's template inside a volume."""
    return listed(title, [f"{key}={value}" for key, value in sorted((values or {}).items())], indent, f"{indent}{indent}\t")


def listed(title: str, values: Iterable[str], indent: str = "", below: str = "\t") -> Iterator[str]:
    """Yield a title with the first value beside it and the others, after `below`, under it; `<none>` where there are none."""
    start = titled = f"{indent}{title}:\t"
    for value in values:
        yield f"{start}{indent}{value}"
        start = below
    if start is titled:
        yield f"{start}{indent}{NONE}"


def annotation_lines(values: Mapping[str, str] | None, indent: str = "") -> Iterator[str]:
    """Yield `k: v` lines by key; a long value or one of several lines stands below its key, each line cut to 138 bytes."""
    return listed("Annotations", _annotations(values or {}, indent), indent, f"{indent}\t")


def _annotations(values: Mapping[str, str], indent: str) -> Iterator[str]:
    for key, value in sorted(values.items()):
        value = value.removesuffix("\n")
        if key == LAST_APPLIED:
            continue
        if "\n" not in value and len(f"{key}: {value}".encode()) <= ANNOTATION_LENGTH:
            yield f"{key}: {value}"
        else:
            cut = [shortened(line, ANNOTATION_LENGTH - 2) for line in value.split("\n")]
            yield "\n".join([f"{key}:", *(f"{indent}\t  {line}" for line in cut)])


def shortened(text: str, length: int) -> str:
    """Cut a text to so many bytes, as Go counts them."""
    data = text.encode()
    return text if len(data) <= length else data[:length].decode(errors="replace") + "..."


def time_text(timestamp: str | None) -> str:
    """Return a timestamp as RFC 1123 writes it, in UTC; what is unset is the first second of the year 1."""
    at = moment(timestamp)
    if at is None:
        return "Mon, 01 Jan 0001 00:00:00 +0000"
    t = as_datetime(at)
    day = f"{_DAYS[t.weekday()]}, {t.day:02d} {_MONTHS[t.month - 1]} {t.year:04d}"
    return f"{day} {t.hour:02d}:{t.minute:02d}:{t.second:02d} +0000"


def condition_rows(status: Object, looked: str) -> Iterator[str]:
    """Yield the conditions of a claim or a node as a table; `looked` is the field that says when one was looked at last."""
    if status.get("conditions"):
        yield "Conditions:"
        yield f"  Type\tStatus\t{looked[0].upper()}{looked[1:]}\tLastTransitionTime\tReason\tMessage"
        yield "  ----\t------\t-----------------\t------------------\t------\t-------"
    for c in status.get("conditions") or ():
        times = f"{time_text(c.get(looked))} \t{time_text(c.get('lastTransitionTime'))}"
        yield f"  {c['type']} \t{c.get('status', '')} \t{times} \t{c.get('reason', '')} \t{c.get('message', '')}"


def controller(obj: Object) -> str:
    """Return `Kind/name` of the owner that controls an object, or nothing."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return f"{owner['kind']}/{owner['name']}"
    return ""


def boolean(value: Any) -> str:
    """Return a JSON boolean as Go prints it; unset is false."""
    return "true" if value else "false"


def label_selector(selector: Object) -> str:
    """Return a metav1.LabelSelector in one line. Kubernetes: metav1.FormatLabelSelector."""
    terms = [(key, f"{key}={value}") for key, value in (selector.get("matchLabels") or {}).items()]
    for requirement in selector.get("matchExpressions") or ():
        term = _requirement(requirement)
        if term is None:
            return "<error>"
        terms.append((requirement["key"], term))
    terms.sort(key=lambda term: term[0])
    return ",".join(term for _, term in terms) or NONE


def _requirement(requirement: Object) -> str | None:
    key, operator, values = requirement["key"], requirement["operator"], requirement.get("values") or []
    if operator in ("In", "NotIn"):
        return f"{key} {operator.lower()} ({','.join(sorted(values))})" if values else None
    if operator in ("Exists", "DoesNotExist") and not values:
        return key if operator == "Exists" else f"!{key}"
    return None
