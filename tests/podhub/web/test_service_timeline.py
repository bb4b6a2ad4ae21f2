"""A Service's lanes and bars, from Services and EndpointSlices as the API shows them."""

from __future__ import annotations

from typing import Any

import pytest

from podhub.web.service_timeline import bars, endpoints, lanes, service_bar

PORTS = [{"name": "http", "port": 8080, "protocol": "TCP"}]


def endpoint(pod: str, address: str, **conditions: bool) -> dict[str, Any]:
    return {"addresses": [address], "conditions": conditions, "targetRef": {"kind": "Pod", "name": pod}, "nodeName": "node1"}


def piece(*ends: dict[str, Any], family: str = "IPv4") -> dict[str, Any]:
    return {"addressType": family, "endpoints": list(ends) or None, "ports": PORTS}


@pytest.mark.parametrize(
    ("conditions", "look", "word"),
    [
        ({"ready": True, "serving": True, "terminating": False}, "ready", "ready"),
        ({}, "ready", "ready"),
        ({"ready": False, "serving": False}, "unready", "not ready"),
        ({"ready": False, "serving": True, "terminating": True}, "terminating", "terminating, still serving"),
        ({"ready": False, "serving": False, "terminating": True}, "terminating", "terminating"),
        ({"ready": False, "terminating": True}, "terminating", "terminating"),
    ],
    ids=["ready", "nothing told", "not ready", "serving to the end", "at its end", "serving not told"],
)
def test_an_endpoint_looks_as_its_conditions_say(conditions: dict[str, bool], look: str, word: str) -> None:
    [found] = endpoints([piece(endpoint("web", "10.0.0.1", **conditions))])
    assert (found.look, found.word) == (look, word)
    assert found.ports == "http:8080/TCP"


@pytest.mark.parametrize(
    ("ready", "look", "word"),
    [
        ([], "waiting", "no endpoints"),
        ([False, False], "failed", "0 of 2 ready"),
        ([True, False], "unready", "1 of 2 ready"),
        ([True, True], "ready", "2 of 2 ready"),
    ],
)
def test_a_service_looks_by_how_many_are_ready(ready: list[bool], look: str, word: str) -> None:
    ends = [endpoint(f"web-{i}", f"10.0.0.{i}", ready=one) for i, one in enumerate(ready)]
    bar = service_bar({"spec": {"type": "ClusterIP"}}, endpoints([piece(*ends)]))
    assert (bar.look, bar.word) == (look, word)


def test_a_service_that_is_only_a_name_needs_no_endpoints() -> None:
    assert service_bar({"spec": {"type": "ExternalName"}}, []).look == "ready"


def test_a_pod_with_two_families_has_a_lane_for_each() -> None:
    state = {
        "service": {"metadata": {"uid": "s"}},
        "slices": {
            "web-4": piece(endpoint("web", "10.0.0.1", ready=True)),
            "web-6": piece(endpoint("web", "fd00::1", ready=True), family="IPv6"),
        },
    }
    looks = bars(state)
    assert looks["service"][0].word == "2 of 2 ready"
    assert set(looks) == {"service", "endpoint/IPv4/web", "endpoint/IPv6/web"}
    rows = lanes([("endpoint/IPv4/web", "10.0.0.1")])
    assert [(lane.id, lane.label, lane.note) for lane in rows][1] == ("endpoint/IPv4/web", "web", "10.0.0.1")


def test_an_endpoint_without_a_pod_goes_by_its_address() -> None:
    [found] = endpoints([{"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.9"]}]}])
    assert (found.lane, found.pod) == ("endpoint/IPv4/10.0.0.9", "")
