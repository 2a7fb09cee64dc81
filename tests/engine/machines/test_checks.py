"""What no model type can use is refused with what to do."""

import numpy as np
import pytest

from modelwright.engine.errors import DataLoadError
from modelwright.engine.machines.checks import check_series, target_channel, target_values
from modelwright.engine.machines.scores import error_metrics
from modelwright.engine.machines.series import Series


def hours(n: int, **channels: object) -> Series:
    """Return `n` hourly readings."""
    values = {name: np.asarray(v, dtype=float) for name, v in channels.items()}
    return Series(np.arange(n) * 3_600_000, values)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (hours(0), "No readings: send at least 2"),
        (hours(3), "no channels"),
        (Series(np.array([0, 2, 1]), {"power_kw": np.ones(3)}), "must increase"),
        (Series(np.array([0, 1]), {"power_kw": np.ones(3)}), "3 values for 2 times"),
        (hours(2, power_kw=[1, np.inf]), "infinite"),
        (Series(np.array([0, 1]), {"power_kw": np.ones(2)}, "Mars/North"), "time zone 'Mars/North"),
    ],
)
def test_unusable_readings_are_refused(series: Series, message: str) -> None:
    with pytest.raises(DataLoadError, match=message):
        check_series(series, minimum=2)


def test_energy_is_modelled_unless_power_was_read_far_more_often() -> None:
    both = hours(4, energy_kwh=[1, 2, 3, 4], power_kw=[1, 2, 3, 4])
    assert target_channel(both, None) == "energy_kwh"
    sparse = hours(4, energy_kwh=[1, np.nan, np.nan, np.nan], power_kw=[1, 2, 3, 4])
    assert target_channel(sparse, None) == "power_kw"
    assert target_channel(both, "power_kw") == "power_kw"


@pytest.mark.parametrize("wanted", [None, "flow"])
def test_a_missing_target_is_named_with_what_there_is(wanted: str | None) -> None:
    with pytest.raises(DataLoadError, match="temperature"):
        target_channel(hours(2, temperature=[1, 2]), wanted)


@pytest.mark.parametrize(
    ("values", "message"), [([5, 5, 5], "always reads 5"), ([1, np.nan, np.nan], "only 1 values")]
)
def test_a_target_without_news_is_refused(values: list[float], message: str) -> None:
    with pytest.raises(DataLoadError, match=message):
        target_values(hours(3, power_kw=values), "power_kw", minimum=2)


def test_scores_leave_out_gaps_and_never_hold_nan() -> None:
    scores = error_metrics(np.array([0.0, np.nan, 2.0]), np.array([0.0, 1.0, 1.0]))
    assert scores["mae"] == 0.5
    assert scores["mape"] is None  # an actual value is 0
    with pytest.raises(DataLoadError):
        error_metrics(np.array([np.nan]), np.array([1.0]))
