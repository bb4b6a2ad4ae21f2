"""What sources of volumes must say: storage outside the cluster, which Pods and PersistentVolumes name alike.

Kubernetes: pkg/apis/core/validation (validateVolumeSource, ValidatePersistentVolumeSpec and what they call)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.metadata import wrong

Object = dict[str, Any]
Test = Callable[[Object, str], Iterator[Error]]

LARGEST_LUN = 255
LONGEST_TENANT = 64
LONGEST_DRIVER = 63
LONGEST_INITIATOR = 64
"""Bytes of a volume's name and its target portal together, where an initiator is named."""

TOO_LONG = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
CACHING_MODES = ("None", "ReadOnly", "ReadWrite")
DISK_KINDS = ("Dedicated", "Managed", "Shared")
MANAGED_DISK = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
BLOB_DISK = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"

INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9\-.]+)(:[^,;*&$|\s]+)$"),
    "eui": re.compile(r"^eui.[A-Za-z0-9]{16}$"),
    "naa": re.compile(r"^naa.[A-Za-z0-9]{32}$"),
}
"""How a node of iSCSI may be named, by the first three letters."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "secret": ("secretName",),
    "nfs": ("server", "path"),
    "glusterfs": ("endpoints", "path"),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "flexVolume": ("driver",),
    "configMap": ("name",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
    "image": ("reference",),
}
"""Fields that must not be empty, by source; what else is tested is a function of `TESTS`."""

OTHER_NAMES = {"gcePersistentDisk": "persistentDisk"}
"""What Kubernetes calls a source itself where something in it is wrong."""


def source(name: str, value: Object, path: str) -> Iterator[Error]:
    """Test a source that stands at `path` under its name."""
    at = f"{path}.{OTHER_NAMES.get(name, name)}"
    for required in REQUIRED.get(name, ()):
        if not value.get(required):
            yield field.required(f"{at}.{required}")
    test = TESTS.get(name)
    if test:
        yield from test(value, at)


def _host_path(value: Object, path: str) -> Iterator[Error]:
    if not value["path"]:
        yield field.required(f"{path}.path")
        return
    yield from wrong(f"{path}.path", value["path"], formats.no_backsteps(value["path"]))
    if value.get("type", "") not in HOST_PATH_TYPES:
        yield field.not_supported(f"{path}.type", value["type"], HOST_PATH_TYPES)


def _git_repo(value: Object, path: str) -> Iterator[Error]:
    yield from wrong(f"{path}.directory", value.get("directory", ""), formats.relative_path(value.get("directory", "")))


def _nfs(value: Object, path: str) -> Iterator[Error]:
    if not value["path"].startswith("/"):
        yield field.invalid(f"{path}.path", value["path"], "must be an absolute path")


def _partition(value: Object, path: str) -> Iterator[Error]:
    if not 0 <= value.get("partition", 0) <= 255:
        yield field.invalid(f"{path}.partition", value["partition"], "must be between 1 and 255, inclusive")


def _iscsi(value: Object, path: str) -> Iterator[Error]:
    if not value["targetPortal"]:
        yield field.required(f"{path}.targetPortal")
    yield from _target(value, path)
    if "initiatorName" in value:
        yield from _initiator(value["initiatorName"], f"{path}.initiatorname")


def persistent_iscsi(value: Object, volume: str, path: str) -> Iterator[Error]:
    """Test the same source in a PersistentVolume, where its name stands in the way of a long portal."""
    if not value["targetPortal"]:
        yield field.required(f"{path}.targetPortal")
    if _too_long(volume, value):
        yield field.invalid(f"{path}.targetportal", value["targetPortal"], TOO_LONG)
    yield from _target(value, path, "must be valid format")
    if "secretRef" in value and not value["secretRef"].get("name"):
        yield field.required(f"{path}.secretRef.name")
    if "initiatorName" in value:
        yield from _initiator(value["initiatorName"], f"{path}.initiatorname", "must be valid format")


def _target(value: Object, path: str, text: str = "") -> Iterator[Error]:
    if value["iqn"]:
        yield from _initiator(value["iqn"], f"{path}.iqn", text)
    else:
        yield field.required(f"{path}.iqn")
    yield from wrong(f"{path}.lun", value["lun"], formats.in_range(value["lun"], 0, LARGEST_LUN))
    if (value.get("chapAuthDiscovery") or value.get("chapAuthSession")) and "secretRef" not in value:
        yield field.required(f"{path}.secretRef")


def _initiator(name: str, path: str, text: str = "") -> Iterator[Error]:
    pattern = INITIATORS.get(name[:3])
    if pattern is None:
        yield field.invalid(path, name, text or "must be valid format starting with iqn, eui, or naa")
    elif not pattern.search(name):
        yield field.invalid(path, name, "must be valid format")


def initiator_too_long(volume: str, value: Object, path: str) -> Iterator[Error]:
    if _too_long(volume, value):
        yield field.invalid(f"{path}.name", volume, TOO_LONG)


def _too_long(volume: str, value: Object) -> bool:
    return "initiatorName" in value and len(f"{volume}:{value['targetPortal']}".encode()) > LONGEST_INITIATOR


def _fc(value: Object, path: str) -> Iterator[Error]:
    names, ids, lun = value.get("targetWWNs"), value.get("wwids"), value.get("lun")
    if not names and not ids:
        yield field.required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if names and ids:
        yield field.invalid(f"{path}.targetWWNs", names, "targetWWNs and wwids can not be specified simultaneously")
    if names and lun is None:
        yield field.required(f"{path}.lun", "lun is required if targetWWNs is specified")
    elif names and lun is not None:
        yield from wrong(f"{path}.lun", lun, formats.in_range(lun, 0, LARGEST_LUN))


def _quobyte(value: Object, path: str) -> Iterator[Error]:
    wanted, registry = "must be a host:port pair or multiple pairs separated by commas", value["registry"]
    if not registry:
        yield field.required(f"{path}.registry", wanted)
    elif len(value.get("tenant", "").encode()) > LONGEST_TENANT:
        yield field.required(f"{path}.tenant", f"must be a UUID and may not exceed a length of {LONGEST_TENANT} characters")
    else:
        for pair in registry.split(","):
            if not re.fullmatch(r"([^:\[\]]*|\[[^\[\]]*\]):[^:\[\]]*", pair):
                yield field.invalid(f"{path}.registry", registry, wanted)
    if not value["volume"]:
        yield field.required(f"{path}.volume")


def _flocker(value: Object, path: str) -> Iterator[Error]:
    name = value.get("datasetName", "")
    if not name and not value.get("datasetUUID"):
        yield field.required(path, "one of datasetName and datasetUUID is required")
    if name and value.get("datasetUUID"):
        yield field.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        yield field.invalid(f"{path}.datasetName", name, "must not contain '/'")


def _glusterfs(value: Object, path: str) -> Iterator[Error]:
    namespace = value.get("endpointsNamespace")
    if namespace == "":
        text = "if the endpointnamespace is set, it must be a valid namespace name"
        yield field.invalid(f"{path}.endpointsNamespace", "", text)
    elif namespace is not None:
        yield from wrong(f"{path}.endpointsNamespace", namespace, formats.dns_label(namespace))


def _secret_named(value: Object, path: str) -> Iterator[Error]:
    reference = value.get("secretRef")
    if reference is not None and not reference.get("name"):
        yield field.required(f"{path}.secretRef.name")


def _flex_volume(value: Object, path: str) -> Iterator[Error]:
    for key in value.get("options") or ():
        domain = "." + key.partition("/")[0].lower()
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            text = "kubernetes.io and k8s.io namespaces are reserved"
            yield field.invalid(field.key(f"{path}.options", key), key, text)


def _azure_file(value: Object, path: str) -> Iterator[Error]:
    if value.get("secretNamespace") == "":
        yield field.required(f"{path}.secretNamespace")


def _azure_disk(value: Object, path: str) -> Iterator[Error]:
    kind, uri = value.get("kind"), value["diskURI"]
    for name, supported in (("cachingMode", CACHING_MODES), ("kind", DISK_KINDS)):
        if value.get(name) is not None and value[name] not in supported:
            yield field.not_supported(f"{path}.{name}", value[name], supported)
    if kind == "Managed" and not uri.startswith("/subscriptions/"):
        yield field.not_supported(f"{path}.diskURI", uri, (MANAGED_DISK,))
    if kind is not None and kind != "Managed" and not uri.startswith("https://"):
        yield field.not_supported(f"{path}.diskURI", uri, (BLOB_DISK,))


def _storage_os(value: Object, path: str) -> Iterator[Error]:
    for name in ("volumeName", "volumeNamespace"):
        if value.get(name):
            yield from wrong(f"{path}.{name}", value[name], formats.dns_label(value[name]))
    yield from _secret_named(value, path)


def csi_driver(name: str, path: str) -> Iterator[Error]:
    if not name:
        yield field.required(path)
    if len(name.encode()) > LONGEST_DRIVER:
        yield field.too_long(path, LONGEST_DRIVER)
    yield from wrong(path, name, formats.dns_subdomain(name.lower()))


def _csi(value: Object, path: str) -> Iterator[Error]:
    yield from csi_driver(value["driver"], f"{path}.driver")
    reference = value.get("nodePublishSecretRef")
    if reference is not None and not reference.get("name"):
        yield field.required(f"{path}.nodePublishSecretRef.name")
    elif reference is not None:
        yield from wrong(f"{path}.name", reference["name"], formats.dns_subdomain(reference["name"]))


TESTS: dict[str, Test] = {
    "hostPath": _host_path,
    "gitRepo": _git_repo,
    "gcePersistentDisk": _partition,
    "awsElasticBlockStore": _partition,
    "nfs": _nfs,
    "iscsi": _iscsi,
    "glusterfs": _glusterfs,
    "flocker": _flocker,
    "cinder": _secret_named,
    "quobyte": _quobyte,
    "fc": _fc,
    "flexVolume": _flex_volume,
    "azureFile": _azure_file,
    "azureDisk": _azure_disk,
    "storageos": _storage_os,
    "csi": _csi,
}
