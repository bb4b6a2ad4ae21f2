"""containerStatuses: what the API says of each container.

Kubernetes: pkg/kubelet/kubelet_pods.go (convertToAPIContainerStatuses), pkg/kubelet/prober/prober_manager.go (UpdatePodStatus)
"""

from __future__ import annotations

from lifecycle.clock import rfc3339
from lifecycle.core_v1.types import Container, sidecar
from lifecycle.kubelet import reasons
from lifecycle.kubelet.restart import to_be_started
from lifecycle.kubelet.state import Reason
from lifecycle.kubelet.view import View
from lifecycle.runtime.records import ContainerRecord, resources_of
from lifecycle.wire import Object

NOT_LOCATED = {
    "exitCode": 137,
    "reason": reasons.CONTAINER_STATUS_UNKNOWN,
    "message": "The container could not be located when the pod was deleted.  The container used to be Running",
    "startedAt": None,
    "finishedAt": None,
}
RESTARTING_ALL_MESSAGE = "The container is removed because RestartAllContainers in place"


def container_statuses(view: View, containers: tuple[Container, ...], field: str, *, init: bool = False) -> list[Object]:
    """Return the statuses of one of a Pod's lists of containers, in the order of the spec."""
    if not containers:
        return []
    old = {status["name"]: status for status in view.old.get(field) or ()}
    waiting = reasons.POD_INITIALIZING if view.spec.init_containers else reasons.CONTAINER_CREATING
    return [_status(view, container, old.get(container.name), waiting, init) for container in containers]


def _status(view: View, container: Container, old: Object | None, waiting: str, init: bool) -> Object:
    instances = [record for record in view.snapshot.containers if record.name == container.name]
    latest = instances[0] if instances else None
    if latest is None:
        status = _without_record(view, container, old, waiting)
    else:
        status = _from_record(container, latest, old)
        if len(instances) > 1:
            status["lastState"] = state_of(instances[1])
    if reason := view.reasons.get(container.name):
        _apply_reason(view, container, status, latest, init, reason)
    return status


def _without_record(view: View, container: Container, old: Object | None, waiting: str) -> Object:
    """Return the status of a container of which the runtime knows nothing."""
    status = dict(old) if old and "terminated" in old["state"] else _not_there(container, old, waiting)
    if old and view.restarted_all and "waiting" not in old["state"]:
        _removed_for_restart(status)
    elif old and "running" in old["state"] and not status["lastState"]:
        status["lastState"] = {"terminated": NOT_LOCATED}
        status["restartCount"] += not view.deleting
    return status


def _not_there(container: Container, old: Object | None, waiting: str) -> Object:
    """Return the status of a container that waits to be created."""
    status: Object = {
        "name": container.name,
        "state": {"waiting": {"reason": waiting}},
        "lastState": old["lastState"] if old else {},
        "ready": False,
        "restartCount": old["restartCount"] if old else 0,
        "image": container.image,
        "imageID": "",
        "started": False,
    }
    if mounts := volume_mounts(container):
        status["volumeMounts"] = mounts
    return status


def _removed_for_restart(status: Object) -> None:
    """Have a status say that its container was removed by a restart of all containers."""
    ended = {
        "exitCode": 137,
        "reason": reasons.RESTARTING_ALL_CONTAINERS,
        "message": RESTARTING_ALL_MESSAGE,
        "startedAt": None,
        "finishedAt": None,
    }
    status["lastState"] = {"terminated": ended}
    status["restartCount"] += 1
    status["state"] = {"waiting": {"reason": reasons.RESTARTING_ALL_CONTAINERS, "message": RESTARTING_ALL_MESSAGE}}


def _from_record(container: Container, record: ContainerRecord, old: Object | None) -> Object:
    before, restarts = _before(record, old)
    status: Object = {
        "name": container.name,
        "state": state_of(record),
        "lastState": before,
        "ready": False,
        "restartCount": restarts,
        "image": record.image_name,
        "imageID": record.image_id,
        "containerID": f"containerd://{record.id}",
        "started": bool(old and old.get("started")),
    }
    allocated = resources_of(container)
    if "requests" in allocated:
        status["allocatedResources"] = allocated["requests"]
    status["resources"] = record.resources if record.state == "running" else allocated
    if mounts := volume_mounts(container):
        status["volumeMounts"] = mounts
    return status


def _before(record: ContainerRecord, old: Object | None) -> tuple[Object, int]:
    """Return the last state and the restarts of a container whose earlier instance the runtime may have no more."""
    if old is None:
        return {}, record.attempt
    if "terminated" not in old["state"] or old.get("containerID") == f"containerd://{record.id}":
        return old["lastState"], max(record.attempt, old["restartCount"])
    again = record.state == "running" and record.attempt <= old["restartCount"]
    return old["state"], old["restartCount"] + 1 if again else max(record.attempt, old["restartCount"])


def volume_mounts(container: Container) -> list[Object]:
    out = []
    for mount in container.volume_mounts:
        one: Object = {"name": mount.name, "mountPath": mount.mount_path}
        if mount.read_only:
            one["readOnly"] = True
            one["recursiveReadOnly"] = "Disabled"
        out.append(one)
    return out


def state_of(record: ContainerRecord) -> Object:
    """Return a container's state as the API has it."""
    if record.state == "running":
        return {"running": {"startedAt": rfc3339(record.started_at)}}
    if record.state == "created":
        return {"waiting": {}}
    terminated: Object = {"exitCode": record.exit_code, "reason": record.reason}
    if record.message:
        terminated["message"] = record.message
    terminated["startedAt"] = rfc3339(record.started_at)
    terminated["finishedAt"] = rfc3339(record.finished_at)
    terminated["containerID"] = f"containerd://{record.id}"
    return {"terminated": terminated}


def _apply_reason(
    view: View, container: Container, status: Object, latest: ContainerRecord | None, init: bool, reason: Reason
) -> None:
    """Let a container that could not be started, and is to be, wait with the reason."""
    if init and latest and latest.state == "exited" and latest.exit_code == 0:
        return
    if not to_be_started(view.spec, container, latest, view.deleting):
        return
    if "terminated" in status["state"]:
        status["lastState"] = status["state"]
    status["state"] = {"waiting": {"reason": reason.reason, "message": reason.message}}


def apply_probes(view: View, init: list[Object], regular: list[Object]) -> list[str]:
    """Set `started` and `ready`; return the containers whose readiness should be probed at once."""
    unready: list[str] = []
    for container, status in zip(view.spec.init_containers, init, strict=True):
        if sidecar(container):
            _apply_probe(view, status, unready)
        else:
            status["started"] = "running" in status["state"]
            terminated = status["state"].get("terminated")
            if terminated is not None and terminated["exitCode"] == 0:
                status["ready"] = True
    for status in regular:
        _apply_probe(view, status, unready)
    return unready


def _apply_probe(view: View, status: Object, unready: list[str]) -> None:
    name, record_id = status["name"], status.get("containerID", "")[13:]
    started = "running" in status["state"]
    if started and (worker := view.worker(name, "startup")):
        # Until the probe of a new container has a result, the status goes on saying what it said of the one before.
        known = worker.known and worker.container_id == record_id
        started = worker.result == "success" if known else status["started"]
    status["started"] = started
    status["ready"] = False
    if not started:
        return
    readiness = view.worker(name, "readiness")
    if readiness is None or (readiness.known and readiness.container_id == record_id and readiness.result == "success"):
        status["ready"] = True
    else:
        unready.append(name)
