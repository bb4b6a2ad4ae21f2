"""Options of lists and watches, and the tokens with which lists go on."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from podhub.log.models import Cluster
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import ask

CONFIG_MAPS = "api/v1/namespaces/default/configmaps"


@pytest.fixture
def cluster(transactional_db: None) -> Cluster:
    return create_cluster("lists", speed="paused")


async def get(cluster: Cluster, path: str, query: str) -> tuple[int, Any]:
    answer = await ask("GET", f"/clusters/{cluster.name}/{path}", query)
    return answer.code, answer.json


def token(**fields: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


INVALID = 'ListOptions.meta.k8s.io "" is invalid: '
MATCH = "resourceVersionMatch"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (f"{MATCH}=Exact", f"{MATCH}: Forbidden: {MATCH} is forbidden unless resourceVersion is provided"),
        (
            f"{MATCH}=Later&resourceVersion=1",
            f'{MATCH}: Unsupported value: "Later": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            f"{MATCH}=Exact&resourceVersion=0&continue=x",
            f"[{MATCH}: Forbidden: {MATCH} is forbidden when continue is provided, "
            f'{MATCH}: Forbidden: {MATCH} "exact" is forbidden for resourceVersion "0"]',
        ),
        ("sendInitialEvents=true", "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list"),
        (
            "watch=1&sendInitialEvents=true",
            f"{MATCH}: Forbidden: sendInitialEvents requires setting {MATCH} to NotOlderThan",
        ),
        (
            f"watch=1&{MATCH}=Exact",
            f"[{MATCH}: Forbidden: {MATCH} is forbidden for watch unless sendInitialEvents is provided, "
            f'{MATCH}: Unsupported value: "Exact": supported values: "NotOlderThan"]',
        ),
    ],
)
async def test_options_that_go_not_together_are_refused(cluster: Cluster, query: str, message: str) -> None:
    code, body = await get(cluster, "api/v1/pods", query)
    assert (code, body["message"]) == (422, INVALID + message)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=", 'strconv.ParseInt: parsing "": invalid syntax'),
        ("limit=1_0", 'strconv.ParseInt: parsing "1_0": invalid syntax'),
        ("limit=9223372036854775808", 'strconv.ParseInt: parsing "9223372036854775808": value out of range'),
        ("watch=1&timeoutSeconds=x", 'strconv.ParseInt: parsing "x": invalid syntax'),
        (
            "resourceVersion=x",
            'invalid resource version: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
        ),
        (
            "resourceVersion=18446744073709551616",
            'invalid resource version: resourceVersion: Invalid value: "18446744073709551616": '
            'strconv.ParseUint: parsing "18446744073709551616": value out of range',
        ),
        ("fieldSelector=a%3Db%3Dc", "invalid field selector: unescaped character in value: 61"),
        ("fieldSelector=a%3Db%5Cc", "invalid field selector: invalid escape sequence: \\c"),
        ("fieldSelector=a%3Db%5C", "invalid field selector: invalid escape sequence: \\"),
        ("fieldSelector=zz,aa", "invalid selector: 'zz,aa'; can't understand 'aa'"),
        ("fieldSelector=spec.colour%3Dred", "field label not supported: spec.colour"),
    ],
)
async def test_options_that_cannot_be_read_are_bad_requests(cluster: Cluster, query: str, message: str) -> None:
    code, body = await get(cluster, "api/v1/pods", query)
    assert (code, body["message"]) == (400, message)


NOT_VALID = "invalid continue token: continue key is not valid"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            token(v="meta.k8s.io/v2", rv=1, start="a"),
            f"{NOT_VALID}: server does not recognize this encoded version meta.k8s.io/v2",
        ),
        (
            token(v="meta.k8s.io/v1", start="a"),
            f"{NOT_VALID}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
        ),
        (token(v="meta.k8s.io/v1", rv=1), f"{NOT_VALID}: encoded start key empty (version meta.k8s.io/v1)"),
        (token(v="meta.k8s.io/v1", rv=1, start="../secrets/a"), f"{NOT_VALID}: ../secrets/a"),
        (
            token(v="meta.k8s.io/v1", rv=1, start="a") + "&resourceVersion=2",
            "specifying resource version is not allowed when using continue",
        ),
    ],
)
async def test_a_token_that_is_none_is_a_bad_request(cluster: Cluster, given: str, message: str) -> None:
    code, body = await get(cluster, CONFIG_MAPS, f"continue={given}")
    assert (code, body["reason"], body["message"]) == (400, "BadRequest", message)
    code, body = await get(cluster, CONFIG_MAPS, "continue=%21")
    assert (code, body["message"].startswith(NOT_VALID)) == (400, True)


async def test_a_token_that_the_log_does_not_reach_back_to_comes_with_one_that_goes_on(cluster: Cluster) -> None:
    stale = token(v="meta.k8s.io/v1", rv=cluster.head + 1000, start="kube-root-ca.crt\0")
    code, body = await get(cluster, CONFIG_MAPS, f"continue={stale}")
    assert (code, body["reason"]) == (410, "Expired")
    assert body["message"].startswith("The provided continue parameter is too old to display a consistent list result. You can")
    code, rest = await get(cluster, CONFIG_MAPS, f"continue={body['metadata']['continue']}")
    assert (code, rest["items"]) == (200, [])
    stale = token(v="meta.k8s.io/v1", rv=-1, start="a\0")
    code, rest = await get(cluster, CONFIG_MAPS, f"continue={stale}")
    assert [item["metadata"]["name"] for item in rest["items"]] == ["kube-root-ca.crt"]


async def test_a_list_that_may_be_of_any_version_comes_whole(cluster: Cluster) -> None:
    code, body = await get(cluster, "api/v1/namespaces", "limit=1&resourceVersion=0")
    assert code == 200
    assert len(body["items"]) > 1
    assert "continue" not in body["metadata"]
    code, body = await get(cluster, "api/v1/namespaces", "limit=1")
    assert len(body["items"]) == 1
    assert body["metadata"]["remainingItemCount"] >= 1
    decoded = json.loads(base64.urlsafe_b64decode(body["metadata"]["continue"] + "=="))
    assert decoded == {"v": "meta.k8s.io/v1", "rv": cluster.head, "start": "default\0"}


async def test_the_end_of_what_there_was_is_marked_for_those_who_take_bookmarks(cluster: Cluster) -> None:
    path = f"/clusters/{cluster.name}/api/v1/namespaces"
    for query, marks in (("", 0), ("&allowWatchBookmarks=1", 1), (f"&allowWatchBookmarks=1&resourceVersion={cluster.head}", 0)):
        answer = await ask("GET", path, f"watch=1&timeoutSeconds=0{query}")
        events = [json.loads(line) for line in answer.body.splitlines()]
        annotations = [event["object"]["metadata"].get("annotations") or {} for event in events]
        assert sum("k8s.io/initial-events-end" in one for one in annotations) == marks


async def test_a_collection_is_deleted_by_the_options_of_a_list(cluster: Cluster) -> None:
    for query, code in (
        (f"{MATCH}=Exact", 422),
        ("limit=x", 400),
        ("fieldSelector=spec.x%3D1", 400),
        ("labelSelector=%21", 400),
    ):
        answer = await ask("DELETE", f"/clusters/{cluster.name}/{CONFIG_MAPS}", query)
        assert answer.code == code, answer.body
    code, body = await get(cluster, CONFIG_MAPS, "")
    assert len(body["items"]) == 1
