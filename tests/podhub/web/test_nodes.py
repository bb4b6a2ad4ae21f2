"""Nodes: the list of them, their pages now and at past moments, and what an open page is told."""

from __future__ import annotations

import re
from html import unescape

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from podhub.log import importing
from podhub.log.models import Cluster
from podhub.web import consumers, node_page
from podhub.web.node_page import NodePage
from podhub.web.renders import renders
from podhub.web.residents import former, residents
from podhub.web.showing import newest, showing
from tests.podhub.web.conftest import RECORDINGS
from tests.podhub.web.growing import Growing
from tests.podhub.web.listening import known_after
from tests.podhub.web.sockets import heard_until, page

NODE = "/c/down/nodes/node1/"
PODS = {("node-down-two-nodes", name) for name in ("job", "tol20", "toldefault")}


@pytest.fixture
def down(db: None) -> Cluster:
    """The cluster `down`, in which a node is not heard of for 84 seconds."""
    return importing.store(importing.load(RECORDINGS / "node-down-two-nodes"), "down")


def text_of(html: str, id: str) -> str:
    found = re.search(rf'<(\w+)[^>]* id="{id}"[^>]*>(.*?)</\1>', html, re.DOTALL)
    assert found
    return unescape(re.sub(r"<[^>]+>", " ", found[2]))


def test_a_node_is_shown_as_it_was_at_a_moment(down: Cluster, client: Client) -> None:
    html = client.get(NODE, {"at": "120s"}).content.decode()
    assert "NotReady" in text_of(html, "node-state")
    assert "Kubelet stopped posting node status." in text_of(html, "node-conditions")
    assert "node.kubernetes.io/unreachable:NoExecute" in text_of(html, "node-facts")
    assert "NodeStatusUnknown" in text_of(html, "node-describe")
    assert "NodeStatusUnknown" not in text_of(client.get(NODE, {"at": "170s"}).content.decode(), "node-describe")


def test_its_description_is_that_of_the_printers(down: Cluster, client: Client) -> None:
    shown = showing(down, {"at": "100s"})
    node = NodePage(shown, "", "node1")
    assert node.describe() in unescape(client.get(NODE, {"at": "100s"}).content.decode())
    assert "Non-terminated Pods:  (3 in total)" in re.sub(r"  +", "  ", node.describe())


def test_its_pods_are_those_that_are_on_it_then(down: Cluster, client: Client) -> None:
    head = newest(down).seq
    assert residents(down, "node1", showing(down, {"at": "100s"}).seq).keys() == PODS
    assert residents(down, "node2", head) == {}
    gone = former(down, "node1", head).keys()
    assert gone | residents(down, "node1", head).keys() == PODS
    html = client.get(NODE, {"at": "100s"}).content.decode()
    assert re.findall(r'data-key="([^"]+)"', html) == sorted("/".join(name) for name in PODS)
    assert 'href="/c/down/pods/node-down-two-nodes/tol20/?at=100s"' in html


def test_what_pods_ask_for_is_counted_against_the_node(down: Cluster) -> None:
    node = NodePage(showing(down, {"at": "100s"}), "", "node1")
    shares = {share.name: share for share in node.context("shares")["shares"]}
    assert (shares["pods"].requests, shares["pods"].allocatable, shares["pods"].requested) == ("3", "110", 2)
    assert (shares["cpu"].requests, shares["cpu"].requested) == ("0", 0)


def test_its_timeline_tells_of_it_and_of_its_pods(down: Cluster) -> None:
    told = node_page.story(down, "node1", newest(down).seq)
    looks = [point.bar.look for point in told.points if point.lane == "node" and point.bar]
    assert looks == ["failed"] * 3 + ["ready"] * 3, "taints come and go, too"
    assert {lane.label for lane in told.lanes if lane.group == "pods"} == {name for _, name in PODS}
    words = [point.bar.word for point in told.points if point.lane.endswith("/tol20") and point.bar]
    assert list(dict.fromkeys(words)) == ["Pending", "ContainerCreating", "Running", "Terminating", "Completed"]


@pytest.mark.parametrize("lanes", [50, 1])
def test_a_story_in_parts_is_the_whole_story(down: Cluster, monkeypatch: pytest.MonkeyPatch, lanes: int) -> None:
    monkeypatch.setattr(node_page, "MOST_LANES", lanes)
    head = newest(down).seq
    whole = known_after([node_page.story(down, "node1", head)])
    for cut in (5, 46, 60, head - 3):
        parts = [node_page.story(down, "node1", upto, after) for after, upto in ((0, cut), (cut, head))]
        points, marks = known_after(parts)
        drawn = {lane.id for lane in parts[-1].lanes}
        assert ([one for one in points if one.lane in drawn], [one for one in marks if one.lane in drawn]) == whole


def test_a_timeline_says_that_it_leaves_pods_out(down: Cluster, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Pods that changed last" not in client.get(NODE).content.decode()
    monkeypatch.setattr(node_page, "MOST_LANES", 2)
    assert "Pods that changed last" in client.get(NODE).content.decode()


def test_a_recording_that_holds_no_node_tells_of_those_its_pods_were_on(recorded: Cluster, client: Client) -> None:
    assert 'href="/c/life/nodes/node1/"' in client.get("/c/life/nodes/").content.decode()
    html = client.get("/c/life/nodes/node1/", {"at": "20s"}).content.decode()
    assert "the log holds no Node node1" in html
    assert 'data-key="liveness-exec/liveness-exec"' in html


def test_a_node_that_no_log_tells_of_is_not_found(down: Cluster, client: Client) -> None:
    answer = client.get("/c/down/nodes/node9/")
    assert answer.status_code == 404
    assert "tells of no Node “node9”" in unescape(answer.content.decode())


def test_the_list_has_kubectls_columns_and_counts_pods(down: Cluster, client: Client) -> None:
    html = client.get("/c/down/nodes/", {"at": "120s"}).content.decode()
    row = re.search(r'<tr data-key="node1">(.*?)</tr>', html, re.DOTALL)
    assert row
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.split(r"</t[dh]>", row[1])[:-1]]
    assert (cells[0], cells[1], cells[4], cells[-1]) == ("node1", "NotReady", "v1.36.2", "3")
    assert 'href="/c/down/nodes/node1/?at=120s"' in row[1]
    assert "data-key" not in client.get("/c/down/nodes/", {"name": "other"}).content.decode()


@pytest.mark.parametrize("at", [0, 0.05, 30, 68, 100])
def test_a_moment_reads_the_same_when_more_is_known(growing_down: Growing, client: Client, at: float) -> None:
    growing_down.until(at)
    moment = {"at": f"{at}s"}
    before = client.get(f"{NODE}moment/", moment).content
    renders.clear()
    growing_down.until(200)
    assert client.get(f"{NODE}moment/", moment).content == before


def test_a_past_moment_of_a_node_is_kept_for_ever(down: Cluster, client: Client) -> None:
    edition = re.search(r"moment/\?of=([^\"&]+)", client.get(NODE).content.decode())
    assert edition
    answer = client.get(f"{NODE}moment/", {"at": "100s", "of": edition[1]})
    assert "immutable" in answer["Cache-Control"]
    assert answer.content.decode().count('hx-swap-oob="true"') == len(NodePage.fragments)
    assert "no-store" in client.get(f"{NODE}moment/")["Cache-Control"]


@pytest.fixture
def growing_down(transactional_db: None) -> Growing:
    return Growing.new("down", importing.load(RECORDINGS / "node-down-two-nodes"))


async def test_an_open_page_hears_of_its_node_and_of_pods_on_it(growing_down: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)
    grow = sync_to_async(growing_down.until)
    head = await grow(60)
    async with page(f"/ws/c/down/nodes/node1/?after={head}") as socket:
        head = await grow(100)
        told = await heard_until(socket, head)
    assert "NotReady" in "".join(message.get("html", "") for message in told)
    seqs = [point[0] for message in told for point in message["timeline"]["points"]]
    assert seqs == sorted(seqs)
    assert {lane["id"] for message in told for lane in message["timeline"]["lanes"]} >= {"node", "condition/Ready"}


async def test_a_page_of_a_node_hears_nothing_of_others(growing_down: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)
    grow = sync_to_async(growing_down.until)
    head = await grow(60)
    async with page(f"/ws/c/down/nodes/elsewhere/?after={head}") as socket:
        await grow(100)
        assert await socket.receive_nothing(0.7)
