"""Who manages which fields, and what an apply takes away, keeps and refuses."""

from __future__ import annotations

from typing import Any

from lifecycle.core_v1 import managed_fields
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.core_v1.schema import KINDS
from tests.lifecycle.rooms import Rooms

CONFIG_MAP = KINDS["v1", "ConfigMap"]
POD = KINDS["v1", "Pod"]


def _config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def _pod(image: str, **labels: str) -> dict[str, Any]:
    container = {"name": "c", "image": image, "ports": [{"containerPort": 80}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "labels": labels},
        "spec": {"containers": [container]},
    }


def _applied(body: dict[str, Any], manager: str) -> dict[str, Any]:
    managed = managed_fields.created(CONFIG_MAP, body, manager, 0)
    return {**body, "metadata": {**body["metadata"], "managedFields": managed}}


def test_an_update_takes_over_what_it_changes() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    new = {**live, "data": {"a": "9", "b": "2"}}
    managed = managed_fields.updated(CONFIG_MAP, live, new, "editor", 1)
    assert [(entry["manager"], entry["operation"], entry["fieldsV1"]) for entry in managed] == [
        ("me", "Apply", {"f:data": {"f:b": {}}}),
        ("editor", "Update", {"f:data": {"f:a": {}}}),
    ]


def test_items_of_lists_are_named_by_their_keys() -> None:
    managed = managed_fields.created(POD, _pod("nginx", app="web"), "me", 0)
    container = managed[0]["fieldsV1"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert container["f:ports"] == {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    assert managed[0]["fieldsV1"]["f:metadata"] == {"f:labels": {"f:app": {}}}


CREATED = "2026-01-01T00:00:00Z"


def _made(rooms: Rooms, **query: str) -> dict[str, Any]:
    named = {name: [value] for name, value in query.items()}
    answer = rooms.request("create", "pods", _pod("nginx", app="web"), query=named)
    assert answer.code == 201
    return expanded(POD, answer.body)


def _by_manager(obj: dict[str, Any]) -> dict[str, Any]:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


def _read(rooms: Rooms) -> dict[str, Any]:
    return expanded(POD, rooms.api.get("pods", "default", "web"))


def test_what_is_created_belongs_to_who_made_it_with_its_defaults_but_not_what_admission_adds() -> None:
    (entry,) = _made(Rooms(), fieldManager="kubectl-create")["metadata"]["managedFields"]
    assert {name: entry[name] for name in ("manager", "operation", "apiVersion", "time", "fieldsType")} == {
        "manager": "kubectl-create",
        "operation": "Update",
        "apiVersion": "v1",
        "time": CREATED,
        "fieldsType": "FieldsV1",
    }
    assert entry["fieldsV1"]["f:metadata"] == {"f:labels": {".": {}, "f:app": {}}}
    spec = entry["fieldsV1"]["f:spec"]
    assert sorted(spec) == [
        "f:containers",
        "f:dnsPolicy",
        "f:enableServiceLinks",
        "f:restartPolicy",
        "f:schedulerName",
        "f:securityContext",
        "f:terminationGracePeriodSeconds",
    ]
    container = spec["f:containers"]['k:{"name":"c"}']
    assert "f:volumeMounts" not in container
    assert container["f:ports"]['k:{"containerPort":80,"protocol":"TCP"}'] == {".": {}, "f:containerPort": {}, "f:protocol": {}}


def test_what_is_stored_of_a_new_object_is_small() -> None:
    rooms = Rooms()
    _made(rooms)
    (stored,) = rooms.api.get("pods", "default", "web")["metadata"]["managedFields"]
    assert "fieldsV1" not in stored


def test_a_patch_takes_over_what_it_changes_and_leaves_the_rest() -> None:
    rooms = Rooms()
    _made(rooms, fieldManager="maker")
    patch = {"metadata": {"labels": {"app": "api", "tier": "back"}}}
    more = {"query": {"fieldManager": ["kubectl-label"]}, "content_type": "application/merge-patch+json"}
    rooms.request("patch", "pods", patch, name="web", **more)
    managers = _by_manager(_read(rooms))
    assert managers["kubectl-label"] == {"f:metadata": {"f:labels": {"f:app": {}, "f:tier": {}}}}
    assert managers["maker"]["f:metadata"] == {"f:labels": {".": {}}}
    rooms.request("patch", "pods", {"metadata": {"labels": {"tier": None}}}, name="web", **more)
    assert _by_manager(_read(rooms))["kubectl-label"] == {"f:metadata": {"f:labels": {"f:app": {}}}}


def test_the_status_belongs_to_the_kubelet_through_its_subresource() -> None:
    rooms = Rooms()
    _made(rooms)
    pod = rooms.api.get("pods", "default", "web")
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:07Z"}
    scheduled = {"type": "PodScheduled", "status": "True", "observedGeneration": 1}
    status = {**pod["status"], "phase": "Running", "startTime": CREATED, "conditions": [ready, scheduled]}
    rooms.api.update("pods", {**pod, "status": status})
    entry = _read(rooms)["metadata"]["managedFields"][-1]
    assert (entry["manager"], entry["subresource"], entry["time"]) == ("kubelet", "status", "2026-01-01T00:00:07Z")
    assert entry["fieldsV1"]["f:status"] == {
        "f:phase": {},
        "f:startTime": {},
        "f:conditions": {
            'k:{"type":"Ready"}': {".": {}, "f:type": {}, "f:status": {}, "f:lastTransitionTime": {}},
            'k:{"type":"PodScheduled"}': {"f:observedGeneration": {}},
        },
    }


def test_a_request_may_write_the_managers_itself() -> None:
    rooms = Rooms()
    read = _made(rooms, fieldManager="kubectl-client-side-apply")
    (entry,) = read["metadata"]["managedFields"]
    moved = [{**entry, "manager": "kubectl", "operation": "Apply"}]
    patch = [{"op": "replace", "path": "/metadata/managedFields", "value": moved}]
    answer = rooms.request("patch", "pods", patch, name="web", content_type="application/json-patch+json")
    assert answer.code == 200
    assert _read(rooms)["metadata"]["managedFields"] == moved
    more = {"query": {"fieldManager": ["kubectl"]}, "content_type": "application/apply-patch+yaml"}
    less = _pod("nginx")
    assert rooms.request("patch", "pods", less, name="web", **more).code == 200
    assert "labels" not in _read(rooms)["metadata"]


def test_what_is_put_back_as_it_was_read_changes_no_manager() -> None:
    rooms = Rooms()
    read = _made(rooms, fieldManager="maker")
    rooms.request("update", "pods", read, name="web", query={"fieldManager": ["you"]})
    assert list(_by_manager(_read(rooms))) == ["maker"]


def test_what_has_no_fields_may_be_given_managers_that_have_some() -> None:
    rooms = Rooms()
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    assert rooms.request("create", "serviceaccounts", account).code == 201
    entry = {
        "manager": "me",
        "operation": "Update",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:secrets": {}},
    }
    patch = {"metadata": {"managedFields": [entry]}}
    more = {"name": "robot", "content_type": "application/merge-patch+json"}
    assert rooms.request("patch", "serviceaccounts", patch, **more).code == 200


def test_managers_may_be_forgotten_and_stay_so() -> None:
    for nothing in ([], [{}]):
        rooms = Rooms()
        _made(rooms)
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": nothing}]
        assert rooms.request("patch", "pods", patch, name="web", content_type="application/json-patch+json").code == 200
        assert "managedFields" not in rooms.api.get("pods", "default", "web")["metadata"]
        label = {"metadata": {"labels": {"a": "b"}}}
        rooms.request("patch", "pods", label, name="web", content_type="application/merge-patch+json")
        assert "managedFields" not in rooms.api.get("pods", "default", "web")["metadata"]


def test_a_subresource_writes_no_managers() -> None:
    rooms = Rooms()
    read = _made(rooms, fieldManager="maker")
    other = [{**read["metadata"]["managedFields"][0], "manager": "thief"}]
    body = {**read, "metadata": {**read["metadata"], "managedFields": other}}
    assert rooms.request("update", "pods", body, name="web", subresource="status").code == 200
    assert list(_by_manager(_read(rooms))) == ["maker"]


def test_the_oldest_of_many_managers_become_one() -> None:
    rooms = Rooms()
    _made(rooms, fieldManager="maker")
    for n in range(1, 13):
        rooms.run(1)
        label = {"metadata": {"labels": {f"l{n}": "x"}}}
        more = {"query": {"fieldManager": [f"m{n}"]}, "content_type": "application/merge-patch+json"}
        assert rooms.request("patch", "pods", label, name="web", **more).code == 200
    read = _read(rooms)
    managers = _by_manager(read)
    assert sorted(managers) == sorted(["ancient-changes", *(f"m{n}" for n in range(4, 13))])
    assert {"f:l1", "f:l2", "f:l3", "f:app"} <= managers["ancient-changes"]["f:metadata"]["f:labels"].keys()
    assert "f:containers" in managers["ancient-changes"]["f:spec"]
    ancient = next(entry for entry in read["metadata"]["managedFields"] if entry["manager"] == "ancient-changes")
    assert ancient["time"] == "2026-01-01T00:00:03Z"
