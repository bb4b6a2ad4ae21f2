"""Servers that tests and benchmarks start for themselves: PostgreSQL and Redis, each in a folder and on a port of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg


class Missing(Exception):
    """A server is not installed, or does not come up."""


def program(name: str, *folders: Path) -> str:
    """Return where a server's program is. Raises: Missing."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)]))
    if not found:
        raise Missing(f"{name} is not installed: `make system` installs what the tests need")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server; give its URL without a database's name."""
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


@contextmanager
def database(server: str) -> Iterator[str]:
    """Make a new, empty database in a PostgreSQL server; give its DATABASE_URL."""
    name = f"podhub_{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server; give its REDIS_URL."""
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_connection(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)


def _await_connection(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Missing(f"{process.args!r} does not answer on port {port}")


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
