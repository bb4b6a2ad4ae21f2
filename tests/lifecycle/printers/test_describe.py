"""What 1.36 prints otherwise than the kubectl of `test_kubectl`, and descriptions that need other objects."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.describe import RELATED, describe
from lifecycle.printers.generic import title

DATA = Path(__file__).parents[2] / "data" / "printers"
OBJECTS = json.loads((DATA / "objects.json").read_text())["items"]
NOW = parse_rfc3339("2026-01-01T01:00:00Z")
T = "2026-01-01T00:00:00Z"


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [o for o in OBJECTS if o["kind"] == kind]


def text_of(kind: str, name: str, events: Sequence[dict[str, Any]] | None = ()) -> str:
    related = {"endpointslices": of_kind("EndpointSlice"), "pods": of_kind("Pod"), "leases": of_kind("Lease")}
    obj = next(o for o in of_kind(kind) if o["metadata"]["name"] == name)
    return describe(obj, events, NOW, related)


def lines_of(kind: str, name: str) -> list[str]:
    return text_of(kind, name).splitlines()


def test_a_service_tells_its_ports_and_the_endpoints_that_are_ready() -> None:
    assert lines_of("Service", "s1")[5:] == [
        "Selector:                 app=x,tier=y",
        "Type:                     ClusterIP",
        "IP Family Policy:         SingleStack",
        "IP Families:              IPv4",
        "IP:                       10.0.0.1",
        "IPs:                      10.0.0.1",
        "Port:                     http  80/TCP",
        "TargetPort:               web/TCP",
        "Endpoints:                10.1.0.1:8080,10.1.0.3:8080,10.1.0.4:8080 + 1 more...",
        "Port:                     b  90/UDP",
        "TargetPort:               9090/UDP",
        "AppProtocol:              h2",
        "NodePort:                 b  30090/UDP",
        "Endpoints:                10.1.0.1:9090,10.1.0.3:9090,10.1.0.4:9090 + 1 more...",
        "Session Affinity:         None",
        "Internal Traffic Policy:  Cluster",
        "Events:                   <none>",
    ]


def test_a_load_balancer_tells_how_it_is_reached() -> None:
    lines = lines_of("Service", "s2")
    assert "LoadBalancer Ingress:        9.9.9.9 (VIP), h.example" in lines
    assert "HealthCheck NodePort:        32000" in lines
    assert "Traffic Distribution:        PreferClose" in lines
    assert "Endpoints:                   " in lines


def endpoint_slice(*ready: bool) -> dict[str, Any]:
    endpoints = [{"addresses": [f"10.0.0.{i}"], "conditions": {"ready": state}} for i, state in enumerate(ready)]
    labels = {"kubernetes.io/service-name": "web"}
    metadata = {"name": "web-1", "namespace": "default", "labels": labels}
    return {"kind": "EndpointSlice", "metadata": metadata, "ports": [{"name": "", "port": 80}], "endpoints": endpoints}


@pytest.mark.parametrize(
    ("slices", "text"),
    [
        ([], "<none>"),
        ([endpoint_slice(False)], ""),
        ([endpoint_slice(True, False, True)], "10.0.0.0:80,10.0.0.2:80"),
        ([endpoint_slice(True, True, True)], "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80"),
        ([endpoint_slice(True, True, True, False)], "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 0 more..."),
        ([endpoint_slice(True, True, True, False, True)], "10.0.0.0:80,10.0.0.1:80,10.0.0.2:80 + 1 more..."),
    ],
)
def test_a_service_names_three_endpoints_at_most(slices: list[dict[str, Any]], text: str) -> None:
    spec = {"ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}]}
    service = {"kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    described = describe(service, [], NOW, {"endpointslices": slices}).splitlines()
    assert next(line for line in described if line.startswith("Endpoints:")).removeprefix("Endpoints:").strip() == text


def test_a_node_tells_what_its_pods_ask_for() -> None:
    lines = lines_of("Node", "n1")
    start = lines.index("Non-terminated Pods:          (3 in total)")
    assert [line.split() for line in lines[start + 3 : start + 6]] == [
        ["default", "p1", "2", "(57%)", "1060m", "(30%)", "2053Mi", "(28%)", "134Mi", "(1%)", "60m"],
        ["default", "p2", "1510m", "(43%)", "1510m", "(43%)", "513Mi", "(7%)", "513Mi", "(7%)", "60m"],
        ["default", "p4", "2", "(57%)", "2", "(57%)", "3Gi", "(42%)", "2Gi", "(28%)", "60m"],
    ]
    assert [line.split() for line in lines[start + 6 : -6]] == [
        ["Allocated", "resources:"],
        ["(Total", "limits", "may", "be", "over", "100", "percent,", "i.e.,", "overcommitted.)"],
        ["Resource", "Requests", "Limits"],
        ["--------", "--------", "------"],
    ]
    assert [line.split() for line in lines[-6:]] == [
        ["cpu", "4510m", "(128%)", "3570m", "(102%)"],
        ["memory", "3590Mi", "(50%)", "1671Mi", "(23%)"],
        ["ephemeral-storage", "1Gi", "(1%)", "0", "(0%)"],
        ["hugepages-2Mi", "0", "(0%)", "0", "(0%)"],
        ["example.com/gpu", "0", "1"],
        ["Events:", "<none>"],
    ]


def test_a_node_tells_its_taints_its_lease_and_its_conditions() -> None:
    lines = lines_of("Node", "n1")
    start = lines.index("Taints:             z:NoExecute")
    assert lines[start + 1 : start + 7] == [
        "                    a=v:NoSchedule",
        "                    b:NoSchedule",
        "Unschedulable:      true",
        "Lease:",
        "  HolderIdentity:  n1",
        "  AcquireTime:     <unset>",
    ]
    assert 'Lease:              Failed to get lease: leases.coordination.k8s.io "n2" not found' in lines_of("Node", "n2")
    assert any(line.endswith("KubeletReady   ok") for line in lines)


def test_a_configmap_tells_its_values_by_key() -> None:
    text = text_of("ConfigMap", "cm", events=None)
    assert text.endswith("Data\n====\na:\n----\nx  y\n\nb:\n----\nline1\nline2\n\n\n\nBinaryData\n====\nbin: 3 bytes\n\n")


def test_a_secret_tells_only_how_long_its_values_are_but_shows_a_token() -> None:
    assert text_of("Secret", "sec").endswith("Type:  Opaque\n\nData\n====\nj:  0 bytes\nk:  3 bytes\n")
    assert text_of("Secret", "tok").endswith("Data\n====\nca.crt:  3 bytes\ntoken:   hello\n")


def test_a_service_account_tells_its_pull_secrets() -> None:
    assert lines_of("ServiceAccount", "sa")[4:] == [
        "Image pull secrets:  one",
        "                     two",
        "Events:              <none>",
    ]
    assert "Image pull secrets:  <none>" in lines_of("ServiceAccount", "sa0")


def test_another_kind_tells_every_field() -> None:
    assert text_of("Widget", "w").splitlines()[4:] == [
        "API Version:  example.com/v1",
        "Kind:         Widget",
        "Metadata:",
        "  Creation Timestamp:  2026-01-01T00:00:00Z",
        "  Finalizers:",
        "    f",
        "  Resource Version:  5",
        "  UID:               uid-w",
        "Spec:",
        "  APIVersion X:  v",
        "  HTTPServer:    z",
        "  A URL:         x",
        "  a_b:           c",
        "  Big:           1.23456785e+07",
        "  Empty List:",
        "  Empty Map:",
        "  httpGet2:  k",
        "  List:",
        "    A:      1",
        "    B C:    2",
        "    A:      3",
        "  Nothing:  <nil>",
        "  On:       true",
        "  Pod I Ps:",
        "    a",
        "    b",
        "  Ratio:       1.5",
        "  Some - Key:  1",
        "Events:        <none>",
    ]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("firstTimestamp", "First Timestamp"),
        ("uid", "UID"),
        ("apiVersion", "API Version"),
        ("podIP", "Pod IP"),
        ("selfURL", "Self URL"),
        ("x2", "x2"),
        ("", ""),
    ],
)
def test_a_fields_name_is_split_at_its_humps(field: str, words: str) -> None:
    assert title(field) == words


def test_events_may_be_left_out() -> None:
    for obj in OBJECTS:
        assert "Events:" not in describe(obj, None, NOW, {resource: [] for resource in RELATED.get(obj["kind"], ())})


def event(name: str, **more: Any) -> dict[str, Any]:
    about = {"kind": "Pod", "name": "p", "uid": "u", "fieldPath": more.pop("field", "")}
    return {"kind": "Event", "metadata": {"name": name}, "type": "Normal", "reason": "R", "involvedObject": about, **more}


def test_events_tell_how_often_since_when_and_where() -> None:
    events = [
        event(
            "late",
            message="late",
            firstTimestamp=T,
            lastTimestamp="2026-01-01T00:59:55Z",
            count=3,
            source={"component": "kubelet"},
        ),
        event("early", message=" early\n", firstTimestamp=T, lastTimestamp=T, count=1, field="spec.containers{a}"),
        event(
            "series", eventTime=T, series={"count": 2, "lastObservedTime": "2026-01-01T00:59:50Z"}, reportingComponent="sched"
        ),
    ]
    pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u"}}
    assert [line.split() for line in describe(pod, events, NOW, {}).split("Events:\n")[1].splitlines()[2:]] == [
        ["Normal", "R", "10s", "(x2", "over", "60m)", "sched"],
        ["Normal", "R", "60m", "spec.containers{a}:", "early"],
        ["Normal", "R", "5s", "(x3", "over", "60m)", "kubelet", "late"],
    ]


def test_a_series_without_a_count_is_a_series_yet() -> None:
    pod = {"kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u"}}
    assert "<unknown> (x0 over 60m)" in describe(pod, [event("s", eventTime=T, series={})], NOW, {})


@pytest.mark.parametrize(
    ("obj", "line"),
    [
        (
            {"kind": "StorageClass", "allowedTopologies": [{"matchLabelExpressions": [{"key": "zone", "values": []}]}]},
            "  Term 0:              zone in",
        ),
        ({"kind": "PersistentVolume", "spec": {"claimRef": {}}}, "Claim:           /"),
        ({"kind": "EndpointSlice", "endpoints": [{"addresses": ["1.1.1.1"], "nodeName": ""}]}, "    NodeName:  "),
        ({"kind": "Node", "spec": {"taints": [{"key": "k", "value": "v"}]}}, "Taints:             k=v:"),
    ],
    ids=lambda case: case["kind"] if isinstance(case, dict) else "",
)
def test_what_is_there_and_empty_is_told_as_kubectl_tells_it(obj: dict[str, Any], line: str) -> None:
    related: dict[str, list[dict[str, Any]]] = {"pods": [], "leases": []}
    assert line in describe({"metadata": {"name": "x"}, **obj}, (), NOW, related).splitlines()


def test_a_pods_share_of_a_node_that_has_nothing_is_what_go_makes_of_infinity() -> None:
    resources = {"requests": {"cpu": "1"}}
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "c", "resources": resources}]}}
    text = describe({"kind": "Node", "metadata": {"name": "n"}}, (), NOW, {"pods": [pod], "leases": []})
    assert "1 (-9223372036854775808%)" in text
    assert "  cpu                1 (0%)    0 (0%)" in text


def test_what_running_a_pod_costs_adds_to_the_limits_that_it_has() -> None:
    limits = {"cpu": "0", "memory": "1Gi"}
    container = {"name": "c", "resources": {"limits": limits}}
    spec = {"nodeName": "n", "overhead": {"cpu": "1", "memory": "1Gi"}, "containers": [container]}
    pod = {"metadata": {"name": "p"}, "spec": spec}
    text = describe({"kind": "Node", "metadata": {"name": "n"}}, (), NOW, {"pods": [pod], "leases": []})
    assert [line.split() for line in text.splitlines() if line.startswith(("  cpu", "  memory"))] == [
        ["cpu", "1", "(0%)", "0", "(0%)"],
        ["memory", "1Gi", "(0%)", "2Gi", "(0%)"],
    ]


def test_a_nodes_own_events_stand_before_those_of_its_kubelet_at_the_same_moment() -> None:
    node = {"kind": "Node", "metadata": {"name": "n", "uid": "u"}}
    events = [
        {
            "metadata": {"name": f"n.{i}"},
            "involvedObject": {"kind": "Node", "name": "n", "uid": uid},
            "reason": reason,
            "lastTimestamp": "2026-01-01T00:00:00Z",
        }
        for i, (uid, reason) in enumerate([("n", "Starting"), ("u", "RegisteredNode"), ("n", "NodeReady")])
    ]
    lines = describe(node, events, NOW, {"pods": [], "leases": []}).splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["RegisteredNode", "Starting", "NodeReady"]
