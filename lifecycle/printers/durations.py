"""Ages as kubectl words them.

Kubernetes: apimachinery/pkg/util/duration (HumanDuration, ShortHumanDuration).
"""

from __future__ import annotations

from functools import lru_cache

from lifecycle.clock import SECOND, Micros, parse_rfc3339

UNKNOWN = "<unknown>"


def human_duration(span: Micros) -> str:
    """Return a span in two or three significant figures: 45s, 5m10s, 179m, 7h59m, 2d3h, 400d, 2y10d.

    A span more than two seconds below zero is `<invalid>`.
    """
    seconds = _whole_seconds(span)
    if seconds < 120:
        return _below_a_minute(seconds)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * 365:
        return f"{days}d"
    years = days // 365
    return _two(years, "y", days % 365, "d") if years < 8 else f"{years}y"


@lru_cache(maxsize=4096)
def moment(timestamp: str | None) -> Micros | None:
    """Return the moment of a metav1.Time or MicroTime; None where it is unset (null, empty, or the year 1)."""
    if not timestamp or timestamp.startswith("0001-01-01T00:00:00"):
        return None
    return parse_rfc3339(timestamp)


def age(timestamp: str | None, now: Micros) -> str:
    """Return how long ago a timestamp was, `<unknown>` where it is unset."""
    at = moment(timestamp)
    return UNKNOWN if at is None else human_duration(now - at)


def _whole_seconds(span: Micros) -> int:
    return span // SECOND if span >= 0 else -(-span // SECOND)


def _below_a_minute(seconds: int) -> str:
    if seconds < -1:
        return "<invalid>"
    return f"{max(seconds, 0)}s"


def _two(large: int, unit: str, small: int, smaller_unit: str) -> str:
    return f"{large}{unit}{small}{smaller_unit}" if small else f"{large}{unit}"
