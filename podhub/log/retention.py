"""The one way out of the log: a whole cluster, dropped on purpose and written down."""

from __future__ import annotations

from django.db import transaction

from podhub.log.errors import HasForks
from podhub.log.models import Cluster, Drop, Entry, Snapshot


def drop(cluster: Cluster, *, by: str = "", reason: str = "") -> Drop:
    """Remove a cluster with its entries and snapshots; what stays is a row that says so.

    The guards let exactly this cluster's rows go while that row is open, which nobody outside the transaction ever sees.
    Raises: HasForks where other clusters begin with this one's entries.
    """
    with transaction.atomic():
        row = Cluster.objects.select_for_update().get(pk=cluster.pk)
        forks = list(row.forks.values_list("name", flat=True))
        if forks:
            raise HasForks(f"cluster {row.name!r} cannot be dropped while its forks stand: {', '.join(forks)}")
        record = Drop.objects.create(
            cluster_id=row.pk, name=row.name, head=row.head, head_hash=bytes(row.head_hash), dropped_by=by, reason=reason
        )
        Snapshot.objects.filter(cluster_id=row.pk).delete()
        Entry.objects.filter(cluster_id=row.pk)._raw_delete("default")
        row.delete()
        record.open = False
        record.save(update_fields=["open"])
    return record
