"""Clusters to look at: a recorded life, whole or as it grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.test import Client

from podhub.log import importing
from podhub.log.models import Cluster
from podhub.web.renders import renders
from tests.podhub.web.growing import Growing

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings"


@pytest.fixture(autouse=True)
def _nothing_rendered() -> Iterator[None]:
    """Forget what was rendered: the next test's clusters may have the same ids."""
    yield
    renders.clear()
    cache.clear()


@pytest.fixture
def recorded(db: None) -> Cluster:
    """The cluster `life`, a recording of the Pod liveness-exec."""
    return importing.store(importing.load(RECORDINGS / "liveness-exec"), "life")


@pytest.fixture
def growing(transactional_db: None) -> Growing:
    """The cluster `life` before its first entry, and the recording's lines to append to it."""
    return Growing.new("life", importing.load(RECORDINGS / "liveness-exec"))


@pytest.fixture
def client() -> Client:
    return Client(HTTP_HOST="localhost")
