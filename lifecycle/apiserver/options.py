"""What a request says beside its body: how strictly it is to be read, in whose name it writes, how it deletes.

Kubernetes: apimachinery/pkg/apis/meta/v1 (CreateOptions, UpdateOptions, PatchOptions, DeleteOptions)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from lifecycle.core_v1.decode import Complaint, decode
from lifecycle.core_v1.registry import FieldValidation
from lifecycle.core_v1.schema import struct
from lifecycle.wire import Request


class DeleteOptions(msgspec.Struct):
    """Of metav1.DeleteOptions what is minded here: seconds of grace, and `uid` or `resourceVersion` the object must have.

    `propagation`: what becomes of those that belong to it (empty where nothing is said of that).
    """

    grace: int | None = None
    preconditions: Mapping[str, Any] = {}
    propagation: str = ""


def field_manager(request: Request) -> str:
    """Return in whose name a request sets fields."""
    return (request.query.get("fieldManager") or [""])[0] or request.user


def field_validation(request: Request) -> FieldValidation:
    """Return how strictly a request wants to be read; what is not known to mean anything is Warn, the default."""
    match request.query.get("fieldValidation"):
        case ["Strict"]:
            return "Strict"
        case ["Ignore"]:
            return "Ignore"
    return "Warn"


def flag(request: Request, name: str) -> bool:
    """Say whether a parameter of the query is true: `true`, `True`, `1`, and without a value.

    Kubernetes: apimachinery/pkg/runtime (Convert_Slice_string_To_bool)
    """
    given = request.query.get(name) or ["false"]
    return given[0].lower() not in ("0", "false")


def limit(request: Request) -> int | None:
    """Return how many objects a request is about at most; None for all. Raises: Refused."""
    given = request.query.get("limit")
    return (_whole(given[0]) or None) if given else None


def delete_options(request: Request) -> DeleteOptions:
    """Return the options of the body, or those of the query where there is no body. Raises: Refused."""
    if not request.body:
        given = request.query.get("gracePeriodSeconds")
        policy, orphan = (request.query.get("propagationPolicy") or [""])[0], flag(request, "orphanDependents")
        asked = "orphanDependents" in request.query
        return DeleteOptions(_whole(given[0]) if given else None, propagation=policy or _policy(orphan if asked else None))
    return read(request.body)


def read(body: Any) -> DeleteOptions:
    """Return DeleteOptions as JSON has them. Raises: Refused."""
    found = decode(body if isinstance(body, dict) else {}, struct("DeleteOptions"))
    if isinstance(found, Complaint):
        raise Refused(status.bad_request(found.message))
    options = found.object
    propagation = options.get("propagationPolicy") or _policy(options.get("orphanDependents"))
    return DeleteOptions(options.get("gracePeriodSeconds"), options.get("preconditions") or {}, propagation)


def _policy(orphan: bool | None) -> str:
    """Return what the older `orphanDependents` means."""
    return "" if orphan is None else "Orphan" if orphan else "Background"


def _whole(text: str) -> int:
    """Return a number of a query. Raises: Refused."""
    try:
        return int(text)
    except ValueError:
        raise Refused(status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')) from None
