"""Requests that nobody in their right mind sends: made from good ones by a seed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from lifecycle.apiserver.resources import RESOURCES
from lifecycle.core_v1.patch import CONTENT_TYPES
from podhub.api.guard import BODIES, PROTOBUF

Object = dict[str, Any]


class Asked(NamedTuple):
    """One request, as `tests.podhub.api.asgi.ask` sends it below a cluster's root."""

    method: str
    path: str
    query: str
    body: bytes
    headers: dict[str, str]


NAMES = ("a", "a", "a", "web", "web", "b", "node1", "default", "kube-root-ca.crt")
NAMESPACES = (*["default"] * 8, "other", "kube-system", "none")

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    2**31,
    -(2**63) - 1,
    10**40,
    "",
    " ",
    "a" * 300,
    "\x00",
    "\ud800",
    "ü\n\t",
    "../..",
    "%s%n{}",
    "9" * 40,
    "1e999999999",
    "-0.0000001Ki",
    "2026-11-21T08:26:19Z",
    "0001-01-01T00:00:00Z",
    "9999-99-99T99:99:99Z",
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": {"c": []}}},
    {"$patch": "delete"},
    {"$patch": "replace", "name": "main"},
    [{"$patch": "replace"}],
    {"$retainKeys": ["name"]},
    {"$setElementOrder/containers": [{"name": "main"}], "containers": [{"name": "x"}]},
    {"$deleteFromPrimitiveList/finalizers": ["a"]},
)
"""Values that stand where others should."""

TEXTS = (
    "a=b",
    "a!=b",
    "a in (b,c)",
    "a notin ()",
    "!a",
    "a",
    "a>1",
    "a<x",
    ",",
    "=",
    "a=b,,",
    "(((",
    "a in (b",
    "é=1",
    "a" * 5000,
)
FIELDS = (
    "metadata.name=web",
    "status.phase!=Running",
    "spec.nodeName=",
    "nothing=1",
    "=",
    "a\\,b=c\\=d",
    "metadata.name=\\",
    "!!",
)
QUERIES: dict[str, tuple[str, ...]] = {
    "labelSelector": TEXTS,
    "fieldSelector": FIELDS,
    "limit": ("1", "2", "500", "0", "-1", "x", "9" * 30, "1.5"),
    "continue": ("x", "e30", "WzEsWyJhIiwiYiJdXQ", "WzFlMzAwLFsiYSIsImIiXV0", "é", "A" * 3000),
    "resourceVersion": ("0", "1", "5", "x", "-1", "9" * 20, "99999999", "²"),
    "resourceVersionMatch": ("Exact", "NotOlderThan", "x"),
    "watch": ("true", "1", "false", "x", ""),
    "allowWatchBookmarks": ("true", "x"),
    "sendInitialEvents": ("true", "false", "x"),
    "timeoutSeconds": ("0", "1", "-1", "x", "9" * 30),
    "includeObject": ("None", "Metadata", "Object", "x"),
    "dryRun": ("All", "None", ""),
    "fieldValidation": ("Strict", "Warn", "Ignore", "x"),
    "fieldManager": ("me", "", "a" * 200, "\x00", "é"),
    "force": ("true", "false", "x"),
    "gracePeriodSeconds": ("0", "1", "-5", "x", "9" * 30),
    "propagationPolicy": ("Foreground", "Orphan", "x"),
    "container": ("main", "nothing", ""),
    "command": ("true", "", "sh"),
    "tailLines": ("0", "1", "-1", "x", "9" * 30),
    "sinceSeconds": ("1", "0", "-1", "x", "9" * 30),
    "sinceTime": ("2026-11-21T08:26:19Z", "x", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    "limitBytes": ("0", "1", "x", "-1"),
    "follow": ("true", "x"),
    "previous": ("true",),
    "timestamps": ("true",),
    "stream": ("Stdout", "Stderr", "x"),
    "pretty": ("true",),
    "ports": ("80", "x"),
    "é": ("\ud800",),
}

ACCEPTS = (
    "application/json",
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    "application/yaml",
    "application/vnd.kubernetes.protobuf,application/json",
    "application/vnd.kubernetes.protobuf",
    "text/html",
    "*/*;q=x",
    ";;;,=",
)

ACTIONS: tuple[tuple[str, str, str, Object], ...] = (
    ("binding", "Binding", "v1", {"target": {"kind": "Node", "name": "node1"}}),
    ("eviction", "Eviction", "policy/v1", {"deleteOptions": {"gracePeriodSeconds": 1}}),
    ("exec", "PodExecOptions", "v1", {"command": ["true"]}),
    ("attach", "PodAttachOptions", "v1", {"stdout": True}),
    ("portforward", "PodPortForwardOptions", "v1", {"ports": [80]}),
    ("log", "Pod", "v1", {}),
    ("nothing", "Pod", "v1", {}),
)
"""Subresources of a Pod: name, and kind, group and version and fields of what is posted there."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW")


class Fuzzer:
    """Requests in an order that a seed decides; `manifests` are good objects of some kinds."""

    def __init__(self, seed: int, manifests: list[Object]) -> None:
        self.draw = random.Random(seed)
        self.manifests = manifests
        self.resources = list(RESOURCES.values())

    def request(self) -> Asked:
        """Return the next request."""
        make: Callable[[], Asked] = self.draw.choices(
            (self.creation, self.replacement, self.patch, self.deletion, self.action, self.reading, self.anything),
            (6, 4, 6, 2, 2, 6, 2),
        )[0]
        return make()

    def creation(self) -> Asked:
        body = self.manifest()
        if self.draw.random() < 0.7:
            body["metadata"]["name"] = self.draw.choice(NAMES)
        return self._asked("POST", self._home(body), self._spoilt(body))

    def replacement(self) -> Asked:
        body = self.manifest()
        body["metadata"]["name"] = self.draw.choice(NAMES)
        return self._asked("PUT", f"{self._home(body)}/{body['metadata']['name']}{self._subresource(body)}", self._spoilt(body))

    def deletion(self) -> Asked:
        body = self.manifest()
        path = f"{self._home(body)}/{self.draw.choice(NAMES)}" if self.draw.random() < 0.9 else self._home(body)
        options: Any = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": self.draw.choice((0, 1, None))}
        return self._asked("DELETE", path, self._spoilt(options) if self.draw.random() < 0.6 else b"")

    def action(self) -> Asked:
        """Return a request that asks something of a Pod beside its fields."""
        name, kind, group, spec = self.draw.choice(ACTIONS)
        pod = self.draw.choice(NAMES[:6])
        body = {"apiVersion": group, "kind": kind, "metadata": {"name": pod}, **spec}
        path = f"/api/v1/namespaces/default/pods/{pod}/{name}"
        return self._asked(self.draw.choice(("POST", "POST", "GET", "PUT")), path, self._spoilt(body))

    def patch(self) -> Asked:
        obj = self.manifest()
        type = self.draw.choice(CONTENT_TYPES)
        body = self._operations(obj) if "json-patch" in type else self._part(obj, "apply" in type)
        path = f"{self._home(obj)}/{self.draw.choice(NAMES)}{self._subresource(obj)}"
        asked = self._asked("PATCH", path, self._spoilt(body, 0.5))
        if "apply" in type and "fieldManager" not in asked.query:
            asked = asked._replace(query="&".join(filter(None, (asked.query, "fieldManager=me"))))
        return asked._replace(headers={**asked.headers, "Content_Type": type})

    def reading(self) -> Asked:
        resource = self.draw.choice(self.resources)
        path = self._home({"apiVersion": resource.kind.group_version, "kind": resource.kind.kind})
        if self.draw.random() < 0.5:
            path = f"{path}/{self.draw.choice(NAMES)}"
            if resource.subresources and self.draw.random() < 0.5:
                path = f"{path}/{self.draw.choice(resource.subresources).name}"
        return self._asked("GET", path)

    def anything(self) -> Asked:
        """Return a request by which no two parts have to fit."""
        steps = (
            "api",
            "apis",
            "v1",
            "pods",
            "namespaces",
            "default",
            "web",
            "log",
            "events.k8s.io",
            "watch",
            "..",
            "é",
            "",
            "%2e",
        )
        path = "/".join(self.draw.choices(steps, k=self.draw.randrange(7)))
        body = self.draw.randbytes(self.draw.randrange(40)) if self.draw.random() < 0.5 else self._spoilt(self.manifest())
        return self._asked(self.draw.choice(METHODS), f"/{path}", body)

    def manifest(self) -> Object:
        return copy.deepcopy(self.draw.choice(self.manifests))

    def _home(self, obj: Object) -> str:
        """Return where objects of a kind are: most often in a namespace that is there, now and then somewhere else."""
        version = obj["apiVersion"]
        resource = next(r for r in self.resources if (r.kind.group_version, r.kind.kind) == (version, obj["kind"]))
        root = f"/api/{version}" if version == "v1" else f"/apis/{version}"
        if not resource.kind.namespaced or self.draw.random() < 0.05:
            return f"{root}/{resource.plural}"
        return f"{root}/namespaces/{self.draw.choice(NAMESPACES)}/{resource.plural}"

    def _subresource(self, obj: Object) -> str:
        resource = next(r for r in self.resources if (r.kind.group_version, r.kind.kind) == (obj["apiVersion"], obj["kind"]))
        return f"/{self.draw.choice(resource.subresources).name}" if resource.subresources and self.draw.random() < 0.3 else ""

    def _operations(self, obj: Object) -> list[Object]:
        operations = []
        for _ in range(self.draw.randrange(1, 4)):
            steps = self._place(obj)[0]
            path = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
            operation = {"op": self.draw.choice(("add", "remove", "replace", "move", "copy", "test", "x")), "path": path}
            operations.append(operation | {"value": self._odd(), "from": self.draw.choice((path, "/metadata", "x"))})
        return operations

    def _part(self, obj: Object, whole: bool) -> Object:
        """Return some of an object's fields, with their way down to them; `whole` keeps what names it."""
        steps, value = self._place(obj)
        for step in reversed(steps):
            value = [value] if isinstance(step, int) else {step: value}
        part: Object = value if isinstance(value, dict) else {"spec": value}
        named = {"apiVersion": obj["apiVersion"], "kind": obj["kind"]}
        return {**named, "metadata": {"name": obj["metadata"].get("name", "web")}, **part} if whole else part

    def _place(self, value: Any) -> tuple[list[Any], Any]:
        """Return the way to somewhere in a value, and what stands there."""
        steps: list[Any] = []
        while isinstance(value, (dict, list)) and value and (not steps or self.draw.random() < 0.75):
            step = self.draw.choice(list(value)) if isinstance(value, dict) else self.draw.randrange(len(value))
            steps.append(step)
            value = value[step]
        return steps, value

    def _spoilt(self, value: Any, likely: float = 0.5) -> bytes:
        """Return a value as JSON, often with something in it that does not belong there."""
        value = copy.deepcopy(value)
        while self.draw.random() < likely:
            value = self._spoil(value)
            likely /= 2
        text = json.dumps(value).encode()
        if self.draw.random() < 0.03:
            at = self.draw.randrange(len(text))
            text = self.draw.choice((text[:at], text[:at] + self.draw.randbytes(3) + text[at:], b"[" * 90 + text, text + b"}"))
        if self.draw.random() < 0.03:
            text = text.replace(b'"name"', b'"name": "twice", "name"')
        return text

    def _odd(self) -> Any:
        return copy.deepcopy(self.draw.choice(ODD))

    def _spoil(self, value: Any) -> Any:
        steps, _ = self._place(value)
        if not steps:
            return self._odd()
        inner = value
        for step in steps[:-1]:
            inner = inner[step]
        last = steps[-1]
        match self.draw.randrange(5):
            case 0 if isinstance(inner, dict):
                del inner[last]
            case 1 if isinstance(inner, dict):
                inner[self.draw.choice(("unknown", "", "$patch", "name", "a.b/c", "é"))] = self._odd()
            case 2 if isinstance(inner, list):
                inner.append(copy.deepcopy(inner[0]))
            case _:
                inner[last] = self._odd()
        return value

    def _asked(self, method: str, path: str, body: bytes = b"") -> Asked:
        query = {}
        while self.draw.random() < 0.4:
            name = self.draw.choice(list(QUERIES))
            query[name] = self.draw.choice(QUERIES[name])
        headers = {"Content_Type": self._content_type(), "Accept": self._accept()}
        if headers["Content_Type"] == PROTOBUF:
            body = b"k8s\x00" + self.draw.randbytes(self.draw.randrange(60))
        return Asked(method, quote(path, safe="/%"), urlencode(query, errors="replace"), body, headers)

    def _accept(self) -> str:
        return self.draw.choice(ACCEPTS) if self.draw.random() < 0.3 else ACCEPTS[0]

    def _content_type(self) -> str:
        if self.draw.random() < 0.92:
            return "application/json"
        return self.draw.choice((*BODIES, *CONTENT_TYPES, "text/plain", "", "application/json; charset=utf-8"))
