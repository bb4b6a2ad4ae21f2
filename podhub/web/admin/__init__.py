"""The admin site: to look at what there is, and to say who may. The log is read only; nothing here writes to it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from podhub.web.admin import access, clusters, log

__all__ = ["access", "clusters", "log"]

admin.site.site_header = admin.site.site_title = "PodHub"
admin.site.index_title = _("What there is")
