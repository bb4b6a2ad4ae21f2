"""What is refused of volumes, claims, classes and budgets, and what is added to them."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1.registry import Accepted, accept, accept_update
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.storage import default_class

Object = dict[str, Any]


def claim(**spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}, "spec": asked}


def volume(**spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, **(spec or {"hostPath": {"path": "/mnt"}})}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "x"}, "spec": asked}


def storage_class(**more: Any) -> Object:
    made = {"metadata": {"name": "x"}, "provisioner": "disk.example.com", **more}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", **made}


def budget(**spec: Any) -> Object:
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "x"}, "spec": spec}


@pytest.mark.parametrize(
    ("manifest", "why"),
    [
        (volume(persistentVolumeReclaimPolicy="Delete"), "spec: Required value: must specify a volume type"),
        (
            volume(hostPath={"path": "/a"}, nfs={"server": "s", "path": "/"}),
            "spec.nfs: Forbidden: may not specify more than 1 volume type",
        ),
        (volume(local={"path": "/a"}), "spec.nodeAffinity: Required value: Local volume requires node affinity"),
        (volume(hostPath={"path": "/a/../b"}), "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"),
        (volume(csi={"driver": "d", "volumeHandle": ""}), "spec.csi.volumeHandle: Required value"),
        (volume(hostPath={"path": "/"}, persistentVolumeReclaimPolicy="Recycle"), "may not be 'recycle' for a hostPath mount"),
        (storage_class(provisioner=""), "provisioner: Required value"),
        (
            storage_class(volumeBindingMode="Later"),
            'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
        ),
        (storage_class(reclaimPolicy="Recycle"), 'reclaimPolicy: Unsupported value: "Recycle"'),
        (budget(minAvailable=-1), "spec.minAvailable: Invalid value: -1: must be greater than or equal to 0"),
        (budget(maxUnavailable="150%"), 'spec.maxUnavailable: Invalid value: "150%": must not be greater than 100%'),
        (budget(maxUnavailable="many"), "a valid percent string must be a numeric string followed by an ending '%'"),
        (budget(minAvailable=1, maxUnavailable=1), "minAvailable and maxUnavailable cannot be both set"),
        (budget(unhealthyPodEvictionPolicy="Never"), 'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never"'),
    ],
)
def test_what_makes_no_sense_is_refused(manifest: Object, why: str):
    refused = accept(manifest)
    assert isinstance(refused, Status)
    assert why in refused.message
    assert refused.code == 422


class Classes:
    def __init__(self, *classes: Object) -> None:
        self.classes = classes

    def get(self, resource: str, namespace: str, name: str) -> Object | None:
        return None

    def list(self, resource: str, namespace: str | None = None) -> tuple[Object, ...]:
        return self.classes if resource == "storageclasses" else ()


def marked(name: str, created: str) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {"metadata": {"name": name, "creationTimestamp": created, "annotations": annotations}}


OLD, NEW = marked("old", "2026-01-01T00:00:00Z"), marked("new", "2026-01-02T00:00:00Z")


def test_a_claim_that_names_no_class_gets_the_newest_default_and_one_that_names_none_at_all_keeps_it():
    given = accept(claim(), objects=Classes(OLD, NEW))
    assert isinstance(given, Accepted)
    assert given.object["spec"]["storageClassName"] == "new"
    assert given.object["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    assert given.object["status"] == {"phase": "Pending"}
    none = accept(claim(storageClassName=""), objects=Classes(OLD, NEW))
    assert isinstance(none, Accepted)
    assert none.object["spec"]["storageClassName"] == ""
    assert default_class([{"metadata": {"name": "plain"}}]) is None


def stored(manifest: Object, **status: Any) -> Object:
    found = accept(manifest)
    assert isinstance(found, Accepted)
    return {**found.object, "status": {**found.object.get("status", {}), **status}}


@pytest.mark.parametrize(
    ("old", "change", "why"),
    [
        (claim(), {"accessModes": ["ReadWriteMany"]}, "spec: Forbidden: spec is immutable after creation"),
        (claim(), {"resources": {"requests": {"storage": "2Gi"}}}, "spec: Forbidden: spec is immutable after creation"),
        (volume(), {"hostPath": {"path": "/other"}}, "spec.persistentvolumesource: Forbidden"),
    ],
)
def test_what_a_claim_or_a_volume_is_does_not_change(old: Object, change: Object, why: str):
    before = stored(old)
    refused = accept_update({**before, "spec": {**before["spec"], **change}}, before)
    assert isinstance(refused, Status)
    assert why in refused.message


def test_a_bound_claim_may_grow_and_not_shrink():
    before = stored(claim(volumeName="pv"), phase="Bound", capacity={"storage": "1Gi"})

    def asking(storage: str) -> Accepted | Status:
        return accept_update({**before, "spec": {**before["spec"], "resources": {"requests": {"storage": storage}}}}, before)

    assert isinstance(asking("2Gi"), Accepted)
    assert isinstance(asking("500Mi"), Status)


def test_a_class_changes_neither_its_provisioner_nor_its_ways():
    before = stored(storage_class())
    for name, value in (("provisioner", "other.example.com"), ("reclaimPolicy", "Retain"), ("parameters", {"a": "b"})):
        refused = accept_update({**before, name: value}, before)
        assert isinstance(refused, Status)
        assert f"{name}: Forbidden: updates to {name} are forbidden." in refused.message
    mode = accept_update({**before, "volumeBindingMode": "WaitForFirstConsumer"}, before)
    assert isinstance(mode, Status)
    assert "volumeBindingMode" in mode.message
