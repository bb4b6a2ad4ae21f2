"""The dashboard's Django app."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "podhub.web"
    label = "web"
