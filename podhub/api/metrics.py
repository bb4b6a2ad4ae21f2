"""`/clusters/NAME/metrics`: what has been asked of a cluster's API in this process, and how far the cluster has come.

Series that kube-apiserver has too are named and labelled as there.
Kubernetes: apiserver/pkg/endpoints/metrics, apiserver/pkg/storage/etcd3/metrics; Prometheus: the text format, version 0.0.4
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from lifecycle.apiserver.refused import Refused
from lifecycle.apiserver.resources import RESOURCES, Target
from lifecycle.core_v1 import status
from podhub.api.address import Address
from podhub.api.http import Reply
from podhub.api.threads import on_thread

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

VERBS = {
    **{verb: verb.upper() for verb in ("delete", "deletecollection", "get", "list", "patch", "watch")},
    "create": "POST",
    "update": "PUT",
}
"""How the API server's metrics call verbs; any other is "other", so that nobody can make up new series."""

CONNECTING = ("attach", "exec", "portforward", "proxy")


class Asked(NamedTuple):
    """A kind of request: to which cluster, and the labels of its series."""

    cluster: str
    verb: str
    group: str
    version: str
    resource: str
    subresource: str
    scope: str


class Answered:
    """How requests have been answered, by kind and code, and which are being answered."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[Asked, int]] = Counter()
        self.running: Counter[Asked] = Counter()

    @contextmanager
    def counting(self, asked: Asked) -> Iterator[list[int]]:
        """Count a request once it has been answered; its code, if it is not 200, is put into the list."""
        codes = [200]
        self.running[asked] += 1
        try:
            yield codes
        except Refused as refused:
            codes.append(refused.status.code)
            raise
        finally:
            self.running[asked] -= 1
            self.requests[asked, codes[-1]] += 1


answered = Answered()


def asked(cluster: str, verb: str, about: Target) -> Asked:
    """Return the kind of a request."""
    group, _, version = about.kind.group_version.rpartition("/")
    scope = "resource" if about.name else "namespace" if about.namespace else "cluster"
    named = "CONNECT" if about.subresource in CONNECTING else VERBS.get(verb, "other")
    return Asked(cluster, named, group, version, about.kind.plural, about.subresource, scope)


async def answer(address: Address) -> Reply:
    """Return the metrics of a cluster as it is now. Raises: Refused where it is asked about the past."""
    if address.moment is not None:
        raise Refused(status.no_such_path())
    counts = await on_thread(lambda: {resource: address.view.count(resource) for resource in _resources()})
    lines = [*_requests(address.cluster.name), *_objects(counts), *_cluster(address)]
    return Reply(200, ("\n".join(lines) + "\n").encode(), CONTENT_TYPE)


def _resources() -> list[str]:
    return sorted({plural for (_, plural), resource in RESOURCES.items() if "list" in resource.verbs})


def _requests(cluster: str) -> Iterator[str]:
    yield from _head("apiserver_request_total", "counter", "Counter of apiserver requests.")
    for (one, code), number in sorted(answered.requests.items()):
        if one.cluster == cluster:
            yield _line("apiserver_request_total", {"code": str(code), "component": "apiserver", **_labels(one)}, number)
    yield from _head("apiserver_longrunning_requests", "gauge", "Gauge of the requests that last: watches and connections.")
    for one, number in sorted(answered.running.items()):
        if one.cluster == cluster and one.verb in ("WATCH", "CONNECT"):
            yield _line("apiserver_longrunning_requests", {"component": "apiserver", **_labels(one)}, number)


def _labels(one: Asked) -> dict[str, str]:
    return {name: value for name, value in one._asdict().items() if name != "cluster"}


def _objects(counts: Mapping[str, int]) -> Iterator[str]:
    yield from _head("apiserver_storage_objects", "gauge", "Number of stored objects by resource.")
    for resource, number in counts.items():
        yield _line("apiserver_storage_objects", {"resource": resource}, number)


def _cluster(address: Address) -> Iterator[str]:
    cluster = address.cluster
    yield from _head("podhub_log_entries_total", "counter", "Entries of the cluster's log.")
    yield _line("podhub_log_entries_total", {}, cluster.head)
    yield from _head("podhub_cluster_time_seconds", "gauge", "The cluster's own time, in seconds since 1970.")
    yield _line("podhub_cluster_time_seconds", {}, address.now / 1e6)
    yield from _head("podhub_cluster_lag_seconds", "gauge", "By how much what is known of the cluster is behind its clock.")
    yield _line("podhub_cluster_lag_seconds", {}, (address.now - cluster.horizon) / 1e6)


def _head(name: str, type: str, text: str) -> tuple[str, str]:
    return f"# HELP {name} {text}", f"# TYPE {name} {type}"


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    shown = ",".join(f'{label}="{text}"' for label, text in sorted(labels.items()))
    return f"{name}{{{shown}}} {value}" if shown else f"{name} {value}"
