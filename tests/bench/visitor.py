"""Somebody who uses the dashboard over one connection that stays open, as a browser's does."""

from __future__ import annotations

import http.client
import re
import time
from urllib.parse import urlencode


class Visitor:
    """Keeps cookies and sends forms as the page would."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.cookies: dict[str, str] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form. Its page must have been asked for before: its token comes as a cookie."""
        fields["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        return self._ask("POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})

    def log_in(self, username: str, password: str) -> None:
        self.get("/login/")
        status, _ = self.post("/login/", username=username, password=password, next="/")
        assert status == 302, status

    def _ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
        self._connection.request(method, path, body, {"Cookie": self.cookie, "Origin": self.origin, **(headers or {})})
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for given in answer.headers.get_all("Set-Cookie") or []:
            name, value = re.match(r"([^=]+)=([^;]*)", given).groups()  # type: ignore[union-attr]
            self.cookies[name] = value
        return answer.status, text


def answers(port: int, seconds: float = 30) -> None:
    """Wait until a server answers with a page."""
    until = time.monotonic() + seconds
    while True:
        try:
            status, _ = Visitor(port).get("/")
            assert status < 400, status
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)
