"""The log as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class LogConfig(AppConfig):
    name = "podhub.log"
    label = "log"
    verbose_name = "log"
    default_auto_field = "django.db.models.BigAutoField"
