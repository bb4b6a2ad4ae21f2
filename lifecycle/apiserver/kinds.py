"""What the API server knows of each kind beyond its type."""

from __future__ import annotations

from lifecycle.core_v1.schema import KINDS, Kind

BY_PLURAL: dict[tuple[str, str], Kind] = {(kind.group_version, kind.plural): kind for kind in KINDS.values()}
"""What a path names: group and version, plural."""

NAMESPACED: tuple[str, ...] = tuple(
    sorted({kind.plural for kind in KINDS.values() if kind.namespaced and kind.kind != "Binding"})
)
"""The plurals of what a namespace holds."""

COUNTS_GENERATIONS = frozenset({"endpointslices", "faults", "poddisruptionbudgets", "pods", "priorityclasses"})
"""Whose objects count the changes of what was asked for (all but metadata and status)."""

ANSWERS_WITH_OBJECT = frozenset(
    {"namespaces", "persistentvolumeclaims", "persistentvolumes", "pods", "serviceaccounts", "services", "storageclasses"}
)
"""Whose DELETE answers with the object, not with a Status. Kubernetes: ReturnDeletedObject of their registries."""

COUNTED: tuple[Kind, ...] = tuple(
    BY_PLURAL[named]
    for named in (
        ("v1", "configmaps"),
        ("v1", "persistentvolumeclaims"),
        ("v1", "pods"),
        ("v1", "resourcequotas"),
        ("v1", "secrets"),
        ("v1", "services"),
    )
)
"""What a ResourceQuota counts."""
