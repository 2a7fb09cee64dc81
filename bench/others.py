"""The benchmarks that give figures of any shape: each figure with a goal becomes a row."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from bench.page import Row

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


def measure(name: str) -> tuple[Any, list[Row]]:
    """Measure one module; where that can't be done here, its row says why."""
    try:
        found = import_module(f"bench.{name}").run()
    except (OSError, RuntimeError, ValueError) as error:
        found = {"skipped": f"{type(error).__name__}: {error}"}
    return found, [
        _row(": ".join([name, what] if what else [name]), figure) for what, figure in goals(found)
    ]


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


def _row(name: str, figure: dict[str, Any]) -> Row:
    if "skipped" in figure:
        return Row(name, f"not measured: {figure['skipped']}")
    values = ", ".join(
        f"{key.replace('_', ' ')} {_shown(value)}"
        for key, value in figure.items()
        if key not in LEFT_OUT and isinstance(value, int | float | str) and value != ""
    )
    goal = figure.get("goal")
    return Row(name, values, goal="" if goal is None else _shown(goal), met=bool(figure["met"]))


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
