"""Recordings: what comes in, in which order, and what comes out again."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.clock import SECOND, parse_rfc3339
from podhub.log import clusters, codec, exporting, importing, read
from podhub.log.append import Gap, Recorded
from podhub.log.errors import BadName, BadRecording, NameTaken
from podhub.log.models import Cluster, Entry
from podhub.log.verify import verify

pytestmark = pytest.mark.django_db

RECORDINGS = sorted(path for path in (Path(__file__).parents[2] / "data" / "recordings").iterdir() if path.is_dir())
NOON = "2026-11-21T12:00:00Z"


def line(name: str = "web", type: str = "ADDED", version: str = "1", **said: Any) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": "default",
        "uid": f"uid-{name}",
        "resourceVersion": version,
        "creationTimestamp": NOON,
    }
    return {**said, "type": type, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}}


def recording(*lines: Any) -> importing.Recording:
    data = b"\n".join(text if isinstance(text, bytes) else json.dumps(text).encode() for text in lines)
    return given("pods.jsonl", data)


def given(name: str, data: bytes) -> importing.Recording:
    return importing.read([(name, io.BytesIO(data))])


def named(cluster: Cluster) -> list[str]:
    return [entry.name for entry in read.tail(cluster, 0)]


@pytest.mark.parametrize("folder", RECORDINGS, ids=lambda path: path.name)
def test_what_was_imported_comes_out_as_it_came_in(folder: Path) -> None:
    cluster = importing.store(importing.load(folder), folder.name)
    given = [json.loads(text) for file in folder.glob("*.jsonl") for text in file.read_bytes().splitlines()]
    read.forget()
    exported = [json.loads(exporting.encode(each)) for each in exporting.lines(cluster)]
    assert sorted(map(codec.canonical, exported)) == sorted(map(codec.canonical, given))
    assert [each["received"] for each in exported] == sorted(each["received"] for each in given)
    assert list(verify(cluster)) == []


def test_the_start_is_where_the_lines_put_zero() -> None:
    found = recording(line(received="2026-11-21T12:00:05.500Z", t=1.25), line("b", received="2026-11-21T12:00:09Z"))
    assert found.start == parse_rfc3339("2026-11-21T12:00:04.250Z")


def test_without_t_the_start_is_the_second_of_the_first_line() -> None:
    assert recording(line(received="2026-11-21T12:00:05.500Z")).start == parse_rfc3339("2026-11-21T12:00:05Z")


def test_a_runs_output_which_has_only_t_starts_when_its_first_object_was_made() -> None:
    found = recording(line(t=0.5), line("b", t=61))
    assert found.start == parse_rfc3339(NOON)
    assert [item.at - found.start for item in found.items] == [500_000, 61_000_000]


def test_order_is_received_then_resource_version_then_place() -> None:
    lines = [line("late", received="2026-11-21T12:00:09Z"), line("b", version="10", received=NOON)]
    lines += [line("a", version="9", received=NOON), line("c", version="10", received=NOON)]
    assert named(importing.store(recording(*lines), "c")) == ["a", "b", "c", "late"]


def test_a_finished_recording_stays_as_its_last_line_left_it() -> None:
    cluster = importing.store(recording(line(received=NOON), line(type="DELETED", received="2026-11-21T12:00:09Z")), "c")
    assert (cluster.read_only, cluster.finished, cluster.horizon - cluster.start) == (True, True, 9_000_000)
    assert read.seq_at(cluster, cluster.horizon + 10**12) == 2


def test_the_fork_of_a_recording_is_a_shorter_recording() -> None:
    parent = importing.store(recording(line("a", received=NOON), line("b", received="2026-11-21T12:00:09Z")), "c")
    fork = clusters.fork(parent, 1, "fork", wall=0)
    assert (named(fork), fork.finished) == (["a"], True)
    assert read.seq_at(fork, parent.horizon) == 1


def test_an_error_line_is_a_gap_and_a_bookmark_is_passed_over() -> None:
    gone = {"kind": "Status", "apiVersion": "v1", "code": 410, "reason": "Expired", "message": "too old resource version"}
    gap = {"t": 3, "received": "2026-11-21T12:00:03Z", "type": "ERROR", "object": gone}
    bookmark = line(type="BOOKMARK")
    cluster = importing.store(recording(line(received=NOON, t=0), bookmark, gap), "c")
    assert [(entry.kind, entry.content) for entry in read.tail(cluster, 1)] == [("gap", gone)]
    assert list(exporting.lines(cluster))[1] == gap


def told(found: importing.Recording) -> list[tuple[str, str, float]]:
    """Return what a recording holds: type, name and seconds since NOON."""
    noon = parse_rfc3339(NOON)
    changes = [item for item in found.items if isinstance(item, Recorded)]
    return [(item.type, item.object["metadata"]["name"], (item.at - noon) / SECOND) for item in changes]


def pod(name: str, version: str, uid: str = "", **status: str) -> dict[str, Any]:
    found: dict[str, Any] = line(name, version=version)["object"]
    return found | {"status": status, "metadata": found["metadata"] | {"uid": uid or f"uid-{name}"}}


def event(name: str, second: int) -> dict[str, Any]:
    times = {"lastTimestamp": f"2026-11-21T12:00:{second:02}Z"}
    return {**line(name)["object"], "kind": "Event", "involvedObject": {"uid": "uid-web"}, **times}


def dump(*objects: dict[str, Any]) -> importing.Recording:
    return given("dump.json", json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}, indent=1).encode())


def test_the_objects_of_a_list_are_as_they_are_since_the_last_of_their_times() -> None:
    found = dump(pod("b", "1"), pod("a", "2", startTime="2026-11-21T12:00:07Z"))
    assert told(found) == [("ADDED", "a", 0), ("ADDED", "b", 0), ("MODIFIED", "a", 7)]
    assert found.start == parse_rfc3339(NOON)


def test_what_was_so_before_the_first_event_was_so_at_the_start() -> None:
    found = dump(pod("old", "1"), event("e", 30), event("d", 20), pod("web", "9", startTime="2026-11-21T12:00:25Z"))
    began, later = told(found)[:3], told(found)[3:]
    assert began == [("ADDED", "web", 20), ("ADDED", "old", 20), ("ADDED", "d", 20)]
    assert later == [("MODIFIED", "web", 25), ("ADDED", "e", 30)]


def test_a_pod_was_there_since_it_was_made_and_nothing_is_known_of_its_status_then() -> None:
    web = pod("web", "9", phase="Running", startTime="2026-11-21T12:00:25Z")
    web["metadata"] |= {"deletionTimestamp": "2026-11-21T12:00:55Z", "deletionGracePeriodSeconds": 30}
    found = dump(web, event("e", 20))
    assert told(found) == [("ADDED", "web", 20), ("ADDED", "e", 20), ("MODIFIED", "web", 25)]
    first = found.items[0].object  # type: ignore[union-attr]
    assert (first["status"], first["metadata"]["uid"]) == ({"phase": "Unknown"}, "uid-web")
    assert not first["metadata"].keys() & {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"}


def test_an_object_that_tells_no_time_was_so_at_the_end() -> None:
    statuses = {"apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": "etcd-0"}}
    assert ("ADDED", "etcd-0", 30) in told(dump(statuses, event("e", 20), event("f", 30)))


def test_objects_one_behind_the_other_are_versions_as_a_watch_without_types_shows_them() -> None:
    versions = [pod("web", "3", startTime=f"2026-11-21T12:00:0{second}Z") for second in (1, 4)]
    text = "\n".join(
        json.dumps(each | {"metadata": {**each["metadata"], "resourceVersion": str(i)}}, indent=4)
        for i, each in enumerate(versions, 3)
    )
    assert told(given("watch.json", text.encode())) == [("ADDED", "web", 0), ("MODIFIED", "web", 1), ("MODIFIED", "web", 4)]


def test_a_version_is_never_before_the_one_it_follows_whatever_the_clocks_say() -> None:
    later, earlier = "2026-11-21T12:00:09Z", "2026-11-21T12:00:02Z"
    found = dump(pod("web", "12", startTime=earlier), pod("web", "11", startTime=later))
    assert [(type, at) for type, _name, at in told(found)] == [("ADDED", 0), ("MODIFIED", 9), ("MODIFIED", 9)]


def test_what_two_dumps_tell_alike_is_imported_once_and_counted() -> None:
    first, second = pod("web", "1"), pod("web", "2", startTime="2026-11-21T12:00:03Z")
    found = dump(first, second, first, event("e", 0), event("e", 0))
    assert ([type for type, _name, _at in told(found)], found.repeated) == (["ADDED", "ADDED", "MODIFIED"], 2)


def test_a_pod_of_the_same_name_means_that_the_one_before_is_gone() -> None:
    second = pod("web", "7", "two", startTime="2026-11-21T12:00:06Z")
    second["metadata"]["creationTimestamp"] = "2026-11-21T12:00:05Z"
    found = dump(pod("web", "1", "one"), second)
    assert told(found) == [("ADDED", "web", 0), ("DELETED", "web", 5), ("ADDED", "web", 5), ("MODIFIED", "web", 6)]
    assert list(verify(importing.store(found, "c"))) == []


def test_a_watchs_events_without_moments_keep_their_types_and_their_order() -> None:
    gone = {"type": "DELETED", "object": pod("web", "5", startTime="2026-11-21T12:00:04Z")}
    lines = [{"type": "ADDED", "object": pod("web", "4")}, gone, {"type": "ERROR", "object": {"kind": "Status", "code": 410}}]
    found = recording(*lines)
    assert told(found) == [("ADDED", "web", 0), ("DELETED", "web", 4)]
    assert isinstance(found.items[-1], Gap)
    assert found.items[-1].at - found.items[-2].at == 1


def test_a_line_that_stands_twice_is_imported_once_and_counted() -> None:
    found = recording(line(received=NOON), line("b", received=NOON), line(received=NOON))
    assert ([name for _type, name, _at in told(found)], found.repeated) == (["web", "b"], 1)


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_events_of_the_other_group_are_those_of_core(version: str) -> None:
    other = {
        "apiVersion": f"events.k8s.io/{version}",
        "kind": "Event",
        "metadata": event("e", 20)["metadata"],
        "regarding": {"kind": "Pod", "namespace": "default", "name": "web", "uid": "uid-web"},
        "note": "Back-off restarting failed container",
        "deprecatedLastTimestamp": "2026-11-21T12:00:20Z",
        "deprecatedCount": 3,
    }
    cluster = importing.store(dump(other), "c")
    (found,) = read.View(cluster, cluster.head).events_of(pod("web", "1"))
    assert (found.object["apiVersion"], found.object["message"], found.object["count"]) == ("v1", other["note"], 3)


def test_an_exported_dump_comes_in_again_as_it_was() -> None:
    first = importing.store(dump(pod("old", "1"), event("e", 20), pod("web", "9", startTime="2026-11-21T12:00:25Z")), "first")
    lines = b"".join(exporting.encode(each) for each in exporting.lines(first))
    again = importing.store(given("again.jsonl", lines), "again")
    assert b"".join(map(exporting.encode, exporting.lines(again))) == lines
    assert (again.start, again.horizon) == (first.start, first.horizon)


def test_fields_of_other_versions_and_times_that_are_null_are_taken_as_they_are() -> None:
    status = {
        "phaseOfTheMoon": [None, 7],
        "startTime": None,
        "conditions": None,
        "containerStatuses": [{"name": "c", "mood": {}}],
    }
    cluster = importing.store(recording(pod_line(status)), "c")
    assert [each["object"]["status"] for each in exporting.lines(cluster)] == [status]


def test_a_null_that_kubernetes_never_writes_is_a_field_that_is_not_set() -> None:
    status = {"reason": None, "startTime": None, "containerStatuses": [{"name": "c", "restartCount": None}]}
    cluster = importing.store(recording(pod_line(status)), "c")
    left = {"startTime": None, "containerStatuses": [{"name": "c"}]}
    assert [each["object"]["status"] for each in exporting.lines(cluster)] == [left]


def test_an_object_of_a_namespace_has_to_name_it() -> None:
    found = line(received=NOON)
    del found["object"]["metadata"]["namespace"]
    with pytest.raises(BadRecording, match=r"line 1: object\.metadata\.namespace: missing"):
        recording(found)


def test_a_manifest_is_no_recording() -> None:
    manifest = (
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: nginx}]}\n"
    )
    with pytest.raises(BadRecording, match="create a manifest in a simulated cluster instead"):
        given("pod.yaml", manifest)


def test_items_of_a_pod_list_may_leave_out_their_kind() -> None:
    item = {"metadata": line("a")["object"]["metadata"]}
    dump = {"apiVersion": "v1", "kind": "PodList", "items": [item]}
    cluster = importing.store(given("dump.json", json.dumps(dump).encode()), "c")
    assert read.tail(cluster, 0)[0].resource == "pods"


def pod_line(status: Any) -> dict[str, Any]:
    found = line(received=NOON)
    return found | {"object": found["object"] | {"status": status}}


BAD: dict[str, tuple[Any, str]] = {
    "no JSON": (b'{"t": 1,', "pods.jsonl: line 2: not JSON"),
    "no UTF-8": (b'{"t": "\xff"}', "pods.jsonl: line 2: not JSON"),
    "binary": (b"\x00\x01\x02", "pods.jsonl: line 2: not JSON"),
    "no object": ([1, 2], "pods.jsonl: line 2: expected"),
    "an unknown type": (line(type="CHANGED", received=NOON), "pods.jsonl: line 2: type: expected ADDED"),
    "object that is none": ({"type": "ADDED", "object": 7, "received": NOON}, "pods.jsonl: line 2: object: expected an object"),
    "a bad moment": (line(received="yesterday"), "pods.jsonl: line 2: received: expected a time"),
    "a moment that is a number": (line(received=7), "pods.jsonl: line 2: received: expected a time"),
    "a month that is none": (line(received="2026-13-21T12:00:00Z"), "pods.jsonl: line 2: received: expected a time"),
    "the year 1": (line(received="0001-01-01T00:00:00Z", t=5), "pods.jsonl: line 2: received: expected a time"),
    "the last year": (line(received="9999-12-31T23:59:59-10:00"), "pods.jsonl: line 2: received: expected a time"),
    "a bad t": (line(t="soon"), "pods.jsonl: line 2: t: expected seconds"),
    "an endless t": (line(t=1e300), "pods.jsonl: line 2: t: expected seconds"),
    "no name": (line(name="", received=NOON), "pods.jsonl: line 2: object.metadata.name: expected a text"),
    "a name with NUL": (line(name="a\0b", received=NOON), "pods.jsonl: line 2: object.metadata.name: expected a text"),
    "a name that is a path": (
        line(name="a/b", received=NOON),
        "pods.jsonl: line 2: object.metadata.name: expected a name without",
    ),
    "a number for a text": (pod_line({"phase": 7}), "pods.jsonl: line 2: object.status.phase: "),
    "a text for a list": (pod_line({"conditions": "True"}), "pods.jsonl: line 2: object.status.conditions: "),
    "a condition without a type": (
        pod_line({"conditions": [{}]}),
        "pods.jsonl: line 2: object.status.conditions[0].type: missing",
    ),
    "a container without a name": (
        pod_line({"containerStatuses": [{"ready": True}]}),
        "pods.jsonl: line 2: object.status.containerStatuses[0].name: missing",
    ),
    "nothing in a list": (
        pod_line({"conditions": [None]}),
        "pods.jsonl: line 2: object.status.conditions[0]: expected a value",
    ),
    "a time that is none": (pod_line({"startTime": "then"}), "pods.jsonl: line 2: object.status.startTime: "),
    "no metadata": (
        {"type": "ADDED", "object": {"kind": "Pod", "apiVersion": "v1"}, "received": NOON},
        "pods.jsonl: line 2: object.metadata: expected an object, not nothing",
    ),
    "101 levels": (
        line(received=NOON) | {"object": line()["object"] | {"spec": json.loads('{"a":' * 100 + "1" + "}" * 100)}},
        "pods.jsonl: line 2: object: nested too deeply: 100 levels at most",
    ),
    "1,000 levels": (
        b'{"received": "2026-11-21T12:00:00Z", "type": "ADDED", "object": ' + b'{"a":' * 2000 + b"1" + b"}" * 2001,
        "pods.jsonl: line 2: nested too deeply",
    ),
}


@pytest.mark.parametrize(("bad", "text"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named_and_nothing_is_stored(bad: Any, text: str) -> None:
    with pytest.raises(BadRecording) as error:
        importing.store(recording(line(received=NOON), bad, line("b", received=NOON)), "c")
    assert str(error.value).startswith(text)
    assert (Cluster.objects.count(), Entry.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b'{"kind": "PodList", "items": []}', b'{"kind": "List", "items": 3}', b"{", b"null"]
)
def test_a_file_without_objects_is_refused(data: bytes) -> None:
    with pytest.raises(BadRecording, match=r"pods\.jsonl"):
        given("pods.jsonl", data)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match="no recording"):
        importing.load(tmp_path)
    with pytest.raises(BadRecording, match="cannot be read"):
        importing.load(tmp_path / "none.jsonl")


def test_a_taken_name_is_refused_without_replace() -> None:
    importing.store(recording(line("old", received=NOON)), "c")
    with pytest.raises(NameTaken):
        importing.store(recording(line("new", received=NOON)), "c")
    assert named(clusters.named("c")) == ["old"]
    assert named(importing.store(recording(line("new", received=NOON)), "c", replace=True)) == ["new"]
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("name", ["", "A", "-a", "a.b", "x" * 64, "a\n"])
def test_a_cluster_has_to_be_named_by_a_dns_label(name: str) -> None:
    with pytest.raises(BadName):
        importing.store(recording(line(received=NOON)), name)


def test_a_third_partys_kind_is_filed_apart() -> None:
    service = line(received=NOON)
    knative = json.loads(json.dumps(service))
    service["object"]["kind"] = knative["object"]["kind"] = "Service"
    knative["object"]["apiVersion"] = "serving.knative.dev/v1"
    cluster = importing.store(recording(service, knative), "c")
    assert [entry.resource for entry in read.tail(cluster, 0)] == ["services", "services.serving.knative.dev"]
