"""The driver as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RunsConfig(AppConfig):
    name = "podhub.runs"
    label = "runs"
    verbose_name = _("Driver")
    default_auto_field = "django.db.models.BigAutoField"
