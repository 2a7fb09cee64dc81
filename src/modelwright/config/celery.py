"""The Celery application: the broker only rings the bell (docs/explanation/jobs.md)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
app = Celery("modelwright")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["modelwright.runs"])
