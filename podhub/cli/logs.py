"""`podhub logs`: print what a container wrote, up to now or to a past moment."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lifecycle.clock import rfc3339_micro
from podhub.cli.database import ready
from podhub.cli.log_source import as_of, told
from podhub.cli.objects import DEFAULT_CLUSTER, CommandError, write
from podhub.cli.resources import named

if TYPE_CHECKING:
    from podhub.runs.output import Written

GROUPS = (("containers", ""), ("ephemeralContainers", " (ephem)"), ("initContainers", " (init)"))

PULLING = {
    "ErrImagePull": "trying and failing to pull image",
    "ImagePullBackOff": "trying and failing to pull image",
    "ErrImageNeverPull": "image is missing and will never be pulled",
    "InvalidImageName": "image name is invalid",
}
"""What the kubelet says of a container that waits for its image."""

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the Pod: web, or pod/web")
    parser.add_argument("container", nargs="?", metavar="CONTAINER", help="as -c")
    parser.add_argument("-c", "--container", dest="option", metavar="NAME", help="the container (the only or first one)")
    parser.add_argument("-p", "--previous", action="store_true", help="of the container's run before its last restart")
    parser.add_argument("--tail", type=int, default=-1, metavar="LINES", help="only so many lines from the end")
    parser.add_argument("--timestamps", action="store_true", help="say of each line when it was written")
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

    if arguments.tail < -1:
        raise CommandError("error: --tail must be greater than or equal to -1")
    cluster, _, seq = as_of(arguments.cluster, arguments.at)
    name = _pod_name(arguments.name)
    version = View(cluster, seq).find("pods", arguments.namespace, name)
    if version is None:
        raise CommandError(f'error: error from server (NotFound): pods "{name}" not found in namespace "{arguments.namespace}"')
    container = _container(version.object, name, arguments.option or arguments.container)
    if not version.object["spec"].get("nodeName"):
        return ""
    runs = container_output(cluster, version.object["metadata"]["uid"], container, seq)
    lines = list(_lines(chosen(version.object, container, runs, arguments.previous), arguments.timestamps))
    return "".join(lines if arguments.tail < 0 else lines[max(len(lines) - arguments.tail, 0) :])


def _pod_name(text: str) -> str:
    """Return the name of the Pod that is meant by `web` or `pod/web`."""
    kind, slash, name = text.rpartition("/")
    if "/" in kind:
        raise CommandError("error: arguments in resource/name form may not have more than one slash")
    resource = named(kind)
    if slash and (resource is None or resource.plural != "pods"):
        raise CommandError(f"error: cannot get the logs from {text!r}: only Pods have some; give pod/NAME")
    return name


def _container(pod: dict[str, Any], name: str, asked: str | None) -> str:
    """Return which container is meant; where nobody said, say which one is taken."""
    spec = pod["spec"]
    names = [(one["name"], mark) for group, mark in GROUPS for one in spec.get(group) or ()]
    if asked is not None:
        if asked not in dict(names):
            known = ", ".join(one + mark for one, mark in names)
            raise CommandError(f"error: container {asked} is not valid for pod {name} out of: {known}")
        return asked
    annotated = (pod["metadata"].get("annotations") or {}).get(DEFAULT_CONTAINER)
    if annotated in dict(names):
        return str(annotated)
    first = str(names[0][0])
    if len(names) > 1:
        print(f'Defaulted container "{first}" out of: {", ".join(one + mark for one, mark in names)}', file=sys.stderr)
    return first


def chosen(pod: dict[str, Any], container: str, runs: list[list[Written]], previous: bool) -> list[Written]:
    """Return what was written in the container's last run, or in the one before it."""
    status = _status(pod, container)
    waiting = (status.get("state") or {}).get("waiting")
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    if previous and not status.get("lastState"):
        raise CommandError(f"Error from server (BadRequest): previous terminated {where} not found")
    if waiting is not None and not status.get("lastState"):
        reason = waiting.get("reason", "")
        why = f" is waiting to start: {PULLING.get(reason, reason)}" if reason else " is waiting to start - no logs yet"
        raise CommandError(f"Error from server (BadRequest): {where}{why}")
    # A container that waits to be restarted is the one that ended last: it is "previous" already.
    place = status.get("restartCount", 0) - (previous and waiting is None)
    return runs[place] if 0 <= place < len(runs) else []


def _status(pod: dict[str, Any], container: str) -> dict[str, Any]:
    kinds = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
    statuses = (one for kind in kinds for one in pod.get("status", {}).get(kind) or ())
    return next((one for one in statuses if one["name"] == container), {"state": {"waiting": {}}})


def _lines(written: list[Written], timestamps: bool) -> Iterator[str]:
    """Yield what was written line by line, each behind its moment as the kubelet stamps it where that is asked for."""
    for piece in written:
        stamp = f"{rfc3339_micro(piece.at).removesuffix('Z')}000Z " if timestamps else ""
        yield from (f"{stamp}{line}" for line in piece.text.splitlines(keepends=True))
