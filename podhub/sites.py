"""Whose requests are served: those that name this server, of its own pages, and without a login of its own machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_own_host(host: str) -> bool:
    """Say whether a Host header names this server: a page could have any name lead here."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def is_own_origin(origin: str, host: str) -> bool:
    """Say whether an Origin header is that of pages of the host that was asked for, or of one that is trusted."""
    scheme, _, site = origin.partition("://")
    return origin in settings.CSRF_TRUSTED_ORIGINS or (scheme in ("http", "https") and site == host != "")


def is_near(scope: Mapping[str, Any]) -> bool:
    """Say whether a connection comes from this machine, or through a socket that has no address."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in ("", "testclient")


def is_served(scope: Mapping[str, Any]) -> bool:
    """Say whether somebody at the other end of a connection may be served: without a login this machine alone."""
    return settings.TEAM or is_near(scope)
