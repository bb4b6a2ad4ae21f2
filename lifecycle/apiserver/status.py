"""metav1.Status: what an API server answers where it has no object to give.

Kubernetes: apimachinery/pkg/api/errors
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.resources import Resource
from lifecycle.wire import Object


class StatusError(Exception):
    """A request that is answered with a Status: its HTTP code and body."""

    def __init__(self, code: int, body: Object) -> None:
        super().__init__(body["message"])
        self.code = code
        self.body = body


def status(code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> Object:
    body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    if reason:
        body["reason"] = reason
    if details:
        body["details"] = details
    return {**body, "code": code}


def success(resource: Resource, name: str, uid: str | None = None) -> Object:
    """Return the Status that answers a DELETE of something that is gone with it."""
    details = {**_details(resource, name), **({"uid": uid} if uid else {})}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def not_found(resource: Resource, name: str) -> StatusError:
    return _failure(404, "NotFound", f'{resource.qualified} "{name}" not found', resource, name)


def already_exists(resource: Resource, name: str) -> StatusError:
    return _failure(409, "AlreadyExists", f'{resource.qualified} "{name}" already exists', resource, name)


def conflict(resource: Resource, name: str, why: str) -> StatusError:
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return _failure(409, "Conflict", message, resource, name)


def forbidden(resource: Resource, name: str, why: str) -> StatusError:
    return _failure(403, "Forbidden", f'{resource.qualified} "{name}" is forbidden: {why}', resource, name)


def bad_request(message: str) -> StatusError:
    return StatusError(400, status(400, "BadRequest", message))


def no_such_page() -> StatusError:
    """What a path answers that names nothing served."""
    return StatusError(404, status(404, "NotFound", "the server could not find the requested resource", {}))


def method_not_allowed(resource: Resource | None, verb: str) -> StatusError:
    message = f"{verb} is not supported on resources of kind {resource.qualified!r}" if resource else "method not allowed"
    return StatusError(405, status(405, "MethodNotAllowed", message.replace("'", '"')))


def unprocessable(message: str, details: dict[str, Any]) -> StatusError:
    return StatusError(422, status(422, "Invalid", message, details))


def _details(resource: Resource, name: str) -> dict[str, Any]:
    return {"name": name, **({"group": resource.group} if resource.group else {}), "kind": resource.plural}


def _failure(code: int, reason: str, message: str, resource: Resource, name: str) -> StatusError:
    return StatusError(code, status(code, reason, message, _details(resource, name)))
