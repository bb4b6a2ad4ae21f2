"""What the tables' columns and fields show: moments, names of clusters, JSON."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from lifecycle.clock import Micros, rfc3339_micro
from podhub.log.models import Cluster


def moment(at: Micros | None) -> str:
    return rfc3339_micro(at).replace("T", " ").removesuffix("Z") if at else "–"


def at(model: type[Model], name: str) -> Any:
    """Return a column (a callable; the stubs know `fields` by name alone) that shows a field of Micros as a moment."""

    @admin.display(description=cast(str, label_for_field(name, model)), ordering=name)
    def column(row: Any) -> str:
        return moment(getattr(row, name))

    column.__name__ = name
    return column


def pretty(value: Any) -> SafeString:
    """Show a value as indented JSON."""
    return format_html("<pre>{}</pre>", msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def cluster_name(pk: int) -> str:
    return Cluster.objects.filter(pk=pk).values_list("name", flat=True).first() or f"#{pk}"
