"""Who of a team may look at which clusters, and who may change them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import ValidationError
from django.db.utils import IntegrityError

from lifecycle.wire import Config
from podhub.access import rights
from podhub.access.models import Grant
from podhub.log import clusters
from podhub.log.errors import NoSuchCluster
from podhub.log.models import Cluster
from podhub.runs.clusters import drop_cluster


def make(name: str) -> Cluster:
    return clusters.create(name, Config(0), engine_version="1", wall=0)


@pytest.fixture
def cluster(db: None) -> Cluster:
    return make("one")


@pytest.fixture
def team(settings: Any) -> None:
    settings.TEAM = True


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


def test_without_a_login_whoever_comes_may_do_everything(cluster: Cluster) -> None:
    assert rights.edited(AnonymousUser(), "one") == cluster
    assert list(rights.visible(AnonymousUser())) == [cluster]


def test_a_user_of_a_team_sees_only_what_was_granted(cluster: Cluster, team: None, ann: User) -> None:
    other = make("two")
    assert not rights.visible(ann)
    Grant.objects.create(user=ann, cluster=cluster)
    assert list(rights.visible(ann)) == [cluster]
    assert rights.seen(ann, "one") == cluster
    for hidden in ("two", "nope"):
        with pytest.raises(NoSuchCluster):
            rights.seen(ann, hidden)
    assert not rights.may_view(AnonymousUser(), other)


def test_to_look_is_not_to_change(cluster: Cluster, team: None, ann: User) -> None:
    grant = Grant.objects.create(user=ann, cluster=cluster)
    with pytest.raises(rights.MayNotEdit, match="you may look at the cluster 'one', but not change it"):
        rights.edited(ann, "one")
    grant.may_edit = True
    grant.save()
    assert rights.edited(ann, "one") == cluster


def test_a_group_s_grant_is_its_members(cluster: Cluster, team: None, ann: User) -> None:
    group = Group.objects.create(name="class")
    Grant.objects.create(group=group, may_edit=True)
    assert not rights.may_view(ann, cluster)
    ann.groups.add(group)
    assert rights.may_edit(ann, cluster)
    assert list(rights.visible(ann)) == [cluster]
    ann.is_active = False
    assert not rights.may_view(ann, cluster)


def test_a_superuser_may_do_everything(cluster: Cluster, team: None) -> None:
    assert rights.edited(User.objects.create_superuser("root"), "one") == cluster


def test_who_makes_a_cluster_may_change_it_and_it_can_be_dropped(cluster: Cluster, team: None, ann: User) -> None:
    rights.made_by(ann, cluster)
    assert rights.edited(ann, "one") == cluster
    drop_cluster(cluster, by="ann")
    assert not Grant.objects.exists()


def test_a_grant_is_a_users_or_a_groups(cluster: Cluster, ann: User) -> None:
    for grant in (Grant(cluster=cluster), Grant(user=ann, group=Group.objects.create(name="class"))):
        with pytest.raises(ValidationError, match="Choose a user or a group"):
            grant.full_clean()
    with pytest.raises(IntegrityError):
        Grant.objects.create(cluster=cluster)
