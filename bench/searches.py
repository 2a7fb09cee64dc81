"""All benchmarks of searches: exact grids, bayesian search, two workers."""

from typing import Any

from bench import bayesian, search, workers

TITLES = {
    "skills": "357 rows of words and numbers",
    "breast_cancer": "breast_cancer",
    "digits": "digits",
    "mixed": "10,000 x 30 mixed, seconds of one fold",
}


def run() -> dict[str, Any]:
    """Measure, and say whether the goals are met."""
    found: dict[str, Any] = {
        "grids": search.run(),
        "bayesian": bayesian.run(),
        "workers": workers.run(),
    }
    met = [grid["met"] for grid in found["grids"].values()]
    met += [found["bayesian"][part]["met"] for part in ("quality", "overhead")]
    met += [found["workers"]["met"]] if found["workers"] else []
    return {**found, "met": all(met)}


def lines(found: dict[str, Any]) -> list[str]:
    """Return rows of the table: what, measured, peer, ratio, goal."""
    rows = [
        f"| Grid of 36, {TITLES[name]}: {grid['equal_scores']} of {grid['scores']} fold scores"
        f" equal | {grid['modelwright_seconds']:.2f} s | {grid['grid_search_cv_seconds']:.2f} s"
        f" | 1/{grid['ratio']:.1f} | 1/{grid['target_ratio']}: {_met(grid['met'])} |"
        for name, grid in found["grids"].items()
    ]
    quality, cost = found["bayesian"]["quality"], found["bayesian"]["overhead"]
    best = quality["median_best"]
    rows += [
        f"| Bayesian, {quality['trials']} trials, best score (with gp {best['gp']:.4f})"
        f" | {best['auto']:.4f} | {best['optuna']:.4f} | | as Optuna: {_met(quality['met'])} |",
        f"| Bayesian, overhead of a trial | {cost['milliseconds_a_trial']:.1f} ms | |"
        f" | {cost['limit']:.0f} ms: {_met(cost['met'])} |",
    ]
    pair = found["workers"]
    if pair is None:
        return [*rows, "| Two workers against one | not measured: no PostgreSQL or Redis | | | |"]
    one, two = (sorted(pair[f"{name}_seconds"])[len(pair[f"{name}_seconds"]) // 2]
                for name in ("two_workers", "one_worker"))  # fmt: skip
    return [
        *rows,
        f"| Two workers against one, {pair['combinations']} combinations | {one:.1f} s"
        f" | {two:.1f} s | 1/{pair['speed_up']:.2f} | 1/{pair['goal']}: {_met(pair['met'])} |",
    ]


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


if __name__ == "__main__":
    print("\n".join(lines(run())))
