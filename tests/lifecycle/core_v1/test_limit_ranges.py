"""What LimitRanges give to containers, and what they refuse."""

from __future__ import annotations

from typing import Any

from lifecycle.wire import Answer, Object
from tests.lifecycle.rooms import Rooms

CONTAINER: Object = {
    "type": "Container",
    "max": {"cpu": "1"},
    "min": {"cpu": "100m"},
    "default": {"memory": "64Mi"},
    "maxLimitRequestRatio": {"cpu": "4"},
}


def rooms(*limits: Object) -> Rooms:
    made = Rooms()
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": list(limits)}}
    answer = made.request("create", "limitranges", body)
    assert answer.code == 201, answer.body
    return made


def pod(made: Rooms, **resources: Any) -> Answer:
    container = {"name": "app", "image": "nginx", "resources": resources}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    return made.request("create", "pods", body)


def test_defaults_follow_from_maximum_and_limit():
    made = rooms(CONTAINER)
    (item,) = made.api.get("limitranges", "default", "l")["spec"]["limits"]
    assert item["default"] == {"cpu": "1", "memory": "64Mi"}
    assert item["defaultRequest"] == {"cpu": "1", "memory": "64Mi"}


def test_containers_that_ask_for_nothing_get_the_defaults_and_the_pod_says_so():
    obj = pod(rooms(CONTAINER)).body
    given = {"cpu": "1", "memory": "64Mi"}
    assert obj["spec"]["containers"][0]["resources"] == {"limits": given, "requests": given}
    told = "LimitRanger plugin set: cpu, memory request for container app; cpu, memory limit for container app"
    assert obj["metadata"]["annotations"] == {"kubernetes.io/limit-ranger": told}
    assert obj["status"]["qosClass"] == "Guaranteed"


def test_too_little_and_too_much_are_refused_in_one_answer():
    answer = pod(rooms(CONTAINER), requests={"cpu": "10m"}, limits={"cpu": "2"})
    assert answer.code == 403
    assert answer.body["message"] == (
        'pods "p" is forbidden: [minimum cpu usage per Container is 100m, but request is 10m, '
        "maximum cpu usage per Container is 1, but limit is 2, "
        "cpu max limit to request ratio per Container is 4, but provided ratio is 200.000000]"
    )


def test_a_whole_pod_is_measured_by_its_sum():
    message = pod(rooms({"type": "Pod", "max": {"memory": "1Gi"}}), limits={"memory": "2Gi"}).body["message"]
    assert message == 'pods "p" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 2Gi'
    message = pod(rooms({"type": "Pod", "max": {"memory": "1Gi"}})).body["message"]
    assert message == 'pods "p" is forbidden: maximum memory usage per Pod is 1Gi.  No limit is specified'


def test_claims_are_measured_by_their_storage():
    made = rooms({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": spec}
    why = "minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi"
    assert made.request("create", "persistentvolumeclaims", claim).body["message"].endswith(why)


def test_amounts_out_of_order_are_refused():
    made = Rooms()
    limits = [{"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}]
    body = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": limits}}
    answer = made.request("create", "limitranges", body)
    assert answer.code == 422
    assert "min value 2 is greater than max value 1" in answer.body["message"]
