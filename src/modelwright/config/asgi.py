"""The server's entry for uvicorn."""

import os

import django
from django.conf import settings

from modelwright.config.body_limit import BodyLimit
from modelwright.config.handler import Handler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
os.environ.setdefault("MODELWRIGHT_DB_POOL", "1")
# A file of the largest size, and some room for the fields around it.
_FIELDS = 1024 * 1024
_UPLOADS = {
    **dict.fromkeys(("/api/v1/datasets", "/ui/datasets/new"), settings.TABLE_MAX_BYTES + _FIELDS),
    **dict.fromkeys(
        ("/api/v1/machines/*/readings", "/ui/machines/*/readings"),
        settings.READINGS_MAX_BYTES + _FIELDS,
    ),
    **dict.fromkeys(
        ("/api/v1/versions/import", "/ui/import/version"), settings.IMPORT_MAX_BYTES + 16 * _FIELDS
    ),
}
django.setup(set_prefix=False)
_django = Handler()

from modelwright.api.quick_predict import QuickPredict  # noqa: E402  (needs Django to be set up)

application = BodyLimit(
    QuickPredict(_django), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, uploads=_UPLOADS
)
