"""Where the database, the broker, the store and the mail server are: addresses from the settings.

No message repeats an address: it may hold a password.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASES = ("postgres", "postgresql", "psql", "pgsql")
BROKERS = ("filesystem", "redis", "rediss", "amqp", "amqps", "pyamqp", "sentinel", "memory")
ESCAPE = "Write characters such as / : @ # in its password as %2F %3A %40 %23."


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
    try:
        known = urlsplit(url).scheme in DATABASES
        options = environ.Env.db_url_config(url) if known else {}
    except ValueError:
        options = {}
    if not options.get("NAME"):
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
    try:
        meant = all(_is_broker(part) for part in url.split(";"))
    except ValueError:
        meant = False
    if not meant:
        raise ImproperlyConfigured(
            "MODELWRIGHT_BROKER_URL must be like redis://:password@host:6379/0 or"
            " amqp://user:password@host:5672//, or be left out for the broker of one machine."
            f" {ESCAPE}"
        )
    return url


def _is_broker(url: str) -> bool:
    parts = urlsplit(url)
    # reading the port raises ValueError where it is no number
    return parts.scheme.partition("+")[0] in BROKERS and (parts.port is None or parts.port > 0)


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
    try:
        return dict(environ.Env.email_url_config(url))
    except (ImproperlyConfigured, ValueError):
        raise ImproperlyConfigured(
            "MODELWRIGHT_EMAIL_URL must be like smtp+tls://user:password@host:587, or be left out."
            f" {ESCAPE}"
        ) from None
