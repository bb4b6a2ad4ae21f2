"""The log is append-only: the database itself refuses anything else."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from podhub.log import clusters, retention
from podhub.log.errors import HasForks
from podhub.log.models import Cluster, Drop, Entry, Snapshot
from tests.podhub.log.making import change, leased, pod, write

pytestmark = pytest.mark.usefixtures("guarded")

WRONGS = {
    "altering an entry": "UPDATE log_entry SET at = 0",
    "altering an entry's body": "UPDATE log_entry SET body = hash",
    "removing an entry": "DELETE FROM log_entry",
    "removing a cluster": "DELETE FROM log_cluster",
    "shortening a log": "UPDATE log_cluster SET head = 0",
    "forgetting what was known": "UPDATE log_cluster SET horizon = horizon - 1",
    "beginning a log otherwise": "UPDATE log_cluster SET seed = 1",
    "renaming a cluster": "UPDATE log_cluster SET name = 'other'",
}


def refused(statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", WRONGS.values(), ids=WRONGS)
def test_the_database_refuses(statement: str) -> None:
    write(leased(), [change(1, pod(), "ADDED")])
    before = list(Entry.objects.values_list())
    refused(statement)
    assert list(Entry.objects.values_list()) == before
    assert Cluster.objects.count() == 1


def test_djangos_own_ways_are_refused_too() -> None:
    write(leased(), [change(1, pod(), "ADDED")])
    for wrong in (lambda: Entry.objects.all().delete(), lambda: Entry.objects.update(at=1), lambda: Entry.objects.get().save()):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()
    assert Entry.objects.count() == 1


def test_postgresql_refuses_to_truncate() -> None:
    write(leased(), [change(1, pod(), "ADDED")])
    if connection.vendor == "postgresql":
        refused("TRUNCATE log_entry")
        refused("TRUNCATE log_cluster CASCADE")
    else:
        # SQLite knows no TRUNCATE; it may turn a DELETE without WHERE into one, but not where there are triggers.
        refused("DELETE FROM log_entry")
    assert Entry.objects.count() == 1


def test_nothing_replaces_what_is_there() -> None:
    """SQLite's REPLACE removes the row that is in its way; PostgreSQL knows no such thing, but an upsert, which alters it."""
    write(leased(), [change(1, pod(), "ADDED")])
    retention.drop(leased("gone"))
    rows = [list(model.objects.values_list()) for model in (Entry, Cluster, Drop)]
    for model in (Entry, Cluster, Drop):
        table, columns = model._meta.db_table, ", ".join(field.column for field in model._meta.fields)
        without_id = columns.removeprefix("id, ")
        if connection.vendor == "sqlite":
            refused(f"REPLACE INTO {table} SELECT * FROM {table}")
            if model is not Drop:
                refused(f"REPLACE INTO {table} ({without_id}) SELECT {without_id} FROM {table}")
        else:
            insert = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}"
            column = "name = 'other'" if model is not Entry else "at = 0"
            refused(f"{insert} ON CONFLICT (id) DO UPDATE SET {column}")
    assert [list(model.objects.values_list()) for model in (Entry, Cluster, Drop)] == rows


def test_dropping_a_cluster_takes_its_rows_and_no_others() -> None:
    cluster, other = write(leased(), [change(1, pod(), "ADDED")]), write(leased("other"), [change(1, pod(), "ADDED")])
    for each in (cluster, other):
        Snapshot.objects.create(cluster_id=each.pk, seq=1, at=0, engine_version="1", data=b"")
    record = retention.drop(cluster, by="alice", reason="no longer needed")
    assert list(Cluster.objects.values_list("name", flat=True)) == ["other"]
    assert list(Entry.objects.values_list("cluster_id", flat=True)) == [other.pk]
    assert list(Snapshot.objects.values_list("cluster_id", flat=True)) == [other.pk]
    assert (record.name, record.head, record.dropped_by, record.open) == ("default", 1, "alice", False)
    refused("DELETE FROM log_entry")


def test_the_record_of_a_drop_is_never_altered() -> None:
    retention.drop(leased())
    refused("UPDATE log_drop SET name = 'another'")
    refused("UPDATE log_drop SET open = 1" if connection.vendor == "sqlite" else "UPDATE log_drop SET open = true")
    refused("DELETE FROM log_drop")
    assert Drop.objects.get().name == "default"


def test_a_drop_that_fails_on_its_way_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = write(leased(), [change(1, pod(), "ADDED")])

    def fail(self: Cluster) -> None:
        raise RuntimeError

    monkeypatch.setattr(Cluster, "delete", fail)
    with pytest.raises(RuntimeError):
        retention.drop(cluster)
    assert (Entry.objects.count(), Drop.objects.count()) == (1, 0)
    refused("DELETE FROM log_entry")


def test_what_forks_begin_with_cannot_be_dropped() -> None:
    parent = write(leased(), [change(1, pod(), "ADDED")])
    fork = clusters.fork(parent, 1, "fork", wall=0)
    with pytest.raises(HasForks, match="fork"):
        retention.drop(parent)
    retention.drop(fork)
    retention.drop(parent)
    assert not Entry.objects.exists()


def test_a_new_cluster_never_gets_the_id_of_a_dropped_one() -> None:
    first = leased()
    retention.drop(first)
    assert leased().pk > first.pk
