"""`podhub record`: follow a real cluster and write down what it does."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

from podhub.cli.database import ready
from podhub.cli.log_source import told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kubeconfig", type=Path, required=True, metavar="FILE", help="how to reach the cluster to follow")
    parser.add_argument("--context", default="", metavar="NAME", help="the kubeconfig's context (its current one)")
    parser.add_argument("--cluster", required=True, metavar="NAME", help="the cluster to write to; one that was begun goes on")
    parser.add_argument("-n", "--namespace", default="", help="only this namespace (all)")


def run(arguments: argparse.Namespace) -> int:
    """Record until SIGTERM or SIGINT; return 1 where the cluster cannot be followed."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    ready()
    with told():
        entries = _record(arguments, stop)
    print(f"cluster {arguments.cluster}: {entries} entries written")
    return 0


def _record(arguments: argparse.Namespace, stop: threading.Event) -> int:
    from podhub.log import kubeconfig, recorder

    server = kubeconfig.read(arguments.kubeconfig, arguments.context)
    cluster = recorder.cluster_for(arguments.cluster, time.time_ns() // 1000)
    print(f"recording {server.url} into cluster {arguments.cluster}; Ctrl-C ends it", file=sys.stderr)
    return recorder.record(server, cluster, arguments.namespace, stop, _warn)


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)
