"""`podhub kubeconfig`: what stock kubectl needs to know to speak with a cluster, live or as of a moment."""

from __future__ import annotations

import argparse

import yaml

from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import told

SERVER = "http://127.0.0.1:8000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cluster", metavar="NAME", help="the cluster of the current context (default)")
    parser.add_argument("--at", metavar="TIME", help="let the context be that cluster as it was: 35s, seq-120, or RFC 3339")
    parser.add_argument("--server", default=SERVER, metavar="URL", help=f"where PodHub is ({SERVER})")
    parser.add_argument("--token", default="", help="a bearer token, where PodHub asks for one")


def run(arguments: argparse.Namespace) -> int:
    """Print a kubeconfig; return 1 where there is no such cluster or moment."""
    if not arguments.server.startswith(("http://", "https://")):
        raise CommandError(f"error: --server: {arguments.server!r} is no address such as {SERVER}")
    ready()
    with told():
        print(yaml.safe_dump(_config(arguments), sort_keys=False), end="")
    return 0


def _config(arguments: argparse.Namespace) -> dict[str, object]:
    from podhub.log import clusters
    from podhub.log.models import Cluster

    current = _address(clusters.named(arguments.cluster or "default"), arguments.at)
    names = list(dict.fromkeys([current, *Cluster.objects.values_list("name", flat=True)]))
    server = arguments.server.rstrip("/")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": f"podhub-{name}", "cluster": _cluster(f"{server}/clusters/{name}")} for name in names],
        "users": [{"name": "podhub", "user": {"token": arguments.token} if arguments.token else {}}],
        "contexts": [{"name": f"podhub-{name}", "context": {"cluster": f"podhub-{name}", "user": "podhub"}} for name in names],
        "current-context": f"podhub-{current}",
    }


def _cluster(server: str) -> dict[str, object]:
    """Return how a cluster is reached; Kubernetes' client for JavaScript takes http only where no certificate is asked for."""
    return {"server": server} | ({"insecure-skip-tls-verify": True} if server.startswith("http:") else {})


def _address(cluster: object, at: str | None) -> str:
    """Return a cluster's name, with the moment in the form for URLs where one is asked for."""
    from podhub.log import moments
    from podhub.log.models import Cluster

    assert isinstance(cluster, Cluster)
    if at is None:
        return cluster.name
    moment = moments.parse(at, cluster)
    return f"{cluster.name}@{at if at.startswith('seq-') else moments.compact(moment.at)}"
