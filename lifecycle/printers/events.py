"""Events in a description, and the text of `kubectl events`.

Both kinds of Events are read: core/v1 with counts and first and last times, and those that came through events.k8s.io, whose
times are null beside an eventTime and a series. Kubernetes: kubectl/pkg/describe (DescribeEvents), kubectl/pkg/cmd/events.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.printers.durations import age, moment
from lifecycle.printers.fields import typed
from lifecycle.printers.layout import described, escaped, tabled
from lifecycle.printers.metadata import NONE, Object
from lifecycle.printers.order import go_sorted

NEVER = -(2**63)


def described_with_events(lines: Iterable[str], events: Sequence[Object] | None, now: Micros) -> str:
    """Lay out a description and its Events: in columns of their own where there are any; None leaves the section out."""
    if events:
        return described(lines, events_section(events, now))
    return described(lines if events is None else [*lines, f"Events:\t{NONE}"])


def events_section(events: Sequence[Object], now: Micros) -> Iterator[str]:
    """Yield the Events of a description, by the last time each was seen (those without one first)."""
    yield "Events:"
    yield "  Type\tReason\tAge\tFrom\tMessage"
    yield "  ----\t------\t----\t----\t-------"
    for event in go_sorted(map(typed, events), key=_last_timestamp):
        source = (event.get("source") or {}).get("component") or event.get("reportingComponent") or ""
        message = (event.get("message") or "").strip()
        field = (event.get("involvedObject") or {}).get("fieldPath")
        message = f"{field}: {message}" if field else message
        yield f"  {event.get('type', '')}\t{event.get('reason', '')}\t{interval(event, now)}\t{source}\t{message}"


def interval(event: Object, now: Micros) -> str:
    """Return how long ago an Event was, and where it came more than once: `5s (x3 over 10s)`."""
    first = age(event.get("eventTime") or event.get("firstTimestamp"), now)
    series = event.get("series")
    if series is not None:
        return f"{age(series.get('lastObservedTime'), now)} (x{series.get('count') or 0} over {first})"
    count = event.get("count") or 0
    return f"{age(event.get('lastTimestamp'), now)} (x{count} over {first})" if count > 1 else first


def events_text(events: Sequence[Object], now: Micros, namespaces: bool = False) -> str:
    """Return the table of `kubectl events`, oldest first; `namespaces` adds the column of --all-namespaces."""
    rows = [("NAMESPACE\t" if namespaces else "") + "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE"]
    for event in go_sorted(map(typed, events), key=last_seen):
        about = event.get("involvedObject") or {}
        namespace = f"{event['metadata'].get('namespace', '')}\t" if namespaces else ""
        cells = (event.get("type", ""), event.get("reason", ""), f"{about.get('kind', '')}/{about.get('name', '')}")
        message = escaped((event.get("message") or "").strip())
        rows.append(f"{namespace}{interval(event, now)}\t{escaped(chr(9).join(cells))}\t{message}")
    return tabled(rows)


def last_seen(event: Object) -> Micros:
    """Return when an Event was seen last, for sorting; long ago where nothing tells."""
    series = event.get("series")
    text = series.get("lastObservedTime") if series is not None else event.get("lastTimestamp") or event.get("eventTime")
    at = moment(text)
    return NEVER if at is None else at


def _last_timestamp(event: Object) -> Micros:
    at = moment(event.get("lastTimestamp"))
    return NEVER if at is None else at
