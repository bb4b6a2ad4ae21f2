"""How often a request for a page goes from the event loop to a thread."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import SyncToAsync, async_to_sync
from django.test import AsyncClient


def test_a_page_is_made_in_one_thread_at_one_go(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    hops: list[str] = []
    call = SyncToAsync.__call__

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        hops.append(getattr(self.func, "__qualname__", ""))
        return await call(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    client = AsyncClient(headers={"host": "localhost"})
    assert async_to_sync(client.get)("/healthz").status_code == 200
    assert len(hops) <= 8, hops
