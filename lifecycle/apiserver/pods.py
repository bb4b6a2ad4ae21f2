"""What is asked of a Pod under its own name: binding, exec.

Kubernetes: pkg/registry/core/pod/storage (storage.go), pkg/registry/core/pod/rest
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from lifecycle.apiserver import options, preconditions
from lifecycle.apiserver.kinds import BY_PLURAL
from lifecycle.apiserver.refused import Refused
from lifecycle.core_v1 import registry, status
from lifecycle.core_v1.status import Status
from lifecycle.core_v1.validation import kinds
from lifecycle.kernel import Kernel, Pod, Reply
from lifecycle.programs import WindowSize
from lifecycle.runtime import texts
from lifecycle.wire import Object, Request

PODS = BY_PLURAL["v1", "pods"]
BINDING = BY_PLURAL["v1", "bindings"]

SHOWN = 4096
"""Characters of a command's output that stand in the trace of its end; the traces `session` hold all of it."""

CONTAINER_LISTS = (
    ("containers", "containerStatuses"),
    ("initContainers", "initContainerStatuses"),
    ("ephemeralContainers", "ephemeralContainerStatuses"),
)


T = TypeVar("T")


def bind(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Put a Pod on a node, as a scheduler of the user's own does; the Binding's labels and annotations become the Pod's."""
    read = registry.read(request.body, options.field_validation(request), BINDING)
    if isinstance(read, Status):
        raise Refused(read)
    binding, metadata = read.object, pod["metadata"]
    given = binding["metadata"]
    if given.get("name") != metadata["name"]:
        raise Refused(status.bad_request("name in URL does not match name in Binding object"))
    errors = list(kinds.binding(binding))
    if errors:
        raise Refused(Status(500, "", status.aggregate(errors)))
    api = kernel.rooms["apiserver"]
    last = api.index("pods", metadata["namespace"], metadata["name"])
    preconditions.check_stored(PODS, metadata, last, given.get("uid"), given.get("resourceVersion"))
    why = _cannot_be_bound(pod)
    if why:
        message = f'Operation cannot be fulfilled on pods/binding "{metadata["name"]}": {why}'
        raise Refused(Status(409, "Conflict", message, {"name": metadata["name"], "kind": "pods/binding"}))
    more = {name: given[name] for name in ("annotations", "labels") if given.get(name)}
    api.bind(metadata["namespace"], metadata["name"], metadata["uid"], binding["target"]["name"], more)
    return {**Status(201).object(), "code": 201}


def _cannot_be_bound(pod: Object) -> str:
    """Kubernetes: pkg/registry/core/pod/storage (setPodNodeAndMetadata)"""
    name, spec = pod["metadata"]["name"], pod["spec"]
    if pod["metadata"].get("deletionTimestamp"):
        return f"pod {name} is being deleted, cannot be assigned to a host"
    if spec.get("nodeName"):
        return f'pod {name} is already assigned to node "{spec["nodeName"]}"'
    return f"pod {name} has non-empty .spec.schedulingGates" if spec.get("schedulingGates") else ""


def execute(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Start a command in a container; the traces of kind `exec` tell what comes of it."""
    name = (request.query.get("container") or [""])[0] or _default_container(pod)
    command = tuple(request.query.get("command") or ())
    if not command:
        raise Refused(status.bad_request("you must specify at least 1 command for the container"))
    container = _running(pod, name)
    tty = body_of(request, Typed).size or WindowSize() if options.flag(request, "tty") else None
    metadata = pod["metadata"]
    about = Pod(metadata["namespace"], metadata["name"], metadata["uid"], name)
    session = kernel.trace("exec", about, command=list(command), phase="started", exitCode=None, message="")
    with kernel.because(session):
        typed = "\0".join(command)
        reply = Reply("apiserver", "exec_ended", (about.namespace, about.name, about.uid, about.container, typed, session))
        failure = kernel.rooms["programs"].exec(
            container, command, reply, session=session, stdin=options.flag(request, "stdin"), tty=tty
        )
    if failure:
        kernel.trace(
            "exec", about, command=list(command), phase="ended", exitCode=126, message=failure.message, session=session
        )
        exec_id = kernel.seeds.hex(64, "exec", container, session)
        why = texts.cannot_exec(exec_id, failure.message).partition("desc = ")[2]
        raise Refused(status.internal_error(f"error executing command in container: {why}"))
    return {**Status(200).object(), "details": {"name": str(session), "kind": "sessions"}}


def attach(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Let somebody see what a container's first process writes; traces of kind `session` tell it."""
    name = (request.query.get("container") or [""])[0] or _default_container(pod)
    container = _running(pod, name)
    metadata = pod["metadata"]
    about = Pod(metadata["namespace"], metadata["name"], metadata["uid"], name)
    session = kernel.trace("attach", about, stdin=options.flag(request, "stdin"), tty=options.flag(request, "tty"))
    if not kernel.rooms["programs"].attach(container, session, options.flag(request, "stdin")):
        raise Refused(status.internal_error(f'unable to upgrade connection: container not found ("{name}")'))
    return {**Status(200).object(), "details": {"name": str(session), "kind": "sessions"}}


class Typed(msgspec.Struct):
    """What somebody types into a command that runs: `data` is base64; after `end` there is nothing more to read.

    Who is `gone` sees no more, either.
    `size` is the window's, where it is told: with the command, or when it has changed.
    """

    session: int = 0
    data: bytes = b""
    end: bool = False
    gone: bool = False
    size: WindowSize | None = None


def type_into(kernel: Kernel, pod: Object, request: Request) -> Object:
    """Give a command that was started by a request what its standard input is to read."""
    typed = body_of(request, Typed)
    container = _running(pod, (request.query.get("container") or [""])[0] or _default_container(pod))
    if typed.size is not None:
        kernel.rooms["programs"].resize_terminal(container, typed.session, typed.size)
        return Status(200).object()
    taken = kernel.rooms["programs"].type(container, typed.session, typed.data, typed.end)
    if typed.gone:
        kernel.rooms["programs"].detach(container, typed.session)
    return Status(200, message="" if taken else "nobody reads it").object()


def exec_ended(kernel: Kernel, about: Pod, command: str, session: int, result: Any) -> None:
    """Tell what a command that was started by a request came to."""
    output = (result.stdout + result.stderr)[:SHOWN]
    kernel.trace(
        "exec", about, command=command.split("\0"), phase="ended", exitCode=result.code, message=output, session=session
    )


def body_of(request: Request, type: type[T]) -> T:
    """Return what was posted. Raises: Refused if it is something else."""
    try:
        return msgspec.convert({} if request.body is None else request.body, type)
    except msgspec.ValidationError as wrong:
        raise Refused(status.bad_request(f"the request's body cannot be handled as a {type.__name__}: {wrong}")) from None


def _default_container(pod: Object) -> str:
    """Return the container that a request means which names none."""
    named = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
    return str(named or pod["spec"]["containers"][0]["name"])


def _running(pod: Object, name: str) -> str:
    """Return the runtime's id of a container that runs."""
    for spec_list, status_list in CONTAINER_LISTS:
        if any(container["name"] == name for container in pod["spec"].get(spec_list) or ()):
            statuses = pod["status"].get(status_list) or ()
            found: dict[str, Any] = next((one for one in statuses if one["name"] == name), {})
            if "running" not in (found.get("state") or {}):
                raise Refused(status.internal_error(f'unable to upgrade connection: container not found ("{name}")'))
            return str(found["containerID"]).rpartition("://")[2]
    raise Refused(status.bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}"))
