"""The server's entry for uvicorn."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
os.environ.setdefault("MODELWRIGHT_DB_POOL", "1")
application = get_asgi_application()
