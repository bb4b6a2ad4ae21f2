"""The objects, as other rooms see them."""

from __future__ import annotations

import msgspec
import pytest

from lifecycle.apiserver.server import APIServer, APIServerState
from lifecycle.apiserver.store import WARM
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, seconds


def config_map(name: str, namespace: str = "default", **data: str) -> Object:
    return {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": name, "namespace": namespace}, "data": data}


def test_objects_are_listed_in_key_order():
    rooms = Rooms()
    for namespace, name in (("b", "x"), ("a", "z"), ("a", "y"), ("default", "a")):
        rooms.api.create("configmaps", config_map(name, namespace))
    keys = [(obj["metadata"]["namespace"], obj["metadata"]["name"]) for obj in rooms.api.list("configmaps")]
    assert keys == [("a", "y"), ("a", "z"), ("b", "x"), ("default", "a")]
    assert [obj["metadata"]["name"] for obj in rooms.api.list("configmaps", "a")] == ["y", "z"]
    assert list(rooms.api.list("configmaps", "none")) == []


def test_more_events_than_are_kept_decoded_are_all_there():
    rooms, count = Rooms(), WARM["events"] + 50
    for n in range(count):
        rooms.api.create("events", {"metadata": {"name": f"e{n}", "namespace": "default"}, "message": str(n)})
    assert all(rooms.api.get("events", "default", f"e{n}")["message"] == str(n) for n in range(count))
    assert sum(1 for _ in rooms.api.list("events")) == count


def test_a_restored_server_has_the_same_objects_and_versions():
    rooms = Rooms()
    rooms.api.create("configmaps", config_map("a", x="1"))
    rooms.recorder.event("kubelet", config_map("a"), "Normal", "Reason", "text")
    data = msgspec.msgpack.encode(rooms.api.state)
    again = APIServer(rooms.kernel, msgspec.msgpack.decode(data, type=APIServerState))
    assert msgspec.msgpack.encode(again.state) == data
    assert again.get("configmaps", "default", "a") == rooms.api.get("configmaps", "default", "a")
    assert again.index("configmaps", "default", "a") == rooms.api.index("configmaps", "default", "a")


def test_rooms_that_asked_are_told_of_changes_with_the_change_as_cause():
    rooms, told = Rooms(), []

    class Room:
        def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
            told.append((type, old and old["data"], new and new["data"], rooms.kernel.cause))

    rooms.api.inform(Room().observe, "configmaps")
    made = rooms.api.create("configmaps", config_map("a", x="1"))
    rooms.api.update("configmaps", {**made, "data": {"x": "2"}})
    rooms.api.remove("configmaps", "default", "a")
    added, modified, deleted = rooms.changes("ConfigMap")
    assert told == [
        ("ADDED", None, {"x": "1"}, added.index),
        ("MODIFIED", {"x": "1"}, {"x": "2"}, modified.index),
        ("DELETED", {"x": "2"}, None, deleted.index),
    ]
    assert rooms.kernel.cause == 0


def test_a_room_that_does_not_mind_progress_is_told_of_phases_and_of_whatever_is_no_status():
    rooms, told = Rooms(), []

    class Room:
        def observe(self, resource: str, type: str, old: Object | None, new: Object | None) -> None:
            told.append((type, new and new["status"], new and new["metadata"].get("labels")))

    rooms.api.inform(Room().observe, "pods", progress=False)
    pod = {"kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": {}, "status": {"phase": "Pending"}}
    made = rooms.api.create("pods", pod)
    placed = rooms.api.update("pods", {**made, "status": {"phase": "Pending", "hostIP": "172.30.0.10"}})
    labelled = rooms.api.update("pods", {**placed, "metadata": {**placed["metadata"], "labels": {"app": "web"}}})
    rooms.api.update("pods", {**labelled, "status": {"phase": "Running", "hostIP": "172.30.0.10"}})
    assert told == [
        ("ADDED", {"phase": "Pending"}, None),
        ("MODIFIED", {"phase": "Pending", "hostIP": "172.30.0.10"}, {"app": "web"}),
        ("MODIFIED", {"phase": "Running", "hostIP": "172.30.0.10"}, {"app": "web"}),
    ]


def test_updating_what_is_not_there_is_a_mistake_of_the_caller():
    with pytest.raises(KeyError, match="configmaps default/none"):
        Rooms().api.update("configmaps", config_map("none"))


def test_binding_or_deleting_another_pod_of_the_same_name_does_nothing():
    rooms = Rooms()
    pod = {"kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": {}, "status": {}}
    rooms.api.create("pods", pod)
    before = len(rooms.kernel.outputs)
    rooms.api.bind("default", "web", "another-uid", "node1")
    assert rooms.api.delete("pods", "default", "web", uid="another-uid") is None
    assert len(rooms.kernel.outputs) == before


def test_events_are_deleted_an_hour_after_their_last_change():
    rooms = Rooms()
    about = config_map("a")
    rooms.recorder.event("kubelet", about, "Normal", "Old", "text")
    rooms.recorder.event("kubelet", about, "Normal", "Kept", "text")
    rooms.run(3000)
    rooms.recorder.event("kubelet", about, "Normal", "Kept", "text")
    rooms.run(1000)
    rooms.recorder.event("kubelet", about, "Normal", "New", "text")
    assert sorted(event["reason"] for event in rooms.events()) == ["Kept", "New"]
    (gone,) = [change for change in rooms.changes("Event") if change.type == "DELETED"]
    assert gone.object["reason"] == "Old"


def test_events_of_one_minute_are_deleted_together():
    rooms = Rooms()
    for name in ("A", "B"):
        rooms.recorder.event("kubelet", config_map("a"), "Normal", name, "text")
        rooms.run(40)
    rooms.recorder.event("kubelet", config_map("a"), "Normal", "C", "text")
    rooms.run(2 * 3600)
    gone = [(change.object["reason"], seconds(change.at)) for change in rooms.changes("Event") if change.type == "DELETED"]
    assert gone == [("A", 3660), ("B", 3660), ("C", 3740)]
