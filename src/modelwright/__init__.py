"""Modelwright: trains, tunes, watches, tests and replaces models, and records every step."""

__version__ = "0.1.0"
