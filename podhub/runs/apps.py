"""The driver as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "podhub.runs"
    label = "runs"
    verbose_name = "driver"
    default_auto_field = "django.db.models.BigAutoField"
