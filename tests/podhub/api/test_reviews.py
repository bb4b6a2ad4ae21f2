"""What those are told who ask what somebody else may do, or whose a token is; and what such a token is good for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lifecycle import tokens
from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import Answer, ask, pod

AUTHORIZATION, AUTHENTICATION = "/apis/authorization.k8s.io/v1", "/apis/authentication.k8s.io/v1"
READ_PODS = {"namespace": "default", "verb": "get", "resource": "pods"}


@pytest.fixture
def given(cluster: Reached) -> Reached:
    """A cluster in which jane, and the account default, may look at what is in the namespace default."""
    for name, subject in (("jane", "--user=jane"), ("account", "--serviceaccount=default:default")):
        cluster.kubectl("create", "rolebinding", name, "--clusterrole=view", subject)
    return cluster


def review(cluster: Reached, path: str, **spec: Any) -> Answer:
    return ask(f"{cluster.root}{path}", "POST", {"spec": spec})


def test_roles_say_what_somebody_may_do(given: Reached) -> None:
    def may(path: str = f"{AUTHORIZATION}/subjectaccessreviews", **spec: Any) -> bool:
        answer = review(given, path, **spec)
        assert answer.code == 201
        assert answer.json["spec"] == spec
        return bool(answer.json["status"]["allowed"])

    assert may(user="jane", resourceAttributes=READ_PODS)
    assert not may(user="jane", resourceAttributes={**READ_PODS, "verb": "delete"})
    assert not may(user="jane", resourceAttributes={**READ_PODS, "namespace": "kube-system"})
    assert not may(user="joe", resourceAttributes=READ_PODS)
    assert may(user="joe", groups=["system:masters"], nonResourceAttributes={"path": "/metrics", "verb": "get"})
    local = f"{AUTHORIZATION}/namespaces/default/localsubjectaccessreviews"
    assert may(local, user="system:serviceaccount:default:default", resourceAttributes=READ_PODS)


@pytest.mark.parametrize(
    ("path", "spec", "code", "why"),
    [
        ("subjectaccessreviews", {"resourceAttributes": READ_PODS}, 422, "at least one of user or group must be specified"),
        ("subjectaccessreviews", {"user": "jane"}, 422, "exactly one of nonResourceAttributes or resourceAttributes"),
        (
            "subjectaccessreviews",
            {"user": "jane", "resourceAttributes": READ_PODS, "nonResourceAttributes": {"path": "/"}},
            422,
            "cannot be specified in combination with resourceAttributes",
        ),
        ("subjectaccessreviews", {"user": 1}, 400, "cannot be handled as a SubjectAccessReview"),
        (
            "namespaces/kube-system/localsubjectaccessreviews",
            {"user": "jane", "resourceAttributes": READ_PODS},
            400,
            "spec.resourceAttributes.namespace must match namespace: kube-system",
        ),
        ("localsubjectaccessreviews", {"user": "jane", "resourceAttributes": READ_PODS}, 405, "does not allow this method"),
    ],
)
def test_a_question_about_nobody_or_nothing_is_refused(
    cluster: Reached, path: str, spec: dict[str, Any], code: int, why: str
) -> None:
    answer = review(cluster, f"{AUTHORIZATION}/{path}", **spec)
    assert (answer.code, why in answer.json["message"]) == (code, True), answer.json


def test_who_may_not_ask_about_others_is_refused(given: Reached) -> None:
    path = f"{given.root}{AUTHORIZATION}/subjectaccessreviews"
    body = {"spec": {"user": "joe", "resourceAttributes": READ_PODS}}
    answer = ask(path, "POST", body, Impersonate_User="jane")
    assert answer.code == 403
    assert 'User "jane" cannot create resource "subjectaccessreviews"' in answer.json["message"]


def token(cluster: Reached, *options: str) -> str:
    return str(cluster.kubectl("create", "token", "default", *options).stdout.strip())


def test_a_token_is_its_accounts_as_long_as_that_is_there(cluster: Reached) -> None:
    path, shown = f"{AUTHENTICATION}/tokenreviews", token(cluster)
    status = review(cluster, path, token=shown).json["status"]
    account = json.loads(cluster.kubectl("get", "serviceaccount", "default", "-o", "json").stdout)["metadata"]
    assert status["authenticated"]
    assert status["audiences"] == [tokens.ISSUER]
    assert status["user"]["username"] == "system:serviceaccount:default:default"
    assert status["user"]["uid"] == account["uid"]
    assert status["user"]["groups"] == ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    unknown = {"user": {}, "error": "invalid bearer token"}
    assert review(cluster, path, token="nobody's").json["status"] == unknown
    assert review(cluster, path, token=shown, audiences=["vault"]).json["status"] == unknown
    for_vault = token(cluster, "--audience=vault")
    assert review(cluster, path, token=for_vault).json["status"] == unknown
    assert review(cluster, path, token=for_vault, audiences=["vault", "x"]).json["status"]["audiences"] == ["vault"]
    cluster.kubectl("delete", "serviceaccount", "default")
    assert review(cluster, path, token=shown).json["status"] == unknown
    assert review(cluster, path).json["message"] == "token is required for TokenReview in authentication"


def test_who_shows_an_accounts_token_may_do_what_roles_give_it(given: Reached) -> None:
    pods, bearer = "/api/v1/namespaces/default/pods", f"Bearer {token(given)}"
    assert ask(f"{given.root}{pods}", Authorization=bearer).code == 200
    refused = ask(f"{given.root}{pods}", "POST", pod("web"), Authorization=bearer)
    assert refused.code == 403
    why = (
        'User "system:serviceaccount:default:default" cannot create resource "pods" in API group "" in the namespace "default"'
    )
    assert why in refused.json["message"]
    who = ask(f"{given.root}{AUTHENTICATION}/selfsubjectreviews", "POST", {}, Authorization=bearer).json["status"]["userInfo"]
    assert who["username"] == "system:serviceaccount:default:default"
    given.kubectl("delete", "rolebinding", "account")
    assert ask(f"{given.root}{pods}", Authorization=bearer).code == 403
    assert ask(f"{given.root}{pods}", Authorization=f"{bearer}x").json["reason"] == "Unauthorized"
    assert ask(f"{given.root}{pods}", Authorization="Bearer of another server").code == 200
