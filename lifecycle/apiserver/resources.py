"""What is served: each resource with its verbs, short names and subresources, and what a path means.

Kubernetes: pkg/registry/core/rest (storage_core.go) and its neighbours
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lifecycle.core_v1.schema import KINDS, Kind

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CHANGED = ("get", "patch", "update")
PASSED_ON = ("create", "delete", "get", "patch", "update")


class Subresource(NamedTuple):
    """What stands below an object: the kind of its body, and the verbs it takes."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group_version: str = ""


class Resource(NamedTuple):
    """A resource as discovery tells of it."""

    kind: Kind
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    deprecated: str = ""

    @property
    def plural(self) -> str:
        return self.kind.plural

    @property
    def singular(self) -> str:
        return self.kind.kind.lower()

    def subresource(self, name: str) -> Subresource | None:
        return next((one for one in self.subresources if one.name == name), None)


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, CHANGED)


_POD = (
    Subresource("attach", "PodAttachOptions", ("create", "get")),
    Subresource("binding", "Binding", ("create",)),
    Subresource("ephemeralcontainers", "Pod", CHANGED),
    Subresource("eviction", "Eviction", ("create",), "policy/v1"),
    Subresource("exec", "PodExecOptions", ("create", "get")),
    Subresource("log", "Pod", ("get",)),
    Subresource("portforward", "PodPortForwardOptions", ("create", "get")),
    Subresource("proxy", "PodProxyOptions", PASSED_ON),
    Subresource("resize", "Pod", CHANGED),
    _status("Pod"),
)

_NAMESPACE = (Subresource("finalize", "Namespace", ("update",)), _status("Namespace"))

_MORE: Mapping[str, tuple[Any, ...]] = {
    "Binding": ((), (), ("create",), ()),
    "ConfigMap": (("cm",), (), ALL_VERBS, ()),
    "Endpoints": (
        ("ep",),
        (),
        ALL_VERBS,
        (),
        "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    "Event": (("ev",), (), ALL_VERBS, ()),
    "LimitRange": (("limits",), (), ALL_VERBS, ()),
    "Namespace": (("ns",), (), tuple(verb for verb in ALL_VERBS if verb != "deletecollection"), _NAMESPACE),
    "Node": (("no",), (), ALL_VERBS, (_status("Node"),)),
    "PersistentVolume": (("pv",), (), ALL_VERBS, (_status("PersistentVolume"),)),
    "PersistentVolumeClaim": (("pvc",), (), ALL_VERBS, (_status("PersistentVolumeClaim"),)),
    "Pod": (("po",), ("all",), ALL_VERBS, _POD),
    "PodDisruptionBudget": (("pdb",), (), ALL_VERBS, (_status("PodDisruptionBudget"),)),
    "PriorityClass": (("pc",), (), ALL_VERBS, ()),
    "ResourceQuota": (("quota",), (), ALL_VERBS, (_status("ResourceQuota"),)),
    "Service": (
        ("svc",),
        ("all",),
        ALL_VERBS,
        (Subresource("proxy", "ServiceProxyOptions", PASSED_ON), _status("Service")),
    ),
    "ServiceAccount": (
        ("sa",),
        (),
        ALL_VERBS,
        (Subresource("token", "TokenRequest", ("create",), "authentication.k8s.io/v1"),),
    ),
    "StorageClass": (("sc",), (), ALL_VERBS, ()),
}
"""Short names, categories, verbs, subresources and the warning of what is deprecated, where they are not the usual ones."""

SELF_REVIEWS = (
    Kind("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", namespaced=False),
    Kind("authorization.k8s.io/v1", "SelfSubjectRulesReview", "selfsubjectrulesreviews", namespaced=False),
    Kind("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews", namespaced=False),
)
"""No objects of the cluster: questions about oneself, which everybody may ask and which are answered at once."""

REVIEWS = (
    Kind("authorization.k8s.io/v1", "LocalSubjectAccessReview", "localsubjectaccessreviews"),
    Kind("authorization.k8s.io/v1", "SubjectAccessReview", "subjectaccessreviews", namespaced=False),
    Kind("authentication.k8s.io/v1", "TokenReview", "tokenreviews", namespaced=False),
)
"""Questions about others."""

COMPONENT_STATUS = Kind("v1", "ComponentStatus", "componentstatuses", namespaced=False)

_ADMISSION, _EXTENSIONS = "admissionregistration.k8s.io/v1", ("api-extensions",)

NOT_PLAYED: Mapping[Kind, tuple[Any, ...]] = {
    Kind("v1", "PodTemplate", "podtemplates"): (),
    Kind("v1", "ReplicationController", "replicationcontrollers"): (("rc",), ("all",)),
    Kind(_ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", namespaced=False): ((), _EXTENSIONS),
    Kind(_ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", namespaced=False): ((), _EXTENSIONS),
    Kind(_ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", namespaced=False): (
        (),
        _EXTENSIONS,
    ),
    Kind(_ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", namespaced=False): ((), _EXTENSIONS),
    Kind("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False): (
        ("crd", "crds"),
        _EXTENSIONS,
    ),
    Kind("apps/v1", "ControllerRevision", "controllerrevisions"): (),
    Kind("apps/v1", "DaemonSet", "daemonsets"): (("ds",), ("all",)),
    Kind("apps/v1", "Deployment", "deployments"): (("deploy",), ("all",)),
    Kind("apps/v1", "ReplicaSet", "replicasets"): (("rs",), ("all",)),
    Kind("apps/v1", "StatefulSet", "statefulsets"): (("sts",), ("all",)),
    Kind("autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers"): (("hpa",), ("all",)),
    Kind("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"): (("hpa",), ("all",)),
    Kind("batch/v1", "CronJob", "cronjobs"): (("cj",), ("all",)),
    Kind("batch/v1", "Job", "jobs"): ((), ("all",)),
    Kind("certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", namespaced=False): (("csr",), ()),
    Kind("networking.k8s.io/v1", "Ingress", "ingresses"): (("ing",), ()),
    Kind("networking.k8s.io/v1", "IngressClass", "ingressclasses", namespaced=False): (),
    Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"): (("netpol",), ()),
    Kind("resource.k8s.io/v1", "DeviceClass", "deviceclasses", namespaced=False): (),
    Kind("resource.k8s.io/v1", "ResourceClaim", "resourceclaims"): (),
    Kind("resource.k8s.io/v1", "ResourceClaimTemplate", "resourceclaimtemplates"): (),
    Kind("resource.k8s.io/v1", "ResourceSlice", "resourceslices", namespaced=False): (),
    Kind("storage.k8s.io/v1", "CSIDriver", "csidrivers", namespaced=False): (),
    Kind("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", namespaced=False): (),
}
"""Kinds that are known and of which there are none, for no controller is played that would act on them.

They are those that `kubectl get all`, `kubectl cluster-info dump` and `kubectl apply --prune` ask for, what often stands beside
Pods in a file, and what operators and the clients of other languages look for when they start.
"""

RESOURCES: Mapping[tuple[str, str], Resource] = {
    **{(kind.group_version, kind.plural): Resource(kind, *_MORE.get(kind.kind, ())) for kind in KINDS.values()},
    **{(kind.group_version, kind.plural): Resource(kind, verbs=("create",)) for kind in SELF_REVIEWS + REVIEWS},
    **{(kind.group_version, kind.plural): Resource(kind, *more) for kind, more in NOT_PLAYED.items()},
    ("v1", COMPONENT_STATUS.plural): Resource(
        COMPONENT_STATUS, ("cs",), verbs=("get", "list"), deprecated="v1 ComponentStatus is deprecated in v1.19+"
    ),
}
"""Every resource by its group and version, and its plural."""


def _preference(group_version: str) -> tuple[str, int]:
    """Return what groups and versions are sorted by: the newest version of a group comes first."""
    group, _, version = group_version.rpartition("/")
    return group, -int(version.removeprefix("v"))


GROUP_VERSIONS: tuple[str, ...] = tuple(sorted({gv for gv, _ in RESOURCES}, key=_preference))


def of_group_version(group_version: str) -> list[Resource]:
    """Return a group and version's resources, by name."""
    return sorted((r for (gv, _), r in RESOURCES.items() if gv == group_version), key=lambda resource: resource.plural)


class Target(NamedTuple):
    """What a path is about. `name` is empty for a collection, `namespace` for all of them and where there are none."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    watch: bool = False

    @property
    def kind(self) -> Kind:
        return self.resource.kind


_PROXIED = re.compile("/api/v1/namespaces/[^/]+/(?:pods|services)/[^/]+/proxy(?:/.*)?", re.DOTALL)


def is_proxied(path: str) -> bool:
    """Say whether a path is that of a program in a Pod: what comes after `proxy` is its own."""
    return _PROXIED.fullmatch(path) is not None


def target(path: str) -> Target | None:
    """Return what a path below /clusters/NAME is about, or None if that is no resource."""
    parts = path.strip("/").split("/")
    if is_proxied(path):
        parts = parts[:7]
    if parts[0] == "api":
        group_version, rest = "/".join(parts[1:2]), parts[2:]
    elif parts[0] == "apis":
        group_version, rest = "/".join(parts[1:3]), parts[3:]
    else:
        return None
    watch = rest[:1] == ["watch"]
    found = _target(group_version, rest[1:] if watch else rest)
    return found._replace(watch=True) if watch and found else found


def _target(group_version: str, rest: list[str]) -> Target | None:
    if not rest or "" in rest:
        return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and (group_version, rest[2]) in RESOURCES:
        namespace, rest = rest[1], rest[2:]
    resource = RESOURCES.get((group_version, rest[0]))
    if resource is None or len(rest) > 3 or bool(namespace) > resource.kind.namespaced:
        return None
    name, subresource = (*rest[1:], "", "")[:2]
    if subresource and resource.subresource(subresource) is None:
        return None
    if name and resource.kind.namespaced and not namespace:
        return None
    return Target(resource, namespace, name, subresource)
