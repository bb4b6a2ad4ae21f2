"""OpenAPI v3 with complete schemas, for `kubectl explain` and clients that validate. Kubernetes: kube-openapi/pkg/handler3"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, NamedTuple

import msgspec

from lifecycle.apiserver.discovery import VERSION
from lifecycle.apiserver.kinds import ANSWERS_WITH_OBJECT
from lifecycle.apiserver.resources import GROUP_VERSIONS, Resource, Subresource, of_group_version
from lifecycle.core_v1.schema import KINDS, struct
from podhub.api.openapi_schemas import Schemas

Schema = dict[str, Any]

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
TRUTH = {"type": "boolean"}

LISTING = {
    "labelSelector": TEXT,
    "fieldSelector": TEXT,
    "limit": NUMBER,
    "continue": TEXT,
    "resourceVersion": TEXT,
    "resourceVersionMatch": TEXT,
    "watch": TRUTH,
    "allowWatchBookmarks": TRUTH,
    "sendInitialEvents": TRUTH,
    "timeoutSeconds": NUMBER,
}
WRITING = {"dryRun": TEXT, "fieldManager": TEXT, "fieldValidation": TEXT}
PATCHING = {**WRITING, "force": TRUTH}
DELETING = {"dryRun": TEXT, "gracePeriodSeconds": NUMBER, "propagationPolicy": TEXT}

ATTACHING = {"container": TEXT, **dict.fromkeys(("stdin", "stdout", "stderr", "tty"), TRUTH)}
CONNECTING: dict[str, dict[str, Schema]] = {
    "attach": ATTACHING,
    "exec": {**ATTACHING, "command": TEXT},
    "portforward": {"ports": NUMBER},
    "proxy": {},
}
"""The subresources that lead to a program in a Pod, and their parameters."""

PATCHES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)


class Document(NamedTuple):
    """One group and version's document, and the hash that its address carries."""

    body: bytes
    hash: str


@cache
def document(group_version: str) -> Document | None:
    """Return the document of a group and version (`v1`, `discovery.k8s.io/v1`), or None where there is none."""
    if group_version not in GROUP_VERSIONS:
        return None
    schemas = Schemas()
    paths: dict[str, Schema] = {}
    for resource in of_group_version(group_version):
        if (resource.kind.group_version, resource.kind.kind) in KINDS:
            paths |= _paths(resource, schemas)
    body = {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.found.items()))},
    }
    encoded = msgspec.json.encode(body)
    return Document(encoded, hashlib.sha512(encoded).hexdigest().upper())


def index(prefix: str) -> Schema:
    """Return /openapi/v3: where each document stands. `prefix` is the cluster's root."""
    documents = {path(group_version): document(group_version) for group_version in GROUP_VERSIONS}
    return {
        "paths": {
            name: {"serverRelativeURL": f"{prefix}/openapi/v3/{name}?hash={found.hash}"}
            for name, found in documents.items()
            if found
        }
    }


def path(group_version: str) -> str:
    return f"api/{group_version}" if group_version == "v1" else f"apis/{group_version}"


def _paths(resource: Resource, schemas: Schemas) -> dict[str, Schema]:
    kind = resource.kind
    ref = {"$ref": f"#/components/schemas/{schemas.add_kind(kind)}"}
    listed = {"$ref": f"{ref['$ref']}List"}
    root = f"/{path(kind.group_version)}"
    home = f"{root}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"
    make = _Operations(resource, schemas)
    collection = {
        "get": make.operation("list", listed, LISTING),
        "post": make.operation("post", ref, WRITING, body={"*/*": ref}),
        "delete": make.operation("deletecollection", None, DELETING | LISTING),
    }
    one = {
        "get": make.operation("get", ref, {}),
        "put": make.operation("put", ref, WRITING, body={"*/*": ref}),
        "patch": make.operation("patch", ref, PATCHING, body=make.patches()),
        "delete": make.operation("delete", ref if kind.plural in ANSWERS_WITH_OBJECT else None, DELETING, body=make.options()),
    }
    space = [_in_path("namespace")] if kind.namespaced else []
    found = {home: make.served(collection, space)}
    if "get" in resource.verbs:
        found[f"{home}/{{name}}"] = make.served(one, [_in_path("name"), *space])
        if kind.namespaced:
            found[f"{root}/{kind.plural}"] = make.served({"get": collection["get"]}, [])
    for sub in resource.subresources:
        if sub.name in ("status", "ephemeralcontainers", "resize"):
            methods = {method: one[method] for method in ("get", "put", "patch")}
            found[f"{home}/{{name}}/{sub.name}"] = make.served(methods, [_in_path("name"), *space])
        elif sub.name == "finalize":
            found[f"{home}/{{name}}/finalize"] = make.served({"put": one["put"]}, [_in_path("name")])
        elif sub.name in CONNECTING:
            found |= make.connecting(sub, f"{home}/{{name}}/{sub.name}", [_in_path("name"), *space])
    return found


class _Operations:
    """The operations of one resource."""

    def __init__(self, resource: Resource, schemas: Schemas) -> None:
        self.resource, self.schemas = resource, schemas
        self.status = {"$ref": f"#/components/schemas/{schemas.add_meta('Status')}"}

    def operation(
        self, action: str, answer: Schema | None, query: dict[str, Schema], body: dict[str, Schema] | None = None
    ) -> Schema:
        kind = self.resource.kind
        content = {"application/json": {"schema": answer or self.status}}
        found: Schema = {
            "tags": [kind.group_version.replace("/", "_").replace(".", "_")],
            "description": f"{action} {kind.kind}",
            "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in query.items()],
            "responses": {
                "200": {"description": "OK", "content": content},
                "default": {"description": "Why not", "content": {"application/json": {"schema": self.status}}},
            },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": {
                "group": kind.group,
                "version": kind.group_version.rpartition("/")[2],
                "kind": kind.kind,
            },
        }
        if action == "post":
            found["responses"]["201"] = {"description": "Created", "content": content}
        if body is not None:
            content = {type: {"schema": schema} for type, schema in body.items()}
            found["requestBody"] = {"content": content, "required": action != "delete"}
        return found

    def connecting(self, sub: Subresource, path: str, parameters: list[Schema]) -> dict[str, Schema]:
        """Return the paths of a subresource that leads to a program: what that answers may be anything."""
        kind, query = self.resource.kind, CONNECTING[sub.name]
        found: Schema = {
            "tags": ["core_v1"],
            "description": f"connect requests to {sub.name} of {kind.kind}",
            "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in query.items()],
            "responses": {"200": {"description": "What the program answers", "content": {"*/*": {"schema": TEXT}}}},
            "x-kubernetes-action": "connect",
            "x-kubernetes-group-version-kind": {"group": "", "version": "v1", "kind": sub.kind},
        }
        if sub.name != "proxy":
            return {path: {**dict.fromkeys(("get", "post"), found), "parameters": parameters}}
        methods = dict.fromkeys(("delete", "get", "head", "options", "patch", "post", "put"), found)
        below = {**methods, "parameters": [*parameters, _in_path("path")]}
        return {path: {**methods, "parameters": parameters}, f"{path}/{{path}}": below}

    def served(self, methods: dict[str, Schema], parameters: list[Schema]) -> Schema:
        """Return a path with those of the methods that the resource has a verb for."""
        verbs = {"post": "create", "put": "update"}
        known = {
            method: found
            for method, found in methods.items()
            if verbs.get(method, found["x-kubernetes-action"]) in self.resource.verbs
        }
        return {**known, **({"parameters": parameters} if parameters else {})}

    def patches(self) -> dict[str, Schema]:
        patch = {"$ref": f"#/components/schemas/{self.schemas.add_meta('Patch')}"}
        return dict.fromkeys(PATCHES, patch)

    def options(self) -> dict[str, Schema]:
        return {"*/*": {"$ref": f"#/components/schemas/{self.schemas.add(struct('DeleteOptions'))}"}}


def _in_path(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
