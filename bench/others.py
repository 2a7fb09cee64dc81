"""The benchmarks that give figures of any shape: each figure with a goal becomes a line."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

MODULES = (
    "energy",
    "anomaly",
    "drift",
    "drift_alarms",
    "readings",
    "machines",
    "load",
    "abtest",
    "serving",
    "rows",
)
TITLES = ("what", "name", "title")
LEFT_OUT = ("goal", "met", *TITLES)


def run(modules: tuple[str, ...] = MODULES) -> dict[str, Any]:
    """Return the figures of each module; why there are none, where it can't be run."""
    found: dict[str, Any] = {}
    for name in modules:
        try:
            found[name] = import_module(f"bench.{name}").run()
        except (OSError, RuntimeError, ValueError) as error:
            found[name] = {"skipped": f"{type(error).__name__}: {error}"}
    return found


def goals(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every figure that has a goal, with its name.

    Examples
    --------
    >>> dict(goals({"a": {"b": {"x": 1, "goal": 2, "met": True}}}))
    {'a: b': {'x': 1, 'goal': 2, 'met': True}}
    """
    if isinstance(found, dict):
        if "met" in found or "skipped" in found:
            named = [str(found[name]) for name in TITLES if name in found]
            yield ": ".join([*path, *named]), found
            return
        for name, inner in found.items():
            yield from goals(inner, (*path, str(name)))
    elif isinstance(found, list):
        for inner in found:
            yield from goals(inner, path)


def lines(found: dict[str, Any]) -> list[str]:
    """Return the lines of the table."""
    return [_line(name, figure) for name, figure in goals(found)]


def _line(name: str, figure: dict[str, Any]) -> str:
    if "skipped" in figure:
        return f"| {name} | not measured: {figure['skipped']} | | | |"
    values = ", ".join(
        f"{key.replace('_', ' ')} {_shown(value)}"
        for key, value in figure.items()
        if key not in LEFT_OUT and isinstance(value, int | float | str) and value != ""
    )
    met = "met" if figure["met"] else "**missed**"
    return f"| {name} | {values} | | | {_shown(figure.get('goal', ''))}: {met} |"


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def all_met(found: dict[str, Any]) -> bool:
    """Return whether every goal that was measured is met."""
    return all(figure["met"] for _, figure in goals(found) if "met" in figure)
