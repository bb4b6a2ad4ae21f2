"""`podhub logs`: print what a container wrote, up to now or to a past moment."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from podhub.cli.database import ready
from podhub.cli.log_source import as_of, told
from podhub.cli.objects import DEFAULT_CLUSTER, CommandError, write

if TYPE_CHECKING:
    from podhub.runs.output import Written

GROUPS = (("containers", ""), ("ephemeralContainers", " (ephem)"), ("initContainers", " (init)"))

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the Pod: web, or pod/web")
    parser.add_argument("container", nargs="?", metavar="CONTAINER", help="as -c")
    parser.add_argument("-c", "--container", dest="option", metavar="NAME", help="the container (the only or first one)")
    parser.add_argument("-p", "--previous", action="store_true", help="of the container's run before its last restart")
    parser.add_argument("--tail", type=int, default=-1, metavar="LINES", help="only so many lines from the end")
    parser.add_argument("-n", "--namespace", default="default", help="the namespace (default)")
    parser.add_argument("--cluster", default=DEFAULT_CLUSTER, metavar="NAME", help=f"the cluster ({DEFAULT_CLUSTER})")
    parser.add_argument("--at", metavar="TIME", help="up to a past moment: 35s or 2m from the start, seq-120, or RFC 3339")


def run(arguments: argparse.Namespace) -> int:
    """Print the output; return 1 where there is no such Pod or container, or it has not run."""
    try:
        ready()
        with told():
            write(_text(arguments))
    except CommandError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


def _text(arguments: argparse.Namespace) -> str:
    from podhub.log.read import View
    from podhub.runs.output import container_output

    cluster, _, seq = as_of(arguments.cluster, arguments.at)
    name = arguments.name.removeprefix("pod/").removeprefix("pods/").removeprefix("po/")
    version = View(cluster, seq).find("pods", arguments.namespace, name)
    if version is None:
        raise CommandError(f'error: error from server (NotFound): pods "{name}" not found in namespace "{arguments.namespace}"')
    container = _container(version.object, name, arguments.option or arguments.container)
    runs = container_output(cluster, version.object["metadata"]["uid"], container, seq)
    return _tail(_run(version.object, container, runs, arguments.previous), arguments.tail)


def _container(pod: dict[str, Any], name: str, asked: str | None) -> str:
    """Return which container is meant; where nobody said, say which one is taken."""
    spec = pod["spec"]
    names = [(one["name"], mark) for group, mark in GROUPS for one in spec.get(group) or ()]
    if asked is not None:
        if asked not in dict(names):
            raise CommandError(f"error: container {asked} is not valid for pod {name}")
        return asked
    annotated = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if annotated in dict(names):
        return str(annotated)
    first = str(names[0][0])
    if len(names) > 1:
        print(f'Defaulted container "{first}" out of: {", ".join(one + mark for one, mark in names)}', file=sys.stderr)
    return first


def _run(pod: dict[str, Any], container: str, runs: list[list[Written]], previous: bool) -> list[Written]:
    """Return what was written in the container's last run, or in the one before it."""
    status = _status(pod, container)
    restarts = status.get("restartCount", 0)
    if previous:
        if not 0 < restarts <= len(runs):
            raise CommandError(
                f'Error from server (BadRequest): previous terminated container "{container}" in pod '
                f'"{pod["metadata"]["name"]}" not found'
            )
        return runs[restarts - 1]
    waiting = (status.get("state") or {}).get("waiting")
    if waiting is not None and not status.get("lastState"):
        why = _waiting(waiting.get("reason", "ContainerCreating"))
        where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
        raise CommandError(f"Error from server (BadRequest): {where} is waiting to start: {why}")
    return runs[restarts] if restarts < len(runs) else []


def _status(pod: dict[str, Any], container: str) -> dict[str, Any]:
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    statuses = (one for kind in kinds for one in pod.get("status", {}).get(kind) or ())
    return next((one for one in statuses if one["name"] == container), {"state": {"waiting": {}}})


def _waiting(reason: str) -> str:
    return "trying and failing to pull image" if reason in ("ImagePullBackOff", "ErrImagePull") else reason


def _tail(written: list[Written], lines: int) -> str:
    text = "".join(piece.text for piece in written)
    if lines < 0:
        return text
    return "".join(text.splitlines(keepends=True)[-lines:]) if lines else ""
