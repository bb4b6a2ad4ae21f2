"""Bodies in protobuf, made here by hand as Kubernetes' clients make them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifecycle.apiserver.refused import Refused
from podhub.api import protobuf


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    data = bytearray()
    while value > 0x7F:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(data) + bytes((value,))


def _body(kind: str, raw: bytes) -> bytes:
    return protobuf.MAGIC + _field(1, _field(1, b"v1") + _field(2, kind.encode())) + _field(2, raw)


def test_a_secret_is_read_with_its_bytes_in_base64() -> None:
    raw = _field(1, _field(1, b"hush")) + _field(2, _field(1, b"a") + _field(2, b"\xff")) + _field(3, b"Opaque")
    secret = protobuf.decode(_body("Secret", raw))
    assert secret == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "hush"},
        "data": {"a": "/w=="},
        "type": "Opaque",
    }


def test_unknown_fields_are_passed_over() -> None:
    raw = _field(1, _field(1, b"x") + _field(99, b"?")) + _varint(98 << 3) + _varint(5)
    assert protobuf.decode(_body("ConfigMap", raw))["metadata"] == {"name": "x"}


def test_a_kind_that_is_not_known_in_protobuf_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        protobuf.decode(_body("Gadget", b""))
    assert refused.value.status.code == 400
    assert "Gadget is read as JSON alone" in refused.value.status.message


@given(st.binary(max_size=200), st.sampled_from(["Secret", "ConfigMap", "Pod", "Service", "SelfSubjectAccessReview"]))
def test_no_bytes_bring_the_reader_down(data: bytes, kind: str) -> None:
    for body in (data, protobuf.MAGIC + data, _body(kind, data)):
        assert _code(body) in (200, 400)


def _code(body: bytes) -> int:
    try:
        protobuf.decode(body)
    except Refused as refused:
        return refused.status.code
    return 200


@pytest.mark.parametrize("raw", [_field(2, b"\x08\x05"), b"\x10\x05"])
def test_a_number_in_place_of_a_map_or_its_key_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        protobuf.decode(_body("ConfigMap", raw))
    assert refused.value.status.code == 400


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def test_every_message_that_is_named_is_known() -> None:
    known = protobuf._messages()
    scalars = {"string", "bytes", "int", "bool", "Time", "MicroTime", "Quantity", "IntOrString"}
    for name, fields in known.items():
        assert {field.type for field in fields.values()} <= known.keys() | scalars, name


def test_a_pod_is_read_whole() -> None:
    probe = (
        _field(1, _field(2, _text(1, "/healthz") + _field(2, _number(1, 0) + _number(2, 80)))) + _number(2, 0) + _number(4, 5)
    )
    limits = _field(1, _text(1, "cpu") + _field(2, _text(1, "100m")))
    secret = _field(3, _field(4, _field(1, _text(1, "hush")) + _text(2, "key")))
    container = _text(1, "c") + _text(2, "nginx") + _field(7, _text(1, "KEY") + _text(2, "") + secret) + _field(8, limits)
    container += _field(10, probe) + _number(16, 1) + _field(15, b"")
    volume = _text(1, "tmp") + _field(2, _field(2, b""))
    spec = _field(1, volume) + _field(2, container) + _number(4, 0) + _number(11, 0) + _number(12, 1) + _field(14, b"")
    pod = protobuf.decode(_body("Pod", _field(1, _text(1, "web") + _field(8, b"")) + _field(2, spec) + _field(3, b"")))
    env = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "hush", "key": "key"}}}
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web"},
        "spec": {
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "containers": [
                {
                    "name": "c",
                    "image": "nginx",
                    "env": [env],
                    "resources": {"limits": {"cpu": "100m"}},
                    "livenessProbe": {"httpGet": {"path": "/healthz", "port": 80}, "periodSeconds": 5},
                    "securityContext": {},
                    "stdin": True,
                }
            ],
            "terminationGracePeriodSeconds": 0,
            "hostPID": True,
            "securityContext": {},
        },
    }
