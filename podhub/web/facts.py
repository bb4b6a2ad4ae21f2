"""What a Pod's page and the tables of Pods and Events say, taken from objects: plain values for the templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from lifecycle.clock import Micros, as_datetime, parse_rfc3339
from lifecycle.core_v1.qos import qos_class
from lifecycle.printers.containers import probe_text
from lifecycle.printers.durations import moment
from lifecycle.printers.events import last_seen
from lifecycle.printers.metadata import NONE
from lifecycle.wire import Object
from podhub.web.timeline import condition_bar, container_bar


class PodFacts(msgspec.Struct, frozen=True):
    """The line of facts below a Pod's name."""

    phase: str
    node: str
    ip: str
    qos_class: str
    ready: str
    restarts: int
    created: Micros | None
    deleted: bool
    grace_ends: str

    @property
    def on_node(self) -> bool:
        return self.node != NONE


class Probe(msgspec.Struct, frozen=True):
    name: str
    text: str


class ContainerFacts(msgspec.Struct, frozen=True):
    """A container and its state. `kind`: container, init, sidecar, ephemeral; `place` is 1/3 for the first of three."""

    name: str
    kind: str
    place: str
    image: str
    look: str
    word: str
    since: Micros | None
    ready: bool
    restarts: int
    last: str
    message: str
    probes: tuple[Probe, ...]


class ConditionFacts(msgspec.Struct, frozen=True):
    type: str
    status: str
    look: str
    since: Micros | None
    reason: str
    message: str


class EventFacts(msgspec.Struct, frozen=True):
    """An Event; `namespace`, `kind` and `name` are those of what it is about, `seq` is that of its last change."""

    seq: int
    last_seen: Micros | None
    type: str
    reason: str
    count: int
    source: str
    message: str
    namespace: str
    object: str
    kind: str
    name: str


def pod_facts(pod: Object) -> PodFacts:
    spec, status, metadata = pod.get("spec") or {}, pod.get("status") or {}, pod["metadata"]
    statuses = status.get("containerStatuses") or []
    every = [*statuses, *(status.get("initContainerStatuses") or [])]
    return PodFacts(
        phase=status.get("phase", "Pending"),
        node=spec.get("nodeName") or NONE,
        ip=status.get("podIP") or NONE,
        qos_class=status.get("qosClass") or qos_class(spec),
        ready=f"{sum(bool(one.get('ready')) for one in statuses)}/{len(spec.get('containers') or [])}",
        restarts=sum(one.get("restartCount", 0) for one in every),
        created=moment(metadata.get("creationTimestamp")),
        deleted=bool(metadata.get("deletionTimestamp")),
        grace_ends=_clock(metadata.get("deletionTimestamp")),
    )


def _clock(timestamp: str | None) -> str:
    return f"{as_datetime(parse_rfc3339(timestamp)):%H:%M:%S}" if timestamp else ""


def containers(pod: Object) -> list[ContainerFacts]:
    """Return the containers in the order in which they run: init containers and sidecars, containers, ephemeral ones."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    deleted = bool(pod["metadata"].get("deletionTimestamp"))
    return [
        _container(container, kind, place, _status_of(container, status), deleted)
        for container, kind, place in _containers_of(spec)
    ]


def _containers_of(spec: Object) -> Iterator[tuple[Object, str, str]]:
    inits = spec.get("initContainers") or []
    for number, container in enumerate(inits, 1):
        yield container, "sidecar" if container.get("restartPolicy") == "Always" else "init", f"{number}/{len(inits)}"
    for container in spec.get("containers") or []:
        yield container, "container", ""
    for container in spec.get("ephemeralContainers") or []:
        yield container, "ephemeral", ""


def _status_of(container: Object, status: Object) -> Object:
    for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for one in status.get(kind) or []:
            if one["name"] == container["name"]:
                return dict(one)
    return {}


def _container(container: Object, kind: str, place: str, status: Object, deleted: bool) -> ContainerFacts:
    bar = container_bar(status, deleted)
    state = status.get("state") or {}
    return ContainerFacts(
        name=container["name"],
        kind=kind,
        place=place,
        image=container.get("image", ""),
        look=bar.look,
        word=bar.word,
        since=_since(state),
        ready=bool(status.get("ready")),
        restarts=status.get("restartCount", 0),
        last=_ended((status.get("lastState") or {}).get("terminated")),
        message=(state.get("waiting") or state.get("terminated") or {}).get("message", "").strip(),
        probes=tuple(_probes(container)),
    )


def _since(state: Object) -> Micros | None:
    if "running" in state:
        return moment(state["running"].get("startedAt"))
    return moment((state.get("terminated") or {}).get("finishedAt"))


def _ended(terminated: Object | None) -> str:
    if not terminated:
        return ""
    return f"{terminated.get('reason') or 'Terminated'} · exit code {terminated.get('exitCode', 0)}"


def _probes(container: Object) -> Iterator[Probe]:
    for name in ("startup", "readiness", "liveness"):
        probe = container.get(f"{name}Probe")
        if probe is not None:
            yield Probe(name, probe_text(probe))


def conditions(pod: Object) -> list[ConditionFacts]:
    return [
        ConditionFacts(
            type=condition["type"],
            status=condition.get("status", "Unknown"),
            look=condition_bar(condition).look,
            since=moment(condition.get("lastTransitionTime")),
            reason=condition.get("reason", ""),
            message=condition.get("message", ""),
        )
        for condition in (pod.get("status") or {}).get("conditions") or []
    ]


def events(objects: Iterable[Object]) -> list[EventFacts]:
    """Return Events, the one that changed last first."""
    return [event_facts(event) for event in sorted(objects, key=_version, reverse=True)]


def _version(event: Object) -> int:
    return int(event["metadata"].get("resourceVersion") or 0)


def event_facts(event: Object) -> EventFacts:
    about = event.get("involvedObject") or event.get("regarding") or {}
    series = event.get("series") or {}
    field = about.get("fieldPath")
    message = (event.get("message") or event.get("note") or "").strip()
    seen = last_seen(event)
    return EventFacts(
        seq=int(event["metadata"].get("resourceVersion") or 0),
        last_seen=seen if seen > 0 else None,
        type=event.get("type") or "Normal",
        reason=event.get("reason") or "",
        count=event.get("count") or series.get("count") or 1,
        source=(event.get("source") or {}).get("component") or event.get("reportingComponent") or "",
        message=f"{field}: {message}" if field else message,
        namespace=about.get("namespace") or event["metadata"].get("namespace", ""),
        object=f"{about.get('kind', '').lower()}/{about.get('name', '')}",
        kind=about.get("kind", ""),
        name=about.get("name", ""),
    )
