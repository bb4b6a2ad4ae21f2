"""The resources that are served, by their plural."""

from __future__ import annotations

import msgspec

from lifecycle.wire import Object


class Resource(msgspec.Struct, frozen=True):
    """One resource; `generation` says whether its objects count the changes of their spec."""

    plural: str
    kind: str
    group_version: str = "v1"
    namespaced: bool = True
    generation: bool = False
    also: tuple[str, ...] = ()
    """Other groups and versions under which the same objects are served."""

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.group_version.rpartition("/")[0]

    @property
    def qualified(self) -> str:
        """The name that errors use: `pods`, `endpointslices.discovery.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


RESOURCES = {
    resource.plural: resource
    for resource in (
        Resource("configmaps", "ConfigMap"),
        Resource("endpoints", "Endpoints"),
        Resource("endpointslices", "EndpointSlice", "discovery.k8s.io/v1", generation=True),
        Resource("events", "Event", also=("events.k8s.io/v1",)),
        Resource("faults", "Fault", "podhub.dev/v1", generation=True),
        Resource("leases", "Lease", "coordination.k8s.io/v1"),
        Resource("namespaces", "Namespace", namespaced=False),
        Resource("nodes", "Node", namespaced=False),
        Resource("persistentvolumeclaims", "PersistentVolumeClaim"),
        Resource("persistentvolumes", "PersistentVolume", namespaced=False),
        Resource("pods", "Pod", generation=True),
        Resource("priorityclasses", "PriorityClass", "scheduling.k8s.io/v1", namespaced=False, generation=True),
        Resource("secrets", "Secret"),
        Resource("serviceaccounts", "ServiceAccount"),
        Resource("services", "Service"),
    )
}

_BY_KIND = {
    (version, resource.kind): resource
    for resource in RESOURCES.values()
    for version in (resource.group_version, *resource.also)
}


def of_object(obj: Object) -> Resource | None:
    """Return the resource that an object's apiVersion and kind name, or None."""
    return _BY_KIND.get((str(obj.get("apiVersion", "")), str(obj.get("kind", ""))))


def find(group_version: str, plural: str) -> Resource | None:
    """Return the resource that a path names, or None where nothing of that name is served in that group and version."""
    resource = RESOURCES.get(plural)
    return resource if resource and group_version in (resource.group_version, *resource.also) else None
