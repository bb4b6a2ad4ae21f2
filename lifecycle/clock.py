"""Virtual time: whole microseconds since the Unix epoch, and the only place that formats or parses times.

Kubernetes: apimachinery/pkg/apis/meta/v1 (Time, MicroTime); Go's time.Duration.String.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

Micros = int
"""A moment (microseconds since 1970-01-01T00:00:00Z) or a span (microseconds); the name of the variable says which."""

MILLISECOND: Micros = 1_000
SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LAST_YEAR = 9000
"""Until then a cluster may live. What it is told to wait for still has a date of four digits after it."""

_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)")
_GO_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNIT: dict[str, float] = {
    "ns": 0.001,
    "us": 1,
    "µs": 1,
    "μs": 1,
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}


def from_seconds(seconds: float) -> Micros:
    """Return a span or moment given in seconds as Micros, rounded to the nearest."""
    return round(seconds * SECOND)


def go_seconds(seconds: int) -> Micros:
    """Return whole seconds as Go reckons with them: 64 bits of nanoseconds, which some 292 years fill."""
    return ((seconds * 1_000_000_000 + (1 << 63)) % (1 << 64) - (1 << 63)) // 1_000


def as_datetime(at: Micros) -> datetime:
    return EPOCH + timedelta(microseconds=at)


def from_datetime(moment: datetime) -> Micros:
    return (moment - EPOCH) // timedelta(microseconds=1)


EARLIEST: Micros = from_datetime(datetime.min.replace(tzinfo=UTC))
BEYOND: Micros = from_datetime(datetime.max.replace(tzinfo=UTC)) + 1
LATEST: Micros = from_datetime(datetime(LAST_YEAR, 1, 1, tzinfo=UTC))

_second_texts: dict[int, str] = {}


def rfc3339(at: Micros) -> str:
    """Return metav1.Time as it stands in JSON: whole seconds, truncated (2026-11-21T08:26:19Z)."""
    second = at // SECOND
    text = _second_texts.get(second)
    if text is None:
        if len(_second_texts) > 4096:
            _second_texts.clear()
        text = _second_texts[second] = f"{as_datetime(second * SECOND).isoformat()[:19]}Z"
    return text


def rfc3339_micro(at: Micros) -> str:
    """Return metav1.MicroTime as it stands in JSON: six digits always (2026-11-21T08:26:19.709632Z)."""
    return f"{rfc3339(at)[:-1]}.{at % SECOND:06d}Z"


@lru_cache(4096)
def parse_rfc3339(text: str) -> Micros:
    """Return the moment that an RFC 3339 text names; digits below the microsecond are cut off.

    Raises: ValueError if `text` is no RFC 3339 time.
    """
    match = _RFC3339.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a time as RFC 3339 writes it, such as 2026-11-21T08:26:19Z")
    *parts, fraction, zone = match.groups()
    at = from_datetime(datetime(*(int(part) for part in parts), tzinfo=UTC))  # type: ignore[arg-type, misc]
    at += int((fraction or "0").ljust(6, "0")[:6])
    if zone not in "Zz":
        offset = (int(zone[1:3]) * 60 + int(zone[4:])) * MINUTE
        at += offset if zone[0] == "-" else -offset
    if not EARLIEST <= at < BEYOND:
        raise ValueError(f"{text!r} is not a time as RFC 3339 writes it: in UTC it is not in the years 1 to 9999")
    return at


def parse_moment(text: str) -> Micros:
    """Return the moment that an RFC 3339 text names, if a cluster may begin or stop there.

    Raises: ValueError with a text for the user.
    """
    at = parse_rfc3339(text)
    if not 0 <= at < LATEST:
        raise ValueError(f"{text!r} is out of reach: a cluster lives between the years {EPOCH.year} and {LAST_YEAR}")
    return at


def go_duration(span: Micros) -> str:
    """Return a span as Go prints a time.Duration: 10s, 1m20s, 1.234s, 850ms, 15µs, 0s."""
    if span < 0:
        return "-" + go_duration(-span)
    if span == 0:
        return "0s"
    if span < MILLISECOND:
        return f"{span}µs"
    if span < SECOND:
        return f"{_decimal(span, MILLISECOND)}ms"
    hours, rest = divmod(span, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    text = f"{_decimal(rest, SECOND)}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


LONGEST_GO: Micros = (1 << 63) // 1_000
"""What a time.Duration of Go cannot be any more."""


@lru_cache(1024)
def parse_go_duration(text: str) -> Micros:
    """Return the span that a Go duration such as `624ms`, `1m20s` or `0` names.

    Raises: ValueError if `text` is no Go duration.
    """
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if body == "0":
        return 0
    pieces = _GO_DURATION.findall(body)
    if not pieces or "".join(number + unit for number, unit in pieces) != body:
        raise ValueError(f"{text!r} is not a duration as Go writes it, such as 300ms, 1.5s or 1m20s")
    span = sum(float(number) * _UNIT[unit] for number, unit in pieces)
    if span >= LONGEST_GO:
        raise ValueError(f"{text!r} is more than a duration of Go can be, some 292 years")
    return sign * round(span)


def _decimal(span: Micros, unit: Micros) -> str:
    whole, part = divmod(span, unit)
    if not part:
        return str(whole)
    digits = len(str(unit)) - 1
    return f"{whole}.{part:0{digits}d}".rstrip("0")
