"""A Pod's manifest, as somebody may have written it."""

from __future__ import annotations

import copy
import json
import re
from html import unescape
from typing import Any

import pytest
import yaml
from django.test import Client

from lifecycle.core_v1 import defaults, submission
from lifecycle.printers.documents import yaml_text
from podhub.log import importing
from podhub.log.models import Cluster
from podhub.runs import clusters
from podhub.web.again import LAST_APPLIED, bare, manifest, told
from tests.podhub.web.conftest import RECORDINGS

LIVENESS = {"exec": {"command": ["cat", "/tmp/healthy"]}, "initialDelaySeconds": 5, "periodSeconds": 5}


def test_a_recorded_pod_is_told_as_it_was_applied(recorded: Cluster) -> None:
    pod = yaml.safe_load(manifest(recorded, "liveness-exec", "liveness-exec"))
    assert set(pod) == {"apiVersion", "kind", "metadata", "spec"}
    assert pod["metadata"] == {"name": "liveness-exec", "labels": {"test": "liveness"}}
    assert set(pod["spec"]) == {"containers"}
    assert pod["spec"]["containers"][0]["livenessProbe"] == LIVENESS


def test_what_the_server_put_in_is_left_out_and_comes_again() -> None:
    written: dict[str, Any] = {
        "containers": [
            {"name": "app", "image": "nginx:1.27", "livenessProbe": {"httpGet": {"port": 80}, "timeoutSeconds": 3}},
            {"name": "two", "image": "busybox", "imagePullPolicy": "Never", "resources": {"limits": {"cpu": "1"}}},
        ],
        "terminationGracePeriodSeconds": 5,
        "volumes": [{"name": "files", "emptyDir": {}}],
        "tolerations": [{"key": "a", "operator": "Exists"}],
    }
    pod: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "uid": "1"}}
    pod["spec"] = copy.deepcopy(written)
    pod["spec"]["containers"][0]["resources"] = {}
    defaults.pod(pod)
    whole = copy.deepcopy(pod)
    token = {"name": "kube-api-access-x", "projected": {}}
    waits = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    pod["spec"]["volumes"].append(token)
    pod["spec"]["containers"][0]["volumeMounts"] = [{"name": "kube-api-access-x", "mountPath": "/var/run"}]
    pod["spec"]["tolerations"].append(waits)
    pod["spec"] |= {"nodeName": "node1", "priority": 0, "serviceAccountName": "default", "serviceAccount": "default"}
    written_again = bare(pod)
    assert written_again["spec"] == written
    written_again["spec"]["containers"][0]["resources"] = {}
    defaults.pod(written_again)
    assert written_again["spec"] == whole["spec"]


@pytest.mark.parametrize("applied", ["[]", "{", '{"metadata": 1}', "[" * 5000, '{"metadata": {"name": "other"}}', 7])
def test_what_kubectl_left_on_a_pod_may_be_anything(applied: Any) -> None:
    metadata = {"name": "web", "annotations": {LAST_APPLIED: applied}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": "none"}}
    assert told(pod)["metadata"]["name"] == "web"


def test_every_recorded_pod_is_told_so_that_it_can_be_created() -> None:
    for path in sorted(RECORDINGS.glob("*/pods.jsonl")):
        pod = json.loads(path.read_text().partition("\n")[0])["object"]
        pod["metadata"].pop("annotations", None)
        checked = submission.check(yaml_text(bare(pod)))
        wrong = [problem.message for problem in checked.problems if "no PriorityClass with name" not in problem.message]
        assert wrong == [], path.parent.name


def test_the_editor_opens_with_a_recorded_pods_manifest(transactional_db: None, client: Client) -> None:
    importing.store(importing.load(RECORDINGS / "liveness-exec"), "life")
    clusters.create_cluster("default")
    html = client.get("/c/life/pods/liveness-exec/liveness-exec/").content.decode()
    found = re.search(r'href="(/c/default/apply/\?of=[^"]+)"', html)
    assert found
    editor = client.get(found[1]).content.decode()
    text = re.search(r"<textarea.*?>\n(.*?)</textarea>", editor, re.DOTALL)
    assert text
    assert client.post("/c/default/apply/", {"manifest": unescape(text[1]), "namespace": "default"}).status_code == 302
    assert 'value="default"' in editor
    html = client.get("/c/default/pods/default/liveness-exec/").content.decode()
    assert 'href="/c/default/apply/?of=default/default/liveness-exec"' in html
    once_more = client.get("/c/default/apply/?of=default/default/liveness-exec").content.decode()
    assert "\n  name: liveness-exec-2\n" in once_more


def test_a_pod_that_nobody_knows_opens_an_empty_editor(transactional_db: None, client: Client) -> None:
    clusters.create_cluster("default")
    assert client.get("/c/default/apply/?of=default/default/nope").status_code == 200
    assert client.get("/c/default/apply/?of=nope/default/nope").status_code == 404
