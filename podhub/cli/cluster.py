"""`podhub cluster`: make, list and drop clusters, set the speed of their clocks, and have their time go on by so much."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifecycle.clock import HOUR, Micros, parse_go_duration, parse_moment, rfc3339
from podhub.cli.apply import server_error
from podhub.cli.database import ready
from podhub.cli.errors import CommandError
from podhub.cli.log_source import as_of, told

if TYPE_CHECKING:
    from podhub.log.models import Cluster


LOOK_SECONDS = 0.02
"""How often is looked how far a server has brought a cluster."""

FIRST = ("nodes", "images", "seed", "start")
"""What is decided before a cluster's first moment."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a cluster")
    create.add_argument("name", metavar="NAME", help="a DNS label")
    create.add_argument("--nodes", metavar="N|FILE", help="how many nodes, or a file of v1 Nodes (JSON) (1)")
    create.add_argument("--images", metavar="FILE", help="what its nodes find when they pull images, as for podhub run")
    create.add_argument("--seed", type=int, help="where ids, names and jitter come from (0)")
    create.add_argument("--speed", help="1x, 10x, 60x, another number, max or paused (1x; a fork: as its origin)")
    create.add_argument("--start", metavar="TIME", help="its first moment, RFC 3339 (now)")
    create.add_argument(
        "--from", dest="origin", metavar="CLUSTER[@TIME]", help="fork another cluster, as it is or was at a moment such as 35s"
    )
    actions.add_parser("list", help="list the clusters")
    drop = actions.add_parser("drop", help="remove a cluster, its whole log with it")
    drop.add_argument("name", metavar="NAME")
    drop.add_argument("--reason", default="", help="kept in the list of drops")
    speed = actions.add_parser("speed", help="show or set a clock's speed")
    speed.add_argument("name", metavar="NAME")
    speed.add_argument("speed", metavar="SPEED", nargs="?", help="1x, 10x, 60x, another number, max or paused")
    speed.add_argument("--until", default="", metavar="TIME", help="with max: where to stop (2m from the start, RFC 3339)")
    advance = actions.add_parser("advance", help="have a cluster's time go on by so much, as fast as possible, and wait for it")
    advance.add_argument("name", metavar="NAME")
    advance.add_argument("span", metavar="SPAN", help="30s, 2m or 1h30m; then its clock goes on at its speed, or stands still")


def run(arguments: argparse.Namespace) -> int:
    """Do it; return 1 where that is refused."""
    ready()
    with told():
        return _ACTIONS[arguments.action](arguments)


def _create(arguments: argparse.Namespace) -> int:
    from podhub.cli.requests import read_images
    from podhub.runs.clusters import create_cluster

    if arguments.origin is not None:
        return _fork(arguments)
    images = read_images(arguments.images) if arguments.images else {}
    start = _moment(arguments.start, "--start") if arguments.start else None
    try:
        cluster = create_cluster(
            arguments.name,
            nodes=_nodes(arguments.nodes or "1"),
            images=images,
            seed=arguments.seed or 0,
            speed=arguments.speed or "1x",
            start=start,
        )
    except (ValueError, OverflowError) as wrong:
        raise CommandError(f"error: {wrong}") from None
    print(f"cluster/{cluster.name} created")
    return 0


def _fork(arguments: argparse.Namespace) -> int:
    from podhub.runs.clusters import fork_cluster

    if given := [option for option in FIRST if getattr(arguments, option) is not None]:
        raise CommandError(f"error: --{given[0]} and --from exclude each other: a fork begins as the other cluster did")
    name, _, at = arguments.origin.partition("@")
    parent = as_of(name, at or None)
    try:
        fork = fork_cluster(parent.cluster, parent.seq, arguments.name, at=parent.now, speed=arguments.speed or "")
    except ValueError as wrong:
        raise CommandError(f"error: {wrong}") from None
    print(f"cluster/{fork.name} created")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    from podhub.log.models import Cluster

    rows = [("NAME", "KIND", "SPEED", "HEAD", "START", "NOW"), *(_row(cluster) for cluster in Cluster.objects.all())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(cluster: Cluster) -> tuple[str, ...]:
    from podhub.runs.clock import clock_of

    clock = clock_of(cluster).now(time.time_ns() // 1000) if cluster.takes_requests else cluster.horizon
    speed = "read-only" if cluster.read_only else cluster.speed
    start, now = rfc3339(cluster.start), rfc3339(max(cluster.horizon, clock))
    return cluster.name, cluster.kind, speed, str(cluster.head), start, now


def _drop(arguments: argparse.Namespace) -> int:
    from podhub.log import clusters
    from podhub.runs.clusters import drop_cluster

    drop_cluster(clusters.named(arguments.name), reason=arguments.reason)
    print(f'cluster "{arguments.name}" dropped')
    return 0


def _speed(arguments: argparse.Namespace) -> int:
    from podhub.log import clusters, moments
    from podhub.runs.clusters import set_speed

    cluster = clusters.named(arguments.name)
    if arguments.speed is None:
        print(cluster.speed)
        return 0
    if arguments.until and arguments.speed != "max":
        raise CommandError("error: --until says where a clock at max is to stop; other speeds do not stop")
    until = moments.time_of(arguments.until, cluster) if arguments.until else None
    if until is not None and until < cluster.horizon:
        raise CommandError(f"error: --until: {arguments.until} is over: the cluster is at {rfc3339(cluster.horizon)}")
    answer = set_speed(cluster, arguments.speed, until)
    if answer.code >= 400:
        raise CommandError(server_error(answer))
    print(f"cluster/{cluster.name} {arguments.speed}")
    return 0


def _advance(arguments: argparse.Namespace) -> int:
    """Play a span of a cluster's time at once. Its clock then goes on at the speed it had; at `max` it stands there."""
    from podhub.runs.clusters import set_speed

    cluster, now, _ = as_of(arguments.name, None)
    before, until = cluster.speed, now + _span(arguments.span)
    for speed, stop in (("max", until), (before, None)):
        if speed == before == "max" and stop is None:
            break
        answer = set_speed(cluster, speed, stop)
        if answer.code >= 400:
            raise CommandError(server_error(answer))
        _play_until(cluster, until)
    print(f"cluster/{cluster.name} advanced to {rfc3339(until)}")
    return 0


def _play_until(cluster: Cluster, until: Micros) -> None:
    """Return once a cluster's log is known up to a moment; where no server plays it, it is played here."""
    from podhub.runs.advance import advance
    from podhub.runs.answers import read_only

    while cluster.horizon < until:
        if not advance(cluster.pk):
            time.sleep(LOOK_SECONDS)
        cluster.refresh_from_db()
        if cluster.read_only:
            raise CommandError(server_error(read_only(cluster)))


def _span(text: str) -> Micros:
    try:
        span = parse_go_duration(text)
    except ValueError:
        span = 0
    if not 0 < span <= LONGEST:
        raise CommandError(f"error: {text!r} is no span to advance by: give 30s, 2m or 1h30m, {LONGEST // HOUR}h at most")
    return span


def _moment(text: str, option: str) -> Micros:
    try:
        return parse_moment(text)
    except ValueError as wrong:
        raise CommandError(f"error: {option}: {wrong}") from None


def _nodes(text: str) -> list[dict[str, Any]]:
    """Return as many nodes as a number says, or those of a file: a v1 Node, or a List of them."""
    from lifecycle.controllers.bootstrap import default_node

    if text.isdigit():
        if not 1 <= int(text) <= MOST_NODES:
            raise CommandError(f"error: --nodes: give 1 to {MOST_NODES}")
        return [default_node(f"node{number}") for number in range(1, int(text) + 1)]
    try:
        document = json.loads(Path(text).read_bytes())
    except OSError as wrong:
        raise CommandError(f"error: --nodes: the path {text!r} cannot be read: {wrong.strerror}") from None
    except (ValueError, RecursionError) as wrong:
        raise CommandError(f"error: --nodes: {text}: not JSON: {wrong}") from None
    items = document.get("items", [document]) if isinstance(document, dict) else document
    named = isinstance(items, list) and items and all(_is_node(item) for item in items)
    if not named:
        raise CommandError(f"error: --nodes: {text}: expected v1 Nodes, each with kind and metadata.name")
    return list(items)


def _is_node(item: Any) -> bool:
    return isinstance(item, dict) and item.get("kind") == "Node" and isinstance((item.get("metadata") or {}).get("name"), str)


MOST_NODES = 1000

LONGEST = 365 * 24 * HOUR

_ACTIONS = {"advance": _advance, "create": _create, "list": _list, "drop": _drop, "speed": _speed}
