"""The Celery application: the broker only rings the bell (docs/explanation/jobs.md)."""

import os

from celery import Celery

from modelwright.runs.embedded_broker import use_embedded_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
use_embedded_broker()
app = Celery("modelwright")
app.set_default()  # for every thread: the doorbell rings from one of its own
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["modelwright.accounts", "modelwright.runs"])
