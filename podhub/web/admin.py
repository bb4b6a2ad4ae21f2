"""The admin site: to look at what there is, and to say who may. The log is read only; nothing here writes to it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cached_property
from typing import Any, cast

import msgspec
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.core.paginator import Paginator
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from lifecycle.clock import HOUR, MINUTE, Micros, rfc3339_micro
from podhub.access.models import Grant, Token
from podhub.log import read
from podhub.log.models import Cluster, Drop, Entry, Snapshot
from podhub.runs.models import QueuedRequest
from podhub.web.differences import differences
from podhub.web.models import Pod

admin.site.site_header = admin.site.site_title = "PodHub"
admin.site.index_title = _("What there is")

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


@admin.register(Grant)
class GrantAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who may look at which clusters, and change them."""

    list_display = ("who", "where", "may_edit")
    list_filter = ("may_edit",)
    list_select_related = ("user", "group", "cluster")

    @admin.display(description=_("user or group"))
    def who(self, grant: Grant) -> str:
        return str(grant.user or grant.group)

    @admin.display(description=_("cluster"))
    def where(self, grant: Grant) -> str:
        return grant.cluster.name if grant.cluster else str(_("all"))


@admin.register(Token)
class TokenAdmin(ReadOnlyAdmin):
    """Whom the API knows by a token; the token itself is nowhere. Deleting one revokes it."""

    list_display = ("name", "user", "cluster", "may_edit", "created_at")
    list_filter = ("may_edit",)
    list_select_related = ("user", "cluster")
    search_fields = ("name", "user__username")
    fields = list_display

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


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


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """The log, line by line; a change with what it altered."""

    list_display = ("seq", "cluster", at(Entry, "at"), "kind", "type", "object", "brought_about_by")
    list_filter = (ClusterFilter, "kind", ResourceFilter, AgeFilter)
    search_fields = ("=namespace", "=name", "=about")
    search_help_text = _("A namespace, a name or a uid, in full.")
    ordering = ("-id",)
    fields = (
        "cluster",
        "seq",
        at(Entry, "at"),
        at(Entry, "recorded_at"),
        "kind",
        "type",
        "object",
        "about",
        "brought_about_by",
        "altered",
        "content_text",
        "hash_text",
    )
    readonly_fields = fields

    def view_on_site(self, entry: Entry) -> str:
        """Lead to the page of its Pod, or else of its cluster, as of this entry."""
        where = (cluster_name(entry.cluster_id),)
        pod = entry.resource == "pods" and entry.name
        page = reverse("pod", args=(*where, entry.namespace, entry.name)) if pod else reverse("cluster", args=where)
        return f"{page}?seq={entry.seq}"

    @admin.display(description=_("cluster"))
    def cluster(self, entry: Entry) -> str:
        return cluster_name(entry.cluster_id)

    @admin.display(description=_("object"))
    def object(self, entry: Entry) -> str:
        return f"{entry.resource} {entry.namespace}/{entry.name}".strip(" /")

    @admin.display(description=_("cause"))
    def brought_about_by(self, entry: Entry) -> SafeString | str:
        cause = Entry.objects.filter(cluster_id=entry.cluster_id, seq=entry.cause).values_list("pk", flat=True).first()
        if cause is None:
            return str(entry.cause) if entry.cause else "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:log_entry_change", args=[cause]), entry.cause)

    @admin.display(description=_("what it altered"))
    def altered(self, entry: Entry) -> SafeString | str:
        if entry.kind != Entry.Kind.CHANGE:
            return "–"
        old, new = versions_of(entry)
        rows = [(each.path, shown(each.old), shown(each.new)) for each in differences(old, new)]
        return render_to_string("admin/_differences.html", {"rows": rows})

    @admin.display(description=_("content"))
    def content_text(self, entry: Entry) -> SafeString:
        return pretty(versions_of(entry)[1] if entry.kind == Entry.Kind.CHANGE else entry.content)

    @admin.display(description=_("hash"))
    def hash_text(self, entry: Entry) -> str:
        return bytes(entry.hash).hex()


def versions_of(entry: Entry) -> tuple[Any, Any]:
    """Return an object before and after a change; what is not there is empty."""
    cluster = Cluster.objects.select_related("parent").get(pk=entry.cluster_id)
    before = read.View(cluster, entry.seq - 1).find(entry.resource, entry.namespace, entry.name)
    after = read.entry(cluster, entry.seq)
    return before.object if before else {}, after.content if after and entry.type != "DELETED" else {}


def shown(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def cluster_name(pk: int) -> str:
    return Cluster.objects.filter(pk=pk).values_list("name", flat=True).first() or f"#{pk}"


@admin.register(Pod)
class PodAdmin(ReadOnlyAdmin):
    """The Pods that there are, each with a way to its page."""

    list_display = ("name", "namespace", "cluster", "changed", "page")
    list_filter = (ClusterFilter,)
    search_fields = ("=namespace", "=name", "=about")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pod]:
        same = Entry.objects.filter(kind=Entry.Kind.CHANGE, resource="pods", cluster_id=OuterRef("cluster_id"))
        newer = same.filter(namespace=OuterRef("namespace"), name=OuterRef("name"), seq__gt=OuterRef("seq"))
        rows: QuerySet[Pod] = super().get_queryset(request)
        return rows.filter(~Exists(newer), kind=Entry.Kind.CHANGE, resource="pods").exclude(type="DELETED")

    @admin.display(description=_("cluster"))
    def cluster(self, pod: Pod) -> str:
        return cluster_name(pod.cluster_id)

    @admin.display(description=_("last changed"), ordering="at")
    def changed(self, pod: Pod) -> str:
        return moment(pod.at)

    @admin.display(description=_("page"))
    def page(self, pod: Pod) -> SafeString:
        url = reverse("pod", args=(cluster_name(pod.cluster_id), pod.namespace, pod.name))
        return format_html('<a href="{}">{}</a>', url, _("open"))


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
