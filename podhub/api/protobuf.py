"""Request bodies in protobuf, where stock kubectl writes nothing else: `create configmap`, `create secret`, `auth can-i` ...

Only the messages that are met are known; the answers are JSON, which the same clients read.
Kubernetes: apimachinery/pkg/runtime/serializer/protobuf, api/core/v1/generated.proto
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1.status import bad_request
from lifecycle.wire import Object

MAGIC = b"k8s\0"

DEEPEST = 32

TABLE = """
Unknown: 1=typeMeta:TypeMeta 2=raw:bytes
TypeMeta: 1=apiVersion 2=kind
ObjectMeta: 1=name 2=generateName 3=namespace 5=uid 6=resourceVersion 7=generation:int 8=creationTimestamp:Time
    11=labels:{string} 12=annotations:{string} 13=ownerReferences:[OwnerReference] 14=finalizers:[string]
OwnerReference: 1=kind 3=name 4=uid 5=apiVersion 6=controller:bool 7=blockOwnerDeletion:bool
Namespace: 1=metadata:ObjectMeta 2=spec:NamespaceSpec 3=status:NamespaceStatus
NamespaceSpec: 1=finalizers:[string]
NamespaceStatus: 1=phase
ConfigMap: 1=metadata:ObjectMeta 2=data:{string} 3=binaryData:{bytes} 4=immutable:bool
Secret: 1=metadata:ObjectMeta 2=data:{bytes} 3=type 4=stringData:{string} 5=immutable:bool
ServiceAccount: 1=metadata:ObjectMeta 3=imagePullSecrets:[LocalObjectReference] 4=automountServiceAccountToken:bool
LocalObjectReference: 1=name
PriorityClass: 1=metadata:ObjectMeta 2=value:int 3=globalDefault:bool 4=description 5=preemptionPolicy
Service: 1=metadata:ObjectMeta 2=spec:ServiceSpec
ServiceSpec: 1=ports:[ServicePort] 2=selector:{string} 3=clusterIP 4=type 5=externalIPs:[string] 7=sessionAffinity
    10=externalName
ServicePort: 1=name 2=protocol 3=port:int 4=targetPort:IntOrString 5=nodePort:int
IntOrString: 1=type:int 2=intVal:int 3=strVal
PodDisruptionBudget: 1=metadata:ObjectMeta 2=spec:PodDisruptionBudgetSpec
PodDisruptionBudgetSpec: 1=minAvailable:IntOrString 2=selector:LabelSelector 3=maxUnavailable:IntOrString
    4=unhealthyPodEvictionPolicy
LabelSelector: 1=matchLabels:{string} 2=matchExpressions:[LabelSelectorRequirement]
LabelSelectorRequirement: 1=key 2=operator 3=values:[string]
Eviction: 1=metadata:ObjectMeta 2=deleteOptions:DeleteOptions
DeleteOptions: 1=gracePeriodSeconds:int 2=preconditions:Preconditions 3=orphanDependents:bool 4=propagationPolicy
    5=dryRun:[string]
Preconditions: 1=uid 2=resourceVersion
SelfSubjectAccessReview: 1=metadata:ObjectMeta 2=spec:SelfSubjectAccessReviewSpec
SelfSubjectAccessReviewSpec: 1=resourceAttributes:ResourceAttributes 2=nonResourceAttributes:NonResourceAttributes
SelfSubjectRulesReview: 1=metadata:ObjectMeta 2=spec:SelfSubjectRulesReviewSpec
SelfSubjectRulesReviewSpec: 1=namespace
SelfSubjectReview: 1=metadata:ObjectMeta
TokenRequest: 1=metadata:ObjectMeta 2=spec:TokenRequestSpec
TokenRequestSpec: 1=audiences:[string] 3=boundObjectRef:BoundObjectReference 4=expirationSeconds:int
BoundObjectReference: 1=kind 2=apiVersion 3=name 4=uid
ResourceQuota: 1=metadata:ObjectMeta 2=spec:ResourceQuotaSpec
ResourceQuotaSpec: 1=hard:{Quantity} 2=scopes:[string]
Quantity: 1=string
ResourceAttributes: 1=namespace 2=verb 3=group 4=version 5=resource 6=subresource 7=name
NonResourceAttributes: 1=path 2=verb
Time: 1=seconds:int 2=nanos:int
"""
"""A message a line: `number=field:type`; a type is string (where none is given), int, bool, bytes, another message of this
table, [type] for what may stand several times, {type} for a map from strings. Unknown fields are passed over.
"""


class Field(NamedTuple):
    name: str
    type: str
    shape: str


class Malformed(ValueError):
    """Bytes that are no protobuf, or none that is known."""


def decode(body: bytes) -> Object:
    """Return the object that a body holds, as JSON has it. Raises: Refused (400)."""
    try:
        return _decode(body)
    except (Malformed, UnicodeDecodeError, ValueError, OverflowError) as wrong:
        raise Refused(bad_request(f"the body cannot be read as protobuf: {wrong}")) from None


def _decode(body: bytes) -> Object:
    if not body.startswith(MAGIC):
        raise Malformed("it does not begin as Kubernetes' protobuf does")
    envelope = _message(body[len(MAGIC) :], "Unknown")
    type_meta = envelope.get("typeMeta") or {}
    kind = type_meta.get("kind", "")
    if kind not in _messages():
        raise Malformed(f"a {kind or 'message without a kind'} is read as JSON alone")
    return {**type_meta, **_message(base64.b64decode(envelope.get("raw", "")), kind)}


@cache
def _messages() -> dict[str, dict[int, Field]]:
    rows = (row.partition(": ") for row in TABLE.replace("\n    ", " ").strip().splitlines())
    return {name: dict(_field(text) for text in fields.split()) for name, _, fields in rows}


def _field(text: str) -> tuple[int, Field]:
    number, _, rest = text.partition("=")
    name, _, type = rest.partition(":")
    return int(number), Field(name, type.strip("[]{}") or "string", type[:1] if type[:1] in ("[", "{") else "")


def _message(data: bytes, name: str, depth: int = 0) -> Object:
    if depth > DEEPEST:
        raise Malformed("it is nested too deeply")
    known = _messages()[name]
    found: Object = {}
    for number, value in _fields(data):
        field = known.get(number)
        if field is None:
            continue
        if field.shape == "{":
            if not isinstance(value, bytes):
                raise Malformed(f"a number stands where {field.name} are wanted")
            key, item = _entry(value, field.type)
            found.setdefault(field.name, {})[key] = item
        elif field.shape == "[":
            found.setdefault(field.name, []).append(_value(value, field.type, depth))
        else:
            item = _value(value, field.type, depth)
            if (item not in ("", None) and item != {}) or field.type in ("int", "bool"):
                found[field.name] = item
    return found


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield each field's number and value, by protobuf's wire types."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at)
            yield number, value
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        elif wire == 2:
            size, at = _varint(data, at)
            if at + size > len(data):
                raise Malformed("it ends in the middle of a field")
            yield number, data[at : at + size]
            at += size
        else:
            raise Malformed(f"wire type {wire} is not known")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise Malformed("a number does not end")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value & (2**64 - 1), at


def _entry(data: bytes, type: str) -> tuple[str, Any]:
    """Return the key and the value of one entry of a map."""
    parts = dict(_fields(data))
    key, value = parts.get(1, b""), parts.get(2, b"")
    if not isinstance(key, bytes):
        raise Malformed("a number stands where a map's key is wanted")
    return key.decode(), _value(value, type, 0)


def _value(value: int | bytes, type: str, depth: int) -> Any:
    if isinstance(value, int):
        if type not in ("int", "bool"):
            raise Malformed(f"a number stands where a {type} is wanted")
        return bool(value) if type == "bool" else value - 2**64 if value >= 2**63 else value
    if type == "string":
        return value.decode()
    if type == "bytes":
        return base64.b64encode(value).decode()
    if type in ("int", "bool"):
        raise Malformed(f"bytes stand where a {type} is wanted")
    found = _message(value, type, depth + 1)
    if type == "Time":
        return _time(found)
    if type == "Quantity":
        return found.get("string", "0")
    if type == "IntOrString":
        return found.get("strVal", "") if found.get("type") else found.get("intVal", 0)
    return found


def _time(found: Object) -> str | None:
    seconds = found.get("seconds", 0)
    if not 0 < seconds < 2**37:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
