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


@given(st.binary(max_size=200), st.sampled_from(["Secret", "ConfigMap", "Namespace", "Service", "SelfSubjectAccessReview"]))
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
