"""Clusters, objects and changes for the log's tests, small and quick."""

from __future__ import annotations

from typing import Any

from lifecycle import wire
from podhub.log import clusters
from podhub.log.append import Writer, slices
from podhub.log.models import Cluster

START = wire.DEFAULT_START
SECOND = 1_000_000


def leased(name: str = "default", token: str = "mine") -> Cluster:
    cluster = clusters.create(name, wire.Config(START), engine_version="1", wall=0)
    Cluster.objects.filter(pk=cluster.pk).update(lease_token=token)
    return clusters.named(name)


def pod(name: str = "web", namespace: str = "default", uid: str = "", **status: Any) -> wire.Object:
    labels = {"app": name, "tier": "front"}
    metadata = {"name": name, "namespace": namespace, "uid": uid or f"uid-{name}", "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"x": ["y" * 200]}, "status": status}


def event(name: str, about: wire.Object, **fields: Any) -> wire.Object:
    of = about["metadata"]
    involved = {"kind": about["kind"], "name": of["name"], "namespace": of["namespace"], "uid": of["uid"]}
    metadata = {"name": name, "namespace": of["namespace"], "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": involved, **fields}


def change(index: int, obj: wire.Object, type: str = "MODIFIED", at: int = 0, cause: int = 0) -> wire.Change:
    return wire.Change(index, START + at, cause, type, obj)  # type: ignore[arg-type]


def write(cluster: Cluster, changes: list[wire.Change], horizon: int | None = None) -> Cluster:
    """Append changes as one writer does, and return the cluster as it is then."""
    writer = Writer.open(cluster.pk, "mine")
    last = changes[-1].at if changes else START
    for items, upto in slices(changes, last if horizon is None else START + horizon):
        writer.append(items, upto)
    return clusters.named(cluster.name)
