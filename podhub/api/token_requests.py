"""`kubectl create token`: a ServiceAccount's token, which programs in this cluster's Pods can use. It is not in the log.

Kubernetes: pkg/registry/core/serviceaccount/storage/token.go
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec

from lifecycle import tokens
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import Target
from lifecycle.clock import SECOND, rfc3339
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.schema import Kind
from lifecycle.seeds import Seeds
from lifecycle.wire import Object
from podhub.api import bodies, list_options
from podhub.api.address import Address
from podhub.api.http import Call, Reply, json_reply
from podhub.api.threads import on_thread

TOKEN_REQUEST = Kind("authentication.k8s.io/v1", "TokenRequest", "tokenrequests")

USUAL, LEAST, MOST = 3600, 600, 1 << 32
"""For how many seconds a token holds."""


class Reference(msgspec.Struct, rename="camel"):
    """What a token is bound to: it ends with that object."""

    kind: str = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class Spec(msgspec.Struct, rename="camel"):
    audiences: list[str] | None = None
    expiration_seconds: int | None = None
    bound_object_ref: Reference | None = None


async def answer(call: Call, address: Address, about: Target) -> Reply:
    """Answer a TokenRequest. Raises: Refused."""
    body = await bodies.read_object(call, TOKEN_REQUEST) or {}
    spec = _spec(body)
    seconds = USUAL if spec.expiration_seconds is None else spec.expiration_seconds
    account = await on_thread(lambda: _find(address, "serviceaccounts", about.namespace, about.name))
    bound = await on_thread(lambda: _bound(address, about.namespace, spec.bound_object_ref))
    now, audiences = address.now, spec.audiences or [tokens.ISSUER]
    claims = tokens.claims(account["metadata"], now, seconds, audiences, bound, str(uuid4()))
    ends = rfc3339(now + seconds * SECOND)
    bound_to = (body.get("spec") or {}).get("boundObjectRef")
    given = {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": bound_to}
    return json_reply(
        {
            "kind": TOKEN_REQUEST.kind,
            "apiVersion": TOKEN_REQUEST.group_version,
            "metadata": {"name": about.name, "namespace": about.namespace, "creationTimestamp": rfc3339(now)},
            "spec": given,
            "status": {"token": tokens.signed(Seeds(address.cluster.seed), claims), "expirationTimestamp": ends},
        },
        201,
    )


def _spec(body: Any) -> Spec:
    """Return what is asked for. Raises: Refused (400, 422)."""
    try:
        spec = msgspec.convert(body.get("spec") or {}, Spec)
    except msgspec.ValidationError as wrong:
        kind = TOKEN_REQUEST.kind
        why = f'{kind} in version "v1" cannot be handled as a {kind}: {wrong}'
        raise Refused(status.bad_request(why)) from None
    seconds, errors, path = spec.expiration_seconds, [], "spec.expirationSeconds"
    if seconds is not None and seconds < LEAST:
        errors.append(field.invalid(path, seconds, "may not specify a duration less than 10 minutes"))
    if seconds is not None and seconds > MOST:
        errors.append(field.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds"))
    if errors:
        raise Refused(list_options.invalid(f"{TOKEN_REQUEST.kind}.{TOKEN_REQUEST.group}", "", errors))
    return spec


def _find(address: Address, plural: str, namespace: str, name: str) -> Object:
    """Return an object. Raises: Refused (404)."""
    version = address.view.find(plural, namespace, name)
    if version is None:
        raise Refused(status.not_found(BY_PLURAL["v1", plural], name))
    return version.object


def _bound(address: Address, namespace: str, reference: Reference | None) -> Object:
    """Return the claims about what a token is bound to. Raises: Refused (400, 404, 409)."""
    if reference is None:
        return {}
    plural = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}.get(reference.kind)
    if plural is None:
        why = f"cannot bind token for serviceaccount to object type {reference.api_version}, Kind={reference.kind}"
        raise Refused(status.bad_request(why))
    obj = _find(address, plural, "" if plural == "nodes" else namespace, reference.name)
    uid = obj["metadata"]["uid"]
    if reference.uid and reference.uid != uid:
        why = f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. The object might "
        raise Refused(status.conflict(BY_PLURAL["v1", plural], reference.name, f"{why}have been deleted and then recreated"))
    return {reference.kind.lower(): {"name": reference.name, "uid": uid}}
