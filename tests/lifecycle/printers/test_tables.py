"""`rows.jsonl` holds objects made at random and the cells that pkg/printers/internalversion makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.tables import LAYOUTS, cell_text, table, table_text

NOW = parse_rfc3339("2026-01-01T01:00:00Z")
T = "2026-01-01T00:00:00Z"
DATA = Path(__file__).parents[2] / "data" / "printers" / "rows.jsonl"
ROWS = [json.loads(line) for line in DATA.read_text().splitlines()]

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": T, "labels": {"b": "2", "a": "1"}},
    "spec": {"containers": [{"name": "app"}]},
    "status": {"phase": "Pending"},
}


def obj(name: str = "x", labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "creationTimestamp": T, "labels": labels}, **more}


def service(kind: str, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return obj(spec={"type": kind, **spec}, status=status or {})


def slice_of(*addresses: str, ports: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return obj(addressType="IPv4", ports=ports, endpoints=[{"addresses": [address]} for address in addresses])


def node(
    *conditions: str, labels: dict[str, str] | None = None, info: dict[str, str] | None = None, **spec: Any
) -> dict[str, Any]:
    states = [{"type": "Ready", "status": condition} for condition in conditions]
    return obj(labels=labels, spec=spec, status={"conditions": states, "nodeInfo": info or {}})


CELLS: list[tuple[str, dict[str, Any], list[object]]] = [
    ("services", service("ClusterIP"), ["x", "ClusterIP", "<none>", "<none>", "<none>", "60m", "<none>"]),
    (
        "services",
        service(
            "NodePort",
            clusterIPs=["10.0.0.1"],
            externalIPs=["1.1.1.1", "2.2.2.2"],
            selector={"b": "2", "a": "1"},
            ports=[{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}],
        ),
        ["x", "NodePort", "10.0.0.1", "1.1.1.1,2.2.2.2", "80:30080/TCP,53/UDP", "60m", "a=1,b=2"],
    ),
    (
        "services",
        service("LoadBalancer", clusterIPs=["None"]),
        ["x", "LoadBalancer", "None", "<pending>", "<none>", "60m", "<none>"],
    ),
    (
        "services",
        service(
            "LoadBalancer", {"loadBalancer": {"ingress": [{"ip": "9.9.9.9"}, {"hostname": "a.b"}]}}, externalIPs=["1.1.1.1"]
        ),
        ["x", "LoadBalancer", "<none>", "9.9.9.9,a.b,1.1.1.1", "<none>", "60m", "<none>"],
    ),
    (
        "services",
        service("ExternalName", externalName="example.org"),
        ["x", "ExternalName", "<none>", "example.org", "<none>", "60m", "<none>"],
    ),
    ("endpointslices", slice_of(), ["x", "IPv4", "<unset>", "<unset>", "60m"]),
    (
        "endpointslices",
        slice_of("a", "b", "c", "d", "e", ports=[{"port": 80}, {"name": "web"}, {}]),
        ["x", "IPv4", "80,web,*", "a,b,c + 2 more...", "60m"],
    ),
    ("endpoints", obj(), ["x", "<none>", "60m"]),
    (
        "endpoints",
        obj(subsets=[{"addresses": [{"ip": "a"}, {"ip": "::1"}], "ports": [{"port": 80}, {"port": 81}]}]),
        ["x", "a:80,[::1]:80,a:81 + 1 more...", "60m"],
    ),
    ("endpoints", obj(subsets=[{"addresses": [{"ip": "a"}]}]), ["x", "a", "60m"]),
    ("namespaces", obj(status={"phase": "Active"}), ["x", "Active", "60m"]),
    (
        "nodes",
        node(),
        ["x", "Unknown", "<none>", "60m", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"],
    ),
    (
        "nodes",
        node(
            "True",
            labels={"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge", "other": "x"},
            info={"kubeletVersion": "v1.36.2", "kernelVersion": "6.1", "architecture": "arm64", "osImage": "Debian"},
            unschedulable=True,
        ),
        [
            "x",
            "Ready,SchedulingDisabled",
            "edge,worker",
            "60m",
            "v1.36.2",
            "<none>",
            "<none>",
            "Debian",
            "6.1 (arm64)",
            "<unknown>",
        ],
    ),
    ("configmaps", obj(data={"a": "", "b": ""}, binaryData={"c": ""}), ["x", 3, "60m"]),
    ("secrets", obj(type="Opaque", data={"a": ""}), ["x", "Opaque", 1, "60m"]),
    ("serviceaccounts", obj(), ["x", "60m"]),
    ("leases", obj(spec={"holderIdentity": "node1"}), ["x", "node1", "60m"]),
    ("runtimeclasses", obj(handler="runc"), ["x", "runc", "60m"]),
    ("limitranges", obj(), ["x", T]),
    (
        "resourcequotas",
        obj(status={"hard": {"pods": "4", "cpu": "1", "limits.cpu": "2"}, "used": {"pods": "1", "limits.cpu": "500m"}}),
        ["x", "cpu: 0/1, pods: 1/4", "limits.cpu: 500m/2", "60m"],
    ),
    (
        "events",
        obj(
            type="Warning",
            reason="BackOff",
            message=" no \n",
            count=3,
            firstTimestamp=T,
            lastTimestamp="2026-01-01T00:59:00Z",
            source={"component": "kubelet", "host": "node1"},
            involvedObject={"kind": "Pod", "name": "web", "fieldPath": "spec.containers{app}"},
        ),
        ["60s", "Warning", "BackOff", "pod/web", "spec.containers{app}", "kubelet, node1", "no", "60m", 3, "x"],
    ),
    (
        "events",
        obj(
            type="Normal",
            reason="Scheduled",
            eventTime="2026-01-01T00:30:00.000001Z",
            reportingComponent="default-scheduler",
            series={"count": 4, "lastObservedTime": "2026-01-01T00:59:30.000000Z"},
            involvedObject={"kind": "Pod"},
        ),
        ["30s", "Normal", "Scheduled", "pod", "", "default-scheduler", "", "29m", 4, "x"],
    ),
]


@pytest.mark.parametrize(("resource", "thing", "cells"), CELLS, ids=[f"{case[0]}-{i}" for i, case in enumerate(CELLS)])
def test_a_row_holds_what_the_api_server_says_of_the_object(resource: str, thing: dict[str, Any], cells: list[object]) -> None:
    (row,) = table(resource, [thing], NOW)["rows"]
    assert row["cells"] == cells


@pytest.mark.parametrize("resource", LAYOUTS)
def test_every_column_is_described_and_one_is_the_name(resource: str) -> None:
    definitions = table(resource, [], NOW)["columnDefinitions"]
    assert [definition["format"] for definition in definitions].count("name") == 1
    assert all(definition["description"].endswith(".") for definition in definitions)


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case['resource']}-{case['object']['metadata']['name']}")
def test_the_row_of_an_object_made_at_random_is_the_api_servers(case: dict[str, Any]) -> None:
    (row,) = table(case["resource"], [case["object"]], parse_rfc3339("2027-01-15T08:00:00Z"))["rows"]
    assert [(type(cell), cell) for cell in row["cells"]] == [(type(cell), cell) for cell in case["cells"]]


@pytest.mark.parametrize(
    ("resource", "columns"),
    [
        ("poddisruptionbudgets", {"Allowed Disruptions": ("integer", 0)}),
        ("priorityclasses", {"Value": ("integer", 0), "Global-Default": ("boolean", 0), "PreemptionPolicy": ("string", 0)}),
        ("pods", {"Restarts": ("string", 0), "Readiness Gates": ("string", 1)}),
    ],
)
def test_columns_have_the_types_and_priorities_of_the_api_server(resource: str, columns: dict[str, tuple[str, int]]) -> None:
    given = {c["name"]: (c["type"], c["priority"]) for c in table(resource, [], 0)["columnDefinitions"]}
    assert {name: given[name] for name in columns} == columns


def test_labels_are_shown_in_the_order_of_their_pairs() -> None:
    labels = {"a": "1", "a2": "1", "a.b/c": "x"}
    shown = table("pods", [{"metadata": {"name": "x", "labels": labels}}], 0)
    assert table_text(shown, show_labels=True).splitlines()[1].split()[-1] == "a.b/c=x,a2=1,a=1"


def test_rows_carry_metadata_or_the_object_or_nothing() -> None:
    def carried(include: Any) -> Any:
        return table("pods", [POD], NOW, include=include)["rows"][0].get("object")

    partial = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": POD["metadata"]}
    assert carried("Metadata") == partial
    assert carried("Object") == POD
    assert carried("None") is None


def test_a_later_table_of_a_watch_needs_no_columns() -> None:
    later = table("pods", [POD], NOW, metadata={"resourceVersion": "7"}, columns=False)
    assert (later["columnDefinitions"], later["metadata"]) == ([], {"resourceVersion": "7"})


@pytest.mark.parametrize(("phase", "reasons"), [("Succeeded", ["Succeeded"]), ("Failed", ["Failed"]), ("Running", [])])
def test_the_row_of_a_pod_that_has_ended_says_so(phase: str, reasons: list[str]) -> None:
    (row,) = table("pods", [{**POD, "status": {"phase": phase}}], NOW)["rows"]
    assert [condition["reason"] for condition in row.get("conditions", [])] == reasons


def test_a_table_is_printed_with_the_columns_asked_for() -> None:
    pods = table("pods", [POD], NOW)
    assert table_text(pods) == "NAME   READY   STATUS    RESTARTS   AGE\nweb    0/1     Pending   0          60m\n"
    header, row = table_text(pods, wide=True, namespaces=True, show_labels=True, prefix="pod/").splitlines()
    assert header.split("   ")[0] == "NAMESPACE"
    assert row.split() == ["shop", "pod/web", "0/1", "Pending", "0", "60m", *["<none>"] * 4, "a=1,b=2"]
    assert table_text(pods, headers=False).splitlines() == ["web   0/1   Pending   0     60m"]


def test_a_table_without_rows_prints_nothing() -> None:
    assert table_text(table("pods", [], NOW)) == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [(None, ""), (3, "3"), (True, "true"), ("a\nb", "a..."), ("a\rb", "a..."), ("\fb", "..."), ("\x1b[1m", "^[[1m")],
)
def test_a_cell_is_one_line_that_moves_no_cursor(cell: object, text: str) -> None:
    assert cell_text(cell) == text
