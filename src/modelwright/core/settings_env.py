"""Reading settings from the environment."""

import re
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

SHOWN = re.compile(r"[\w.,+-]{0,12}")
"""What is told of a value: what is longer may be a secret that went into the wrong variable."""
NUMBERS = {int: "a whole number", float: "a number"}


class SettingsEnv(environ.Env):  # type: ignore[misc]  # the library has no types
    """The environment's variables; one that is no number and must be one is named.

    Examples
    --------
    >>> import os
    >>> os.environ["MODELWRIGHT_N"] = "four"
    >>> SettingsEnv().int("MODELWRIGHT_N", default=4)
    Traceback (most recent call last):
        ...
    django.core.exceptions.ImproperlyConfigured: MODELWRIGHT_N must be a whole number, not 'four'.
    """

    def get_value(self, var: str, cast: Any = None, *args: Any, **options: Any) -> Any:
        """Return a variable's value, or its default.

        Raises
        ------
        ImproperlyConfigured
            It isn't there and has no default, or is no number and must be one.
        """
        try:
            return super().get_value(var, cast, *args, **options)
        except ValueError:
            if cast not in NUMBERS:
                raise
            kind = NUMBERS[cast]
            value = str(self.ENVIRON.get(var, ""))
            told = f", not {value!r}" if SHOWN.fullmatch(value) else ""
            raise ImproperlyConfigured(f"{var} must be {kind}{told}.") from None

    def count(self, var: str, default: int) -> int:
        """Return a variable that is a whole number from 1 on.

        Raises
        ------
        ImproperlyConfigured
            It is something else.
        """
        found: int = self.int(var, default=default)
        if found < 1:
            raise ImproperlyConfigured(f"{var} must be 1 or more.")
        return found
