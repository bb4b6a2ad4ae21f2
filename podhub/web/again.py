"""A Pod's manifest, to create it once more: as it was asked for, or what is left of it without what the server put in."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Container
from typing import Any

import msgspec

from lifecycle.core_v1 import defaults
from lifecycle.printers.documents import yaml_text
from lifecycle.wire import Object
from podhub.log import codec, read
from podhub.log.models import Cluster, Entry
from podhub.web.story import within

TOKEN_VOLUME = "kube-api-access-"
"""How the volume is called that every container is given. Kubernetes: plugin/pkg/admission/serviceaccount"""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

TOLERATED = [
    {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for state in ("not-ready", "unreachable")
]
"""Kubernetes: plugin/pkg/admission/defaulttolerationseconds"""


def manifest(cluster: Cluster, namespace: str, name: str, taken: Container[str] = ()) -> str:
    """Return the manifest of the newest Pod of this name as YAML, without its namespace; "" where the log tells of none.

    Where its name is `taken` it gets the next that is free.
    """
    rows = Entry.objects.filter(within(cluster, cluster.head), kind=Entry.Kind.CHANGE, resource="pods", type="ADDED")
    seq = rows.filter(namespace=namespace, name=name).order_by("-seq").values_list("seq", flat=True).first()
    added = read.entry(cluster, seq) if seq else None
    if added is None:
        return ""
    pod = _asked(cluster, added) or told(added.content)
    metadata = {key: value for key, value in pod["metadata"].items() if value and key not in ("namespace", "managedFields")}
    return yaml_text({**pod, "metadata": metadata | {"name": _free(metadata["name"], taken)}})


def _free(name: str, taken: Container[str]) -> str:
    stem = re.sub(r"-\d{1,3}$", "", name)
    numbered = (f"{stem}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], numbered) if each not in taken)


def _asked(cluster: Cluster, added: read.Line) -> Object | None:
    """Return what the request said that made a Pod, where that is known."""
    cause = read.entry(cluster, added.cause) if added.cause else None
    body = cause.content.get("body") if cause and cause.kind == "request" and cause.content.get("verb") == "create" else None
    named = isinstance(body, dict) and body.get("kind") == "Pod" and (body.get("metadata") or {}).get("name")
    return body if named else None


def told(pod: Object) -> Object:
    """Return a recorded Pod as it was applied, or else without what the server put in, or as much without it as can be."""
    try:
        return _applied(pod) or bare(pod)
    except (AttributeError, KeyError, TypeError, ValueError):  # a recording may hold what no API server would have let in
        return {key: value for key, value in pod.items() if key != "status"}


def _applied(pod: Object) -> Object | None:
    """Return what `kubectl apply` was given, where it left that on the Pod."""
    text = (pod["metadata"].get("annotations") or {}).get(LAST_APPLIED)
    try:
        applied = codec.parse(text.encode()) if text else None
    except (msgspec.DecodeError, RecursionError):
        return None
    metadata = applied.get("metadata") if isinstance(applied, dict) else None
    same = isinstance(metadata, dict) and metadata.get("name") == pod["metadata"]["name"]
    return applied if same else None


def bare(pod: Object) -> Object:
    """Return a Pod as somebody may have written it: without status, identity, place, and what the server fills in by itself."""
    metadata = {key: value for key, value in pod["metadata"].items() if key in ("name", "namespace", "labels", "annotations")}
    spec = _without_admission(copy.deepcopy(pod.get("spec") or {}))
    written = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
    return _without_defaults(written)


def _without_admission(spec: Object) -> Object:
    for key in ("nodeName", "priority", "preemptionPolicy"):
        spec.pop(key, None)
    if spec.get("serviceAccountName") == "default":
        spec.pop("serviceAccountName")
        spec.pop("serviceAccount", None)
    for container in defaults.all_containers(spec):
        _keep(container, "volumeMounts", [one for one in container.get("volumeMounts") or () if not _is_token(one)])
    _keep(spec, "volumes", [one for one in spec.get("volumes") or () if not _is_token(one)])
    _keep(spec, "tolerations", [one for one in spec.get("tolerations") or () if one not in TOLERATED])
    return spec


def _is_token(volume: Object) -> bool:
    return str(volume.get("name", "")).startswith(TOKEN_VOLUME)


def _keep(place: Object, key: str, values: list[Any]) -> None:
    place.pop(key, None)
    if values:
        place[key] = values


def _without_defaults(pod: Object) -> Object:
    """Leave out every field of the spec that the defaults would put there again."""
    whole = _defaulted(pod)
    places: list[Any] = [pod["spec"]]
    while places:
        place = places.pop()
        if isinstance(place, list):
            places += place
        elif isinstance(place, dict):
            for key in [key for key in place if key != "emptyDir"]:  # a volume of no kind is one, but nobody writes that
                value = place.pop(key)
                if _defaulted(pod) != whole:
                    place[key] = value
                    places.append(value)
    return pod


def _defaulted(pod: Object) -> Object:
    whole = copy.deepcopy(pod)
    for container in defaults.all_containers(whole["spec"]):
        container.setdefault("resources", {})  # which every container has, once it is read
    defaults.pod(whole)
    return whole
