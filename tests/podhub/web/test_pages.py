"""Pages of a recorded cluster: what they say now and at past moments."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from lifecycle.clock import SECOND, parse_rfc3339
from podhub.log import importing
from podhub.log.models import Cluster
from podhub.log.moments import compact
from podhub.web.renders import renders
from tests.podhub.web.conftest import RECORDINGS
from tests.podhub.web.growing import Growing

POD = "/c/life/pods/liveness-exec/liveness-exec/"

PAGES = [
    *("/c/life/", POD, f"{POD}moment/", f"{POD}changes/"),
    *("/c/life/events/", "/c/life/events/moment/", "/c/life/services/", "/c/life/services/a/b/moment/"),
    *("/c/life/nodes/", "/c/life/nodes/node1/", "/c/life/nodes/node1/moment/", "/c/life/nodes/node1/changes/"),
]

DESCRIBED = sorted((RECORDINGS / "liveness-exec" / "describe").glob("*.txt"))


def described(html: str) -> str:
    found = re.search(r'<pre id="pod-describe"[^>]*>(.*?)</pre>', html, re.DOTALL)
    assert found
    return unescape(found[1])


@pytest.mark.parametrize("file", DESCRIBED, ids=lambda file: file.stem)
def test_a_past_moment_reads_as_kubectl_read_then(recorded: Cluster, client: Client, file: Path) -> None:
    first, _, text = file.read_text().partition("\n")
    wall = re.search(r"wall=(\S+)", first)
    assert wall
    page = client.get(POD + "moment/", {"at": compact(parse_rfc3339(wall[1]))})
    assert page.status_code == 200
    assert described(page.content.decode()).strip() == text.strip()


def test_the_whole_page_is_at_the_moment_of_its_address(recorded: Cluster, client: Client) -> None:
    html = client.get(POD, {"at": "100s"}).content.decode()
    assert "Restart Count:  1" in described(html)
    assert "Unhealthy" in html
    assert '"at":100000000' in html


def test_a_moment_may_be_named_by_its_seq(recorded: Cluster, client: Client) -> None:
    assert "Status:           Pending" in described(client.get(POD, {"seq": "2"}).content.decode())


def test_before_and_after_its_life_the_pod_is_not_found_but_its_page_is(recorded: Cluster, client: Client) -> None:
    for query in ({"at": "10ms"}, {"at": "310s"}):
        page = client.get(POD, query)
        assert page.status_code == 200
        assert described(page.content.decode()) == 'Error from server (NotFound): pods "liveness-exec" not found'


def test_the_page_of_a_pod_that_is_gone_opens_at_its_last_moment(recorded: Cluster, client: Client) -> None:
    html = client.get(POD).content.decode()
    assert re.search(r"^Status: +Failed$", described(html), re.MULTILINE)
    assert "has been gone since 2026-11-21 08:31:20 UTC." in html
    assert "data-resting" in html
    assert re.search(r'<span class="pod-state" id="pod-state" data-gone>.*<span class="tag">gone</span>', html)
    before = client.get(POD, {"at": "200s"}).content.decode()
    assert "data-gone" not in before
    assert "data-resting" not in before


def test_the_last_moment_is_marked_for_a_page_that_stands_once_it_is_known_to_be_the_last(
    growing: Growing, client: Client
) -> None:
    head = growing.until(299)
    edition = re.search(r"moment/\?of=([^\"&]+)", client.get(POD).content.decode())
    assert edition
    early = client.get(POD + "moment/", {"seq": head, "last": "", "of": edition[1]})
    assert "has been gone" not in early.content.decode()
    assert "no-store" in early["Cache-Control"]
    last = growing.until(400) - 1
    query = {"seq": last, "last": "", "of": edition[1]}
    marked = client.get(POD + "moment/", query)
    assert "has been gone" in marked.content.decode()
    assert "immutable" in marked["Cache-Control"]
    del query["last"]
    assert "has been gone" not in client.get(POD + "moment/", query).content.decode()


def test_a_page_that_is_asked_for_again_is_not_rendered_again_but_grows_older(growing: Growing, client: Client) -> None:
    growing.until(20)
    first = client.get(POD).content.decode()
    made = renders.made
    growing.writer.append([], growing.recording.start + 27 * SECOND)
    second = client.get(POD).content.decode()
    assert renders.made - made == 1, "the description, for its ages are older"
    ages = [re.findall(r'data-since="\d+">(\w+)<', html)[0] for html in (first, second)]
    assert ages == ["20s", "27s"]
    growing.until(60)
    assert "Unhealthy" in client.get(POD).content.decode()


def test_a_past_moment_is_cached_for_ever_and_the_newest_not_at_all(recorded: Cluster, client: Client) -> None:
    edition = re.search(r"moment/\?of=([^\"&]+)", client.get(POD).content.decode())
    assert edition
    past = client.get(POD + "moment/", {"at": "20s", "of": edition[1]})
    assert "immutable" in past["Cache-Control"]
    assert "no-store" in client.get(POD + "moment/", {"of": edition[1]})["Cache-Control"]
    assert "no-store" in client.get(POD + "moment/", {"at": "20s", "of": "another-log"})["Cache-Control"]


def test_the_table_is_that_of_kubectl_get_pods(recorded: Cluster, client: Client) -> None:
    html = client.get("/c/life/", {"at": "76.5s"}).content.decode()
    row = re.search(r"<tr data-key=\"liveness-exec/liveness-exec\">(.*?)</tr>", html, re.DOTALL)
    assert row
    cells = [unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.split(r"</t[dh]>", row[1])[:-1]]
    assert cells == [
        "liveness-exec",
        "liveness-exec",
        "1/1",
        "Running",
        "1 (1s ago)",
        "77s",
        "10.244.0.4",
        "node1",
        "<none>",
        "<none>",
    ]


def test_a_pod_that_is_gone_is_still_led_to(recorded: Cluster, client: Client) -> None:
    html = client.get("/c/life/").content.decode()
    link = re.search(r'href="(/c/life/pods/liveness-exec/liveness-exec/\?seq=\d+)"', html)
    assert link
    assert "Name:             liveness-exec" in described(client.get(link[1]).content.decode())


def test_a_namespace_without_pods_says_so(recorded: Cluster, client: Client) -> None:
    assert "No Pods in the namespace elsewhere" in client.get("/c/life/", {"namespace": "elsewhere"}).content.decode()


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/c/nope/", 404, "No cluster is called"),
        ("/c/nope/pods/default/web/", 404, "No cluster is called"),
        ("/c/life/pods/default/web/", 404, "holds no Pod"),
        ("/c/life/?at=yesterday", 400, "is no moment"),
        ("/c/life/?at=" + "9" * 400, 400, "is no moment"),
        ("/c/life/?seq=999999", 404, "has not happened yet"),
        (POD + "?at=-5s", 400, "before the start"),
        (POD + "?seq=x", 400, "is no moment"),
        (POD + "moment/?at=1x", 400, "is no moment"),
        ("/nowhere/", 404, "leads nowhere"),
        ("/c/life/apply/", 403, "read-only"),
        ("/c/%00/", 400, "could not read"),
        ("/c/life/?namespace=%00", 400, "could not read"),
        ("/c/life/pods/%00/x/", 400, "could not read"),
    ],
)
def test_what_is_asked_for_wrongly_gets_a_page_that_says_so(
    recorded: Cluster, client: Client, path: str, status: int, words: str
) -> None:
    page = client.get(path)
    assert page.status_code == status
    assert words in unescape(page.content.decode())


def test_posts_need_the_token(recorded: Cluster) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_HOST="localhost")
    for path in ("/new/", "/import/", "/c/life/drop/", "/c/life/speed/", "/c/life/apply/", POD + "delete/", "/theme/"):
        assert strict.post(path, {}).status_code == 403, path


def test_nothing_but_the_sites_own_scripts_may_run(recorded: Cluster, client: Client) -> None:
    page = client.get(POD)
    policy = page["Content-Security-Policy"]
    assert "'unsafe" not in policy
    assert "script-src 'self' 'sha256-" in policy
    html = page.content.decode()
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r"\sstyle=", html)


def test_names_cannot_bring_markup_into_a_page(recorded: Cluster, client: Client) -> None:
    html = client.get("/c/life/", {"namespace": "<script>alert(1)</script>", "at": '"><b>'}).content.decode()
    assert "<script>alert" not in html
    assert "<b>" not in html


def test_of_a_pod_that_only_events_tell_of_a_page_leads_to_them(db: None, client: Client) -> None:
    events = (RECORDINGS / "liveness-exec" / "events.jsonl").read_bytes()
    importing.store(importing.read([("events.jsonl", io.BytesIO(events))]), "told")
    page = client.get(POD.replace("life", "told", 1))
    assert page.status_code == 404
    link = "/c/told/events/?namespace=liveness-exec&amp;object=pod%2Fliveness-exec"
    assert link in page.content.decode()
    assert "Unhealthy" in client.get(unescape(link)).content.decode()
    assert "/events/" not in client.get("/c/told/pods/liveness-exec/another/").content.decode()


def test_a_gap_in_a_recording_is_told_to_the_timeline(db: None, client: Client) -> None:
    pods, events = ((RECORDINGS / "liveness-exec" / f"{name}.jsonl").read_text().splitlines() for name in ("pods", "events"))
    status = '{"kind":"Status","code":410,"reason":"Expired"}'
    gone = f'{{"t":100,"received":"2026-11-21T08:27:59.600Z","type":"ERROR","object":{status}}}'
    lines = "\n".join([*pods[:7], gone, *pods[7:], *events]).encode()
    importing.store(importing.read([("pods.jsonl", io.BytesIO(lines))]), "holes")
    html = client.get(POD.replace("life", "holes", 1)).content.decode()
    assert '{"look":"unknown","word":"not observed"}' in html


def test_a_team_has_to_log_in(recorded: Cluster, client: Client, settings: Any) -> None:
    settings.TEAM = True
    for path in ("/", "/c/life/", POD, POD + "moment/?at=5s", "/new/"):
        page = client.get(path)
        assert page.status_code == 302
        assert page["Location"].startswith("/login/?next=")
    for path in ("/login/", "/nowhere/"):
        assert "/c/life/" not in client.get(path).content.decode()
    client.force_login(User.objects.create_superuser("grace"))
    assert client.get("/c/life/").status_code == 200


def test_who_gives_a_wrong_password_is_told_so(db: None, client: Client) -> None:
    User.objects.create_user("grace", password="hopper")
    page = client.post("/login/", {"username": "grace", "password": "brewster"})
    assert page.status_code == 422
    assert "correct username and password" in page.content.decode()
    assert "sha256-" in page["Content-Security-Policy"]
    assert client.post("/login/", {"username": "grace", "password": "hopper", "next": "/new/"})["Location"] == "/new/"


@settings_of(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from(["at", "seq", "namespace", "after", "from", "to", "name", "object", "type", "reason", "page", "order"]),
        st.text(max_size=30) | st.from_regex(r"-?\d{1,25}(\.\d+)?(ns|ms|s|m|h)?", fullmatch=True) | st.datetimes().map(str),
        max_size=3,
    ),
    path=st.sampled_from(PAGES),
)
def test_no_query_breaks_a_page(recorded: Cluster, client: Client, query: dict[str, str], path: str) -> None:
    assert client.get(path, query).status_code in (200, 400, 404)


def test_a_clusters_page_to_which_nothing_has_happened_reads_no_entry_again(
    recorded: Cluster, client: Client, django_assert_max_num_queries: Any
) -> None:
    assert "Unhealthy" in client.get("/c/life/").content.decode()
    made = renders.made
    with django_assert_max_num_queries(5):
        assert "Unhealthy" in client.get("/c/life/").content.decode()
    assert renders.made == made
