"""What volumes hold that are made of API objects: ConfigMaps, Secrets, the Pod's own fields, or parts of them.

Kubernetes: pkg/volume/configmap, pkg/volume/secret, pkg/volume/projected, pkg/volume/downwardapi
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from lifecycle.clock import parse_rfc3339
from lifecycle.core_v1.types import ObjectFieldSelector, ResourceFieldSelector
from lifecycle.kubelet.environment import Facts, field_value, resource_value
from lifecycle.kubelet.state import PodState
from lifecycle.tokens import ISSUER, PodToken
from lifecycle.wire import Object

if TYPE_CHECKING:
    from lifecycle.kubelet.kubelet import Kubelet
    from lifecycle.programs.volumes import Content

MISSING_KEY = {
    "configmaps": "configmap references non-existent config key: {}",
    "secrets": "references non-existent secret key: {}",
}

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap that every namespace has; here it may be missing, for nobody makes it."""


SECONDS = 3600
"""For how long a token holds of which nothing else is said."""


class MountError(ValueError):
    """Why a volume cannot be mounted; the text is the plugin's."""


class VolumeFiles:
    """The files of all such volumes: path -> content. `modes` takes the modes of single files."""

    def __init__(self, kubelet: Kubelet) -> None:
        self.kubelet = kubelet

    def of(self, pod: PodState, kind: str, source: Object, modes: dict[str, int]) -> dict[str, Content]:
        """Return what a volume made of API objects holds: path -> content. Raises: MountError"""
        if kind == "configMap":
            return self._object_files(pod, "configmaps", source.get("name", ""), source, modes)
        if kind == "secret":
            name = source.get("secretName") or source.get("name", "")
            return self._object_files(pod, "secrets", name, source, modes)
        if kind == "downwardAPI":
            items = source.get("items") or ()
            modes |= {item["path"]: item["mode"] for item in items if item.get("mode") is not None}
            return {item["path"]: self._downward(pod, item).encode() for item in items}
        return self._projected(pod, source, modes)

    def _projected(self, pod: PodState, source: Object, modes: dict[str, int]) -> dict[str, Content]:
        """Return what the parts of a projected volume hold together; all that is wrong with them is told at once."""
        found: dict[str, Content] = {}
        errors: list[str] = []
        for part, body in (item for one in source.get("sources") or () for item in one.items()):
            if part == "serviceAccountToken":
                found[body["path"]] = self._token(pod, body)
            elif part in ("configMap", "secret", "downwardAPI"):
                try:
                    found |= self.of(pod, part, body, modes)
                except MountError as error:
                    errors.append(str(error))
        if errors:
            raise MountError(errors[0] if len(errors) == 1 else f"[{', '.join(dict.fromkeys(errors))}]")
        return found

    def _object_files(
        self, pod: PodState, resource: str, name: str, source: Object, modes: dict[str, int]
    ) -> dict[str, Content]:
        obj = self.kubelet.api.get(resource, pod.namespace, name)
        if obj is None:
            if source.get("optional") or name == ROOT_CA:
                return {}
            raise MountError(f'{resource[:-1]} "{name}" not found')
        data = _data(resource, obj)
        items = source.get("items")
        if not items:
            return data
        found = {}
        for item in items:
            if item["key"] in data:
                found[item["path"]] = data[item["key"]]
                if item.get("mode") is not None:
                    modes[item["path"]] = item["mode"]
            elif not source.get("optional"):
                raise MountError(MISSING_KEY[resource].format(item["key"]))
        return found

    def _token(self, pod: PodState, source: Object) -> PodToken:
        """Return a token of the Pod's account, as of the Pod's beginning. Kubernetes: pkg/kubelet/token"""
        obj, api = self.kubelet.object(pod), self.kubelet.api
        name = obj["spec"].get("serviceAccountName") or "default"
        account = api.get("serviceaccounts", pod.namespace, name) or {"metadata": {}}
        node = api.get("nodes", "", pod.node)
        audience = source.get("audience") or ISSUER
        return PodToken(
            id=self.kubelet.kernel.seeds.uid("token", pod.uid, audience),
            account=(pod.namespace, name, account["metadata"].get("uid", "")),
            issued=parse_rfc3339(obj["metadata"]["creationTimestamp"]),
            seconds=source.get("expirationSeconds") or SECONDS,
            audience=audience,
            pod=(pod.name, pod.uid),
            node=(pod.node, node["metadata"]["uid"]) if node else None,
        )

    def _downward(self, pod: PodState, item: dict[str, Any]) -> str:
        node = self.kubelet.node(pod)
        spec = self.kubelet.spec(pod)
        allocatable = (self.kubelet.api.get("nodes", "", node.name) or {}).get("status", {}).get("allocatable", {})
        containers = (*spec.init_containers, *spec.containers)
        facts = Facts(self.kubelet.object(pod), self.kubelet.pod_ip(pod), node.ip, allocatable, containers)
        if ref := item.get("fieldRef"):
            return field_value(ObjectFieldSelector(field_path=ref["fieldPath"]), facts)
        ref = item["resourceFieldRef"]
        selector = ResourceFieldSelector(
            resource=ref["resource"], container_name=ref.get("containerName", ""), divisor=ref.get("divisor", "0")
        )
        return resource_value(selector, containers[0], facts)


def _data(resource: str, obj: Object) -> dict[str, Content]:
    if resource == "secrets":
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    found = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return found | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}
