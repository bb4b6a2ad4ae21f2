"""Paths, methods and media types that clients try, and what they are told as kube-apiserver tells it."""

from __future__ import annotations

import json

import pytest

from podhub.log.models import Cluster
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import Answer, ask
from tests.podhub.api.wire import pod

PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(autouse=True)
def cluster(transactional_db: None) -> Cluster:
    return create_cluster("paths", speed="paused")


async def at(path: str, method: str = "GET", query: str = "", body: bytes = b"", **headers: str) -> Answer:
    return await ask(method, f"/clusters/paths{path}", query, body, **headers)


@pytest.mark.parametrize(
    "path", ["/nowhere", "/apis/no.example", "/apis/no.example/v1", "/apis/no.example/v1/things", "/healthzz"]
)
async def test_a_path_that_leads_nowhere_is_no_page(path: str) -> None:
    answer = await at(path)
    assert (answer.code, answer.body) == (404, b"404 page not found\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/api/v2", "/api/v1/things", f"{PODS}/web/things", "/apis/apps/v9", "/apis/apps/v1/things"])
async def test_below_what_is_served_a_status_tells_what_is_not(path: str) -> None:
    answer = await at(path)
    assert (answer.code, answer.json["reason"]) == (404, "NotFound")
    assert answer.json["message"] == "the server could not find the requested resource"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", PODS),
        ("PATCH", PODS),
        ("POST", f"{PODS}/web"),
        ("POST", "/api/v1/pods"),
        ("DELETE", "/api/v1/pods"),
        ("DELETE", "/api/v1/namespaces"),
        ("OPTIONS", PODS),
        ("HEAD", PODS),
        ("HEAD", f"{PODS}/web"),
        ("HEAD", "/version"),
        ("POST", "/version"),
        ("GET", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_not_allowed(method: str, path: str) -> None:
    answer = await at(path, method, Content_Type="application/merge-patch+json" if method == "PATCH" else "application/json")
    assert answer.code == 405
    if method != "HEAD":
        assert answer.json["message"] == "the server does not allow this method on the requested resource"


@pytest.mark.parametrize(
    ("path", "query", "text"),
    [
        ("/livez", "", "ok"),
        ("/healthz/ping", "", "ok"),
        ("/readyz", "verbose", "[+]ping ok\nreadyz check passed\n"),
        ("/livez", "verbose&exclude=ping", "[+]ping excluded: ok\nlivez check passed\n"),
    ],
)
async def test_all_is_well(path: str, query: str, text: str) -> None:
    assert (await at(path, query=query)).body.decode() == text
    assert (await at(path, "HEAD", query)).code == 200


async def test_what_is_served_is_told_at_the_root() -> None:
    paths = (await at("/")).json["paths"]
    assert paths == sorted(paths)
    for path in paths:
        assert (await at(path)).code == 200, path


@pytest.mark.parametrize(
    ("query", "agent", "pretty"),
    [
        ("", "curl/8.5", True),
        ("", "kubectl/v1.36.2", False),
        ("pretty=true", "kubectl/v1.36.2", True),
        ("pretty=0", "curl/8.5", False),
    ],
)
@pytest.mark.parametrize("path", [PODS, f"{PODS}/web", "/api/v1", "/api/v1/things"])
async def test_json_is_indented_for_people(path: str, query: str, agent: str, pretty: bool) -> None:
    answer = await at(path, query=query, User_Agent=agent)
    assert (answer.body[:6] == b'{\n  "k', answer.body[-1:] == b"\n") == (pretty, not pretty)
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    ("accept", "type"),
    [
        ("application/json;q=0.5, application/yaml", "application/yaml"),
        ("application/yaml;q=0.5, */*;q=0.8", "application/json"),
        ("text/html, application/yaml;q=x", "application/yaml"),
    ],
)
async def test_the_most_wanted_form_is_given(accept: str, type: str) -> None:
    assert (await at(PODS, Accept=accept)).headers["content-type"] == type


async def test_operators_find_no_custom_resources_and_cannot_make_any() -> None:
    definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    found = (await at(definitions)).json
    assert (found["kind"], found["items"]) == ("CustomResourceDefinitionList", [])
    watched = await at(definitions, query=f"watch=1&resourceVersion={found['metadata']['resourceVersion']}")
    assert (watched.code, watched.body, watched.whole) == (200, b"", False)
    refused = await at(definitions, "POST", body=b"{}", Content_Type="application/json")
    assert (refused.code, "PodHub plays Pods" in refused.json["message"]) == (403, True)
    group = (await at("/apis/autoscaling")).json
    assert group["preferredVersion"]["version"] == "v2"
    assert [one["version"] for one in group["versions"]] == ["v2", "v1"]


async def test_a_watch_for_no_seconds_lasts_as_long_as_the_server_likes() -> None:
    assert not (await at(PODS, query="watch=1&timeoutSeconds=0")).whole
    assert (await at(PODS, query="watch=1&timeoutSeconds=-1")).whole


async def test_what_a_collection_s_deletion_takes_is_told_as_it_was() -> None:
    for name in ("a", "b", "c"):
        body = json.dumps(pod(name, app="x")).encode()
        assert (await at(PODS, "POST", body=body, Content_Type="application/json")).code == 201
    before = (await at(PODS)).json
    deleted = (await at(PODS, "DELETE", "labelSelector=app%3Dx&limit=2&gracePeriodSeconds=0")).json
    assert deleted["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert deleted["items"] == before["items"][:2]
    assert [one["metadata"]["name"] for one in (await at(PODS)).json["items"]] == ["c"]
