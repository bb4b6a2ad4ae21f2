"""What must hold of any Pod's life, whatever happens to it."""

from __future__ import annotations

import itertools

from lifecycle.wire import Object

PHASES = ("Pending", "Running", "Succeeded", "Failed")
ENDED = ("Succeeded", "Failed")


def check(versions: list[Object]) -> None:
    """Check one Pod's versions, in order. Raises: AssertionError"""
    for before, after in itertools.pairwise(versions):
        _phases(before["status"], after["status"])
        for group in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
            old = {status["name"]: status for status in before["status"].get(group) or ()}
            for status in after["status"].get(group) or ():
                if status["name"] in old:
                    _container(old[status["name"]], status)
    for version in versions:
        _conditions(version["status"])


def _phases(before: Object, after: Object) -> None:
    assert after["phase"] in PHASES
    assert before["phase"] not in ENDED or after["phase"] == before["phase"], "a last phase is never left"
    if before.get("startTime"):
        assert after.get("startTime") == before["startTime"], "startTime never changes"
    if before.get("podIP"):
        assert after.get("podIP"), "an address is kept"


def _container(before: Object, after: Object) -> None:
    assert len(after["state"]) == 1, after["state"]
    assert after["restartCount"] >= before["restartCount"], "restarts never fall"
    ready = after["ready"] and "terminated" not in after["state"] and "RestartingAll" not in str(after["state"])
    assert not ready or "running" in after["state"], "only what runs is ready"
    assert not after["started"] or "running" in after["state"], "only what runs is started"
    same = before.get("containerID") == after.get("containerID") and "containerID" in after
    if same and "terminated" in before["state"]:
        assert "running" not in after["state"], "what has ended does not run again"
        assert "terminated" in after["state"] or "terminated" in after["lastState"]
    if same and "running" in before["state"] and "running" in after["state"]:
        assert before["state"] == after["state"], "a container starts once"


def _conditions(status: Object) -> None:
    types = [c["type"] for c in status.get("conditions") or ()]
    assert len(types) == len(set(types)), types
    found = {c["type"]: c["status"] for c in status.get("conditions") or ()}
    if found.get("Ready") == "True":
        assert found.get("ContainersReady") == "True"
        assert status["phase"] == "Running"
    for c in status.get("conditions") or ():
        assert c["status"] != "True" or c["type"] not in ("Ready", "ContainersReady") or not c.get("reason")
