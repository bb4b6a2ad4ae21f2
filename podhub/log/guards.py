"""Triggers that refuse to alter or remove what the log holds, in SQLite and in PostgreSQL.

Refused with an IntegrityError on both: UPDATE of an entry; DELETE of an entry or a cluster, but for a cluster that an open row
of `log_drop` names (`retention.drop`); on PostgreSQL TRUNCATE of entries and clusters, which row triggers never see; and any
change of a row of `log_drop` but its closing.
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

_RULES = (
    # name, table, what, allowed when, the text
    ("log_entry_update", "log_entry", "UPDATE", "", "an entry of the log is never altered"),
    ("log_entry_delete", "log_entry", "DELETE", _OPEN.format(id="cluster_id"), "an entry of the log is never removed"),
    ("log_cluster_delete", "log_cluster", "DELETE", _OPEN.format(id="id"), "a cluster goes by retention.drop alone"),
    ("log_drop_update", "log_drop", "UPDATE", _CLOSING, "the record of a drop is never altered"),
    ("log_drop_delete", "log_drop", "DELETE", "", "the record of a drop is never removed"),
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
        for name, table, *_ in _RULES:
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}" + ("" if sqlite else f" ON {table}"))
        for table in () if sqlite else _TRUNCATE:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_truncate ON {table}")


def _statements(vendor: str) -> list[str]:
    if vendor == "sqlite":
        return [
            _SQLITE.format(name=name, what=what, table=table, text=text, when=f"WHEN NOT ({allowed})" if allowed else "")
            for name, table, what, allowed, text in _RULES
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
