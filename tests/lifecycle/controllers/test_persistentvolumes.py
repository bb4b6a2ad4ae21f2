"""Claims, volumes and classes: who is bound to whom when, what Pods find in their volumes, and what is left of them."""

from __future__ import annotations

from typing import Any

from lifecycle.clock import SECOND
from lifecycle.controllers.bootstrap import default_node
from lifecycle.engine import Engine
from lifecycle.wire import DEFAULT_START, Answer, Change, Config, Object, Output, Request, Trace

STORAGE = "storage.k8s.io/v1"


class Cluster:
    """An engine with two nodes, and all that it has put out."""

    def __init__(self) -> None:
        self.engine = Engine.new(Config(DEFAULT_START, nodes=(default_node("a"), default_node("b"))))
        self.outputs: list[Output] = []

    def request(self, verb: str, resource: str, body: Any = None, group_version: str = "v1", name: str = "") -> Answer:
        request = Request(verb, resource, group_version=group_version, namespace="default", name=name, body=body)
        return self.engine.request(self.engine.now, request)

    def create(self, resource: str, body: Object, group_version: str = "v1") -> None:
        answer = self.request("create", resource, body, group_version)
        assert answer.code == 201, answer.body

    def run(self, seconds: float) -> None:
        self.outputs += self.engine.advance(self.engine.now + round(seconds * SECOND))

    def restore(self) -> None:
        self.engine = Engine.restore(self.engine.save())

    def now(self, kind: str, name: str) -> Object | None:
        """Return an object as the log has it, or None where it is gone."""
        found = [o for o in self.outputs if isinstance(o, Change) and _is(o.object, kind, name)]
        return found[-1].object if found and found[-1].type != "DELETED" else None

    def events(self, name: str) -> dict[str, tuple[str, int]]:
        """Return the Events about an object: reason to message and count."""
        found = (o.object for o in self.outputs if isinstance(o, Change) and o.object["kind"] == "Event")
        about = [event for event in found if event["involvedObject"]["name"] == name]
        return {event["reason"]: (event["message"], event.get("count", 1)) for event in about}

    def printed(self) -> str:
        return "".join(o.body["text"] for o in self.outputs if isinstance(o, Trace) and o.kind == "output")


def _is(obj: Object, kind: str, name: str) -> bool:
    return bool(obj["kind"] == kind and obj["metadata"]["name"] == name)


def claim(name: str = "data", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": asked}


def volume(name: str = "disk", size: str = "5Gi", **spec: Any) -> Object:
    asked = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": size}, "hostPath": {"path": "/mnt/data"}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": asked}


def storage_class(name: str = "fast", mode: str = "Immediate", default: bool = False, **more: Any) -> Object:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    made = {"metadata": {"name": name, "annotations": annotations}, "provisioner": "disk.example.com", **more}
    return {"apiVersion": STORAGE, "kind": "StorageClass", "volumeBindingMode": mode, **made}


def pod(name: str, script: str, claim_name: str = "data", **spec: Any) -> Object:
    container = {"name": "app", "image": "busybox:1.36", "command": ["sh", "-c", script]}
    mounted = {**container, "volumeMounts": [{"name": "v", "mountPath": "/data"}]}
    given = {"volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": claim_name}}], **spec}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"restartPolicy": "Never", "containers": [mounted], **given},
    }


def phase(cluster: Cluster, kind: str, name: str) -> str | None:
    found = cluster.now(kind, name)
    return found["status"]["phase"] if found else None


def test_a_claim_takes_the_smallest_volume_that_is_large_enough():
    cluster = Cluster()
    for name, size in (("large", "9Gi"), ("small", "500Mi"), ("right", "2Gi")):
        cluster.create("persistentvolumes", volume(name, size, storageClassName="manual"))
    cluster.create("persistentvolumeclaims", claim(storageClassName="manual"))
    cluster.run(1)
    bound = cluster.now("PersistentVolumeClaim", "data")
    assert bound is not None
    assert (bound["spec"]["volumeName"], bound["status"]) == (
        "right",
        {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}},
    )
    assert [phase(cluster, "PersistentVolume", name) for name in ("large", "right")] == ["Available", "Bound"]


def test_what_a_pod_writes_into_its_claim_the_next_one_finds_there():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    cluster.create("persistentvolumeclaims", claim())
    cluster.create("pods", pod("first", "echo kept > /data/file"))
    cluster.run(8)
    cluster.request("delete", "pods", name="first")
    cluster.run(1)
    cluster.create("pods", pod("second", "cat /data/file"))
    cluster.run(8)
    assert cluster.printed() == "kept\n"


def test_a_volume_that_is_a_directory_of_a_node_is_that_directory():
    cluster = Cluster()
    cluster.create("persistentvolumes", volume(storageClassName="manual"))
    cluster.create("persistentvolumeclaims", claim(storageClassName="manual"))
    cluster.create("pods", pod("first", "echo kept > /data/file", nodeSelector={"kubernetes.io/hostname": "a"}))
    cluster.run(8)
    direct = {"volumes": [{"name": "v", "hostPath": {"path": "/mnt/data"}}], "nodeSelector": {"kubernetes.io/hostname": "a"}}
    cluster.create("pods", pod("second", "cat /data/file", **direct))
    cluster.run(8)
    assert cluster.printed() == "kept\n"


def test_a_claim_without_class_and_volume_says_so_at_each_resync():
    cluster = Cluster()
    cluster.create("persistentvolumeclaims", claim())
    cluster.run(31)
    text = "no persistent volumes available for this claim and no storage class is set"
    assert cluster.events("data") == {"FailedBinding": (text, 3)}
    assert cluster.engine.at_rest
    cluster.create("persistentvolumes", volume())
    assert not cluster.engine.at_rest
    cluster.run(15)
    assert phase(cluster, "PersistentVolumeClaim", "data") == "Bound"


def test_a_claim_that_waits_for_a_year_is_counted_right_though_few_looks_are_played():
    cluster = Cluster()
    cluster.create("persistentvolumeclaims", claim())
    cluster.run(3600)
    played = len(cluster.outputs)
    _, count = cluster.events("data")["FailedBinding"]
    assert 220 <= count <= 241
    cluster.run(3600)
    assert len(cluster.outputs) - played < 15


def test_a_class_that_is_not_there_or_makes_nothing_is_said():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class("local", provisioner="kubernetes.io/no-provisioner"), STORAGE)
    cluster.create("persistentvolumeclaims", claim("one", storageClassName="nope"))
    cluster.create("persistentvolumeclaims", claim("two", storageClassName="local"))
    cluster.run(1)
    assert cluster.events("one") == {"ProvisioningFailed": ('storageclass.storage.k8s.io "nope" not found', 1)}
    assert cluster.events("two") == {"ProvisioningFailed": ("no volume plugin matched name: kubernetes.io/no-provisioner", 1)}


def test_a_class_that_waits_for_a_pod_has_the_volume_made_where_the_pod_goes():
    cluster = Cluster()
    where = [{"matchLabelExpressions": [{"key": "kubernetes.io/hostname", "values": ["b"]}]}]
    cluster.create("storageclasses", storage_class(mode="WaitForFirstConsumer", allowedTopologies=where), STORAGE)
    cluster.create("persistentvolumeclaims", claim(storageClassName="fast"))
    cluster.run(1)
    assert cluster.events("data") == {"WaitForFirstConsumer": ("waiting for first consumer to be created before binding", 1)}
    cluster.create("pods", pod("web", "sleep 60"))
    cluster.restore()
    cluster.run(5)
    bound, running = cluster.now("PersistentVolumeClaim", "data"), cluster.now("Pod", "web")
    assert bound is not None
    assert running is not None
    assert bound["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == running["spec"]["nodeName"] == "b"
    made = cluster.now("PersistentVolume", bound["spec"]["volumeName"])
    assert made is not None
    assert made["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"] == ["b"]
    assert {"ExternalProvisioning", "Provisioning", "ProvisioningSucceeded"} <= cluster.events("data").keys()


def test_the_default_class_is_given_to_a_claim_that_came_before_it():
    cluster = Cluster()
    cluster.create("persistentvolumeclaims", claim())
    cluster.run(1)
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    cluster.run(20)
    bound = cluster.now("PersistentVolumeClaim", "data")
    assert bound is not None
    assert (bound["spec"]["storageClassName"], bound["status"]["phase"]) == ("fast", "Bound")


def test_a_claim_goes_only_when_the_pods_that_use_it_are_gone_and_its_volume_with_it():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    cluster.create("persistentvolumeclaims", claim())
    cluster.create("pods", pod("web", "echo done"))
    cluster.run(8)
    bound = cluster.now("PersistentVolumeClaim", "data")
    assert bound is not None
    cluster.request("delete", "persistentvolumeclaims", name="data")
    cluster.run(1)
    leaving = cluster.now("PersistentVolumeClaim", "data")
    assert leaving is not None
    assert leaving["metadata"]["deletionTimestamp"]
    cluster.request("delete", "pods", name="web")
    cluster.run(1)
    assert cluster.now("PersistentVolumeClaim", "data") is None
    assert cluster.now("PersistentVolume", bound["spec"]["volumeName"]) is None


def test_a_volume_that_is_to_be_kept_is_released_and_taken_by_nobody():
    cluster = Cluster()
    cluster.create("persistentvolumes", volume(storageClassName="manual"))
    cluster.create("persistentvolumeclaims", claim(storageClassName="manual"))
    cluster.run(1)
    cluster.request("delete", "persistentvolumeclaims", name="data")
    cluster.run(1)
    assert phase(cluster, "PersistentVolume", "disk") == "Released"
    cluster.create("persistentvolumeclaims", claim(storageClassName="manual"))
    cluster.run(20)
    assert phase(cluster, "PersistentVolumeClaim", "data") == "Pending"


def test_a_claim_whose_volume_is_gone_is_lost():
    cluster = Cluster()
    cluster.create("persistentvolumes", volume(storageClassName="manual"))
    cluster.create("persistentvolumeclaims", claim(storageClassName="manual"))
    cluster.run(1)
    cluster.request("patch", "persistentvolumes", name="disk")
    cluster.request("delete", "persistentvolumes", name="disk")
    cluster.run(1)
    leaving = cluster.now("PersistentVolume", "disk")
    assert leaving is not None
    without = {**leaving, "metadata": {**leaving["metadata"], "finalizers": []}}
    without["metadata"].pop("resourceVersion", None)
    assert cluster.request("update", "persistentvolumes", without, name="disk").code == 200
    cluster.run(1)
    assert phase(cluster, "PersistentVolumeClaim", "data") == "Lost"
    lost = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
    assert cluster.events("data")["ClaimLost"] == (lost, 1)


def test_a_claim_made_for_one_pod_lives_as_long_as_that_does():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    template = {
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "fast"}
    }
    cluster.create("pods", pod("web", "sleep 60", volumes=[{"name": "v", "ephemeral": {"volumeClaimTemplate": template}}]))
    cluster.run(8)
    assert phase(cluster, "PersistentVolumeClaim", "web-v") == "Bound"
    assert phase(cluster, "Pod", "web") == "Running"
    cluster.request("delete", "pods", {"gracePeriodSeconds": 0}, name="web")
    cluster.run(1)
    assert cluster.now("PersistentVolumeClaim", "web-v") is None


def on(node: str) -> Object:
    return {"nodeSelector": {"kubernetes.io/hostname": node}}


def with_disk() -> Cluster:
    """Return a cluster in which a Pod on node a runs with a volume that a driver has made."""
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    cluster.create("persistentvolumeclaims", claim())
    cluster.create("pods", pod("first", "sleep 3600", terminationGracePeriodSeconds=1, **on("a")))
    cluster.run(10)
    return cluster


def attached(cluster: Cluster, node: str) -> int:
    found = cluster.now("Node", node)
    return len(found["status"].get("volumesAttached", ())) if found else 0


def test_a_drivers_volume_is_attached_before_the_pod_starts():
    cluster = with_disk()
    assert phase(cluster, "Pod", "first") == "Running"
    bound = cluster.now("PersistentVolumeClaim", "data")
    assert bound is not None
    message = f'AttachVolume.Attach succeeded for volume "{bound["spec"]["volumeName"]}" '
    assert cluster.events("first")["SuccessfulAttachVolume"] == (message, 1)
    assert (attached(cluster, "a"), attached(cluster, "b")) == (1, 0)
    assert "FailedMount" not in cluster.events("first")


def test_a_volume_of_one_node_alone_comes_to_another_only_when_the_first_has_let_it_go():
    cluster = with_disk()
    cluster.create("pods", pod("second", "sleep 3600", **on("b")))
    cluster.run(5)
    message, count = cluster.events("second")["FailedAttachVolume"]
    assert message.endswith('" Volume is already used by pod(s) first')
    assert message.startswith('Multi-Attach error for volume "pvc-')
    assert (count, phase(cluster, "Pod", "second")) == (1, "Pending")
    cluster.request("delete", "pods", name="first")
    cluster.run(40)
    assert phase(cluster, "Pod", "second") == "Running"
    assert (attached(cluster, "a"), attached(cluster, "b")) == (0, 1)


def test_a_volume_stays_with_a_node_that_is_not_heard_of_for_six_minutes():
    cluster = with_disk()
    fault = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "down"}}
    cluster.create("faults", {**fault, "spec": {"type": "KubeletDown", "node": "a"}}, "podhub.dev/v1")
    cluster.run(70)
    cluster.request("delete", "pods", {"gracePeriodSeconds": 0}, name="first")
    cluster.create("pods", pod("second", "sleep 3600", **on("b")))
    cluster.run(300)
    text = "Volume is already exclusively attached to one node and can't be attached to another"
    assert cluster.events("second")["FailedAttachVolume"][0].endswith(text)
    assert phase(cluster, "Pod", "second") == "Pending"
    cluster.restore()
    cluster.run(240)
    assert phase(cluster, "Pod", "second") == "Running"


def test_a_node_that_is_out_of_service_gives_its_volumes_up_at_once():
    cluster = with_disk()
    fault = {"apiVersion": "podhub.dev/v1", "kind": "Fault", "metadata": {"name": "down"}}
    cluster.create("faults", {**fault, "spec": {"type": "KubeletDown", "node": "a"}}, "podhub.dev/v1")
    cluster.run(70)
    node = cluster.now("Node", "a")
    assert node is not None
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    node["metadata"].pop("resourceVersion", None)
    tainted = {**node, "spec": {**node["spec"], "taints": [*node["spec"].get("taints", []), taint]}}
    assert cluster.request("update", "nodes", tainted, name="a").code == 200
    cluster.create("pods", pod("second", "sleep 3600", **on("b")))
    cluster.run(60)
    assert cluster.now("Pod", "first") is None
    assert phase(cluster, "Pod", "second") == "Running"


def grow(cluster: Cluster, storage: str) -> Answer:
    change = {"spec": {"resources": {"requests": {"storage": storage}}}}
    request = Request(
        "patch",
        "persistentvolumeclaims",
        namespace="default",
        name="data",
        body=change,
        content_type="application/merge-patch+json",
    )
    return cluster.engine.request(cluster.engine.now, request)


def test_a_claim_grows_where_its_class_allows_that():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True, allowVolumeExpansion=True), STORAGE)
    cluster.create("persistentvolumeclaims", claim())
    cluster.run(3)
    assert grow(cluster, "3Gi").code == 200
    cluster.run(3)
    grown = cluster.now("PersistentVolumeClaim", "data")
    assert grown is not None
    assert grown["status"]["capacity"] == {"storage": "3Gi"}
    made = cluster.now("PersistentVolume", grown["spec"]["volumeName"])
    assert made is not None
    assert made["spec"]["capacity"] == {"storage": "3Gi"}
    assert {"ExternalExpanding", "Resizing", "VolumeResizeSuccessful"} <= cluster.events("data").keys()


def test_a_claim_whose_class_does_not_allow_it_may_not_grow():
    cluster = Cluster()
    cluster.create("storageclasses", storage_class(default=True), STORAGE)
    cluster.create("persistentvolumeclaims", claim())
    cluster.run(3)
    refused = grow(cluster, "3Gi")
    assert refused.code == 403
    assert refused.body["message"] == (
        'persistentvolumeclaims "data" is forbidden: only dynamically provisioned pvc can be resized '
        "and the storageclass that provisions the pvc must support resize"
    )
