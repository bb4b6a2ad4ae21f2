"""Whose requests are served, pages' and sockets' alike; the API's own answers to others stand in api/test_answers.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from podhub import sites
from podhub.asgi import application

HERE = "127.0.0.1:8000"


@pytest.mark.parametrize(
    "origin",
    [
        *("", "null", "//", "http://", "http://[", f"http://[::1{HERE}", HERE, f"ftp://{HERE}", "http://127.0.0.1:8001"),
        *("http://evil.example", f"http://evil.example/{HERE}", f"http://{HERE}.evil.example", f"http://evil@{HERE}"),
    ],
)
def test_no_other_origin_is_taken_for_this_sites(origin: str) -> None:
    assert not sites.is_own_origin(origin, HERE)


def test_a_sites_own_origin_and_a_trusted_one_are_known(settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://podhub.example"]
    assert sites.is_own_origin(f"http://{HERE}", HERE)
    assert sites.is_own_origin(f"https://{HERE}", HERE)
    assert sites.is_own_origin("https://podhub.example", "web:8000")
    assert not sites.is_own_origin("http://", "")


@pytest.mark.parametrize(("host", "own"), [(HERE, True), ("localhost", True), ("[::1]:8000", True), ("testserver", False)])
def test_loopback_names_are_this_servers(settings: Any, host: str, own: bool) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    assert sites.is_own_host(host) == own


@pytest.mark.parametrize("host", ["evil.example", "[", "a@localhost", ""])
@pytest.mark.parametrize("path", ["/", "/c/default/", "/login/", "/admin/", "/nowhere"])
def test_a_page_under_a_foreign_name_is_refused(client: Client, host: str, path: str) -> None:
    for answer in (client.get(path, headers={"host": host}), client.post(path, {}, headers={"host": host})):
        assert answer.status_code == 400
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "Invalid HTTP_HOST header" in answer.content.decode()


async def said_to(client: tuple[str, int] | None, type: str, path: str = "/healthz") -> list[dict[str, Any]]:
    """Return what the server says first to who asks from somewhere."""
    headers = [(b"host", HERE.encode()), (b"origin", f"http://{HERE}".encode())]
    scope = {"type": type, "method": "GET", "path": path, "query_string": b"", "headers": headers, "client": client}
    said: list[dict[str, Any]] = []
    asked: list[str] = []

    async def receive() -> dict[str, Any]:
        if asked:
            await asyncio.Event().wait()  # the connection stays
        asked.append(type)
        return {"type": "http.request" if type == "http" else "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    await application(scope, receive, send)
    return said


@pytest.mark.parametrize("path", ["/", "/healthz", "/admin/", "/static/css/base.css", "/clusters/default/api", "/version"])
async def test_without_a_login_nobody_from_another_machine_is_served(path: str) -> None:
    assert (await said_to(("192.0.2.7", 5000), "http", path))[0]["status"] == 403
    [refused] = await said_to(("192.0.2.7", 5000), "websocket", "/ws/c/default/")
    assert refused["type"] == "websocket.close"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("client", [("127.0.0.1", 5000), ("::1", 5000), None])
async def test_this_machine_is_served(client: tuple[str, int] | None) -> None:
    assert (await said_to(client, "http"))[0]["status"] == 200


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/c/default/", "/admin/login/?next=/admin/", "/admin/"])
@pytest.mark.parametrize("what", ["database is locked", "database or disk is full", "the connection is lost"])
def test_a_database_that_is_away_is_no_mistake_of_the_servers(client: Client, path: str, what: str) -> None:
    def fail(*_: Any) -> Any:
        raise OperationalError(what)

    client.cookies["sessionid"] = "somebody"
    with connection.execute_wrapper(fail):
        answer = client.get(path, headers={"host": "localhost"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert answer.content.decode() == "The database is busy. Try again in a moment."
