"""Pods that nobody else takes away."""

from __future__ import annotations

import pytest

from lifecycle.controllers import podgc
from lifecycle.controllers.podgc import PodGC
from tests.lifecycle.rooms import Rooms, pod


@pytest.fixture
def rooms(monkeypatch: pytest.MonkeyPatch) -> Rooms:
    monkeypatch.setattr(podgc, "TERMINATED_POD_THRESHOLD", 3)
    rooms = Rooms()
    rooms.kernel.rooms["podgc"] = PodGC(rooms.kernel)
    return rooms


def end(rooms: Rooms, name: str, **status: str) -> None:
    assert rooms.request("create", "pods", pod(name)).code == 201
    made = rooms.api.get("pods", "default", name)
    rooms.api.update("pods", {**made, "status": {**made["status"], **status}})
    rooms.run(1)


def names(rooms: Rooms) -> list[str]:
    return [one["metadata"]["name"] for one in rooms.api.list("pods")]


def test_of_too_many_pods_that_have_ended_the_evicted_go_first_and_then_the_oldest(rooms: Rooms) -> None:
    end(rooms, "b-first", phase="Succeeded")
    end(rooms, "a-second", phase="Failed")
    end(rooms, "running", phase="Running")
    end(rooms, "evicted", phase="Failed", reason="Evicted")
    rooms.run(30)
    assert names(rooms) == ["a-second", "b-first", "evicted", "running"]
    end(rooms, "last", phase="Succeeded")
    rooms.run(20)
    assert names(rooms) == ["a-second", "b-first", "last", "running"]
    end(rooms, "one-more", phase="Succeeded")
    rooms.run(20)
    assert names(rooms) == ["a-second", "last", "one-more", "running"]


def test_pods_that_are_deleted_leave_room_for_others(rooms: Rooms) -> None:
    for name in ("a", "b", "c"):
        end(rooms, name, phase="Succeeded")
    rooms.request("delete", "pods", name="a")
    end(rooms, "d", phase="Failed")
    rooms.run(60)
    assert names(rooms) == ["b", "c", "d"]


def test_a_pod_that_is_deleted_before_it_has_a_node_fails_while_a_finalizer_holds_it(rooms: Rooms) -> None:
    held = pod("held")
    held["metadata"]["finalizers"] = ["example.com/hold"]
    assert rooms.request("create", "pods", held).code == 201
    rooms.run(5)
    rooms.request("delete", "pods", name="held")
    assert rooms.api.get("pods", "default", "held")["status"]["phase"] == "Pending"
    rooms.run(16)
    status = rooms.api.get("pods", "default", "held")["status"]
    assert status["phase"] == "Failed"
    assert not any(c["type"] == "DisruptionTarget" for c in status.get("conditions") or ())
