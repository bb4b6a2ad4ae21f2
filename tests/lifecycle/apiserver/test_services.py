"""What Services are given, keep, share and may not have."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.wire import Answer, Object
from tests.lifecycle.rooms import Rooms

PORT = {"name": "a", "port": 80}
OUT_OF_RANGE = "provided port is not in the valid range. The range of valid ports is 30000-32767"


def service(name: str = "a", **spec: Any) -> Object:
    spec = {"selector": {"app": "web"}, "ports": [PORT], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def created(rooms: Rooms, name: str = "a", **spec: Any) -> Object:
    answer = rooms.request("create", "services", service(name, **spec))
    assert answer.code == 201, answer.body
    return answer.body


def cause(answer: Answer) -> str:
    assert answer.code == 422, answer.body
    (found,) = answer.body["details"]["causes"]
    return f"{found['field']}: {found['message']}"


def patched(rooms: Rooms, **spec: Any) -> Answer:
    body = {"spec": spec}
    return rooms.request("patch", "services", body, name="a", content_type="application/merge-patch+json")


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.mark.parametrize(
    ("spec", "refusal"),
    [
        (
            {"type": "NodePort", "ports": [PORT, {"name": "b", "port": 81, "nodePort": 8080}]},
            f"spec.ports[1].nodePort: Invalid value: 8080: {OUT_OF_RANGE}",
        ),
        (
            {"type": "NodePort", "ports": [{**PORT, "nodePort": 99999, "protocol": "HTTP"}]},
            f"spec.ports[0].nodePort: Invalid value: 99999: {OUT_OF_RANGE}",
        ),
        (
            {"clusterIP": "1.2.3.4"},
            'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: '
            "the provided network does not match the current range",
        ),
        (
            {"clusterIPs": ["fd00::1"], "clusterIP": "fd00::1"},
            'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
        ),
        (
            {"ipFamilyPolicy": "RequireDualStack"},
            'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
        ),
    ],
)
def test_what_the_cluster_does_not_have_is_not_given(rooms: Rooms, spec: Object, refusal: str) -> None:
    assert cause(rooms.request("create", "services", service(**spec))) == refusal


def test_what_another_service_has_is_not_given(rooms: Rooms) -> None:
    created(rooms, type="NodePort", clusterIP="10.96.7.7", ports=[{**PORT, "nodePort": 30080}])
    taken = "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    again = service("b", type="NodePort", ports=[{**PORT, "nodePort": 30080}])
    assert cause(rooms.request("create", "services", again)) == taken
    address = 'spec.clusterIPs: Invalid value: ["10.96.7.7"]: failed to allocate IP 10.96.7.7: provided IP is already allocated'
    assert cause(rooms.request("create", "services", service("b", clusterIP="10.96.7.7"))) == address


def test_an_update_asks_for_a_port_that_is_free(rooms: Rooms) -> None:
    created(rooms, name="b", type="NodePort", ports=[{**PORT, "nodePort": 30080}])
    created(rooms, type="NodePort")
    taken = "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated"
    assert cause(patched(rooms, ports=[{**PORT, "nodePort": 30080}])) == taken
    assert cause(patched(rooms, ports=[{**PORT, "nodePort": 80}])).endswith(OUT_OF_RANGE)
    assert patched(rooms, ports=[{**PORT, "nodePort": 30081}]).body["spec"]["ports"][0]["nodePort"] == 30081


def test_ports_that_differ_in_their_protocol_alone_share_one_on_the_nodes(rooms: Rooms) -> None:
    ports = [{"name": "t", "port": 53}, {"name": "u", "port": 53, "protocol": "UDP"}, {"name": "x", "port": 54}]
    one, two, other = (port["nodePort"] for port in created(rooms, type="NodePort", ports=ports)["spec"]["ports"])
    assert one == two != other


def test_a_load_balancer_that_wants_no_ports_on_the_nodes_gets_none(rooms: Rooms) -> None:
    spec = created(rooms, type="LoadBalancer", allocateLoadBalancerNodePorts=False)["spec"]
    assert "nodePort" not in spec["ports"][0]


def test_a_balancer_that_keeps_the_sources_address_has_its_health_checked(rooms: Rooms) -> None:
    spec = created(rooms, type="LoadBalancer", externalTrafficPolicy="Local")["spec"]
    assert 30000 <= spec["healthCheckNodePort"] <= 32767
    assert "healthCheckNodePort" not in patched(rooms, externalTrafficPolicy="Cluster").body["spec"]


def test_a_change_of_type_gives_ports_on_the_nodes_and_takes_them_back(rooms: Rooms) -> None:
    address = created(rooms)["spec"]["clusterIP"]
    spec = patched(rooms, type="NodePort").body["spec"]
    assert spec["externalTrafficPolicy"] == "Cluster"
    assert spec["ports"][0]["nodePort"] >= 30000
    spec = patched(rooms, type="ClusterIP").body["spec"]
    assert spec["clusterIP"] == address
    assert "nodePort" not in spec["ports"][0]
    assert "externalTrafficPolicy" not in spec


def test_a_service_that_is_only_a_name_gives_its_address_back(rooms: Rooms) -> None:
    created(rooms)
    spec = patched(rooms, type="ExternalName", externalName="example.org").body["spec"]
    assert not {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"} & set(spec)
    spec = patched(rooms, type="ClusterIP", externalName=None).body["spec"]
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")


def test_an_update_that_does_not_name_what_was_given_keeps_it(rooms: Rooms) -> None:
    first = created(rooms, type="NodePort")["spec"]
    again = rooms.request("update", "services", service(type="NodePort"), name="a").body["spec"]
    assert again == first


def test_an_address_stays(rooms: Rooms) -> None:
    created(rooms, clusterIP="10.96.7.7")
    changed = 'spec.clusterIPs[0]: Invalid value: ["10.96.7.8"]: may not change once set'
    assert cause(patched(rooms, clusterIP="10.96.7.8")) == changed


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ({"clusterIP": "None", "selector": None}, (["IPv4", "IPv6"], "RequireDualStack")),
        ({"clusterIP": "None"}, (["IPv4"], "SingleStack")),
        ({"ipFamilyPolicy": "PreferDualStack"}, (["IPv4"], "PreferDualStack")),
    ],
)
def test_families_follow_from_what_is_asked_for(rooms: Rooms, spec: Object, families: tuple[list[str], str]) -> None:
    made = created(rooms, **spec)["spec"]
    assert (made["ipFamilies"], made["ipFamilyPolicy"]) == families
