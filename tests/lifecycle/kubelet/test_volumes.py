"""Volumes: waited for, tried again, and what they hold."""

from __future__ import annotations

import itertools

import pytest

from lifecycle.wire import Object
from tests.lifecycle.kubelet.cluster import Cluster, container


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def config_map(name: str = "game", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def create(cluster: Cluster, **source: object) -> None:
    mounts = [{"name": "v", "mountPath": "/v"}]
    cluster.create(container(volumeMounts=mounts), volumes=[{"name": "v", **source}])


def test_a_missing_config_map_is_tried_at_doubling_intervals(cluster: Cluster) -> None:
    create(cluster, configMap={"name": "game"})
    cluster.run(40)
    times = cluster.times("FailedMount", 'MountVolume.SetUp failed for volume "v" : configmap "game" not found')
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert gaps == pytest.approx([0.5, 1, 2, 4, 8, 16], abs=0.1)
    assert cluster.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}


def test_the_pod_starts_at_the_next_try_after_the_config_map_is_there(cluster: Cluster) -> None:
    create(cluster, configMap={"name": "game"})
    cluster.run(9)
    cluster.request("create", "configmaps", config_map(a="1"))
    cluster.run(5)
    assert "waiting" in cluster.container()["state"]
    cluster.run(4)
    assert "running" in cluster.container()["state"]


def test_a_wait_of_more_than_two_minutes_ends_the_sync_without_an_event(cluster: Cluster) -> None:
    create(cluster, secret={"secretName": "s"})
    cluster.run(150)
    assert set(cluster.reasons()) == {"FailedMount"}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    cluster.request("create", "secrets", body)
    cluster.run(120)
    assert "running" in cluster.container()["state"]


def test_deletion_interrupts_the_wait(cluster: Cluster) -> None:
    create(cluster, configMap={"name": "game"})
    cluster.run(30)
    cluster.delete()
    cluster.run(4)
    assert cluster.pod() is None


def test_a_key_that_is_missing_is_named(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    create(cluster, configMap={"name": "game", "items": [{"key": "b", "path": "b"}]})
    cluster.run(2)
    assert cluster.times("FailedMount", "configmap references non-existent config key: b")


def test_an_optional_source_may_be_missing(cluster: Cluster) -> None:
    create(cluster, configMap={"name": "game", "optional": True})
    cluster.run(3)
    assert "running" in cluster.container()["state"]


def test_a_host_path_of_the_wrong_kind_is_not_mounted(cluster: Cluster) -> None:
    create(cluster, hostPath={"path": "/data", "type": "Directory"})
    cluster.run(2)
    assert cluster.times("FailedMount", "hostPath type check failed: /data is not a directory")


def test_what_is_no_socket_on_its_node_is_not_mounted_as_one(cluster: Cluster) -> None:
    create(cluster, hostPath={"path": "/run/my.sock", "type": "Socket"})
    cluster.run(2)
    assert cluster.times("FailedMount", "hostPath type check failed: /run/my.sock is not a socket file")


def test_a_file_is_made_on_a_node_only_where_its_directory_is(cluster: Cluster) -> None:
    create(cluster, hostPath={"path": "/data/a.txt", "type": "FileOrCreate"})
    cluster.run(2)
    assert cluster.times("FailedMount", 'MountVolume.SetUp failed for volume "v" : open /data/a.txt: no such file or directory')
    cluster.programs.node_paths["/data"] = "Directory"
    cluster.run(10)
    assert "running" in cluster.container()["state"]
    assert cluster.programs.node_paths["/data/a.txt"] == "File"


def test_containers_see_the_files_of_their_volumes(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    create(cluster, configMap={"name": "game"})
    cluster.run(3)
    uid = next(iter(cluster.kubelet.state.pods))
    assert cluster.programs.volumes[f"{uid}/v"] == {"a": b"1"}
    (process,) = cluster.programs.state.processes.values()
    assert process.container.mounts[0].volume == f"{uid}/v"
    assert process.container.mounts[0].path == "/v"


def test_a_changed_config_map_is_seen_within_two_minutes(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    create(cluster, configMap={"name": "game"})
    cluster.run(3)
    stored = cluster.api.get("configmaps", "default", "game")
    cluster.api.update("configmaps", {**stored, "data": {"a": "2"}})
    cluster.run(120)
    uid = next(iter(cluster.kubelet.state.pods))
    assert cluster.programs.volumes[f"{uid}/v"] == {"a": b"2"}


def test_the_downward_api_tells_of_the_pod(cluster: Cluster) -> None:
    items = [
        {"path": "name", "fieldRef": {"fieldPath": "metadata.name"}},
        {"path": "cpu", "resourceFieldRef": {"containerName": "app", "resource": "limits.cpu", "divisor": "1m"}},
    ]
    create(cluster, downwardAPI={"items": items})
    cluster.run(3)
    uid = next(iter(cluster.kubelet.state.pods))
    assert cluster.programs.volumes[f"{uid}/v"] == {"name": b"web", "cpu": b"2000"}


def test_an_optional_config_map_that_comes_later_is_seen(cluster: Cluster) -> None:
    create(cluster, configMap={"name": "game", "optional": True})
    cluster.run(3)
    cluster.request("create", "configmaps", config_map(a="1"))
    cluster.run(120)
    uid = next(iter(cluster.kubelet.state.pods))
    assert cluster.programs.volumes[f"{uid}/v"] == {"a": b"1"}


def volume(cluster: Cluster) -> dict[str, bytes]:
    uid = next(iter(cluster.kubelet.state.pods))
    return cluster.programs.volumes[f"{uid}/v"]


def test_a_change_of_the_pod_brings_changed_volumes_with_it(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    create(cluster, configMap={"name": "game"})
    cluster.run(3)
    stored = cluster.api.get("configmaps", "default", "game")
    cluster.api.update("configmaps", {**stored, "data": {"a": "2"}})
    pod = cluster.pod()
    assert pod
    cluster.api.update("pods", {**pod, "metadata": {**pod["metadata"], "annotations": {"touched": "now"}}})
    cluster.run(0.5)
    assert volume(cluster) == {"a": b"2"}


def test_labels_that_change_change_their_file(cluster: Cluster) -> None:
    create(cluster, downwardAPI={"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]})
    cluster.run(3)
    pod = cluster.pod()
    assert pod
    cluster.api.update("pods", {**pod, "metadata": {**pod["metadata"], "labels": {"app": "web"}}})
    cluster.run(1)
    assert volume(cluster) == {"labels": b'app="web"'}


def test_a_config_map_that_is_gone_is_missed_at_every_resync_and_its_files_stay(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    create(cluster, configMap={"name": "game"})
    cluster.run(3)
    cluster.request("delete", "configmaps", name="game")
    cluster.run(300)
    times = cluster.times("FailedMount", 'MountVolume.SetUp failed for volume "v" : configmap "game" not found')
    assert 2 <= len(times) <= 5
    assert all(60 <= b - a <= 90 for a, b in itertools.pairwise(times))
    assert volume(cluster) == {"a": b"1"}
    assert cluster.status()["phase"] == "Running"
    assert cluster.kernel.agenda.at_rest()


def test_all_that_a_projected_volume_lacks_is_told_at_once(cluster: Cluster) -> None:
    create(cluster, projected={"sources": [{"configMap": {"name": "game"}}, {"secret": {"name": "s"}}]})
    cluster.run(1)
    text = 'MountVolume.SetUp failed for volume "v" : [configmap "game" not found, secret "s" not found]'
    assert cluster.times("FailedMount", text)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("logs/$(POD)/$(ZONE)", "missing value for ZONE"),
        ("$(ROOT)", "error SubPath `/root` must not be an absolute path"),
        ("$(UP)/x", "unable to provision SubPath `../x`: must not contain '..'"),
    ],
)
def test_a_place_that_cannot_be_had_keeps_the_container_waiting(cluster: Cluster, expression: str, text: str) -> None:
    env = [{"name": "POD", "value": "p"}, {"name": "ROOT", "value": "/root"}, {"name": "UP", "value": ".."}]
    mounts = [{"name": "v", "mountPath": "/v", "subPathExpr": expression}]
    cluster.create(container(env=env, volumeMounts=mounts), volumes=[{"name": "v", "emptyDir": {}}])
    cluster.run(5)
    assert cluster.container()["state"] == {"waiting": {"reason": "CreateContainerConfigError", "message": text}}
    assert cluster.times("Failed", f"Error: {text}")


def test_a_place_is_named_by_the_environment(cluster: Cluster) -> None:
    env = [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    mounts = [{"name": "v", "mountPath": "/v", "subPathExpr": "logs/$(POD)"}]
    cluster.create(container(env=env, volumeMounts=mounts), volumes=[{"name": "v", "emptyDir": {}}])
    cluster.run(5)
    (process,) = cluster.programs.state.processes.values()
    assert process.container.mounts[0].sub_path == "logs/web"


def test_a_file_at_a_place_of_its_own_stays_as_it_was_when_the_container_was_created(cluster: Cluster) -> None:
    cluster.request("create", "configmaps", config_map(a="1"))
    mounts = [{"name": "v", "mountPath": "/a", "subPath": "a"}]
    cluster.create(container(volumeMounts=mounts), volumes=[{"name": "v", "configMap": {"name": "game"}}])
    cluster.run(3)
    stored = cluster.api.get("configmaps", "default", "game")
    cluster.api.update("configmaps", {**stored, "data": {"a": "2"}})
    cluster.run(120)
    (process,) = cluster.programs.state.processes.values()
    assert volume(cluster) == {"a": b"2"}
    assert cluster.programs.volumes[process.container.mounts[0].volume] == {"a": b"1"}


def test_an_image_is_pulled_for_a_volume_before_any_container_starts(cluster: Cluster) -> None:
    create(cluster, image={"reference": "slow:1"})
    cluster.run(8)
    pulling = next(c.object for c in cluster.changes("Event") if c.object["reason"] == "Pulling")
    assert pulling["message"] == 'Pulling image "slow:1"'
    assert "fieldPath" not in pulling["involvedObject"]
    assert cluster.times("Created")[0] > 4
    (process,) = cluster.programs.state.processes.values()
    assert process.container.mounts[0].read_only
    assert [trace.body["about"] for trace in cluster.traces("assumption")] == ["image"]


def test_a_volume_whose_image_is_missing_keeps_those_waiting_that_mount_it(cluster: Cluster) -> None:
    mounts = [{"name": "v", "mountPath": "/v"}]
    volumes = [{"name": "v", "image": {"reference": "gone:1"}}]
    cluster.create(container(volumeMounts=mounts), container("other"), volumes=volumes)
    cluster.run(20)
    waiting = [v["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] for v in cluster.versions()[2:]]
    assert list(dict.fromkeys(waiting)) == ["ContainerCreating", "ErrImagePull", "ImagePullBackOff"]
    assert "running" in cluster.container("other")["state"]
    assert cluster.times("Failed", 'Failed to pull image "gone:1": not found')
    assert cluster.times("Failed", "Error: ErrImagePull")
    assert cluster.times("BackOff", 'Back-off pulling image "gone:1"')


def test_what_was_in_memory_is_lost_with_the_node(cluster: Cluster) -> None:
    volumes = [{"name": "disk", "emptyDir": {}}, {"name": "memory", "emptyDir": {"medium": "Memory"}}]
    cluster.create(container(), volumes=volumes)
    cluster.run(5)
    uid = next(iter(cluster.kubelet.state.pods))
    for name in ("disk", "memory"):
        cluster.programs.volumes[f"{uid}/{name}"] = {"file": b"here"}
    cluster.kubelet.restarting.power_off("node1")
    cluster.run(5)
    cluster.kubelet.restarting.power_on("node1")
    cluster.run(30)
    assert cluster.programs.volumes[f"{uid}/disk"] == {"file": b"here"}
    assert cluster.programs.volumes[f"{uid}/memory"] == {}
    assert cluster.container()["restartCount"] == 1
