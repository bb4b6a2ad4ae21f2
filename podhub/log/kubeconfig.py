"""A kubeconfig file, and requests to the API server that it names. Kubernetes: client-go/tools/clientcmd."""

from __future__ import annotations

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from podhub.log.errors import LogError

SILENCE_SECONDS = 90
"""How long a connection may say nothing: an API server sends a bookmark about once a minute."""


class BadKubeconfig(LogError):
    """A kubeconfig that cannot be used; the text names the file and the field."""


class Unreachable(LogError):
    """An API server that gave no answer."""


class Server:
    """An API server, and who asks it."""

    def __init__(self, url: str, tls: ssl.SSLContext | None, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self.url, self._tls, self._headers = url, tls, headers
        self._host, self._port, self._prefix = parts.hostname or "", parts.port, parts.path.rstrip("/")

    @contextmanager
    def get(self, path: str, **query: str) -> Iterator[HTTPResponse]:
        """Give the answer to a GET, whatever its status. Raises: Unreachable, also while the answer is read."""
        connection = self._connection()
        try:
            target = f"{self._prefix}{path}" + (f"?{urlencode(query)}" if query else "")
            connection.request("GET", target, headers={"Accept": "application/json", **self._headers})
            yield connection.getresponse()
        except (OSError, HTTPException) as wrong:
            raise Unreachable(f"{self.url}: {wrong or type(wrong).__name__}") from None
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=SILENCE_SECONDS)
        return HTTPSConnection(self._host, self._port, timeout=SILENCE_SECONDS, context=self._tls)


def read(path: Path, context: str = "") -> Server:
    """Return the server of a kubeconfig's context (its current one). Raises: BadKubeconfig."""
    try:
        config = yaml.safe_load(path.read_bytes())
    except OSError as wrong:
        raise BadKubeconfig(f"{path}: cannot be read: {wrong.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as wrong:
        raise BadKubeconfig(f"{path}: not YAML: {' '.join(str(wrong).split())}") from None
    name = context or (config.get("current-context") if isinstance(config, dict) else None)
    if not name:
        raise BadKubeconfig(f"{path}: current-context: missing: name a context with --context")
    chosen = _named(path, config, "contexts", name, "context")
    cluster = _named(path, config, "clusters", chosen.get("cluster"), "cluster")
    user = _named(path, config, "users", chosen["user"], "user") if chosen.get("user") else {}
    return _server(path, cluster, user)


def _named(path: Path, config: Any, section: str, name: Any, field: str) -> dict[str, Any]:
    entries = config.get(section) if isinstance(config, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(field), dict):
            found: dict[str, Any] = entry[field]
            return found
    raise BadKubeconfig(f"{path}: {section}: none is named {name!r}")


def _server(path: Path, cluster: dict[str, Any], user: dict[str, Any]) -> Server:
    url = cluster.get("server")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise BadKubeconfig(f"{path}: clusters: server: expected a URL such as https://10.0.0.1:6443, not {url!r}")
    if "exec" in user or "auth-provider" in user:
        raise BadKubeconfig(
            f"{path}: users: credentials from another program (exec) are not supported: use a token or a certificate"
        )
    try:
        tls = _tls(path, cluster, user) if url.startswith("https:") else None
        return Server(url, tls, _headers(path, user))
    except (OSError, ValueError, binascii.Error) as wrong:
        raise BadKubeconfig(f"{path}: the certificates, keys or token of this context cannot be read: {wrong}") from None


def _headers(path: Path, user: dict[str, Any]) -> dict[str, str]:
    token = user.get("token") or ((path.parent / user["tokenFile"]).read_text().strip() if user.get("tokenFile") else "")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user.get("username"):
        pair = base64.b64encode(f"{user['username']}:{user.get('password', '')}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _tls(path: Path, cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    authority = _content(path, cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, key = _content(path, user, "client-certificate"), _content(path, user, "client-key")
    if certificate and key:
        _present(context, certificate + b"\n" + key)
    return context


def _present(context: ssl.SSLContext, pem: bytes) -> None:
    """Let a context present a certificate: Python takes it from a file only."""
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
        context.load_cert_chain(name)
    finally:
        os.unlink(name)


def _content(path: Path, section: dict[str, Any], field: str) -> bytes:
    """Return what `field` holds: base64 in `<field>-data`, or a file beside the kubeconfig."""
    if section.get(f"{field}-data"):
        return base64.b64decode(section[f"{field}-data"], validate=True)
    return (path.parent / section[field]).read_bytes() if section.get(field) else b""
