"""Who may: grants and tokens."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from podhub.access.models import Grant, Token
from podhub.web.admin.read_only import ReadOnlyAdmin


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
