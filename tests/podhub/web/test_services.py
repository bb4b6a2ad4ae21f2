"""Services: the list of them, their pages now and at past moments, and what an open page is told."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from lifecycle.clock import SECOND
from lifecycle.wire import Change, Object, Request
from podhub.log import clusters, importing
from podhub.log.append import Asked, Writer
from podhub.log.models import Cluster
from podhub.web import consumers, service_page
from podhub.web.renders import renders
from podhub.web.service_page import ServicePage
from podhub.web.showing import newest, showing
from tests.podhub.web.conftest import RECORDINGS
from tests.podhub.web.growing import Growing
from tests.podhub.web.sockets import heard_until, page
from tests.podhub.web.test_nodes import text_of

READINESS = "/c/flaps/services/svc-readiness/web/"
CREATE = Request("create", "services", namespace="default", body={"kind": "Service"}, user="ada")


@pytest.fixture
def flaps(db: None) -> Cluster:
    """The cluster `flaps`: a recording of EndpointSlices without their Service, of one Pod that is ready, not, and again."""
    return importing.store(importing.load(RECORDINGS / "svc-readiness"), "flaps")


def made(kind: str, name: str, **more: Any) -> Object:
    version = {"EndpointSlice": "discovery.k8s.io/v1"}.get(kind, "v1")
    labels = more.pop("labels", {})
    metadata = {"name": name, "namespace": "default", "uid": f"{kind}-{name}", "labels": labels}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def endpoint_slice(name: str, *pods: str) -> Object:
    ends = [{"addresses": [f"10.0.0.{pod[-1]}"], "targetRef": {"kind": "Pod", "name": pod}} for pod in pods]
    labels = {"kubernetes.io/service-name": "web"}
    return made("EndpointSlice", name, labels=labels, addressType="IPv4", endpoints=ends, ports=[{"port": 80}])


def pod(name: str, app: str) -> Object:
    return made("Pod", name, labels={"app": app}, spec={"containers": [{"name": "app"}]}, status={"phase": "Running"})


@pytest.fixture
def asked(db: None) -> Cluster:
    """A log in which ada makes a Service of two slices, one of which goes again."""
    cluster = clusters.create_recorded("asked", 0, lease_token="writer")
    spec = {"selector": {"app": "web"}, "type": "ClusterIP", "clusterIP": "10.96.0.7", "clusterIPs": ["10.96.0.7"]}
    Writer(cluster, "writer").append(
        [
            Asked(1, SECOND, CREATE),
            Change(2, SECOND, 1, "ADDED", made("Service", "web", spec={**spec, "ports": [{"port": 80, "protocol": "TCP"}]})),
            Change(3, 2 * SECOND, 2, "ADDED", pod("web-1", "web")),
            Change(4, 2 * SECOND, 2, "ADDED", pod("db-1", "db")),
            Change(5, 3 * SECOND, 2, "ADDED", endpoint_slice("web-a", "web-1")),
            Change(6, 4 * SECOND, 2, "ADDED", endpoint_slice("web-b", "web-2", "web-3")),
            Change(7, 5 * SECOND, 2, "DELETED", endpoint_slice("web-b", "web-2", "web-3")),
            Change(8, 6 * SECOND, 2, "ADDED", made("EndpointSlice", "other", addressType="IPv4", endpoints=[])),
        ],
        7 * SECOND,
    )
    cluster.refresh_from_db()
    return cluster


@pytest.mark.parametrize(
    ("at", "word", "endpoint"),
    [
        ("10s", "0 of 1 ready", "not ready"),
        ("20s", "1 of 1 ready", "ready"),
        ("36s", "0 of 1 ready", "not ready"),
        ("46s", "0 of 1 ready", "terminating, still serving"),
    ],
)
def test_a_service_is_shown_as_it_was_at_a_moment(flaps: Cluster, client: Client, at: str, word: str, endpoint: str) -> None:
    html = client.get(READINESS, {"at": at}).content.decode()
    assert word in text_of(html, "service-state")
    assert endpoint in text_of(html, "service-endpoints").split("10.244.0.87", 1)[1]
    assert f'href="/c/flaps/pods/svc-readiness/web/?at={at}"' in html
    assert "only its EndpointSlices" in html


def test_its_timeline_tells_of_each_endpoint(flaps: Cluster) -> None:
    told = service_page.story(flaps, "svc-readiness", "web", newest(flaps).seq)
    words = [point.bar.word for point in told.points if point.lane == "endpoint/IPv4/web" and point.bar]
    assert words == ["not ready", "ready", "not ready", "ready", "terminating, still serving"]
    assert [(lane.id, lane.note) for lane in told.lanes][1] == ("endpoint/IPv4/web", "10.244.0.87")


@pytest.mark.parametrize("which", ["flaps", "asked"])
def test_a_story_in_two_parts_is_the_whole_story(request: pytest.FixtureRequest, which: str) -> None:
    cluster = request.getfixturevalue(which)
    namespace, head = {"flaps": "svc-readiness", "asked": "default"}[which], newest(cluster).seq
    whole = service_page.story(cluster, namespace, "web", head)
    for cut in range(2, head):  # a request is appended together with what it brought about
        parts = service_page.story(cluster, namespace, "web", cut), service_page.story(cluster, namespace, "web", head, cut)
        assert [point for part in parts for point in part.points] == whole.points
        assert [mark for part in parts for mark in part.marks] == whole.marks


def test_slices_count_together_and_come_and_go(asked: Cluster) -> None:
    told = service_page.story(asked, "default", "web", newest(asked).seq)
    words = [(point.at // SECOND, point.bar.word) for point in told.points if point.lane == "service" and point.bar]
    assert words == [(1, "no endpoints"), (3, "1 of 1 ready"), (4, "3 of 3 ready"), (5, "1 of 1 ready")]
    assert [(mark.lane, mark.title) for mark in told.marks] == [("service", "create services by ada")]


def test_its_pods_are_those_that_its_selector_picks(asked: Cluster, client: Client) -> None:
    html = client.get("/c/asked/services/default/web/").content.decode()
    assert re.findall(r'data-key="([^"]+)"', html) == ["default/web-1"]
    assert ServicePage(newest(asked), "default", "web").describe() in unescape(html)
    assert "10.96.0.7" in text_of(html, "service-facts")


def test_before_its_creation_it_is_not_found_but_its_page_is(asked: Cluster, client: Client) -> None:
    answer = client.get("/c/asked/services/default/web/", {"at": "500ms"})
    assert answer.status_code == 200
    assert "the log does not tell of the Service web yet" in answer.content.decode()
    assert client.get("/c/asked/services/default/other/").status_code == 404


def test_the_list_says_how_much_is_ready(flaps: Cluster, client: Client) -> None:
    html = client.get("/c/flaps/services/", {"at": "20s"}).content.decode()
    assert "1 of 1 ready" in html
    assert 'href="/c/flaps/services/svc-readiness/web/?at=20s"' in html
    assert "data-key" not in client.get("/c/flaps/services/", {"namespace": "default"}).content.decode()


def test_the_list_has_kubectls_columns(asked: Cluster, client: Client) -> None:
    row = re.search(r'<tr data-key="default/web">(.*?)</tr>', client.get("/c/asked/services/").content.decode(), re.DOTALL)
    assert row
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.split(r"</t[dh]>", row[1])[:-1]]
    assert cells[:6] == ["default", "web", "ClusterIP", "10.96.0.7", "<none>", "80/TCP"]
    assert cells[-2:] == ["app=web", "1 of 1 ready"]


def test_a_past_moment_has_all_fragments(flaps: Cluster) -> None:
    shown = ServicePage(showing(flaps, {"at": "20s"}), "svc-readiness", "web")
    assert shown.at_query == "20s"
    assert shown.pods.keys() == {("svc-readiness", "web")}


@pytest.fixture
def growing_flaps(transactional_db: None) -> Growing:
    return Growing.new("flaps", importing.load(RECORDINGS / "svc-readiness"))


async def test_an_open_page_hears_when_an_endpoint_is_ready(growing_flaps: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)
    grow = sync_to_async(growing_flaps.until)
    head = await grow(10)
    async with page(f"/ws/c/flaps/services/svc-readiness/web/?after={head}") as socket:
        head = await grow(17)
        told = await heard_until(socket, head)
    assert "1 of 1 ready" in "".join(message.get("html", "") for message in told)
    points = [point for message in told for point in message["timeline"]["points"]]
    assert {point[2]: point[3]["look"] for point in points} == {"service": "ready", "endpoint/IPv4/web": "ready"}


async def test_an_open_list_hears_of_slices(growing_flaps: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)
    grow = sync_to_async(growing_flaps.until)
    head = await grow(10)
    async with page(f"/ws/c/flaps/services/?after={head}") as socket:
        head = await grow(17)
        told = await heard_until(socket, head)
    assert 'id="objects-table" hx-swap-oob="true"' in told[-1]["html"]
    assert "1 of 1 ready" in told[-1]["html"]


@pytest.mark.parametrize("at", [0, 0.5, 17, 46])
def test_a_moment_reads_the_same_when_more_is_known(growing_flaps: Growing, client: Client, at: float) -> None:
    growing_flaps.until(at)
    moment = {"at": f"{at}s"}
    before = client.get(f"{READINESS}moment/", moment).content
    renders.clear()
    growing_flaps.until(60)
    assert client.get(f"{READINESS}moment/", moment).content == before
