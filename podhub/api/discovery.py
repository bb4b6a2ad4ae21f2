"""Discovery: which resources there are, aggregated in two documents or, for older clients, one for each group and version.

Kubernetes: apiserver/pkg/endpoints/discovery. It is the same at every moment of every cluster.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lifecycle.wire import Object
from podhub.api.negotiation import clauses
from podhub.api.resources import GROUP_VERSIONS, Resource, of_group_version

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

VERSION: Object = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-08-21T11:29:11Z",
    "goVersion": "go1.26.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
"""The Kubernetes whose ways are followed."""


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
            groups.setdefault(_group(group_version), []).append(group_version)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {"metadata": {"name": group} if group else {}, "versions": [_version(gv) for gv in versions]}
            for group, versions in groups.items()
        ],
    }


def _group(group_version: str) -> str:
    return group_version.rpartition("/")[0]


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


def api_versions(server: str) -> Object:
    """Return what /api answers to older clients."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": server}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


@cache
def api_groups() -> Object:
    """Return what /apis answers to older clients."""
    groups = sorted({_group(group_version) for group_version in GROUP_VERSIONS} - {""})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_api_group(group) for group in groups]}


def api_group(group: str) -> Object | None:
    """Return what /apis/GROUP answers, or None where there is no such group."""
    known = any(_group(group_version) == group for group_version in GROUP_VERSIONS)
    return {"kind": "APIGroup", "apiVersion": "v1", **_api_group(group)} if group and known else None


def _api_group(group: str) -> dict[str, Any]:
    versions = [
        {"groupVersion": group_version, "version": group_version.rpartition("/")[2]}
        for group_version in GROUP_VERSIONS
        if _group(group_version) == group
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


@cache
def api_resources(group_version: str) -> Object | None:
    """Return what /api/v1 or /apis/GROUP/VERSION answers, or None where there is none."""
    if group_version not in GROUP_VERSIONS:
        return None
    resources = [one for resource in of_group_version(group_version) for one in _listed(resource)]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _listed(resource: Resource) -> list[dict[str, Any]]:
    own: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.kind.namespaced,
        "kind": resource.kind.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        own["shortNames"] = list(resource.short_names)
    if resource.categories:
        own["categories"] = list(resource.categories)
    found = [own]
    for sub in resource.subresources:
        group, _, version = sub.group_version.rpartition("/")
        of = {"group": group, "version": version} if group else {}
        named = {"name": f"{resource.plural}/{sub.name}", "singularName": "", "namespaced": resource.kind.namespaced}
        found.append({**named, **of, "kind": sub.kind, "verbs": list(sub.verbs)})
    return found
