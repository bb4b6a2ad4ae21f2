"""Forks made in the browser's forms."""

from __future__ import annotations

import pytest
from django.test import Client

from lifecycle.wire import Request
from podhub.log.models import Cluster
from podhub.log.moments import compact
from podhub.runs.advance import advance
from podhub.runs.clusters import create_cluster, set_speed
from podhub.runs.queue import submit


@pytest.fixture
def lab(transactional_db: None) -> Cluster:
    """A cluster in which a Pod has run for a minute."""
    cluster = create_cluster("lab", speed="paused")
    spec = {"containers": [{"name": "c", "image": "nginx"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    submit(cluster, Request("create", "pods", namespace="default", body=pod))
    set_speed(cluster, "max", cluster.start + 60_000_000)
    advance(cluster.pk)
    cluster.refresh_from_db()
    return cluster


def test_a_fork_begins_at_the_moment_that_was_looked_at(client: Client, lab: Cluster) -> None:
    form = client.get("/c/lab/fork/?pod=default/web&at=20s")
    assert 'value="lab-fork"' in form.content.decode()
    answer = client.post("/c/lab/fork/?pod=default/web&at=20s", {"name": "what-if", "speed": "paused"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/c/what-if/pods/default/web/")
    fork = Cluster.objects.get(name="what-if")
    assert (fork.parent_id, fork.clock_at, fork.speed) == (lab.pk, lab.start + 20_000_000, "paused")
    assert client.get(answer.headers["Location"]).status_code == 200


def test_a_pod_s_page_forks_at_the_moment_it_shows(client: Client, lab: Cluster) -> None:
    assert "/c/lab/fork/?pod=default/web&amp;at=20s" in client.get("/c/lab/pods/default/web/?at=20s").content.decode()
    assert '/c/lab/fork/?pod=default/web"' in client.get("/c/lab/pods/default/web/").content.decode()
    assert "/c/lab/fork/?at=20s" in client.get("/c/lab/?at=20s").content.decode()


def test_the_form_keeps_the_moment_at_which_it_was_opened(client: Client, lab: Cluster) -> None:
    lab.refresh_from_db()
    form = client.get("/c/lab/fork/?pod=default/web")
    assert form.headers["Location"] == f"/c/lab/fork/?pod=default/web&at={compact(lab.horizon)}"
    assert client.get(form.headers["Location"]).status_code == 200


def test_what_cannot_be_forked_is_said(client: Client, lab: Cluster) -> None:
    assert client.post("/c/lab/fork/?at=1s", {"name": "lab", "speed": "1x"}).status_code == 422
    assert client.get("/c/lab/fork/?at=9h").status_code == 404
    assert client.get("/c/lab/fork/?at=soon").status_code == 400
    assert client.get("/c/nowhere/fork/").status_code == 404


def test_the_name_that_is_suggested_is_free(client: Client, lab: Cluster) -> None:
    client.post("/c/lab/fork/?at=1s", {"name": "lab-fork", "speed": "1x"})
    assert 'value="lab-fork-2"' in client.get("/c/lab/fork/", follow=True).content.decode()
