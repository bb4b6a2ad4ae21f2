"""Events, as client-go's recorders make, count and drop them.

A repeated Event is the same object with a higher count; many alike are combined into one; a source that says too much about
one object is cut off, while its count goes on.
Kubernetes: client-go/tools/record (event.go, events_cache.go), client-go/tools/events (event_broadcaster.go)
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import msgspec

from lifecycle.clock import MINUTE, SECOND, Micros, rfc3339, rfc3339_micro
from lifecycle.kernel import Kernel
from lifecycle.wire import Object

AGGREGATION_INTERVAL: Micros = 600 * SECOND
AGGREGATION_MESSAGES = 10
"""From so many different messages on, further ones are combined."""
SPAM_BURST = 25
SPAM_REFILL: Micros = 300 * SECOND
FULL: Micros = SPAM_BURST * SPAM_REFILL
"""What a full bucket holds."""
CACHE_SIZE = 4096
"""How many different Events one source remembers (least recently seen go first)."""
SERIES_REFRESH: Micros = 30 * MINUTE
SERIES_END: Micros = 6 * MINUTE

SCHEDULER = "default-scheduler"
CONTROL_PLANE = "control-plane"
"""The host on which the scheduler runs."""

T = TypeVar("T")


class Seen(msgspec.Struct, array_like=True, gc=False):
    """An Event that was written before: its name, when first, and how often it happened since."""

    name: str
    first: str
    count: int


class Similar(msgspec.Struct, array_like=True, gc=False):
    """The different messages of Events that are alike in all else, and when the last came."""

    messages: list[str]
    last: Micros


class Bucket(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is left of a budget as of the last Event that was written: an Event costs `SPAM_REFILL`, time gives it back."""

    left: Micros
    at: Micros


class Series(msgspec.Struct, array_like=True, gc=False):
    """A scheduler's Event that is being counted: how often and when last, and what of that was written down when."""

    name: str
    namespace: str
    count: int
    last: Micros
    written: Micros
    written_count: int = 1


class Source(msgspec.Struct):
    """What one recorder (a component on a host) remembers. Keys hold the fields that must agree."""

    seen: dict[str, Seen] = {}
    similar: dict[str, Similar] = {}
    buckets: dict[str, Bucket] = {}


class RecorderState(msgspec.Struct):
    sources: dict[str, Source] = {}
    series: dict[str, Series] = {}


class Repeated(NamedTuple):
    """What Events have in common of which each may say something else: who tells them, and the keys that they share."""

    source: str
    whom: str
    alike: str
    field_path: str


class Recorder:
    """The room `recorder`."""

    def __init__(self, kernel: Kernel, state: RecorderState | None = None) -> None:
        self.kernel = kernel
        self.state = state or RecorderState()

    def event(
        self,
        component: str,
        obj: Object,
        type: str,
        reason: str,
        message: str,
        field_path: str = "",
        host: str = "",
        annotations: dict[str, str] | None = None,
        times: int = 1,
    ) -> int | None:
        """Record an Event of core/v1; return the index of the change, or None where the spam filter dropped it.

        `obj` is what it is about: a whole object, or a reference with kind, namespace, name (and uid). `times` is how often it
        has happened since the last time that was told.
        """
        source = self.state.sources.get(f"{component}\0{host}")
        if source is None:
            source = self.state.sources[f"{component}\0{host}"] = Source()
        about = _reference(obj, field_path)
        whom = f"{_whom(about)}\0{type}"
        key, message = self._aggregate(source, f"{whom}\0{reason}", message, field_path)
        seen = source.seen.pop(key, None) or Seen("", rfc3339(self.kernel.now), 0)
        seen.count += times
        _remember(source.seen, key, seen)
        if not self._spend(source, whom):
            return None
        return self._write(seen, about, component, host, type, reason, message, annotations)

    def written_from(self, repeated: Repeated, message: str | None) -> Micros:
        """Return from when on one more Event is written or changes what is combined; before, it would only be counted.

        `message` is what it says, as the one before did; None: something new each time.
        """
        now, key = self.kernel.now, repeated.alike
        source = self.state.sources.get(repeated.source)
        similar = source.similar.get(key) if source else None
        if source is None or similar is None:
            return now
        if message is None:
            known = len(similar.messages) == AGGREGATION_MESSAGES - 1 and key in source.seen
        else:
            known = message in similar.messages and _apart(key, repeated.field_path, message) in source.seen
        return _allowed_from(source.buckets.get(repeated.whom), now) if known else now

    def count(self, repeated: Repeated, messages: list[str], times: int, last: Micros) -> None:
        """Count Events that were not written (see `written_from`), the last one at `last`; `messages` are the last ones."""
        source, key = self.state.sources.get(repeated.source), repeated.alike
        if source is None:
            return
        similar = source.similar.pop(key, None) or Similar([], last)
        if messages[-1] in similar.messages:
            counted = _apart(key, repeated.field_path, messages[-1])
        else:
            similar.messages = [*similar.messages, *messages][1 - AGGREGATION_MESSAGES :]
            counted = key
        similar.last = last
        source.similar[key] = similar
        seen = source.seen.pop(counted, None) or Seen("", rfc3339(last), 0)
        source.seen[counted] = Seen(seen.name, seen.first, seen.count + times)
        if bucket := source.buckets.pop(repeated.whom, None):
            source.buckets[repeated.whom] = bucket

    def forget(self, component: str, host: str = "") -> None:
        """Lose what a component remembers when it stops: what it tells of afterwards are new Events, counted from 1."""
        self.state.sources.pop(f"{component}\0{host}", None)

    def scheduler_event(self, obj: Object, type: str, reason: str, action: str, message: str) -> int:
        """Record an Event of events.k8s.io, as the scheduler does; return the index of the change it is part of.

        One that repeats goes into a series, which keeps the text of the first.
        """
        api, now = self.kernel.rooms["apiserver"], self.kernel.now
        about = _reference(obj)
        version = api.index("pods", about.get("namespace", ""), about["name"])
        key = "\0".join(
            (type, action, reason, about["kind"], about.get("namespace", ""), about["name"], about["uid"], str(version))
        )
        series = self.state.series.get(key)
        if series is None:
            return self._begin_series(key, about, type, reason, action, message)
        series.count, series.last = series.count + 1, now
        if series.count == 2 or now - series.written >= SERIES_REFRESH:
            self._write_series(series)
        return self.kernel.index

    def on_finish_series(self, key: str) -> None:
        """End a series that has been idle for long enough, or look again when it may be."""
        series = self.state.series[key]
        if self.kernel.now - series.last < SERIES_END:
            self.kernel.at(series.last + SERIES_END, "recorder", "finish_series", key, periodic=True)
            return
        del self.state.series[key]
        if series.written_count < series.count:
            self._write_series(series)

    def _aggregate(self, source: Source, key: str, message: str, field_path: str) -> tuple[str, str]:
        """Return the key under which an Event is counted and its message, combined with others where there are too many."""
        now = self.kernel.now
        similar = source.similar.pop(key, None)
        if similar is None or now - similar.last > AGGREGATION_INTERVAL:
            similar = Similar([], now)
        similar.last = now
        if message not in similar.messages:
            similar.messages.append(message)
        _remember(source.similar, key, similar)
        if len(similar.messages) < AGGREGATION_MESSAGES:
            return _apart(key, field_path, message), message
        similar.messages.pop(0)
        return key, f"(combined from similar events): {message}"

    def _spend(self, source: Source, key: str) -> bool:
        """Take a token from the bucket of one object and type; say whether there was one. Without one it stays as it is."""
        now = self.kernel.now
        bucket = source.buckets.pop(key, None) or Bucket(FULL, now)
        left = min(FULL, bucket.left + now - bucket.at)
        allowed = left >= SPAM_REFILL
        _remember(source.buckets, key, Bucket(left - SPAM_REFILL, now) if allowed else bucket)
        return allowed

    def _write(
        self,
        seen: Seen,
        about: dict[str, Any],
        component: str,
        host: str,
        type: str,
        reason: str,
        message: str,
        annotations: dict[str, str] | None,
    ) -> int:
        """Change the Event that is in the store, or make it (the first time, and when it has expired since)."""
        api, now = self.kernel.rooms["apiserver"], rfc3339(self.kernel.now)
        namespace = about.get("namespace") or "default"
        old = api.get("events", namespace, seen.name) if seen.name else None
        if old is not None:
            api.update("events", {**old, "count": seen.count, "lastTimestamp": now, "message": message})
            return self.kernel.index
        seen.name = self._free_name(namespace, about["name"])
        metadata = {"name": seen.name, "namespace": namespace, **({"annotations": annotations} if annotations else {})}
        event = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": metadata,
            "involvedObject": about,
            "reason": reason,
            "message": message,
            "source": {"component": component, "host": host} if host else {"component": component},
            "firstTimestamp": seen.first,
            "lastTimestamp": now,
            "count": seen.count,
            "type": type,
            "eventTime": None,
            "reportingComponent": component,
            "reportingInstance": host,
        }
        api.create("events", event)
        return self.kernel.index

    def _begin_series(self, key: str, about: dict[str, Any], type: str, reason: str, action: str, message: str) -> int:
        now = self.kernel.now
        namespace = about.get("namespace") or "default"
        name = self._free_name(namespace, about["name"])
        self.state.series[key] = Series(name, namespace, 1, now, now)
        self.kernel.after(SERIES_END, "recorder", "finish_series", key, periodic=True)
        event = {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": about,
            "reason": reason,
            "message": _shortened(message),
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": type,
            "eventTime": rfc3339_micro(now),
            "action": action,
            "reportingComponent": SCHEDULER,
            "reportingInstance": f"{SCHEDULER}-{CONTROL_PLANE}",
        }
        self.kernel.rooms["apiserver"].create("events", event)
        return self.kernel.index

    def _write_series(self, series: Series) -> None:
        api = self.kernel.rooms["apiserver"]
        series.written, series.written_count = self.kernel.now, series.count
        old = api.get("events", series.namespace, series.name)
        if old is not None:
            api.update("events", {**old, "series": {"count": series.count, "lastObservedTime": rfc3339_micro(series.last)}})

    def _free_name(self, namespace: str, about: str) -> str:
        """Return `about` and the moment in hexadecimal nanoseconds; the next one where two fall into one moment."""
        api = self.kernel.rooms["apiserver"]
        nanoseconds = self.kernel.now * 1000
        while api.index("events", namespace, name := f"{about}.{nanoseconds:x}") is not None:
            nanoseconds += 1
        return name


def _reference(obj: Object, field_path: str = "") -> dict[str, Any]:
    """Return the ObjectReference to a whole object, or to what a reference names."""
    metadata = obj.get("metadata") or obj
    about = {"kind": obj["kind"]}
    for name in ("namespace", "name", "uid"):
        if value := metadata.get(name):
            about[name] = value
    about["apiVersion"] = obj.get("apiVersion", "v1")
    if field_path:
        about["fieldPath"] = field_path
    return about


def _whom(about: dict[str, Any]) -> str:
    """Return the part of all keys that says whom Events are about."""
    return f"{about['kind']}\0{about.get('namespace', '')}\0{about['name']}\0{about.get('uid', '')}"


def _apart(key: str, field_path: str, message: str) -> str:
    """Return the key under which an Event is counted that is not combined with others."""
    return f"{key}\0{field_path}\0{message}"


def _allowed_from(bucket: Bucket | None, now: Micros) -> Micros:
    """Return from when on an Event may be written."""
    return now if bucket is None else max(now, bucket.at + SPAM_REFILL - bucket.left)


def repeated(component: str, obj: Object, type: str, reason: str, field_path: str = "", host: str = "") -> Repeated:
    """Return what Events have in common that are told with these."""
    whom = f"{_whom(_reference(obj))}\0{type}"
    return Repeated(f"{component}\0{host}", whom, f"{whom}\0{reason}", field_path)


def _remember(cache: dict[str, T], key: str, entry: T) -> None:
    """Put an entry in that was taken out before, so that it is the last one used; forget the first one of too many."""
    cache[key] = entry
    if len(cache) > CACHE_SIZE:
        del cache[next(iter(cache))]


def _shortened(message: str) -> str:
    """Return a note as events.k8s.io takes it: 1024 bytes at most."""
    data = message.encode()
    return message if len(data) <= 1024 else data[:1020].decode(errors="ignore") + " ..."
