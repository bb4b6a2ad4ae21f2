"""`kubectl describe` of PersistentVolumes, their claims and StorageClasses.

Kubernetes: kubectl/pkg/describe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lifecycle.clock import Micros
from lifecycle.core_v1.storage import is_default_class
from lifecycle.printers.durations import age
from lifecycle.printers.events import described_with_events
from lifecycle.printers.metadata import NONE, UNSET, Object, annotation_lines, condition_rows, label_lines, listed
from lifecycle.printers.rows import format_labels
from lifecycle.printers.storage_rows import access_modes, class_name
from lifecycle.printers.volumes import data_source, persistent_source


def describe_claim(claim: Object, events: Sequence[Object] | None, now: Micros, pods: Iterable[Object]) -> str:
    """Return the description of a claim; of `pods` those that use it are named."""
    metadata, spec, status = claim["metadata"], claim.get("spec") or {}, claim.get("status") or {}
    bound = bool(spec.get("volumeName"))
    capacity = (status.get("capacity") or {}).get("storage") or 0
    lines = [
        f"Name:\t{metadata['name']}",
        f"Namespace:\t{metadata.get('namespace', '')}",
        f"StorageClass:\t{class_name(claim)}",
        f"Status:\t{_phase(claim, now)}",
        f"Volume:\t{spec.get('volumeName', '')}",
        *_labels_and_finalizers(metadata),
        f"Capacity:\t{capacity if bound else ''}",
        f"Access Modes:\t{access_modes(status.get('accessModes')) if bound else ''}",
        *([f"VolumeMode:\t{spec['volumeMode']}"] if spec.get("volumeMode") else ()),
        *data_source(spec.get("dataSource") or None, ""),
        *listed("Used By", sorted(pod["metadata"]["name"] for pod in pods if _uses(pod, metadata))),
        *condition_rows(status, "lastProbeTime"),
    ]
    return described_with_events(lines, events, now)


def _phase(obj: Object, now: Micros) -> str:
    if deleted := obj["metadata"].get("deletionTimestamp"):
        return f"Terminating (lasts {age(deleted, now)})"
    return str((obj.get("status") or {}).get("phase", ""))


def _labels_and_finalizers(metadata: Object) -> Iterator[str]:
    yield from label_lines("Labels", metadata.get("labels"))
    yield from annotation_lines(metadata.get("annotations"))
    yield f"Finalizers:\t[{' '.join(metadata.get('finalizers') or ())}]"


def _uses(pod: Object, claim: Object) -> bool:
    if pod["metadata"].get("namespace") != claim.get("namespace"):
        return False
    for volume in (pod.get("spec") or {}).get("volumes") or ():
        given = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        made = f"{pod['metadata']['name']}-{volume['name']}" if "ephemeral" in volume else None
        if claim["name"] in (given, made):
            return True
    return False


def describe_volume(volume: Object, events: Sequence[Object] | None, now: Micros) -> str:
    metadata, spec, status = volume["metadata"], volume.get("spec") or {}, volume.get("status") or {}
    claim = spec.get("claimRef")
    lines = [
        f"Name:\t{metadata['name']}",
        *_labels_and_finalizers(metadata),
        f"StorageClass:\t{class_name(volume)}",
        f"Status:\t{_phase(volume, now)}",
        f"Claim:\t{claim.get('namespace', '')}/{claim.get('name', '')}" if claim is not None else "Claim:\t",
        f"Reclaim Policy:\t{spec.get('persistentVolumeReclaimPolicy', '')}",
        f"Access Modes:\t{access_modes(spec.get('accessModes'))}",
        *([f"VolumeMode:\t{spec['volumeMode']}"] if spec.get("volumeMode") else ()),
        f"Capacity:\t{(spec.get('capacity') or {}).get('storage') or 0}",
        *_node_affinity((spec.get("nodeAffinity") or {}).get("required")),
        f"Message:\t{status.get('message', '')}",
        "Source:",
        *persistent_source(spec),
    ]
    return described_with_events(lines, events, now)


def _node_affinity(required: Object | None) -> Iterator[str]:
    yield "Node Affinity:\t" if required else f"Node Affinity:\t{NONE}"
    if required:
        terms = required.get("nodeSelectorTerms") or ()
        yield "  Required Terms:\t" if terms else f"  Required Terms:\t{NONE}"
        for i, term in enumerate(terms):
            yield from listed(f"    Term {i}", map(_requirement, term.get("matchExpressions") or ()), below="    \t")


def _requirement(requirement: Object) -> str:
    values = requirement.get("values") or ()
    term = f"{requirement['key']} {requirement['operator'].lower()}"
    return f"{term} [{', '.join(values)}]" if values else term


def describe_storage_class(storage_class: Object, events: Sequence[Object] | None, now: Micros) -> str:
    metadata, expands = storage_class["metadata"], storage_class.get("allowVolumeExpansion", "")
    options = storage_class.get("mountOptions") or ()
    lines = [
        f"Name:\t{metadata['name']}",
        f"IsDefaultClass:\t{'Yes' if is_default_class(storage_class) else 'No'}",
        f"Annotations:\t{format_labels(metadata.get('annotations'))}",
        f"Provisioner:\t{storage_class.get('provisioner', '')}",
        f"Parameters:\t{format_labels(storage_class.get('parameters'))}",
        f"AllowVolumeExpansion:\t{UNSET if expands == '' else expands}",
        *(["MountOptions:", *(f"  {option}" for option in options)] if options else [f"MountOptions:\t{NONE}"]),
    ]
    for title, field in (("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")):
        if storage_class.get(field):
            lines.append(f"{title}:\t{storage_class[field]}")
    return described_with_events([*lines, *_topologies(storage_class.get("allowedTopologies"))], events, now)


def _topologies(terms: Sequence[Object] | None) -> Iterator[str]:
    if terms is not None:
        yield "AllowedTopologies:\t" if terms else f"AllowedTopologies:\t{NONE}"
    for i, term in enumerate(terms or ()):
        found = [_one_of(label) for label in term.get("matchLabelExpressions") or ()]
        yield from listed(f"  Term {i}", found, below="  \t")


def _one_of(label: Object) -> str:
    values = label.get("values")
    return f"{label['key']} in [{', '.join(values)}]" if values else f"{label['key']} in"
