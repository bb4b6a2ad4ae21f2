"""From a manifest to what is stored: names, namespaces, admission, and what an update may change."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from lifecycle.core_v1 import Accepted, Status, accept, accept_update
from lifecycle.core_v1.admission import EmptyCluster
from lifecycle.core_v1.schema import KINDS

CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text())

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p1"},
    "spec": {"containers": [{"name": "app", "image": "nginx"}]},
}
MAY_NOT = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)


class Cluster:
    """Some objects, by resource, namespace and name."""

    def __init__(self, *objects: tuple[str, dict[str, Any]]) -> None:
        self.objects = objects

    def get(self, resource: str, namespace: str, name: str) -> dict[str, Any] | None:
        return next((o for o in self.list(resource, namespace or None) if o["metadata"]["name"] == name), None)

    def list(self, resource: str, namespace: str | None = None) -> Iterable[dict[str, Any]]:
        found = [obj for plural, obj in self.objects if plural == resource]
        return [o for o in found if namespace is None or o["metadata"].get("namespace", namespace) == namespace]


def granted(answer: Accepted | Status) -> dict[str, Any]:
    assert isinstance(answer, Accepted), answer
    return answer.object


def refused(answer: Accepted | Status) -> Status:
    assert isinstance(answer, Status)
    return answer


def stored(**spec: Any) -> dict[str, Any]:
    obj = granted(accept({**POD, "spec": {**POD["spec"], **spec}}, namespace="default", suffix=lambda what: "abcde"))
    return {**obj, "metadata": {**obj["metadata"], "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z", "generation": 1}}


def changed(obj: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**copy.deepcopy(obj), "spec": {**copy.deepcopy(obj["spec"]), **spec}}


def test_a_generated_name_keeps_58_characters_and_gets_a_suffix() -> None:
    manifest = {**POD, "metadata": {"generateName": "x" * 70 + "-"}}
    obj = granted(accept(manifest, namespace="default", suffix=lambda what: "abcde"))
    assert obj["metadata"]["name"] == "x" * 58 + "abcde"


def test_the_namespace_is_the_requests_and_must_be_the_bodys() -> None:
    assert granted(accept(POD, namespace="team"))["metadata"]["namespace"] == "team"
    manifest = {**POD, "metadata": {"name": "p1", "namespace": "other"}}
    assert refused(accept(manifest, namespace="team")).message == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def test_an_update_is_in_the_namespace_of_its_object() -> None:
    old = {**granted(accept(POD, namespace="team")), "apiVersion": "v1", "kind": "Pod"}
    moved = {**old, "metadata": {**old["metadata"], "namespace": "other"}}
    assert refused(accept_update(moved, old)).message == (
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def test_what_is_in_no_namespace_loses_the_one_it_names() -> None:
    manifest = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "namespace": "team"}}
    made = granted(accept(manifest))
    assert "namespace" not in made["metadata"]
    changed = granted(accept_update({**made, "metadata": {**made["metadata"], "namespace": "team"}}, made))
    assert "namespace" not in changed["metadata"]


def test_what_is_the_servers_own_is_not_taken_from_a_manifest() -> None:
    manifest = {**POD, "metadata": {"name": "p1", "uid": "mine", "creationTimestamp": None}, "status": {"phase": "Running"}}
    obj = granted(accept(manifest, namespace="default"))
    assert "uid" not in obj["metadata"]
    assert obj["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_a_gated_pod_says_from_the_start_that_it_waits() -> None:
    (condition,) = stored(schedulingGates=[{"name": "a.b/c"}])["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == ("PodScheduled", "False", "SchedulingGated")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"serviceAccountName": "robot"}, 'error looking up service account default/robot: serviceaccount "robot" not found'),
        ({"priorityClassName": "nope"}, "no PriorityClass with name nope was found"),
        (
            {"priority": 5},
            "the integer value of priority (5) must not be provided in pod spec; "
            "priority admission controller computed 0 from the given PriorityClass name",
        ),
        ({"runtimeClassName": "gvisor"}, 'pod rejected: RuntimeClass "gvisor" not found'),
    ],
)
def test_admission_refuses_what_the_cluster_has_not(spec: dict[str, Any], why: str) -> None:
    answer = refused(accept({**POD, "spec": {**POD["spec"], **spec}}, namespace="default"))
    assert (answer.code, answer.reason, answer.message) == (403, "Forbidden", f'pods "p1" is forbidden: {why}')
    assert answer.details == {"name": "p1", "kind": "pods"}


def test_admission_takes_priority_and_secrets_from_the_clusters_objects() -> None:
    cluster = Cluster(
        ("serviceaccounts", {"metadata": {"name": "default", "namespace": "default"}, "imagePullSecrets": [{"name": "s"}]}),
        ("priorityclasses", {"metadata": {"name": "usual"}, "value": 7, "globalDefault": True}),
    )
    spec = granted(accept(POD, namespace="default", objects=cluster))["spec"]
    assert spec["imagePullSecrets"] == [{"name": "s"}]
    assert (spec["priority"], spec["priorityClassName"]) == (7, "usual")


def test_a_token_is_mounted_unless_it_is_not_wanted_or_there_already() -> None:
    assert "volumes" not in stored(automountServiceAccountToken=False)["spec"]
    own = {"name": "t", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}
    containers = [{"name": "app", "image": "x", "volumeMounts": [own]}]
    spec = stored(containers=containers, volumes=[{"name": "t", "emptyDir": {}}])["spec"]
    assert [volume["name"] for volume in spec["volumes"]] == ["t"]


def test_unknown_fields_are_errors_warnings_or_nothing_as_asked_for() -> None:
    manifest = {**POD, "spec": {**POD["spec"], "foo": 1}}
    strict = refused(accept(manifest, "Strict", namespace="default"))
    assert strict.message == 'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.foo"'
    warned = accept(manifest, "Warn", namespace="default")
    ignored = accept(manifest, "Ignore", namespace="default")
    assert isinstance(warned, Accepted)
    assert isinstance(ignored, Accepted)
    assert warned.warnings == ('unknown field "spec.foo"',)
    assert ignored.warnings == ()
    assert "foo" not in warned.object["spec"]


@pytest.mark.parametrize("case", CASES["bodies"])
def test_what_is_no_object_of_the_kind_is_a_bad_request(case: dict[str, Any]) -> None:
    answer = refused(accept(case["body"], expected=KINDS["v1", case["expected"]] if case["expected"] else None))
    assert (answer.code, answer.message) == (400, case["message"])


def test_an_image_may_be_changed_and_the_generation_counts_it() -> None:
    old = stored()
    new = changed(old)
    new["spec"]["containers"][0]["image"] = "nginx:2"
    obj = granted(accept_update(new, old))
    assert obj["metadata"]["generation"] == 2
    assert obj["spec"]["containers"][0]["image"] == "nginx:2"
    assert granted(accept_update(old, old)) == old


def test_another_change_is_refused_with_what_differs() -> None:
    old = stored()
    new = changed(old)
    new["spec"]["containers"][0]["command"] = ["sleep", "5"]
    answer = refused(accept_update(new, old))
    difference = """@@ -93,7 +93,10 @@
   {
    "Name": "app",
    "Image": "nginx",
-   "Command": null,
+   "Command": [
+    "sleep",
+    "5"
+   ],
    "Args": null,
    "WorkingDir": "",
    "Ports": null,
"""
    assert answer.message == f'Pod "p1" is invalid: spec: Forbidden: {MAY_NOT}{difference}'


def test_a_probe_that_is_added_stands_where_the_api_server_has_it() -> None:
    old = stored()
    new = changed(old)
    new["spec"]["containers"][0]["livenessProbe"] = {"httpGet": {"port": 80}}
    message = refused(accept_update(new, old)).message
    assert '@@ -119,7 +119,24 @@\n     }\n    ],\n    "VolumeDevices": null,\n-   "LivenessProbe": null,\n' in message
    assert '+   "LivenessProbe": {\n+    "Exec": null,\n+    "HTTPGet": {\n+     "Path": "/",\n+     "Port": 80,\n' in message


@pytest.mark.parametrize("case", CASES["updates"])
def test_what_may_change_changes_one_way_only(case: dict[str, Any]) -> None:
    old = stored(**case["before"])
    answer = refused(accept_update(changed(old, **case["after"]), old))
    assert answer.details
    assert case["cause"] in [f"{one['field']}: {one['message']}" for one in answer.details["causes"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"activeDeadlineSeconds": 10}),
        ({"activeDeadlineSeconds": 10}, {"activeDeadlineSeconds": 5}),
        ({"schedulingGates": [{"name": "a"}, {"name": "b"}]}, {"schedulingGates": [{"name": "b"}]}),
        ({"schedulingGates": [{"name": "a"}]}, {"nodeSelector": {"disk": "ssd"}}),
    ],
)
def test_what_may_change_does(before: dict[str, Any], after: dict[str, Any]) -> None:
    old = stored(**before)
    obj = granted(accept_update(changed(old, **after), old))
    assert {name: obj["spec"][name] for name in after} == after


def test_a_status_is_written_through_its_subresource_alone() -> None:
    old = stored()
    new = {**changed(old), "status": {**old["status"], "phase": "Running"}}
    assert granted(accept_update(new, old))["status"]["phase"] == "Pending"
    new["spec"]["nodeName"] = "elsewhere"
    obj = granted(accept_update(new, old, subresource="status"))
    assert obj["status"]["phase"] == "Running"
    assert "nodeName" not in obj["spec"]


def test_a_container_that_nothing_restarts_may_not_come_back_to_life() -> None:
    old = stored(restartPolicy="Never")
    ended = {"name": "app", "state": {"terminated": {"exitCode": 0}}}
    old["status"]["containerStatuses"] = [ended]
    running = {**old["status"], "containerStatuses": [{"name": "app", "state": {"running": {}}}]}
    answer = refused(accept_update({**old, "status": running}, old, subresource="status"))
    assert "status.containerStatuses[0].state: Forbidden: may not be transitioned to non-terminated state" in answer.message


def test_ephemeral_containers_are_only_added() -> None:
    old = stored()
    with_one = changed(old, ephemeralContainers=[{"name": "dbg", "image": "busybox"}])
    obj = granted(accept_update(with_one, old, subresource="ephemeralcontainers"))
    assert obj["spec"]["ephemeralContainers"][0]["name"] == "dbg"
    answer = refused(accept_update(old, obj, subresource="ephemeralcontainers"))
    assert 'existing ephemeral containers "dbg" may not be removed' in answer.message


def test_a_resize_changes_cpu_and_memory_and_not_the_class_of_service() -> None:
    containers = [{"name": "app", "image": "x", "resources": {"requests": {"cpu": "1"}}}]
    old = stored(containers=containers)
    more = copy.deepcopy(old["spec"]["containers"])
    more[0]["resources"]["requests"]["cpu"] = "2"
    new = changed(old, containers=more)
    assert (
        granted(accept_update(new, old, subresource="resize"))["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "2"
    )
    assert refused(accept_update(new, old)).code == 422
    more[0]["image"] = "y"
    assert granted(accept_update(new, old, subresource="resize"))["spec"]["containers"][0]["image"] == "x"
    more[0]["resources"]["requests"]["ephemeral-storage"] = "1Gi"
    assert "only cpu and memory resources are mutable" in refused(accept_update(new, old, subresource="resize")).message
    none = changed(old, containers=[{**old["spec"]["containers"][0], "resources": {}}])
    assert "Pod QOS Class may not change" in refused(accept_update(none, old, subresource="resize")).message


def test_names_and_uids_do_not_change() -> None:
    old = stored()
    renamed = {**old, "metadata": {**old["metadata"], "name": "p2"}}
    assert refused(accept_update(renamed, old)).message == (
        "the name of the object (p2) does not match the name on the URL (p1)"
    )
    other = {**old, "metadata": {**old["metadata"], "uid": "v"}}
    assert 'metadata.uid: Invalid value: "v": field is immutable' in refused(accept_update(other, old)).message


def test_a_service_keeps_the_address_that_it_was_given() -> None:
    manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}]}}
    made = granted(accept(manifest, namespace="default"))
    assert made["spec"]["ports"] == [{"protocol": "TCP", "port": 80, "targetPort": 80}]
    old = {**made, "spec": {**made["spec"], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}}
    kept = granted(accept_update(manifest, old))
    assert kept["spec"]["clusterIPs"] == ["10.0.0.1"]
    moved = {**old, "spec": {**old["spec"], "clusterIP": "10.0.0.2", "clusterIPs": ["10.0.0.2"]}}
    assert "may not change once set" in refused(accept_update(moved, old)).message


@pytest.mark.parametrize("case", CASES["defaults"], ids=lambda case: case["object"]["kind"])
def test_other_kinds_have_their_defaults(case: dict[str, Any]) -> None:
    made = granted(accept({"apiVersion": "v1", "metadata": {"name": "x"}, **case["object"]}, namespace="default"))
    assert {name: made[name] for name in case["part"]} == case["part"]


def test_a_put_of_the_manifest_keeps_priority_and_tolerations_but_lacks_the_token() -> None:
    old = stored(automountServiceAccountToken=False)
    manifest = {**POD, "spec": {**POD["spec"], "automountServiceAccountToken": False, "serviceAccountName": "default"}}
    assert granted(accept_update(manifest, old))["spec"] == old["spec"]
    answer = refused(accept_update(POD, stored()))
    assert answer.message.startswith(f'Pod "p1" is invalid: spec: Forbidden: {MAY_NOT}@@ -1,93 +1,5 @@')


RUNTIME_CLASS = {
    "metadata": {"name": "gvisor"},
    "handler": "runsc",
    "overhead": {"podFixed": {"cpu": "250m"}},
    "scheduling": {"nodeSelector": {"sandbox": "yes"}, "tolerations": [{"key": "sandbox", "operator": "Exists"}]},
}


class RuntimeClasses(EmptyCluster):
    def get(self, resource: str, namespace: str, name: str) -> dict[str, Any] | None:
        known = resource == "runtimeclasses" and name == "gvisor"
        return RUNTIME_CLASS if known else super().get(resource, namespace, name)


def _of_class(**spec: Any) -> Any:
    container = {"name": "c", "image": "nginx"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container], **spec}}
    return accept(body, objects=RuntimeClasses())


def test_a_runtime_class_brings_its_overhead_and_where_its_pods_run():
    spec = _of_class(runtimeClassName="gvisor", nodeSelector={"a": "b"}).object["spec"]
    assert spec["overhead"] == {"cpu": "250m"}
    assert spec["nodeSelector"] == {"a": "b", "sandbox": "yes"}
    assert spec["tolerations"][0] == {"key": "sandbox", "operator": "Exists"}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"runtimeClassName": "kata"}, 'RuntimeClass "kata" not found'),
        ({"overhead": {"cpu": "1"}}, "Pod Overhead set without corresponding RuntimeClass defined Overhead"),
        (
            {"runtimeClassName": "gvisor", "overhead": {"cpu": "1"}},
            "Pod's Overhead doesn't match RuntimeClass's defined Overhead",
        ),
        (
            {"runtimeClassName": "gvisor", "nodeSelector": {"sandbox": "no"}},
            "conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no",
        ),
    ],
)
def test_what_contradicts_the_runtime_class_is_rejected(spec, why):
    refused = _of_class(**spec)
    assert (refused.code, refused.message) == (403, f'pods "p" is forbidden: pod rejected: {why}')
