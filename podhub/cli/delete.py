"""`podhub delete`: delete objects from a cluster."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from podhub.cli.apply import server_error
from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import told
from podhub.cli.objects import DEFAULT_CLUSTER
from podhub.cli.selection import selections

if TYPE_CHECKING:
    from podhub.cli.resources import Resource
    from podhub.log.models import Cluster

AT_ONCE = (
    "Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. "
    "The resource may continue to run on the cluster indefinitely."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="TYPE NAME ...", help="as in: pod web; pods a b; pod/web svc/web")
    parser.add_argument("-n", "--namespace", default="default", help="the namespace (default)")
    parser.add_argument("--cluster", default=DEFAULT_CLUSTER, metavar="NAME", help=f"the cluster ({DEFAULT_CLUSTER})")
    parser.add_argument("--grace-period", type=int, default=-1, metavar="SECONDS", help="time to stop; -1: what the Pod says")
    parser.add_argument("--now", action="store_true", help="as --grace-period=1")
    parser.add_argument("--force", action="store_true", help="remove the object at once, whatever its node still does")


def run(arguments: argparse.Namespace) -> int:
    """Ask for the deletions; return 1 where one is refused. Does not wait until Pods have ended."""
    options = _options(arguments)
    asked = selections(arguments.what)
    if not any(names for _, names in asked):
        raise CommandError("error: resource(s) were provided, but no name was specified")
    ready()
    with told():
        from podhub.log import clusters

        cluster = clusters.named(arguments.cluster)
        done = [_deleted(cluster, resource, name, options, arguments) for resource, names in asked for name in names]
        return 0 if all(done) else 1


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the DeleteOptions. Raises: CommandError in kubectl's words."""
    grace = arguments.grace_period
    if arguments.now:
        if grace != -1:
            raise CommandError("error: --now and --grace-period cannot be specified together")
        grace = 1
    if grace == 0 and not arguments.force:
        print(AT_ONCE.split(".")[0].replace("Warning: ", "Warning: --grace-period=0 without --force waits: "), file=sys.stderr)
        grace = 1
    if arguments.force:
        if grace > 0:
            raise CommandError("error: --force and --grace-period greater than 0 cannot be specified together")
        print(AT_ONCE, file=sys.stderr)
        grace = 0
    return {"propagationPolicy": "Background"} | ({"gracePeriodSeconds": grace} if grace >= 0 else {})


def _deleted(cluster: Cluster, resource: Resource, name: str, options: dict[str, Any], arguments: argparse.Namespace) -> bool:
    from lifecycle.core_v1.schema import KINDS
    from lifecycle.wire import Request
    from podhub.runs.queue import submit

    kind = next(kind for kind in KINDS.values() if kind.plural == resource.plural and kind.group == resource.group)
    namespace = arguments.namespace if resource.namespaced else ""
    answer = submit(cluster, Request("delete", resource.plural, kind.group_version, namespace, name, body=options))
    if answer.code >= 400:
        print(server_error(answer), file=sys.stderr)
        return False
    word = f"{resource.kind.lower()}.{resource.group}" if resource.group else resource.kind.lower()
    print(f'{word} "{name}" {"force deleted" if arguments.force else "deleted"}')
    return True
