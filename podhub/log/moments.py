"""The ways to name a moment: from the cluster's start (`35s`, `2m`, `1m30s`, `1.476s`), `seq-120`, or RFC 3339."""

from __future__ import annotations

import re
from typing import NamedTuple

from lifecycle.clock import HOUR, SECOND, Micros, parse_go_duration, parse_rfc3339, rfc3339
from podhub.log import read
from podhub.log.errors import BadMoment, NotYet
from podhub.log.models import Cluster

_SEQ = re.compile(r"seq-(\d{1,18})")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z")
_PLAIN = str.maketrans("", "", "-:")
FURTHEST = 100 * 365 * 24 * HOUR
"""How far from its start a cluster's moments may be named."""

FORMS = "35s, 2m or 1m30s (from the cluster's start), seq-120, 2026-11-21T08:26:19Z or 20261121T082619Z"


class Moment(NamedTuple):
    """A moment of a cluster: everything up to `seq` has happened; ages are counted to `at`."""

    at: Micros
    seq: int


def parse(text: str, cluster: Cluster) -> Moment:
    """Return the moment that a text names. Raises: BadMoment, NotYet."""
    if len(text) > 40 or not text.isascii():
        raise BadMoment(f"{text[:40]!r}... is no moment: give {FORMS}")
    match = _SEQ.fullmatch(text)
    if match:
        return _at_seq(int(match[1]), cluster)
    at = time_of(text, cluster)
    return Moment(at, read.seq_at(cluster, at))


def compact(at: Micros) -> str:
    """Return a moment in the form for URLs: 20261121T082619Z, with a fraction where it has one."""
    fraction = f".{at % SECOND:06d}".rstrip("0") if at % SECOND else ""
    return f"{rfc3339(at)[:-1].translate(_PLAIN)}{fraction}Z"


def _at_seq(seq: int, cluster: Cluster) -> Moment:
    if seq == 0:
        return Moment(cluster.start, 0)
    line = read.entry(cluster, seq)
    if line is None:
        raise NotYet(f"seq-{seq}", read.live(cluster.pk)[1])
    return Moment(line.at, seq)


def time_of(text: str, cluster: Cluster) -> Micros:
    """Return the moment that a time names, be it past or future. Raises: BadMoment."""
    match = _COMPACT.fullmatch(text)
    try:
        if match:
            year, month, day, hour, minute, second, fraction = match.groups(default="")
            return parse_rfc3339(f"{year}-{month}-{day}T{hour}:{minute}:{second}{fraction}Z")
        if text[:1].isdigit() and "T" in text.upper() and "-" in text:
            return parse_rfc3339(text)
        since = parse_go_duration(text)
    except ValueError:
        raise BadMoment(f"{text!r} is no moment: give {FORMS}") from None
    if not 0 <= since <= FURTHEST:
        raise BadMoment(
            f"{text!r} is {'before the start' if since < 0 else 'too far from the start'} of the cluster: give {FORMS}"
        )
    return cluster.start + since
