"""The baseline: what it finds, how honest its band is, and what it says of its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.errors import DataLoadError, HyperparameterError
from modelwright.engine.machines.baseline import Baseline
from modelwright.engine.machines.holiday_days import holiday_days
from modelwright.engine.machines.series import Series
from tests.engine.machines.test_candidates import DAY, year


@pytest.fixture(scope="module")
def fitted() -> Baseline:
    """Give a baseline of a year."""
    return Baseline().fit(year())


def gathered(series: Series, size: int) -> Series:
    """Return totals and means of each `size` readings."""
    count = len(series) // size * size
    made = {
        name: values[:count].reshape(-1, size).mean(axis=1)
        * (1 if name == "outdoor_temp_c" else size)
        for name, values in series.channels.items()
    }
    return Series(series.times[:count:size], made, series.timezone)


def test_it_explains_new_readings_and_its_band_holds(fitted: Baseline) -> None:
    found = fitted.evaluate(year(seed=5)).metrics
    assert found["r_squared"] is not None
    assert found["r_squared"] > 0.95
    assert found["coverage"] == pytest.approx(0.9, abs=0.03)
    assert found["nmbe"] == pytest.approx(0, abs=1)


def test_it_describes_itself(fitted: Baseline) -> None:
    told = fitted.describe()
    assert told["guideline_14"]["acceptable"]
    assert told["sufficiency"]["sufficient"]
    assert {c["name"] for c in told["candidates"]} >= {"linear", "heating_cooling_5p", "towt"}
    best = min(c["rmse"] for c in told["candidates"])
    chosen = next(c for c in told["candidates"] if c["name"] == told["model"]["name"])
    assert chosen["rmse"] <= 1.02 * best
    assert told["equation"].startswith("energy_kwh per hour = ")


def test_a_simple_truth_gives_a_simple_model_with_p_values() -> None:
    told = Baseline().fit(year()).describe()
    assert told["model"]["name"] == "heating_cooling_5p"
    rows = {row["name"]: row for row in told["coefficients"]}
    assert rows["production_count"]["p_value"] < 1e-6
    assert all(row["standard_error"] > 0 for row in told["coefficients"])


@pytest.mark.parametrize(
    ("size", "resolution", "unit"),
    [(1, "hour", "hour"), (4, "hour", "hour"), (24, "day", "day"), (24 * 7, "period", "day")],
)
def test_any_interval_gives_the_same_energy(size: int, resolution: str, unit: str) -> None:
    series = gathered(year(), size)
    model = Baseline().fit(series)
    told = model.describe()
    assert told["resolution"] == resolution
    assert told["unit"] == f"energy_kwh per {unit}"
    expected = model.expected(series)
    total, truth = np.nansum(expected.mean), series.channels["energy_kwh"].sum()
    assert total == pytest.approx(truth, rel=0.01)


@pytest.mark.parametrize("minutes", [1, 15])
def test_readings_finer_than_hours_are_modelled_by_hours_and_expected_one_by_one(
    minutes: int,
) -> None:
    hours = year(40)
    part = 60 // minutes
    random = np.random.default_rng(2)
    times = np.repeat(hours.times, part) + np.tile(np.arange(part) * minutes * 60_000, len(hours))
    energy = np.repeat(hours.channels["energy_kwh"] / part, part)
    channels = {
        "energy_kwh": energy * random.uniform(0.9, 1.1, energy.size),
        "outdoor_temp_c": np.repeat(hours.channels["outdoor_temp_c"], part),
        "production_count": np.repeat(hours.channels["production_count"] / part, part),
    }
    fine = Series(times, channels)
    model = Baseline().fit(fine)
    found = model.expected(fine)
    assert np.nansum(found.mean) == pytest.approx(energy.sum(), rel=0.01)
    inside = (channels["energy_kwh"] >= found.lower) & (channels["energy_kwh"] <= found.upper)
    assert inside.mean() == pytest.approx(0.9, abs=0.06)


def test_days_are_modelled_from_hours_and_spread_over_them_again() -> None:
    series = year()
    model = Baseline({"resolution": "day"}).fit(series)
    assert model.describe()["unit"] == "energy_kwh per day"
    found = model.expected(series)
    actual = series.channels["energy_kwh"]
    assert found.mean.sum() == pytest.approx(actual.sum(), rel=0.01)
    assert np.corrcoef(found.mean, actual)[0, 1] > 0.8  # the hours of the day are in it
    assert model.evaluate(series).sample_count == 366


def test_power_is_modelled_where_there_is_no_energy() -> None:
    series = year(60)
    power = Series(
        series.times,
        {"power_kw": series.channels["energy_kwh"]}
        | {"flow_m3": series.channels["production_count"]},
    )
    model = Baseline({"drivers": ["flow_m3"]}).fit(power)
    assert model.target == "power_kw"
    assert model.features == ("power_kw", "flow_m3")
    assert model.describe()["unit"] == "power_kw"


def test_where_the_readings_leave_what_it_knows_it_says_so(fitted: Baseline) -> None:
    series = year(30)
    hot = {**series.channels, "outdoor_temp_c": series.channels["outdoor_temp_c"] + 60}
    said = fitted.expected(Series(series.times, hot)).warnings
    assert any("leaves the baseline's range" in text for text in said)
    assert not fitted.expected(year(30)).warnings
    spring = Baseline().fit(year(80))
    said = spring.expected(Series(year().times, year().channels)).warnings
    assert any("no readings from" in text for text in said)


def test_less_than_a_year_has_no_yearly_season_and_is_called_so() -> None:
    model = Baseline({"model": "additive"}).fit(year(300))
    assert "season" not in model.describe()["equation"]
    assert any("a whole year" in text for text in model.warnings)


def test_a_missing_driver_is_nan_and_not_a_guess(fitted: Baseline) -> None:
    series = year(10)
    broken = series.channels["outdoor_temp_c"].copy()
    broken[50:60] = np.nan
    found = fitted.expected(Series(series.times, {**series.channels, "outdoor_temp_c": broken}))
    assert np.isnan(found.mean[50:60]).all()
    assert np.isfinite(found.mean[:50]).all()
    without = {"energy_kwh": series.channels["energy_kwh"]}
    assert np.isnan(fitted.expected(Series(series.times, without)).mean).all()


def test_a_slip_of_the_unit_changes_nothing() -> None:
    series = year()
    slipped = series.channels["energy_kwh"].copy()
    slipped[[100, 2000]] *= 1000
    model = Baseline().fit(Series(series.times, {**series.channels, "energy_kwh": slipped}))
    assert any("slip of the unit" in text for text in model.warnings)
    clean, now = Baseline().fit(series).expected(series), model.expected(series)
    np.testing.assert_allclose(now.mean, clean.mean, atol=0.5)


def test_holidays_count_as_sundays() -> None:
    series = year()
    days = holiday_days("US", series.times)
    hours = np.arange(len(series))
    working = (series.times // DAY + 3) % 7 < 5
    working &= ~np.isin(series.times // DAY, list(days))
    energy = 20 + np.where(working, 50.0, 0.0) + np.sin(hours)
    plain = Series(series.times, {"energy_kwh": energy})
    found = {}
    for country in (None, "US"):
        model = Baseline({"model": "towt", "holidays": country}).fit(plain)
        read = Baseline.from_dict(model.to_dict())  # needs no package to know the days
        found[country] = read.evaluate(plain).metrics["rmse"]
    assert found["US"] < 1.5
    assert found[None] > 3 * found["US"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"drivers": ["wind"]}, DataLoadError, "no channel 'wind'"),
        ({"drivers": ["energy_kwh"]}, DataLoadError, "is the target"),
        ({"temperature": "roof"}, DataLoadError, "no channel 'roof'"),
        ({"target": "steam"}, DataLoadError, "no channel 'steam'"),
        ({"resolution": "week"}, HyperparameterError, "resolution must be"),
        ({"coverage": 1.5}, HyperparameterError, "coverage must be between"),
        ({"model": "oracle"}, HyperparameterError, "model must be"),
        ({"holidays": "Atlantis"}, HyperparameterError, "holidays must be a country"),
        ({"drivers": "wind"}, HyperparameterError, "list of different texts"),
    ],
)
def test_wrong_options_are_refused_with_what_to_do(
    options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        Baseline(options).fit(year(20))


def test_without_the_package_holidays_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.engine.optional.find_spec", lambda _: None)
    with pytest.raises(Exception, match=r"pip install 'modelwright\[holidays\]'"):
        Baseline({"holidays": "US"}).fit(year(20))


def test_months_and_days_cannot_be_modelled_finer_than_they_are() -> None:
    with pytest.raises(DataLoadError, match="set the option resolution to auto"):
        Baseline({"resolution": "hour"}).fit(gathered(year(), 24))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    size=st.sampled_from([1, 3, 24]),
    gap=st.floats(0, 0.6),
    offset=st.floats(-50, 500),
)
def test_whatever_the_readings_it_fits_or_says_what_to_do(
    seed: int, size: int, gap: float, offset: float
) -> None:
    random = np.random.default_rng(seed)
    series = gathered(year(int(random.integers(3, 60)), seed), size)
    kept = random.random(len(series)) > gap
    channels = {
        name: np.where(random.random(len(series)) < gap / 3, np.nan, values)[kept]
        for name, values in series.channels.items()
    }
    channels["energy_kwh"] = channels["energy_kwh"] + offset
    part = Series(series.times[kept], channels, "America/New_York")
    try:
        model = Baseline().fit(part)
    except DataLoadError:
        return
    found = model.expected(part)
    known = np.isfinite(found.mean)
    assert (found.lower[known] <= found.mean[known] + 1e-9).all()
    assert (found.mean[known] <= found.upper[known] + 1e-9).all()
    assert known.sum() >= 1
