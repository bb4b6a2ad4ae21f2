"""Stock kubectl, doing what people do with it."""

from __future__ import annotations

import base64
import json
import re
from contextlib import closing
from pathlib import Path

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


def test_server_side_apply_takes_over_from_client_side_apply(cluster: Reached) -> None:
    def settings(**data: str) -> str:
        return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data})

    cluster.kubectl("apply", "-f", "-", stdin=settings(a="1", b="2"))
    done = cluster.kubectl("apply", "--server-side", "-f", "-", stdin=settings(a="9"))
    assert done.stdout == "configmap/settings serverside-applied\n"
    kept = json.loads(cluster.kubectl("get", "cm", "settings", "-o", "json", "--show-managed-fields").stdout)
    assert kept["data"] == {"a": "9"}
    managers = {(entry["manager"], entry["operation"]) for entry in kept["metadata"]["managedFields"]}
    assert managers == {("kubectl", "Apply"), ("kubectl-last-applied", "Apply")}
    assert cluster.kubectl("apply", "view-last-applied", "cm/settings", "-o", "json").stdout.count('"a": "9"') == 1
    refused = cluster.kubectl("apply", "--server-side", "--field-manager=you", "-f", "-", stdin=settings(a="8"), code=1)
    assert refused.stderr.startswith('error: Apply failed with 1 conflict: conflict with "kubectl": .data.a\nPlease review')
    wrong = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": 5}}
    refused = cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(wrong), code=1)
    assert refused.stderr == (
        "Error from server: failed to create typed patch object (default/settings; /v1, Kind=ConfigMap): "
        ".data.a: expected string, got &value.valueUnstructured{Value:5}\n"
    )


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


def test_explain_reads_the_older_form_of_the_schemas_too(cluster: Reached) -> None:
    older = ("--output=plaintext-openapiv2",)
    text = cluster.kubectl("explain", "pod.spec.containers", *older).stdout
    assert re.search(r"^RESOURCE: containers <\[\]Object>$", text, re.M)
    assert re.search(r"^   livenessProbe\t<Object>$", text, re.M)
    deep = cluster.kubectl("explain", "pod", "--recursive", *older).stdout
    assert re.search(r"^ +startupProbe\t<Object>$", deep, re.M)
    assert re.search(r"^ +limits\t<map\[string\]string>$", deep, re.M)


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
    words: dict[str, None] = {}
    with closing(cluster.lines("get", "pods", "-w", "--request-timeout=15s", "--no-headers", moment="@0s~60x")) as lines:
        for line in lines:
            words[line.split()[2]] = None
            if "Completed" in words:
                break
    assert list(words) == ["Pending", "ContainerCreating", "Running", "Completed"]


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


def test_a_token_is_made_for_an_account_that_is_there(cluster: Reached) -> None:
    token = cluster.kubectl("create", "token", "default", "--audience=mine", "--duration=20m").stdout.strip()
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == ("system:serviceaccount:default:default", ["mine"])
    assert claims["exp"] - claims["iat"] == 1200
    refused = cluster.kubectl("create", "token", "nope", code=1)
    assert refused.stderr == 'error: failed to create token: serviceaccounts "nope" not found\n'
    refused = cluster.kubectl("create", "token", "default", "--duration=1s", code=1)
    assert refused.stderr == (
        'error: failed to create token: TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: '
        "Invalid value: 1: may not specify a duration less than 10 minutes\n"
    )
    bound = ("--bound-object-kind=Pod", "--bound-object-name=nope")
    refused = cluster.kubectl("create", "token", "default", *bound, code=1)
    assert refused.stderr == 'error: failed to create token: pods "nope" not found\n'


def test_what_is_deprecated_is_warned_of(cluster: Reached) -> None:
    asked = cluster.kubectl("get", "componentstatuses")
    assert asked.stderr == "Warning: v1 ComponentStatus is deprecated in v1.19+\n"
    assert [line.split() for line in asked.stdout.splitlines()] == [
        ["NAME", "STATUS", "MESSAGE", "ERROR"],
        ["controller-manager", "Healthy", "ok"],
        ["etcd-0", "Healthy", "ok"],
        ["scheduler", "Healthy", "ok"],
    ]
    assert cluster.kubectl("get", "cs", "etcd-0", "-o", "jsonpath={.conditions[0].type}").stdout == "Healthy"
    missing = cluster.kubectl("get", "cs", "nope", code=1).stderr
    assert 'Error from server (NotFound): componentstatuses "nope" not found\n' in missing
    warned = cluster.kubectl("get", "endpoints", "nope", code=1).stderr
    assert warned.startswith("Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n")


def test_there_are_no_workloads_and_making_one_is_refused_with_the_reason(cluster: Reached) -> None:
    answered = cluster.kubectl("get", "deploy,rs,sts,ds,rc,jobs,cj,hpa,netpol")
    assert answered.stderr == "No resources found in default namespace.\n"
    missing = cluster.kubectl("rollout", "status", "deploy/web", code=1).stderr
    assert missing == 'Error from server (NotFound): deployments.apps "web" not found\n'
    refused = cluster.kubectl("create", "deployment", "web", "--image=nginx", code=1).stderr
    why = "PodHub plays Pods, and no controller that would act on what deployments say"
    assert refused == f"error: failed to create deployment: deployments.apps is forbidden: {why}\n"
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "once"}, "spec": {"template": pod("x")}}
    applied = cluster.kubectl("apply", "--server-side", "--validate=false", "-f", "-", stdin=json.dumps(job), code=1).stderr
    assert 'jobs.batch "once" is forbidden: PodHub plays Pods' in applied
    assert cluster.kubectl("get", "csr").stderr == "No resources found\n"
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": {"set": "a"}}}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({**settings, "metadata": {**settings["metadata"], "name": "b"}}))
    cluster.kubectl("apply", "-f", "-", "--prune", "-l", "set=a", stdin=json.dumps(settings))
    assert '"kind": "DeploymentList"' in cluster.kubectl("cluster-info", "dump").stdout


def test_a_namespace_is_described_with_its_quotas_and_limits(cluster: Reached) -> None:
    cluster.kubectl("create", "quota", "few", "--hard=pods=3", "--scopes=NotTerminating")
    cluster.kubectl("get", "quota", "few", "-o", "yaml")
    mine = cluster.server.run("describe", "ns", "default", "--cluster", cluster.name)
    assert mine == cluster.kubectl("describe", "ns", "default").stdout
    assert "Resource Quotas" in mine


def test_a_copy_of_a_pod_and_a_node_are_debugged(cluster: Reached) -> None:
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("web", "sleep 1000", app="web")))
    debug = ("--image=busybox", "--profile=general", "-c", "look", "--", "sleep", "1000")
    cluster.kubectl("debug", "web", "--copy-to=copy", "--share-processes", *debug)
    copy = json.loads(cluster.kubectl("get", "pod", "copy", "-o", "json").stdout)
    assert [container["name"] for container in copy["spec"]["containers"]] == ["main", "look"]
    assert copy["spec"]["shareProcessNamespace"] is True
    assert "labels" not in copy["metadata"]
    made = cluster.kubectl("debug", "node/node1", "--image=busybox", "--profile=sysadmin", "--", "sleep", "5").stdout
    name = made.split()[3]
    node = json.loads(cluster.kubectl("get", "pod", name, "-o", "json").stdout)["spec"]
    assert (node["hostNetwork"], node["hostPID"], node["hostIPC"]) == (True, True, True)
    assert node["containers"][0]["securityContext"] == {"privileged": True}
    assert {"name": "host-root", "hostPath": {"path": "/", "type": ""}} in node["volumes"]


def test_what_is_asked_of_the_server_itself_is_answered(cluster: Reached) -> None:
    assert cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"
    assert cluster.kubectl("get", "--raw", "/livez?verbose").stdout == "[+]ping ok\nlivez check passed\n"
    assert json.loads(cluster.kubectl("get", "--raw", "/version").stdout)["minor"] == "36"
    assert "pods/log" in cluster.kubectl("get", "--raw", "/api/v1").stdout
    assert '"apis/discovery.k8s.io/v1"' in cluster.kubectl("get", "--raw", "/openapi/v3").stdout
    assert "/apis" in json.loads(cluster.kubectl("get", "--raw", "/").stdout)["paths"]
    assert ask(f"{cluster.server.url}/", Accept="text/html,application/json").headers["content-type"].startswith("text/html")


def test_a_path_without_a_cluster_reads_the_default_one_and_warns_where_there_are_others(cluster: Reached) -> None:
    there = cluster.kubectl("get", "--raw", "/api/v1/namespaces/default/services/kubernetes")
    own = json.loads(
        cluster.kubectl("get", "--raw", f"/clusters/{cluster.name}/api/v1/namespaces/default/services/kubernetes").stdout
    )
    default = ask(f"{cluster.server.url}/clusters/default/api/v1/namespaces/default/services/kubernetes").json
    assert json.loads(there.stdout) == default != own
    path = "/api/v1/namespaces/default/services/kubernetes"
    assert there.stderr == f"Warning: {path} names no cluster and is read from default; others are at /clusters/NAME{path}\n"
    assert "podhub_" in cluster.kubectl("get", "--raw", "/metrics").stdout


def test_nothing_is_changed_through_a_path_without_a_cluster(cluster: Reached, tmp_path: Path) -> None:
    manifest = tmp_path / "pod.json"
    manifest.write_text(json.dumps(pod("web")))
    refused = "Error from server (NotFound): {0} names no cluster: ask for /clusters/NAME{0}\n"
    made = cluster.kubectl("create", "--raw", "/api/v1/namespaces/default/pods", "-f", str(manifest), code=1).stderr
    assert made == refused.format("/api/v1/namespaces/default/pods")
    gone = cluster.kubectl("delete", "--raw", "/api/v1/nodes/node1", code=1).stderr
    assert gone == refused.format("/api/v1/nodes/node1")
    assert ask(f"{cluster.server.url}/clusters/default/api/v1/nodes/node1").code == 200


def test_who_speaks_for_somebody_else_may_what_that_one_may(cluster: Reached) -> None:
    robot = "--as=system:serviceaccount:default:default"
    assert cluster.kubectl("auth", "can-i", "get", "pods", robot, code=1).stdout == "no\n"
    refused = cluster.kubectl("get", "pods", robot, code=1).stderr
    why = 'User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"'
    assert refused == f"Error from server (Forbidden): pods is forbidden: {why}\n"
    refused = cluster.kubectl("delete", "pod", "web", "--as=bob", code=1).stderr
    assert 'pods "web" is forbidden: User "bob" cannot delete resource "pods"' in refused
    assert "bob" in cluster.kubectl("auth", "whoami", "--as=bob").stdout
    assert "selfsubjectreviews" in cluster.kubectl("auth", "can-i", "--list", "--as=bob").stdout
    assert (
        cluster.kubectl("get", "ns", "default", "-o", "name", "--as=bob", "--as-group=system:masters").stdout
        == "namespace/default\n"
    )


def test_roles_let_those_do_things_to_whom_they_are_given(cluster: Reached) -> None:
    cluster.kubectl("create", "sa", "robot")
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,pods/log")
    cluster.kubectl("create", "rolebinding", "readers", "--role=reader", "--serviceaccount=default:robot")
    cluster.kubectl("create", "rolebinding", "editors", "--clusterrole=edit", "--user=ann")
    robot = "--as=system:serviceaccount:default:robot"
    assert cluster.kubectl("auth", "can-i", "list", "pods", robot).stdout == "yes\n"
    assert cluster.kubectl("auth", "can-i", "get", "pods", "--subresource=log", robot).stdout == "yes\n"
    for asked in (("delete", "pods"), ("list", "secrets"), ("list", "pods", "-n", "kube-system"), ("get", "/metrics")):
        assert cluster.kubectl("auth", "can-i", *asked, robot, code=1).stdout == "no\n"
    listed = cluster.kubectl("auth", "can-i", "--list", robot).stdout
    assert re.search(r"^pods/log +\[\] +\[\] +\[get list\]$", listed, re.M)
    assert cluster.kubectl("get", "pods", robot).stderr == "No resources found in default namespace.\n"
    refused = cluster.kubectl("create", "configmap", "a", robot, code=1).stderr
    assert 'User "system:serviceaccount:default:robot" cannot create resource "configmaps" in API group ""' in refused
    assert cluster.kubectl("create", "configmap", "a", "--as=ann").stdout == "configmap/a created\n"
    cluster.kubectl("run", "box", "--image=busybox", "--as=ann", "--", "sleep", "1000")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=20s")
    assert cluster.kubectl("exec", "box", "--as=ann", "--", "echo", "hello").stdout == "hello\n"
    assert "is forbidden" in cluster.kubectl("exec", "box", robot, "--", "echo", "hello", code=1).stderr


def test_a_program_with_a_role_asks_the_api_server(cluster: Reached) -> None:
    cluster.kubectl("create", "rolebinding", "viewers", "--clusterrole=view", "--serviceaccount=default:default")
    token, url = (
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "https://kubernetes.default.svc/api/v1/namespaces/default",
    )
    command = f'curl -sk -H "Authorization: Bearer $(cat {token})" {url}/pods/asker | grep -E \'"(phase|nodeName)"\''
    cluster.kubectl("run", "asker", "--image=curlimages/curl", "--restart=Never", "--", "sh", "-c", command)
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/asker", "--timeout=20s")
    assert [line.split()[0] for line in cluster.kubectl("logs", "asker").stdout.splitlines()] == ['"nodeName":', '"phase":']
