"""Modelwright: trains, tunes, watches, tests and replaces models, and records every step."""

import os
from pathlib import Path

__version__ = "0.1.0"


def connect(home: str | Path | None = None) -> None:
    """Connect this process (a notebook, a script) to the installation in `home`.

    After it, `ModelTrainer.save_training_run` records runs there.

    Parameters
    ----------
    home : path, optional
        The data folder; MODELWRIGHT_HOME, or ``./modelwright-data``, unless given.

    Examples
    --------
    >>> import modelwright
    >>> modelwright.connect("modelwright-data")  # doctest: +SKIP
    """
    import django  # noqa: PLC0415  (`import modelwright` alone must not load the server)

    if home is not None:
        os.environ["MODELWRIGHT_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modelwright.config.settings")
    # A notebook runs an event loop; its cells are still one thread that may use the database.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    django.setup()
