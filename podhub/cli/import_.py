"""`podhub import`: bring a recording of a real cluster into a cluster of its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lifecycle.clock import SECOND, rfc3339
from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import told

if TYPE_CHECKING:
    from podhub.log.importing import Recording

SHOWN = 5
"""Files that are named of those that were left for one reason."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        type=Path,
        metavar="DIR|FILE",
        help="what kubectl get -o json or -o yaml gave, also --watch; JSON lines of a recording; folders and archives of these",
    )
    parser.add_argument("--cluster", required=True, metavar="NAME", help="the cluster to make")
    parser.add_argument("--replace", action="store_true", help="drop the cluster of this name first, if there is one")


def run(arguments: argparse.Namespace) -> int:
    """Import; return 1, with nothing stored, where the recording cannot be read or the name is taken."""
    ready()
    _import(arguments.path, arguments.cluster, arguments.replace)
    return 0


def _import(path: Path, name: str, replace: bool) -> None:
    with told():
        from podhub.log import clusters, importing
        from podhub.log.errors import NameTaken

        clusters.check_name(name)
        recording = importing.load(path)
        try:
            cluster = importing.store(recording, name, replace=replace)
        except NameTaken as taken:
            raise CommandError(f"error: {taken}; --replace drops it first") from None
    seconds = (cluster.horizon - cluster.start) / SECOND
    print(f"cluster {name}: {cluster.head} entries, {seconds:.3f} s from {rfc3339(cluster.start)}")
    _tell_of_the_rest(recording)


def _tell_of_the_rest(recording: Recording) -> None:
    """Say what was given and is not in the cluster."""
    if recording.repeated:
        print(f"told more than once, imported once: {recording.repeated} versions of objects", file=sys.stderr)
    for why, names in recording.passed_by_reason():
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        print(f"not imported: {why}: {', '.join(names[:SHOWN])}{more}", file=sys.stderr)
