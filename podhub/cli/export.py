"""`podhub export`: write a cluster's log as a recording."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from podhub.cli.errors import CommandError
from podhub.cli.log_source import as_of, start, told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cluster", required=True, metavar="NAME", help="the cluster to write")
    parser.add_argument("--pod", metavar="NAME", help="one Pod's life and its Events alone")
    parser.add_argument("-n", "--namespace", default="default", metavar="NS", help="the Pod's namespace (default)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write it (standard output)")


def run(arguments: argparse.Namespace) -> int:
    """Write JSON lines; return 1 where there is no such cluster or the file cannot be written."""
    with told():
        start()
        from podhub.log import exporting, read

        cluster = as_of(arguments.cluster, None).cluster
        pod = (arguments.namespace, arguments.pod) if arguments.pod else None
        if pod and not read.versions(cluster, "pods", *pod, limit=1):
            raise CommandError(f'Error from server (NotFound): pods "{arguments.pod}" not found')
        _write(map(exporting.encode, exporting.lines(cluster, pod)), arguments.output)
    return 0


def _write(lines: Iterable[bytes], path: Path | None) -> None:
    try:
        with contextlib.nullcontext(sys.stdout.buffer) if path is None else path.open("wb") as file:
            file.writelines(lines)
            file.flush()
    except BrokenPipeError:
        # Who reads has seen enough; what Python would still flush at its end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as wrong:
        raise CommandError(f"error: {path or 'standard output'}: cannot be written: {wrong.strerror}") from None
