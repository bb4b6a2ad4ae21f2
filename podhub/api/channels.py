"""Websockets whose messages belong to channels: the protocols there are, and how a message is written in each.

Kubernetes: apimachinery/pkg/util/httpstream/wsstream, kubelet/pkg/cri/streaming (remotecommand and portforward: websocket.go)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import status
from podhub.api.http import Message

NO_CHANNEL = -1


class Protocol(NamedTuple):
    """How messages are written: the channel is their first byte, or a digit before base64.

    `tells_all`: its channel for errors carries a Status whatever the end is; older ones have a text, and only of a failure.
    """

    name: str
    is_base64: bool = False
    tells_all: bool = True

    def written(self, channel: int, data: bytes) -> Message:
        """Return what is sent for data on a channel."""
        if self.is_base64:
            return {"type": "websocket.send", "text": f"{channel}{base64.b64encode(data).decode()}"}
        return {"type": "websocket.send", "bytes": bytes((channel,)) + data}

    def read(self, data: bytes) -> tuple[int, bytes]:
        """Return the channel and the data of a message; `NO_CHANNEL` where it has none."""
        if not data:
            return NO_CHANNEL, b""
        if not self.is_base64:
            return data[0], data[1:]
        try:
            return data[0] - ord("0"), base64.b64decode(data[1:], validate=True)
        except binascii.Error:
            return NO_CHANNEL, b""


V5 = Protocol("v5.channel.k8s.io")
"""Lets a client say that a channel of its own has ended."""

V4 = (Protocol("v4.channel.k8s.io"), Protocol("v4.base64.channel.k8s.io", is_base64=True))

OLDER = (Protocol("channel.k8s.io", tells_all=False), Protocol("base64.channel.k8s.io", is_base64=True, tells_all=False))

UNNAMED = Protocol("", tells_all=False)
"""What is spoken with a client that names none."""

OF_STREAMS = (V5, *V4, *OLDER, UNNAMED)
OF_PORTS = (*V4, UNNAMED)


def chosen(offered: Iterable[str], served: Iterable[Protocol]) -> Protocol:
    """Return the first protocol of a client's that is served, but v5 before any other. Raises: Refused (400)."""
    names, known = list(offered) or [""], {one.name: one for one in served}
    found = [known[name] for name in names if name in known]
    if not found:
        choice = " or ".join(name for name in known if name)
        raise Refused(status.bad_request(f"unable to upgrade: none of the subprotocols is known; use {choice}"))
    return V5 if V5 in found else found[0]
