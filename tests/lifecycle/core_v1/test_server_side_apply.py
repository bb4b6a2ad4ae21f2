"""What a server-side apply takes away, keeps and refuses, and who manages what then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifecycle.core_v1 import managed_fields
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.core_v1.schema import KINDS, Kind
from lifecycle.core_v1.server_side_apply import LAST_APPLIED, apply
from lifecycle.core_v1.status import Status
from lifecycle.wire import Answer
from tests.lifecycle.rooms import Rooms

CONFIG_MAP = KINDS["v1", "ConfigMap"]
POD = KINDS["v1", "Pod"]
SERVICE = KINDS["v1", "Service"]
APPLY = "application/apply-patch+yaml"


def _config_map(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def _pod(image: str, **labels: str) -> dict[str, Any]:
    container = {"name": "c", "image": image, "ports": [{"containerPort": 80}]}
    metadata = {"name": "web", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def _service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def _applied(body: dict[str, Any], manager: str, kind: Kind = CONFIG_MAP) -> dict[str, Any]:
    managed = managed_fields.created(kind, body, manager, 0)
    return {**body, "metadata": {**body["metadata"], "managedFields": managed}}


def _made(rooms: Rooms, **query: str) -> None:
    named = {name: [value] for name, value in query.items()}
    assert rooms.request("create", "pods", _pod("nginx", app="web"), query=named).code == 201


def _by_manager(obj: dict[str, Any]) -> dict[str, Any]:
    return {entry["manager"]: entry["fieldsV1"] for entry in obj["metadata"]["managedFields"]}


def _read(rooms: Rooms) -> dict[str, Any]:
    return expanded(POD, rooms.api.get("pods", "default", "web"))


def _ask(rooms: Rooms, resource: str, body: Any, manager: str = "me", **more: Any) -> Answer:
    name = (body.get("metadata") or {}).get("name", "web")
    query = {"fieldManager": [manager], **more.pop("query", {})}
    return rooms.request("patch", resource, body, **{"name": name, "content_type": APPLY, "query": query, **more})


def _forced(live: dict[str, Any], body: dict[str, Any], manager: str, kind: Kind = CONFIG_MAP) -> dict[str, Any]:
    new = apply(kind, live, body, manager, True, 1)
    assert not isinstance(new, Status)
    return new


def test_what_an_apply_lists_no_more_is_taken_away() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    new = apply(CONFIG_MAP, live, _config_map(a="1"), "me", False, 1)
    assert not isinstance(new, Status)
    assert new["data"] == {"a": "1"}


def test_what_another_manager_holds_too_stays() -> None:
    live = _applied(_config_map(a="1", b="2"), "me")
    shared = apply(CONFIG_MAP, live, _config_map(b="2"), "you", False, 1)
    assert not isinstance(shared, Status)
    left = apply(CONFIG_MAP, shared, _config_map(a="1"), "me", False, 2)
    assert not isinstance(left, Status)
    assert left["data"] == {"a": "1", "b": "2"}


def test_a_field_of_another_manager_is_a_conflict_until_it_is_forced() -> None:
    live = _applied(_config_map(a="1"), "me")
    refused = apply(CONFIG_MAP, live, _config_map(a="2"), "you", False, 1)
    assert isinstance(refused, Status)
    assert (refused.code, refused.message) == (409, 'Apply failed with 1 conflict: conflict with "me": .data.a')
    forced = apply(CONFIG_MAP, live, _config_map(a="2"), "you", True, 1)
    assert not isinstance(forced, Status)
    assert forced["data"] == {"a": "2"}
    assert [entry["manager"] for entry in forced["metadata"]["managedFields"]] == ["you"]


def test_the_same_apply_again_changes_nothing() -> None:
    live = _applied(_config_map(a="1"), "me")
    assert apply(CONFIG_MAP, live, _config_map(a="1"), "me", False, 5) == live


def test_an_object_that_nobody_applied_belongs_to_before_first_apply() -> None:
    refused = apply(POD, _pod("nginx:1"), _pod("nginx:2"), "me", False, 1)
    assert isinstance(refused, Status)
    field = '.spec.containers[name="c"].image'
    assert refused.message == f'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: {field}'
    assert refused.details == {
        "causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "before-first-apply" using v1', "field": field}]
    }


def test_an_apply_conflicts_with_the_manager_that_made_the_field() -> None:
    rooms = Rooms()
    _made(rooms, fieldManager="kubectl-run")
    more = {"query": {"fieldManager": ["me"]}, "content_type": "application/apply-patch+yaml"}
    refused = rooms.request("patch", "pods", _pod("nginx:2"), name="web", **more)
    field = '.spec.containers[name="c"].image'
    assert refused.body["message"] == f'Apply failed with 1 conflict: conflict with "kubectl-run" using v1: {field}'
    more["query"]["force"] = ["true"]
    assert rooms.request("patch", "pods", _pod("nginx:2"), name="web", **more).code == 200
    managers = _by_manager(_read(rooms))
    container = managers["kubectl-run"]["f:spec"]["f:containers"]['k:{"name":"c"}']
    assert "f:image" not in container
    assert "f:imagePullPolicy" in container
    assert "f:image" in managers["me"]["f:spec"]["f:containers"]['k:{"name":"c"}']


def test_a_conflict_with_several_managers_names_each_with_its_fields() -> None:
    live = _applied(_config_map(a="1", b="2"), "zoe")
    live = _forced(live, _config_map(c="3"), "adam")
    refused = apply(CONFIG_MAP, live, _config_map(a="x", b="x", c="x"), "me", False, 1)
    assert isinstance(refused, Status)
    assert refused.message == (
        'Apply failed with 3 conflicts: conflicts with "adam":\n- .data.c\nconflicts with "zoe":\n- .data.a\n- .data.b'
    )
    assert refused.details is not None
    assert [cause["field"] for cause in refused.details["causes"]] == [".data.c", ".data.a", ".data.b"]


def test_a_conflict_names_the_subresource_through_which_a_field_was_set() -> None:
    rooms = Rooms()
    _made(rooms)
    conditions = [{"type": "example.com/a", "status": "True"}]
    status = {"status": {"conditions": conditions}}
    more = {"name": "web", "subresource": "status", "content_type": "application/merge-patch+json"}
    assert rooms.request("patch", "pods", status, query={"fieldManager": ["gate"]}, **more).code == 200
    body = {**_pod("nginx"), "status": {"conditions": [{"type": "example.com/a", "status": "False"}]}}
    refused = _ask(rooms, "pods", body, subresource="status")
    field = '.status.conditions[type="example.com/a"].status'
    why = f'conflict with "gate" with subresource "status" using v1: {field}'
    assert refused.body["message"] == f"Apply failed with 1 conflict: {why}"
    assert _ask(rooms, "pods", body, subresource="status", query={"force": ["true"]}).code == 200
    found = _read(rooms)
    assert found["status"]["conditions"][0]["status"] == "False"
    mine = next(entry for entry in found["metadata"]["managedFields"] if entry["manager"] == "me")
    assert (mine["operation"], mine["subresource"]) == ("Apply", "status")
    assert "f:spec" not in mine["fieldsV1"]


def test_the_same_name_through_a_subresource_is_another_manager() -> None:
    rooms = Rooms()
    assert _ask(rooms, "pods", _pod("nginx")).code == 201
    status = {**_pod("nginx"), "status": {"message": "hello"}}
    assert _ask(rooms, "pods", status, subresource="status").code == 200
    mine = [entry.get("subresource", "") for entry in _read(rooms)["metadata"]["managedFields"] if entry["manager"] == "me"]
    assert mine == ["", "status"]


def test_a_status_of_what_is_not_there_is_not_made() -> None:
    assert _ask(Rooms(), "pods", {**_pod("nginx"), "status": {}}, subresource="status").code == 404


def test_a_struct_goes_with_its_defaults_where_nobody_manages_a_field_of_it() -> None:
    body = _service(
        sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}}, ports=[{"port": 80}]
    )
    rooms = Rooms()
    assert _ask(rooms, "services", body).code == 201
    less = _ask(rooms, "services", _service(ports=[{"port": 80}]))
    assert (less.code, less.body["spec"]["sessionAffinity"]) == (200, "None")
    assert "sessionAffinityConfig" not in less.body["spec"]


def test_an_item_goes_whole_even_where_another_has_a_field_of_it() -> None:
    both = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    rooms = Rooms()
    assert _ask(rooms, "services", _service(ports=both)).code == 201
    patch = [{"op": "replace", "path": "/spec/ports/1/targetPort", "value": 8081}]
    more = {"name": "web", "content_type": "application/json-patch+json", "query": {"fieldManager": ["you"]}}
    assert rooms.request("patch", "services", patch, **more).code == 200
    left = _ask(rooms, "services", _service(ports=both[:1]))
    assert [port["port"] for port in left.body["spec"]["ports"]] == [80]
    managers = _by_manager(expanded(SERVICE, rooms.api.get("services", "default", "web")))
    assert list(managers) == ["me"]


def test_items_that_differ_in_one_key_only_are_two() -> None:
    live = _applied(_service(ports=[{"name": "a", "port": 53, "protocol": "UDP"}]), "me", SERVICE)
    new = _forced(live, _service(ports=[{"name": "b", "port": 53, "protocol": "TCP"}]), "you", SERVICE)
    assert [port["protocol"] for port in new["spec"]["ports"]] == ["UDP", "TCP"]


@pytest.mark.parametrize(
    ("live", "applied", "order"),
    [
        ("abc", "ca", "bca"),
        ("abc", "xb", "axbc"),
        ("", "ba", "ba"),
        ("ab", "ba", "ba"),
        ("ab", "", "ab"),
        ("abcd", "dxa", "bcdxa"),
    ],
)
def test_applied_items_come_in_their_order_and_others_stay_where_they_are(live: str, applied: str, order: str) -> None:
    def listed(names: str) -> dict[str, Any]:
        return {**_pod("nginx"), "spec": {"containers": [{"name": name, "image": "i"} for name in names]}}

    new = _forced(_applied(listed(live), "you", POD), listed(applied), "me", POD)
    assert "".join(container["name"] for container in new["spec"]["containers"]) == order


def test_what_is_empty_takes_nothing_away_from_others() -> None:
    new = _forced(_applied(_config_map(a="1"), "you"), {**_config_map(), "data": None}, "me")
    assert new["data"] == {"a": "1"}


def test_an_amount_that_is_written_otherwise_is_another_value() -> None:
    def pod(cpu: str) -> dict[str, Any]:
        body = _pod("nginx")
        body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": cpu}}
        return body

    live = _applied(pod("1"), "you", POD)
    assert isinstance(apply(POD, live, pod("1000m"), "me", False, 1), Status)
    assert not isinstance(apply(POD, live, pod("1"), "me", False, 1), Status)


@pytest.mark.parametrize(("manager", "code"), [("kubectl", 200), ("flux", 409)])
def test_kubectl_takes_over_what_client_side_apply_has_applied(manager: str, code: int) -> None:
    last = json.dumps({**_config_map(a="1"), "metadata": {"name": "settings", "annotations": {}}})
    made = {**_config_map(a="1"), "metadata": {"name": "settings", "annotations": {LAST_APPLIED: last}}}
    rooms = Rooms()
    rooms.request("create", "configmaps", made, query={"fieldManager": ["kubectl-client-side-apply"]})
    answer = _ask(rooms, "configmaps", _config_map(a="<2>"), manager)
    assert answer.code == code
    if code == 200:
        kept = answer.body["metadata"]["annotations"][LAST_APPLIED]
        assert kept == (
            '{"apiVersion":"v1","data":{"a":"\\u003c2\\u003e"},"kind":"ConfigMap","metadata":{"name":"settings"}}\n'
        )


def test_what_somebody_changed_since_it_was_applied_is_a_conflict_even_for_kubectl() -> None:
    last = json.dumps(_config_map(a="1", b="1"))
    made = {**_config_map(a="9", b="1"), "metadata": {"name": "settings", "annotations": {LAST_APPLIED: last}}}
    refused = apply(CONFIG_MAP, made, _config_map(a="2", b="2"), "kubectl", False, 1)
    assert isinstance(refused, Status)
    assert refused.message.endswith('conflict with "before-first-apply" using v1: .data.a')


def test_an_amount_that_is_none_is_refused_when_all_is_put_together() -> None:
    rooms = Rooms()
    body = _pod("nginx")
    body["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "much"}}
    why = "failed to convert new object (/web; /v1, Kind=Pod) to proper version: unable to convert unstructured object to "
    for _ in range(2):
        refused = _ask(rooms, "pods", body)
        assert (refused.code, refused.body.get("reason")) == (500, None)
        assert refused.body["message"].startswith(f"{why}/v1, Kind=Pod: quantities must match the regular expression")
        _made(rooms) if not rooms.api.get("pods", "default", "web") else None


def test_an_apply_without_a_name_is_about_the_object_of_the_path() -> None:
    rooms = Rooms()
    body = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    missing = _ask(rooms, "configmaps", body, name="settings")
    assert "was undeterminable: name must be provided" in missing.body["message"]
    rooms.request("create", "configmaps", _config_map(b="2"))
    assert _ask(rooms, "configmaps", body, name="settings").body["data"] == {"a": "1", "b": "2"}


def test_the_parts_of_a_volumes_claim_are_managed_apart() -> None:
    volume = KINDS["v1", "PersistentVolume"]
    claim = {"namespace": "default", "name": "data"}
    metadata = {"name": "v"}
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": {"claimRef": claim}}
    live = _applied(body, "me", volume)
    new = _forced(live, {**body, "spec": {"claimRef": {"uid": "u"}}}, "you", volume)
    assert new["spec"]["claimRef"] == {**claim, "uid": "u"}
    assert set(_by_manager(new)["me"]["f:spec"]["f:claimRef"]) == {"f:name", "f:namespace"}
