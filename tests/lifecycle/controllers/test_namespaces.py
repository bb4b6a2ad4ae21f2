"""How a namespace ends."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.controllers.bootstrap import namespace
from lifecycle.controllers.namespaces import FINE, Namespaces
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod, seconds


@pytest.fixture
def rooms() -> Rooms:
    """Rooms with the namespace `shop` and whoever empties it."""
    rooms = Rooms()
    rooms.kernel.rooms["namespaces"] = Namespaces(rooms.kernel)
    rooms.api.create("namespaces", namespace("shop"))
    rooms.kernel.outputs.clear()
    return rooms


def config_map(**metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings", **metadata}}


def end(rooms: Rooms) -> None:
    answer = rooms.request("delete", "namespaces", name="shop", namespace="")
    assert (answer.code, answer.body["status"]) == (200, {"phase": "Terminating"})


def conditions(rooms: Rooms) -> dict[str, tuple[str, str, str]]:
    found = rooms.api.get("namespaces", "", "shop")
    assert found is not None
    return {c["type"]: (c["status"], c["reason"], c["message"]) for c in found["status"].get("conditions") or ()}


def test_an_empty_one_goes_after_five_seconds_with_every_condition_fine(rooms):
    end(rooms)
    rooms.run(4.9)
    assert conditions(rooms) == {}
    rooms.run(0.2)
    changes = rooms.changes("Namespace")
    assert [change.type for change in changes] == ["MODIFIED", "MODIFIED", "DELETED"]
    assert [c["type"] for c in changes[1].object["status"]["conditions"]] == list(FINE)
    assert {c["status"] for c in changes[1].object["status"]["conditions"]} == {"False"}
    assert seconds(changes[2].at) == 5


def test_pods_end_before_anything_else_goes(rooms):
    rooms.request("create", "pods", pod(nodeName="node1"), namespace="shop")
    rooms.request("create", "configmaps", config_map(), namespace="shop")
    end(rooms)
    rooms.run(20)
    remaining = "Some resources are remaining: pods. has 1 resource instances"
    assert conditions(rooms)["NamespaceContentRemaining"] == ("True", "SomeResourcesRemain", remaining)
    assert rooms.api.get("configmaps", "shop", "settings") is not None
    assert rooms.api.get("pods", "shop", "web")["metadata"]["deletionGracePeriodSeconds"] == 30
    rooms.api.remove("pods", "shop", "web")
    rooms.run(20)
    assert rooms.api.get("namespaces", "", "shop") is None


def test_finalizers_hold_it_up_and_are_named(rooms):
    rooms.request("create", "configmaps", config_map(finalizers=["example.com/keep"]), namespace="shop")
    end(rooms)
    rooms.run(60)
    why = "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances"
    assert conditions(rooms)["NamespaceFinalizersRemaining"] == ("True", "SomeFinalizersRemain", why)
    left = rooms.api.get("configmaps", "shop", "settings")
    rooms.api.update("configmaps", {**left, "metadata": {**left["metadata"], "finalizers": []}})
    rooms.run(10)
    assert rooms.api.get("namespaces", "", "shop") is None


def test_pods_that_should_be_gone_are_a_failure_that_is_tried_again(rooms):
    rooms.request("create", "pods", pod(nodeName="node1", terminationGracePeriodSeconds=4), namespace="shop")
    end(rooms)
    rooms.run(5)
    status, reason, message = conditions(rooms)["NamespaceDeletionContentFailure"]
    assert (status, reason) == ("True", "ContentDeletionFailed")
    assert message.endswith("unexpected items still remain in namespace: shop for gvr: /v1, Resource=pods")
    rooms.run(30)
    rooms.api.remove("pods", "shop", "web")
    rooms.run(60)
    assert rooms.api.get("namespaces", "", "shop") is None


def test_finalize_takes_finalizers_away_and_nothing_else(rooms):
    shop = rooms.api.get("namespaces", "", "shop")
    emptied = {**shop, "spec": {"finalizers": []}, "status": {"phase": "Terminating"}}
    kept = rooms.request("update", "namespaces", emptied, name="shop", namespace="")
    assert kept.body["spec"] == {"finalizers": ["kubernetes"]}
    answer = rooms.request("update", "namespaces", emptied, name="shop", namespace="", subresource="finalize")
    assert (answer.code, answer.body["spec"], answer.body["status"]) == (200, {}, {"phase": "Active"})
    rooms.request("create", "configmaps", config_map(), namespace="shop")
    end(rooms)
    rooms.run(6)
    assert rooms.api.get("configmaps", "shop", "settings") is not None


def test_one_that_is_made_anew_is_left_alone(rooms):
    end(rooms)
    rooms.run(5.5)
    rooms.api.create("namespaces", namespace("shop"))
    rooms.request("create", "configmaps", config_map(), namespace="shop")
    rooms.run(60)
    assert rooms.api.get("configmaps", "shop", "settings") is not None
