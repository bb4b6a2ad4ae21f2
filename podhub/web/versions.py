"""What is made of versions of objects: once for each of them, and only for that is one read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from podhub.log import read
from podhub.log.fold import Ref
from podhub.web.renders import renders

T = TypeVar("T")


def each(kind: str, cluster_id: int, refs: Sequence[Ref], make: Callable[[read.Version], T]) -> list[T]:
    """Return what `make` makes of these versions, in order. `kind` names it: what is kept is found again by it."""
    key = (kind, cluster_id)
    new = [ref for ref in refs if (*key, ref.seq) not in renders]
    unseen = dict(zip(new, read.versions_of(new), strict=True))

    def made(ref: Ref) -> T:
        return make(unseen[ref] if ref in unseen else read.versions_of([ref])[0])

    return [renders.get((*key, ref.seq), lambda ref=ref: made(ref)) for ref in refs]  # type: ignore[misc]
