"""Commands that need the database: Django set up, its tables there."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from podhub.cli.objects import CommandError


def ready() -> Any:
    """Set Django up, bring the database's tables up to date, and return the settings. Raises: CommandError."""
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.db.utils import DatabaseError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")
    try:
        django.setup()
        _migrate()
    except ImproperlyConfigured as wrong:
        raise CommandError(f"error: {wrong}") from None
    except DatabaseError as wrong:
        raise CommandError(f"error: the database cannot be used: {str(wrong).strip()}") from None
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
