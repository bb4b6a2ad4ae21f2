"""A Pod's life out of the log."""

from __future__ import annotations

import pytest
from django.test import Client

from lifecycle.clock import SECOND
from lifecycle.wire import Change, Object, Request
from podhub.log import clusters
from podhub.log.append import Asked, Gap, Writer
from podhub.log.models import Cluster
from podhub.web.cluster_page import gone
from podhub.web.pod_page import PodPage
from podhub.web.showing import newest
from podhub.web.story import Book, Turn, chapter, story

CREATE = Request("create", "pods", namespace="default", body={"kind": "Pod"}, user="ada")
DELETE = Request("delete", "pods", namespace="default", name="web", body={})
OTHER = Request("create", "pods", namespace="default", body={"kind": "Pod"})


def pod(name: str, seq: int) -> Object:
    metadata = {"name": name, "namespace": "default", "uid": name, "resourceVersion": str(seq)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": {}}


@pytest.fixture
def cluster(db: None) -> Cluster:
    """A log in which `web` is created by ada, then `beside` by nobody in particular, and `web` is deleted."""
    made = clusters.create_recorded("asked", 0, lease_token="writer")
    Writer(made, "writer").append(
        [
            Asked(1, SECOND, CREATE),
            Change(2, SECOND, 1, "ADDED", pod("web", 2)),
            Asked(3, 2 * SECOND, OTHER),
            Change(4, 2 * SECOND, 3, "ADDED", pod("beside", 4)),
            Asked(5, 3 * SECOND, DELETE),
            Change(6, 3 * SECOND, 5, "DELETED", pod("web", 6)),
        ],
        4 * SECOND,
    )
    made.refresh_from_db()
    return made


def test_requests_that_changed_a_pod_are_marks_in_its_lane_and_others_are_not(cluster: Cluster) -> None:
    told = story(Book(cluster, "default", "web", 6).chapter)
    assert [(mark.seq, mark.at, mark.lane, mark.shape, mark.title) for mark in told.marks] == [
        (1, SECOND, "pod", "request", "create pods by ada"),
        (5, 3 * SECOND, "pod", "request", "delete pods"),
    ]


def test_a_request_that_was_told_before_is_not_told_again(cluster: Cluster) -> None:
    told = story(chapter(cluster, "default", "web", after=1, upto=6))
    assert [mark.seq for mark in told.marks if mark.shape == "request"] == [5]


def test_a_fork_has_nothing_of_what_came_later_where_it_was_forked_from(cluster: Cluster) -> None:
    fork = clusters.fork(cluster, 4, "fork", wall=5 * SECOND)
    book = Book(fork, "default", "web", 100)
    assert [turn.type for turn in book.turns] == ["ADDED"]
    assert book.newest == 2
    assert book.end() is None
    assert Book(cluster, "default", "web", 6).end() == Turn(6, 3 * SECOND, "DELETED", "web")
    assert gone(newest(fork), "") == []
    assert [pod.name for pod in gone(newest(cluster), "")] == ["web"]


def event(seq: int, reason: str, about: Object) -> Object:
    metadata = {"name": f"e{seq}", "namespace": "default", "uid": f"e{seq}", "resourceVersion": str(seq)}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "reason": reason}


def test_events_of_a_mirror_pod_are_its_own_though_they_give_the_uid_of_its_manifest(db: None) -> None:
    mirror = pod("static", 1)
    mirror["metadata"] |= {"annotations": {"kubernetes.io/config.mirror": "of-the-file"}}
    about = {"kind": "Pod", "name": "static", "namespace": "default", "uid": "of-the-file"}
    made = clusters.create_recorded("static", 0, lease_token="writer")
    started, elsewhere = event(2, "Started", about), event(3, "Failed", about | {"uid": "of-another"})
    changes = [Change(1, SECOND, 0, "ADDED", mirror), Change(2, SECOND, 0, "ADDED", started)]
    Writer(made, "writer").append([*changes, Change(3, SECOND, 0, "ADDED", elsewhere)], 2 * SECOND)
    made.refresh_from_db()
    book = Book(made, "default", "static", 3)
    assert book.newest == 2
    assert [mark.title for mark in story(book.chapter).marks] == ["Started"]
    assert [mark.title for mark in story(chapter(made, "default", "static", after=1, upto=3)).marks] == ["Started"]
    assert [one["reason"] for one in PodPage(newest(made), "default", "static", book).events] == ["Started"]


def test_a_gap_hides_a_pod_until_it_is_told_of_again_unless_only_something_else_was_missed(db: None, client: Client) -> None:
    made = clusters.create_recorded("gaps", 0, lease_token="writer")
    night = Gap(2 * SECOND, {"kind": "Status", "code": 410})
    events = Gap(6 * SECOND, {"kind": "Status", "code": 410, "details": {"kind": "events"}})
    there, again = Change(1, SECOND, 0, "ADDED", pod("web", 1)), Change(3, 5 * SECOND, 0, "MODIFIED", pod("web", 1))
    Writer(made, "writer").append([there, night, again, events], 9 * SECOND)
    Cluster.objects.filter(pk=made.pk).update(read_only=True)
    made.refresh_from_db()
    told = story(Book(made, "default", "web", 4).chapter).points
    looks = [(point.at // SECOND, point.bar.look) for point in told if point.lane == "pod" and point.bar]
    assert looks == [(1, "waiting"), (2, "unknown"), (5, "waiting")]
    words = "nobody watched this cluster"
    shown = {at: [words in client.get(f"/c/gaps/{page}", {"at": at}).content.decode() for page in PAGES] for at in SOME}
    assert shown == {"1s": [False, False], "4s": [True, True], "5s": [False, False], "8s": [False, False]}


PAGES, SOME = ("", "pods/default/web/"), ("1s", "4s", "5s", "8s")
