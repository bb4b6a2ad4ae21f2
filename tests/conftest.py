"""What all tests share: the test database, and servers that are started only where a test asks for them.

SQLite by default; with DATABASE_URL set, everything runs on that database. A server's program that is missing is a failure,
never a skip.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest


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


def program(name: str, *folders: Path) -> str:
    """Return where a server's program is. A test that needs it fails where there is none."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    if not found:
        pytest.fail(f"{name} is not installed: `make system` installs what the tests need")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_connection(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{process.args} does not answer on port {port}")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that is this session's own, without the database's name."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    initdb, postgres = program("initdb", *folders), program("postgres", *folders)
    folder = Path(tempfile.mkdtemp(prefix="podhub-postgresql-"))
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {}
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data, port = folder / "data", free_port()
    made = [initdb, "-D", str(data), "-U", "podhub", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **user)
    options = (
        "listen_addresses=127.0.0.1",
        f"port={port}",
        f"unix_socket_directories={folder}",
        "fsync=off",
        "max_connections=200",
    )
    command = [postgres, "-D", str(data), *(part for option in options for part in ("-c", option))]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)
    try:
        _await_connection(port, process)
        url = f"postgres://podhub@127.0.0.1:{port}"
        _await_ready(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _await_ready(url: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(f"{url}/postgres").close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.fixture
def postgresql(postgresql_server: str) -> Iterator[str]:
    """The DATABASE_URL of a new, empty database in PostgreSQL."""
    name = f"podhub_{uuid4().hex}"
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"{postgresql_server}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The REDIS_URL of a Redis that is this session's own."""
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_connection(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)
