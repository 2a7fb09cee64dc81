"""The laws of `MachineModel`, which every registered type is held to."""

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from modelwright.engine.errors import ArtifactError, DataLoadError, HyperparameterError
from modelwright.engine.machines import MACHINE_MODEL_TYPES
from modelwright.engine.machines.base import MachineModel
from modelwright.engine.machines.files import (
    machine_model_class,
    machine_model_read,
    machine_model_write,
)
from modelwright.engine.machines.series import Series
from modelwright.engine.machines.training import train_machine_model

HOUR = 3_600_000
START = 1_700_000_000_000 // HOUR * HOUR
TYPES = [name for name in MACHINE_MODEL_TYPES if find_spec(f"modelwright.engine.machines.{name}")]
FORECASTS = [name for name in TYPES if name.startswith("forecast")]


def machine(n: int = 24 * 60, seed: int = 0) -> Series:
    """Return hourly readings of a machine with a day, a week, weather and gaps."""
    random = np.random.default_rng(seed)
    hour = np.arange(n)
    warm = 12 + 8 * np.sin(hour / 150) + 4 * np.sin(hour * np.pi / 12) + random.normal(0, 1, n)
    made = np.where((hour // 24 % 7 < 5) & (hour % 24 > 6) & (hour % 24 < 18), 50.0, 0.0)
    made *= 1 + random.normal(0, 0.1, n)
    energy = 20 + 0.8 * made + 1.5 * np.maximum(warm - 15, 0) + random.normal(0, 1.5, n)
    energy[100:103] = np.nan
    kept = np.ones(n, dtype=bool)
    kept[300:330] = False
    channels = {"energy_kwh": energy, "outdoor_temp_c": warm, "production_count": made}
    return Series(
        START + hour[kept] * HOUR,
        {name: values[kept] for name, values in channels.items()},
        "Europe/Berlin",
    )


@pytest.fixture(scope="module", params=TYPES)
def fitted(request: pytest.FixtureRequest) -> MachineModel:
    """Give a model of each type, fitted to the machine."""
    return machine_model_class(request.param)().fit(machine())


def test_the_same_series_and_seed_give_the_same_model(fitted: MachineModel) -> None:
    again = type(fitted)(seed=fitted.seed).fit(machine())
    assert again.to_dict() == fitted.to_dict()


def test_the_file_gives_the_model_back_to_the_last_bit(
    fitted: MachineModel, tmp_path: Path
) -> None:
    path = tmp_path / "model.json"
    machine_model_write(fitted, path)
    read = machine_model_read(path.read_bytes())
    assert json.dumps(read.to_dict()) == json.dumps(fitted.to_dict())
    assert (read.target, read.features, read.warnings) == (
        fitted.target,
        fitted.features,
        fitted.warnings,
    )
    later = machine(24 * 70, seed=1)
    ours, theirs = fitted.expected(later), read.expected(later)
    for name in ("times", "mean", "lower", "upper"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_a_prediction_never_looks_at_the_future(fitted: MachineModel) -> None:
    series = machine(24 * 70, seed=1)
    cut = int(series.times[1500])
    early = fitted.expected(series.between(0, cut))
    whole = fitted.expected(series)
    # Not to the last bit: sums of another number of rows are rounded otherwise.
    np.testing.assert_allclose(early.mean, whole.mean[: early.mean.size], rtol=1e-7)
    np.testing.assert_allclose(early.upper, whole.upper[: early.upper.size], rtol=1e-7)


def test_expected_is_as_long_as_the_series_and_its_band_is_around_it(
    fitted: MachineModel,
) -> None:
    series = machine(24 * 70, seed=1)
    found = fitted.expected(series)
    np.testing.assert_array_equal(found.times, series.times)
    known = np.isfinite(found.mean)
    assert known.mean() > 0.9
    assert (found.lower[known] <= found.mean[known]).all()
    assert (found.mean[known] <= found.upper[known]).all()


@pytest.mark.parametrize("count", [0, 1])
def test_few_readings_are_no_error_once_fitted(fitted: MachineModel, count: int) -> None:
    series = machine(24 * 70, seed=1)
    few = Series(
        series.times[:count],
        {name: values[:count] for name, values in series.channels.items()},
        series.timezone,
    )
    assert fitted.expected(few).mean.size == count


def test_evaluation_counts_from_its_start_and_holds_no_nan(fitted: MachineModel) -> None:
    series = machine(24 * 70, seed=1)
    start = int(series.times[-240])
    found = fitted.evaluate(series, start=start)
    assert found.start >= start
    assert found.end <= series.times[-1]
    assert found.sample_count <= 240
    assert {"r_squared", "rmse", "mae", "mape"} <= set(found.metrics)
    json.dumps(dict(found.metrics), allow_nan=False)


def test_description_and_model_are_what_json_can_hold(fitted: MachineModel) -> None:
    json.dumps(fitted.describe(), allow_nan=False)
    json.dumps(fitted.to_dict(), allow_nan=False)


@pytest.mark.parametrize("model_type", TYPES)
class TestEveryType:
    """What needs no fitted model."""

    def test_options_have_defaults_that_are_themselves_allowed(self, model_type: str) -> None:
        kind = machine_model_class(model_type)
        assert kind.model_type == model_type
        in_force = kind.check_options({})
        assert in_force == kind.check_options(in_force)
        assert set(in_force) == {parameter.name for parameter in kind.parameters}

    def test_an_unknown_option_is_refused_by_name(self, model_type: str) -> None:
        with pytest.raises(HyperparameterError, match="colour"):
            machine_model_class(model_type).check_options({"colour": "red"})

    @pytest.mark.parametrize(
        "series",
        [
            Series(np.array([], dtype=np.int64), {"energy_kwh": np.array([])}),
            machine(9),
            Series(START + np.arange(500) * HOUR, {}),
            Series(START + np.arange(500) * HOUR, {"energy_kwh": np.full(500, np.nan)}),
            Series(START + np.arange(500) * HOUR, {"energy_kwh": np.full(500, 3.0)}),
        ],
        ids=["none", "few", "no channels", "no values", "constant"],
    )
    def test_a_series_that_tells_nothing_is_refused(self, model_type: str, series: Series) -> None:
        with pytest.raises(DataLoadError, match=r"(?i)send|check|choose"):
            machine_model_class(model_type)().fit(series)

    def test_training_reports_evaluates_and_writes(self, model_type: str, tmp_path: Path) -> None:
        told: list[tuple[float, str]] = []
        path = tmp_path / "model.json"
        series = machine()
        result = train_machine_model(
            series, model_type, path=path, report=lambda p, step, _: told.append((p, step))
        )
        assert told == sorted(told, key=lambda item: item[0])
        assert list(dict.fromkeys(step for _, step in told)) == [
            "check",
            "evaluate",
            "fit",
            "save",
        ]
        assert told[-1][0] == 100.0
        assert path.stat().st_size == result.size_bytes
        assert result.train_samples + result.test_samples == result.total_samples == len(series)
        assert result.evaluation.start >= series.times[result.train_samples]
        assert result.train_end == series.times[-1]
        assert result.hyperparameters == machine_model_class(model_type).check_options({})

    def test_a_failed_training_leaves_no_file(self, model_type: str, tmp_path: Path) -> None:
        with pytest.raises(DataLoadError):
            train_machine_model(machine(9), model_type, path=tmp_path / "model.json")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model_type", FORECASTS)
def test_a_forecast_goes_on_where_the_history_ends(model_type: str) -> None:
    series = machine()
    model = machine_model_class(model_type)().fit(series)
    found = model.forecast(series, 48)
    assert found.mean.shape == found.lower.shape == found.upper.shape == (48,)
    np.testing.assert_array_equal(found.times, series.times[-1] + HOUR * np.arange(1, 49))
    assert (found.lower <= found.mean).all()
    assert (found.mean <= found.upper).all()


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"format": 2}', b"\xff\xfe"])
def test_a_file_that_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        machine_model_read(data)


def test_an_unknown_type_is_refused_with_those_there_are() -> None:
    with pytest.raises(HyperparameterError, match="baseline"):
        machine_model_class("oracle")
