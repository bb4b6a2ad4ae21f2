"""Starting containers: back-off, images, configuration errors, start failures, hooks."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from lifecycle.programs import Sandbox
from lifecycle.wire import Image
from tests.lifecycle.kubelet.cluster import Cluster, container
from tests.lifecycle.kubelet.fake_programs import Behavior
from tests.lifecycle.kubelet.invariants import check


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def test_the_first_restart_is_immediate_and_the_next_ones_wait_longer_and_longer(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(0.5, 1))
    cluster.create()
    cluster.run(400)
    started = cluster.times("Started")
    gaps = [b - a for a, b in itertools.pairwise(started)]
    assert gaps[0] < 3
    for gap, wait in zip(gaps[1:], (10, 20, 40, 80, 160), strict=False):
        assert wait < gap < 1.5 * wait + 4
    check(cluster.versions())


def test_a_back_off_of_less_than_a_minute_shows_only_when_it_is_over(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(5, 1))
    cluster.create()
    cluster.run(60)
    waiting = [v for v in cluster.versions() if "waiting" in v["status"].get("containerStatuses", [{"state": {}}])[0]["state"]]
    assert [w["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] for w in waiting[2:]] == [
        "CrashLoopBackOff"
    ] * len(waiting[2:])
    assert waiting[2]["status"]["containerStatuses"][0]["state"]["waiting"]["message"].startswith(
        "back-off 10s restarting failed"
    )
    assert waiting[2]["status"]["phase"] == "Running"


def test_a_long_life_resets_the_back_off(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(700, 1))
    cluster.create()
    cluster.run(3600)
    started = cluster.times("Started")
    assert all(b - a < 702 for a, b in itertools.pairwise(started))
    assert not cluster.times("BackOff")


@pytest.mark.parametrize(
    ("policy", "code", "restarts"), [("Always", 0, True), ("OnFailure", 0, False), ("OnFailure", 1, True), ("Never", 1, False)]
)
def test_the_restart_policy_decides(cluster: Cluster, policy: str, code: int, restarts: bool) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1, code))
    cluster.create(restartPolicy=policy)
    cluster.run(10)
    assert (cluster.container()["restartCount"] > 0) == restarts


def test_a_rule_for_an_exit_code_overrides_the_policy(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(exits=(1, 42))
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    cluster.create(container(restartPolicy="Never", restartPolicyRules=rules), restartPolicy="Never")
    cluster.run(10)
    assert cluster.container()["restartCount"] == 1


def test_an_image_is_pulled_and_then_present(cluster: Cluster) -> None:
    cluster.create(container(image="slow:1"))
    cluster.run(3)
    assert cluster.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}
    cluster.run(5)
    assert cluster.container()["imageID"].startswith("docker.io/library/slow@sha256:")
    assert cluster.times("Pulled", 'Successfully pulled image "slow:1" in 4s (4s including waiting). Image size: 1000 bytes.')
    cluster.create(container(image="slow:1"), name="second")
    cluster.run(2)
    assert cluster.times("Pulled", 'Container image "slow:1" already present on machine and can be accessed by the pod')


def test_what_a_pull_comes_to_follows_from_its_beginning(cluster: Cluster) -> None:
    cluster.create(container("a", image="slow:1"), container("b", image="gone:1"))
    cluster.run(9)
    ends = [trace for trace in cluster.traces("pull") if trace.body["phase"] != "started"]
    assert [trace.body["phase"] for trace in ends] == ["ended", "failed"]
    assert [cluster.cause_chain(trace.index)[:3] for trace in ends] == [["pull", "pull", "Pulling"]] * 2


def test_pulls_of_a_node_wait_for_each_other(cluster: Cluster) -> None:
    cluster.create(container(image="slow:1"), name="one")
    cluster.create(container(image="other:1"), name="two")
    cluster.run(10)
    (message,) = {
        c.object["message"]
        for c in cluster.changes("Event")
        if "other:1" in c.object["message"] and "Success" in c.object["message"]
    }
    assert re.search(r"in 1s \((4\.9\d*|5(\.0\d*)?)s including waiting\)", message)


def test_a_node_pulls_ten_images_at_once_and_then_five_in_a_second() -> None:
    cluster = Cluster(images={f"quick:{i}": Image(pull="10ms", size=1) for i in range(14)})
    for i in range(12):
        cluster.create(container(image=f"quick:{i}"), name=f"pod{i:02}")
    cluster.run(3)
    assert [cluster.status(f"pod{i:02}")["phase"] for i in range(12)].count("Running") == 10
    assert len(cluster.times("Failed", ": pull QPS exceeded")) == 2
    cluster.create(container(image="quick:12"), name="later")
    cluster.create(container(image="quick:13"), name="latest")
    cluster.run(3)
    assert [cluster.status(name)["phase"] for name in ("later", "latest")] == ["Running", "Running"]


def test_an_image_that_is_missing_alternates_between_its_two_reasons(cluster: Cluster) -> None:
    cluster.create(container(image="gone:1"))
    cluster.run(60)
    seen = [v["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] for v in cluster.versions()[1:]]
    assert seen[2:6] == ["ErrImagePull", "ImagePullBackOff", "ErrImagePull", "ImagePullBackOff"]
    assert cluster.status()["phase"] == "Pending"
    message = cluster.container()["state"]["waiting"]["message"]
    assert message in ("not found", 'Back-off pulling image "gone:1": ErrImagePull: not found')


def test_a_name_that_is_no_image_is_never_pulled(cluster: Cluster) -> None:
    cluster.create(container(image="Bad::Name"))
    cluster.run(5)
    assert cluster.container()["state"]["waiting"]["reason"] == "InvalidImageName"
    assert not cluster.times("Pulling")


def test_never_pulling_an_absent_image_is_an_error(cluster: Cluster) -> None:
    cluster.create(container(image="absent:1", imagePullPolicy="Never"))
    cluster.run(5)
    assert cluster.container()["state"]["waiting"]["reason"] == "ErrImageNeverPull"


def test_a_missing_config_map_is_waited_for(cluster: Cluster) -> None:
    env = [{"name": "HOW", "valueFrom": {"configMapKeyRef": {"name": "special", "key": "how"}}}]
    cluster.create(container(env=env))
    cluster.run(5)
    waiting = cluster.container()["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "special" not found'}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "special"}, "data": {"how": "very"}}
    cluster.request("create", "configmaps", body)
    cluster.run(20)
    assert "running" in cluster.container()["state"]
    created = [p.container for p in cluster.programs.state.processes.values()]
    assert ("HOW", "very") in created[0].env


def test_a_container_that_must_not_run_as_root_is_not_created(cluster: Cluster) -> None:
    cluster.create(securityContext={"runAsNonRoot": True})
    cluster.run(5)
    assert "image will run as root" in cluster.container()["state"]["waiting"]["message"]


def test_a_seccomp_profile_that_the_node_has_not_lets_nothing_be_created(cluster: Cluster) -> None:
    profile = {"type": "Localhost", "localhostProfile": "profiles/audit.json"}
    privileged = container(name="free", securityContext={"privileged": True})
    cluster.create(container(), privileged, securityContext={"seccompProfile": profile})
    cluster.run(5)
    path = "/var/lib/kubelet/seccomp/profiles/audit.json"
    message = (
        f'failed to create containerd container: cannot load seccomp profile "{path}": open {path}: no such file or directory'
    )
    assert cluster.container()["state"]["waiting"] == {"reason": "CreateContainerError", "message": message}
    assert "running" in cluster.container("free")["state"]


def test_a_command_that_is_missing_is_a_start_error(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(cannot_start='exec: "nope": executable file not found in $PATH')
    cluster.create()
    cluster.run(3)
    apps = [v["status"]["containerStatuses"][0] for v in cluster.versions()[1:]]
    (app, *_) = [a for a in apps if a["state"].get("waiting", {}).get("reason") == "RunContainerError"]
    assert app["lastState"]["terminated"]["exitCode"] == 128
    assert app["lastState"]["terminated"]["startedAt"] == "1970-01-01T00:00:00Z"


def test_a_post_start_hook_holds_everything_up(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(hook_takes=8)
    hook = {"postStart": {"exec": {"command": ["prepare"]}}}
    cluster.create(container(lifecycle=hook), container("second"))
    cluster.run(6)
    assert cluster.container()["state"] == {"waiting": {"reason": "ContainerCreating"}}
    assert len(cluster.times("Started")) == 1
    cluster.run(4)
    assert "running" in cluster.container("second")["state"]


def test_a_failing_post_start_hook_kills_the_container(cluster: Cluster) -> None:
    cluster.behaviors["app"] = Behavior(answers={"prepare": ((0, 7),)})
    cluster.create(container(lifecycle={"postStart": {"exec": {"command": ["prepare"]}}}))
    cluster.run(2.5)
    assert cluster.times("FailedPostStartHook")
    assert cluster.times("Killing", "FailedPostStartHook")
    reasons = [
        v["status"]["containerStatuses"][0]["state"]["waiting"]
        for v in cluster.versions()
        if "PostStartHookError" in str(v["status"].get("containerStatuses"))
    ]
    assert "command 'prepare' exited with 7" in reasons[0]["message"]


@pytest.mark.parametrize(("port", "shown"), [(80, "{0 80 }"), ("web", "{1 0 web}")])
def test_a_tcp_hook_is_never_run_and_fails(cluster: Cluster, port: int | str, shown: str) -> None:
    cluster.create(container(lifecycle={"postStart": {"tcpSocket": {"port": port}}}))
    cluster.run(3)
    assert cluster.times("FailedPostStartHook")
    message = (
        "Cannot run handler: invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,"
        f"TCPSocket:&TCPSocketAction{{Port:{shown},Host:,}},Sleep:nil,}}"
    )
    assert message in [
        v["status"]["containerStatuses"][0]["state"].get("waiting", {}).get("message") for v in cluster.versions()[2:]
    ]


def test_a_changed_image_restarts_the_container(cluster: Cluster) -> None:
    cluster.create()
    cluster.run(5)
    pod = cluster.pod()
    assert pod
    spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], "image": "slow:1"}]}
    cluster.api.update("pods", {**pod, "spec": spec})
    cluster.run(8)
    assert cluster.times("Killing", "Container app definition changed, will be restarted")
    assert cluster.container()["restartCount"] == 1
    assert cluster.container()["image"] == "docker.io/library/slow:1"


@pytest.mark.parametrize(("field", "shared"), [({"hostPID": True}, True), ({"shareProcessNamespace": True}, True), ({}, False)])
def test_containers_are_not_process_1_where_they_share_their_processes(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, field: dict[str, Any], shared: bool
) -> None:
    made: list[Sandbox] = []
    monkeypatch.setattr(cluster.programs, "add_sandbox", made.append)
    cluster.create(**field)
    cluster.run(2)
    assert [sandbox.share_processes for sandbox in made] == [shared]


def test_another_name_of_an_image_that_is_there_takes_little_time() -> None:
    cluster = Cluster({"big:1": Image(pull="40s", size=1000, names=("big:2", "mine/copy:3"))})
    cluster.create(container(image="big:2"), name="first")
    cluster.run(60)
    cluster.create(container(image="mine/copy:3"), name="second")
    cluster.run(5)
    assert [change for change in cluster.changes("Event") if re.search(r'"mine/copy:3" in \d+ms ', change.object["message"])]
    first, second = cluster.container(pod="first"), cluster.container(pod="second")
    assert (first["image"], second["image"]) == ("docker.io/library/big:2", "docker.io/library/big:2")
    assert first["imageID"].partition("@")[2] == second["imageID"].partition("@")[2]
    assert second["imageID"].startswith("docker.io/library/big@")


def test_what_another_pull_brings_meanwhile_is_only_looked_at(cluster: Cluster) -> None:
    cluster.create(container(image="slow:1"), name="one")
    cluster.create(container(image="slow:1"), name="two")
    cluster.run(10)
    messages = {c.object["message"] for c in cluster.changes("Event") if "Successfully" in c.object["message"]}
    assert any("in 4s (4s including waiting)" in message for message in messages)
    assert any(re.search(r"in 500ms \(4\.\d*s including waiting\)", message) for message in messages)


@pytest.mark.parametrize(("mode", "running"), [("Enabled", False), ("IfPossible", True)])
def test_a_runtime_that_cannot_have_all_below_a_mount_read_only_says_so(cluster: Cluster, mode: str, running: bool) -> None:
    mount = {"name": "data", "mountPath": "/data", "readOnly": True, "recursiveReadOnly": mode}
    cluster.create(container(volumeMounts=[mount]), volumes=[{"name": "data", "emptyDir": {}}])
    cluster.run(5)
    status = cluster.container()
    assert ("running" in status["state"]) == running
    assert status["volumeMounts"][0]["recursiveReadOnly"] == "Disabled"
    if not running:
        assert status["state"]["waiting"]["message"] == (
            'failed to resolve recursive read-only mode: volume "data" requested recursive read-only mode, '
            "but it is not supported by the runtime"
        )
