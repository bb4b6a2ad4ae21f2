"""The API's own answers, over the wire."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import ask, pod

PODS = "/api/v1/namespaces/default/pods"


def test_pages_of_other_sites_are_refused(cluster: Reached) -> None:
    assert ask(cluster.root + PODS, Origin="https://elsewhere.example").code == 403
    assert ask(cluster.root + PODS, Origin="http://[").code == 403
    assert ask(cluster.root + PODS, Sec_Fetch_Site="cross-site").code == 403
    assert ask(cluster.root + PODS, Host="elsewhere.example").code == 403
    posted = ask(cluster.root + PODS, "POST", json.dumps(pod("web")), Content_Type="text/plain")
    assert (posted.code, posted.json["reason"]) == (415, "UnsupportedMediaType")
    own = ask(cluster.root + PODS, Origin=cluster.server.url)
    assert (own.code, own.headers["x-content-type-options"]) == (200, "nosniff")


def test_a_list_goes_on_as_of_the_seq_it_began_at(cluster: Reached) -> None:
    for name in ("a", "b", "c"):
        ask(cluster.root + PODS, "POST", pod(name))
    first = ask(f"{cluster.root}{PODS}?limit=2").json
    assert [item["metadata"]["name"] for item in first["items"]] == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 1
    ask(f"{cluster.root}{PODS}/c?gracePeriodSeconds=0", "DELETE")
    rest = ask(f"{cluster.root}{PODS}?limit=2&continue={first['metadata']['continue']}").json
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_write_answers_with_the_version_that_a_read_finds(cluster: Reached) -> None:
    made = ask(cluster.root + PODS, "POST", pod("web")).json
    tried = ask(f"{cluster.root}{PODS}?dryRun=All", "POST", pod("dry")).json
    assert "resourceVersion" not in tried["metadata"]
    assert ask(f"{cluster.root}{PODS}/dry").code == 404
    seen = ask(f"{cluster.root}{PODS}?resourceVersionMatch=Exact&resourceVersion={made['metadata']['resourceVersion']}").json
    assert [item["metadata"]["name"] for item in seen["items"]] == ["web"]
    stale = {**made, "metadata": {**made["metadata"], "resourceVersion": "1"}}
    assert ask(f"{cluster.root}{PODS}/web", "PUT", stale).json["reason"] == "Conflict"


def test_events_are_served_in_both_groups(cluster: Reached) -> None:
    ask(cluster.root + PODS, "POST", pod("web"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    core = ask(f"{cluster.root}/api/v1/events?fieldSelector=reason%3DStarted").json["items"][0]
    new = ask(f"{cluster.root}/apis/events.k8s.io/v1/events").json["items"]
    same = next(event for event in new if event["metadata"]["uid"] == core["metadata"]["uid"])
    assert same["note"] == core["message"]
    assert same["regarding"] == core["involvedObject"]


def test_logs_are_cut_as_asked(cluster: Reached) -> None:
    ask(cluster.root + PODS, "POST", pod("web", "echo one; echo two; echo three"))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/web", "--timeout=20s")
    log = f"{cluster.root}{PODS}/web/log"
    assert ask(log).body == b"one\ntwo\nthree\n"
    assert ask(f"{log}?tailLines=1").body == b"three\n"
    assert ask(f"{log}?limitBytes=5").body == b"one\nt"
    assert ask(f"{log}?follow=true").body == b"one\ntwo\nthree\n"
    assert re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z three\n", ask(f"{log}?tailLines=1&timestamps=true").body)
    refused = ask(f"{log}?previous=true")
    assert refused.json["message"] == 'previous terminated container "main" in pod "web" not found'
    assert ask(f"{log}?tailLines=-1").code == 422


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "couldn't get version/kind; json parse error"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "exceeded max depth"),
        (b"[" * 100_000, "exceeded max depth"),
        (b'{"metadata": {"name": "\\ud800"}}', ""),
        (b"\xff\xfe", "couldn't get version/kind; json parse error"),
        (b"null", "unrecognized"),
    ],
)
def test_bodies_that_are_none_are_bad_requests(cluster: Reached, body: bytes, message: str) -> None:
    answer = ask(cluster.root + PODS, "POST", body, Content_Type="application/json")
    assert answer.code in (400, 422)
    assert message in answer.json["message"]


def test_documents_that_do_not_change_have_etags(cluster: Reached) -> None:
    index: dict[str, Any] = ask(f"{cluster.root}/openapi/v3").json["paths"]
    url = cluster.server.url + index["api/v1"]["serverRelativeURL"]
    document = ask(url)
    assert document.headers["cache-control"].startswith("public, immutable")
    assert ask(url, If_None_Match=document.headers["etag"]).code == 304
    past = ask(f"{cluster.root}@0s/openapi/v3").json["paths"]["api/v1"]["serverRelativeURL"]
    assert past.partition("?")[2] == index["api/v1"]["serverRelativeURL"].partition("?")[2]


def test_half_a_character_is_replaced_as_go_does(cluster: Reached) -> None:
    text = r'"\ud800x\\ud800\ud83d\ude00"'
    body = f'{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "a"}}, "data": {{"a": {text}}}}}'
    made = ask(f"{cluster.root}/api/v1/namespaces/default/configmaps", "POST", body, Content_Type="application/json")
    assert made.json["data"]["a"] == "\ufffdx\\ud800\N{GRINNING FACE}"


def test_where_kubernetes_answers_500_so_is_it_here_and_kubectl_prints_why(cluster: Reached) -> None:
    spec = {"minAvailable": 0, "selector": {"matchLabels": {"app": "web"}}}
    for name in ("one", "two"):
        budget = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}
        assert ask(f"{cluster.root}/apis/policy/v1/namespaces/default/poddisruptionbudgets", "POST", budget).code == 201
    pods = f"{cluster.root}/api/v1/namespaces/default/pods"
    assert ask(pods, "POST", pod("web", "until test -e /done; do sleep 1; done", app="web")).code == 201
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=20s")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web"}}
    refused = ask(f"{pods}/web/eviction", "POST", eviction)
    why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    assert (refused.code, refused.json["kind"], refused.json["message"]) == (500, "Status", why)
    cluster.kubectl("exec", "web", "--", "touch", "/done")
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/web", "--timeout=20s")
    ended = cluster.kubectl("exec", "web", "--", "true", code=1).stderr
    assert ended == "error: cannot exec into a container in a completed pod; current phase is Succeeded\n"
    raw = ask(f"{pods}/web/exec?command=true", "POST")
    assert raw.code < 500
