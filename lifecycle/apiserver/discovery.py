"""Discovery: which resources there are, in one document for each group and version, and which Kubernetes this is.

Kubernetes: apiserver/pkg/endpoints/discovery. It is the same at every moment of every cluster.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lifecycle.apiserver.resources import GROUP_VERSIONS, Resource, of_group_version
from lifecycle.wire import Object

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


def group_of(group_version: str) -> str:
    return group_version.rpartition("/")[0]


def api_versions(server: str) -> Object:
    """Return what /api answers to older clients."""
    address = {"clientCIDR": "0.0.0.0/0", "serverAddress": server}
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}


@cache
def api_groups() -> Object:
    """Return what /apis answers to older clients."""
    groups = sorted({group_of(group_version) for group_version in GROUP_VERSIONS} - {""})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_api_group(group) for group in groups]}


def api_group(group: str) -> Object | None:
    """Return what /apis/GROUP answers, or None where there is no such group."""
    known = any(group_of(group_version) == group for group_version in GROUP_VERSIONS)
    return {"kind": "APIGroup", "apiVersion": "v1", **_api_group(group)} if group and known else None


def _api_group(group: str) -> dict[str, Any]:
    versions = [
        {"groupVersion": group_version, "version": group_version.rpartition("/")[2]}
        for group_version in GROUP_VERSIONS
        if group_of(group_version) == group
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
