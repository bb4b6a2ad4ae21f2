"""Following a real cluster: a small API server stands in for one."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from podhub.log import clusters, kubeconfig, read, recorder
from podhub.log.errors import LeaseLost, LogError, ReadOnly
from podhub.log.kubeconfig import BadKubeconfig, Server, Unreachable
from podhub.log.models import Cluster
from podhub.log.read import View
from podhub.log.recorder import Recorder, cluster_for
from podhub.log.verify import verify
from podhub.log.watching import RESOURCES, Heard, Listed, Refused, Seen, Watch
from tests.podhub.log.making import SECOND

PODS, EVENTS = RESOURCES[0], RESOURCES[1]
NOON = 1_795_262_400 * SECOND
EXPIRED = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (9)"}


def pod(name: str = "web", version: str = "1", uid: str = "u1", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "uid": uid, "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, **fields}


class Script:
    """What the API server says: the answers to LISTs and to WATCHes of Pods, one after the other; then it keeps silent."""

    def __init__(self, lists: list[Any], watches: list[Any]) -> None:
        self.lists, self.watches = list(lists), list(watches)
        self.asked: list[tuple[str, dict[str, list[str]], str]] = []
        self.ended = threading.Event()


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[tuple[ThreadingHTTPServer, Script]] = []

    def start(lists: list[Any], watches: list[Any]) -> tuple[Server, Script]:
        script = Script(lists, watches)
        http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
        http.daemon_threads = True
        threading.Thread(target=http.serve_forever, daemon=True).start()
        servers.append((http, script))
        return Server(f"http://127.0.0.1:{http.server_port}/prefix", None, {"Authorization": "Bearer t"}), script

    yield start
    for http, script in servers:
        script.ended.set()
        http.shutdown()
        http.server_close()


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            script.asked.append((parts.path, query, self.headers.get("Authorization", "")))
            if "watch" in query:
                answer = script.watches.pop(0) if script.watches and parts.path.endswith("pods") else None
            else:
                answer = (
                    script.lists.pop(0) if parts.path.endswith("pods") else {"items": [], "metadata": {"resourceVersion": "1"}}
                )
            if answer is None:
                script.ended.wait(30)
            elif isinstance(answer, tuple):
                self.answer(*answer)
            else:
                self.answer(200, answer)

        def answer(self, code: int, body: Any) -> None:
            lines = body if isinstance(body, list) else [body]
            data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    return Handler


def listing(*items: Any, version: str = "5", more: str = "") -> dict[str, Any]:
    bare = [{field: value for field, value in item.items() if field not in ("kind", "apiVersion")} for item in items]
    return {"kind": "PodList", "items": bare, "metadata": {"resourceVersion": version, "continue": more}}


def heard_from(server: Server, most: int) -> list[Heard]:
    """What a watch of Pods hears first."""
    heard: queue.Queue[Heard] = queue.Queue()
    stop = threading.Event()
    Watch(server, PODS, "", heard, stop).start()
    found = [heard.get(timeout=10) for _ in range(most)]
    stop.set()
    return found


def test_a_list_is_read_page_by_page_and_the_watch_begins_where_it_ended(serve: Any) -> None:
    event = {
        "type": "MODIFIED",
        "object": {**pod(version="7"), "metadata": {**pod(version="7")["metadata"], "managedFields": []}},
    }
    server, script = serve([listing(pod(), version="5", more="next"), listing(pod("b"), version="6")], [[event]])
    listed, seen = heard_from(server, 2)
    assert isinstance(listed, Listed)
    assert listed.objects == [pod(), pod("b")]
    assert (seen.type, seen.object) == ("MODIFIED", pod(version="7"))  # type: ignore[union-attr]
    assert [asked[0] for asked in script.asked[:3]] == ["/prefix/api/v1/pods"] * 3
    assert (script.asked[1][1]["continue"], script.asked[2][1]["resourceVersion"]) == (["next"], ["6"])
    assert script.asked[0][2] == "Bearer t"


def test_a_watch_that_ends_goes_on_from_its_last_version_bookmarks_too(serve: Any) -> None:
    bookmark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "8"}}}
    first, second = {"type": "ADDED", "object": pod("b", "7")}, {"type": "ADDED", "object": pod("c", "9")}
    server, script = serve([listing(version="6")], [[first, bookmark], [second]])
    found = heard_from(server, 3)
    assert [each.object["metadata"]["name"] for each in found[1:]] == ["b", "c"]  # type: ignore[union-attr]
    assert [asked[1]["resourceVersion"] for asked in script.asked[1:3]] == [["6"], ["8"]]


@pytest.mark.parametrize("gone", [(410, EXPIRED), [{"type": "ERROR", "object": EXPIRED}]], ids=["answer", "event"])
def test_a_version_that_the_server_has_forgotten_makes_it_list_anew(serve: Any, gone: Any) -> None:
    server, _ = serve([listing(version="6"), listing(pod(version="9"), version="9")], [gone])
    _, again = heard_from(server, 2)
    assert isinstance(again, Listed)
    assert again.gap == EXPIRED
    assert again.objects == [pod(version="9")]


def test_who_may_not_list_is_told_so(serve: Any) -> None:
    server, _ = serve([(403, {"kind": "Status", "message": "pods is forbidden"})], [])
    (failed,) = heard_from(server, 1)
    assert isinstance(failed.wrong, Refused)  # type: ignore[union-attr]
    assert str(failed.wrong).endswith("pods: pods is forbidden")  # type: ignore[union-attr]


def test_what_is_no_api_server_is_told_so(serve: Any) -> None:
    server, _ = serve([["<html>"]], [])
    (failed,) = heard_from(server, 1)
    assert isinstance(failed.wrong, Unreachable)  # type: ignore[union-attr]
    assert "is this a Kubernetes API server?" in str(failed.wrong)  # type: ignore[union-attr]


def taken(cluster: Cluster, *heard: Heard, now: int = NOON) -> list[tuple[str, str, str]]:
    """The entries that a recorder makes of what it hears."""
    head = read.live(cluster.pk)[0]
    writer = Recorder(clusters.named(cluster.name), now)
    writer.take(heard, now)
    writer.release()
    lines = read.tail(clusters.named(cluster.name), head)
    return [(line.kind, line.type, line.name) for line in lines]


@pytest.mark.django_db
def test_what_is_there_at_first_is_added_and_then_what_is_seen() -> None:
    cluster = cluster_for("real", NOON)
    first = Listed(NOON, PODS, [pod("b"), pod("a")], None)
    seen = Seen(NOON + 5, PODS, "MODIFIED", pod("a", "2", status={"phase": "Running"}))
    assert taken(cluster, first, seen, now=NOON + 9) == [
        ("change", "ADDED", "a"),
        ("change", "ADDED", "b"),
        ("change", "MODIFIED", "a"),
    ]
    cluster = clusters.named("real")
    assert (cluster.start, cluster.horizon, cluster.finished, cluster.lease_token) == (NOON, NOON + 9, False, "")
    assert read.seq_at(cluster, NOON + 4) == 2
    assert list(verify(cluster)) == []


@pytest.mark.django_db
def test_after_a_gap_the_log_says_what_must_have_happened() -> None:
    cluster = cluster_for("real", NOON)
    taken(cluster, Listed(NOON, PODS, [pod("gone"), pod("same"), pod("changed"), pod("anew")], None))
    listed = Listed(NOON + 9, PODS, [pod("same"), pod("changed", "2"), pod("anew", "3", uid="u2"), pod("new", "4")], EXPIRED)
    assert taken(cluster, listed, now=NOON + 9) == [
        ("gap", "gap", ""),
        ("gap", "gap", ""),
        ("change", "DELETED", "gone"),
        ("change", "DELETED", "anew"),
        ("change", "ADDED", "anew"),
        ("change", "MODIFIED", "changed"),
        ("change", "ADDED", "new"),
        ("change", "MODIFIED", "same"),
    ]
    gap = read.tail(clusters.named("real"), 4, limit=2)
    assert [line.content.get("details") for line in gap] == [None, {"kind": "pods"}]
    view = View(clusters.named("real"), read.live(cluster.pk)[0])
    assert [version.object["metadata"]["name"] for version in view.list("pods")] == ["anew", "changed", "new", "same"]


@pytest.mark.django_db
def test_a_recording_that_goes_on_has_a_gap_and_no_entry_at_a_moment_that_is_known() -> None:
    cluster = cluster_for("real", NOON)
    taken(cluster, Listed(NOON, PODS, [pod()], None), now=NOON + 100)
    late = Listed(NOON + 50, PODS, [pod()], None)
    assert taken(cluster_for("real", NOON), late, now=NOON + 60) == [("gap", "gap", ""), ("change", "MODIFIED", "web")]
    assert read.tail(clusters.named("real"), 1)[0].at == NOON + 101


@pytest.mark.django_db
def test_the_gap_between_two_recordings_lasts_from_the_end_of_the_one_to_the_listing_of_the_other() -> None:
    cluster = cluster_for("real", NOON)
    taken(cluster, Listed(NOON, PODS, [pod()], None), now=NOON + 100)
    taken(cluster_for("real", NOON), Listed(NOON + 5000, PODS, [pod()], None), now=NOON + 5001)
    lines = read.tail(clusters.named("real"), 0)
    assert [(line.kind, line.at) for line in lines] == [("change", NOON), ("gap", NOON + 101), ("change", NOON + 5000)]
    assert list(verify(clusters.named("real"))) == []


@pytest.mark.django_db
def test_two_recorders_of_one_cluster_are_one_too_many() -> None:
    cluster = cluster_for("real", NOON)
    first = Recorder(cluster, NOON)
    with pytest.raises(LeaseLost, match="being recorded by another process"):
        Recorder(cluster, NOON + 1)
    second = Recorder(cluster, NOON + 60 * SECOND)
    with pytest.raises(LeaseLost):
        first.take([], NOON + 61 * SECOND)
    second.take([], NOON + 61 * SECOND)


@pytest.mark.django_db
def test_what_is_no_recording_cannot_go_on() -> None:
    from tests.podhub.log.making import leased

    leased("simulated")
    with pytest.raises(ReadOnly, match="choose another name"):
        cluster_for("simulated", NOON)


@pytest.mark.django_db(transaction=True)
def test_a_cluster_is_followed_until_it_is_told_to_stop(serve: Any) -> None:
    server, _ = serve([listing(pod())], [[{"type": "DELETED", "object": pod(version="7")}]])
    stop = threading.Event()
    cluster = cluster_for("real", time.time_ns() // 1000)
    threading.Timer(2, stop.set).start()
    assert recorder.record(server, cluster, "", stop, print) == 2
    assert [line.type for line in read.tail(cluster, 0)] == ["ADDED", "DELETED"]
    assert list(verify(cluster)) == []


@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_not_there_is_an_error_for_the_user() -> None:
    cluster = cluster_for("real", NOON)
    with pytest.raises(LogError, match=r"http://127\.0\.0\.1:1: "):
        recorder.record(Server("http://127.0.0.1:1", None, {}), cluster, "", threading.Event(), print)
    assert clusters.named("real").lease_token == ""


CONFIG: dict[str, Any] = {
    "current-context": "c",
    "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
    "clusters": [{"name": "k", "cluster": {"server": "http://127.0.0.1:8000/clusters/default"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
}


def test_a_kubeconfig_names_a_server(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps(CONFIG))
    assert kubeconfig.read(path).url == "http://127.0.0.1:8000/clusters/default"
    assert kubeconfig.read(path, "c").url == "http://127.0.0.1:8000/clusters/default"


BAD = {
    "no such context": ({"current-context": "d"}, "contexts: none is named 'd'"),
    "no current context": ({"current-context": ""}, "current-context: missing: name a context with --context"),
    "no cluster": ({"clusters": None}, "clusters: none is named 'k'"),
    "no server": ({"clusters": [{"name": "k", "cluster": {"server": "ftp://x"}}]}, "server: expected a URL"),
    "another program": ({"users": [{"name": "u", "user": {"exec": {"command": "aws"}}}]}, "credentials from another program"),
    "a certificate that is none": (
        {"clusters": [{"name": "k", "cluster": {"server": "https://x", "certificate-authority-data": "bm8="}}]},
        "the certificates, keys or token of this context cannot be read",
    ),
    "a certificate that is not there": (
        {"clusters": [{"name": "k", "cluster": {"server": "https://x", "certificate-authority": "ca.crt"}}]},
        "the certificates, keys or token of this context cannot be read",
    ),
}


@pytest.mark.parametrize(("fields", "text"), BAD.values(), ids=BAD)
def test_a_kubeconfig_that_cannot_be_used_is_named(tmp_path: Path, fields: dict[str, Any], text: str) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps({**CONFIG, **fields}))
    with pytest.raises(BadKubeconfig) as error:
        kubeconfig.read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert text in str(error.value)


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"7", b""])
def test_a_kubeconfig_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    with pytest.raises(BadKubeconfig):
        kubeconfig.read(path)
