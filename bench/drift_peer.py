"""A peer of the drift check, run in an environment of its own: ``drift_peer evidently ROWS``."""

import sys
from collections.abc import Sequence
from importlib import import_module

from bench.drift_table import answer, table, timed


def evidently(rows: int) -> dict[str, float]:
    """Measure the report with the preset, as its documentation shows it."""
    library = import_module("evidently")
    preset = import_module("evidently.presets").DataDriftPreset
    reference, current = table(rows, 1), table(rows, 2)
    words = [name for name in reference if name.startswith("words")]
    definition = library.DataDefinition(
        numerical_columns=[name for name in reference if name not in words],
        categorical_columns=words,
    )

    def work() -> None:
        sets = [
            library.Dataset.from_pandas(frame, data_definition=definition)
            for frame in (current, reference)
        ]
        library.Report([preset()]).run(*sets).dict()

    return timed(work)


def nannyml(rows: int) -> dict[str, float]:
    """Measure Jensen-Shannon on ten chunks; fitting apart, which is what it stores."""
    library = import_module("nannyml")
    reference, current = table(rows, 1), table(rows, 2)
    calculator = library.UnivariateDriftCalculator(
        column_names=list(reference),
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=10,
    )
    fit = timed(lambda: calculator.fit(reference))
    found = timed(lambda: calculator.calculate(current))
    return {**found, "fit_cpu": fit["cpu"]}


def main(arguments: Sequence[str]) -> None:
    """Run one peer."""
    peer = {"evidently": evidently, "nannyml": nannyml}[arguments[0]]
    answer(peer(int(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
