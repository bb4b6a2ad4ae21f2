"""What goes into an engine and what comes out: configuration, requests, answers, changes and traces."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from lifecycle.clock import SECOND, Micros

Object = dict[str, Any]
"""A Kubernetes object as JSON has it. Never altered in place: a new version is a new dict that shares what is equal."""


class Image(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a node finds when it pulls an image: `images.yaml`, and `images` of a configuration.

    `pull` is a Go duration, `size` bytes; `error` is the registry's text; `present` means that no pull is needed. `names` are
    the other names of the same image: a node that has it needs little time for one more of them, and Pods show the first.
    """

    pull: str | None = None
    size: int | None = None
    present: bool = False
    error: str | None = None
    names: tuple[str, ...] = ()


class Config(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything about a cluster that is decided before its first moment.

    `start` is the first moment (Micros since the Unix epoch). `nodes` are whole v1 Node objects; where there are none, the
    engine makes `node1`. `images` maps an image as a manifest writes it to what a pull finds. `namespaces` exist from the
    start, with `default`, `kube-system`, `kube-public` and `kube-node-lease`.
    """

    start: Micros
    seed: int = 0
    nodes: tuple[Object, ...] = ()
    images: dict[str, Image] = {}
    namespaces: tuple[str, ...] = ()


class Request(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """Somebody asked for something, in the vocabulary of Kubernetes' audit log.

    `verb` is create, update, patch, delete or deletecollection for objects; a cluster's own requests have `resource`
    `clusters` (speed, upgrade). `resource` is the plural (`pods`); `group_version` is `v1`, `events.k8s.io/v1`,
    `podhub.dev/v1` ...; `body` is the JSON that was posted, whole and without defaults (a list for a JSON patch); `query`
    holds the query parameters as lists of strings.
    """

    verb: str
    resource: str
    group_version: str = "v1"
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    content_type: str = "application/json"
    query: dict[str, list[str]] = {}
    body: Any = None
    user: str = "podhub"


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The API server's answer: an HTTP status and an object or a metav1.Status.

    `index` is the request's own number in the engine's count; `changed` the number of the change that made the object in
    `body` (None where nothing changed), from which a reader takes its resourceVersion. `warnings` become Warning headers.
    """

    index: int
    code: int
    body: Object
    changed: int | None = None
    warnings: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, tag_field="output", tag="change"):
    """An object became what it is now. `index` counts requests and outputs together, from 1, with no gap."""

    index: int
    at: Micros
    cause: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    object: Object


class Trace(msgspec.Struct, frozen=True, tag_field="output", tag="trace"):
    """Something happened inside that is no API object. CONTRACTS.md lists the kinds and what `body` holds for each.

    `namespace`, `pod`, `uid` and `container` say where (empty where it is not about one).
    """

    index: int
    at: Micros
    cause: int
    kind: str
    namespace: str
    pod: str
    uid: str
    container: str
    body: dict[str, Any]


Output = Change | Trace

DEFAULT_START: Micros = 1_767_225_600 * SECOND
"""2026-01-01T00:00:00Z: when a cluster starts that nobody gave a time, so that the same run prints the same text."""
