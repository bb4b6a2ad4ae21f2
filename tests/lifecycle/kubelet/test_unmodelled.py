"""What has no effect is said to have none."""

from __future__ import annotations

from typing import Any

from lifecycle.clock import SECOND
from lifecycle.engine import Engine
from lifecycle.kubelet.unmodelled import unmodelled
from lifecycle.wire import DEFAULT_START, Change, Config, Output, Request, Trace


def test_fields_that_ask_for_nothing_are_not_named() -> None:
    container = {"securityContext": {"capabilities": {}, "runAsUser": 7}, "volumeMounts": [{"mountPropagation": "None"}]}
    spec = {"hostIPC": False, "hostUsers": True, "securityContext": {"sysctls": []}, "containers": [container]}
    assert unmodelled(spec) == []


def test_fields_without_effect_are_named_by_their_paths() -> None:
    container = {
        "securityContext": {"allowPrivilegeEscalation": False, "procMount": "Unmasked"},
        "volumeMounts": [{"name": "a"}, {"name": "b", "mountPropagation": "HostToContainer"}],
        "volumeDevices": [{"name": "c"}],
    }
    spec = {"hostUsers": False, "securityContext": {"sysctls": [{}]}, "initContainers": [{}], "containers": [{}, container]}
    assert unmodelled(spec) == [
        "spec.hostUsers",
        "spec.securityContext.sysctls",
        "spec.containers[1].securityContext.allowPrivilegeEscalation",
        "spec.containers[1].securityContext.procMount",
        "spec.containers[1].volumeDevices",
        "spec.containers[1].volumeMounts[1].mountPropagation",
    ]


def test_a_seccomp_profile_of_the_node_has_an_effect() -> None:
    """A kubelet's node has none, so that no container can be created with one."""
    assert unmodelled({"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "audit.json"}}}) == []


def play(**spec: Any) -> list[Output]:
    engine = Engine.new(Config(DEFAULT_START))
    containers = [{"name": "app", "image": "nginx"}]
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": containers, **spec}}
    assert engine.request(DEFAULT_START, Request("create", "pods", namespace="default", body=body)).code == 201
    return engine.advance(DEFAULT_START + 20 * SECOND)


def told(outputs: list[Output], kind: str) -> list[str]:
    return [str(o.body["text"]) for o in outputs if isinstance(o, Trace) and o.kind == kind]


def test_a_pod_says_once_what_has_no_effect() -> None:
    text = "These fields are kept and have no effect on the simulated life: spec.hostIPC, spec.securityContext.seccompProfile."
    assert told(play(hostIPC=True, securityContext={"seccompProfile": {"type": "RuntimeDefault"}}), "assumption") == [text]


def test_a_pod_that_claims_devices_waits_without_a_word_to_the_api() -> None:
    outputs = play(resourceClaims=[{"name": "gpu", "resourceClaimName": "one"}])
    pods = [o for o in outputs if isinstance(o, Change) and o.object["kind"] == "Pod"]
    assert [o.object["status"]["phase"] for o in pods] == ["Pending"]
    assert not [
        o for o in outputs if isinstance(o, Change) and o.object["kind"] == "Event" and "web" in o.object["metadata"]["name"]
    ]
    assert told(outputs, "decision") == [
        "The Pod is not scheduled: the ResourceClaims that it asks for are not modelled (gpu)."
    ]
