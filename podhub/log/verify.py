"""Whether a log is whole: no gap, nothing altered, every object folds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from lifecycle.core_v1.merge_patch import merge_apply
from podhub.log import codec, fold
from podhub.log.append import KEYFRAME_EVERY, about
from podhub.log.clusters import segments
from podhub.log.fold import Key, Ref
from podhub.log.models import Cluster, Entry
from podhub.log.read import live
from podhub.log.resources import resource_of


class Problem(msgspec.Struct, frozen=True):
    """What is wrong at an entry of a cluster's log."""

    cluster: str
    seq: int
    text: str

    def __str__(self) -> str:
        return f"cluster {self.cluster}: seq {self.seq}: {self.text}"


class _Folded(msgspec.Struct):
    keyframe: int
    patches: int
    object: Any


def verify(cluster: Cluster) -> Iterator[Problem]:
    """Yield what is wrong with a cluster's own entries: those a fork has from its parent are the parent's to verify."""
    cluster.refresh_from_db()
    rows = Entry.objects.filter(cluster_id=cluster.pk, seq__lte=cluster.head).order_by("seq")
    check = _Check(cluster)
    for batch in fold.batched(rows.iterator(chunk_size=500), 500):
        for row in batch:
            yield from check.entry(row)
        yield from check.readers(batch)
    yield from check.end()


class _Check:
    """What is known of a log so far, entry after entry."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.seq, self.at = cluster.parent_seq, cluster.start
        self.hash = _before(cluster)
        self.objects: dict[Key, _Folded] = {}
        self.versions: dict[Ref, bytes] = {}

    def problem(self, seq: int, text: str) -> Problem:
        return Problem(self.cluster.name, seq, text)

    def entry(self, row: Entry) -> Iterator[Problem]:
        yield from self.order(row)
        expected = codec.link(self.hash, [getattr(row, column) for column in codec.COLUMNS], bytes(row.body))
        if expected != bytes(row.hash):
            yield self.problem(row.seq, "altered: its hash is not that of its content and of the entry before it")
        self.seq, self.at, self.hash = row.seq, row.at, bytes(row.hash)
        try:
            content = codec.unpack(row.body)
        except (zlib.error, msgspec.DecodeError, UnicodeDecodeError):
            yield self.problem(row.seq, "its body cannot be read")
            return
        if row.kind == Entry.Kind.CHANGE:
            yield from self.change(row, content)

    def order(self, row: Entry) -> Iterator[Problem]:
        if row.seq != self.seq + 1:
            yield self.problem(row.seq, f"a gap: the entry before it is {self.seq}")
        if row.at < self.at:
            yield self.problem(row.seq, "its moment is before that of the entry before it")
        if row.at > self.cluster.horizon:
            yield self.problem(row.seq, "its moment is beyond the horizon")
        if not 0 <= row.cause < row.seq:
            yield self.problem(row.seq, f"its cause {row.cause} is no earlier entry")

    def change(self, row: Entry, content: Any) -> Iterator[Problem]:
        key = Key(row.resource, row.namespace, row.name)
        if row.keyframe == row.seq:
            folded = _Folded(row.seq, 0, content)
        else:
            before = self.objects.get(key)
            if before is None or before.keyframe != row.keyframe or before.patches >= KEYFRAME_EVERY - 1:
                yield self.problem(row.seq, f"a patch that does not build on the whole copy at {row.keyframe}")
                return
            folded = _Folded(row.keyframe, before.patches + 1, merge_apply(before.object, content))
        if not _filed_rightly(row, folded.object):
            yield self.problem(row.seq, "its object is not the one that its columns name")
            return
        self.versions[Ref(row.cluster_id, row.seq)] = codec.canonical(folded.object)
        self.objects[key] = folded
        if row.type == "DELETED":
            del self.objects[key]

    def readers(self, batch: list[Entry]) -> Iterator[Problem]:
        """Compare what readers get, by one whole copy and the patches after it, with the fold from the very beginning."""
        try:
            stored = fold.stored(self.versions)
        except (zlib.error, msgspec.DecodeError, KeyError):
            yield self.problem(batch[0].seq, "objects of this entry or the 500 after it cannot be read")
        else:
            for ref, data in self.versions.items():
                if stored[ref].data != data:
                    yield self.problem(ref.seq, "readers get another object than the log folds to")
        self.versions = {}

    def end(self) -> Iterator[Problem]:
        newest = Entry.objects.filter(cluster_id=self.cluster.pk).order_by("-seq").values_list("seq", flat=True).first()
        head, _ = live(self.cluster.pk)
        if newest is not None and newest > head:
            yield self.problem(newest, f"an entry beyond the log's head, which is {head}")
        if self.seq != self.cluster.head:
            yield self.problem(self.seq, f"a gap: the log ends here, and its head is {self.cluster.head}")
        elif self.hash != bytes(self.cluster.head_hash):
            yield self.problem(self.seq, "altered: the cluster remembers another hash of its last entry")


def _before(cluster: Cluster) -> bytes:
    """Return the hash that a cluster's own first entry builds on."""
    for piece in segments(cluster)[:-1]:
        row = Entry.objects.filter(cluster_id=piece.cluster_id, seq=cluster.parent_seq).first()
        if row is not None and piece.after < row.seq:
            return bytes(row.hash)
    return codec.beginning(cluster)


def _filed_rightly(row: Entry, obj: Any) -> bool:
    if not isinstance(obj, dict) or not isinstance(obj.get("metadata"), dict) or not isinstance(obj.get("kind"), str):
        return False
    metadata = obj["metadata"]
    named = resource_of(obj), metadata.get("namespace") or "", metadata.get("name"), about(obj, row.resource)
    return named == (row.resource, row.namespace, row.name, row.about)
