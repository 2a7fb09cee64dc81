"""Goals on public data, where these are there (see `bench.energy`)."""

import pytest
from bench import energy as bench

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (bench.DATA / "baseline").exists() or not (bench.DATA / "forecast").exists(),
        reason=f"There is no {bench.DATA}/baseline or forecast",
    ),
]


def test_baselines_explain_unseen_weeks() -> None:
    for row in bench.baselines().values():
        assert row["met"]


def test_the_true_savings_lie_inside() -> None:
    for row in bench.saved().values():
        assert row["met"]


def test_forecasts_are_better_than_the_goals() -> None:
    kinds = ("forecast_arima",)
    assert bench.forecasts(kinds)["best"]["met"]
    assert bench.m4(kinds)["best"]["met"]
