"""Where requests go: the Kubernetes API below /clusters/, the admin site, and the dashboard for all else."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("", include("podhub.web.urls")),
]
if find_spec("podhub.api") and find_spec("podhub.api.urls"):
    urlpatterns.insert(0, path("clusters/", include("podhub.api.urls")))

handler400 = "podhub.web.errors.bad_request"
handler403 = "podhub.web.errors.permission_denied"
handler404 = "podhub.web.errors.page_not_found"
handler500 = "podhub.web.errors.server_error"
