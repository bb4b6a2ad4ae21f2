"""`podhub import`: bring a recording of a real cluster into a cluster of its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lifecycle.clock import SECOND, rfc3339
from podhub.cli.database import ready
from podhub.cli.log_source import told
from podhub.cli.objects import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        type=Path,
        metavar="DIR|FILE",
        help='JSON lines {"t", "received", "type", "object"}, in a file or in the *.jsonl files of a folder; or a v1 List',
    )
    parser.add_argument("--cluster", required=True, metavar="NAME", help="the cluster to make")
    parser.add_argument("--replace", action="store_true", help="drop the cluster of this name first, if there is one")


def run(arguments: argparse.Namespace) -> int:
    """Import; return 1, with nothing stored, where the recording cannot be read or the name is taken."""
    try:
        ready()
        print(_imported(arguments.path, arguments.cluster, arguments.replace))
        return 0
    except CommandError as wrong:
        print(wrong, file=sys.stderr)
        return 1


def _imported(path: Path, name: str, replace: bool) -> str:
    with told():
        from podhub.log import clusters, importing
        from podhub.log.errors import NameTaken

        clusters.check_name(name)
        try:
            cluster = importing.store(importing.load(path), name, replace=replace)
        except NameTaken as taken:
            raise CommandError(f"error: {taken}; --replace drops it first") from None
    seconds = (cluster.horizon - cluster.start) / SECOND
    return f"cluster {name}: {cluster.head} entries, {seconds:.3f} s from {rfc3339(cluster.start)}"
