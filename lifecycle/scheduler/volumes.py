"""The claims of a Pod, and where their volumes let it go.

Kubernetes: pkg/scheduler/framework/plugins (volumebinding, volumerestrictions, volumezone)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from lifecycle.core_v1.persistent_volumes import (
    BOUND_BY_CONTROLLER,
    NO_PROVISIONER,
    SELECTED_NODE,
    annotated,
    annotations_of,
    claim_reference,
    claimed_by,
    class_of,
    find_matching,
    is_bound,
    requested,
    waits_for_consumer,
)
from lifecycle.scheduler import selectors
from lifecycle.scheduler.nodes import NodeInfo
from lifecycle.wire import Object

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_SUCH_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"
ZONE_CONFLICT = "node(s) had no available volume zone"
IN_USE = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod"

ZONE_LABELS = (
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
)


class Objects(Protocol):
    """The objects that are asked for; the room `apiserver` is one such."""

    def get(self, resource: str, namespace: str, name: str) -> Object | None: ...

    def list(self, resource: str, namespace: str | None = None) -> Iterator[Object]: ...


class Refusal(NamedTuple):
    """Why no node at all will do, and which plugin says so."""

    plugin: str
    reason: str


class Bound(NamedTuple):
    """A claim with its volume (None: it is gone)."""

    claim: Object
    volume: Object | None


class PodClaims(NamedTuple):
    """What a Pod claims: what it has, and what is bound once it has a node, the smallest first."""

    bound: tuple[Bound, ...]
    delayed: tuple[Object, ...]
    exclusive: frozenset[str]
    """Claims that one Pod alone may use."""


class Choice(NamedTuple):
    """What is to be done for a Pod's claims on a node: volumes for claims, and claims for which volumes are to be made."""

    matches: tuple[tuple[Object, Object], ...]
    provisions: tuple[Object, ...]


def pod_claims(pod: Object, objects: Objects) -> PodClaims | Refusal | None:
    """Look up a Pod's claims, or say why it can go nowhere; None where it has none."""
    named = list(_named(pod))
    if not named:
        return None
    namespace = pod["metadata"]["namespace"]
    claims: list[Object] = []
    for name, ephemeral in named:
        claim = objects.get("persistentvolumeclaims", namespace, name)
        if claim is None and ephemeral:
            why = f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
            return Refusal("VolumeBinding", why)
        if claim is None:
            return Refusal("VolumeRestrictions", f'persistentvolumeclaim "{name}" not found')
        claims.append(claim)
    for claim, (_, ephemeral) in zip(claims, named, strict=True):
        refusal = _unusable(pod, claim, ephemeral)
        if refusal:
            return refusal
    return _sorted(claims, objects)


def _unusable(pod: Object, claim: Object, ephemeral: bool) -> Refusal | None:
    metadata = claim["metadata"]
    name = metadata["name"]
    if (claim.get("status") or {}).get("phase") == "Lost":
        volume = claim["spec"].get("volumeName", "")
        return Refusal("VolumeBinding", f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{volume}"')
    if metadata.get("deletionTimestamp"):
        return Refusal("VolumeBinding", f'persistentvolumeclaim "{name}" is being deleted')
    owners = metadata.get("ownerReferences") or ()
    if ephemeral and not any(owner.get("controller") and owner["uid"] == pod["metadata"]["uid"] for owner in owners):
        about = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
        text = f"PVC {metadata['namespace']}/{name} was not created for pod {about} (pod is not owner)"
        return Refusal("VolumeBinding", text)
    return None


def _sorted(claims: list[Object], objects: Objects) -> PodClaims | Refusal:
    bound: list[Bound] = []
    delayed: list[Object] = []
    for claim in claims:
        if is_bound(claim):
            bound.append(Bound(claim, objects.get("persistentvolumes", "", claim["spec"]["volumeName"])))
        elif not claim["spec"].get("volumeName") and waits_for_consumer(_class(claim, objects)):
            delayed.append(claim)
        else:
            return Refusal("VolumeBinding", UNBOUND)
    exclusive = [claim["metadata"]["name"] for claim in claims if "ReadWriteOncePod" in (claim["spec"]["accessModes"] or ())]
    return PodClaims(tuple(bound), tuple(sorted(delayed, key=requested)), frozenset(exclusive))


def conflicts(claims: PodClaims, node: NodeInfo, objects: Objects) -> tuple[str, ...]:
    """Return why the claims' volumes cannot be used on a node, or nothing. Kubernetes: FindPodVolumes"""
    found = []
    if any(volume is not None and not reachable(volume, node) for _, volume in claims.bound):
        found.append(NODE_CONFLICT)
    if claims.delayed and choose(claims, node, objects) is None:
        found.append(BIND_CONFLICT)
    if any(volume is None for _, volume in claims.bound):
        found.append(NO_SUCH_VOLUME)
    return tuple(found)


def choose(claims: PodClaims, node: NodeInfo, objects: Objects) -> Choice | None:
    """Return what would be done for the claims that are still open on a node, or None where one cannot be met."""
    taken: set[str] = set()
    matches: list[tuple[Object, Object]] = []
    provisions: list[Object] = []
    for claim in claims.delayed:
        selected = annotations_of(claim).get(SELECTED_NODE)
        if selected is not None and selected != node.name:
            return None
        volume = None
        if selected is None:
            free = (one for one in objects.list("persistentvolumes") if one["metadata"]["name"] not in taken)
            volume = find_matching(claim, free, lambda one: reachable(one, node))
        if volume is not None:
            taken.add(volume["metadata"]["name"])
            matches.append((claim, volume))
        elif _can_be_made(_class(claim, objects), node):
            provisions.append(claim)
        else:
            return None
    return Choice(tuple(matches), tuple(provisions))


def reachable(volume: Object, node: NodeInfo) -> bool:
    """Say whether a volume's node affinity allows a node."""
    required = (volume["spec"].get("nodeAffinity") or {}).get("required")
    if required is None:
        return True
    return any(selectors.term_matches(term, node.name, node.labels) for term in required.get("nodeSelectorTerms") or ())


def zone_conflict(claims: PodClaims, node: NodeInfo) -> bool:
    """Say whether a volume's labels name zones in which a node is not."""
    if not any(label in node.labels for label in ZONE_LABELS):
        return False
    for _, volume in claims.bound:
        labels = (volume or {"metadata": {}})["metadata"].get("labels") or {}
        for label in ZONE_LABELS:
            if label in labels and node.labels.get(label) not in labels[label].split("__"):
                return True
    return False


def meant_for(claim: Object, volume: Object) -> Object:
    """Return a volume that is set aside for a claim."""
    if claimed_by(volume, claim) and volume["spec"]["claimRef"].get("uid"):
        return volume
    volume = {**volume, "spec": {**volume["spec"], "claimRef": claim_reference(claim)}}
    return annotated(volume, **{BOUND_BY_CONTROLLER: "yes"})


def _can_be_made(storage_class: Object | None, node: NodeInfo) -> bool:
    """Say whether a class makes volumes that a node can reach. Kubernetes: checkVolumeProvisions"""
    if storage_class is None or storage_class.get("provisioner") in (None, "", NO_PROVISIONER):
        return False
    allowed = storage_class.get("allowedTopologies")
    if not allowed:
        return True
    return any(
        all(node.labels.get(one["key"]) in one["values"] for one in term.get("matchLabelExpressions") or ()) for term in allowed
    )


def _class(claim: Object, objects: Objects) -> Object | None:
    name = class_of(claim)
    return objects.get("storageclasses", "", name) if name else None


def _named(pod: Object) -> Iterator[tuple[str, bool]]:
    """Give the names of a Pod's claims, and whether each is made for it alone."""
    for volume in pod["spec"].get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            yield volume["persistentVolumeClaim"]["claimName"], False
        elif "ephemeral" in volume:
            yield f"{pod['metadata']['name']}-{volume['name']}", True
