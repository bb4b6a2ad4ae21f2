"""By what the tables' rows can be told apart."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from lifecycle.clock import HOUR, MINUTE
from podhub.log.models import Cluster


class ClusterFilter(admin.SimpleListFilter):
    """One cluster's rows. The rows hold its number, not a foreign key."""

    title = _("cluster")
    parameter_name = "cluster"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(pk), name) for pk, name in Cluster.objects.order_by("name").values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(cluster_id=int(value)) if value and value.isdigit() else queryset


class AgeFilter(admin.SimpleListFilter):
    """Rows of the last while, by the wall clock."""

    title = _("recorded at (wall time)")
    parameter_name = "recorded"
    spans = {"1m": MINUTE, "10m": 10 * MINUTE, "1h": HOUR, "1d": 24 * HOUR}

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("1m", _("in the last minute")),
            ("10m", _("in the last 10 minutes")),
            ("1h", _("in the last hour")),
            ("1d", _("in the last day")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        span = self.spans.get(self.value() or "")
        return queryset.filter(recorded_at__gte=time.time_ns() // 1000 - span) if span else queryset


class ResourceFilter(admin.SimpleListFilter):
    """Rows about one kind of object."""

    title = _("resource")
    parameter_name = "resource"
    known = (
        "pods",
        "events",
        "nodes",
        "services",
        "endpointslices",
        "endpoints",
        "configmaps",
        "secrets",
        "namespaces",
        "clusters",
    )

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in self.known]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(resource=self.value()) if self.value() else queryset
