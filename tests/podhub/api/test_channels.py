"""The protocols of websockets with channels, as programs in other languages speak them."""

from __future__ import annotations

import base64
import json

import pytest
import websocket

from lifecycle.apiserver.refused import Refused
from podhub.api import channels
from podhub.api.channels import NO_CHANNEL, OF_PORTS, OF_STREAMS, UNNAMED, V4, V5, chosen
from tests.podhub.api.conftest import Reached
from tests.podhub.api.wire import pod

BASE64 = V4[1]
SUCCESS = {"metadata": {}, "status": "Success"}


@pytest.mark.parametrize(
    ("offered", "served", "name"),
    [
        ([], OF_STREAMS, ""),
        (["v4.channel.k8s.io", "v5.channel.k8s.io"], OF_STREAMS, "v5.channel.k8s.io"),
        (["nonsense", "base64.channel.k8s.io", "v4.channel.k8s.io"], OF_STREAMS, "base64.channel.k8s.io"),
        ([], OF_PORTS, ""),
        (["v5.channel.k8s.io", "v4.base64.channel.k8s.io"], OF_PORTS, "v4.base64.channel.k8s.io"),
    ],
)
def test_the_first_known_protocol_is_spoken_but_v5_before_any_other(
    offered: list[str], served: tuple[channels.Protocol, ...], name: str
) -> None:
    assert chosen(offered, served).name == name


def test_who_offers_nothing_that_is_known_is_told_what_is() -> None:
    with pytest.raises(Refused) as refused:
        chosen(["v9.channel.k8s.io"], OF_PORTS)
    assert refused.value.status.message.endswith("use v4.channel.k8s.io or v4.base64.channel.k8s.io")


@pytest.mark.parametrize("protocol", OF_STREAMS)
def test_what_is_written_is_read_again(protocol: channels.Protocol) -> None:
    message = protocol.written(2, b"\0\xffdata")
    assert protocol.read(message.get("bytes") or message["text"].encode()) == (2, b"\0\xffdata")


@pytest.mark.parametrize(("protocol", "message"), [(V5, b""), (BASE64, b""), (BASE64, b"0%"), (BASE64, b"0YQ")])
def test_a_message_that_is_none_has_no_channel(protocol: channels.Protocol, message: bytes) -> None:
    assert protocol.read(message)[0] == NO_CHANNEL


@pytest.fixture
def box(cluster: Reached) -> Reached:
    """A cluster with a Pod that runs."""
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(pod("box")))
    cluster.kubectl("wait", "--for=condition=Ready", "pod/box", "--timeout=20s")
    return cluster


def connected(cluster: Reached, query: str, *protocols: str, subresource: str = "exec") -> websocket.WebSocket:
    url = f"{cluster.root.replace('http:', 'ws:')}/api/v1/namespaces/default/pods/box/{subresource}?{query}"
    return websocket.create_connection(url, subprotocols=list(protocols), timeout=20, suppress_origin=True)


def told(socket: websocket.WebSocket) -> list[bytes]:
    """Return all messages until the server closes."""
    messages = []
    while (received := socket.recv_data())[0] != websocket.ABNF.OPCODE_CLOSE:
        messages.append(received[1])
    return messages


def test_a_session_speaks_what_was_agreed_upon(box: Reached) -> None:
    command = "command=sh&command=-c&command=echo+hi;+exit+3&stdout=true"
    v4 = told(connected(box, command, "v4.channel.k8s.io"))
    assert v4[:2] == [b"\x01", b"\x01hi\n"]  # an empty message tells that the connection stands
    status = json.loads(v4[2][1:])
    assert (v4[2][:1], status["details"]["causes"][0]["message"]) == (b"\x03", "3")
    coded = told(connected(box, command, BASE64.name))
    assert coded[:2] == [b"1", b"1" + base64.b64encode(b"hi\n")]
    assert json.loads(base64.b64decode(coded[2][1:])) == status
    older = told(connected(box, command))
    assert older == [b"\x01", b"\x01hi\n", b"\x03command terminated with non-zero exit code: exit status 3"]
    assert told(connected(box, "command=true&stdout=1", UNNAMED.name or "channel.k8s.io")) == [b"\x01"]


def test_flags_are_read_as_go_reads_them(box: Reached) -> None:
    """Kubernetes' client for asyncio writes Python's True."""
    socket = connected(box, "command=cat&stdin=True&stdout=True&stderr=False", "v5.channel.k8s.io")
    socket.send_binary(b"\0typed")
    socket.send_binary(b"\xff\0")
    messages = told(socket)
    assert b"".join(message[1:] for message in messages if message[:1] == b"\x01") == b"typed"
    assert json.loads(messages[-1][1:]) == SUCCESS


def test_ports_are_forwarded_to_who_names_no_protocol(box: Reached) -> None:
    socket = connected(box, "ports=80", subresource="portforward")
    assert [socket.recv(), socket.recv()] == [b"\0\x50\0", b"\x01\x50\0"]
    assert socket.recv().startswith(b"\x01error forwarding port 80 to pod ")
