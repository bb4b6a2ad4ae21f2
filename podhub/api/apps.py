"""Kubernetes' own API: the Django app."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "podhub.api"
    label = "api"
    verbose_name = "Kubernetes API"
