"""Who may ask: no page of another site, and without a login nobody from another machine."""

from __future__ import annotations

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import is_proxied
from lifecycle.core_v1.patch import CONTENT_TYPES
from lifecycle.core_v1.status import Status, unsupported_media_type
from podhub.api.address import split
from podhub.api.http import JSON, YAML, Call
from podhub.sites import is_own_host, is_own_origin, is_served

PROTOBUF = "application/vnd.kubernetes.protobuf"
BODIES = (JSON, YAML, PROTOBUF)
UNSAID = ("", "*/*")
"""How generated clients call JSON; no form can, and a page's script that says nothing is known by its Origin."""


def check(call: Call) -> None:
    """Let a request pass that may. Raises: Refused (403, 415)."""
    _check_host(call)
    _check_site(call)
    if not is_served(call.scope):
        raise _forbidden("without a login PodHub serves its own machine only")
    if call.method in ("POST", "PUT", "PATCH") and "upgrade" not in call.headers:
        _check_content_type(call)


def _forbidden(why: str) -> Refused:
    return Refused(Status(403, "Forbidden", why, {}))


def _check_host(call: Call) -> None:
    host = call.headers.get("host", "")
    if not is_own_host(host):
        raise _forbidden(f"host {host!r} is not one of ALLOWED_HOSTS")


def _check_site(call: Call) -> None:
    origin = call.headers.get("origin", "")
    own = is_own_origin(origin, call.headers.get("host", ""))
    if origin and not own:
        raise _forbidden(f"origin {origin!r} is another site's")
    if call.headers.get("sec-fetch-site") in ("cross-site", "same-site") and not own:
        raise _forbidden("requests from pages of other sites are refused")


def _check_content_type(call: Call) -> None:
    """Refuse what a form of another site could post: only Kubernetes' media types are bodies.

    What is passed on to a program in a Pod may be anything, as long as no browser sends it.
    """
    accepted = CONTENT_TYPES if call.method == "PATCH" else BODIES
    is_program = not call.headers.keys() & {"origin", "sec-fetch-site"}
    if is_program and (is_proxied(split(call.scope["path"])[1]) or (call.content_type in UNSAID and call.method != "PATCH")):
        return
    if call.content_type not in accepted:
        raise Refused(unsupported_media_type(", ".join(accepted)))
