"""The log, line by line, and the Pods that it leads to."""

from __future__ import annotations

from typing import Any

import msgspec
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from podhub.log import read
from podhub.log.models import Cluster, Entry
from podhub.web.admin.columns import at, cluster_name, moment, pretty
from podhub.web.admin.filters import AgeFilter, ClusterFilter, ResourceFilter
from podhub.web.admin.read_only import ReadOnlyAdmin
from podhub.web.differences import differences
from podhub.web.models import Pod


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
