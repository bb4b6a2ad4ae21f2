"""What a program in a Pod is answered where a role lets it: objects as they are now, and what becomes of what it asks for.

Its answer comes at once and whole, so there is nothing to watch, and no session (exec, attach, port-forward) to be held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from lifecycle.apiserver import events, selectors
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.clock import MILLISECOND, Micros
from lifecycle.core_v1 import go_json, status, yaml_reader
from lifecycle.core_v1.managed_fields import expanded
from lifecycle.core_v1.patch import CONTENT_TYPES
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.yaml_reader import Unreadable
from lifecycle.kernel import Kernel
from lifecycle.programs.servers import HTTPRequest
from lifecycle.wire import Object, Request

JSON, YAML = "application/json", "application/yaml"
MOST_VALUES = 100_000

MOST_MADE = 1_000
"""Objects of a kind up to which programs make more: a script must not fill a cluster."""

WRITING: Micros = 10 * MILLISECOND
"""How long a write takes."""

HELD = ("attach", "exec", "log", "portforward", "proxy", "token")
"""Subresources whose answer is no object of the cluster."""


class About(NamedTuple):
    """What a request is about: a resource, or (without one) a path."""

    verb: str
    path: str
    group_version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""


class Given(NamedTuple):
    """An answer: an HTTP status, an object or a text, and how long it takes."""

    code: int
    body: Object | str
    delay: Micros = 0


Query = Mapping[str, list[str]]


def answer(kernel: Kernel, request: HTTPRequest, about: About, query: Query, user: str) -> Given:
    """Return an object, a list or a Status. Raises: Refused."""
    kind = BY_PLURAL.get((about.group_version, about.resource))
    if kind is None:
        raise Refused(status.no_such_path())
    if about.verb == "watch" or about.subresource in HELD:
        what = about.subresource or about.verb
        raise Refused(Status(501, "", f"PodHub answers a program in a Pod at once and whole: it cannot {what} here", {}))
    if about.verb == "get":
        return Given(200, _found(kernel, kind, about))
    if about.verb == "list":
        return Given(200, _listed(kernel, kind, about, query))
    if about.verb in ("create", "update") and kernel.rooms["apiserver"].store.count(kind.plural) >= MOST_MADE:
        why = f"programs in Pods make {kind.plural} until there are {MOST_MADE}; delete some first"
        raise Refused(status.too_many_requests(why, 1))
    content_type = _content_type(request, about.verb)
    asked = Request(
        about.verb,
        about.resource,
        about.group_version,
        about.namespace,
        about.name,
        about.subresource,
        content_type,
        dict(query),
        _body(request, content_type),
        user,
    )
    found = kernel.rooms["apiserver"].requests.answer(0, asked)
    is_object = found.code < 400 and found.body.get("kind") != "Status" and "items" not in found.body
    return Given(found.code, _shown(kernel, kind, found.body) if is_object else found.body, WRITING)


def _found(kernel: Kernel, kind: Kind, about: About) -> Object:
    obj = kernel.rooms["apiserver"].get(kind.plural, about.namespace if kind.namespaced else "", about.name)
    if obj is None:
        raise Refused(status.not_found(kind, about.name))
    return _shown(kernel, kind, obj)


def _listed(kernel: Kernel, kind: Kind, about: About, query: Query) -> Object:
    matches = selectors.of_query(dict(query), kind.qualified_plural)
    objects = kernel.rooms["apiserver"].list(kind.plural, about.namespace or None)
    items = [_plain(_shown(kernel, kind, obj)) for obj in objects if matches(obj)]
    metadata = {"resourceVersion": str(kernel.index)}
    return {"kind": f"{kind.kind}List", "apiVersion": kind.group_version, "metadata": metadata, "items": items}


def _plain(obj: Object) -> Object:
    """Return an item of a list, which names its kind itself."""
    return {name: value for name, value in obj.items() if name not in ("apiVersion", "kind")}


def _shown(kernel: Kernel, kind: Kind, obj: Object) -> Object:
    """Return an object as it is read, with its version as the engine counts."""
    metadata = obj["metadata"]
    version = kernel.rooms["apiserver"].index(kind.plural, metadata.get("namespace", ""), metadata.get("name", ""))
    shown = expanded(kind, obj) if kind.plural != "events" else events.converted(obj, kind.group_version)
    if version is None:
        return shown
    return {**shown, "metadata": {**shown["metadata"], "resourceVersion": str(version)}}


def _content_type(request: HTTPRequest, verb: str) -> str:
    """Return of which media type a body is. Raises: Refused (415)."""
    given = request.header("Content-Type").partition(";")[0].strip().lower()
    accepted: Sequence[str] = CONTENT_TYPES if verb == "patch" else (JSON, YAML)
    if not request.body or (not given and verb != "patch"):
        return JSON
    if given not in accepted:
        raise Refused(status.unsupported_media_type(", ".join(accepted)))
    return given


def _body(request: HTTPRequest, content_type: str) -> Any:
    """Return what was sent. Raises: Refused (400)."""
    if not request.body:
        return None
    data = request.body.encode("latin-1", "replace")
    try:
        if "yaml" not in content_type:
            return go_json.loads(data)
        nodes = yaml_reader.read(data.decode("utf-8", "replace"), most=MOST_VALUES)
    except (ValueError, Unreadable) as wrong:
        raise Refused(status.bad_request(f"couldn't get version/kind; json parse error: {wrong}")) from None
    return nodes[0].value if nodes else None
