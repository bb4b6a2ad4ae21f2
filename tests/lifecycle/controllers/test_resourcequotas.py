"""What a namespace's quotas allow, and how they are counted."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.controllers.resourcequotas import ResourceQuotas
from lifecycle.wire import Answer, Object
from tests.lifecycle.rooms import Rooms


@pytest.fixture
def rooms() -> Rooms:
    rooms = Rooms()
    rooms.kernel.rooms["resourcequotas"] = ResourceQuotas(rooms.kernel)
    return rooms


def quota(rooms: Rooms, hard: dict[str, str], **spec: Any) -> Answer:
    body = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard, **spec}}
    return rooms.request("create", "resourcequotas", body)


def pod(rooms: Rooms, name: str, requests: dict[str, str] | None = None, **spec: Any) -> Answer:
    container = {"name": "app", "image": "nginx", "resources": {"requests": requests or {}}}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container], **spec}}
    return rooms.request("create", "pods", body)


def used(rooms: Rooms) -> dict[str, str]:
    found: Object | None = rooms.api.get("resourcequotas", "default", "q")
    assert found is not None
    return dict(found["status"]["used"])


def test_what_is_there_is_counted_when_a_quota_is_made(rooms):
    pod(rooms, "a", {"cpu": "250m", "memory": "1Gi"})
    assert quota(rooms, {"pods": "4", "cpu": "1", "requests.memory": "2Gi", "secrets": "1"}).code == 201
    assert used(rooms) == {"pods": "1", "cpu": "250m", "requests.memory": "1Gi", "secrets": "0"}


def test_what_is_too_much_is_refused_with_the_amounts(rooms):
    quota(rooms, {"requests.cpu": "1", "pods": "10"})
    assert pod(rooms, "a", {"cpu": "600m"}).code == 201
    refused = pod(rooms, "b", {"cpu": "600m"})
    why = "exceeded quota: q, requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests.cpu=1"
    assert (refused.code, refused.body["message"]) == (403, f'pods "b" is forbidden: {why}')
    assert used(rooms) == {"requests.cpu": "600m", "pods": "1"}


def test_what_containers_do_not_state_is_named(rooms):
    quota(rooms, {"requests.cpu": "1", "limits.memory": "1Gi"})
    message = pod(rooms, "a").body["message"]
    assert message == 'pods "a" is forbidden: failed quota: q: must specify limits.memory for: app; requests.cpu for: app'


def test_what_has_gone_or_ended_counts_no_more(rooms):
    quota(rooms, {"pods": "2", "count/pods": "9"})
    for name in ("a", "b"):
        pod(rooms, name)
    assert pod(rooms, "c").code == 403
    rooms.api.remove("pods", "default", "a")
    ended = rooms.api.get("pods", "default", "b")
    rooms.api.update("pods", {**ended, "status": {**ended["status"], "phase": "Failed"}})
    rooms.run(1)
    assert used(rooms) == {"pods": "0", "count/pods": "1"}


def test_scopes_choose_which_pods_count(rooms):
    quota(rooms, {"pods": "1"}, scopes=["Terminating"])
    assert pod(rooms, "a").code == 201
    assert pod(rooms, "b", activeDeadlineSeconds=5).code == 201
    assert pod(rooms, "c", activeDeadlineSeconds=5).code == 403
    assert used(rooms) == {"pods": "1"}


def test_priority_classes_are_a_scope(rooms):
    expression = {"scopeName": "PriorityClass", "operator": "In", "values": ["system-node-critical"]}
    quota(rooms, {"pods": "0"}, scopeSelector={"matchExpressions": [expression]})
    assert pod(rooms, "a").code == 201
    assert pod(rooms, "b", priorityClassName="system-node-critical").code == 403


def test_objects_of_other_kinds_are_counted_too(rooms):
    quota(rooms, {"services.nodeports": "1", "configmaps": "1", "count/secrets": "0"})
    service = {"apiVersion": "v1", "kind": "Service", "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
    assert rooms.request("create", "services", {**service, "metadata": {"name": "a"}}).code == 201
    assert rooms.request("create", "services", {**service, "metadata": {"name": "b"}}).code == 403
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    message = rooms.request("create", "secrets", secret).body["message"]
    counted = "exceeded quota: q, requested: count/secrets=1, used: count/secrets=0, limited: count/secrets=0"
    assert message == f'secrets "s" is forbidden: {counted}'


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"hard": {"gold": "1"}}, "must be a standard resource for quota"),
        ({"hard": {"pods": "-1"}}, "must be greater than or equal to 0"),
        ({"hard": {}, "scopes": ["BestEffort", "NotBestEffort"]}, "conflicting scopes"),
    ],
)
def test_quotas_that_mean_nothing_are_refused(rooms, spec, why):
    answer = quota(rooms, **spec)
    assert answer.code == 422
    assert why in answer.body["message"]


def resized(rooms: Rooms, name: str, requests: dict[str, str]) -> Answer:
    patch = {"spec": {"containers": [{"name": "app", "resources": {"requests": requests}}]}}
    where = {"name": name, "subresource": "resize", "content_type": "application/strategic-merge-patch+json"}
    return rooms.request("patch", "pods", patch, **where)


def given(rooms: Rooms, name: str, requests: dict[str, str], **condition: str) -> None:
    """Have a Pod's status say what its container holds."""
    pod = rooms.api.get("pods", "default", name)
    assert pod is not None
    statuses = [{"name": "app", "resources": {"requests": requests}, "allocatedResources": requests}]
    conditions = [condition] if condition else []
    rooms.api.update("pods", {**pod, "status": {**pod["status"], "containerStatuses": statuses, "conditions": conditions}})


def test_what_a_pod_grows_by_is_counted_and_may_be_too_much(rooms):
    quota(rooms, {"requests.cpu": "1", "pods": "1"})
    pod(rooms, "a", {"cpu": "200m"})
    assert resized(rooms, "a", {"cpu": "700m"}).code == 200
    assert used(rooms) == {"requests.cpu": "700m", "pods": "1"}
    refused = resized(rooms, "a", {"cpu": "1100m"})
    why = "exceeded quota: q, requested: requests.cpu=400m, used: requests.cpu=700m, limited: requests.cpu=1"
    assert (refused.code, refused.body["message"]) == (403, f'pods "a" is forbidden: {why}')
    assert used(rooms) == {"requests.cpu": "700m", "pods": "1"}


def test_what_a_pod_shrinks_by_is_free_when_its_container_has_given_it_back(rooms):
    quota(rooms, {"requests.cpu": "1"})
    pod(rooms, "a", {"cpu": "800m"})
    given(rooms, "a", {"cpu": "800m"})
    assert resized(rooms, "a", {"cpu": "100m"}).code == 200
    rooms.run(1)
    assert used(rooms) == {"requests.cpu": "800m"}
    given(rooms, "a", {"cpu": "100m"})
    rooms.run(1)
    assert used(rooms) == {"requests.cpu": "100m"}


def test_a_resize_that_cannot_be_done_is_not_counted(rooms):
    quota(rooms, {"requests.cpu": "100"})
    pod(rooms, "a", {"cpu": "1"})
    assert resized(rooms, "a", {"cpu": "90"}).code == 200
    assert used(rooms) == {"requests.cpu": "90"}
    given(rooms, "a", {"cpu": "1"}, type="PodResizePending", status="True", reason="Infeasible")
    rooms.run(1)
    assert used(rooms) == {"requests.cpu": "1"}


def test_a_pod_that_is_given_a_deadline_comes_under_another_quota(rooms):
    quota(rooms, {"pods": "1"}, scopes=["Terminating"])
    pod(rooms, "a")
    pod(rooms, "b")
    deadline = {"spec": {"activeDeadlineSeconds": 60}}
    merge = "application/merge-patch+json"
    assert rooms.request("patch", "pods", deadline, name="a", content_type=merge).code == 200
    assert used(rooms) == {"pods": "1"}
    refused = rooms.request("patch", "pods", deadline, name="b", content_type=merge)
    assert (refused.code, "exceeded quota: q, requested: pods=1" in refused.body["message"]) == (403, True)


def test_services_that_become_others_are_counted_so(rooms):
    quota(rooms, {"services.nodeports": "1", "services": "5"})
    service = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}}
    for name in ("a", "b"):
        rooms.request("create", "services", {**service, "metadata": {"name": name}})
    merge = "application/merge-patch+json"
    assert rooms.request("patch", "services", {"spec": {"type": "NodePort"}}, name="a", content_type=merge).code == 200
    assert used(rooms) == {"services.nodeports": "1", "services": "2"}
    assert rooms.request("patch", "services", {"spec": {"type": "NodePort"}}, name="b", content_type=merge).code == 403
    assert rooms.request("patch", "services", {"spec": {"type": "ClusterIP"}}, name="a", content_type=merge).code == 200
    rooms.run(1)
    assert used(rooms) == {"services.nodeports": "0", "services": "2"}
