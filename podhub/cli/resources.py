"""The names by which people ask for resources: `po`, `pod`, `pods`, `endpointslices.discovery.k8s.io`."""

from __future__ import annotations

from typing import Any, NamedTuple


class Resource(NamedTuple):
    """One resource as discovery tells it; `group` is empty for the core group."""

    plural: str
    kind: str
    short: str = ""
    group: str = ""
    namespaced: bool = True

    @property
    def qualified(self) -> str:
        """The name that errors use: `pods`, `endpointslices.discovery.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


RESOURCES = (
    Resource("pods", "Pod", "po"),
    Resource("events", "Event", "ev"),
    Resource("services", "Service", "svc"),
    Resource("endpoints", "Endpoints", "ep"),
    Resource("endpointslices", "EndpointSlice", group="discovery.k8s.io"),
    Resource("nodes", "Node", "no", namespaced=False),
    Resource("namespaces", "Namespace", "ns", namespaced=False),
    Resource("configmaps", "ConfigMap", "cm"),
    Resource("secrets", "Secret"),
    Resource("serviceaccounts", "ServiceAccount", "sa"),
    Resource("resourcequotas", "ResourceQuota", "quota"),
    Resource("limitranges", "LimitRange", "limits"),
    Resource("persistentvolumes", "PersistentVolume", "pv", namespaced=False),
    Resource("persistentvolumeclaims", "PersistentVolumeClaim", "pvc"),
    Resource("storageclasses", "StorageClass", "sc", "storage.k8s.io", namespaced=False),
    Resource("poddisruptionbudgets", "PodDisruptionBudget", "pdb", "policy"),
    Resource("priorityclasses", "PriorityClass", "pc", "scheduling.k8s.io", namespaced=False),
    Resource("runtimeclasses", "RuntimeClass", group="node.k8s.io", namespaced=False),
    Resource("roles", "Role", group="rbac.authorization.k8s.io"),
    Resource("rolebindings", "RoleBinding", group="rbac.authorization.k8s.io"),
    Resource("clusterroles", "ClusterRole", group="rbac.authorization.k8s.io", namespaced=False),
    Resource("clusterrolebindings", "ClusterRoleBinding", group="rbac.authorization.k8s.io", namespaced=False),
    Resource("leases", "Lease", group="coordination.k8s.io"),
    Resource("faults", "Fault", group="podhub.dev"),
)

_BY_KIND = {resource.kind: resource for resource in RESOURCES}
_BY_NAME = {
    name: resource
    for resource in RESOURCES
    for name in (resource.plural, resource.kind.lower(), resource.short, resource.qualified)
    if name
}


def named(word: str) -> Resource | None:
    """Return the resource that a word of the command line names, or None."""
    return _BY_NAME.get(word.lower())


def resource_of(obj: dict[str, Any]) -> str:
    """Return the plural of an object's kind; a kind nobody knows gets its lower-case name and an s."""
    resource = _BY_KIND.get(obj["kind"])
    return resource.plural if resource else f"{obj['kind'].lower()}s"
