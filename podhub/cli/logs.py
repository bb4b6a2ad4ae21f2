"""`podhub logs`: print what a container wrote, up to now, to a past moment, or as it comes."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from lifecycle.clock import SECOND, Micros, parse_go_duration, parse_rfc3339, rfc3339_micro
from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import Known, as_of, told
from podhub.cli.objects import DEFAULT_CLUSTER, write
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

FOLLOWING_SECONDS = 0.2
"""How often a log that is followed is looked into."""

DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the Pod: web, or pod/web")
    parser.add_argument("container", nargs="?", metavar="CONTAINER", help="as -c")
    parser.add_argument("-c", "--container", dest="option", metavar="NAME", help="the container (the only or first one)")
    parser.add_argument("-p", "--previous", action="store_true", help="of the container's run before its last restart")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what comes, until the container has ended")
    parser.add_argument("--since", default="0s", metavar="SPAN", help="only lines of the last 5s, 2m or 3h")
    parser.add_argument("--since-time", metavar="TIME", help="only lines from this moment on, RFC 3339")
    parser.add_argument("--limit-bytes", type=int, default=0, metavar="BYTES", help="only so much")
    parser.add_argument("--tail", type=int, default=-1, metavar="LINES", help="only so many lines from the end")
    parser.add_argument("--timestamps", action="store_true", help="say of each line when it was written")
    parser.add_argument("-n", "--namespace", default="default", help="the namespace (default)")
    parser.add_argument("--cluster", default=DEFAULT_CLUSTER, metavar="NAME", help=f"the cluster ({DEFAULT_CLUSTER})")
    parser.add_argument("--at", metavar="TIME", help="up to a past moment: 35s or 2m from the start, seq-120, or RFC 3339")


def run(arguments: argparse.Namespace) -> int:
    """Print the output; return 1 where there is no such Pod or container, or it has not run."""
    since = _span(arguments)
    ready()
    with told():
        _print(arguments, since)
    return 0


def _span(arguments: argparse.Namespace) -> Micros:
    """Return how far back --since goes, in whole seconds; 0: to the beginning. Raises: CommandError for odd options."""
    try:
        span = parse_go_duration(arguments.since)
    except ValueError as wrong:
        raise CommandError(f"error: --since: {wrong}") from None
    for odd, why in (
        (span and arguments.since_time, "at most one of `sinceTime` or `sinceSeconds` may be specified"),
        (span < 0, "--since must be greater than 0"),
        (arguments.limit_bytes < 0, "--limit-bytes must be greater than 0"),
        (arguments.tail < -1, "--tail must be greater than or equal to -1"),
        (arguments.follow and arguments.at, "--follow tells what comes; with --at nothing comes any more"),
    ):
        if odd:
            raise CommandError(f"error: {why}")
    return round(span / SECOND) * SECOND


def _print(arguments: argparse.Namespace, span: Micros) -> None:
    from podhub.log.read import View
    from podhub.runs.output import container_output

    known = as_of(arguments.cluster, arguments.at)
    name = _pod_name(arguments.name)
    version = View(known.cluster, known.seq).find("pods", arguments.namespace, name)
    if version is None:
        raise CommandError(f'error: error from server (NotFound): pods "{name}" not found in namespace "{arguments.namespace}"')
    pod = version.object
    container = _container(pod, name, arguments.option or arguments.container)
    if not pod["spec"].get("nodeName"):
        return
    runs = container_output(known.cluster, pod["metadata"]["uid"], container, known.seq)
    begin = known.now - span if span else _time(arguments.since_time)
    written = chosen(pod, container, runs, arguments.previous)
    lines = [line for line in _lines(written) if line.at >= begin]
    printer = _Printer(arguments.timestamps, arguments.limit_bytes or None)
    printer.write(lines if arguments.tail < 0 else lines[max(len(lines) - arguments.tail, 0) :])
    if arguments.follow and not arguments.previous and "running" in (_status(pod, container).get("state") or {}):
        _follow(known, pod, container, printer)


def _time(text: str | None) -> Micros:
    """Return the moment that --since-time tells, 0 without one."""
    try:
        return parse_rfc3339(text) if text else 0
    except ValueError as wrong:
        raise CommandError(f"error: --since-time: {wrong}") from None


def _follow(known: Known, pod: dict[str, Any], container: str, printer: _Printer) -> None:
    """Print what comes, until the container has ended or its Pod is gone."""
    from podhub.log.read import View, about
    from podhub.runs.output import runs

    metadata, seen = pod["metadata"], known.seq
    while not printer.is_full and not (known.cluster.read_only or known.cluster.finished):
        time.sleep(FOLLOWING_SECONDS)
        known = as_of(known.cluster.name, None)
        found = runs(about(known.cluster, metadata["uid"], types=("output", "exit"), after=seen, upto=known.seq), container)
        printer.write(_lines(found[0]))
        seen = known.seq
        version = View(known.cluster, seen).find("pods", metadata["namespace"], metadata["name"])
        if len(found) > 1 or version is None or version.object["metadata"]["uid"] != metadata["uid"]:
            return


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


class _Line(NamedTuple):
    """One line with its newline, and when it was written."""

    at: Micros
    text: str


def _lines(written: list[Written]) -> Iterator[_Line]:
    """Yield what was written line by line."""
    for piece in written:
        yield from (_Line(piece.at, line) for line in piece.text.splitlines(keepends=True))


class _Printer:
    """Prints lines, behind their moments as the kubelet stamps them where that is asked for, as far as a limit lets it."""

    def __init__(self, timestamps: bool, limit: int | None) -> None:
        self.timestamps, self.left = timestamps, limit

    @property
    def is_full(self) -> bool:
        return self.left == 0

    def write(self, lines: Iterable[_Line]) -> None:
        data = "".join(map(self._text, lines)).encode(errors="replace")[: self.left]
        self.left = None if self.left is None else self.left - len(data)
        write(data.decode(errors="ignore"))
        sys.stdout.flush()

    def _text(self, line: _Line) -> str:
        return f"{rfc3339_micro(line.at).removesuffix('Z')}000Z {line.text}" if self.timestamps else line.text
