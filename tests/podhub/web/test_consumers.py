"""Sockets of open pages: they wake, the log tells, and nobody misses or hears anything twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from podhub import wake
from podhub.web import bulletins, consumers
from podhub.web.pod_page import PodPage
from podhub.web.renders import renders
from podhub.web.routing import application
from tests.podhub.web.growing import Growing
from tests.podhub.web.sockets import HEADERS, WebsocketCommunicator, heard, heard_until, page

POD = "/ws/c/life/pods/liveness-exec/liveness-exec/"


@pytest.fixture(autouse=True)
def _no_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but wake-ups make a page look."""
    monkeypatch.setattr(consumers, "TICK_SECONDS", 60.0)


def grow(growing: Growing) -> Callable[[float], Any]:
    return sync_to_async(growing.until)


async def test_what_happens_is_told_when_it_happens(growing: Growing) -> None:
    head = await grow(growing)(1)
    async with page(f"{POD}?after={head}") as socket:
        assert await socket.receive_nothing(0.2)
        head = await grow(growing)(36)
        told = (await heard_until(socket, head))[-1]
    assert "Unhealthy" in told["html"]
    assert [mark["title"] for mark in told["timeline"]["marks"]] == ["Unhealthy"]


async def test_a_page_that_was_away_gets_exactly_what_it_missed(growing: Growing) -> None:
    seen = await grow(growing)(1)
    async with page(f"{POD}?after={seen}"):
        pass
    head = await grow(growing)(200)
    async with page(f"{POD}?after={seen}") as socket:
        told = await heard_until(socket, head)
    seqs = [mark["seq"] for message in told for mark in message["timeline"]["marks"]]
    points = [point[0] for message in told for point in message["timeline"]["points"]]
    assert seqs == sorted(set(seqs))
    assert min(seqs) > seen
    assert min(points) > seen
    assert "Restart Count:  2" in told[-1]["html"]


async def test_seqs_only_rise_and_nothing_is_told_twice(growing: Growing) -> None:
    await grow(growing)(0.2)
    marks: list[int] = []
    seqs: list[int] = []
    async with page(f"{POD}?after=0") as socket:
        for second in range(1, 320, 20):
            head = await grow(growing)(second)
            while not seqs or seqs[-1] < head:
                message = await heard(socket)
                seqs.append(message["seq"])
                marks += [mark["seq"] for mark in message["timeline"]["marks"]] if "timeline" in message else []
    assert seqs == sorted(set(seqs))
    assert len(marks) == len(set(marks))
    assert len(marks) > 25


async def test_fifty_pages_cost_one_rendering(growing: Growing) -> None:
    head = await grow(growing)(1)
    async with page(f"{POD}?after={head}"):
        await grow(growing)(46)
        await asyncio.sleep(0.3)
    before = renders.made
    sockets = []
    for _ in range(50):
        socket = WebsocketCommunicator(application, f"{POD}?after={growing.writer.head}", headers=HEADERS)
        await socket.connect(timeout=5)
        sockets.append(socket)
    wake.carry_on(asyncio.get_running_loop())
    head = await grow(growing)(76)
    texts = {(await socket.receive_from(timeout=5)) for socket in sockets}
    for socket in sockets:
        await socket.disconnect()
    wake.carry_on(None)
    assert len(texts) == 1
    assert 0 < renders.made - before <= len(PodPage.fragments)


async def test_the_clusters_page_hears_of_rows(growing: Growing) -> None:
    async with page("/ws/c/life/?after=0") as socket:
        head = await grow(growing)(1)
        told = (await heard_until(socket, head))[-1]
        assert [key for key, html in told["rows"] if html] == ["liveness-exec/liveness-exec"]
        head = await grow(growing)(400)
        told = (await heard_until(socket, head))[-1]
        assert told["rows"] == [["liveness-exec/liveness-exec", None]]
        assert re.search(r'id="gone" hx-swap-oob="true"><li><a href="/c/life/pods/liveness-exec/liveness-exec/', told["html"])


async def test_the_end_of_a_pod_is_told_with_its_last_moment(growing: Growing) -> None:
    head = await grow(growing)(290)
    async with page(f"{POD}?after={head}") as socket:
        head = await grow(growing)(400)
        told = (await heard_until(socket, head))[-1]
    assert "html" not in told
    assert told["ended"] == {"seq": head - 1, "at": told["timeline"]["points"][-1][1]}


async def test_a_page_of_another_namespace_hears_nothing(growing: Growing) -> None:
    async with page("/ws/c/life/?after=0&namespace=elsewhere") as socket:
        await grow(growing)(50)
        assert await socket.receive_nothing(0.4)


async def test_words_are_in_the_readers_language(growing: Growing) -> None:
    async with page(f"{POD}?after=0&lang=zh-hans") as socket:
        told = (await heard_until(socket, await grow(growing)(1)))[-1]
    assert "容器" in told["html"]


async def test_a_page_of_another_log_under_the_same_name_is_told_to_load_again(growing: Growing) -> None:
    async with page(f"{POD}?after=100000") as socket:
        assert await heard(socket) == {"reload": True}


@pytest.mark.parametrize(
    "headers",
    [
        [(b"host", b"localhost:8000"), (b"origin", b"http://evil.example")],
        [(b"host", b"localhost:8000"), (b"origin", b"http://localhost:9999")],
        [(b"host", b"localhost:8000"), (b"origin", b"null")],
        [(b"host", b"localhost:8000")],
        [(b"host", b"evil.example"), (b"origin", b"http://evil.example")],
    ],
)
async def test_sockets_of_other_sites_are_refused(growing: Growing, headers: list[tuple[bytes, bytes]]) -> None:
    socket = WebsocketCommunicator(application, POD, headers=headers)
    connected, _ = await socket.connect(timeout=5)
    assert not connected


@pytest.mark.parametrize("path", ["/ws/c/nope/", "/ws/c/%00/", "/ws/c/nope/?namespace=%00", "/ws/c/nope/pods/%00/%00/"])
async def test_a_socket_to_no_cluster_is_refused(transactional_db: None, path: str) -> None:
    socket = WebsocketCommunicator(application, path, headers=HEADERS)
    connected, code = await socket.connect(timeout=5)
    assert (connected, code) == (False, consumers.GONE)


@pytest.mark.parametrize("path", ["/ws/", "/ws/zork/", "/c/default/"])
async def test_a_socket_to_no_page_is_refused(transactional_db: None, path: str) -> None:
    connected, _ = await WebsocketCommunicator(application, path, headers=HEADERS).connect(timeout=5)
    assert not connected


async def test_a_team_has_to_log_in_before_it_listens(growing: Growing, settings: Any) -> None:
    settings.TEAM = True
    socket = WebsocketCommunicator(application, POD, headers=HEADERS)
    connected, code = await socket.connect(timeout=5)
    assert (connected, code) == (False, consumers.REFUSED)


async def test_a_wake_up_reaches_a_page_before_anything_more_happens(growing: Growing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "TICK_SECONDS", 3600.0)  # so it is no tick by which the page hears of it
    head = await grow(growing)(1)
    told = 0
    async with page(f"{POD}?after={head}") as socket:
        for second in range(36, 260, 5):
            before = growing.done
            head = await grow(growing)(second)
            if growing.done > before:
                assert [message["seq"] for message in await heard_until(socket, head)] == [head], "at once, and in one message"
                told += 1
    assert told > 8


async def test_a_browser_that_goes_while_it_is_told_something_is_no_error(
    growing: Growing, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(self: consumers.PageConsumer, said: bulletins.Bulletin) -> None:
        raise ConnectionResetError

    head = await grow(growing)(1)
    async with page(f"{POD}?after={head}"):
        monkeypatch.setattr(consumers.PageConsumer, "_tell", gone)
        await grow(growing)(36)
        await asyncio.sleep(0.3)
    assert not caplog.records
