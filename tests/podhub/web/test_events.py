"""The page of all Events: which it shows, in which order, at which moment, and what an open one is told."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from lifecycle.clock import SECOND, rfc3339
from lifecycle.wire import Change, Object
from podhub.log import clusters
from podhub.log.append import Writer
from podhub.log.models import Cluster
from podhub.web import consumers, events_page
from podhub.web.events_page import EventChoice, EventsPage
from podhub.web.renders import renders
from podhub.web.showing import newest, showing
from tests.podhub.web.growing import Growing
from tests.podhub.web.listening import known_after
from tests.podhub.web.sockets import heard_until, page


def event(name: str, reason: str, at: int, *, about: str = "Pod/web", source: str = "kubelet", **more: Any) -> Object:
    kind, _, of = about.partition("/")
    involved = {"kind": kind, "name": of, "uid": of, **({"namespace": "shop"} if kind == "Pod" else {})}
    namespace = involved.get("namespace", "default")
    moment = rfc3339(at * SECOND)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace, "uid": name},
        "involvedObject": involved,
        "reason": reason,
        "type": "Normal",
        "count": 1,
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "source": {"component": source},
        "message": f"{reason} {of}",
        **more,
    }


def pod(phase: str) -> Object:
    metadata = {"name": "web", "namespace": "shop", "uid": "web"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": []}, "status": {"phase": phase}}


@pytest.fixture
def told(db: None) -> Cluster:
    """A log of six Events, of which Kubernetes drops the first; `again` is counted twice."""
    cluster = clusters.create_recorded("told", 0, lease_token="writer")
    Writer(cluster, "writer").append(
        [
            Change(1, 1 * SECOND, 0, "ADDED", pod("Pending")),
            Change(2, 1 * SECOND, 0, "ADDED", event("first", "Scheduled", 1, source="default-scheduler")),
            Change(3, 2 * SECOND, 0, "MODIFIED", pod("Running")),
            Change(4, 2 * SECOND, 0, "ADDED", event("second", "Started", 2)),
            Change(5, 3 * SECOND, 0, "ADDED", event("again", "Unhealthy", 3, type="Warning")),
            Change(6, 4 * SECOND, 0, "ADDED", event("node", "NodeNotReady", 4, about="Node/node1", source="node-controller")),
            Change(7, 5 * SECOND, 0, "MODIFIED", event("again", "Unhealthy", 5, type="Warning", count=2)),
            Change(8, 6 * SECOND, 0, "DELETED", event("first", "Scheduled", 1, source="default-scheduler")),
            Change(9, 7 * SECOND, 0, "ADDED", event("other", "Pulled", 7, about="Pod/db")),
            Change(10, 8 * SECOND, 0, "ADDED", event("job", "Created", 0, about="Job/<b>", lastTimestamp=None)),
        ],
        9 * SECOND,
    )
    cluster.refresh_from_db()
    return cluster


def reasons(html: str) -> list[str]:
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<td class=\"tight\"><b>(.*?)</b>", html)]


def test_all_are_shown_those_seen_last_first(told: Cluster, client: Client) -> None:
    html = client.get("/c/told/events/").content.decode()
    assert reasons(html) == ["Pulled", "Unhealthy", "NodeNotReady", "Started", "Scheduled", "Created"]
    assert reasons(client.get("/c/told/events/", {"order": "oldest"}).content.decode()) == reasons(html)[::-1]


def test_what_kubernetes_has_dropped_is_marked_and_can_be_left_out(told: Cluster, client: Client) -> None:
    html = client.get("/c/told/events/").content.decode()
    [row] = [row for row in html.split("<tr><td")[1:] if "Scheduled web" in row]
    assert ">dropped</span>" in row
    assert html.count(">dropped</span>") == 1
    assert "Scheduled" not in reasons(client.get("/c/told/events/", {"kept": "on"}).content.decode())
    assert ">dropped</span>" not in client.get("/c/told/events/", {"at": "5s"}).content.decode()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"type": "Warning"}, ["Unhealthy"]),
        ({"reason": "Started"}, ["Started"]),
        ({"source": "node-controller"}, ["NodeNotReady"]),
        ({"object": "pod/WEB"}, ["Unhealthy", "Started", "Scheduled"]),
        ({"object": "node1"}, ["NodeNotReady"]),
        ({"namespace": "shop", "type": "Normal"}, ["Pulled", "Started", "Scheduled"]),
        ({"reason": "Nothing"}, []),
        ({"at": "3s"}, ["Unhealthy", "Started", "Scheduled"]),
        ({"at": "3s", "object": "db"}, []),
        ({"page": "2"}, []),
        ({"page": "x", "reason": "Started"}, ["Started"]),
    ],
)
def test_those_are_shown_that_are_chosen(told: Cluster, client: Client, asked: dict[str, str], expected: list[str]) -> None:
    answer = client.get("/c/told/events/", asked)
    assert answer.status_code == 200
    assert reasons(answer.content.decode()) == expected


def test_an_event_is_as_it_was_at_the_moment(told: Cluster, client: Client) -> None:
    before, after = (client.get("/c/told/events/", {"at": at}).content.decode() for at in ("3s", "5s"))
    assert "<td>×2</td>" not in before
    assert "<td>×2</td>" in after
    assert 'href="/c/told/pods/shop/web/?at=5s"' in after
    assert 'href="/c/told/nodes/node1/?at=5s"' in after


def test_reasons_are_counted_warnings_first_and_lead_to_the_same_moment(told: Cluster, client: Client) -> None:
    html = client.get("/c/told/events/", {"at": "5s", "object": "web"}).content.decode()
    found = re.findall(r'href="/c/told/events/\?([^"]+)"[^>]*>(?:<svg.*?</span>)?(\w+) <b>(\d)</b>', html)
    assert [(word, number) for _, word, number in found] == [
        ("all", "3"),
        ("Unhealthy", "1"),
        ("Scheduled", "1"),
        ("Started", "1"),
    ]
    assert unescape(found[1][0]) == "object=web&at=5s&reason=Unhealthy"


def test_the_timeline_has_a_lane_for_each_object_with_its_state(told: Cluster) -> None:
    story = events_page.story(told, EventChoice(), newest(told).seq)
    assert [lane.id for lane in story.lanes] == [
        "about/Job/default/<b>",
        "about/Node//node1",
        "about/Pod/shop/db",
        "about/Pod/shop/web",
    ]
    web = [mark for mark in story.marks if mark.lane == "about/Pod/shop/web"]
    assert [(mark.seq, mark.title, mark.severity) for mark in web] == [
        (2, "Scheduled", "Normal"),
        (4, "Started", "Normal"),
        (5, "Unhealthy", "Warning"),
        (7, "Unhealthy ×2", "Warning"),
    ]
    assert [(point.seq, point.bar.word if point.bar else None) for point in story.points] == [(1, "Pending"), (3, "Running")]


def test_the_timeline_tells_of_what_is_chosen(told: Cluster) -> None:
    story = events_page.story(told, EventChoice(type="Warning"), newest(told).seq)
    assert {mark.title for mark in story.marks} == {"Unhealthy", "Unhealthy ×2"}
    assert [lane.label for lane in story.lanes] == ["web"]


@pytest.mark.parametrize("lanes", [30, 2, 1])
def test_a_story_in_parts_is_the_whole_story(told: Cluster, monkeypatch: pytest.MonkeyPatch, lanes: int) -> None:
    monkeypatch.setattr(events_page, "MOST_LANES", lanes)
    head = newest(told).seq
    for last in range(1, head + 1):
        whole = known_after([events_page.story(told, EventChoice(), last)])
        for cut in range(1, last):
            parts = [events_page.story(told, EventChoice(), upto, after) for after, upto in ((0, cut), (cut, last))]
            points, marks = known_after(parts)
            drawn = {lane.id for lane in parts[-1].lanes}
            assert ([one for one in points if one.lane in drawn], [one for one in marks if one.lane in drawn]) == whole


def test_a_timeline_says_that_it_leaves_something_out(told: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "with lanes for the"
    assert said not in client.get("/c/told/events/").content.decode()
    monkeypatch.setattr(events_page, "MOST_LANES", 3)
    assert said in client.get("/c/told/events/").content.decode()
    assert said not in client.get("/c/told/events/", {"object": "pod/"}).content.decode()


def test_the_last_are_looked_at_where_there_are_too_many(
    told: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_page, "MOST", 2)
    html = client.get("/c/told/events/").content.decode()
    assert reasons(html) == ["Pulled", "Created"]
    assert "Only the last 2 Events are looked at." in html


def test_a_long_list_has_pages(told: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events_page, "ROWS", 2)
    html = client.get("/c/told/events/", {"page": "2", "at": "7s"}).content.decode()
    assert reasons(html) == ["NodeNotReady", "Started"]
    assert "3–4 of 5" in html
    assert 'href="/c/told/events/?page=3&amp;at=7s"' in html


def test_pages_of_other_choices_do_not_share_what_is_rendered(told: Cluster) -> None:
    shown = showing(told, {"at": "5s"})
    assert EventsPage(shown, EventChoice(type="Warning")).key != EventsPage(shown, EventChoice()).key
    assert EventsPage(shown, EventChoice(at="5s")).key == EventsPage(shown, EventChoice()).key


def test_the_page_of_an_object_leads_to_all_that_is_told_of_it(told: Cluster, client: Client) -> None:
    html = client.get("/c/told/pods/shop/web/", {"at": "8s"}).content.decode()
    [link] = re.findall(r'href="([^"]+)" title="Also those', html)
    assert unescape(link) == "/c/told/events/?object=pod/web&at=8s"
    assert "Scheduled" in reasons(client.get(unescape(link)).content.decode())


def test_names_are_no_markup(told: Cluster, client: Client) -> None:
    assert "job/&lt;b&gt;" in client.get("/c/told/events/").content.decode()


async def test_an_open_page_hears_of_what_it_has_chosen(growing: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)
    grow = sync_to_async(growing.until)
    head = await grow(1)
    async with page(f"/ws/c/life/events/?after={head}&type=Warning") as socket:
        head = await grow(36)
        said = await heard_until(socket, head)
    assert [mark["title"] for message in said for mark in message["timeline"]["marks"]] == ["Unhealthy"]
    html = "".join(message["html"] for message in said)
    assert "Liveness probe failed" in html
    assert "Successfully assigned" not in html


@pytest.mark.parametrize("at", [0, 1, 36, 100])
def test_a_moment_reads_the_same_when_more_is_known(growing: Growing, client: Client, at: float) -> None:
    growing.until(at)
    moment = {"at": f"{at}s", "object": "pod/"}
    before = client.get("/c/life/events/moment/", moment).content
    renders.clear()
    growing.until(400)
    assert client.get("/c/life/events/moment/", moment).content == before
