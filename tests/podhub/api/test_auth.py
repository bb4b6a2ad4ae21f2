"""Who may ask for what where people log in."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from lifecycle.apiserver.refused import Refused
from lifecycle.wire import Config
from podhub.access.models import Grant, Token
from podhub.api import auth, guard
from podhub.api.http import Call
from podhub.log import clusters
from podhub.log.models import Cluster


def _rights(cluster: Cluster, secret: str) -> auth.Rights:
    return auth.rights(f"Bearer {secret}", cluster)


def _call(method: str = "GET", client: str = "127.0.0.1", path: str = "/clusters/one/api/v1/pods", **headers: str) -> Call:
    named = {"host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = [(name.encode(), value.encode()) for name, value in named.items()]
    scope: dict[str, Any] = {"method": method, "path": path, "query_string": b"", "headers": raw, "client": (client, 1)}
    return Call(scope, None, None)  # type: ignore[arg-type]


def _code(call: Call) -> int:
    with pytest.raises(Refused) as refused:
        guard.check(call)
    return refused.value.status.code


@pytest.fixture
def cluster(db: None) -> Cluster:
    return clusters.create("one", Config(0), engine_version="1", wall=0)


@pytest.fixture
def team(settings: Any) -> None:
    settings.TEAM = True


def test_without_a_login_only_this_machine_is_served() -> None:
    guard.check(_call())
    guard.check(_call(client="::1"))
    assert _code(_call(client="192.0.2.7")) == 403


def test_a_write_that_a_form_could_post_is_refused() -> None:
    assert _code(_call("POST", content_type="text/plain")) == 415
    assert _code(_call("POST", content_type="application/x-www-form-urlencoded")) == 415
    assert _code(_call("PATCH", content_type="application/json")) == 415
    guard.check(_call("POST", content_type="application/json"))
    guard.check(_call("POST"))


def test_what_is_passed_on_to_a_program_may_be_anything_that_no_browser_sends() -> None:
    path = "/clusters/one/api/v1/namespaces/default/pods/web/proxy/orders"
    guard.check(_call("POST", path=path, content_type="text/plain"))
    guard.check(_call("PATCH", path=path, content_type="application/json"))
    assert _code(_call("POST", path=path, content_type="text/plain", sec_fetch_site="same-origin")) == 415
    assert _code(_call("POST", path=path, content_type="text/plain", origin="null")) == 403


def test_a_team_is_known_by_its_tokens(cluster: Cluster, team: None) -> None:
    with pytest.raises(Refused) as refused:
        auth.rights("", cluster)
    assert refused.value.status.code == 401
    user = User.objects.create_user("ann")
    Grant.objects.create(user=user, may_edit=True)
    _, secret = Token.make(user, "looking")
    assert _rights(cluster, secret) == auth.Rights(write=False, user="ann")
    _, edits = Token.make(user, "changing", may_edit=True)
    assert _rights(cluster, edits).write
    user.is_active = False
    user.save()
    with pytest.raises(Refused):
        _rights(cluster, secret)


def test_a_token_of_one_cluster_opens_no_other(cluster: Cluster, team: None) -> None:
    other = clusters.create("two", Config(0), engine_version="1", wall=0)
    user = User.objects.create_user("ann")
    Grant.objects.create(user=user)
    _, secret = Token.make(user, "one", cluster=cluster)
    assert _rights(cluster, secret) == auth.Rights(write=False, user="ann")
    with pytest.raises(Refused) as refused:
        _rights(other, secret)
    assert refused.value.status.code == 403


def test_a_token_may_do_no_more_than_its_user(cluster: Cluster, team: None) -> None:
    user = User.objects.create_user("ann")
    _, secret = Token.make(user, "everything", may_edit=True)
    with pytest.raises(Refused) as refused:
        _rights(cluster, secret)
    assert refused.value.status.code == 403
    grant = Grant.objects.create(user=user, cluster=cluster)
    assert _rights(cluster, secret) == auth.Rights(write=False, user="ann")
    grant.may_edit = True
    grant.save()
    assert _rights(cluster, secret) == auth.Rights(write=True, user="ann")


def test_a_token_is_kept_as_its_hash(db: None) -> None:
    token, secret = Token.make(User.objects.create_user("ann"), "x")
    assert secret not in token.digest
    assert Token.of(secret) == token
    assert Token.of("") is None
