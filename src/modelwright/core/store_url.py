"""Where the store of data sets and models is, from one setting."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ImproperlyConfigured


def store_options(url: str) -> dict[str, Any]:
    """Return what `STORAGES` needs for a store.

    Parameters
    ----------
    url : str
        `s3://bucket/prefix?endpoint=https://…&region=…`; keys come from the environment or the
        machine's role, as with every client of S3.

    Raises
    ------
    ImproperlyConfigured
        It can't be meant.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise ImproperlyConfigured(
            "MODELWRIGHT_STORAGE_URL must be like s3://bucket/prefix?endpoint=https://s3.example.org"
        )
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(asked.keys() - {"endpoint", "region"}):
        raise ImproperlyConfigured(f"MODELWRIGHT_STORAGE_URL knows no {', '.join(unknown)}.")
    options: dict[str, object] = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "file_overwrite": True,
        "default_acl": None,
    }
    if "endpoint" in asked:
        options["endpoint_url"] = asked["endpoint"]
        options["addressing_style"] = "path"
    if "region" in asked:
        options["region_name"] = asked["region"]
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
