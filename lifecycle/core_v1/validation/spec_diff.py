"""What differs between two specs, as an error shows it: a unified diff of the API server's own form of them.

That form names fields as Go does, in an order of its own, and shows every field, set or not. The host's namespaces stand
in the security context there.
Kubernetes: pkg/apis/core/types.go, apimachinery/pkg/util/diff
"""

from __future__ import annotations

import difflib
import json
from typing import Any

from lifecycle.core_v1.schema import Field, Type, fields, struct

Object = dict[str, Any]

CAPITALS = {
    "apiGroup": "APIGroup", "apiVersion": "APIVersion", "awsElasticBlockStore": "AWSElasticBlockStore", "cephfs": "CephFS",
    "chapAuthDiscovery": "DiscoveryCHAPAuth", "chapAuthSession": "SessionCHAPAuth", "csi": "CSI",
    "diskURI": "DataDiskURI", "dnsConfig": "DNSConfig", "dnsPolicy": "DNSPolicy", "fc": "FC", "fsGroup": "FSGroup",
    "fsGroupChangePolicy": "FSGroupChangePolicy", "fsType": "FSType", "gcePersistentDisk": "GCEPersistentDisk",
    "gmsaCredentialSpec": "GMSACredentialSpec", "gmsaCredentialSpecName": "GMSACredentialSpecName", "grpc": "GRPC",
    "httpGet": "HTTPGet", "httpHeaders": "HTTPHeaders", "ip": "IP", "iqn": "IQN", "iscsi": "ISCSI",
    "iscsiInterface": "ISCSIInterface", "nfs": "NFS", "os": "OS", "pdName": "PDName", "rbd": "RBD",
    "seLinuxChangePolicy": "SELinuxChangePolicy", "seLinuxOptions": "SELinuxOptions", "sslEnabled": "SSLEnabled",
    "storageos": "StorageOS", "tcpSocket": "TCPSocket", "tty": "TTY", "wwids": "WWIDs",
}  # fmt: skip
"""Fields whose name in Go is more than their name with a capital letter."""

HOST = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")

ORDER: dict[str, tuple[str, ...]] = {
    "PodSpec": (
        "volumes", "initContainers", "containers", "ephemeralContainers", "restartPolicy", "terminationGracePeriodSeconds",
        "activeDeadlineSeconds", "dnsPolicy", "nodeSelector", "serviceAccountName", "automountServiceAccountToken", "nodeName",
        "securityContext", "imagePullSecrets", "hostname", "subdomain", "setHostnameAsFQDN", "affinity", "schedulerName",
        "tolerations", "hostAliases", "priorityClassName", "priority", "preemptionPolicy", "dnsConfig", "readinessGates",
        "runtimeClassName", "overhead", "enableServiceLinks", "topologySpreadConstraints", "os", "schedulingGates",
        "resourceClaims", "resources", "hostnameOverride", "schedulingGroup",
    ),
    "PodSecurityContext": (
        *HOST, "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot", "supplementalGroups",
        "supplementalGroupsPolicy", "fsGroup", "fsGroupChangePolicy", "sysctls", "seccompProfile", "appArmorProfile",
        "seLinuxChangePolicy",
    ),
    "Volume": (
        "name", "hostPath", "emptyDir", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "secret", "nfs", "iscsi",
        "glusterfs", "persistentVolumeClaim", "rbd", "quobyte", "flexVolume", "cinder", "cephfs", "flocker", "downwardAPI",
        "fc", "azureFile", "configMap", "vsphereVolume", "azureDisk", "photonPersistentDisk", "projected", "portworxVolume",
        "scaleIO", "storageos", "csi", "ephemeral", "image",
    ),
    "PersistentVolumeSpec": (
        "gcePersistentDisk", "awsElasticBlockStore", "hostPath", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "flexVolume",
        "cinder", "cephfs", "fc", "flocker", "azureFile", "vsphereVolume", "azureDisk", "photonPersistentDisk",
        "portworxVolume", "scaleIO", "local", "storageos", "csi",
    ),
    "SecurityContext": (
        "capabilities", "privileged", "seLinuxOptions", "windowsOptions", "runAsUser", "runAsGroup", "runAsNonRoot",
        "readOnlyRootFilesystem", "allowPrivilegeEscalation", "procMount", "seccompProfile", "appArmorProfile",
    ),
}  # fmt: skip
"""Where the API server's own order differs from that of the API; of a PersistentVolume only its source is ever shown."""

PLAIN = ("LabelSelector", "ObjectMeta")
"""Types of which the API server has no form of its own."""


def spec_diff(old: Object, new: Object) -> str:
    """Return how two Pod specs differ, with three lines of context and no file names."""
    return diff(_with_host(old), _with_host(new), "PodSpec")


def diff(old: Object, new: Object, type: str) -> str:
    """Return how two values of a struct differ."""
    return _diff(shown(old, type), shown(new, type))


def shown(value: Object | None, type: str) -> Any:
    """Return a value of a struct as errors show it."""
    return internal(value, struct(type))


def internal(value: Any, type: Type) -> Any:
    """Return a value of the API as the API server's own type would be written in JSON."""
    if value is None or type.name in PLAIN:
        return value
    match type.shape, type.of:
        case "list", Type() as of:
            return [internal(item, of) for item in value]
        case "map", Type() as of:
            return {key: internal(value[key], of) for key in sorted(value)}
        case "struct", _:
            known = _known(type.name)
            return {go_name(name): _field(value.get(name), spec) for name, spec in known.items()}
    return value


def go_name(name: str) -> str:
    return CAPITALS.get(name, name[0].upper() + name[1:])


def _known(name: str) -> dict[str, Field]:
    known = fields(name)
    order = ORDER.get(name)
    if order is None:
        return known
    pod = fields("PodSpec")
    return {field: known.get(field) or pod[field] for field in order}


def _field(value: Any, spec: Field) -> Any:
    """Return a field's value, or what Go has where it is not set."""
    if value is not None:
        return internal(value, spec.type)
    if spec.pointer or spec.type.shape in ("list", "map"):
        return None
    if spec.type.shape == "struct":
        return internal({}, spec.type)
    return {"bool": False, "int32": 0, "int64": 0, "IntOrString": 0, "Quantity": "0", "Time": None}.get(spec.type.name, "")


def _with_host(spec: Object) -> Object:
    """Move what concerns the host's namespaces into the security context."""
    context = {**(spec.get("securityContext") or {}), **{name: spec[name] for name in HOST if name in spec}}
    return {**spec, "securityContext": context}


def _diff(old: Any, new: Any) -> str:
    lines = list(difflib.unified_diff(_lines(old), _lines(new), n=3))
    return "".join(lines[2:])


def _lines(value: Any) -> list[str]:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return [f"{line}\n" for line in text.split("\n")]
