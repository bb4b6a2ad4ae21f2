"""Triggers that refuse to alter or remove what the log holds, in SQLite and in PostgreSQL.

Refused with an IntegrityError on both: UPDATE of an entry; DELETE of an entry or a cluster, but for a cluster that an open row
of `log_drop` names (`retention.drop`); UPDATE of what a cluster's log began with, or of its head or horizon to a lesser one;
and any change of a row of `log_drop` but its closing. On PostgreSQL TRUNCATE, which row triggers never see; on SQLite REPLACE,
which removes what is in its way without a word to the triggers of DELETE.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_OPEN = "EXISTS (SELECT 1 FROM log_drop WHERE cluster_id = OLD.{id} AND open)"
_CLOSING = " AND ".join(
    ["OLD.open AND NOT NEW.open"]
    + [
        f"OLD.{column} = NEW.{column}"
        for column in ("cluster_id", "name", "head", "head_hash", "dropped_by", "reason", "dropped_at")
    ]
)
_GROWING = " AND ".join(
    ["NEW.head >= OLD.head", "NEW.horizon >= OLD.horizon", "COALESCE(NEW.parent_id, 0) = COALESCE(OLD.parent_id, 0)"]
    + [f"NEW.{column} = OLD.{column}" for column in ("id", "name", "kind", "parent_seq", "start", "seed", "config")]
)
_FREE = "NOT EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id{or_else})"

_RULES = (
    # name, table, what, allowed when, the text
    ("log_entry_update", "log_entry", "UPDATE", "", "an entry of the log is never altered"),
    ("log_entry_delete", "log_entry", "DELETE", _OPEN.format(id="cluster_id"), "an entry of the log is never removed"),
    ("log_cluster_update", "log_cluster", "UPDATE", _GROWING, "a log neither shrinks nor begins otherwise"),
    ("log_cluster_delete", "log_cluster", "DELETE", _OPEN.format(id="id"), "a cluster goes by retention.drop alone"),
    ("log_drop_update", "log_drop", "UPDATE", _CLOSING, "the record of a drop is never altered"),
    ("log_drop_delete", "log_drop", "DELETE", "", "the record of a drop is never removed"),
)
_SQLITE_RULES = (
    (
        "log_entry_replace",
        "log_entry",
        "INSERT",
        _FREE.format(table="log_entry", or_else=" OR (cluster_id = NEW.cluster_id AND seq = NEW.seq)"),
        "an entry of the log is never replaced",
    ),
    (
        "log_cluster_replace",
        "log_cluster",
        "INSERT",
        _FREE.format(table="log_cluster", or_else=" OR name = NEW.name"),
        "a cluster is never replaced",
    ),
    (
        "log_drop_replace",
        "log_drop",
        "INSERT",
        _FREE.format(table="log_drop", or_else=""),
        "the record of a drop is never replaced",
    ),
)
_TRUNCATE = ("log_entry", "log_cluster", "log_drop")

_SQLITE = """
CREATE TRIGGER {name} BEFORE {what} ON {table} {when}
BEGIN SELECT RAISE(ABORT, '{text}'); END
"""

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$
"""

_POSTGRESQL_ALLOWED = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {allowed} THEN RETURN {row}; END IF;
  RAISE EXCEPTION '{text}' USING ERRCODE = 'restrict_violation';
END $$
"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the guards up; they must not stand yet."""
    with connection.cursor() as cursor:
        for statement in _statements(connection.vendor):
            cursor.execute(statement)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Take the guards away, for a test database that has to be emptied; that they are not there is no mistake."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        for name, table, *_ in _RULES + _SQLITE_RULES if sqlite else _RULES:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if sqlite else f" ON {table}"))
        for table in () if sqlite else _TRUNCATE:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_truncate ON {table}")


def _statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [
            _SQLITE.format(name=name, what=what, table=table, text=text, when=f"WHEN NOT ({allowed})" if allowed else "")
            for name, table, what, allowed, text in _RULES + _SQLITE_RULES
        ]
    if vendor == "postgresql":
        return [_POSTGRESQL_FUNCTION, *(line for rule in _RULES for line in _postgresql(*rule)), *map(_truncate, _TRUNCATE)]
    raise NotImplementedError(f"the log's guards are written for SQLite and PostgreSQL, not for {vendor}")


def _postgresql(name: str, table: str, what: str, allowed: str, text: str) -> list[str]:
    if not allowed:
        return [f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION log_refuse('{text}')"]
    row = "OLD" if what == "DELETE" else "NEW"
    return [
        _POSTGRESQL_ALLOWED.format(name=name, allowed=allowed, row=row, text=text),
        f"CREATE TRIGGER {name} BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _truncate(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION log_refuse('the log is never truncated')"
    )
