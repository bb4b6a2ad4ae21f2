"""What is applied and has fields that its kind does not have."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.core_v1.schema import KINDS
from lifecycle.core_v1.typed import undeclared

POD = KINDS["v1", "Pod"]
PREFIX = "failed to create typed patch object (default/web; /v1, Kind=Pod): "
UNKNOWN = "field not declared in schema"


def text(**spec: Any) -> str:
    metadata = {"name": "web", "namespace": "default", "labels": {"any": "name"}}
    refused = undeclared(POD, {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    return refused.message if refused else ""


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({"hostNetwork": True, "nodeSelector": {"any": "name"}}, []),
        ({"colour": "red"}, [".spec.colour"]),
        ({"containers": [{"name": "a", "imag": "x"}]}, ['.spec.containers[name="a"].imag']),
        (
            {"containers": [{"name": "a", "ports": [{"containerPort": 80, "potocol": "UDP"}]}]},
            ['.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].potocol'],
        ),
        ({"tolerations": [{"key": "a"}, {"kee": "b"}]}, [".spec.tolerations[1].kee"]),
        ({"colour": "red", "securityContext": {"user": 1}}, [".spec.colour", ".spec.securityContext.user"]),
    ],
)
def test_unknown_fields_are_named_by_their_paths(spec: dict[str, Any], paths: list[str]) -> None:
    told = [f"{path}: {UNKNOWN}" for path in paths]
    expected = PREFIX + (told[0] if len(told) == 1 else "\n  ".join(["errors:", *told])) if told else ""
    assert text(**spec) == expected


def test_what_is_of_another_version_is_refused_elsewhere() -> None:
    assert undeclared(POD, {"apiVersion": "v2", "kind": "Pod", "colour": "red"}) is None
    assert undeclared(POD, []) is None
