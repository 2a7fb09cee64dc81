"""Bills, spread over calendar months."""

import numpy as np
import pytest

from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.bills import calendar_months
from modelwright.engine.machines.local_time import DAY_MS
from modelwright.engine.machines.savings import savings
from modelwright.engine.machines.series import Series


def days(*dates: str) -> np.ndarray:
    """Return dates as milliseconds."""
    return np.array(dates, dtype="datetime64[ms]").astype(np.int64)


def bills(months: int = 36, seed: int = 0) -> Series:
    """Return bills read on any day near the 20th, with production and degrees by the month."""
    random = np.random.default_rng(seed)
    month = np.arange(np.datetime64("2021-01"), np.datetime64("2021-01") + months + 1)
    starts = month.astype("datetime64[ms]").astype(np.int64)
    lengths = np.diff(starts) // DAY_MS
    made = random.uniform(1000, 4000, months)
    cold = 8 + 8 * np.cos(2 * np.pi * np.arange(months) / 12)
    rate = np.repeat(50 + 2 * made / lengths + 30 * cold, lengths)
    reads = starts[:-1] + (18 + random.integers(0, 5, months)) * DAY_MS
    total = np.concatenate([[0.0], np.cumsum(rate)])
    at = (reads - starts[0]) // DAY_MS
    times = np.union1d(starts[:-1], reads)
    energy, production, degrees = (np.full(times.size, np.nan) for _ in range(3))
    energy[np.searchsorted(times, reads[:-1])] = np.diff(total[at])
    production[np.searchsorted(times, starts[:-1])] = made
    degrees[np.searchsorted(times, starts[:-1])] = cold
    return Series(
        times, {"energy_kwh": energy, "production_count": production, "degrees_below": degrees}
    )


def test_what_is_spread_over_months_adds_up_to_the_bills() -> None:
    read = Series(
        days("2024-01-01", "2024-01-31", "2024-03-10", "2024-04-09"),
        {"energy_kwh": np.array([300.0, 390.0, 300.0, np.nan])},
        "Europe/Berlin",
    )
    found = calendar_months(read)
    assert found.channels["energy_kwh"][1] == pytest.approx(290, abs=1)  # 29 days of 10 a day
    assert found.times[1] == days("2024-01-31T23:00")[0]


def test_hours_become_the_same_months() -> None:
    times = days("2024-01-01")[0] + np.arange(24 * 91) * 3_600_000
    values = np.arange(24.0 * 91)
    read = Series(times, {"energy_kwh": values, "outdoor_temp_c": values})
    found = calendar_months(read).channels
    np.testing.assert_allclose(found["energy_kwh"][0], values[: 24 * 31].sum())
    np.testing.assert_allclose(found["outdoor_temp_c"][1], values[24 * 31 : 24 * 60].mean())


def test_a_month_that_is_hardly_known_stays_unknown() -> None:
    times = days("2024-01-01")[0] + np.arange(24 * 91) * 3_600_000
    values = np.where(np.arange(24 * 91) < 24 * 35, 1.0, np.nan)
    found = calendar_months(Series(times, {"energy_kwh": values})).channels["energy_kwh"]
    assert found[0] == pytest.approx(744)
    assert np.isnan(found[1:]).all()


def test_bills_and_monthly_drivers_make_a_baseline() -> None:
    series = bills()
    options = {"resolution": "month", "drivers": ["degrees_below"]}
    model = Baseline(options).fit(series)
    told = model.describe()
    assert told["resolution"] == "period"
    assert told["fit"]["r_squared"] > 0.95
    assert told["guideline_14"]["acceptable"]
    assert told["guideline_14"]["cv_rmse_limit"] == 15
    later = calendar_months(bills(48))
    start = int(later.times[36])
    assert model.evaluate(bills(48), start=start).metrics["cv_rmse"] < 15
    found = savings(model, later, start=start)
    assert found.lower <= 0 <= found.upper
