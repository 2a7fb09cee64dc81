"""The `modelwright` command."""

from modelwright.cli.entry import main

__all__ = ["main"]
