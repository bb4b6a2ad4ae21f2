"""What becomes of objects whose owners go."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.controllers.garbagecollector import GarbageCollector
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod


@pytest.fixture
def rooms() -> Rooms:
    rooms = Rooms()
    rooms.kernel.rooms["garbagecollector"] = GarbageCollector(rooms.kernel)
    return rooms


def config_map(rooms: Rooms, name: str, *owners: Object, block: bool = False) -> Object:
    """Make a ConfigMap that belongs to others."""
    references = [_reference(owner, block) for owner in owners]
    metadata: dict[str, Any] = {"name": name} | ({"ownerReferences": references} if references else {})
    answer = rooms.request("create", "configmaps", {"metadata": metadata})
    assert answer.code == 201, answer.body
    return answer.body


def _reference(owner: Object, block: bool = False) -> Object:
    names = {"apiVersion": owner.get("apiVersion", "v1"), "kind": owner.get("kind", "ConfigMap")}
    whose = {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}
    return names | whose | ({"blockOwnerDeletion": True} if block else {})


def delete(rooms: Rooms, name: str, **options: Any) -> Object:
    answer = rooms.request("delete", "configmaps", options or None, name=name)
    assert answer.code == 200
    rooms.run(1)
    return answer.body


def names(rooms: Rooms) -> list[str]:
    return [one["metadata"]["name"] for one in rooms.api.list("configmaps")]


def test_what_belongs_to_what_is_gone_goes_and_so_on(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    child = config_map(rooms, "child", owner)
    config_map(rooms, "grandchild", child)
    config_map(rooms, "other")
    rooms.run(1)
    assert names(rooms) == ["child", "grandchild", "other", "owner"]
    delete(rooms, "owner")
    assert names(rooms) == ["other"]


def test_who_has_another_owner_stays_and_names_that_alone(rooms: Rooms) -> None:
    first, second = config_map(rooms, "first"), config_map(rooms, "second")
    config_map(rooms, "child", first, second)
    delete(rooms, "first")
    child = rooms.api.get("configmaps", "default", "child")
    assert [one["name"] for one in child["metadata"]["ownerReferences"]] == ["second"]
    delete(rooms, "second")
    assert names(rooms) == []


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({}, ["child", "owner"]),
        ({"uid": "00000000-0000-0000-0000-000000000000"}, ["owner"]),
        ({"name": "nobody"}, ["owner"]),
        ({"kind": "ReplicaSet", "apiVersion": "apps/v1"}, ["child", "owner"]),
    ],
    ids=["there", "another of its name", "nobody", "a kind that nobody plays"],
)
def test_who_names_an_owner_that_is_not_there_is_gone_at_once(rooms: Rooms, change: Object, left: list[str]) -> None:
    reference = _reference(config_map(rooms, "owner")) | change
    assert rooms.request("create", "configmaps", {"metadata": {"name": "child", "ownerReferences": [reference]}}).code == 201
    rooms.run(1)
    assert names(rooms) == left


def test_an_owner_is_looked_for_in_the_same_namespace(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    rooms.api.create("namespaces", {"kind": "Namespace", "metadata": {"name": "far"}, "status": {"phase": "Active"}})
    body = {"metadata": {"name": "child", "ownerReferences": [_reference(owner)]}}
    assert rooms.request("create", "configmaps", body, namespace="far").code == 201
    rooms.run(1)
    assert names(rooms) == ["owner"]


def test_in_the_foreground_an_owner_goes_last(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    child = config_map(rooms, "child", owner, block=True)
    held = {**child, "metadata": {**child["metadata"], "finalizers": ["example.com/hold"]}}
    rooms.api.update("configmaps", held)
    left = delete(rooms, "owner", propagationPolicy="Foreground")
    assert left["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert names(rooms) == ["child", "owner"]
    child = rooms.api.get("configmaps", "default", "child")
    assert child["metadata"]["deletionTimestamp"]
    rooms.api.update("configmaps", {**child, "metadata": {**child["metadata"], "finalizers": []}})
    rooms.run(1)
    assert names(rooms) == []


def test_an_owner_waits_only_for_those_who_say_so(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    child = config_map(rooms, "child", owner)
    rooms.api.update("configmaps", {**child, "metadata": {**child["metadata"], "finalizers": ["example.com/hold"]}})
    delete(rooms, "owner", propagationPolicy="Foreground")
    assert names(rooms) == ["child"]


@pytest.mark.parametrize("options", [{"propagationPolicy": "Orphan"}, {"orphanDependents": True}])
def test_orphans_stay_and_name_nobody(rooms: Rooms, options: Object) -> None:
    owner = config_map(rooms, "owner")
    config_map(rooms, "child", owner, block=True)
    assert delete(rooms, "owner", **options)["metadata"]["finalizers"] == ["orphan"]
    assert names(rooms) == ["child"]
    assert "ownerReferences" not in rooms.api.get("configmaps", "default", "child")["metadata"]


def test_a_later_delete_may_think_otherwise(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    child = config_map(rooms, "child", owner, block=True)
    rooms.api.update("configmaps", {**child, "metadata": {**child["metadata"], "finalizers": ["example.com/hold"]}})
    delete(rooms, "owner", propagationPolicy="Foreground")
    delete(rooms, "owner", propagationPolicy="Background")
    assert names(rooms) == ["child"]


def test_a_restored_collector_knows_who_belongs_to_whom(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    config_map(rooms, "child", owner)
    rooms.run(1)
    collector = rooms.kernel.rooms["garbagecollector"]
    collector._known = None  # as after a restore
    delete(rooms, "owner")
    assert names(rooms) == []


def test_what_a_pod_owns_goes_when_it_has_gone(rooms: Rooms) -> None:
    made = rooms.request("create", "pods", pod("web", nodeName="node1")).body
    config_map(rooms, "child", {**made, "kind": "Pod"}, block=True)
    rooms.request("delete", "pods", {"propagationPolicy": "Foreground"}, name="web")
    rooms.run(1)
    left = rooms.api.get("pods", "default", "web")
    assert "finalizers" not in left["metadata"]
    assert names(rooms) == []
    rooms.api.remove("pods", "default", "web")
    assert rooms.api.get("pods", "default", "web") is None


def test_an_eviction_may_leave_orphans(rooms: Rooms) -> None:
    made = rooms.request("create", "pods", pod("web", nodeName="node1")).body
    config_map(rooms, "child", {**made, "kind": "Pod"})
    eviction = {"metadata": {"name": "web"}, "deleteOptions": {"propagationPolicy": "Orphan"}}
    assert rooms.request("create", "pods", eviction, name="web", subresource="eviction").code == 201
    rooms.run(1)
    rooms.api.remove("pods", "default", "web")
    rooms.run(1)
    assert names(rooms) == ["child"]
    assert rooms.api.get("pods", "default", "web") is None


def test_nothing_is_remembered_of_those_who_are_gone(rooms: Rooms) -> None:
    owner = config_map(rooms, "owner")
    config_map(rooms, "child", owner)
    config_map(rooms, "other", owner)
    delete(rooms, "owner")
    assert rooms.kernel.rooms["garbagecollector"]._known == {}
