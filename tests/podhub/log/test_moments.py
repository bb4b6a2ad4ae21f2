"""The ways to name a moment."""

from __future__ import annotations

import pytest

from lifecycle.clock import rfc3339_micro
from podhub.log import moments
from podhub.log.errors import BadMoment, NotYet
from tests.podhub.log.making import SECOND, START, change, leased, pod, write

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "at", "seq"),
    [
        ("0s", 0, 0),
        ("0", 0, 0),
        ("1s", 1, 1),
        ("1.476s", 1.476, 1),
        ("1476ms", 1.476, 1),
        ("2m", 120, 3),
        ("1m30s", 90, 2),
        ("1.5m", 90, 2),
        ("seq-0", 0, 0),
        ("seq-2", 61, 2),
        ("2026-01-01T00:01:01Z", 61, 2),
        ("2026-01-01T01:01:00.5+01:00", 60.5, 1),
        ("20260101T000101Z", 61, 2),
        ("20260101T000100.5Z", 60.5, 1),
        ("2025-12-31T23:59:59Z", -1, 0),
    ],
)
def test_a_moment_can_be_named_as(text: str, at: float, seq: int) -> None:
    cluster = write(leased(), [change(i, pod(n=i), at=at * SECOND) for i, at in ((1, 1), (2, 61), (3, 120))], 120 * SECOND)
    assert moments.parse(text, cluster) == (START + round(at * SECOND), seq)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "35", "-1s", "1x", "seq-", "seq-x", "seq--1", "2026-13-01T00:00:00Z", "20261301T000000Z", "99999999h", "1s\n"],
)
def test_what_names_no_moment_is_refused_with_the_forms_that_do(text: str) -> None:
    with pytest.raises(BadMoment, match="give 35s, 2m or 1m30s"):
        moments.parse(text, leased())


@pytest.mark.parametrize("text", ["9" * 400 + "s", "2026-01-01", "٣s", "2026-01-01T00:00:00Z; DROP", "1s2026-01-01T00:00:00Z"])
def test_what_only_looks_like_a_moment_is_refused_too(text: str) -> None:
    with pytest.raises(BadMoment, match="give 35s, 2m or 1m30s"):
        moments.parse(text, leased())


@pytest.mark.parametrize("text", ["1s", "seq-1", "seq-999999999999999999", "2026-01-01T00:00:01Z", "9999-12-31T23:59:59Z"])
def test_what_has_not_happened_is_not_yet(text: str) -> None:
    with pytest.raises(NotYet, match=r"has not happened yet: the cluster's log is known up to 2026-01-01T00:00:00\.250000Z"):
        moments.parse(text, write(leased(), [], SECOND // 4))


@pytest.mark.parametrize("at", [START, START + 1, START + 1_500_000])
def test_the_form_for_urls_names_the_same_moment(at: int) -> None:
    cluster = write(leased(), [], 3 * SECOND)
    assert moments.parse(moments.compact(at), cluster).at == at
    assert "-" not in moments.compact(at)
    assert moments.parse(rfc3339_micro(at), cluster).at == at
