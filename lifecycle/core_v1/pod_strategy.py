"""What the API server does to a new Pod once it is admitted, before it is tested.

The functions alter the Pod they are given. Kubernetes: pkg/registry/core/pod/strategy.go (PrepareForCreate), pkg/api/pod
(DropDisabledPodFields)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifecycle.core_v1.defaults import all_containers
from lifecycle.core_v1.label_selector import narrowed

Object = dict[str, Any]

APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
PROJECTIONS_OFF = ("clusterTrustBundle", "podCertificate")
"""Sources of projected volumes that Kubernetes 1.36 knows and has switched off; what they ask for is dropped."""


def prepare(pod: Object) -> None:
    drop_disabled(pod["spec"])
    _merge_label_keys(pod)
    _app_armor(pod)


def drop_disabled(spec: Object) -> None:
    """Drop what Kubernetes 1.36 knows, and does not do unless somebody has switched it on."""
    spec.pop("schedulingGroup", None)
    for container in all_containers(spec):
        (container.get("lifecycle") or {}).pop("stopSignal", None)
    for volume in spec.get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            for name in PROJECTIONS_OFF:
                source.pop(name, None)


def _merge_label_keys(pod: Object) -> None:
    """Ask in selectors for the values that the Pod's own labels have under the keys that they name."""
    labels, spec = pod["metadata"].get("labels") or {}, pod["spec"]
    if not (spec.get("affinity") or spec.get("topologySpreadConstraints")):
        return
    for term in (*_terms(spec.get("affinity") or {}), *(spec.get("topologySpreadConstraints") or ())):
        keys, others = term.get("matchLabelKeys") or [], term.get("mismatchLabelKeys") or []
        selector = narrowed(term.get("labelSelector"), labels, keys, others)
        if selector is not None:
            term["labelSelector"] = selector if selector.get("matchExpressions") else term["labelSelector"]


def _terms(affinity: Object) -> Iterator[Object]:
    for name in ("podAffinity", "podAntiAffinity"):
        kind = affinity.get(name) or {}
        yield from (weighted["podAffinityTerm"] for weighted in kind.get(PREFERRED) or ())
        yield from kind.get(REQUIRED) or ()


def _app_armor(pod: Object) -> None:
    """Give containers the profiles that annotations, which came before the field, name."""
    spec, annotations = pod["spec"], pod["metadata"].get("annotations") or {}
    if (spec.get("os") or {}).get("name") == "windows":
        return
    of_pod = (spec.get("securityContext") or {}).get("appArmorProfile")
    for container in all_containers(spec):
        profile = _profile(annotations.get(APP_ARMOR + container.get("name", "")))
        context = container.get("securityContext") or {}
        if profile is not None and "appArmorProfile" not in context and profile != of_pod:
            container["securityContext"] = {**context, "appArmorProfile": profile}


def _profile(annotation: str | None) -> Object | None:
    """Return the field that says what an annotation says; None where it says nothing that a field may."""
    match annotation:
        case "unconfined":
            return {"type": "Unconfined"}
        case "runtime/default":
            return {"type": "RuntimeDefault"}
        case str() as text if text.startswith("localhost/"):
            name = text.removeprefix("localhost/")
            return {"type": "Localhost", "localhostProfile": name} if name and name == name.strip() else None
    return None
