"""Settings, addresses, ASGI and Celery: where the rooms are put together."""

from modelwright.config.celery import app as celery_app

__all__ = ["celery_app"]
