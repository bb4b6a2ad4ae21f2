"""Tables that are there to be looked at, however long they are."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

MOST = 10_000
"""Rows that a list counts and turns pages through; what is further back is found by filters."""


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than MOST, so that a list of a long log opens as fast as one of a short log."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return len(rows[: MOST + 1].values_list("pk", flat=True)) if isinstance(rows, QuerySet) else len(rows)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table to look at."""

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
