"""`podhub verify`: check that no log has a gap or was altered, and that a second run gives the same bytes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from podhub.cli.database import ready
from podhub.cli.log_source import told

if TYPE_CHECKING:
    from podhub.log.models import Cluster
    from podhub.log.verify import Problem

MOST = 20
"""Problems that are printed of one cluster: after the first, most follow from it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cluster", metavar="NAME", help="the cluster to check (all of them)")


def run(arguments: argparse.Namespace) -> int:
    """Check; return 1 where anything is wrong."""
    ready()
    with told():
        return 1 if sum([_checked(cluster) for cluster in _clusters(arguments.cluster)]) else 0


def _clusters(name: str | None) -> list[Cluster]:
    from podhub.log import clusters
    from podhub.log.models import Cluster

    return [clusters.named(name)] if name else list(Cluster.objects.select_related("parent"))


def _checked(cluster: Cluster) -> int:
    """Print what is wrong with a cluster, or that nothing is; return the number of problems."""
    problems = list(islice(_problems(cluster), MOST))
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        again = "; a second run gives the same bytes" if _rerunnable(cluster) else ""
        print(f"cluster {cluster.name}: {cluster.head} entries, no gap, nothing altered{again}")
    return len(problems)


def _problems(cluster: Cluster) -> Iterator[Problem]:
    from podhub.log.verify import verify
    from podhub.runs.rerun import rerun

    yield from verify(cluster)
    if _rerunnable(cluster):
        yield from rerun(cluster)


def _rerunnable(cluster: Cluster) -> bool:
    """Say whether this engine is the one that wrote a cluster's log."""
    from podhub.runs.rerun import rerunnable

    return rerunnable(cluster)
