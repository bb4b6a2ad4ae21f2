"""Server-side Tables, and the text that `kubectl get` makes of them.

Kubernetes: pkg/printers/internalversion, apimachinery/pkg/apis/meta/v1 (Table), cli-runtime/pkg/printers (tableprinter.go).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from lifecycle.clock import Micros
from lifecycle.printers import policy_rows, rows, storage_rows
from lifecycle.printers.fields import typed
from lifecycle.printers.layout import escaped, tabled
from lifecycle.printers.metadata import Object, boolean
from lifecycle.printers.pod_row import pod_cells

Include = Literal["None", "Metadata", "Object"]
"""What each row carries beside its cells; the query parameter `includeObject`."""


class Column(NamedTuple):
    """One columnDefinition; priority 1 is shown by -o wide alone."""

    name: str
    description: str
    priority: int = 0
    format: str = ""
    type: str = "string"

    def definition(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


class Layout(NamedTuple):
    """The columns of a resource, and the cells of one object as of a moment."""

    columns: tuple[Column, ...]
    cells: Callable[[Object, Micros], list[object]]


NAME = Column("Name", "Name of the object, unique in its namespace.", format="name")
AGE = Column("Age", "Time since the object was created.")

LAYOUTS: Mapping[str, Layout] = {
    "pods": Layout(
        (
            NAME,
            Column("Ready", "How many containers are ready to serve, of how many that are to run."),
            Column("Status", "The Pod's phase, or the reason that tells more."),
            Column("Restarts", "How often containers were restarted, and when last."),
            AGE,
            Column("IP", "The Pod's first address.", 1),
            Column("Node", "The node that the Pod is bound to.", 1),
            Column("Nominated Node", "The node on which room is being made for the Pod.", 1),
            Column("Readiness Gates", "How many of the Pod's readiness gates are met.", 1),
        ),
        pod_cells,
    ),
    "services": Layout(
        (
            NAME,
            Column("Type", "How the Service is exposed."),
            Column("Cluster-IP", "The Service's address inside the cluster."),
            Column("External-IP", "The addresses at which the Service is reached from outside."),
            Column("Port(s)", "The Service's ports, with node ports where there are some."),
            AGE,
            Column("Selector", "The labels of the Pods that the Service sends to.", 1),
        ),
        rows.service_cells,
    ),
    "endpointslices": Layout(
        (
            NAME,
            Column("AddressType", "The type of the addresses in this slice."),
            Column("Ports", "The ports of each endpoint."),
            Column("Endpoints", "The endpoints' addresses."),
            AGE,
        ),
        rows.endpoint_slice_cells,
    ),
    "endpoints": Layout((NAME, Column("Endpoints", "The addresses and ports that serve."), AGE), rows.endpoints_cells),
    "events": Layout(
        (
            Column("Last Seen", "Time since the Event was seen last."),
            Column("Type", "Normal or Warning."),
            Column("Reason", "Why it happened, in one word."),
            Column("Object", "The object that it happened to."),
            Column("Subobject", "The part of the object that it happened to.", 1),
            Column("Source", "Who reported it, and from where.", 1),
            Column("Message", "What happened."),
            Column("First Seen", "Time since the Event was seen first.", 1),
            Column("Count", "How often it was seen.", 1),
            Column("Name", NAME.description, 1, "name"),
        ),
        rows.event_cells,
    ),
    "namespaces": Layout((NAME, Column("Status", "Active, or Terminating."), AGE), rows.namespace_cells),
    "nodes": Layout(
        (
            NAME,
            Column("Status", "Whether the node is ready, and takes Pods."),
            Column("Roles", "The node's roles, from its labels."),
            AGE,
            Column("Version", "The kubelet's version."),
            Column("Internal-IP", "The node's first address inside the cluster.", 1),
            Column("External-IP", "The node's first address outside the cluster.", 1),
            Column("OS-Image", "The operating system.", 1),
            Column("Kernel-Version", "The kernel's version and architecture.", 1),
            Column("Container-Runtime", "The container runtime and its version.", 1),
        ),
        rows.node_cells,
    ),
    "configmaps": Layout((NAME, Column("Data", "How many keys it holds."), AGE), rows.config_map_cells),
    "secrets": Layout(
        (NAME, Column("Type", "What the Secret is for."), Column("Data", "How many keys it holds."), AGE), rows.secret_cells
    ),
    "serviceaccounts": Layout((NAME, AGE), rows.service_account_cells),
    "persistentvolumes": Layout(
        (
            NAME,
            Column("Capacity", "How much the volume holds."),
            Column("Access Modes", "The ways in which the volume can be mounted."),
            Column("Reclaim Policy", "What becomes of the volume once its claim is gone."),
            Column("Status", "Available, Bound, Released or Failed."),
            Column("Claim", "The claim that the volume is bound to."),
            Column("StorageClass", "The class that the volume belongs to."),
            Column("VolumeAttributesClass", "The class of the volume's attributes."),
            Column("Reason", "Why the volume is in this state."),
            AGE,
            Column("VolumeMode", "Whether the volume is a file system or a block device.", 1),
        ),
        storage_rows.persistent_volume_cells,
    ),
    "persistentvolumeclaims": Layout(
        (
            NAME,
            Column("Status", "Pending, Bound or Lost."),
            Column("Volume", "The volume that the claim is bound to."),
            Column("Capacity", "How much that volume holds."),
            Column("Access Modes", "The ways in which that volume can be mounted."),
            Column("StorageClass", "The class that the claim asks for."),
            Column("VolumeAttributesClass", "The class of the volume's attributes."),
            AGE,
            Column("VolumeMode", "Whether a file system or a block device is claimed.", 1),
        ),
        storage_rows.persistent_volume_claim_cells,
    ),
    "storageclasses": Layout(
        (
            NAME,
            Column("Provisioner", "Who makes the volumes of this class."),
            Column("ReclaimPolicy", "What becomes of such a volume once its claim is gone."),
            Column("VolumeBindingMode", "Whether a claim is bound at once, or when a Pod that uses it has a node."),
            Column("AllowVolumeExpansion", "Whether a claim may grow."),
            AGE,
        ),
        storage_rows.storage_class_cells,
    ),
    "priorityclasses": Layout(
        (
            NAME,
            Column("Value", "The priority that Pods of this class have.", type="integer"),
            Column("Global-Default", "Whether Pods that name no class get this one.", type="boolean"),
            AGE,
            Column("PreemptionPolicy", "Whether such Pods may take the place of others."),
        ),
        policy_rows.priority_class_cells,
    ),
    "poddisruptionbudgets": Layout(
        (
            NAME,
            Column("Min Available", "How many Pods must stay, or which part of them."),
            Column("Max Unavailable", "How many Pods may be missing, or which part of them."),
            Column("Allowed Disruptions", "How many Pods may be evicted now.", type="integer"),
            AGE,
        ),
        policy_rows.pod_disruption_budget_cells,
    ),
    "resourcequotas": Layout(
        (
            NAME,
            Column("Request", "How much of what may be requested, or counted, is used."),
            Column("Limit", "How much of what limits may add up to is used."),
            AGE,
        ),
        policy_rows.resource_quota_cells,
    ),
    "runtimeclasses": Layout(
        (NAME, Column("Handler", "What runs the Pods of the class."), AGE), policy_rows.runtime_class_cells
    ),
    **dict.fromkeys(
        ("clusterrolebindings", "rolebindings"),
        Layout(
            (
                NAME,
                Column("Role", "The role that is given."),
                AGE,
                Column("Users", "The users it is given to.", 1),
                Column("Groups", "The groups it is given to.", 1),
                Column("ServiceAccounts", "The service accounts it is given to.", 1),
            ),
            policy_rows.role_binding_cells,
        ),
    ),
    "leases": Layout((NAME, Column("Holder", "Who holds the lease."), AGE), policy_rows.lease_cells),
    "componentstatuses": Layout(
        (
            NAME,
            Column("Status", "Whether the component is well."),
            Column("Message", "What the component says of itself."),
            Column("Error", "Why it could not be asked."),
        ),
        rows.component_status_cells,
    ),
    "faults": Layout((NAME, Column("Type", "What goes wrong while the Fault exists."), AGE), rows.fault_cells),
}

OTHER = Layout((NAME, Column("Created At", "When the object was created.", format="date-time")), rows.other_cells)

_POD_ENDS = {
    "Succeeded": {
        "type": "Completed",
        "status": "True",
        "reason": "Succeeded",
        "message": "The pod has completed successfully.",
    },
    "Failed": {"type": "Completed", "status": "True", "reason": "Failed", "message": "The pod failed."},
}


def table(
    resource: str,
    objects: Iterable[Object],
    now: Micros,
    metadata: Object | None = None,
    include: Include = "Metadata",
    columns: bool = True,
) -> dict[str, Any]:
    """Return the meta.k8s.io/v1 Table of some objects of one resource, wide cells included, ages as of a moment.

    `metadata` is the list's (or, for one object, its resourceVersion); without `columns` it is a later Table of a watch.
    """
    layout = LAYOUTS.get(resource, OTHER)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": dict(metadata or {}),
        "columnDefinitions": [column.definition() for column in layout.columns] if columns else [],
        "rows": [_row(resource, obj, layout.cells(typed(obj), now), include) for obj in objects],
    }


def _row(resource: str, obj: Object, cells: list[object], include: Include) -> dict[str, Any]:
    row: dict[str, Any] = {"cells": cells}
    phase = (obj.get("status") or {}).get("phase") if resource == "pods" else None
    if phase in _POD_ENDS:
        row["conditions"] = [_POD_ENDS[phase]]
    if include == "Object":
        row["object"] = obj
    elif include == "Metadata":
        row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return row


def table_text(
    table: Object,
    wide: bool = False,
    show_labels: bool = False,
    namespaces: bool = False,
    headers: bool = True,
    prefix: str = "",
) -> str:
    """Return a Table as `kubectl get` prints it; empty where it has no rows.

    `namespaces` and `show_labels` add columns from each row's object; `prefix` (`pod/`) stands before names.
    """
    if not table["rows"]:
        return ""
    shown = [(i, c) for i, c in enumerate(table["columnDefinitions"]) if wide or not c["priority"]]
    lines = (_line(row, shown, show_labels, namespaces, prefix) for row in table["rows"])
    return tabled([_header(shown, show_labels, namespaces), *lines] if headers else lines)


def _header(shown: Sequence[tuple[int, Object]], show_labels: bool, namespaces: bool) -> str:
    names = [column["name"].upper() for _, column in shown]
    return "\t".join([*(["NAMESPACE"] if namespaces else []), *names, *(["LABELS"] if show_labels else [])])


def _line(row: Object, shown: Sequence[tuple[int, Object]], show_labels: bool, namespaces: bool, prefix: str) -> str:
    return "\t".join(_texts(row, shown, show_labels, namespaces, prefix))


def _texts(row: Object, shown: Sequence[tuple[int, Object]], show_labels: bool, namespaces: bool, prefix: str) -> Iterator[str]:
    metadata = row["object"]["metadata"] if show_labels or namespaces else {}
    if namespaces:
        yield metadata.get("namespace", "")
    for i, column in shown:
        text = cell_text(row["cells"][i])
        yield prefix + text if column["format"] == "name" else text
    if show_labels:
        yield rows.format_labels(metadata.get("labels"))


def cell_text(cell: object) -> str:
    """Return a cell as it is printed: its first line, with three dots where there are more."""
    text = "" if cell is None else boolean(cell) if isinstance(cell, bool) else str(cell)
    ends = [at for at in map(text.find, "\n\r\f") if at >= 0]
    return escaped(f"{text[: min(ends)]}..." if ends else text)
