"""The pure decisions: phase, conditions, actions, restarts, back-off, ports, environment."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import SECOND
from lifecycle.core_v1.types import PodSpec, pod_spec
from lifecycle.kubelet import backoff
from lifecycle.kubelet.compute_actions import Actions, Pod, compute_actions
from lifecycle.kubelet.environment import ConfigError, Facts, environment, service_variables
from lifecycle.kubelet.phase import phase
from lifecycle.kubelet.probe import quoted, resolve_port
from lifecycle.kubelet.restart import restarts_after
from lifecycle.kubelet.state import Backoff, ProbeWorker
from lifecycle.runtime.records import ContainerRecord, SandboxRecord, Snapshot
from lifecycle.wire import Object

SANDBOX = SandboxRecord("s", 0, 0, "10.244.0.2")
WAITING: Object = {"waiting": {"reason": "ContainerCreating"}}
RUNNING: Object = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}


def ended(code: int) -> Object:
    return {"terminated": {"exitCode": code, "reason": "Error" if code else "Completed"}}


def spec(*names: str, init: tuple[str, ...] = (), policy: str = "Always", **container: Any) -> PodSpec:
    """Return a spec; the name of a sidecar begins with `s-`."""
    first = [{"name": n, "image": "i", **({"restartPolicy": "Always"} if n.startswith("s-") else {})} for n in init]
    rest = [{"name": n, "image": "i", **container} for n in names or ("a",)]
    return pod_spec({"spec": {"containers": rest, "initContainers": first, "restartPolicy": policy}})


def status(name: str, state: Object, last: Object | None = None, started: bool = True) -> Object:
    return {"name": name, "state": state, "lastState": last or {}, "ready": "running" in state, "started": started}


def record(name: str, state: str = "running", code: int = 0, image: str = "i") -> ContainerRecord:
    return ContainerRecord(f"id-{name}", name, 0, "s", state, image, image, "", 0, 0, 0, code)  # type: ignore[arg-type]


def actions(pod: PodSpec, *records: ContainerRecord, sandboxes: tuple[SandboxRecord, ...] = (SANDBOX,), **more: Any) -> Actions:
    return compute_actions(Pod(pod, Snapshot(sandboxes, records), more.pop("probes", {}), **more))


@pytest.mark.parametrize(
    ("pod", "init", "regular", "stopped", "result"),
    [
        (spec(), [], [WAITING], False, "Pending"),
        (spec(), [], [RUNNING], False, "Running"),
        (spec(), [], [ended(1)], False, "Running"),
        (spec(policy="OnFailure"), [], [ended(1)], False, "Running"),
        (spec(policy="OnFailure"), [], [ended(0)], False, "Succeeded"),
        (spec(policy="Never"), [], [ended(1)], False, "Failed"),
        (spec(), [], [ended(0)], True, "Succeeded"),
        (spec("a", "b"), [], [RUNNING, WAITING], False, "Pending"),
        (spec("a", "b", policy="Never"), [], [RUNNING, ended(1)], False, "Running"),
        (spec("a", "b", policy="Never"), [], [ended(0), ended(1)], False, "Failed"),
        (spec(init=("i",)), [RUNNING], [WAITING], False, "Pending"),
        (spec(init=("i",)), [ended(1)], [WAITING], False, "Pending"),
        (spec(init=("i",), policy="Never"), [ended(1)], [WAITING], False, "Failed"),
        (spec(init=("s-i",), policy="Never"), [RUNNING], [ended(0)], False, "Running"),
    ],
)
def test_the_phase_adds_up(pod: PodSpec, init: list[Object], regular: list[Object], stopped: bool, result: str) -> None:
    first = [status(c.name, state) for c, state in zip(pod.init_containers, init, strict=True)]
    rest = [status(c.name, state) for c, state in zip(pod.containers, regular, strict=True)]
    assert phase(pod, first, rest, stopped=stopped, any_regular_exists=True) == result


def test_a_container_that_waits_to_be_restarted_counts_as_stopped() -> None:
    waiting = status("a", {"waiting": {"reason": "CrashLoopBackOff"}}, ended(1))
    assert phase(spec(), [], [waiting], stopped=False, any_regular_exists=True) == "Running"


def test_a_pod_with_nothing_gets_a_sandbox_and_its_containers() -> None:
    found = actions(spec("a", "b"), sandboxes=())
    assert (found.create_sandbox, found.changed_sandbox, found.attempt, found.regular) == (True, False, 0, ["a", "b"])


def test_a_pod_with_init_containers_starts_the_first_alone() -> None:
    found = actions(spec("a", init=("i", "j")), sandboxes=())
    assert (found.init, found.regular) == (["i"], [])


def test_a_lost_sandbox_is_made_again() -> None:
    gone = SandboxRecord("s", 0, 0, "10.244.0.2", ready=False)
    found = actions(spec(), record("a", "exited"), sandboxes=(gone,))
    assert (found.kill_pod, found.create_sandbox, found.changed_sandbox, found.attempt) == (True, True, True, 1)


def test_a_pod_that_never_restarts_gets_no_second_sandbox() -> None:
    gone = SandboxRecord("s", 0, 0, "10.244.0.2", ready=False)
    found = actions(spec(policy="Never"), record("a", "exited"), sandboxes=(gone,))
    assert (found.kill_pod, found.create_sandbox) == (True, False)


@pytest.mark.parametrize(
    ("records", "init", "regular", "kill_pod"),
    [
        ([], ["i"], [], False),
        ([record("i")], [], [], False),
        ([record("i", "exited", 0)], ["j"], [], False),
        ([record("i", "exited", 1)], ["i"], [], False),
        ([record("j"), record("i", "exited", 0)], [], [], False),
        ([record("j", "exited", 0), record("i", "exited", 0)], [], ["a"], False),
        ([record("a"), record("j", "exited", 0)], [], [], False),
    ],
)
def test_init_containers_go_on_from_the_last_that_is_known(
    records: list[ContainerRecord], init: list[str], regular: list[str], kill_pod: bool
) -> None:
    found = actions(spec(init=("i", "j")), *records)
    assert (found.init, found.regular, found.kill_pod) == (init, regular, kill_pod)


def test_a_sidecar_that_has_ended_is_started_with_what_comes_next() -> None:
    found = actions(spec(init=("s-i", "j")), record("j", "exited", 0), record("s-i", "exited", 1))
    assert (found.init, found.regular) == (["s-i"], ["a"])


def test_a_failed_init_container_of_a_pod_that_never_restarts_ends_it() -> None:
    assert actions(spec(init=("i",), policy="Never"), record("i", "exited", 1)).kill_pod


def test_a_liveness_failure_kills_and_starts() -> None:
    worker = ProbeWorker("a", "liveness", 1, 0, "id-a", "failure", True)
    found = actions(spec(), record("a"), probes={"a/liveness": worker})
    assert [k.message for k in found.kill] == ["Container a failed liveness probe, will be restarted"]
    assert found.regular == ["a"]


def test_a_result_of_an_earlier_instance_counts_for_nothing() -> None:
    worker = ProbeWorker("a", "liveness", 1, 0, "id-of-another", "failure", True)
    assert not actions(spec(), record("a"), probes={"a/liveness": worker}).any()


def test_nothing_is_restarted_while_a_pod_is_deleted() -> None:
    found = actions(spec(), record("a", "exited", 1), deleting=True)
    assert (found.regular, found.kill_pod) == ([], True)


def test_a_pod_whose_containers_are_done_is_killed_with_its_sidecars() -> None:
    pod = spec(init=("s-i",), policy="Never")
    assert actions(pod, record("a", "exited", 0), record("s-i")).kill_pod


def test_no_sidecar_is_started_again_in_a_pod_whose_last_container_is_to_be_killed() -> None:
    worker = ProbeWorker("a", "liveness", 1, 0, "id-a", "failure", True)
    pod = spec(init=("s-i",), policy="Never")
    found = actions(pod, record("a"), record("s-i", "exited", 1), probes={"a/liveness": worker})
    assert (found.kill_pod, found.kill, found.init) == (True, [], [])


@pytest.mark.parametrize(
    ("pod_policy", "own", "code", "expected"),
    [
        ("Always", None, 0, True),
        ("OnFailure", None, 0, False),
        ("OnFailure", None, 1, True),
        ("Never", None, 1, False),
        ("Never", "Always", 0, True),
        ("Always", "Never", 1, False),
        ("Never", "OnFailure", 1, True),
        ("Never", "Never", 42, True),
    ],
)
def test_a_containers_own_policy_and_rules_come_first(pod_policy: str, own: str | None, code: int, expected: bool) -> None:
    more: Object = {}
    if own:
        rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
        more = {"restartPolicy": own, "restartPolicyRules": rules}
    pod = spec(policy=pod_policy, **more)
    assert restarts_after(pod, pod.containers[0], code) == expected


def test_a_back_off_doubles_up_to_five_minutes_and_starts_over_after_ten() -> None:
    held: Backoff | None = None
    waits = []
    for _ in range(7):
        held = backoff.after_failure(held, 0, 0)
        waits.append(held.wait // SECOND)
    assert waits == [10, 20, 40, 80, 160, 300, 300]
    assert backoff.after_failure(held, 601 * SECOND, 601 * SECOND).wait == 10 * SECOND
    assert backoff.in_back_off(held, 0, 299 * SECOND)
    assert not backoff.in_back_off(held, 0, 300 * SECOND)
    assert not backoff.in_back_off(None, 0, 0)


def test_ports_are_numbers_or_names_of_this_container() -> None:
    found = pod_spec({"spec": {"containers": [{"name": "a", "ports": [{"name": "http", "containerPort": 8080}]}]}}).containers[
        0
    ]
    assert resolve_port("http", found) == 8080
    assert resolve_port("81", found) == 81
    assert resolve_port("nope", found) == 'strconv.Atoi: parsing "nope": invalid syntax'
    assert resolve_port(70000, found) == "invalid port number: 70000"


def test_texts_are_quoted_as_go_quotes_them() -> None:
    assert quoted('a "b"\n\\') == '"a \\"b\\"\\n\\\\"'


def facts() -> Facts:
    obj = {"metadata": {"name": "web", "namespace": "default", "uid": "u", "labels": {"app": "x"}}, "spec": {"nodeName": "n"}}
    return Facts(obj, "10.244.0.2", "172.30.0.10", {"cpu": "2", "memory": "1Gi"}, ())


def env_of(env: list[Object], **more: Any) -> dict[str, str]:
    one = pod_spec({"spec": {"containers": [{"name": "a", "env": env, **more}]}}).containers[0]
    secret = {"data": {"k": "djE="}}

    def get(resource: str, namespace: str, name: str) -> Object | None:
        return secret if name == "there" else None

    return dict(environment(one, facts(), [], get, lambda volume, path: None))


def test_variables_may_use_those_before_them() -> None:
    found = env_of([{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)-$(C)"}, {"name": "C", "value": "3"}])
    assert found["B"] == "1-$(C)"


def test_variables_come_from_fields_resources_and_secrets() -> None:
    found = env_of(
        [
            {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
            {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "there", "key": "k"}}},
            {"name": "GONE", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "k", "optional": True}}},
        ]
    )
    assert found == {"IP": "10.244.0.2", "LABEL": "x", "CPU": "2", "KEY": "v1"}


@pytest.mark.parametrize(
    ("ref", "text"),
    [
        ({"secretKeyRef": {"name": "gone", "key": "k"}}, 'secret "gone" not found'),
        ({"secretKeyRef": {"name": "there", "key": "x"}}, "couldn't find key x in Secret default/there"),
        ({"configMapKeyRef": {"name": "gone", "key": "k"}}, 'configmap "gone" not found'),
    ],
)
def test_what_is_missing_is_named(ref: Object, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        env_of([{"name": "A", "valueFrom": ref}])


def test_services_of_the_namespace_are_told_and_the_api_server_always() -> None:
    services = [
        {"metadata": {"name": "my-db", "namespace": "default"}, "spec": {"clusterIP": "10.96.0.9", "ports": [{"port": 5432}]}},
        {"metadata": {"name": "other", "namespace": "kube-system"}, "spec": {"clusterIP": "10.96.0.8", "ports": [{"port": 1}]}},
    ]
    found = dict(service_variables(services, "default", True))
    assert found["MY_DB_SERVICE_HOST"] == "10.96.0.9"
    assert found["MY_DB_PORT_5432_TCP_ADDR"] == "10.96.0.9"
    assert "OTHER_SERVICE_HOST" not in found
    assert service_variables(services, "default", False) == ()
