"""Forecasts: what they find, their bands, odd readings, and Prophet's mode."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.engine.errors import DataLoadError, HyperparameterError
from modelwright.engine.machines.files import machine_model_class
from modelwright.engine.machines.forecast_arima import ArimaForecast
from modelwright.engine.machines.forecast_prophet import ProphetForecast
from modelwright.engine.machines.forecasting.autoregression import Autoregression
from modelwright.engine.machines.forecasting.grid import Grid, grid_step, place
from modelwright.engine.machines.forecasting.lasso import lasso
from modelwright.engine.machines.forecasting.model import ForecastModel
from modelwright.engine.machines.forecasting.moments import Moments
from modelwright.engine.machines.forecasting.prophet_map import Priors, most_probable
from modelwright.engine.machines.forecasting.seasons import DAY, orders, waves
from modelwright.engine.machines.holiday_days import holiday_days
from modelwright.engine.machines.series import Series

HOUR = 3_600_000
TYPES = (ArimaForecast, ProphetForecast)


def load(days: int = 120, seed: int = 0, step: int = HOUR) -> Series:
    """Return a machine with a day, a week and errors that go on."""
    random = np.random.default_rng(seed)
    count = days * 24 * HOUR // step
    hour = np.arange(count) * step / HOUR
    energy = 100 + 20 * np.sin(hour * np.pi / 12) + 10 * np.cos(hour * np.pi / 6)
    energy += 15 * (hour // 24 % 7 < 5)
    error = random.normal(0, 2, count)
    for at in range(1, count):
        error[at] += 0.8 * error[at - 1]
    return Series((np.arange(count) * step).astype(np.int64), {"power_kw": energy + error})


@pytest.mark.parametrize("kind", TYPES)
def test_it_beats_the_naive_forecast_and_its_band_holds(kind: type[ForecastModel]) -> None:
    series = load()
    model = kind().fit(series.between(0, 90 * 24 * HOUR))
    found = model.evaluate(series, start=90 * 24 * HOUR).metrics
    assert found["mase"] is not None
    assert found["mase_naive"] is not None
    assert found["mase"] < 0.85 * found["mase_naive"]
    assert found["coverage"] == pytest.approx(0.9, abs=0.06)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("step", [HOUR // 4, HOUR, 4 * HOUR, 24 * HOUR, 7 * 24 * HOUR])
def test_any_step_is_found(kind: type[ForecastModel], step: int) -> None:
    series = load(900 if step > 4 * HOUR else 60, step=step)
    model = kind().fit(series)
    assert model.step == step
    assert model.horizon == (7 if step >= 24 * HOUR else 24 * HOUR // step)
    found = model.forecast(series, model.horizon)
    spread = np.ptp(series.channels["power_kw"])
    assert np.abs(found.mean - series.channels["power_kw"].mean()).max() < spread
    assert (found.upper > found.lower).all()


@pytest.mark.parametrize("kind", TYPES)
def test_gaps_and_late_clocks_change_little(kind: type[ForecastModel]) -> None:
    series = load()
    random = np.random.default_rng(3)
    kept = random.random(len(series)) > 0.2
    kept[1000:1100] = False
    kept[-1] = True
    late = series.times + random.integers(-120_000, 120_000, len(series))
    late[-1] = series.times[-1]
    values = series.channels["power_kw"].copy()
    values[random.random(len(series)) < 0.05] = np.nan
    gappy = Series(late[kept], {"power_kw": values[kept]})
    clean = kind().fit(series).forecast(series, 24)
    found = kind().fit(gappy).forecast(gappy, 24)
    np.testing.assert_array_equal(found.times, clean.times)
    assert np.abs(found.mean - clean.mean).mean() < 4


@pytest.mark.parametrize("kind", TYPES)
def test_a_forecast_needs_only_the_last_readings(kind: type[ForecastModel]) -> None:
    series = load()
    model = kind().fit(series.between(0, 100 * 24 * HOUR))
    later = series.between(100 * 24 * HOUR, 104 * 24 * HOUR + HOUR)
    whole = model.forecast(series.between(0, 104 * 24 * HOUR + HOUR), 24)
    found = model.forecast(later, 24)
    np.testing.assert_array_equal(found.times, whole.times)
    assert np.abs(found.mean - whole.mean).max() < 3


@pytest.mark.parametrize("kind", TYPES)
def test_expected_is_the_forecast_made_a_horizon_before(kind: type[ForecastModel]) -> None:
    series = load()
    model = kind({"horizon": 6}).fit(series.between(0, 100 * 24 * HOUR))
    at = 101 * 24
    made = model.forecast(series.between(0, int(series.times[at]) + 1), 6)
    expected = model.expected(series).mean[at + 6]
    assert expected == pytest.approx(made.mean[-1], abs=1.0)
    if kind is ArimaForecast:
        assert expected == pytest.approx(made.mean[-1], rel=1e-9)


@pytest.mark.parametrize("kind", TYPES)
def test_a_slip_of_the_unit_is_left_out(kind: type[ForecastModel]) -> None:
    series = load()
    slipped = series.channels["power_kw"].copy()
    slipped[2000] *= 1000
    model = kind().fit(Series(series.times, {"power_kw": slipped}))
    assert any("slip of the unit" in text for text in model.warnings)
    clean = kind().fit(series).forecast(series, 24)
    assert np.abs(model.forecast(series, 24).mean - clean.mean).max() < 2


@pytest.mark.parametrize("kind", TYPES)
def test_holidays_are_forecast_as_such(kind: type[ForecastModel]) -> None:
    series = load(800)
    days = [day for day in holiday_days("US", series.times) if day < 800]
    ours = np.isin(series.times // (24 * HOUR), days)
    values = np.where(ours, series.channels["power_kw"] - 40, series.channels["power_kw"])
    last = max(days)
    until = Series(series.times, {"power_kw": values}).between(0, last * 24 * HOUR)
    truth = values[last * 24 : last * 24 + 24]
    errors = {}
    for country in (None, "US"):
        found = kind({"holidays": country}).fit(until).forecast(until, 24)
        errors[country] = np.abs(found.mean - truth).mean()
    assert errors["US"] < 0.5 * errors[None]


def test_temperature_is_a_driver_on_request() -> None:
    series = load()
    hour = np.arange(len(series))
    random = np.random.default_rng(1)
    spell = np.repeat(random.normal(15, 8, len(series) // 72 + 1), 72)[: len(series)]
    values = series.channels["power_kw"] + 5 * np.maximum(spell - 15, 0)
    warm = Series(series.times, {"power_kw": values, "outdoor_temp_c": spell})
    model = ArimaForecast({"temperature": "outdoor_temp_c"}).fit(warm)
    assert model.features == ("power_kw", "outdoor_temp_c")
    assert "temperature" in model.describe()["equation"]
    read = ArimaForecast.from_dict(model.to_dict())
    np.testing.assert_array_equal(read.forecast(warm, 24).mean, model.forecast(warm, 24).mean)
    with pytest.raises(DataLoadError, match="no outdoor_temp_c"):
        model.forecast(Series(warm.times, {"power_kw": values}), 24)
    assert hour.size == len(series)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("options", "message"),
    [({"horizon": 0}, "horizon must be"), ({"coverage": "high"}, "coverage must be a number")],
)
def test_wrong_options_are_refused(
    kind: type[ForecastModel], options: dict[str, object], message: str
) -> None:
    with pytest.raises(HyperparameterError, match=message):
        kind(options).fit(load(10))


@pytest.mark.parametrize("kind", TYPES)
def test_readings_that_are_too_far_apart_for_the_model_are_refused(
    kind: type[ForecastModel],
) -> None:
    model = kind().fit(load())
    with pytest.raises(DataLoadError, match="train it again"):
        model.forecast(load(step=4 * HOUR), 24)
    with pytest.raises(DataLoadError, match="no readings to go on from"):
        model.forecast(Series(np.array([], dtype=np.int64), {"power_kw": np.array([])}), 24)


@settings(max_examples=20, deadline=None)
@given(
    kind=st.sampled_from(["forecast_arima", "forecast_prophet"]),
    seed=st.integers(0, 10_000),
    count=st.integers(24, 400),
    gap=st.floats(0, 0.7),
    step=st.sampled_from([60_000, 900_000, HOUR, 24 * HOUR, 30 * 24 * HOUR]),
)
def test_whatever_the_readings_a_forecast_is_finite_or_refused(
    kind: str, seed: int, count: int, gap: float, step: int
) -> None:
    random = np.random.default_rng(seed)
    values = np.cumsum(random.normal(size=count)) * 10 ** random.uniform(-3, 3)
    kept = random.random(count) > gap
    series = Series((np.arange(count) * step)[kept], {"energy_kwh": values[kept]})
    try:
        model = machine_model_class(kind)().fit(series)
    except DataLoadError:
        return
    found = model.forecast(series, 50)
    for part in (found.mean, found.lower, found.upper):
        assert np.isfinite(part).all()
    assert np.abs(found.mean).max() <= np.abs(values).max() + np.ptp(values) + 1e-9


def test_forecasts_from_many_origins_are_the_recursion() -> None:
    random = np.random.default_rng(0)
    model = Autoregression((1, 2, 5), np.array([0.5, 0.2, -0.3]))
    series, inputs = random.normal(size=60), random.normal(size=80)
    origins = np.array([10, 30, 59])
    future = np.stack([inputs[at + 1 : at + 9] for at in origins])
    found = model.forecasts(series, future, origins)
    for row, at in enumerate(origins):
        path = list(series[: at + 1])
        for k in range(8):
            weights = zip(model.lags, model.weights, strict=True)
            path.append(inputs[at + 1 + k] + sum(w * path[-lag] for lag, w in weights))
        np.testing.assert_allclose(found[row], path[at + 1 :])


def test_an_explosive_autoregression_is_calmed() -> None:
    wild = Autoregression((1, 2), np.array([1.3, 0.2]))
    calm = wild.calmed()
    assert np.abs(calm.response(200)).max() < 3
    steady = Autoregression((1,), np.array([0.9]))
    assert steady.calmed() is steady


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000), size=st.integers(1, 12), penalty=st.floats(0.01, 20))
def test_the_lasso_is_at_its_minimum(seed: int, size: int, penalty: float) -> None:
    random = np.random.default_rng(seed)
    design = random.normal(size=(20, size)) @ random.normal(size=(size, size))
    quadratic, linear = design.T @ design, design.T @ random.normal(size=20) * 3
    found = lasso(quadratic, linear, penalty)
    slope = quadratic @ found - linear
    tolerance = 1e-5 * (penalty + np.abs(linear).max())
    assert (np.abs(slope[found == 0]) <= penalty + tolerance).all()
    active = found != 0
    np.testing.assert_allclose(slope[active], -penalty * np.sign(found[active]), atol=tolerance)


def test_prophets_mode_is_no_worse_than_any_point_near_it() -> None:
    random = np.random.default_rng(0)
    place = np.linspace(0, 1, 400)
    bends = np.arange(1, 20) / 25
    design = np.hstack(
        [
            np.column_stack([place, np.ones(400)]),
            np.maximum(place[:, None] - bends, 0),
            waves(place * 20 % 1, [1, 2]),
        ]
    )
    target = 0.3 + 0.5 * np.maximum(place - 0.4, 0) + 0.1 * np.sin(place * 40 * np.pi)
    target += random.normal(0, 0.05, 400)
    precision = np.r_[np.full(2, 1 / 25), np.zeros(19), np.full(4, 1 / 100)]
    where = np.arange(2, 21)
    found, sigma = most_probable(Moments.of(design, target), precision, where, Priors())

    def worse(parameters: np.ndarray, noise: float) -> float:
        error = target - design @ parameters
        cost = 400 * np.log(noise) + error @ error / (2 * noise**2) + 2 * noise**2
        cost += (precision * parameters**2).sum() / 2 + np.abs(parameters[where]).sum() / 0.05
        return float(cost)

    best = worse(found, sigma)
    for _ in range(300):
        near = found + random.normal(0, 1e-3, found.size) * (random.random(found.size) < 0.2)
        assert worse(near, sigma * np.exp(random.normal(0, 0.01))) >= best - 1e-6


class TestGrid:
    """Readings on a regular grid."""

    def test_finer_readings_are_gathered_and_the_unfinished_cell_left_out(self) -> None:
        times = np.arange(100_000) * 60_000
        series = Series(times, {"energy_kwh": np.ones(times.size)})
        step = grid_step(times)
        assert step == 15 * 60_000
        placed = place(series, "energy_kwh", step)
        np.testing.assert_allclose(placed.grid.values, 15.0)
        assert len(placed.grid) == 100_000 // 15
        assert (placed.cell[-(100_000 % 15) :] == -1).all()

    def test_a_stray_date_is_refused(self) -> None:
        times = np.append(-(10**14), np.arange(50) * HOUR)
        with pytest.raises(DataLoadError, match="lies far before"):
            place(Series(times, {"power_kw": np.ones(51)}), "power_kw", HOUR)

    def test_later_cells_go_on_from_earlier_ones(self) -> None:
        early = Grid(0, HOUR, np.array([1.0, 2.0]))
        late = Grid(4 * HOUR, HOUR, np.array([5.0]))
        joined = late.after(early)
        np.testing.assert_array_equal(joined.values, [1, 2, np.nan, np.nan, 5])
        assert late.after(Grid(1, HOUR, np.array([1.0]))) is late
        assert Grid.from_dict(joined.to_dict()).to_dict() == joined.to_dict()

    def test_waves_stay_below_half_the_step(self) -> None:
        assert orders(DAY, 10, 4 * HOUR) == [1, 2]
        assert orders(DAY, 10, 24 * HOUR) == []
