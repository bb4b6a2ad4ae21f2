"""Clients in other people's words, unmodified: Kubernetes' own for Python, and lightkube."""

from __future__ import annotations

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from kubernetes.stream import stream
from lightkube import ApiError, Client, KubeConfig
from lightkube.generic_resource import load_in_cluster_generic_resources
from lightkube.models.core_v1 import Container, PodSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import Pod

from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import pod


def test_the_python_client_creates_watches_and_deletes(cluster: Reached) -> None:
    api = client.CoreV1Api(config.new_client_from_config(cluster.kubeconfig()))
    made = api.create_namespaced_pod("default", pod("web", app="web"))
    assert made.status.phase == "Pending"
    phases = []
    version = made.metadata.resource_version
    for event in watch.Watch().stream(api.list_namespaced_pod, "default", resource_version=version, timeout_seconds=20):
        phases.append(event["object"].status.phase)
        if phases[-1] == "Running":
            break
    assert phases[-1] == "Running"
    assert [one.metadata.name for one in api.list_namespaced_pod("default", label_selector="app=web").items] == ["web"]
    assert api.read_namespaced_pod_log("web", "default") == ""
    api.patch_namespaced_pod("web", "default", {"metadata": {"labels": {"app": "other"}}})
    assert api.list_namespaced_pod("default", label_selector="app=web").items == []
    api.delete_namespaced_pod("web", "default", grace_period_seconds=0)
    with pytest.raises(client.ApiException) as refused:
        api.read_namespaced_pod("web", "default")
    assert refused.value.status == 404


def test_the_python_client_types_into_a_shell(cluster: Reached) -> None:
    api = client.CoreV1Api(config.new_client_from_config(cluster.kubeconfig()))
    api.create_namespaced_pod("default", pod("box"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=20s")
    streams = {"stdin": True, "stdout": True, "stderr": True, "tty": False, "_preload_content": False}
    shell = stream(api.connect_get_namespaced_pod_exec, "box", "default", command=["sh"], **streams)
    shell.write_stdin("cd /tmp; pwd\n")
    assert shell.readline_stdout(timeout=20) == "/tmp"
    shell.write_stdin("nosuch; exit 4\n")
    shell.run_forever(timeout=20)
    assert (shell.read_stderr(), shell.returncode) == ("sh: nosuch: not found\n", 4)


def test_the_dynamic_client_finds_what_there_is_and_what_not(cluster: Reached) -> None:
    found = dynamic.DynamicClient(config.new_client_from_config(cluster.kubeconfig())).resources
    pods = found.get(api_version="v1", kind="Pod")
    assert {"eviction", "exec", "log", "resize", "status"} <= pods.subresources.keys()
    maps = found.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, "data": {"a": "1"}}
    assert maps.server_side_apply(namespace="default", body=body, field_manager="test").data.a == "1"
    definitions = found.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    assert definitions.get().items == []
    with pytest.raises(ResourceNotFoundError):
        found.get(api_version="no.example/v1", kind="Thing")


def test_lightkube_finds_no_resources_of_others(cluster: Reached) -> None:
    load_in_cluster_generic_resources(Client(KubeConfig.from_file(cluster.kubeconfig())))


def test_lightkube_creates_watches_and_deletes(cluster: Reached) -> None:
    api = Client(KubeConfig.from_file(cluster.kubeconfig()), namespace="default")
    spec = PodSpec(containers=[Container(name="main", image="nginx")])
    made = api.create(Pod(metadata=ObjectMeta(name="web"), spec=spec))
    assert made.metadata is not None
    for type, seen in api.watch(Pod, resource_version=made.metadata.resourceVersion):
        assert type in ("ADDED", "MODIFIED")
        if seen.status is not None and seen.status.phase == "Running":
            break
    assert [one.metadata.name for one in api.list(Pod) if one.metadata] == ["web"]
    api.delete(Pod, "web", grace_period=0)
    with pytest.raises(ApiError) as refused:
        api.get(Pod, "web")
    assert refused.value.status.reason == "NotFound"
