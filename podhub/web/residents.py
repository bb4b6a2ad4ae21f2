"""Which Pods are on a node, or have been."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from podhub.log import read
from podhub.log.fold import Ref
from podhub.log.models import Cluster, Entry
from podhub.web.renders import renders
from podhub.web.story import within
from podhub.web.versions import each

MOST_GONE = 5000
"""Pods that are gone of which a page asks where they were: the last of them."""


def residents(cluster: Cluster, node: str, seq: int) -> dict[read.Name, Ref]:
    """Return the Pods that are on a node as of a seq, in key order, and the rows that made them what they are."""
    key = ("residents", cluster.pk, node, seq)
    return renders.get(key, lambda: _on(node, cluster, read.keys_at(cluster, "pods", seq).items()))


def former(cluster: Cluster, node: str, seq: int) -> dict[read.Name, Ref]:
    """Return the Pods that were on a node and are gone as of a seq, and the rows that took them away; namesakes are one."""
    key = ("former residents", cluster.pk, node, seq)
    return renders.get(key, lambda: _on(node, cluster, ends(cluster, seq)))


def _on(node: str, cluster: Cluster, pods: Iterable[tuple[read.Name, Ref]]) -> dict[read.Name, Ref]:
    asked = sorted(pods)
    nodes = nodes_of(cluster, [ref for _, ref in asked])
    return {name: ref for (name, ref), where in zip(asked, nodes, strict=True) if where == node}


def nodes_of(cluster: Cluster, refs: Sequence[Ref]) -> list[str]:
    """Return on which nodes versions of Pods are; "" for one that is on none yet."""
    return each("node of", cluster.pk, refs, _node_of)


def _node_of(version: read.Version) -> str:
    return (version.object.get("spec") or {}).get("nodeName") or ""


def ends(cluster: Cluster, seq: int) -> list[tuple[read.Name, Ref]]:
    """Return the Pods that are gone as of a seq, and the rows that took them away, the last first."""
    rows = Entry.objects.filter(within(cluster, seq), kind=Entry.Kind.CHANGE, resource="pods", type="DELETED")
    columns = rows.order_by("-seq").values_list("namespace", "name", "cluster_id", "seq")[:MOST_GONE]
    return [((namespace, name), Ref(cluster_id, of)) for namespace, name, cluster_id, of in columns]
