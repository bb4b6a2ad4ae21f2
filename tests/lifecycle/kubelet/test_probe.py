"""What one HTTP answer means to a probe: success, failure, a redirect to follow or to warn of."""

from __future__ import annotations

import pytest

from lifecycle.core_v1.types import HTTPGetAction, Probe
from lifecycle.kubelet.probe import Outcome, interpret, redirect
from lifecycle.kubelet.state import ProbeWorker
from lifecycle.programs import HTTPResult

PROBE = Probe(http_get=HTTPGetAction(port=8080))
BASE = "http://10.244.0.2:8080/live"


def sent_on(location: str, status: int = 302) -> HTTPResult:
    return HTTPResult(status, (("Location", location),), "moved")


def worker() -> ProbeWorker:
    return ProbeWorker("app", "liveness", 1, 0, url_host="10.244.0.2")


@pytest.mark.parametrize(
    ("status", "result", "output"),
    [
        (200, "success", ""),
        (299, "success", ""),
        (304, "warning", "Probe terminated redirects, Response body: x"),
        (302, "warning", "Probe terminated redirects, Response body: x"),
        (404, "failure", "HTTP probe failed with statuscode: 404"),
        (199, "failure", "HTTP probe failed with statuscode: 199"),
    ],
)
def test_the_status_decides(status: int, result: str, output: str) -> None:
    outcome = interpret(PROBE, HTTPResult(status, (), "x"))
    assert isinstance(outcome, Outcome)
    assert (outcome.result, outcome.output) == (result, output)


@pytest.mark.parametrize("location", ["/healthz", "http://10.244.0.2:8080/healthz"])
def test_a_redirect_within_the_host_is_followed(location: str) -> None:
    asked = worker()
    assert interpret(PROBE, sent_on(location)) == location
    assert redirect(asked, location, sent_on(location), BASE) is None
    assert asked.url == "http://10.244.0.2:8080/healthz"


def test_a_redirect_to_another_host_is_a_success_with_a_warning() -> None:
    outcome = redirect(worker(), "http://example.com/", sent_on("http://example.com/"), BASE)
    assert outcome == Outcome("warning", "Probe terminated redirects, Response body: moved")


def test_the_tenth_redirect_is_one_too_many() -> None:
    asked = worker()
    assert [redirect(asked, "/live", sent_on("/live"), BASE) for _ in range(9)] == [None] * 9
    assert redirect(asked, "/live", sent_on("/live"), BASE) == Outcome("failure", 'Get "/live": stopped after 10 redirects')
