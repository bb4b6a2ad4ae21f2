"""What `kubectl get` shows of volumes, claims, classes and budgets."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.clock import parse_rfc3339
from lifecycle.printers.storage_rows import OLD_CLASS
from lifecycle.printers.tables import LAYOUTS, table

NOW = parse_rfc3339("2026-01-01T01:00:00Z")
T = "2026-01-01T00:00:00Z"
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


def obj(metadata: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "creationTimestamp": T, **(metadata or {})}, **more}


VOLUME = {
    "capacity": {"storage": "5Gi"},
    "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
    "persistentVolumeReclaimPolicy": "Delete",
    "claimRef": {"namespace": "shop", "name": "data"},
    "storageClassName": "fast",
    "volumeMode": "Filesystem",
}


@pytest.mark.parametrize(
    ("resource", "shown", "cells"),
    [
        (
            "persistentvolumes",
            obj(spec=VOLUME, status={"phase": "Bound"}),
            ["x", "5Gi", "RWO,RWX", "Delete", "Bound", "shop/data", "fast", "<unset>", "", "60m", "Filesystem"],
        ),
        (
            "persistentvolumes",
            obj({"deletionTimestamp": T}, spec={**VOLUME, "claimRef": None}, status={"phase": "Released"}),
            ["x", "5Gi", "RWO,RWX", "Delete", "Terminating", "", "fast", "<unset>", "", "60m", "Filesystem"],
        ),
        (
            "persistentvolumeclaims",
            obj(spec={"storageClassName": "fast"}, status={"phase": "Pending"}),
            ["x", "Pending", "", "", "", "fast", "<unset>", "60m", "<unset>"],
        ),
        (
            "persistentvolumeclaims",
            obj(
                spec={"volumeName": "pv", "volumeMode": "Block"},
                status={"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOncePod"]},
            ),
            ["x", "Bound", "pv", "2Gi", "RWOP", "", "<unset>", "60m", "Block"],
        ),
        (
            "storageclasses",
            obj({"annotations": DEFAULT}, provisioner="d.example.com", reclaimPolicy="Retain", allowVolumeExpansion=True),
            ["x (default)", "d.example.com", "Retain", "Immediate", True, "60m"],
        ),
        ("priorityclasses", obj(value=7, globalDefault=True), ["x", 7, True, "60m", "PreemptLowerPriority"]),
        (
            "persistentvolumes",
            obj({"annotations": {OLD_CLASS: "old"}}, spec={"claimRef": {}, "storageClassName": "fast"}),
            ["x", "0", "", "", "", "/", "old", "<unset>", "", "60m", "<unset>"],
        ),
        (
            "persistentvolumeclaims",
            obj({"annotations": {OLD_CLASS: ""}}, spec={"storageClassName": "fast", "volumeAttributesClassName": ""}),
            ["x", "", "", "", "", "", "", "60m", "<unset>"],
        ),
        ("poddisruptionbudgets", obj(spec={"minAvailable": 0}), ["x", "0", "N/A", 0, "60m"]),
        (
            "poddisruptionbudgets",
            obj(spec={"maxUnavailable": "50%"}, status={"disruptionsAllowed": 2}),
            ["x", "N/A", "50%", 2, "60m"],
        ),
    ],
)
def test_rows_of_storage_and_budgets(resource: str, shown: dict[str, Any], cells: list[object]):
    (row,) = table(resource, [shown], NOW)["rows"]
    assert row["cells"] == cells
    assert len(LAYOUTS[resource].columns) == len(cells)
