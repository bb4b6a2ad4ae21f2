"""What the API server answers programs in Pods, and by which tokens it knows them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from lifecycle import tokens
from lifecycle.apiserver import pod_requests
from lifecycle.apiserver.pod_clients import read
from lifecycle.clock import SECOND
from lifecycle.programs.servers import HTTPRequest, HTTPResponse
from tests.lifecycle.rooms import Rooms, pod

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


def give(rooms: Rooms, *verbs: str, resources: str = "pods", kind: str = "Role", **rule: Any) -> None:
    """Give the account `default` a role."""
    api = "rbac.authorization.k8s.io/v1"
    rules = [{"verbs": list(verbs), "apiGroups": [""], "resources": resources.split(), **rule}]
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": "default"}
    for made, more in ((kind, {"rules": rules}), (f"{kind}Binding", {"subjects": [subject]})):
        body = {"apiVersion": api, "kind": made, "metadata": {"name": "r"}, **more}
        if made.endswith("Binding"):
            body["roleRef"] = {"kind": kind, "name": "r"}
        namespace = {} if kind == "Role" else {"namespace": ""}
        plural = f"{made.lower()}s"
        assert rooms.request("create", plural, body, group_version=api, **namespace).code == 201


def test_who_has_been_given_a_role_reads_objects() -> None:
    rooms = Rooms()
    for name in ("a", "b"):
        rooms.request("create", "pods", pod(name))
    give(rooms, "get", "list")
    found = msgspec.json.decode(ask(rooms, "/api/v1/namespaces/default/pods", token(rooms)).body)
    assert (found["kind"], [one["metadata"]["name"] for one in found["items"]]) == ("PodList", ["a", "b"])
    some = ask(rooms, "/api/v1/namespaces/default/pods?fieldSelector=metadata.name%3Db", token(rooms))
    assert [one["metadata"]["name"] for one in msgspec.json.decode(some.body)["items"]] == ["b"]
    one = msgspec.json.decode(ask(rooms, "/api/v1/namespaces/default/pods/a", token(rooms)).body)
    assert (one["kind"], one["spec"]["containers"][0]["name"]) == ("Pod", "app")
    assert ask(rooms, "/api/v1/namespaces/default/pods/c", token(rooms)).status == 404
    for path in ("/api/v1/pods", "/api/v1/namespaces/kube-system/pods", "/api/v1/namespaces/default/secrets"):
        assert ask(rooms, path, token(rooms)).status == 403
    assert ask(rooms, "/api/v1/namespaces/default/pods/a", token(rooms), "DELETE").status == 403


def test_a_cluster_role_holds_everywhere_and_for_paths() -> None:
    rooms = Rooms()
    give(rooms, "list", kind="ClusterRole")
    assert ask(rooms, "/api/v1/pods", token(rooms)).status == 200
    role = rooms.api.get("clusterroles", "", "r")
    assert role is not None
    rooms.api.update("clusterroles", {**role, "rules": [{"verbs": ["get"], "nonResourceURLs": ["/metr*"]}]})
    assert ask(rooms, "/metrics", token(rooms)).status == 404
    assert ask(rooms, "/api/v1/pods", token(rooms)).status == 403


def test_who_may_write_changes_objects_and_bears_the_causes() -> None:
    rooms = Rooms()
    give(rooms, "create", "patch", "delete", "update", resources="configmaps")
    path, mine = "/api/v1/namespaces/default/configmaps", token(rooms)
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}}

    def send(method: str, path: str, body: Any, kind: str = "application/json") -> HTTPResponse:
        headers = (("Authorization", f"Bearer {mine}"), ("Content-Type", kind))
        return rooms.api.respond(HTTPRequest(method, path, "kubernetes", 443, headers, body, "10.244.0.5", True))

    assert send("POST", path, msgspec.json.encode(made).decode()).status == 201
    assert send("PATCH", f"{path}/a", '{"data":{"k":"w"}}', "application/merge-patch+json").status == 200
    stored = rooms.api.get("configmaps", "default", "a")
    assert stored is not None
    assert (stored["data"], stored["metadata"]["managedFields"][0]["manager"]) == ({"k": "w"}, ACCOUNT)
    assert send("POST", path, "kind: ConfigMap\nmetadata: {name: b}\n", "application/yaml").status == 201
    assert send("POST", path, "a=b", "application/x-www-form-urlencoded").status == 415
    assert send("POST", path, "{").status == 400
    assert send("POST", path, msgspec.json.encode(made).decode()).status == 409
    assert send("DELETE", f"{path}/a", "").status == 200
    assert rooms.api.get("configmaps", "default", "a") is None
    assert send("GET", f"{path}/b", "").status == 403


def test_programs_fill_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pod_requests, "MOST_MADE", 2)
    rooms = Rooms()
    give(rooms, "create", resources="configmaps")
    codes = [
        ask(
            rooms, "/api/v1/namespaces/default/configmaps", token(rooms), "POST", body=f'{{"metadata":{{"name":"c{i}"}}}}'
        ).status
        for i in range(4)
    ]
    assert codes == [201, 201, 429, 429]


def test_what_takes_long_is_refused_in_words() -> None:
    rooms = Rooms()
    give(rooms, "watch", "get", resources="pods pods/log")
    refused = ask(rooms, "/api/v1/namespaces/default/pods?watch=1", token(rooms))
    assert (refused.status, "it cannot watch here" in refused.body) == (501, True)
    assert ask(rooms, "/api/v1/namespaces/default/pods/a/log", token(rooms)).status == 501


@pytest.mark.parametrize(("role", "secrets", "roles"), [("view", 403, 403), ("edit", 200, 403), ("admin", 200, 200)])
def test_the_roles_that_every_cluster_has_are_given_by_name(role: str, secrets: int, roles: int) -> None:
    rooms, api = Rooms(), "rbac.authorization.k8s.io/v1"
    group = {"kind": "Group", "name": "system:serviceaccounts:default", "apiGroup": "rbac.authorization.k8s.io"}
    body = {"metadata": {"name": "r"}, "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [group]}
    assert rooms.request("create", "rolebindings", body, group_version=api).code == 201
    assert ask(rooms, "/api/v1/namespaces/default/services", token(rooms)).status == 200
    assert ask(rooms, "/api/v1/namespaces/default/secrets", token(rooms)).status == secrets
    assert ask(rooms, f"/apis/{api}/namespaces/default/roles", token(rooms)).status == roles


def test_what_was_given_is_told_to_who_asks_about_himself() -> None:
    rooms = Rooms()
    give(rooms, "get", resources="pods", resourceNames=["a"])
    path = "/apis/authorization.k8s.io/v1/selfsubject"

    def allowed(**asked: str) -> bool:
        body = msgspec.json.encode({"spec": {"resourceAttributes": {"namespace": "default", "verb": "get", **asked}}}).decode()
        answer = ask(rooms, f"{path}accessreviews", token(rooms), "POST", body=body)
        return bool(msgspec.json.decode(answer.body)["status"]["allowed"])

    assert allowed(resource="pods", name="a")
    assert not allowed(resource="pods", name="b")
    assert not allowed(resource="pods")
    body = '{"spec": {"namespace": "default"}}'
    told = msgspec.json.decode(ask(rooms, f"{path}rulesreviews", token(rooms), "POST", body=body).body)["status"]
    assert {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]} in told["resourceRules"]
