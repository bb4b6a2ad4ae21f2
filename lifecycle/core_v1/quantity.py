"""Resource quantities: parsing, arithmetic and the canonical form.

Kubernetes: apimachinery/pkg/api/resource (Quantity, ParseQuantity, CanonicalizeBytes).
"""

from __future__ import annotations

import re
from functools import lru_cache, total_ordering
from typing import Literal

Format = Literal["DecimalSI", "BinarySI", "DecimalExponent"]

NANO = 10**9
"""Quantities are exact to the nano; what is finer is rounded away from zero."""

LARGEST_BINARY = 2**63 - 1
MAX_EXPONENT = 1000
"""What `1e1000` may say at most; Kubernetes keeps larger ones as they are, which no resource needs."""

_QUANTITY = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE]?)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {0: "", **{exponent: suffix for suffix, exponent in _BINARY.items()}}

FORMAT_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NUMBER_WRONG = "unable to parse numeric part of quantity"
SUFFIX_WRONG = "unable to parse quantity's suffix"


@total_ordering
class Quantity:
    """An exact amount, with the family of suffixes it is written in.

    Equal and ordered by amount alone: `1` equals `1000m`. `str` is the canonical form, or the text it was parsed from where
    Kubernetes takes that text for canonical.
    """

    __slots__ = ("_text", "format", "nanos")

    def __init__(self, nanos: int = 0, format: Format = "DecimalSI", text: str = "") -> None:
        self.nanos = nanos
        self.format: Format = format
        self._text = text

    def __str__(self) -> str:
        return self._text or canonical(self.nanos, self.format)

    def __repr__(self) -> str:
        return f"Quantity({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nanos == other.nanos

    def __lt__(self, other: Quantity) -> bool:
        return self.nanos < other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def __bool__(self) -> bool:
        return self.nanos != 0

    def __add__(self, other: Quantity) -> Quantity:
        """Add; zero takes over the other's format."""
        return Quantity(self.nanos + other.nanos, self.format if self.nanos else other.format)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.nanos - other.nanos, self.format if self.nanos else other.format)

    def value(self) -> int:
        """Return the whole number, rounded away from zero (cores, bytes)."""
        return _away_from_zero(self.nanos, NANO)

    def milli_value(self) -> int:
        """Return thousandths (millicores), rounded away from zero."""
        return _away_from_zero(self.nanos, NANO // 1000)


@lru_cache(maxsize=4096)
def parse(text: str) -> Quantity:
    """Return the quantity that a text such as `250m`, `1.5Gi`, `2e3` or `0` names.

    Raises: ValueError with Kubernetes' own words if `text` is no quantity.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if not match or not (match[2] or match[3]):
        raise ValueError(_complaint(text.strip()))
    sign, whole, fraction, suffix = match[1], match[2].lstrip("0"), match[3] or "", match[4]
    digits = (whole or "0") + fraction
    if len(digits) > MAX_EXPONENT:
        raise ValueError(NUMBER_WRONG)
    if len(suffix) > MAX_EXPONENT:
        raise ValueError(SUFFIX_WRONG)
    format, nanos = _amount(int(digits), len(fraction), suffix)
    text = text.strip() if _is_canonical(digits, len(fraction), suffix) else ""
    return Quantity(-nanos if sign == "-" else nanos, format, text)


def canonical(nanos: int, format: Format) -> str:
    """Return an amount in its shortest exact form: no fraction, the largest suffix of its family that fits."""
    if nanos == 0:
        return "0"
    if format == "BinarySI" and abs(nanos) >= 1024 * NANO and nanos % NANO == 0:
        return _binary(nanos // NANO)
    return _decimal(nanos, format)


def _amount(number: int, places: int, suffix: str) -> tuple[Format, int]:
    if suffix in _BINARY:
        nanos = min(_away_from_zero((number << _BINARY[suffix]) * NANO, 10**places), LARGEST_BINARY * NANO)
        return ("BinarySI" if nanos >= NANO or not nanos else "DecimalSI"), nanos
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    if abs(exponent) > MAX_EXPONENT:
        raise ValueError(SUFFIX_WRONG)
    shift = exponent + 9 - places
    nanos = number * 10**shift if shift >= 0 else _away_from_zero(number, 10**-shift)
    return ("DecimalSI" if suffix in _DECIMAL else "DecimalExponent"), nanos


def _is_canonical(digits: str, places: int, suffix: str) -> bool:
    """Say whether Kubernetes keeps the text as it was written (its own quick test, which lets `1.500` and `+1` pass)."""
    if suffix in _BINARY:
        exponent = _BINARY[suffix]
        return not places and int(digits) % 8 != 0 and 14 - len(digits) - exponent * 3 // 10 >= 0
    scale = (_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])) - places
    return len(digits) <= 18 and scale >= -9 and scale % 3 == 0 and digits[0] != "0" and not digits.endswith("000")


def _away_from_zero(number: int, unit: int) -> int:
    return -(-number // unit) if number >= 0 else number // unit


def _binary(number: int) -> str:
    exponent = 0
    while number % 1024 == 0 and exponent < 60:
        number, exponent = number // 1024, exponent + 10
    return f"{number}{_BINARY_SUFFIX[exponent]}"


def _decimal(nanos: int, format: Format) -> str:
    number, exponent = nanos, -9
    while number % 1000 == 0 and (format == "DecimalExponent" or exponent < 18):
        number, exponent = number // 1000, exponent + 3
    if format == "DecimalExponent":
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_SUFFIX[exponent]}"


def _complaint(text: str) -> str:
    shape = re.fullmatch(r"([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)", text)
    if not shape:
        return FORMAT_WRONG
    return NUMBER_WRONG if shape[1].count(".") > 1 or not re.search(r"\d", shape[1]) else SUFFIX_WRONG
