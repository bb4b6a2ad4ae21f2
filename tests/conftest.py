"""What all tests share: the test database, and servers that are started only where a test asks for them.

SQLite by default; with DATABASE_URL set, everything runs on that database. A server's program that is missing is a failure,
never a skip.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests import servers


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep SQLite's test database in a file, as in life: one in memory locks otherwise than one that is shared by threads."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    else:
        connection.settings_dict["TEST"]["NAME"] = f"test_{uuid4().hex}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Lift the log's guards, for they refuse what empties the database after a test; `guarded` puts them up again."""
    from django.db import connection

    from podhub.log import guards

    with django_db_blocker.unblock():
        guards.lift(connection)
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            connection.close_pool()


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash passwords quickly: each costs a good second otherwise, as it should in life."""
    from django.test import override_settings

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def guarded(transactional_db: None) -> Iterator[None]:
    """The database as it is in life, with the log's guards."""
    from django.db import connection

    from podhub.log import guards

    guards.install(connection)
    yield
    guards.lift(connection)


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    """Forget what was read of logs: the next test's clusters may have the same ids."""
    yield
    from podhub.log import read

    read.forget()


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that is this session's own, without the database's name."""
    with servers.postgresql() as url:
        yield url


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """The DATABASE_URL of a new, empty database in PostgreSQL."""
    with servers.database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The REDIS_URL of a Redis that is this session's own."""
    with servers.redis() as url:
        yield url
