"""Stock kubectl, doing what people do with it."""

from __future__ import annotations

import json
import re
import time

from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import ask, pod


def test_a_pod_is_applied_run_and_deleted(cluster: Reached) -> None:
    manifest = json.dumps(pod("web", "echo hello; sleep 1000", app="web"))
    assert cluster.kubectl("apply", "-f", "-", stdin=manifest).stdout == "pod/web created\n"
    assert cluster.kubectl("apply", "-f", "-", stdin=manifest).stdout == "pod/web unchanged\n"
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    assert re.search(r"web +1/1 +Running +0 +\d+s", cluster.kubectl("get", "pods").stdout)
    assert cluster.kubectl("logs", "web").stdout == "hello\n"
    assert cluster.kubectl("label", "pod", "web", "tier=x").stdout == "pod/web labeled\n"
    assert cluster.kubectl("delete", "pod", "web").stdout == 'pod "web" deleted\n'
    gone = cluster.kubectl("get", "pod", "web", code=1)
    assert gone.stderr == 'Error from server (NotFound): pods "web" not found\n'


def test_exec_tells_streams_and_exit_code_apart(cluster: Reached) -> None:
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("box")))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=20s")
    done = cluster.kubectl("exec", "box", "--", "sh", "-c", "echo out; echo err >&2; exit 3", code=3)
    assert (done.stdout, done.stderr) == ("out\n", "err\ncommand terminated with exit code 3\n")
    done = cluster.kubectl("exec", "-i", "box", "--", "sh", "-c", "cat > /tmp/in; wc -c < /tmp/in", stdin="abcé\n")
    assert done.stdout == "6\n"
    refused = cluster.kubectl("exec", "box", "-c", "nope", "--", "true", code=1)
    assert refused.stderr == "Error from server (BadRequest): container nope is not valid for pod box\n"


def test_imperative_creates_are_read_from_protobuf(cluster: Reached) -> None:
    cluster.kubectl("create", "configmap", "settings", "--from-literal=how=very")
    cluster.kubectl("create", "secret", "generic", "hush", "--from-literal=a=b")
    cluster.kubectl("create", "namespace", "other")
    cluster.kubectl("create", "quota", "few", "--hard=pods=3,cpu=1", "--scopes=BestEffort", "-n", "other", code=1)
    cluster.kubectl("create", "quota", "few", "--hard=pods=3", "--scopes=BestEffort", "-n", "other")
    assert re.search(r"pods: 0/3", cluster.kubectl("get", "quota", "-n", "other").stdout)
    assert cluster.kubectl("get", "cm", "settings", "-o", "jsonpath={.data.how}").stdout == "very"
    assert cluster.kubectl("get", "secret", "hush", "-o", "jsonpath={.data.a} {.type}").stdout == "Yg== Opaque"
    assert cluster.kubectl("get", "ns", "other", "--no-headers").stdout.split()[:2] == ["other", "Active"]
    assert cluster.kubectl("auth", "can-i", "create", "pods").stdout == "yes\n"


def test_explain_prints_kubernetes_own_texts(cluster: Reached) -> None:
    text = cluster.kubectl("explain", "pod.spec.restartPolicy").stdout
    assert "ENUM:\n    Always\n    Never\n    OnFailure\n" in text
    assert "Restart policy for all containers within the pod." in text


def test_the_past_is_described_and_replayed(cluster: Reached) -> None:
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("web", "sleep 20")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/web", "--timeout=20s")
    moments = [entry["object"] for entry in _history(cluster)]
    running = next(one for one in moments if one["status"].get("phase") == "Running")
    then = cluster.kubectl("describe", "pod", "web", moment=f"@seq-{running['metadata']['resourceVersion']}").stdout
    assert re.search(r"^Status: +Running$", then, re.M)
    assert "Succeeded" not in then
    assert re.search(r"^Status: +Succeeded$", cluster.kubectl("describe", "pod", "web").stdout, re.M)
    refused = cluster.kubectl("delete", "pod", "web", moment="@20s", code=1)
    assert refused.stderr.startswith("Error from server (Forbidden): ")


def _history(cluster: Reached) -> list[dict[str, dict[str, object]]]:
    answer = ask(f"{cluster.root}@0s~max/api/v1/pods?watch=true&timeoutSeconds=1")
    return [json.loads(line) for line in answer.body.splitlines()]


def test_a_watch_of_the_past_plays_it_at_the_speed_asked_for(cluster: Reached) -> None:
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("web", "sleep 20")))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/web", "--timeout=20s")
    began = time.monotonic()
    watched = cluster.kubectl(
        "get", "pods", "-w", "--request-timeout=6s", "--no-headers", moment="@0s~60x", code=None, timeout=20
    )
    words = [line.split()[2] for line in watched.stdout.splitlines()]
    assert list(dict.fromkeys(words)) == ["Pending", "ContainerCreating", "Running", "Completed"]
    assert time.monotonic() - began < 15


def test_what_is_typed_into_an_attached_container_is_read(cluster: Reached) -> None:
    done = cluster.kubectl(
        "run", "there", "--image=busybox", "--restart=Never", "-i", "--quiet", "--", "sh", "-c", "sleep 5; cat", stdin="typed\n"
    )
    assert done.stdout == "typed\n"


def test_a_container_that_ended_before_it_was_attached_to_shows_its_log(cluster: Reached) -> None:
    done = cluster.kubectl(
        "run", "quick", "--image=busybox", "--restart=Never", "--rm", "-i", "--", "echo", "hello", timeout=20
    )
    assert done.stdout.splitlines()[-2:] == ["hello", 'pod "quick" deleted']


def test_who_asks_learns_who_that_is_and_what_it_may(cluster: Reached) -> None:
    assert re.search(r"^Username +podhub$", cluster.kubectl("auth", "whoami").stdout, re.M)
    assert re.search(r"^\*\.\* +\[\] +\[\] +\[\*\]$", cluster.kubectl("auth", "can-i", "--list").stdout, re.M)
