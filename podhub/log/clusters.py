"""Making clusters, forking them, and finding them."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec
from django.db import IntegrityError, transaction

from lifecycle import wire
from lifecycle.clock import Micros
from podhub.log import codec
from podhub.log.errors import BadName, NameTaken, NoSuchCluster, NotYet
from podhub.log.models import CLUSTER_NAME, Cluster, Entry


class Segment(NamedTuple):
    """A stretch of a cluster's log: the rows of `cluster_id` with after < seq <= upto (None: to the end)."""

    cluster_id: int
    after: int
    upto: int | None


def check_name(name: str) -> None:
    """Raises: BadName where a cluster cannot be called so."""
    if not re.fullmatch(CLUSTER_NAME, name):
        raise BadName(f"{name!r} is no name for a cluster: use 1 to 63 of a-z, 0-9 and '-', and neither begin nor end with '-'")


def create(name: str, config: wire.Config, *, engine_version: str, wall: Micros, speed: str = "1x") -> Cluster:
    """Make a simulated cluster with an empty log. `wall` is the wall moment that its clock starts at.

    Raises: BadName, NameTaken.
    """
    return _saved(
        Cluster(
            name=name,
            start=config.start,
            config=codec.canonical(config).decode(),
            seed=config.seed,
            engine_version=engine_version,
            horizon=config.start - 1,
            speed=speed,
            clock_at=config.start,
            clock_since=wall,
        )
    )


def create_recorded(name: str, start: Micros, *, lease_token: str = "") -> Cluster:
    """Make a cluster for what a real one does, with an empty log. Raises: BadName, NameTaken."""
    kind = Cluster.Kind.RECORDED
    return _saved(Cluster(name=name, kind=kind, start=start, horizon=start - 1, clock_at=start, lease_token=lease_token))


def fork(parent: Cluster, seq: int, name: str, *, wall: Micros, at: Micros | None = None) -> Cluster:
    """Make a cluster whose log begins as the first `seq` entries of another; nothing is copied.

    Its clock stands at `at`, or else at the last of these entries. The fork of a recording is a shorter recording: no engine
    goes on with it. Raises: BadName, NameTaken, NotYet.
    """
    parent.refresh_from_db()
    if not 0 <= seq <= parent.head:
        raise NotYet(f"seq-{seq}", parent.horizon)
    last = _row(parent, seq)
    moment = max(last.at if last else parent.start, parent.start if at is None else min(at, parent.horizon))
    return _saved(
        Cluster(
            name=name,
            kind=parent.kind,
            read_only=parent.kind == Cluster.Kind.RECORDED,
            parent=parent,
            parent_seq=seq,
            start=parent.start,
            config=parent.config,
            seed=parent.seed,
            engine_version=parent.engine_version,
            head=seq,
            head_hash=bytes(last.hash) if last else codec.beginning(parent),
            horizon=moment if _is_whole(parent, seq, moment) else moment - 1,
            speed=parent.speed,
            clock_at=moment,
            clock_since=wall,
        )
    )


def _is_whole(parent: Cluster, seq: int, moment: Micros) -> bool:
    """Say whether all entries of a moment are among the first `seq`; the rest of a split one is yet to come in a fork, too."""
    following = _row(parent, seq + 1)
    return moment <= parent.horizon and (following is None or following.at > moment)


def named(name: str) -> Cluster:
    """Return the cluster of this name. Raises: NoSuchCluster."""
    try:
        return Cluster.objects.select_related("parent").get(name=name)
    except Cluster.DoesNotExist:
        raise NoSuchCluster(name) from None


def configuration(cluster: Cluster) -> wire.Config:
    """Return what a simulated cluster was made with."""
    return msgspec.json.decode(cluster.config, type=wire.Config)


def segments(cluster: Cluster) -> tuple[Segment, ...]:
    """Return where a cluster's entries stand, the oldest first: its ancestors' rows, then its own."""
    own = Segment(cluster.pk, cluster.parent_seq, None)
    if cluster.parent is None:
        return (own,)
    inherited = (piece for piece in segments(cluster.parent) if piece.after < cluster.parent_seq)
    upto = cluster.parent_seq
    return (*(piece._replace(upto=upto if piece.upto is None else min(piece.upto, upto)) for piece in inherited), own)


def _row(cluster: Cluster, seq: int) -> Entry | None:
    for piece in segments(cluster):
        if piece.after < seq and (piece.upto is None or seq <= piece.upto):
            return Entry.objects.filter(cluster_id=piece.cluster_id, seq=seq).first()
    return None


def _saved(cluster: Cluster) -> Cluster:
    check_name(cluster.name)
    if not cluster.head_hash:
        cluster.head_hash = codec.beginning(cluster)
    try:
        with transaction.atomic():
            cluster.save(force_insert=True)
    except IntegrityError:
        raise NameTaken(cluster.name) from None
    return cluster
