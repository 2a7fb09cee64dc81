"""Where the database, the broker, the store and the mail server are: addresses from the settings.

No message repeats an address: it may hold a password.
"""

import contextlib
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASES = ("postgres", "postgresql", "psql", "pgsql")
BROKERS = ("filesystem", "redis", "rediss", "amqp", "amqps", "pyamqp", "sentinel", "memory")
ESCAPE = "Write characters such as / : @ # ? [ ] in its password as %2F %3A %40 %23 %3F %5B %5D."


def database_options(url: str) -> dict[str, Any]:
    """Return what `DATABASES` needs for a PostgreSQL.

    Parameters
    ----------
    url : str
        `postgres://user:password@host:5432/name?sslmode=require`.

    Raises
    ------
    ImproperlyConfigured
        It can't be meant.
    """
    scheme, _, rest = url.strip().partition("://")
    options: dict[str, Any] = {}
    # an @ behind the first / means that the / belongs to a password
    if scheme.lower() in DATABASES and "@" not in rest.partition("/")[2].partition("?")[0]:
        with contextlib.suppress(ValueError):
            options = environ.Env.db_url_config(url)
    if not options.get("NAME") and "service" not in options.get("OPTIONS", {}):
        raise ImproperlyConfigured(
            "MODELWRIGHT_DATABASE_URL must be like postgres://user:password@host:5432/name, or be"
            f" left out for the embedded database. {ESCAPE}"
        )
    return options


def broker_url(url: str) -> str:
    """Return a broker's address, or several that are separated by semicolons, as it came.

    Parameters
    ----------
    url : str
        `redis://:password@host:6379/0`, `amqp://user:password@host:5672//` or `filesystem://`.

    Raises
    ------
    ImproperlyConfigured
        It can't be meant.
    """
    parts = [_split(part) for part in url.split(";") if part.strip()]
    known = [part for part in parts if part and part.scheme.partition("+")[0] in BROKERS]
    if not parts or len(known) < len(parts):
        raise ImproperlyConfigured(
            "MODELWRIGHT_BROKER_URL must be like redis://:password@host:6379/0 or"
            " amqp://user:password@host:5672//, or be left out for the broker of one machine."
            f" {ESCAPE}"
        )
    return url


def _split(url: str) -> SplitResult | None:
    """Return an address's parts; None where they can't be told, or would tear a password apart."""
    try:
        parts = urlsplit(url.strip())
        whole = parts.port is None or parts.port > 0  # reading it fails where it is no number
    except ValueError:
        return None
    torn = "@" in parts.path + parts.query + parts.fragment
    return parts if whole and not torn else None


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
    try:
        parts = urlsplit(url)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        meant = parts.scheme == "s3" and parts.netloc and asked.keys() <= {"endpoint", "region"}
    except ValueError:
        meant = False
    if not meant:
        raise ImproperlyConfigured(
            "MODELWRIGHT_STORAGE_URL must be like s3://bucket/prefix?endpoint=https://s3.example.org"
            "&region=…, with nothing else in it."
        )
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


def mail_options(url: str) -> dict[str, Any]:
    """Return Django's settings for sending mail.

    Parameters
    ----------
    url : str
        `smtp+tls://user:password@host:587`, `smtp+ssl://…` or `smtp://…`.

    Raises
    ------
    ImproperlyConfigured
        It can't be meant.
    """
    options: dict[str, Any] = {}
    if _split(url):
        with contextlib.suppress(ImproperlyConfigured, ValueError):
            options = environ.Env.email_url_config(url)
    if not options:
        raise ImproperlyConfigured(
            "MODELWRIGHT_EMAIL_URL must be like smtp+tls://user:password@host:587, or be left out."
            f" {ESCAPE}"
        )
    return options
