"""The volumes of a description, each source in kubectl's own words.

Kubernetes: kubectl/pkg/describe (describeVolumes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from lifecycle.core_v1.quantity import parse
from lifecycle.printers.metadata import ANNOTATION_LENGTH, NONE, UNSET, Object, annotation_lines, boolean, label_lines

INDENT = "    "


def volumes(items: Sequence[Object] | None) -> Iterator[str]:
    yield "Volumes:" if items else f"Volumes:\t{NONE}"
    for volume in items or ():
        yield f"  {volume['name']}:"
        yield from _source(volume, _FIELDS)


def persistent_source(spec: Object) -> Iterator[str]:
    """Yield the source of a PersistentVolume, some of which tell more than those of a Pod's own volumes."""
    yield from _source({kind: _persistent(spec[kind]) for kind in _KINDS if kind in spec}, {**_FIELDS, **_PERSISTENT_FIELDS})


def _persistent(source: Object) -> Object:
    """Return a source with what its description names; its Secret may be in any namespace."""
    secret = source.get("secretRef")
    if secret is None:
        return {"endpointsNamespace": UNSET, **source}
    name, namespace = secret.get("name", ""), secret.get("namespace", "")
    return {"secretName": name, "secretNamespace": namespace, **source, "secretRef": {"name": name, "namespace": namespace}}


def _source(volume: Object, fields: Mapping[str, str]) -> Iterator[str]:
    for field, (kind, about) in _KINDS.items():
        source = volume.get(field)
        if source is not None:
            yield f"{INDENT}Type:\t{kind} ({about})"
            yield from _DETAILS[field](source) if field in _DETAILS else _fields(source, fields[field])
            return
    yield "  <unknown>"


def _fields(source: Object, fields: str) -> Iterator[str]:
    """Yield a line for each of `Title=path`; a title that ends with `!` has no colon, one with `~` a space behind it."""
    for field in fields.split("|"):
        title, _, name = field.partition("=")
        colon = "" if title.endswith("!") else ": " if title.endswith("~") else ":"
        yield f"{INDENT}{title.rstrip('!~')}{colon}\t{_value(source.get(name), name)}"


def _value(value: Any, name: str) -> str:
    """Return a field's value as Go's %v prints the field's type."""
    if name in _BOOLEANS:
        return boolean(value)
    if name in _NUMBERS:
        return str(value or 0)
    if name in _LISTS:
        return f"[{' '.join(value or ())}]"
    if name == "options":
        return f"map[{' '.join(f'{key}:{text}' for key, text in sorted((value or {}).items()))}]"
    if name == "secretRef":
        return "nil" if value is None else _reference(value)
    return "" if value is None else str(value)


def _reference(secret: Object) -> str:
    """Return a reference as Go prints a pointer to its type; only a PersistentVolume's tells a namespace."""
    if "namespace" in secret:
        return f"&SecretReference{{Name:{secret['name']},Namespace:{secret['namespace']},}}"
    return f"&LocalObjectReference{{Name:{secret.get('name', '')},}}"


_BOOLEANS = {"readOnly", "chapAuthDiscovery", "chapAuthSession"}
_NUMBERS = {"partition", "lun"}
_LISTS = {"portals", "monitors"}

_KINDS: Mapping[str, tuple[str, str]] = {
    "hostPath": ("HostPath", "bare host directory volume"),
    "emptyDir": ("EmptyDir", "a temporary directory that shares a pod's lifetime"),
    "gcePersistentDisk": ("GCEPersistentDisk", "a Persistent Disk resource in Google Compute Engine"),
    "awsElasticBlockStore": ("AWSElasticBlockStore", "a Persistent Disk resource in AWS"),
    "gitRepo": ("GitRepo", "a volume that is pulled from git when the pod is created"),
    "secret": ("Secret", "a volume populated by a Secret"),
    "configMap": ("ConfigMap", "a volume populated by a ConfigMap"),
    "nfs": ("NFS", "an NFS mount that lasts the lifetime of a pod"),
    "iscsi": ("ISCSI", "an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod"),
    "glusterfs": ("Glusterfs", "a Glusterfs mount on the host that shares a pod's lifetime"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "a reference to a PersistentVolumeClaim in the same namespace"),
    "ephemeral": ("EphemeralVolume", "an inline specification for a volume that gets created and deleted with the pod"),
    "rbd": ("RBD", "a Rados Block Device mount on the host that shares a pod's lifetime"),
    "quobyte": ("Quobyte", "a Quobyte mount on the host that shares a pod's lifetime"),
    "downwardAPI": ("DownwardAPI", "a volume populated by information about the pod"),
    "azureDisk": ("AzureDisk", "an Azure Data Disk mount on the host and bind mount to the pod"),
    "vsphereVolume": ("vSphereVolume", "a Persistent Disk resource in vSphere"),
    "cinder": ("Cinder", "a Persistent Disk resource in OpenStack"),
    "photonPersistentDisk": ("PhotonPersistentDisk", "a Persistent Disk resource in photon platform"),
    "portworxVolume": ("PortworxVolume", "a Portworx Volume resource"),
    "scaleIO": ("ScaleIO", "a persistent volume backed by a block device in ScaleIO"),
    "cephfs": ("CephFS", "a CephFS mount on the host that shares a pod's lifetime"),
    "storageos": ("StorageOS", "a StorageOS Persistent Disk resource"),
    "fc": ("FC", "a Fibre Channel disk"),
    "azureFile": ("AzureFile", "an Azure File Service mount on the host and bind mount to the pod"),
    "flexVolume": ("FlexVolume", "a generic volume resource that is provisioned/attached using an exec based plugin"),
    "flocker": ("Flocker", "a Flocker volume mounted by the Flocker agent"),
    "projected": ("Projected", "a volume that contains injected data from multiple sources"),
    "csi": ("CSI", "a Container Storage Interface (CSI) volume source"),
    "image": ("Image", "a container image or OCI artifact"),
    "local": ("LocalVolume", "a persistent volume backed by local storage on a node"),
}
"""Every source, in the order in which kubectl looks for them."""

_FIELDS: Mapping[str, str] = {
    "gcePersistentDisk": "PDName=pdName|FSType=fsType|Partition=partition|ReadOnly=readOnly",
    "awsElasticBlockStore": "VolumeID=volumeID|FSType=fsType|Partition=partition|ReadOnly=readOnly",
    "gitRepo": "Repository=repository|Revision=revision",
    "nfs": "Server=server|Path=path|ReadOnly=readOnly",
    "glusterfs": "EndpointsName=endpoints|Path=path|ReadOnly=readOnly",
    "persistentVolumeClaim": "ClaimName=claimName|ReadOnly=readOnly",
    "rbd": "CephMonitors=monitors|RBDImage=image|FSType=fsType|RBDPool=pool|RadosUser=user|Keyring=keyring"
    "|SecretRef=secretRef|ReadOnly=readOnly",
    "quobyte": "Registry=registry|Volume=volume|ReadOnly=readOnly",
    "azureDisk": "DiskName=diskName|DiskURI=diskURI|Kind~=kind|FSType=fsType|CachingMode=cachingMode|ReadOnly=readOnly",
    "vsphereVolume": "VolumePath=volumePath|FSType=fsType|StoragePolicyName=storagePolicyName",
    "cinder": "VolumeID=volumeID|FSType=fsType|ReadOnly=readOnly|SecretRef=secretRef",
    "photonPersistentDisk": "PdID=pdID|FSType=fsType",
    "portworxVolume": "VolumeID=volumeID",
    "scaleIO": "Gateway=gateway|System=system|Protection Domain=protectionDomain|Storage Pool=storagePool"
    "|Storage Mode=storageMode|VolumeName=volumeName|FSType=fsType|ReadOnly=readOnly",
    "cephfs": "Monitors=monitors|Path=path|User=user|SecretFile=secretFile|SecretRef=secretRef|ReadOnly=readOnly",
    "storageos": "VolumeName=volumeName|VolumeNamespace=volumeNamespace|FSType=fsType|ReadOnly=readOnly",
    "azureFile": "SecretName=secretName|ShareName=shareName|ReadOnly=readOnly",
    "flexVolume": "Driver=driver|FSType=fsType|SecretRef=secretRef|ReadOnly=readOnly|Options=options",
    "flocker": "DatasetName=datasetName|DatasetUUID=datasetUUID",
    "image": "Reference=reference|PullPolicy=pullPolicy",
    "local": "Path=path",
}

_PERSISTENT_FIELDS: Mapping[str, str] = {
    "azureFile": "SecretName=secretName|SecretNamespace=secretNamespace|ShareName=shareName|ReadOnly=readOnly",
    "glusterfs": "EndpointsName=endpoints|EndpointsNamespace=endpointsNamespace|Path=path|ReadOnly=readOnly",
    "scaleIO": "Gateway=gateway|System=system|Protection Domain=protectionDomain|Storage Pool=storagePool"
    "|Storage Mode=storageMode|VolumeName=volumeName|SecretName=secretName|SecretNamespace=secretNamespace"
    "|FSType=fsType|ReadOnly=readOnly",
}


def _host_path(source: Object) -> Iterator[str]:
    kind = source.get("type")
    yield from _fields(source, "Path=path")
    yield f"{INDENT}HostPathType:\t{NONE if kind is None else kind}"


def _empty_dir(source: Object) -> Iterator[str]:
    limit = parse(str(source.get("sizeLimit") or "0"))
    yield from _fields(source, "Medium=medium")
    yield f"{INDENT}SizeLimit:\t{limit if limit.nanos > 0 else UNSET}"


def _secret(source: Object) -> Iterator[str]:
    return _optional(source, "SecretName=secretName")


def _config_map(source: Object) -> Iterator[str]:
    return _optional(source, "Name=name")


def _optional(source: Object, fields: str) -> Iterator[str]:
    yield from _fields(source, fields)
    yield f"{INDENT}Optional:\t{boolean(source.get('optional'))}"


def _iscsi(source: Object) -> Iterator[str]:
    yield from _fields(source, "TargetPortal=targetPortal|IQN=iqn|Lun=lun|ISCSIInterface!=iscsiInterface|FSType=fsType")
    yield from _fields(source, "ReadOnly=readOnly|Portals=portals|DiscoveryCHAPAuth=chapAuthDiscovery")
    yield from _fields(source, "SessionCHAPAuth=chapAuthSession|SecretRef=secretRef")
    initiator = source.get("initiatorName")
    yield f"{INDENT}InitiatorName:\t{NONE if initiator is None else initiator}"


def _fibre_channel(source: Object) -> Iterator[str]:
    yield f"{INDENT}TargetWWNs:\t{', '.join(source.get('targetWWNs') or ())}"
    yield f"{INDENT}LUN:\t{NONE if source.get('lun') is None else source['lun']}"
    yield from _fields(source, "FSType=fsType|ReadOnly=readOnly")


def _projected(source: Object) -> Iterator[str]:
    for part in source.get("sources") or ():
        if part.get("secret") is not None:
            yield from _optional(part["secret"], "SecretName=name")
        elif part.get("downwardAPI") is not None:
            yield f"{INDENT}DownwardAPI:\ttrue"
        elif part.get("configMap") is not None:
            yield from _optional(part["configMap"], "ConfigMapName=name")
        elif part.get("serviceAccountToken") is not None:
            yield f"{INDENT}TokenExpirationSeconds:\t{part['serviceAccountToken'].get('expirationSeconds') or 0}"


def _downward_api(source: Object) -> Iterator[str]:
    yield f"{INDENT}Items:"
    for item in source.get("items") or ():
        if item.get("fieldRef") is not None:
            yield f"      {item['fieldRef'].get('fieldPath', '')} -> {item['path']}"
        if item.get("resourceFieldRef") is not None:
            yield f"      {item['resourceFieldRef'].get('resource', '')} -> {item['path']}"


def _csi(source: Object) -> Iterator[str]:
    yield from _fields(source, "Driver=driver|FSType=fsType")
    if "volumeHandle" in source:
        yield from _fields(source, "VolumeHandle=volumeHandle")
    yield from _fields(source, "ReadOnly=readOnly")
    yield from _attributes(source)


def _attributes(source: Object) -> Iterator[str]:
    start = f"{INDENT}VolumeAttributes:\t"
    for key, value in sorted((source.get("volumeAttributes") or {}).items()):
        line = f"{key}={value}".encode()
        cut = line[:ANNOTATION_LENGTH].decode(errors="replace") + ("..." if len(line) > ANNOTATION_LENGTH else "")
        yield f"{start}{INDENT}{cut}"
        start = f"{INDENT}{INDENT}\t"
    if not source.get("volumeAttributes"):
        yield f"{start}{NONE}"


def _ephemeral(source: Object) -> Iterator[str]:
    template = source.get("volumeClaimTemplate")
    if template is None:
        return
    metadata, spec = template.get("metadata") or {}, template.get("spec") or {}
    old_class = (metadata.get("annotations") or {}).get("volume.beta.kubernetes.io/storage-class")
    yield f"{INDENT}StorageClass:\t{spec.get('storageClassName') or '' if old_class is None else old_class}"
    yield f"{INDENT}Volume:\t{spec.get('volumeName') or ''}"
    yield from label_lines("Labels", metadata.get("labels"), INDENT)
    yield from annotation_lines(metadata.get("annotations"), INDENT)
    # A template has no status; where it names a volume, kubectl prints the capacity that it does not have.
    yield f"{INDENT}Capacity:\t{'0' if spec.get('volumeName') else ''}"
    yield f"{INDENT}Access Modes:\t"
    if spec.get("volumeMode") is not None:
        yield f"{INDENT}VolumeMode:\t{spec['volumeMode']}"
    yield from data_source(spec.get("dataSource"), INDENT)


def data_source(source: Object | None, indent: str) -> Iterator[str]:
    """Yield what a claim begins with, where it does not begin empty."""
    if source is None:
        return
    yield f"{indent}DataSource:"
    if source.get("apiGroup") is not None:
        yield f"{indent}  APIGroup:\t{source['apiGroup']}"
    yield f"{indent}  Kind:\t{source.get('kind', '')}"
    yield f"{indent}  Name:\t{source.get('name', '')}"


_DETAILS: Mapping[str, Callable[[Object], Iterator[str]]] = {
    "hostPath": _host_path,
    "emptyDir": _empty_dir,
    "secret": _secret,
    "configMap": _config_map,
    "iscsi": _iscsi,
    "fc": _fibre_channel,
    "projected": _projected,
    "downwardAPI": _downward_api,
    "csi": _csi,
    "ephemeral": _ephemeral,
}
