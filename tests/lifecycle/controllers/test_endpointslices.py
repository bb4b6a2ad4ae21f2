"""How Services follow their Pods."""

from __future__ import annotations

from typing import Any

from lifecycle.controllers.endpointslicemirroring import EndpointSliceMirroring
from lifecycle.controllers.endpointslices import EndpointSlices
from lifecycle.programs import Programs
from lifecycle.programs.network import Endpoint
from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod


def cluster() -> Rooms:
    rooms = Rooms()
    rooms.kernel.rooms["programs"] = Programs(rooms.kernel)
    rooms.kernel.rooms["endpointslices"] = EndpointSlices(rooms.kernel)
    return rooms


def service(name: str = "web", **spec: Any) -> Object:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def web_pod(rooms: Rooms, name: str = "web-1", ip: str = "10.244.0.2", ready: bool = True, **spec: Any) -> Object:
    body = pod(name, nodeName="node1", **spec)
    rooms.request("create", "pods", {**body, "metadata": {"name": name, "labels": {"app": "web"}}})
    return set_status(rooms, name, ip=ip, ready=ready)


def set_status(rooms: Rooms, name: str, phase: str = "Running", ip: str = "10.244.0.2", ready: bool = True) -> Object:
    old = rooms.api.get("pods", "default", name)
    assert old is not None
    condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {**old["status"], "phase": phase, "podIP": ip, "conditions": [condition]}
    new: Object = rooms.api.update("pods", {**old, "status": status})
    rooms.run(1)
    return new


def endpoints(rooms: Rooms) -> dict[str, tuple[bool, bool, bool]]:
    """Return what all slices say of each address: ready, serving, terminating."""
    return {
        endpoint["addresses"][0]: tuple(endpoint["conditions"][key] for key in ("ready", "serving", "terminating"))
        for one in rooms.api.list("endpointslices")
        for endpoint in one["endpoints"] or ()
    }


def slices(rooms: Rooms) -> list[Object]:
    return list(rooms.api.list("endpointslices"))


def test_a_service_without_pods_has_an_empty_slice_of_its_own():
    rooms = cluster()
    rooms.request("create", "services", service())
    rooms.run(1)
    (slice,) = slices(rooms)
    assert (slice["endpoints"], slice["ports"]) == (None, None)
    assert slice["metadata"]["name"].startswith("web-")
    assert slice["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert slice["metadata"]["ownerReferences"][0]["name"] == "web"
    assert rooms.api.get("endpoints", "default", "web").get("subsets") is None


def test_a_pod_becomes_ready_and_no_longer_ready():
    rooms = cluster()
    rooms.request("create", "services", service())
    web_pod(rooms, ready=False)
    assert endpoints(rooms) == {"10.244.0.2": (False, False, False)}
    assert "notReadyAddresses" in rooms.api.get("endpoints", "default", "web")["subsets"][0]
    set_status(rooms, "web-1", ready=True)
    assert endpoints(rooms) == {"10.244.0.2": (True, True, False)}
    (slice,) = slices(rooms)
    assert slice["ports"] == [{"name": "", "protocol": "TCP", "port": 8080}]
    assert slice["metadata"]["generation"] == 3


def test_a_pod_that_is_being_deleted_serves_on_until_its_containers_are_gone():
    rooms = cluster()
    rooms.request("create", "services", service())
    web_pod(rooms)
    rooms.request("delete", "pods", name="web-1")
    rooms.run(1)
    assert endpoints(rooms) == {"10.244.0.2": (False, True, True)}
    assert "subsets" not in rooms.api.get("endpoints", "default", "web")
    assert rooms.kernel.rooms["programs"].network.state.services["default/web"].endpoints == (Endpoint("10.244.0.2", (8080,)),)
    set_status(rooms, "web-1", phase="Succeeded", ready=False)
    assert endpoints(rooms) == {}


def test_pods_that_are_there_before_the_service_are_found():
    rooms = cluster()
    web_pod(rooms)
    rooms.request("create", "services", service())
    rooms.run(1)
    assert list(endpoints(rooms)) == ["10.244.0.2"]


def test_a_pod_without_the_label_or_without_an_address_is_none():
    rooms = cluster()
    rooms.request("create", "services", service())
    rooms.request("create", "pods", pod("other", nodeName="node1"))
    rooms.request("create", "pods", {**pod("new"), "metadata": {"name": "new", "labels": {"app": "web"}}})
    rooms.run(1)
    assert endpoints(rooms) == {}


def test_a_named_port_is_looked_up_in_the_pod():
    rooms = cluster()
    rooms.request("create", "services", service(ports=[{"port": 80, "targetPort": "http"}]))
    container = {"name": "app", "image": "nginx:1.25", "ports": [{"name": "http", "containerPort": 3000}]}
    web_pod(rooms, containers=[container])
    (slice,) = slices(rooms)
    assert slice["ports"][0]["port"] == 3000


def test_pods_that_are_not_ready_are_published_where_the_service_says_so():
    rooms = cluster()
    rooms.request("create", "services", service(publishNotReadyAddresses=True))
    web_pod(rooms, ready=False)
    assert endpoints(rooms) == {"10.244.0.2": (True, False, False)}


def test_a_hundred_endpoints_fill_a_slice():
    rooms = cluster()
    rooms.request("create", "services", service())
    for n in range(101):
        web_pod(rooms, f"web-{n}", f"10.244.0.{n + 1}")
    assert sorted(len(slice["endpoints"]) for slice in slices(rooms)) == [1, 100]
    assert len(endpoints(rooms)) == 101


def test_the_network_knows_where_a_name_leads():
    rooms = cluster()
    made = rooms.request("create", "services", service()).body
    web_pod(rooms)
    table = rooms.kernel.rooms["programs"].network.state.services
    assert table["default/web"].cluster_ip == made["spec"]["clusterIP"]
    assert table["default/web"].ports == (("", 80),)
    assert table["default/web"].endpoints == (Endpoint("10.244.0.2", (8080,)),)
    rooms.request("delete", "services", name="web")
    assert "default/web" not in table


def test_a_deleted_service_takes_its_slices_away():
    rooms = cluster()
    rooms.request("create", "services", service())
    web_pod(rooms)
    rooms.request("delete", "services", name="web")
    rooms.run(1)
    assert slices(rooms) == []
    assert rooms.api.get("endpoints", "default", "web") is None


def test_a_service_without_a_selector_keeps_what_it_was_given():
    rooms = cluster()
    rooms.request("create", "services", service(selector=None))
    web_pod(rooms)
    assert slices(rooms) == []


def test_a_change_of_the_selector_lets_go_of_pods():
    rooms = cluster()
    rooms.request("create", "services", service())
    web_pod(rooms)
    old = rooms.api.get("services", "default", "web")
    rooms.api.update("services", {**old, "spec": {**old["spec"], "selector": {"app": "other"}}})
    rooms.run(1)
    assert endpoints(rooms) == {}


def test_slices_and_endpoints_carry_the_services_labels_and_follow_them():
    rooms = cluster()
    body = service()
    rooms.request("create", "services", {**body, "metadata": {"name": "web", "labels": {"team": "a"}}})
    rooms.run(1)
    changed = {"metadata": {"labels": {"team": "b"}}}
    content_type = "application/merge-patch+json"
    assert rooms.request("patch", "services", changed, name="web", content_type=content_type).code == 200
    rooms.run(1)
    (slice,) = slices(rooms)
    legacy = rooms.api.get("endpoints", "default", "web")
    assert legacy is not None
    assert (slice["metadata"]["labels"]["team"], legacy["metadata"]["labels"]["team"]) == ("b", "b")
    assert slice["metadata"]["labels"]["kubernetes.io/service-name"] == "web"


def test_an_endpoint_names_its_nodes_zone_and_for_whom_it_is_best():
    rooms = cluster()
    zone = {"topology.kubernetes.io/zone": "z1"}
    rooms.api.create("nodes", {"kind": "Node", "metadata": {"name": "node1", "labels": zone}, "spec": {}, "status": {}})
    rooms.request("create", "services", service(trafficDistribution="PreferSameNode"))
    web_pod(rooms)
    (slice,) = slices(rooms)
    (endpoint,) = slice["endpoints"]
    assert endpoint["zone"] == "z1"
    assert endpoint["hints"] == {"forNodes": [{"name": "node1"}], "forZones": [{"name": "z1"}]}


def test_more_than_a_thousand_addresses_are_cut_in_the_legacy_object_and_spread_over_slices_of_a_hundred():
    rooms = cluster()
    rooms.request("create", "services", service())
    for n in range(1010):
        body = pod(f"web-{n}", nodeName="node1")
        rooms.request("create", "pods", {**body, "metadata": {"name": f"web-{n}", "labels": {"app": "web"}}})
        old = rooms.api.get("pods", "default", f"web-{n}")
        ready = {"type": "Ready", "status": "False" if n < 20 else "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        status = {**old["status"], "phase": "Running", "podIP": f"10.244.{n // 250}.{n % 250}", "conditions": [ready]}
        rooms.api.update("pods", {**old, "status": status})
    rooms.run(1)
    legacy = rooms.api.get("endpoints", "default", "web")
    assert legacy is not None
    (subset,) = legacy["subsets"]
    assert (len(subset["addresses"]), len(subset["notReadyAddresses"])) == (990, 10)
    assert legacy["metadata"]["annotations"]["endpoints.kubernetes.io/over-capacity"] == "truncated"
    assert sorted(len(slice["endpoints"]) for slice in slices(rooms)) == [10] + [100] * 10
    for n in range(20):
        rooms.api.remove("pods", "default", f"web-{n}")
    rooms.run(1)
    legacy = rooms.api.get("endpoints", "default", "web")
    assert legacy is not None
    assert "endpoints.kubernetes.io/over-capacity" not in legacy["metadata"].get("annotations", {})


def with_mirroring() -> Rooms:
    rooms = cluster()
    rooms.kernel.rooms["endpointslicemirroring"] = EndpointSliceMirroring(rooms.kernel)
    return rooms


def by_hand(*ips: str, **metadata: Any) -> Object:
    addresses = [{"ip": ip} for ip in ips]
    subsets = [{"addresses": addresses, "notReadyAddresses": [{"ip": "10.1.0.9"}], "ports": [{"port": 9376}]}]
    return {"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", **metadata}, "subsets": subsets}


def test_endpoints_written_by_hand_become_slices_and_ways_into_the_service():
    rooms = with_mirroring()
    rooms.request("create", "services", service("db", selector={}))
    rooms.request("create", "endpoints", by_hand("10.1.0.1", "fd00::1", labels={"team": "a"}))
    rooms.run(1)
    assert endpoints_ready(rooms) == {"10.1.0.1": True, "10.1.0.9": False, "fd00::1": True}
    found = {slice["addressType"]: slice for slice in slices(rooms)}
    assert found.keys() == {"IPv4", "IPv6"}
    assert found["IPv4"]["metadata"]["labels"] == {
        "team": "a",
        "kubernetes.io/service-name": "db",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert found["IPv4"]["ports"] == [{"name": "", "port": 9376, "protocol": "TCP"}]
    db = rooms.api.get("services", "default", "db")
    assert db is not None
    known = rooms.kernel.rooms["programs"].network.service_at(db["spec"]["clusterIP"])
    assert Endpoint("10.1.0.1", (9376,)) in known.endpoints


def test_a_service_without_a_selector_leads_where_it_did_when_something_else_of_it_changes():
    rooms = with_mirroring()
    rooms.request("create", "services", service("db", selector={}))
    rooms.request("create", "endpoints", by_hand("10.1.0.1"))
    rooms.run(1)
    db = rooms.api.get("services", "default", "db")
    assert db is not None
    rooms.api.update("services", {**db, "metadata": {**db["metadata"], "labels": {"team": "a"}}})
    rooms.run(1)
    known = rooms.kernel.rooms["programs"].network.service_at(db["spec"]["clusterIP"])
    assert known.endpoints == (Endpoint("10.1.0.1", (9376,)),)


def test_several_changes_at_once_are_looked_at_together():
    rooms = with_mirroring()
    rooms.request("create", "services", service("db", selector={}))
    before = len(rooms.kernel.agenda)
    rooms.request("create", "endpoints", by_hand("10.1.0.1"))
    assert len(rooms.kernel.agenda) == before
    rooms.run(1)
    assert endpoints_ready(rooms) == {"10.1.0.1": True, "10.1.0.9": False}


def endpoints_ready(rooms: Rooms) -> dict[str, bool]:
    every = (one for slice in slices(rooms) for one in slice["endpoints"] or ())
    return {one["addresses"][0]: one["conditions"]["ready"] for one in every}


def test_what_is_mirrored_follows_the_endpoints_and_goes_with_them():
    rooms = with_mirroring()
    rooms.request("create", "services", service("db", selector={}))
    rooms.request("create", "endpoints", by_hand("10.1.0.1"))
    rooms.run(1)
    (first,) = slices(rooms)
    rooms.request("update", "endpoints", by_hand("10.1.0.2"), name="db")
    rooms.run(1)
    (second,) = slices(rooms)
    assert first["metadata"]["name"] == second["metadata"]["name"]
    assert endpoints_ready(rooms) == {"10.1.0.2": True, "10.1.0.9": False}
    rooms.request("delete", "endpoints", name="db")
    rooms.run(1)
    assert slices(rooms) == []


def test_endpoints_that_are_not_to_be_mirrored_or_belong_to_a_selector_are_left_alone():
    rooms = with_mirroring()
    rooms.request("create", "services", service("db", selector={}))
    rooms.request("create", "endpoints", by_hand("10.1.0.1", labels={"endpointslice.kubernetes.io/skip-mirror": "true"}))
    rooms.run(1)
    assert slices(rooms) == []
