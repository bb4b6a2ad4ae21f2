"""What a team's users see and may do on the pages, and the tokens that they make."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from lifecycle.wire import Config
from podhub.access.models import Grant, Token
from podhub.log import clusters
from podhub.log.models import Cluster


@pytest.fixture
def ann(client: Client, settings: Any, db: None) -> User:
    """A user of a team, logged in."""
    settings.TEAM = True
    user = User.objects.create_user("ann")
    client.force_login(user)
    return user


@pytest.fixture
def lab(db: None) -> Cluster:
    return clusters.create("lab", Config(0), engine_version="1", wall=0)


def test_a_cluster_that_was_not_granted_is_not_there(ann: User, lab: Cluster, client: Client) -> None:
    for page in ("", "nodes/", "nodes/node1/", "nodes/node1/moment/", "nodes/node1/changes/", "services/", "events/"):
        assert client.get(f"/c/lab/{page}").status_code == 404
    assert "/c/lab/" not in client.get("/").content.decode()
    assert client.post("/c/lab/speed/", {"speed": "max"}).status_code == 404


def test_who_may_only_look_finds_nothing_to_change_and_is_refused(ann: User, lab: Cluster, client: Client) -> None:
    Grant.objects.create(user=ann, cluster=lab)
    page = client.get("/c/lab/").content.decode()
    assert "/c/lab/apply/" not in page
    assert 'name="speed"' not in page
    for path, values in (("apply", {"manifest": "x"}), ("speed", {"speed": "max"}), ("drop", {"confirm": "lab"})):
        refused = client.post(f"/c/lab/{path}/", values)
        assert refused.status_code == 403
        assert "You may look at the cluster lab, but not change it" in refused.content.decode()
    lab.refresh_from_db()
    assert lab.speed == "1x"


def test_who_may_change_a_cluster_finds_how(ann: User, lab: Cluster, client: Client) -> None:
    Grant.objects.create(user=ann, cluster=lab, may_edit=True)
    page = client.get("/c/lab/").content.decode()
    assert "/c/lab/apply/" in page
    assert 'name="speed"' in page


def test_who_makes_a_cluster_may_change_it(ann: User, client: Client) -> None:
    made = client.post("/new/", {"name": "mine", "speed": "paused", "seed": "0"})
    assert made["Location"] == "/c/mine/"
    assert "/c/mine/apply/" in client.get("/c/mine/").content.decode()


def test_a_token_is_shown_once_and_may_be_revoked(ann: User, lab: Cluster, client: Client) -> None:
    Grant.objects.create(user=ann, cluster=lab)
    page = client.post("/tokens/", {"name": "laptop", "cluster": str(lab.pk), "may_edit": "on"})
    shown = re.search(r'<pre class="secret">(.+)</pre>', page.content.decode())
    assert shown
    token = Token.of(shown[1])
    assert token
    assert (token.user, token.name, token.cluster, token.may_edit) == (ann, "laptop", lab, True)
    again = client.get("/tokens/").content.decode()
    assert "laptop" in again
    assert shown[1] not in again
    client.post(f"/tokens/{token.pk}/revoke/")
    assert Token.of(shown[1]) is None


def test_nobody_revokes_another_s_token_or_makes_one_for_a_hidden_cluster(ann: User, lab: Cluster, client: Client) -> None:
    token, secret = Token.make(User.objects.create_user("bob"), "his")
    client.post(f"/tokens/{token.pk}/revoke/")
    assert Token.of(secret) == token
    assert client.post("/tokens/", {"name": "x", "cluster": str(lab.pk)}).status_code == 422
    assert client.post("/tokens/", {"name": ""}).status_code == 422


def test_without_a_login_there_are_no_tokens(db: None, client: Client) -> None:
    assert client.get("/tokens/").status_code == 404
    assert "/tokens/" not in client.get("/").content.decode()


def test_who_was_given_a_password_changes_it(ann: User, client: Client) -> None:
    ann.set_password("given by another")
    ann.save()
    client.force_login(ann)
    assert 'href="/password/"' in client.get("/").content.decode()
    new = {"new_password1": "known to nobody else", "new_password2": "known to nobody else"}
    refused = client.post("/password/", new | {"old_password": "guessed"})
    assert refused.status_code == 422
    assert 'class="errorlist"' in refused.content.decode()
    assert client.post("/password/", new | {"old_password": "given by another"})["Location"] == "/"
    assert "Your password was changed" in client.get("/").content.decode()
    ann.refresh_from_db()
    assert ann.check_password("known to nobody else")


def test_a_password_is_changed_by_who_is_logged_in_to_a_team(client: Client, settings: Any, db: None) -> None:
    assert client.get("/password/").status_code == 404
    settings.TEAM = True
    assert client.get("/password/")["Location"] == "/login/?next=/password/"
