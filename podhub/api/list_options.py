"""The options of a list or watch: what they may be, and the token with which a list goes on.

Kubernetes: apimachinery/pkg/apis/meta/internalversion/validation, apiserver/pkg/storage (interfaces.go, continue.go)
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import field, status
from lifecycle.core_v1.field import Error
from lifecycle.core_v1.status import Status
from podhub.api.address import Address
from podhub.api.http import Call

EXACT, NOT_OLDER = "Exact", "NotOlderThan"
LARGEST_VERSION = 2**64 - 1
INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted "
    "between the time the first chunk was returned and now may show up in the list."
)


class Token(NamedTuple):
    """Where a list goes on: as of which seq (None: the newest), and behind which namespace and name."""

    seq: int | None
    after: tuple[str, str]


class _Written(msgspec.Struct, rename={"version": "v", "seq": "rv", "start": "start"}):
    version: str = ""
    seq: int = 0
    start: str = ""


def check_all(call: Call) -> None:
    """Refuse options that a list or the deletion of a collection cannot mean. Raises: Refused (400, 422)."""
    call.whole("timeoutSeconds")  # nothing of it is ever late, but what is no number is refused
    call.whole("limit")
    check(call)


def check(call: Call) -> None:
    """Refuse list or watch options that go not together. Raises: Refused (422)."""
    errors = _of_watch(call) if call.flag("watch") else _of_list(call)
    if errors:
        raise Refused(invalid("ListOptions.meta.k8s.io", "", errors))


def _of_list(call: Call) -> list[Error]:
    errors, match = [], call.one("resourceVersionMatch")
    if match and not call.one("resourceVersion"):
        errors.append(_match_forbidden("unless resourceVersion is provided"))
    if match and call.one("continue"):
        errors.append(_match_forbidden("when continue is provided"))
    if match and match not in (EXACT, NOT_OLDER):
        errors.append(field.not_supported("resourceVersionMatch", match, [EXACT, NOT_OLDER, ""]))
    if match == EXACT and call.one("resourceVersion") == "0":
        why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
        errors.append(field.forbidden("resourceVersionMatch", why))
    if "sendInitialEvents" in call.query:
        errors.append(field.forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
    return errors


def _of_watch(call: Call) -> list[Error]:
    errors, match, initial = [], call.one("resourceVersionMatch"), "sendInitialEvents" in call.query
    if initial and match != NOT_OLDER:
        why = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER}"
        errors.append(field.forbidden("resourceVersionMatch", why))
    if match and not initial:
        errors.append(_match_forbidden("for watch unless sendInitialEvents is provided"))
    if match and match != NOT_OLDER:
        errors.append(field.not_supported("resourceVersionMatch", match, [NOT_OLDER]))
    if match and call.one("continue"):
        errors.append(_match_forbidden("when continue is provided"))
    return errors


def _match_forbidden(when: str) -> Error:
    return field.forbidden("resourceVersionMatch", f"resourceVersionMatch is forbidden {when}")


def invalid(what: str, name: str, errors: Sequence[Error]) -> Status:
    """Return a 422 about the options of a request."""
    kind, _, group = what.partition(".")
    details = {"name": name, "group": group, "kind": kind, "causes": status.causes(errors)}
    message = f'{what} "{name}" is invalid: {status.aggregate(errors)}'
    return Status(422, "Invalid", message, {key: value for key, value in details.items() if value})


def version_asked(text: str) -> int | None:
    """Return a resourceVersion of a query; None where none is given. Raises: Refused (400)."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > LARGEST_VERSION:
        why = "value out of range" if text.isascii() and text.isdigit() else "invalid syntax"
        error = field.invalid("resourceVersion", text, f"strconv.ParseUint: parsing {field.quote(text)}: {why}")
        raise Refused(status.bad_request(f"invalid resource version: {error}"))
    return int(text)


def check_reached(asked: int | None, address: Address) -> None:
    """Refuse a resourceVersion that the log has not come to. Raises: Refused (504)."""
    head = address.cluster.head
    if asked is not None and asked > head:
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        details = {"causes": [cause], "retryAfterSeconds": 1}
        message = f"Timeout: Too large resource version: {asked}, current: {head}"
        raise Refused(Status(504, "Timeout", message, details))


def written(token: Token, namespace: str) -> str:
    """Return the token of a list; of one namespace's, the key begins behind the namespace."""
    start = token.after[1] if namespace or not token.after[0] else "/".join(token.after)
    data = msgspec.json.encode(_Written("meta.k8s.io/v1", -1 if token.seq is None else token.seq, f"{start}\0"))
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read(text: str, namespace: str) -> Token:
    """Return where a list goes on. Raises: Refused (400)."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        token = msgspec.json.decode(data, type=_Written)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as wrong:
        raise Refused(_unreadable(f": {wrong}")) from None
    if token.version != "meta.k8s.io/v1":
        raise Refused(_unreadable(f": server does not recognize this encoded version {token.version}"))
    if token.seq == 0:
        raise Refused(_unreadable(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)"))
    if not token.start:
        raise Refused(_unreadable(": encoded start key empty (version meta.k8s.io/v1)"))
    key = token.start if token.start.startswith("/") else f"/{token.start}"
    if posixpath.normpath(key) != key:
        raise Refused(_unreadable(f": {token.start}"))
    place, _, name = key[1:].removesuffix("\0").rpartition("/")
    return Token(token.seq if token.seq > 0 else None, (namespace or place, name))


def _unreadable(why: str) -> Status:
    return status.bad_request(f"invalid continue token: continue key is not valid{why}")


def too_old(token: Token, namespace: str) -> Status:
    """Return that the log has not what a list began with, and a token with which it may go on all the same."""
    goes_on = {"continue": written(token._replace(seq=None), namespace)}
    return Status(410, "Expired", INCONSISTENT, metadata=goes_on)
