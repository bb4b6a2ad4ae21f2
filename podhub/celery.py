"""The Celery application: `celery --app podhub worker`, `celery --app podhub beat`."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")

app = Celery("podhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
