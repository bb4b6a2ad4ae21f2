"""The API server's answers that are no object: metav1.Status, with the reasons, codes and words of Kubernetes.

Kubernetes: apimachinery/pkg/api/errors/errors.go
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from lifecycle.core_v1 import field
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.schema import Kind

LARGEST_BODY = 3 * 1024 * 1024
"""Bytes of a request's body that are read at most."""

WRITTEN_AS = "application/json, application/yaml, application/vnd.kubernetes.protobuf"


class Status(msgspec.Struct, frozen=True):
    """A failure (or, with code 200, a success) that has no object of its own. `warnings` become Warning headers."""

    code: int
    reason: str = ""
    message: str = ""
    details: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    metadata: dict[str, str] = {}

    def object(self) -> dict[str, Any]:
        """Return the Status as JSON has it; its HTTP status is `code`."""
        obj: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": dict(self.metadata),
            "status": "Success" if self.code < 400 else "Failure",
        }
        if self.message:
            obj["message"] = self.message
        if self.reason:
            obj["reason"] = self.reason
        if self.details is not None:
            obj["details"] = self.details
        return obj if self.code < 400 else {**obj, "code": self.code}


def details(kind: Kind, name: str = "", by_kind: bool = False, **more: Any) -> dict[str, Any]:
    """Return what a Status is about; empty fields are left out. `by_kind` names the kind in place of the plural."""
    found = {"name": name, "group": kind.group, "kind": kind.kind if by_kind else kind.plural, **more}
    return {field: value for field, value in found.items() if value}


def success(kind: Kind, name: str, uid: str) -> Status:
    """Return the answer to a DELETE after which nothing is left to show."""
    return Status(200, details=details(kind, name, uid=uid))


def bad_request(message: str) -> Status:
    return Status(400, "BadRequest", message)


def unauthorized() -> Status:
    return Status(401, "Unauthorized", "Unauthorized")


def forbidden(kind: Kind, name: str, why: str, causes: Sequence[dict[str, str]] = ()) -> Status:
    what = f'{kind.qualified_plural} "{name}"' if name else kind.qualified_plural
    return Status(403, "Forbidden", f"{what} is forbidden: {why}", details(kind, name, causes=list(causes)))


def not_found(kind: Kind, name: str) -> Status:
    return Status(404, "NotFound", f'{kind.qualified_plural} "{name}" not found', details(kind, name))


def no_such_path() -> Status:
    return Status(404, "NotFound", "the server could not find the requested resource", {})


def method_not_allowed(kind: Kind | None = None, verb: str = "") -> Status:
    if kind is None:
        return Status(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
    message = f'{verb} is not supported on resources of kind "{kind.qualified_plural}"'
    return Status(405, "MethodNotAllowed", message, details(kind))


def not_acceptable(accepted: Iterable[str]) -> Status:
    return Status(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(accepted)}")


def already_exists(kind: Kind, name: str, generated: bool = False, deleting: bool = False) -> Status:
    """Return that a name is taken, for a while if the object is `deleting`.

    `generated`: a name that was to be made from a `generateName`, which may be tried again.
    """
    message = f'{"object is being deleted: " if deleting else ""}{kind.qualified_plural} "{name}" already exists'
    if generated:
        why = "the server was not able to generate a unique name for the object"
        return Status(409, "AlreadyExists", f"{message}, {why}", details(kind, name, retryAfterSeconds=1))
    return Status(409, "AlreadyExists", message, details(kind, name))


def conflict(kind: Kind, name: str, why: str = "") -> Status:
    """Return that a write came too late; `why` takes the place of the usual explanation."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {kind.qualified_plural} "{name}": {why}'
    return Status(409, "Conflict", message, details(kind, name))


def expired(asked: int, oldest: int) -> Status:
    return Status(410, "Expired", f"too old resource version: {asked} ({oldest})")


def too_large(limit: int = LARGEST_BODY) -> Status:
    return Status(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit}")


def unsupported_media_type(accepted: str = WRITTEN_AS) -> Status:
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return Status(415, "UnsupportedMediaType", message)


def invalid(kind: Kind, name: str, errors: Sequence[Error], warnings: tuple[str, ...] = ()) -> Status:
    """Return what validation found, each error a cause; the message holds distinct ones once."""
    message = f'{kind.qualified_kind} "{name}" is invalid: {aggregate(errors)}'
    return Status(422, "Invalid", message, details(kind, name, by_kind=True, causes=causes(errors)), warnings)


def version_required(kind: Kind, name: str) -> Status:
    """Return the refusal of an update that names no version, of a kind that wants one; it names the resource, not the kind."""
    error = field.invalid("metadata.resourceVersion", 0, "must be specified for an update")
    message = f'{kind.qualified_plural} "{name}" is invalid: {aggregate([error])}'
    return Status(422, "Invalid", message, details(kind, name, causes=causes([error])))


def unprocessable(message: str, errors: Sequence[Error] = ()) -> Status:
    """Return a 422 that is about no kind: a patch that cannot be applied."""
    return Status(422, "Invalid", message, {"causes": causes(errors)} if errors else {})


def too_many_requests(message: str, seconds: int) -> Status:
    return Status(429, "TooManyRequests", message, {"retryAfterSeconds": seconds})


def internal_error(message: str) -> Status:
    return Status(500, "InternalError", f"Internal error occurred: {message}", {"causes": [{"message": message}]})


def unavailable(message: str, seconds: int = 0) -> Status:
    return Status(503, "ServiceUnavailable", message, {"retryAfterSeconds": seconds} if seconds else None)


def timeout(message: str, seconds: int = 0) -> Status:
    return Status(504, "Timeout", f"Timeout: {message}", {"retryAfterSeconds": seconds} if seconds else {})


def causes(errors: Iterable[Error]) -> list[dict[str, str]]:
    return [{"reason": error.reason, "message": error.message, "field": error.field} for error in errors]


def aggregate(errors: Iterable[Error]) -> str:
    """Return errors in one line: one as it is, several distinct ones in brackets."""
    texts = list(dict.fromkeys(map(str, errors)))
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
