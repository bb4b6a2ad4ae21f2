"""What containers wrote: the log's `output` traces, put together again, one text for each time that a container ran."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from lifecycle.clock import Micros
from podhub.log.models import Cluster
from podhub.log.read import Line, about


class Written(msgspec.Struct, frozen=True):
    """A piece of output, as it was written at once."""

    seq: int
    at: Micros
    stream: str
    text: str


def container_output(cluster: Cluster, uid: str, container: str, upto: int | None = None) -> list[list[Written]]:
    """Return what a Pod's container wrote up to a seq: a list for each run that has ended, and one for what came since."""
    return runs(about(cluster, uid, types=("output", "exit"), upto=upto), container)


def runs(lines: Iterable[Line], container: str) -> list[list[Written]]:
    """Split the traces of a Pod at the exits of a container."""
    found: list[list[Written]] = [[]]
    for line in lines:
        if line.content.get("container", "") != container:
            continue
        if line.type == "exit":
            found.append([])
        else:
            found[-1].append(Written(line.seq, line.at, line.content["stream"], line.content["text"]))
    return found
