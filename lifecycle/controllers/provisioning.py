"""What a provisioner makes for a claim, and what can be deleted again. Pure functions.

Kubernetes: sig-storage-lib-external-provisioner (controller.go), csi-translation-lib, pkg/volume/hostpath
"""

from __future__ import annotations

import re

from lifecycle.core_v1.persistent_volumes import PROVISIONED_BY, claim_reference
from lifecycle.wire import Object

PROVISIONER = ("volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner")
"""The annotations by which a claim is handed to a provisioner."""
INSTANCE = "control-plane"
"""Where each provisioner runs."""

IN_TREE = {
    "kubernetes.io/aws-ebs": "ebs.csi.aws.com",
    "kubernetes.io/azure-disk": "disk.csi.azure.com",
    "kubernetes.io/azure-file": "file.csi.azure.com",
    "kubernetes.io/cinder": "cinder.csi.openstack.org",
    "kubernetes.io/gce-pd": "pd.csi.storage.gke.io",
    "kubernetes.io/portworx-volume": "pxd.portworx.com",
    "kubernetes.io/vsphere-volume": "csi.vsphere.vmware.com",
}
"""Who does now what Kubernetes itself once did."""


def driver(provisioner: str) -> str | None:
    """Return who makes the volumes of a class that names this provisioner; None where nobody can."""
    if provisioner.startswith("kubernetes.io/"):
        return IN_TREE.get(provisioner)
    return provisioner


def volume(claim: Object, storage_class: Object, node: Object | None, now: str) -> Object:
    """Return the volume that is made for a claim: as large as asked, on the node that was chosen if the class waits for one."""
    metadata, spec = claim["metadata"], claim["spec"]
    name, provisioner = f"pvc-{metadata['uid']}", driver(storage_class["provisioner"]) or storage_class["provisioner"]
    made: Object = {
        "capacity": dict(spec["resources"]["requests"]),
        "accessModes": spec["accessModes"],
        "claimRef": claim_reference(claim),
        "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
        "storageClassName": storage_class["metadata"]["name"],
        "volumeMode": spec.get("volumeMode", "Filesystem"),
        "csi": {"driver": provisioner, "volumeHandle": name, "volumeAttributes": storage_class.get("parameters") or {}},
    }
    if storage_class.get("mountOptions"):
        made["mountOptions"] = storage_class["mountOptions"]
    affinity = _affinity(storage_class, node)
    if affinity:
        made["nodeAffinity"] = affinity
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {PROVISIONED_BY: provisioner},
            "finalizers": ["kubernetes.io/pv-protection"],
        },
        "spec": made,
        "status": {"phase": "Pending", "lastPhaseTransitionTime": now},
    }


def _affinity(storage_class: Object, node: Object | None) -> Object | None:
    """Return where the volume can be used: in the part of the class's topologies in which the chosen node is."""
    terms = [term.get("matchLabelExpressions") or () for term in storage_class.get("allowedTopologies") or ()]
    keys = list(dict.fromkeys(one["key"] for term in terms for one in term))
    if not keys:
        return None
    labels = (node or {"metadata": {}})["metadata"].get("labels") or {}
    if node is not None:
        expressions = [{"key": key, "operator": "In", "values": [labels[key]]} for key in keys if key in labels]
        return {"required": {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}
    given = [[{"key": one["key"], "operator": "In", "values": one["values"]} for one in term] for term in terms]
    return {"required": {"nodeSelectorTerms": [{"matchExpressions": term} for term in given]}}


def undeletable(volume: Object) -> str:
    """Return why a volume cannot be deleted together with what it holds, or nothing: its provisioner does that."""
    spec, name = volume["spec"], volume["metadata"]["name"]
    if PROVISIONED_BY in (volume["metadata"].get("annotations") or {}) or "csi" in spec:
        return ""
    if "hostPath" in spec:
        path = spec["hostPath"]["path"]
        return "" if re.match("/tmp/.+", path) else f"host_path deleter only supports /tmp/.+ but received provided {path}"
    return f'error getting deleter volume plugin for volume "{name}": no deletable volume plugin matched'


def begun(claim: Object) -> str:
    metadata = claim["metadata"]
    return f'External provisioner is provisioning volume for claim "{metadata["namespace"]}/{metadata["name"]}"'


def made(volume: Object) -> str:
    return f"Successfully provisioned volume {volume['metadata']['name']}"
