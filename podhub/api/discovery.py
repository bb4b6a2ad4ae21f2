"""Aggregated discovery: which resources there are, in two documents; older clients get those of `lifecycle.apiserver`.

Kubernetes: apiserver/pkg/endpoints/discovery. It is the same at every moment of every cluster.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lifecycle.apiserver.discovery import group_of
from lifecycle.apiserver.resources import GROUP_VERSIONS, Resource, of_group_version
from lifecycle.wire import Object
from podhub.api.negotiation import clauses

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def wants_aggregated(accept: str) -> bool:
    """Say whether a client prefers the aggregated documents."""
    for type, parameters in clauses(accept):
        if parameters.get("as") == "APIGroupDiscoveryList":
            if parameters.get("v") == "v2":
                return True
        elif type in ("application/json", "*/*"):
            return False
    return False


@cache
def aggregated(core: bool) -> Object:
    """Return what /api (the core group) or /apis (all others) answers."""
    groups: dict[str, list[str]] = {}
    for group_version in GROUP_VERSIONS:
        if (group_version == "v1") == core:
            groups.setdefault(group_of(group_version), []).append(group_version)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {"metadata": {"name": group} if group else {}, "versions": [_version(gv) for gv in versions]}
            for group, versions in groups.items()
        ],
    }


def _response_kind(kind: str, group_version: str = "") -> dict[str, str]:
    group, _, version = group_version.rpartition("/")
    return {"group": group, "version": version, "kind": kind}


def _version(group_version: str) -> dict[str, Any]:
    resources = [_discovered(resource) for resource in of_group_version(group_version)]
    return {"version": group_version.rpartition("/")[2], "resources": resources, "freshness": "Current"}


def _discovered(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": _response_kind(resource.kind.kind),
        "scope": "Namespaced" if resource.kind.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        found["shortNames"] = list(resource.short_names)
    if resource.categories:
        found["categories"] = list(resource.categories)
    if resource.subresources:
        found["subresources"] = [
            {"subresource": sub.name, "responseKind": _response_kind(sub.kind, sub.group_version), "verbs": list(sub.verbs)}
            for sub in resource.subresources
        ]
    return found
