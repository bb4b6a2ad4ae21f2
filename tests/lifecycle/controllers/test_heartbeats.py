"""What kubelets tell again and again."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import MINUTE, SECOND, Micros
from lifecycle.controllers.heartbeats import last_lease, reported, shown
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Change, Config, Object, Request

DAY: Micros = 24 * 60 * MINUTE
LEASE = {"group_version": "coordination.k8s.io/v1", "namespace": "kube-node-lease"}


def engine() -> Engine:
    return Engine.new(Config(DEFAULT_START))


def last(found: list[Any], kind: str) -> Object:
    return [one.object for one in found if isinstance(one, Change) and one.object["kind"] == kind][-1]


def heartbeat(node: Object, type: str = "Ready") -> str:
    return str(next(c["lastHeartbeatTime"] for c in node["status"]["conditions"] if c["type"] == type))


@pytest.mark.parametrize(
    ("after", "told"), [(0, "00:00:00"), (299, "00:00:00"), (300, "00:05:00"), (7199, "01:55:00")], ids=str
)
def test_a_node_s_status_is_posted_every_five_minutes(after: int, told: str) -> None:
    node = last(engine().advance(DEFAULT_START), "Node")
    assert heartbeat(reported(node, DEFAULT_START + after * SECOND)) == f"2026-01-01T{told}Z"


def test_what_no_kubelet_tells_of_stays_as_it_is() -> None:
    condition = {"type": "NetworkUnavailable", "status": "False", "lastHeartbeatTime": "2026-01-01T00:00:00Z"}
    node = {"kind": "Node", "metadata": {"name": "a"}, "status": {"conditions": [condition]}}
    assert shown("nodes", node, DEFAULT_START, DEFAULT_START + DAY) is node
    lease = {"metadata": {"name": "mine", "namespace": "default"}, "spec": {"holderIdentity": "me"}}
    assert shown("leases", lease, DEFAULT_START, DEFAULT_START + DAY) is lease


def test_a_node_of_which_nothing_is_heard_keeps_the_last_heartbeat() -> None:
    cluster = engine()
    cluster.advance(DEFAULT_START + 702 * SECOND)
    fault = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "off"}}
    body = {**fault, "spec": {"type": "KubeletDown", "node": "node1"}}
    cluster.request(DEFAULT_START + 702 * SECOND, Request("create", "faults", "podhub.dev/v1", "default", body=body))
    node = last(cluster.advance(DEFAULT_START + DAY), "Node")
    assert heartbeat(shown("nodes", node, DEFAULT_START, DEFAULT_START + DAY)) == "2026-01-01T00:10:00Z"


def test_a_year_of_heartbeats_costs_nothing() -> None:
    cluster = engine()
    cluster.advance(DEFAULT_START + MINUTE)
    assert cluster.advance(DEFAULT_START + 365 * DAY) == []


def test_a_kubelet_writes_its_lease_anew_whatever_becomes_of_it() -> None:
    cluster = engine()
    found = cluster.advance(DEFAULT_START)
    lease = last(found, "Lease")
    version = max(one.index for one in found if isinstance(one, Change) and one.object["kind"] == "Lease")
    mine = {
        **lease,
        "metadata": {**lease["metadata"], "resourceVersion": str(version)},
        "spec": {"holderIdentity": "me", "renewTime": "2020-01-01T00:00:00.000000Z"},
    }
    put = Request("update", "leases", name="node1", body=mine, **LEASE)
    assert cluster.request(DEFAULT_START + SECOND, put).code == 200
    cluster.advance(DEFAULT_START + 2 * SECOND)
    assert last(cluster.advance(DEFAULT_START + 15 * SECOND), "Lease")["spec"] == lease["spec"]
    assert cluster.request(DEFAULT_START + 16 * SECOND, Request("delete", "leases", name="node1", **LEASE)).code == 200
    (gone, made) = [one.type for one in cluster.advance(DEFAULT_START + 30 * SECOND) if isinstance(one, Change)]
    assert (gone, made) == ("DELETED", "ADDED")


def test_a_version_that_a_heartbeat_has_told_is_no_conflict_and_an_older_one_is() -> None:
    cluster = engine()
    cluster.advance(DEFAULT_START)
    node = cluster.request(
        DEFAULT_START, Request("patch", "nodes", name="node1", body={}, content_type="application/merge-patch+json")
    )
    names = {"metadata": {"name": "node1", "labels": {"a": "b"}}}
    pod = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "later"}}
    made = cluster.request(DEFAULT_START, Request("create", "configmaps", namespace="default", body=pod))

    def put(version: object) -> int:
        metadata = {**node.body["metadata"], **names["metadata"], "resourceVersion": str(version)}
        return cluster.request(
            DEFAULT_START, Request("update", "nodes", name="node1", body={**node.body, "metadata": metadata})
        ).code

    assert made.changed is not None
    assert put(made.changed) == 200
    assert put(made.changed) == 409
    assert put(10**6) == 409
    assert put("x") == 409


def test_leases_may_be_told_of_less_often() -> None:
    assert last_lease(DEFAULT_START, DEFAULT_START + 65 * SECOND) == DEFAULT_START + 64 * SECOND
    assert last_lease(DEFAULT_START, DEFAULT_START + 65 * SECOND, 30 * SECOND) == DEFAULT_START + 64 * SECOND
    assert last_lease(DEFAULT_START, DEFAULT_START + 63 * SECOND, 30 * SECOND) == DEFAULT_START + 34 * SECOND
