"""What can go wrong on the command line."""

from typing import ClassVar

from modelwright.core.errors import ModelwrightError


class CommandError(ModelwrightError):
    """The command could not do what was asked; the message says why and what to do."""

    code = "command_failed"
    exit_code: ClassVar[int] = 1


class UsageError(CommandError):
    """The command was called wrongly, or can't be used with this installation."""

    code = "usage"
    exit_code = 2
