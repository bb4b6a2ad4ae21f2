"""A cluster that is saved and restored at any moment goes on as if it had not been, with volumes, budgets and many nodes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.controllers.bootstrap import default_node
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Config, Object, Request

STEPS = 160
GROUPS = {
    "storageclasses": "storage.k8s.io/v1",
    "poddisruptionbudgets": "policy/v1",
    "priorityclasses": "scheduling.k8s.io/v1",
}
WEB = {"matchLabels": {"app": "web"}}
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def new_cluster() -> Engine:
    return Engine.new(Config(DEFAULT_START, seed=3, nodes=tuple(default_node(name) for name in "abc")))


def obj(kind: str, name: str, **parts: Any) -> Object:
    metadata = {"name": name, "labels": {"app": "web"}, **parts.pop("metadata", {})}
    return {"kind": kind, "metadata": metadata, **parts}


def storage(draw: random.Random, i: int) -> tuple[str, Object]:
    asked = {"accessModes": ["ReadWriteOnce"], "storageClassName": draw.choice(["", "s0", "s1"])}
    mode = draw.choice(["Immediate", "WaitForFirstConsumer"])
    return draw.choice(
        [
            (
                "persistentvolumes",
                obj(
                    "PersistentVolume", f"v{i}", spec={**asked, "capacity": {"storage": "2Gi"}, "hostPath": {"path": "/tmp/x"}}
                ),
            ),
            (
                "persistentvolumeclaims",
                obj("PersistentVolumeClaim", f"c{i}", spec={**asked, "resources": {"requests": {"storage": "1Gi"}}}),
            ),
            ("storageclasses", obj("StorageClass", f"s{i % 2}", provisioner="disk.example.com", volumeBindingMode=mode)),
        ]
    )


def others(draw: random.Random, i: int) -> tuple[str, Object]:
    taint = {"key": "k", "effect": draw.choice(["NoSchedule", "NoExecute"])}
    ports = [{"port": 80}]
    return draw.choice(
        [
            ("poddisruptionbudgets", obj("PodDisruptionBudget", f"b{i}", spec={"minAvailable": i, "selector": WEB})),
            ("priorityclasses", obj("PriorityClass", f"p{i}", value=i * 10)),
            ("nodes", obj("Node", f"n{i}", metadata={"labels": {ZONE: "z"}}, spec={"taints": draw.choice([[], [taint]])})),
            ("services", obj("Service", f"s{i}", spec={"selector": draw.choice([None, {"app": "web"}]), "ports": ports})),
            ("endpoints", obj("Endpoints", f"s{i}", subsets=[{"addresses": [{"ip": "10.1.0.1"}], "ports": ports}])),
        ]
    )


def a_pod(draw: random.Random, i: int) -> tuple[str, Object]:
    container = {"name": "c", "image": "nginx:1.25", "resources": {"requests": {"cpu": draw.choice(["100m", "900m", "1500m"])}}}
    spread = {"maxSkew": 1, "topologyKey": HOST, "whenUnsatisfiable": "DoNotSchedule", "labelSelector": WEB}
    apart = {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": HOST, "labelSelector": WEB}]}
    spec = {
        "containers": [container],
        "terminationGracePeriodSeconds": 1,
        "priorityClassName": draw.choice(["", f"p{i}"]),
        "volumes": draw.choice([[], [{"name": "d", "persistentVolumeClaim": {"claimName": f"c{i}"}}]]),
        "topologySpreadConstraints": draw.choice([[], [spread]]),
        "affinity": draw.choice([{}, {"podAntiAffinity": apart}]),
    }
    return "pods", obj("Pod", f"w{draw.randrange(8)}", spec=spec)


def a_request(draw: random.Random) -> Request:
    make = draw.choice([storage, others, a_pod, a_pod])
    resource, body = make(draw, draw.randrange(4))
    group, name = GROUPS.get(resource, "v1"), body["metadata"]["name"]
    match draw.choice(["create", "create", "create", "delete", "evict"]):
        case "delete":
            return Request("delete", resource, group_version=group, namespace="default", name=name, body={})
        case "evict":
            return Request("create", "pods", namespace="default", name=f"w{draw.randrange(8)}", subresource="eviction", body={})
    return Request("create", resource, group_version=group, namespace="default", body=body)


@pytest.mark.parametrize("seed", range(4))
def test_saving_and_restoring_between_requests_changes_nothing(seed: int):
    draw = random.Random(seed)
    restored, whole = new_cluster(), new_cluster()
    for _ in range(STEPS):
        request = a_request(draw)
        assert restored.request(restored.now, request) == whole.request(whole.now, request)
        if draw.random() < 0.3:
            restored = Engine.restore(restored.save())
        to = whole.now + round(draw.choice([0, 1, 20]) * draw.random() * SECOND)
        assert restored.advance(to) == whole.advance((whole.now + to) // 2) + whole.advance(to)
