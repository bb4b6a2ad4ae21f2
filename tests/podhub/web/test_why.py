"""Why something happened, told back to where it began."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from lifecycle.clock import SECOND
from lifecycle.wire import Change, Object, Trace
from podhub.log import clusters
from podhub.log.append import Writer
from podhub.log.models import Cluster
from podhub.web import why
from podhub.web.why import chain


def pod(phase: str) -> Object:
    metadata = {"name": "web", "namespace": "default", "uid": "u"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": {"phase": phase}}


EVENT = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {"name": "web.1", "namespace": "default", "uid": "e"},
    "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web", "uid": "u"},
    "type": "Warning",
    "reason": "Unhealthy",
    "message": "Liveness probe failed",
}


@pytest.fixture
def cluster(db: None) -> Cluster:
    """A Pod that is made, changes, is probed, and of which an Event tells; each because of the one before."""
    made = clusters.create_recorded("some", 0, lease_token="writer")
    probe = {"probe": "liveness", "result": "failure", "output": "out of <luck>", "run": 1, "every": 5}
    told: list[Change | Trace] = [
        Change(1, SECOND, 0, "ADDED", pod("Pending")),
        Change(2, 2 * SECOND, 1, "MODIFIED", pod("Running")),
        Trace(3, 3 * SECOND, 2, "probe", "default", "web", "u", "app", probe),
        Change(4, 5 * SECOND, 3, "ADDED", EVENT),
    ]
    Writer(made, "writer").append(told, 6 * SECOND)
    made.refresh_from_db()
    return made


def test_a_chain_goes_back_to_where_it_began(cluster: Cluster) -> None:
    links, further = chain(cluster, 4)
    assert [link.seq for link in links] == [4, 3, 2, 1]
    assert [link.before for link in links] == ["0s", "2s", "3s", "4s"]
    assert links[0].what == "Unhealthy: Liveness probe failed"
    assert links[1].what == "app: liveness probe: failure, again every 5 s: out of <luck>"
    assert [tuple(field) for field in links[2].fields] == [("status.phase", "Pending", "Running")]
    assert {link.pod for link in links} == {("default", "web")}
    assert further == 0


def test_a_long_chain_says_where_it_goes_on(cluster: Cluster, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(why, "MOST", 2)
    links, further = chain(cluster, 4)
    assert ([link.seq for link in links], further) == ([4, 3], 2)
    assert 'href="/c/some/why/2/" data-why>Further back' in client.get("/c/some/why/4/").content.decode()


def test_the_page_and_what_is_put_into_another_page_tell_the_same(cluster: Cluster, client: Client) -> None:
    whole = client.get("/c/some/why/4/").content.decode()
    part = client.get("/c/some/why/4/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    told = [re.findall(r'<span class="severity-\w+">(.*?)</span>', html) for html in (whole, part)]
    assert told[0] == told[1]
    assert "out of &lt;luck&gt;" in told[0][1]


@pytest.mark.parametrize("seq", [0, 5, 10**18])
def test_an_entry_that_is_not_there_is_said_to_be_missing(cluster: Cluster, client: Client, seq: int) -> None:
    answer = client.get(f"/c/some/why/{seq}/")
    assert answer.status_code == 404
    assert f"has no entry {seq}." in answer.content.decode()


def test_who_may_not_see_a_cluster_is_not_told(db: None, client: Client) -> None:
    assert client.get("/c/none/why/1/").status_code == 404
