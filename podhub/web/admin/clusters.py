"""Clusters: those that there are with their snapshots and queues, and those that were dropped."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from podhub.log.models import Cluster, Drop, Snapshot
from podhub.runs.models import QueuedRequest
from podhub.web.admin.columns import at, cluster_name, moment, pretty
from podhub.web.admin.filters import ClusterFilter
from podhub.web.admin.read_only import ReadOnlyAdmin


@admin.register(Cluster)
class ClusterAdmin(ReadOnlyAdmin):
    """Clusters, their clocks and their leases."""

    list_display = (
        "name",
        "kind",
        "speed",
        "head",
        at(Cluster, "horizon"),
        at(Cluster, "wake_at"),
        "lease",
        "parent",
        "read_only",
    )
    list_filter = ("kind", "read_only", "speed")
    search_fields = ("name",)
    list_select_related = ("parent",)
    fields = (
        "name",
        "kind",
        "parent",
        "parent_seq",
        "created_at",
        at(Cluster, "start"),
        "seed",
        "engine_version",
        "head",
        at(Cluster, "horizon"),
        "read_only",
        "read_only_because",
        "speed",
        at(Cluster, "clock_at"),
        at(Cluster, "clock_since"),
        at(Cluster, "clock_until"),
        at(Cluster, "wake_at"),
        at(Cluster, "wake_wall"),
        "lease",
        "configuration",
    )
    readonly_fields = fields

    def view_on_site(self, cluster: Cluster) -> str:
        return reverse("cluster", args=[cluster.name])

    @admin.display(description=_("lease until"), ordering="lease_until")
    def lease(self, cluster: Cluster) -> str:
        held = cluster.lease_token and cluster.lease_until > time.time_ns() // 1000
        return moment(cluster.lease_until) if held else "–"

    @admin.display(description=_("configuration"))
    def configuration(self, cluster: Cluster) -> SafeString:
        return pretty(msgspec.json.decode(cluster.config))


@admin.register(QueuedRequest)
class QueuedRequestAdmin(ReadOnlyAdmin):
    """The queue: what waits, and for a while what was answered."""

    list_display = (
        "id",
        "cluster",
        "asks",
        "user",
        at(QueuedRequest, "submitted_at"),
        "seq",
        at(QueuedRequest, "answered_at"),
        "code",
    )
    list_filter = ("code", ("seq", admin.EmptyFieldListFilter))
    list_select_related = ("cluster",)
    search_fields = ("=user",)
    ordering = ("-id",)
    fields = (*list_display[1:], "reply_to", "asked", "answered")
    readonly_fields = fields

    @admin.display(description=_("asks for"))
    def asks(self, queued: QueuedRequest) -> str:
        request = queued.request
        return f"{request.verb} {request.resource} {request.namespace}/{request.name}".rstrip(" /")

    @admin.display(description=_("request"))
    def asked(self, queued: QueuedRequest) -> SafeString:
        return pretty(msgspec.json.decode(queued.body))

    @admin.display(description=_("answer"))
    def answered(self, queued: QueuedRequest) -> SafeString | str:
        return pretty(msgspec.json.decode(queued.answer)) if queued.answer else "–"


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    """The engine's snapshots."""

    list_display = ("cluster", "seq", at(Snapshot, "at"), "engine_version", "size", "written_at")
    list_filter = (ClusterFilter,)
    ordering = ("-id",)
    fields = list_display
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Snapshot]:
        rows: QuerySet[Snapshot] = super().get_queryset(request)
        return rows.defer("data").annotate(bytes=Length("data"))

    @admin.display(description=_("cluster"))
    def cluster(self, snapshot: Snapshot) -> str:
        return cluster_name(snapshot.cluster_id)

    @admin.display(description=_("bytes"))
    def size(self, snapshot: Any) -> int:
        return int(snapshot.bytes)


@admin.register(Drop)
class DropAdmin(ReadOnlyAdmin):
    """Clusters that were dropped."""

    list_display = ("name", "head", "dropped_by", "reason", "dropped_at")
    search_fields = ("name", "dropped_by")
    fields = list_display
