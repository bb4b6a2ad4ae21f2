"""Volumes of a Pod. Kubernetes: pkg/apis/core/validation (ValidateVolumes)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats
from lifecycle.core_v1.validation.downward_api import file_field
from lifecycle.core_v1.validation.metadata import label_selector, metadata, wrong

Object = dict[str, Any]
Volumes = dict[str, Object]

HOST_PATH_TYPES = ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
TOKEN_SECONDS = (600, 2**32)

REQUIRED: dict[str, tuple[str, ...]] = {
    "gitRepo": ("repository",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "secret": ("secretName",),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "glusterfs": ("endpoints", "path"),
    "persistentVolumeClaim": ("claimName",),
    "rbd": ("monitors", "image"),
    "cinder": ("volumeID",),
    "cephfs": ("monitors",),
    "quobyte": ("registry", "volume"),
    "flexVolume": ("driver",),
    "configMap": ("name",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "storageos": ("volumeName",),
    "csi": ("driver",),
    "image": ("reference",),
}
"""Fields that must not be empty, by source; the rest of a source's tests is a function of `TESTS`."""

SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs",
    "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap",
    "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral", "image",
)  # fmt: skip
"""In the order in which Kubernetes looks for them."""

OTHER_NAMES = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""What Kubernetes itself misspells where a second source is forbidden."""


def volumes(given: list[Object], pod_name: str, path: str) -> tuple[Volumes, list[Error]]:
    """Return the volumes that are right, by name, and what is wrong with the others."""
    right: Volumes = {}
    errors: list[Error] = []
    own_claims = {f"{pod_name}-{v['name']}" for v in given if "ephemeral" in v and pod_name}
    for i, volume in enumerate(given):
        at = f"{path}[{i}]"
        found = list(_volume(volume, pod_name, at))
        if volume["name"] in right:
            found.append(field.duplicate(f"{at}.name", volume["name"]))
        if not found:
            right[volume["name"]] = volume
        errors += found
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim in own_claims:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            errors.append(field.invalid(f"{at}.persistentVolumeClaim.claimName", claim, text))
    return right, errors


def _volume(volume: Object, pod_name: str, path: str) -> Iterator[Error]:
    first = ""
    for source in SOURCES:
        if source not in volume:
            continue
        if first:
            name = OTHER_NAMES.get(source, source)
            yield field.forbidden(f"{path}.{name}", "may not specify more than 1 volume type")
            continue
        first = source
        yield from _source(source, volume[source], f"{path}.{source}")
    if not first:
        yield field.required(path, "must specify a volume type")
    if first == "ephemeral" and pod_name and volume["name"]:
        claim = f"{pod_name}-{volume['name']}"
        for text in formats.dns_subdomain(claim):
            yield field.invalid(f"{path}.name", volume["name"], f'PVC name "{claim}": {text}')
    if volume["name"]:
        yield from wrong(f"{path}.name", volume["name"], formats.dns_label(volume["name"]))
    else:
        yield field.required(f"{path}.name")


def _source(source: str, value: Object, path: str) -> Iterator[Error]:
    for name in REQUIRED.get(source, ()):
        if not value.get(name):
            yield field.required(f"{path}.{name}")
    if "defaultMode" in value:
        yield from wrong(f"{path}.defaultMode", value["defaultMode"], formats.file_mode(value["defaultMode"]))
    if source in ("secret", "configMap"):
        yield from _keys(value.get("items") or [], path)
    test = TESTS.get(source)
    if test:
        yield from test(value, path)


def _keys(items: list[Object], path: str) -> Iterator[Error]:
    """Test which keys of a ConfigMap or Secret become which files."""
    for i, item in enumerate(items):
        at = f"{path}.items[{i}]"
        for name in ("key", "path"):
            if not item[name]:
                yield field.required(f"{at}.{name}")
        yield from wrong(f"{at}.path", item["path"], formats.file_path(item["path"]))
        if "mode" in item:
            yield from wrong(f"{at}.mode", item["mode"], formats.file_mode(item["mode"]))


def _empty_dir(value: Object, path: str) -> Iterator[Error]:
    if quantity.parse(value.get("sizeLimit", "0")).nanos < 0:
        yield field.forbidden(f"{path}.sizeLimit", "SizeLimit field must be a valid resource quantity")


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


def _flocker(value: Object, path: str) -> Iterator[Error]:
    if not value.get("datasetName") and not value.get("datasetUUID"):
        yield field.required(path, "one of datasetName and datasetUUID is required")
    if value.get("datasetName") and value.get("datasetUUID"):
        yield field.invalid(path, "resource", "datasetName and datasetUUID can not be specified simultaneously")


def _fc(value: Object, path: str) -> Iterator[Error]:
    names, ids = value.get("targetWWNs"), value.get("wwids")
    if not names and not ids:
        yield field.required(f"{path}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if names and ids:
        yield field.invalid(f"{path}.targetWWNs", names, "targetWWNs and wwids can not be specified simultaneously")
    if names and value.get("lun") is None:
        yield field.required(f"{path}.lun", "lun is required if targetWWNs is specified")


def _downward_api(value: Object, path: str) -> Iterator[Error]:
    for item in value.get("items") or []:
        yield from file_field(item, path)


def _ephemeral(value: Object, path: str) -> Iterator[Error]:
    template = value.get("volumeClaimTemplate")
    if not template:
        yield field.required(f"{path}.volumeClaimTemplate")
        return
    at = f"{path}.volumeClaimTemplate"
    given = {"name": "a", **template["metadata"]}
    yield from metadata(given, False, formats.dns_subdomain, f"{at}.metadata")
    yield from claim_spec(template["spec"], f"{at}.spec")


def claim_spec(spec: Object, path: str) -> Iterator[Error]:
    """Test the spec of a PersistentVolumeClaim."""
    modes = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
    given = spec.get("accessModes") or []
    if not given:
        yield field.required(f"{path}.accessModes", "at least 1 access mode is required")
    for mode in given:
        if mode not in modes:
            yield field.not_supported(f"{path}.accessModes", mode, modes)
    if "ReadWriteOncePod" in given and len(given) > 1:
        yield field.forbidden(f"{path}.accessModes", "may not use ReadWriteOncePod with other access modes")
    storage = (spec["resources"].get("requests") or {}).get("storage")
    if storage is None:
        yield field.required(f"{path}.resources[storage]")
    elif quantity.parse(storage).nanos <= 0:
        yield field.invalid(f"{path}.resources[storage]", storage, "must be greater than zero")
    yield from label_selector(spec.get("selector"), f"{path}.selector")
    if spec.get("storageClassName"):
        name = spec["storageClassName"]
        yield from wrong(f"{path}.storageClassName", name, formats.dns_subdomain(name))
    if spec.get("volumeMode", "Filesystem") not in ("Block", "Filesystem"):
        yield field.not_supported(f"{path}.volumeMode", spec["volumeMode"], ("Block", "Filesystem"))


def _projected(value: Object, path: str) -> Iterator[Error]:
    taken: set[str] = set()
    for i, source in enumerate(value.get("sources") or []):
        at = f"{path}.sources[{i}]"
        for kind in ("secret", "configMap"):
            if kind in source:
                yield from _projected_keys(source[kind], f"{at}.{kind}", path, taken)
        for item in (source.get("downwardAPI") or {}).get("items") or []:
            yield from file_field(item, f"{at}.downwardAPI")
            yield from _once(item["path"], item["path"], path, taken)
        if "serviceAccountToken" in source:
            yield from _token(source["serviceAccountToken"], f"{at}.serviceAccountToken", path)
        if len(source) > 1:
            yield field.forbidden(at, "may not specify more than 1 volume type per source")


def _projected_keys(source: Object, at: str, path: str, taken: set[str]) -> Iterator[Error]:
    if not source.get("name"):
        yield field.required(f"{at}.name")
    yield from _keys(source.get("items") or [], at)
    for item in source.get("items") or []:
        yield from _once(item["path"], source.get("name", ""), path, taken)


def _once(file: str, shown: str, path: str, taken: set[str]) -> Iterator[Error]:
    if file and file in taken:
        yield field.invalid(path, shown, "conflicting duplicate paths")
    taken.add(file)


def _token(token: Object, at: str, path: str) -> Iterator[Error]:
    shortest, longest = TOKEN_SECONDS
    seconds = token.get("expirationSeconds", shortest)
    if seconds < shortest:
        yield field.invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > longest:
        yield field.invalid(f"{at}.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
    if not token["path"]:
        yield field.required(f"{path}.path")
    else:
        yield from wrong(f"{path}.path", token["path"], formats.file_path(token["path"]))


def _image(value: Object, path: str) -> Iterator[Error]:
    policies = ("Always", "IfNotPresent", "Never")
    if value.get("pullPolicy") not in policies:
        yield field.not_supported(f"{path}.pullPolicy", value.get("pullPolicy"), policies)


TESTS: dict[str, Callable[[Object, str], Iterator[Error]]] = {
    "emptyDir": _empty_dir,
    "hostPath": _host_path,
    "gitRepo": _git_repo,
    "nfs": _nfs,
    "flocker": _flocker,
    "fc": _fc,
    "downwardAPI": _downward_api,
    "ephemeral": _ephemeral,
    "projected": _projected,
    "image": _image,
}
