"""Commands that need the database: Django set up, its tables there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from podhub.cli.errors import CommandError


def unusable(why: object) -> CommandError:
    """Return what is said of a database that cannot be used: which, why, and where to name another."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    address = f"{database['HOST']}:{database.get('PORT') or 5432}/" if database.get("HOST") else ""
    where = f"the database {address}{database['NAME']}"
    return CommandError(f"error: {where} cannot be used: {str(why).strip()}; DATABASE_URL may name another")


def has_tables() -> bool:
    """Say whether the database has tables of PodHub's. Raises: CommandError where a newer PodHub made them, DatabaseError."""
    from django.apps import apps
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    own = {
        config.label: Path(config.path, "migrations") for config in apps.get_app_configs() if config.name.startswith("podhub.")
    }
    applied = [step for step in MigrationRecorder(connection).applied_migrations() if step[0] in own]
    newer = sorted(f"{label}.{name}" for label, name in applied if not (own[label] / f"{name}.py").exists())
    if newer:
        raise unusable(f"a newer PodHub has changed it ({', '.join(newer)}): use that version")
    return bool(applied)


def ready() -> Any:
    """Set Django up, bring the database's tables up to date, and return the settings. Raises: CommandError."""
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import DatabaseError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")
    try:
        django.setup()
        has_tables()
        _migrate()
    except ImproperlyConfigured as wrong:
        raise CommandError(f"error: {wrong}") from None
    except DatabaseError as wrong:
        raise unusable(wrong) from None
    from django.conf import settings

    return settings


def _migrate() -> None:
    from django.core.management import call_command

    if not _migrated():
        with _one_at_a_time():
            if not _migrated():
                call_command("migrate", interactive=False, verbosity=0)


def _migrated() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait until no other process on this machine makes the same tables: two commands may both be the first."""
    from django.conf import settings

    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.DATA_DIR / "migrate.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
