"""Which Pods a cluster's page shows, and how many are in which state."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from lifecycle.clock import SECOND
from lifecycle.wire import Change, Object
from podhub.log import clusters
from podhub.log.append import Writer
from podhub.log.models import Cluster
from podhub.web import choice as choosing
from podhub.web import cluster_page
from podhub.web.choice import Choice, chosen, counts
from podhub.web.showing import Showing, newest


def pod(name: str, status: Object, namespace: str = "default") -> Object:
    metadata = {"name": name, "namespace": namespace, "uid": name}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [{"name": "a"}]}, "status": status}


READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
FAILED = {"phase": "Failed", "reason": "Evicted"}


@pytest.fixture
def showing(db: None) -> Showing:
    """Three Pods that run, one of them elsewhere, and one that was evicted; then `web-1` is, too, and `web-2` goes away."""
    made = clusters.create_recorded("some", 0, lease_token="writer")
    first = [pod("web-1", READY), pod("web-2", READY), pod("db-1", FAILED), pod("web-3", READY, "elsewhere")]
    changes = [Change(seq, SECOND, 0, "ADDED", each) for seq, each in enumerate(first, 1)]
    later = Change(5, 2 * SECOND, 0, "MODIFIED", pod("web-1", FAILED)), Change(6, 2 * SECOND, 0, "DELETED", pod("web-2", READY))
    Writer(made, "writer").append([*changes, *later], 3 * SECOND)
    Cluster.objects.filter(pk=made.pk).update(read_only=True)
    made.refresh_from_db()
    return Showing(made, 4, SECOND, live=True)


def names(showing: Showing, choice: Choice) -> list[str]:
    return [name for _, name in chosen(showing, choice)]


def test_pods_are_chosen_by_namespace_name_and_state(showing: Showing) -> None:
    assert names(showing, Choice()) == ["db-1", "web-1", "web-2", "web-3"]
    assert names(showing, Choice(namespace="elsewhere")) == ["web-3"]
    assert names(showing, Choice(name="-1")) == ["db-1", "web-1"]
    assert names(showing, Choice(status="Running", name="-1")) == ["web-1"]
    assert names(showing, Choice(status="Completed")) == []


def test_a_name_is_looked_for_in_small_letters_and_with_a_slash_in_the_namespace_too(showing: Showing) -> None:
    assert names(showing, Choice(name="WEB")) == ["web-1", "web-2", "web-3"]
    assert names(showing, Choice(name="where/web")) == ["web-3"]


def test_pods_of_one_word_are_told_apart_by_their_looks(showing: Showing) -> None:
    unready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    states = choosing.state_of(pod("a", READY)), choosing.state_of(pod("a", unready))
    assert [state.word for state in states] == ["Running", "Running"]
    assert [Choice(status="Running", look="unready").wants(state) for state in states] == [False, True]
    assert [Choice(status="Running").wants(state) for state in states] == [True, True]
    assert [Choice(look="unready").wants(state) for state in states] == [True, True]


def test_states_are_counted_among_pods_of_that_name_trouble_first(showing: Showing) -> None:
    told = [(one.state.word, one.state.look, one.number) for one in counts(showing, Choice(status="Running"))]
    assert told == [("Evicted", "failed", 1), ("Running", "ready", 3)]
    assert [one.number for one in counts(showing, Choice(name="2"))] == [1]


def test_too_many_pods_are_not_looked_at_one_by_one(showing: Showing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_COUNTED", 3)
    assert counts(showing, Choice()) == []
    assert len(chosen(showing, Choice(status="Evicted"))) == 4


def test_an_open_page_is_told_of_what_comes_and_goes_among_the_chosen(showing: Showing) -> None:
    def rows(choice: Choice) -> dict[str, bool]:
        return {key: bool(row) for key, row in cluster_page.news(newest(showing.cluster), choice, 4).get("rows", ())}

    assert rows(Choice()) == {"default/web-1": True, "default/web-2": False}
    assert rows(Choice(status="Running")) == {"default/web-1": False, "default/web-2": False}
    assert rows(Choice(status="Evicted")) == {"default/web-1": True, "default/web-2": False}
    assert rows(Choice(name="1")) == {"default/web-1": True}
    html = cluster_page.news(newest(showing.cluster), Choice(), 4)["html"]
    assert re.search(r"Evicted .*<b>2</b>.*Running .*<b>1</b>", html, re.DOTALL)


def test_pages_keep_what_was_chosen(showing: Showing, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_page, "ROWS", 1)
    html = client.get("/c/some/", {"name": "web", "at": "1s"}).content.decode()
    assert "1–1 of 3" in html
    following = re.search(r'href="(\?[^"]+)">Next page', html)
    assert following
    html = client.get("/c/some/" + following[1].replace("&amp;", "&")).content.decode()
    assert "2–2 of 3" in html
    assert 'data-key="default/web-2"' in html
    assert 'href="?name=web&amp;at=1s">First page' in html
    assert 'href="?name=web&amp;at=1s&amp;status=Running&amp;look=ready"' in html


def test_a_page_of_the_past_leads_to_pods_as_they_were_then(showing: Showing, client: Client) -> None:
    assert 'href="/c/some/pods/default/web-2/?at=1s"' in client.get("/c/some/", {"at": "1s"}).content.decode()
    assert 'href="/c/some/pods/default/web-1/"' in client.get("/c/some/").content.decode()


def test_what_nothing_fits_says_so_and_leads_back(showing: Showing, client: Client) -> None:
    html = client.get("/c/some/", {"name": "nope", "namespace": "default"}).content.decode()
    assert "No Pod at this moment is as you have chosen." in html
    assert '<a href="?namespace=default">Show all</a>' in html
