"""Clients in other people's words, unmodified: Kubernetes' own for Python, and lightkube."""

from __future__ import annotations

import pytest
from kubernetes import client, config, watch
from lightkube import ApiError, Client, KubeConfig
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
