"""Running a command that needs Django, and telling its expected troubles in plain words."""

import logging
import os
from importlib import import_module

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, OperationalError, ProgrammingError

from modelwright.cli.errors import CommandError
from modelwright.cli.home import home_open
from modelwright.cli.quiet import hush
from modelwright.cli.running import run_app
from modelwright.core.context import Origin, acting
from modelwright.core.tracing import tracing_start


def start() -> None:
    """Set Django up.

    Raises
    ------
    CommandError
        The data folder or a setting can't be used.
    """
    home = home_open()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
    # Celery would load every view to check the addresses: a worker and a scheduler have none
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
    try:
        django.setup()
    except OSError as error:
        raise CommandError(
            f"The data folder {home} can't be used ({error.strerror}: {error.filename}): see"
            " `modelwright doctor`."
        ) from error
    except (ImproperlyConfigured, ValueError) as error:
        raise CommandError(f"A setting is wrong: {error}") from error


def run(module: str, arguments: list[str], program: str, *, channel: str) -> int:
    """Set Django up, import the command's module and run it.

    Raises
    ------
    CommandError
        What was expected to go wrong at times: database away, tables missing, disk full.
    """
    if channel == "web":
        os.environ.setdefault("MODELWRIGHT_DB_POOL", "true")  # it has threads and never forks
    start()
    hush()
    if channel in ("web", "scheduler"):
        tracing_start(channel)  # a worker's processes do so for themselves, once they are forked
    if channel == "cli":
        logging.getLogger().setLevel(logging.WARNING)
    app = import_module(module).app
    try:
        with acting(Origin(channel=channel)):
            return run_app(app, arguments, program)
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        raise CommandError(_explain(error)) from error


def _explain(error: DatabaseError | InterfaceError) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "no such table" in text or "does not exist" in text or "no such column" in text:
        return (
            f"The database is not set up for this version ({text}): run `modelwright prepare`, or"
            " start `modelwright up` once."
        )
    return f"The database can't be used ({text}): `modelwright doctor` says more."
