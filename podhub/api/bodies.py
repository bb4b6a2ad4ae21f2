"""Reading what was posted: JSON, YAML or protobuf.

Kubernetes: apimachinery/pkg/runtime/serializer
"""

from __future__ import annotations

from typing import Any

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import go_json
from lifecycle.core_v1.decode import go_kind
from lifecycle.core_v1.patch import APPLY_PATCH, JSON_PATCH, STRATEGIC_MERGE_PATCH
from lifecycle.core_v1.schema import Kind
from lifecycle.core_v1.status import bad_request
from lifecycle.core_v1.yaml_reader import Node, Unreadable, read
from podhub.api import protobuf
from podhub.api.guard import PROTOBUF
from podhub.api.http import YAML, Call

TYPE_META = r'struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }'


async def read_object(call: Call, kind: Kind) -> Any:
    """Return the object of a POST or PUT, not yet looked at. Raises: Refused (400, 413)."""
    body = await call.body()
    if call.content_type == PROTOBUF:
        return protobuf.decode(body)
    try:
        value = _yaml(call, body) if call.content_type == YAML else _json(call, body)
        if value is not None and not isinstance(value, dict):
            raise ValueError(f"json: cannot unmarshal {go_kind(value)} into Go value of type {TYPE_META}")
        return value
    except ValueError as wrong:
        why = f"couldn't get version/kind; json parse error: {wrong} ({go_json.summary(body)})"
        raise Refused(bad_request(f"the object provided is unrecognized (must be of type {kind.kind}): {why}")) from None


async def read_patch(call: Call) -> Any:
    """Return the body of a PATCH. Raises: Refused (400, 413)."""
    body = await call.body()
    try:
        return _yaml(call, body) if call.content_type == APPLY_PATCH else _json(call, body)
    except ValueError as wrong:
        if call.content_type == STRATEGIC_MERGE_PATCH:
            raise Refused(bad_request(str(wrong))) from None
        what = "YAML" if call.content_type == APPLY_PATCH else "patch"
        raise Refused(bad_request(f"error decoding {what}: {wrong}")) from None


async def read_options(call: Call) -> Any:
    """Return the body of a DELETE; None where there is none. Raises: Refused (400, 413)."""
    body = await call.body()
    if not body:
        return None
    if call.content_type == PROTOBUF:
        return protobuf.decode(body)
    try:
        options = _yaml(call, body) if call.content_type == YAML else go_json.loads(body)
    except ValueError as wrong:
        raise Refused(bad_request(f"couldn't get version/kind; json parse error: {wrong}")) from None
    if options is not None and not isinstance(options, dict):
        raise Refused(bad_request("DeleteOptions: an object is wanted"))
    return options


def _json(call: Call, body: bytes) -> Any:
    """Return the JSON of a body; the call remembers what stands twice. Raises: ValueError."""
    value = go_json.loads(body)
    prefix = "json patch " if call.content_type == JSON_PATCH else ""
    call.repeated = tuple(f'{prefix}duplicate field "{path}"' for path in go_json.repeated(value))
    return value


def _yaml(call: Call, body: bytes) -> Any:
    """Return the first document of a YAML body; the call remembers what stands twice. Raises: ValueError."""
    try:
        nodes = read(body.decode("utf-8"))
    except Unreadable as wrong:
        raise ValueError(str(wrong)) from None
    call.repeated = _set_twice(nodes[0]) if nodes else ()
    return nodes[0].value if nodes else None


def _set_twice(node: Node) -> tuple[str, ...]:
    """Return what sigs.k8s.io/yaml says of keys that stand twice: all of it in one complaint."""
    lines = [f'  line {one.line}: key "{one.path[-1]}" already set in map' for one in node.repeated]
    return ("\n".join(("error converting YAML to JSON: yaml: unmarshal errors:", *lines)),) if lines else ()
