"""What the API server answers programs in Pods, and by which tokens it knows them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lifecycle.apiserver import tokens
from lifecycle.apiserver.pod_clients import read
from lifecycle.clock import SECOND
from lifecycle.programs.servers import HTTPRequest, HTTPResponse
from tests.lifecycle.rooms import Rooms

ACCOUNT = "system:serviceaccount:default:default"


def token(rooms: Rooms, seconds: int = 600, audience: str = tokens.ISSUER, **bound: Any) -> str:
    account = rooms.api.get("serviceaccounts", "default", "default")
    assert account is not None
    said = tokens.claims(account["metadata"], rooms.kernel.now, seconds, [audience], bound, "1")
    return tokens.signed(rooms.kernel.seeds, said)


def ask(rooms: Rooms, path: str, token: str = "", method: str = "GET", agent: str = "", body: str = "") -> HTTPResponse:
    headers = [("User-Agent", agent)] if agent else []
    headers += [("Authorization", f"Bearer {token}")] if token else []
    asked = HTTPRequest(method, path, "kubernetes", 443, tuple(headers), body, "10.244.0.5", True)
    return rooms.api.respond(asked)


def test_an_account_without_rights_is_told_so_as_rbac_words_it() -> None:
    rooms = Rooms()
    answer = ask(rooms, "/api/v1/namespaces/default/pods", token(rooms))
    assert answer.status == 403
    assert msgspec.json.decode(answer.body) == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f'pods is forbidden: User "{ACCOUNT}" cannot list resource "pods" in API group "" '
        'in the namespace "default"',
        "reason": "Forbidden",
        "details": {"kind": "pods"},
        "code": 403,
    }


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            "/api/v1/namespaces/shop/pods/web/log",
            'pods "web" is forbidden: User "{}" cannot get resource "pods/log" in API group "" in the namespace "shop"',
        ),
        (
            "GET",
            "/api/v1/nodes",
            'nodes is forbidden: User "{}" cannot list resource "nodes" in API group "" at the cluster scope',
        ),
        (
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/web/scale",
            'deployments.apps "web" is forbidden: User "{}" cannot patch resource "deployments/scale" in API group "apps" '
            'in the namespace "shop"',
        ),
        (
            "GET",
            "/api/v1/pods?watch=1",
            'pods is forbidden: User "{}" cannot watch resource "pods" in API group "" at the cluster scope',
        ),
        (
            "DELETE",
            "/api/v1/namespaces/shop/pods",
            'pods is forbidden: User "{}" cannot deletecollection resource "pods" in API group "" in the namespace "shop"',
        ),
        (
            "GET",
            "/api/v1/namespaces/shop",
            'namespaces "shop" is forbidden: User "{}" cannot get resource "namespaces" in API group "" '
            'in the namespace "shop"',
        ),
        ("GET", "/metrics", 'forbidden: User "{}" cannot get path "/metrics"'),
        ("POST", "/version", 'forbidden: User "{}" cannot post path "/version"'),
    ],
)
def test_what_is_refused_is_named(method: str, path: str, message: str) -> None:
    rooms = Rooms()
    assert msgspec.json.decode(ask(rooms, path, token(rooms), method).body)["message"] == message.format(ACCOUNT)


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [("/healthz", 200, 200), ("/version", 200, 200), ("/api", 200, 403), ("/apis/apps/v1", 200, 403), ("/apis/no", 404, 403)],
)
def test_who_says_who_he_is_may_discover(path: str, known: int, unknown: int) -> None:
    rooms = Rooms()
    assert (ask(rooms, path, token(rooms)).status, ask(rooms, path).status) == (known, unknown)


def test_discovery_lists_what_kubectl_is_told() -> None:
    rooms = Rooms()
    found = msgspec.json.decode(ask(rooms, "/api/v1", token(rooms)).body)
    assert {"pods", "pods/log", "services"} <= {one["name"] for one in found["resources"]}
    assert msgspec.json.decode(ask(rooms, "/api", token(rooms)).body)["versions"] == ["v1"]


def test_who_reads_it_himself_gets_it_indented() -> None:
    rooms = Rooms()
    assert ask(rooms, "/version", agent="curl/8.1").body.startswith('{\n  "major": "1",\n')
    assert ask(rooms, "/version", agent="Go-http-client/2.0").body.startswith('{"major":"1",')
    assert ask(rooms, "/version?pretty=0", agent="curl/8.1").body.endswith("}\n")


def test_a_token_holds_until_its_end_and_for_its_audience_alone() -> None:
    rooms = Rooms()
    good, elsewhere = token(rooms, 600), token(rooms, 600, "vault")
    assert ask(rooms, "/api", good).status == 200
    assert ask(rooms, "/api", elsewhere).status == 401
    assert ask(rooms, "/api", good[:-2]).status == 401
    assert ask(rooms, "/api", "token").status == 401
    rooms.run(600)
    assert ask(rooms, "/api", good).status == 401


def test_a_token_ends_with_what_it_is_bound_to() -> None:
    rooms = Rooms()
    bound = token(rooms, pod={"name": "web", "uid": "no such"})
    assert ask(rooms, "/api", bound).status == 401
    good = token(rooms)
    rooms.api.remove("serviceaccounts", "default", "default")
    assert ask(rooms, "/api", good).status == 401


def test_a_pods_token_is_good_for_a_year_and_says_when_it_should_have_been_read_anew() -> None:
    rooms = Rooms()
    said = tokens.read(rooms.kernel.seeds, token(rooms, tokens.WARN_AFTER, pod={"name": "a", "uid": "b"}), rooms.kernel.now)
    assert said is not None
    assert said["exp"] - said["iat"] == tokens.EXTENDED
    assert said["kubernetes.io"]["warnafter"] - said["iat"] == tokens.WARN_AFTER


def test_another_clusters_token_is_none() -> None:
    rooms, other = Rooms(), Rooms(seed=5)
    assert tokens.read(other.kernel.seeds, token(rooms), rooms.kernel.now) is None


def test_what_is_asked_about_oneself_is_answered() -> None:
    rooms = Rooms()
    body = '{"spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}}}'
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = ask(rooms, path, token(rooms), "POST", body=body)
    assert (answer.status, msgspec.json.decode(answer.body)["status"]) == (201, {"allowed": False})
    assert ask(rooms, path, token(rooms), "POST", body="no JSON").status == 400
    who = ask(rooms, "/apis/authentication.k8s.io/v1/selfsubjectreviews", token(rooms), "POST", body="{}")
    assert msgspec.json.decode(who.body)["status"]["userInfo"]["username"] == ACCOUNT


@pytest.mark.parametrize("path", ["/", "", "/api/", "//", "/apis///", "/api/v1/namespaces//", "/api/v1/watch/x", "/%2e%2e"])
def test_any_path_is_about_something(path: str) -> None:
    assert read("GET", path).path == path


def test_now_is_when_it_begins() -> None:
    rooms = Rooms()
    said = tokens.read(rooms.kernel.seeds, token(rooms), rooms.kernel.now)
    assert said is not None
    assert said["iat"] == rooms.kernel.now // SECOND
