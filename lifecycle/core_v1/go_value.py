"""How Go shows a value that it has read from JSON. Kubernetes' errors show values so. Go: fmt, strconv"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from lifecycle.core_v1 import field

LEAST_POWER, PLAIN_POWERS = -4, 6
"""Floats from 1e-4 to below 1e6 are written without an exponent, all others with one."""


def type_name(value: Any) -> str:
    """Return what %T prints."""
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, list):
        return "[]interface {}"
    if value is None:
        return "<nil>"
    return "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "float64"


def plain(value: Any) -> str:
    """Return what %v prints: map[a:1 b:[x y]]."""
    if isinstance(value, dict):
        return "map[" + " ".join(f"{name}:{plain(value[name])}" for name in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(plain, value)) + "]"
    if value is None:
        return "<nil>"
    return value if isinstance(value, str) else _scalar(value)


def reference(value: Any) -> str:
    """Return what %v prints of a value of YAML that stands behind a pointer to a struct: &{5}."""
    return f"&{{{plain(_as_floats(value))}}}"


def _as_floats(value: Any) -> Any:
    """Return a value with its whole numbers as sigs.k8s.io/yaml reads them."""
    if isinstance(value, dict):
        return {name: _as_floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_floats(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def syntax(value: Any) -> str:
    """Return what %#v prints of a value of YAML: map[string]interface {}{"a":1}."""
    if isinstance(value, dict):
        inner = ", ".join(f"{field.quote(name)}:{syntax(value[name])}" for name in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(syntax, value))}}}"
    if value is None:
        return "interface {}(nil)"
    return field.quote(value) if isinstance(value, str) else _scalar(_as_floats(value))


def literal(value: Any) -> str:
    """Return what %#v prints of an object that was read from JSON: its whole numbers are as they are."""
    if isinstance(value, dict):
        inner = ", ".join(f"{field.quote(name)}:{literal(value[name])}" for name in sorted(value))
        return f"map[string]interface {{}}{{{inner}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(literal, value))}}}"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else syntax(value)


def json_kind(value: Any) -> str:
    """Return what encoding/json calls a value."""
    kinds: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "bool", type(None): "null"}
    return kinds.get(type(value), "number")


def compact(value: Any) -> str:
    """Return a value as JSON, without spaces."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


_ESCAPED = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


def encoded(value: Any) -> str:
    """Return a value as encoding/json writes it: names sorted, without spaces, what means something in HTML escaped."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).translate(_ESCAPED)


def _scalar(value: bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    number = Decimal(repr(value)).normalize()
    power = number.adjusted()
    if number == 0 or LEAST_POWER <= power < PLAIN_POWERS:
        return f"{number:f}"
    first, rest = str(number.as_tuple().digits[0]), "".join(map(str, number.as_tuple().digits[1:]))
    mantissa = f"{first}.{rest}" if rest else first
    return f"{'-' if number < 0 else ''}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"
