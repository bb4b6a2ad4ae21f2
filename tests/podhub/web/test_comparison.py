"""Two lives side by side."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client

from lifecycle.clock import SECOND
from lifecycle.wire import Request
from podhub.log import exporting, importing
from podhub.log.models import Cluster
from podhub.runs.advance import advance
from podhub.runs.clusters import create_cluster, fork_cluster, set_speed
from podhub.runs.queue import submit
from podhub.web.comparison import Happening, Life, asked_otherwise, life, rows


def pod(name: str = "web", **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "image": "nginx"}
    body = {"containers": [container], "terminationGracePeriodSeconds": 5, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}, "spec": body}


def play(cluster: Cluster, seconds: int) -> None:
    set_speed(cluster, "max", cluster.start + seconds * SECOND)
    advance(cluster.pk)
    cluster.refresh_from_db()


@pytest.fixture
def lab(transactional_db: None) -> Cluster:
    cluster = create_cluster("lab", speed="paused")
    submit(cluster, Request("create", "pods", namespace="default", body=pod()))
    play(cluster, 20)
    return cluster


def lived(cluster: Cluster, age: int, *started: int, gone: bool = False) -> Life:
    happenings = [Happening(at * SECOND, "Events", "Started", "") for at in started]
    return Life(cluster, "default", "web", {}, gone, age * SECOND, happenings)


def test_the_third_of_one_life_stands_beside_the_third_of_the_other() -> None:
    found = rows(lived(Cluster(), 60, 1, 10, 30), lived(Cluster(), 60, 1, 12))
    assert [(row.times, row.later) for row in found] == [(("1s", "1s"), ""), (("10s", "12s"), "+2s"), (("30s", ""), "")]
    assert [row.is_news for row in found] == [False, True, True]


@pytest.mark.parametrize(("gone", "is_news"), [(False, False), (True, True)])
def test_what_a_younger_life_has_yet_to_live_is_no_difference(gone: bool, is_news: bool) -> None:
    row = rows(lived(Cluster(), 60, 30), lived(Cluster(), 20, gone=gone))[0]
    assert (row.early, row.is_news) == (not is_news, is_news)


@pytest.mark.parametrize(
    ("kind", "inside", "untold"), [("recorded", True, True), ("recorded", False, False), ("simulated", True, False)]
)
def test_what_happens_inside_is_missed_in_no_recording(kind: str, inside: bool, untold: bool) -> None:
    probed = Happening(SECOND, "c · liveness", "failure", "", inside)
    first = lived(Cluster(kind="simulated"), 60, gone=True)._replace(happenings=[probed])
    for pair in ((first, lived(Cluster(kind=kind), 60, gone=True)), (lived(Cluster(kind=kind), 60, gone=True), first)):
        row = rows(*pair)[0]
        assert (row.untold, row.is_news) == (untold, not untold)


def test_a_simulated_life_and_its_recording_do_not_differ(client: Client, lab: Cluster) -> None:
    lines = b"".join(map(exporting.encode, exporting.lines(lab)))
    importing.store(importing.read([("lab.jsonl", io.BytesIO(lines))]), "taken")
    first, second = life(lab, "default", "web"), life(Cluster.objects.get(name="taken"), "default", "web")
    assert first is not None
    assert second is not None
    assert [row.what for row in rows(first, second) if row.is_news] == []
    page = client.get("/c/lab/pods/default/web/compare/", {"to": "taken/default/web"}).content.decode()
    assert "not recorded" in page


def test_a_fork_and_its_origin_differ_from_where_they_part(lab: Cluster) -> None:
    twin = fork_cluster(lab, lab.head, "twin", at=lab.horizon, speed="paused")
    submit(twin, Request("delete", "pods", name="web", namespace="default"))
    play(twin, 40)
    play(lab, 60)
    first, second = life(lab, "default", "web"), life(twin, "default", "web")
    assert first is not None
    assert second is not None
    assert (first.status, second.status) == ("Running", "gone")
    assert first.ready == second.ready != ""
    news = [row for row in rows(first, second) if row.is_news]
    assert all(row.first is None for row in news)
    assert [row.what for row in news][-1] == "gone"
    assert min(row.at for row in news) >= 19 * SECOND


def test_what_was_asked_for_otherwise_is_told_without_what_the_server_made_up(lab: Cluster) -> None:
    submit(lab, Request("create", "pods", namespace="default", body=pod("slow", terminationGracePeriodSeconds=9)))
    first, second = life(lab, "default", "web"), life(lab, "default", "slow")
    assert first is not None
    assert second is not None
    found = {one.path: (one.old, one.new) for one in asked_otherwise(first.pod, second.pod)}
    assert found.pop("spec.terminationGracePeriodSeconds") == (5, 9)
    assert set(found) <= {"spec.nodeName"}


def test_the_page_tells_both(client: Client, lab: Cluster) -> None:
    fork_cluster(lab, lab.head, "twin", at=lab.horizon, speed="paused")
    page = client.get("/c/lab/pods/default/web/compare/").content.decode()
    assert '<option value="twin/default/web">' in page
    answer = client.get("/c/lab/pods/default/web/compare/?to=twin/default/web")
    assert answer.status_code == 200
    assert "Scheduled" in answer.content.decode()
    same = client.get("/c/lab/pods/default/web/compare/?to=twin/default/web&only=on").content.decode()
    assert "Nothing differs." in same


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("web", "such as default/default/web"),
        ("nowhere/default/web", "not found"),
        ("lab/default/nobody", "tells of no Pod nobody"),
    ],
)
def test_what_cannot_be_compared_is_said(client: Client, lab: Cluster, to: str, said: str) -> None:
    answer = client.get("/c/lab/pods/default/web/compare/", {"to": to})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert client.get("/c/lab/pods/default/nobody/compare/").status_code == 404
