"""The key that artifacts are signed with."""

import hashlib

from django.conf import settings


def artifact_key() -> bytes:
    """Return the key that artifacts are signed with, derived from the server's secret."""
    return hashlib.sha256(b"modelwright.artifacts:" + settings.SECRET_KEY.encode()).digest()
