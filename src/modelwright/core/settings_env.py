"""Reading settings from the environment."""

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

NUMBERS = {int: "a whole number", float: "a number"}


class SettingsEnv(environ.Env):  # type: ignore[misc]  # the library has no types
    """The environment's variables; one that can't be read is named.

    Examples
    --------
    >>> import os
    >>> os.environ["MODELWRIGHT_EXAMPLE"] = "four"
    >>> SettingsEnv().int("MODELWRIGHT_EXAMPLE", default=4)
    Traceback (most recent call last):
        ...
    django.core.exceptions.ImproperlyConfigured: MODELWRIGHT_EXAMPLE must be a whole number.
    """

    def get_value(self, var: str, cast: Any = None, *args: Any, **options: Any) -> Any:
        """Return a variable's value, or its default.

        Raises
        ------
        ImproperlyConfigured
            It isn't there and has no default, or isn't what it must be.
        """
        try:
            return super().get_value(var, cast, *args, **options)
        except ValueError:
            kind = NUMBERS.get(cast, "something else")
            raise ImproperlyConfigured(f"{var} must be {kind}.") from None

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
