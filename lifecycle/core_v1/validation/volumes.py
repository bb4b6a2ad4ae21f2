"""Volumes of a Pod. Kubernetes: pkg/apis/core/validation (ValidateVolumes)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lifecycle.core_v1 import field, quantity
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.validation import formats, volume_sources
from lifecycle.core_v1.validation.claims import claim_spec
from lifecycle.core_v1.validation.downward_api import file_field
from lifecycle.core_v1.validation.metadata import annotation_keys, labels, wrong

Object = dict[str, Any]
Volumes = dict[str, Object]

TOKEN_SECONDS = (600, 2**32)

SOURCES = (
    "emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs",
    "flocker", "persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap",
    "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO",
    "csi", "ephemeral", "image",
)  # fmt: skip
"""In the order in which Kubernetes looks for them."""

OTHER_NAMES = {"cephfs": "cephFS", "downwardAPI": "downwarAPI"}
"""What Kubernetes itself misspells where a second source is forbidden."""

OF_METADATA = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "finalizers", "managedFields",
)  # fmt: skip
"""What the metadata of a claim that is made for a Pod may not say."""


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
    given = [source for source in SOURCES if source in volume]
    if not given:
        yield field.required(path, "must specify a volume type")
    for i, source in enumerate(given):
        if i == 0:
            yield from _source(source, volume[source], path)
        else:
            yield field.forbidden(f"{path}.{OTHER_NAMES.get(source, source)}", "may not specify more than 1 volume type")
        if source == "iscsi":
            yield from volume_sources.initiator_too_long(volume["name"], volume[source], path)
    if given[:1] == ["ephemeral"] and pod_name and volume["name"]:
        claim = f"{pod_name}-{volume['name']}"
        for text in formats.dns_subdomain(claim):
            yield field.invalid(f"{path}.name", volume["name"], f'PVC name "{claim}": {text}')
    if volume["name"]:
        yield from wrong(f"{path}.name", volume["name"], formats.dns_label(volume["name"]))
    else:
        yield field.required(f"{path}.name")


def _source(source: str, value: Object, path: str) -> Iterator[Error]:
    yield from volume_sources.source(source, value, path)
    at = f"{path}.{source}"
    if "defaultMode" in value:
        yield from wrong(f"{at}.defaultMode", value["defaultMode"], formats.file_mode(value["defaultMode"]))
    if source in ("secret", "configMap"):
        yield from _keys(value.get("items") or [], at)
    test = TESTS.get(source)
    if test:
        yield from test(value, at)


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


def _downward_api(value: Object, path: str) -> Iterator[Error]:
    for item in value.get("items") or []:
        yield from file_field(item, path)


def _ephemeral(value: Object, path: str) -> Iterator[Error]:
    template, at = value.get("volumeClaimTemplate"), f"{path}.volumeClaimTemplate"
    if not template:
        yield field.required(at)
        return
    meta = template["metadata"]
    yield from annotation_keys(meta.get("annotations"), f"{at}.metadata.annotations")
    yield from labels(meta.get("labels"), f"{at}.metadata.labels")
    for name in OF_METADATA:
        if meta.get(name):
            yield field.forbidden(f"{at}.metadata.{name.replace('uid', 'uID')}", "cannot be set")
    yield from claim_spec(template["spec"], f"{at}.spec")


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
    "downwardAPI": _downward_api,
    "ephemeral": _ephemeral,
    "projected": _projected,
    "image": _image,
}
