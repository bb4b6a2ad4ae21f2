"""What an object was at one moment and is at another."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from podhub.log import importing
from podhub.log.models import Cluster
from podhub.web.differences import left_out
from tests.podhub.web.conftest import RECORDINGS

POD = "/c/life/pods/liveness-exec/liveness-exec/"


def fields(html: str) -> dict[str, list[str]]:
    rows = re.findall(r'<th scope="row" class="head"><code>(.*?)</code></th>(.*?)</tr>', html)
    return {path: [re.sub(r"<[^>]+>", "", cell) for cell in unescape(cells).split("</td>")[:-1]] for path, cells in rows}


def test_the_fields_that_differ_are_told_old_and_new(recorded: Cluster, client: Client) -> None:
    html = client.get(f"{POD}changes/", {"from": "50s", "to": "100s"}).content.decode()
    found = fields(html)
    assert found["status.containerStatuses[liveness].restartCount"] == ["0", "1"]
    assert found["status.containerStatuses[liveness].lastState.terminated"][0] == "–"
    assert '"exitCode":137' in found["status.containerStatuses[liveness].lastState.terminated"][1]
    assert "metadata.resourceVersion" not in found
    assert "more that only count" in html
    assert "What changed from 08:27:09.589 to 08:27:59.589" in html


def test_the_earlier_moment_is_the_old_one_whichever_end_was_set_first(recorded: Cluster, client: Client) -> None:
    one, other = (
        client.get(f"{POD}changes/", {"from": start, "to": end}).content for start, end in (("50s", "100s"), ("100s", "50s"))
    )
    assert one == other


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("50s", "51s", "Nothing differs."),
        ("10ms", "50s", "was not there yet."),
        ("50s", "310s", "was there no more."),
    ],
)
def test_what_has_no_fields_to_compare_is_said(recorded: Cluster, client: Client, start: str, end: str, said: str) -> None:
    html = client.get(f"{POD}changes/", {"from": start, "to": end}).content.decode()
    assert said in html
    assert fields(html) == {}


@pytest.mark.parametrize("query", [{}, {"from": "5s"}, {"from": "5s", "to": "soon"}])
def test_two_moments_are_needed(recorded: Cluster, client: Client, query: dict[str, str]) -> None:
    assert client.get(f"{POD}changes/", query).status_code == 400


def test_of_a_service_its_slices_are_compared(db: None, client: Client) -> None:
    importing.store(importing.load(RECORDINGS / "svc-readiness"), "flaps")
    html = client.get("/c/flaps/services/svc-readiness/web/changes/", {"from": "10s", "to": "20s"}).content.decode()
    assert fields(html)["endpoints"][1].startswith('[{"addresses":["10.244.0.87"],"conditions":{"ready":true')


def test_of_a_node_its_conditions_are_matched_by_their_type(db: None, client: Client) -> None:
    importing.store(importing.load(RECORDINGS / "node-down-two-nodes"), "down")
    html = client.get("/c/down/nodes/node1/changes/", {"from": "100s", "to": "170s"}).content.decode()
    assert fields(html)["status.conditions[Ready].status"] == ["Unknown", "True"]


def test_what_only_counts_versions_is_counted_itself() -> None:
    one = {"metadata": {"resourceVersion": "1", "managedFields": [1]}}
    assert left_out(one, {"metadata": {"resourceVersion": "2", "managedFields": [1]}}) == 1
    assert left_out(one, {"metadata": {"resourceVersion": "2"}}) == 2
    assert left_out(one, one) == left_out({}, one) == 0
