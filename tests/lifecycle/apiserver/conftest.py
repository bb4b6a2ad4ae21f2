"""An API server to ask, and objects to ask it for."""

from __future__ import annotations

from typing import Any

import pytest

from lifecycle.wire import Object
from tests.lifecycle.rooms import Rooms, pod


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


def config_map(name: str = "settings", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def stored(rooms: Rooms, name: str = "web") -> Object:
    found = rooms.api.get("pods", "default", name)
    assert found is not None
    return found


def run_pod(rooms: Rooms, name: str = "web", phase: str = "Running", **spec: Any) -> Object:
    """Create a Pod that is on a node and in a phase."""
    rooms.request("create", "pods", pod(name, nodeName="node1", **spec))
    old = stored(rooms, name)
    updated: Object = rooms.api.update("pods", {**old, "status": {**old["status"], "phase": phase}})
    return updated
