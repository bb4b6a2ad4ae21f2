"""How bodies are read: Go's words for what is wrong with them, and what stands twice."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lifecycle.core_v1 import go_json
from podhub.log.models import Cluster
from podhub.runs.clusters import create_cluster
from tests.podhub.api.asgi import Answer, ask

CONFIG_MAP = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "name": "a"}, "data": {"x": "1", "x": "2"}}'
TWICE = 'duplicate field "metadata.name", duplicate field "data.x"'


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "unexpected end of JSON input"),
        (b"{", "unexpected end of JSON input"),
        (b'{"a": "b', "unexpected end of JSON input"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"{a: 1}", "invalid character 'a' looking for beginning of object key string"),
        (b'{"a" 1}', "invalid character '1' after object key"),
        (b'{"a": 1 "b": 2}', "invalid character '\"' after object key:value pair"),
        (b'{"a": [1 2]}', "invalid character '2' after array element"),
        (b"{} x", "invalid character 'x' after top-level value"),
        (b'{"a": "\n"}', "invalid character '\\n' in string literal"),
        (b'{"a": "\\q"}', "invalid character 'q' in string escape code"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b"[" * 70 + b"]" * 70, "exceeded max depth"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "json: unsupported value: a whole number of more than 4,300 digits"),
    ],
)
def test_what_is_no_json_is_told_as_go_does(body: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        go_json.loads(body)


def test_the_beginning_of_a_body_is_shown_as_text_or_in_hexadecimal() -> None:
    assert go_json.summary(b"") == "<empty>"
    assert go_json.summary(b"{x") == "{x"
    assert go_json.summary(b"x" * 31) == "78" * 30 + " ..."


@pytest.fixture
def cluster(transactional_db: None) -> Cluster:
    return create_cluster("bodies", speed="paused")


async def _ask(cluster: Cluster, method: str, name: str, body: str, validation: str, type: str = "application/json") -> Answer:
    path = f"/clusters/{cluster.name}/api/v1/namespaces/default/configmaps{name}"
    return await ask(method, path, f"fieldValidation={validation}&fieldManager=me", body.encode(), Content_Type=type)


def _made(text: str = "") -> str:
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": text}}
    return json.dumps(body)


@pytest.mark.parametrize(("method", "name"), [("POST", ""), ("PUT", "/a")])
async def test_fields_that_stand_twice_are_refused_or_warned_of(cluster: Cluster, method: str, name: str) -> None:
    if name:
        assert (await _ask(cluster, "POST", "", _made(), "Strict")).code == 201
    strict = await _ask(cluster, method, name, CONFIG_MAP, "Strict")
    prefix = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
    assert (strict.code, strict.json["message"]) == (400, prefix + TWICE)
    warned = await _ask(cluster, method, name, CONFIG_MAP, "Warn")
    assert warned.code < 300
    assert warned.headers["warning"] == '299 - "duplicate field \\"data.x\\""'
    other = CONFIG_MAP if name else CONFIG_MAP.replace('"a"', '"b"')
    ignored = await _ask(cluster, method, name, other, "Ignore")
    assert "warning" not in ignored.headers


@pytest.mark.parametrize(
    ("type", "body", "code", "message"),
    [
        (
            "merge-patch+json",
            '{"data": {"x": "1", "x": "2"}}',
            422,
            'patch: Invalid value: "{\\"data\\":{\\"x\\":\\"2\\"}}": strict decoding error: duplicate field "data.x"',
        ),
        (
            "strategic-merge-patch+json",
            '{"data": {"x": "1", "x": "2"}}',
            422,
            ' "" is invalid: patch: Invalid value: "map[data:map[x:2]]": strict decoding error: duplicate field "data.x"',
        ),
        (
            "json-patch+json",
            '[{"op": "add", "op": "add", "path": "/data/x", "value": "2"}]',
            422,
            'json patch duplicate field "[0].op"',
        ),
        (
            "apply-patch+yaml",
            'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: "1"\n  x: "2"\n',
            400,
            'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 6: key "x" already set',
        ),
    ],
)
async def test_what_stands_twice_in_a_patch_is_refused_or_warned_of(
    cluster: Cluster, type: str, body: str, code: int, message: str
) -> None:
    await _ask(cluster, "POST", "", _made(), "Strict")
    strict = await _ask(cluster, "PATCH", "/a", body, "Strict", f"application/{type}")
    assert strict.code == code
    assert message in strict.json["message"]
    query = "Warn" if "apply" not in type else "Warn&force=true"
    warned = await _ask(cluster, "PATCH", "/a", body, query, f"application/{type}")
    assert (warned.code, warned.json["data"]) == (200, {"x": "2"})
    assert "warning" in warned.headers


@pytest.mark.parametrize(
    ("type", "message"),
    [
        ("merge-patch+json", "error decoding patch: invalid character 'x' looking for beginning of value"),
        ("strategic-merge-patch+json", "invalid character 'x' looking for beginning of value"),
        ("json-patch+json", "error decoding patch: invalid character 'x' looking for beginning of value"),
    ],
)
async def test_a_patch_that_is_no_json_is_refused_as_its_type_does(cluster: Cluster, type: str, message: str) -> None:
    await _ask(cluster, "POST", "", _made(), "Strict")
    answer = await _ask(cluster, "PATCH", "/a", "x", "Strict", f"application/{type}")
    assert (answer.code, answer.json["message"]) == (400, message)


async def test_a_body_that_is_no_object_is_not_recognized(cluster: Cluster) -> None:
    said = "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
    assert (await _ask(cluster, "POST", "", "x", "Strict")).json["message"] == (
        f"{said}invalid character 'x' looking for beginning of value (78)"
    )
    assert (
        (await _ask(cluster, "POST", "", "[]", "Strict"))
        .json["message"]
        .startswith(f"{said}json: cannot unmarshal array into Go value of type struct")
    )
