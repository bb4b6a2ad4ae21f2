"""Whole objects as `kubectl get -o json` and `-o yaml` print them.

Kubernetes: cli-runtime/pkg/printers; sigs.k8s.io/yaml, which writes YAML 1.1 with sorted keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cmp_to_key
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter
from yaml.representer import SafeRepresenter
from yaml.resolver import BaseResolver
from yaml.serializer import Serializer

from lifecycle.printers.metadata import Object

WIDTH = 80
STRING, MAPPING = "tag:yaml.org,2002:str", "tag:yaml.org,2002:map"

_WORDS = {"", "~", "null", "true", "false", "y", "n", "yes", "no", "on", "off", ".nan", ".inf", "+.inf", "-.inf"}
_NUMBER = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)",
)
_TIME = re.compile(r"\d{4}-\d\d?-\d\d?([Tt ]\d\d?:\d\d?:\d\d?(\.\d+)?(Z|[-+]\d\d:\d\d)?)?")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_DIGITS = re.compile(r"[0-9]+")
_DIGITS_BEFORE = re.compile(r"[0-9]+$")
_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def list_of(objects: Iterable[Object]) -> Object:
    """Return the v1 List that kubectl makes of several objects."""
    return {"apiVersion": "v1", "items": [*objects], "kind": "List", "metadata": {"resourceVersion": ""}}


def json_text(document: Object) -> str:
    """Return a document in JSON as Go indents it: sorted keys, four spaces, <, > and & as escapes."""
    return json_value(without_managed_fields(document))


def json_value(value: Any) -> str:
    """Return any value as Go indents it."""
    return json.dumps(value, indent=4, sort_keys=True, ensure_ascii=False).translate(_HTML) + "\n"


def yaml_text(document: Object) -> str:
    """Return a document in YAML."""
    return yaml_value(without_managed_fields(document))


def yaml_value(value: Any) -> str:
    """Return any value in YAML."""
    stream = StringIO()
    dumper = _Dumper(stream)
    dumper.open()
    dumper.represent(value)
    dumper.close()
    return stream.getvalue()


def without_managed_fields(document: Object) -> Object:
    """Return a document whose objects do not tell who set which field; kubectl does not print that unasked."""
    if "items" in document:
        return {**document, "items": [without_managed_fields(item) for item in document["items"]]}
    metadata = document.get("metadata") or {}
    if "managedFields" not in metadata:
        return document
    return {**document, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


class _Dumper(Emitter, Serializer, SafeRepresenter, BaseResolver):
    """PyYAML without its own idea of what a plain scalar means: that is Go's here, and decided in `_string`."""

    def __init__(self, stream: Any, width: int = WIDTH) -> None:
        Emitter.__init__(self, stream, width=width, allow_unicode=True)
        Serializer.__init__(self)
        SafeRepresenter.__init__(self, default_flow_style=False, sort_keys=False)
        BaseResolver.__init__(self)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _string(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    quoted = _means_something_else(text) or any(character > "\uffff" for character in text)
    return dumper.represent_scalar(STRING, text, style="|" if "\n" in text else '"' if quoted else None)


def _plain(dumper: _Dumper, value: Any) -> yaml.ScalarNode:
    return dumper.represent_scalar(STRING, json.dumps(value))


def _mapping(dumper: _Dumper, mapping: dict[str, Any]) -> yaml.MappingNode:
    pairs = [(key, mapping[key]) for key in sorted(mapping, key=cmp_to_key(_compared))]
    return dumper.represent_mapping(MAPPING, pairs)


_Dumper.add_representer(str, _string)
_Dumper.add_representer(dict, _mapping)
for scalar in (bool, int, float, type(None)):
    _Dumper.add_representer(scalar, _plain)


def _means_something_else(text: str) -> bool:
    """Say whether YAML 1.1 would read a plain text as a truth value, null, a number or a time."""
    if text.lower() in _WORDS or _TIME.fullmatch(text) or _BASE_60.fullmatch(text):
        return True
    return _NUMBER.fullmatch(text.replace("_", "") if text[:1] in "+-0123456789" else text) is not None


def _compared(one: str, other: str) -> int:
    """Order two keys: digits by their value, letters after all else (before it where a number has just gone by)."""
    in_number = False
    for i, (a, b) in enumerate(zip(one, other, strict=False)):
        if a == b:
            in_number = a.isdigit()
        elif a.isalpha() and b.isalpha():
            return -1 if a < b else 1
        elif a.isalpha() or b.isalpha():
            return -1 if a.isalpha() == in_number else 1
        else:
            left, right = _number_at(one, i), _number_at(other, i)
            return -1 if (*left, a) < (*right, b) else 1
    return len(one) - len(other)


def _number_at(text: str, start: int) -> tuple[int, int]:
    """Return the number that stands at a place (0 where none does), and where it ends; digits before it are the same."""
    digits = _DIGITS.match(text, start)
    end = digits.end() if digits else start
    before = _DIGITS_BEFORE.search(text[:start])
    return int((before[0] if before else "") + text[start:end] or "0"), end
