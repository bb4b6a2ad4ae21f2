"""The Celery application: `celery --app podhub worker`, `celery --app podhub beat`."""

from __future__ import annotations

import os
import sys

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "podhub.settings")

app = Celery("podhub")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Else Celery throws a worker's pool of connections away after each task, which costs the next one 20 ms; see runs/tasks.py.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
