"""Where Django's requests go: the admin site, and the dashboard for all else. What is below /clusters/ never comes here."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("podhub.web.urls")),
]

handler400 = "podhub.web.errors.bad_request"
handler403 = "podhub.web.errors.permission_denied"
handler404 = "podhub.web.errors.page_not_found"
handler500 = "podhub.web.errors.server_error"
