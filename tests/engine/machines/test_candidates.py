"""Every candidate of a baseline is held to the laws of `Candidate`, and finds what is there."""

import json

import numpy as np
import pytest

from modelwright.engine.machines.candidates import CANDIDATES, Frame, Inputs, build_frame
from modelwright.engine.machines.candidates.arrow import Arrow, arrow_predict
from modelwright.engine.machines.candidates.change_point import HeatingCoolingCandidate
from modelwright.engine.machines.candidates.folds import time_folds
from modelwright.engine.machines.series import Series

HOUR = 3_600_000
DAY = 24 * HOUR
INPUTS = Inputs("energy_kwh", "outdoor_temp_c", "production_count")


def year(days: int = 366, seed: int = 0) -> Series:
    """Return hours with heating below 14 °C, cooling above 21 °C, and production on weekdays."""
    random = np.random.default_rng(seed)
    hour = np.arange(days * 24)
    warm = 12 - 11 * np.cos(2 * np.pi * hour / 8766) + 5 * np.sin(2 * np.pi * (hour - 9) / 24)
    warm += random.normal(0, 2, hour.size)
    made = np.where((hour // 24 % 7 < 5) & (hour % 24 > 6) & (hour % 24 < 18), 80.0, 0.0)
    made *= random.uniform(0.7, 1.3, hour.size)
    energy = 30 + 2 * np.maximum(14 - warm, 0) + 3 * np.maximum(warm - 21, 0) + 0.5 * made
    energy += random.normal(0, 3, hour.size)
    channels = {"energy_kwh": energy, "outdoor_temp_c": warm, "production_count": made}
    return Series(1_672_531_200_000 + hour * HOUR, channels)


@pytest.fixture(scope="module")
def frame() -> Frame:
    """Give a year of hours."""
    return build_frame(year(), INPUTS, gather=True)


@pytest.mark.parametrize("name", CANDIDATES)
class TestEveryCandidate:
    """What `Candidate` promises."""

    def test_it_is_written_and_read_to_the_last_bit(self, name: str, frame: Frame) -> None:
        rows = np.ones(len(frame), dtype=bool)
        model = CANDIDATES[name]().fit(frame, rows)
        read = CANDIDATES[name].from_dict(json.loads(json.dumps(model.to_dict())))
        np.testing.assert_array_equal(model.predict(frame), read.predict(frame))
        assert read.equation() == model.equation()
        assert read.parameters == model.parameters

    def test_rows_that_are_held_out_are_never_looked_at(self, name: str, frame: Frame) -> None:
        rows = np.arange(len(frame)) < 7000
        spoilt = Frame(**{**frame.__dict__, "target": np.where(rows, frame.target, 1e9)})
        one = CANDIDATES[name]().fit(frame, rows).predict(frame)
        other = CANDIDATES[name]().fit(spoilt, rows).predict(frame)
        np.testing.assert_array_equal(one, other)

    def test_cross_validation_predicts_unseen_rows(self, name: str, frame: Frame) -> None:
        rows = np.ones(len(frame), dtype=bool)
        folds = time_folds(frame.times, "hour")
        seen = CANDIDATES[name]().cross_validate(frame, rows, folds)
        shifted = np.where(folds == 0, frame.target + 1000, frame.target)
        spoilt = Frame(**{**frame.__dict__, "target": shifted})
        again = CANDIDATES[name]().cross_validate(spoilt, rows, folds)
        first = folds == 0
        if name == "additive":  # its penalties are chosen by all folds together
            assert np.abs(again[first] - seen[first]).max() < 100
        else:
            np.testing.assert_allclose(again[first], seen[first])

    def test_its_terms_are_finite(self, name: str, frame: Frame) -> None:
        rows = np.ones(len(frame), dtype=bool)
        model = CANDIDATES[name]().fit(frame, rows)
        assert all(np.isfinite(term.value) for term in model.terms())
        assert model.parameters >= len([t for t in model.terms() if t.standard_error])


def test_five_parameters_are_found_with_honest_standard_errors(frame: Frame) -> None:
    model = HeatingCoolingCandidate().fit(frame, np.ones(len(frame), dtype=bool))
    terms = {term.name.split()[0]: term for term in model.terms() if "degrees" not in term.name}
    below, above = (term for term in model.terms() if "degrees" in term.name)
    assert model.bend.low == pytest.approx(14, abs=1)
    assert model.bend.high == pytest.approx(21, abs=1)
    for term, truth in ((below, 2.0), (above, 3.0), (terms["base"], 30.0)):
        assert term.value == pytest.approx(truth, rel=0.1)
        assert term.standard_error is not None
        assert 0 < term.standard_error < 0.1 * truth


def test_degree_hours_within_days_are_seen_where_hours_were_read() -> None:
    series = year()
    daily = Inputs("energy_kwh", "outdoor_temp_c", "production_count", resolution="day", step=DAY)
    gathered = build_frame(series, daily, gather=True)
    assert gathered.spread_known
    rows = np.isfinite(gathered.target)
    from_hours = HeatingCoolingCandidate().fit(gathered, rows)
    means = Series(
        gathered.times,
        {
            "energy_kwh": gathered.target,
            "outdoor_temp_c": np.asarray(gathered.temperature),
            "production_count": gathered.drivers["production_count"],
        },
    )
    flat = build_frame(means, daily, gather=True)
    assert not flat.spread_known
    from_days = HeatingCoolingCandidate().fit(flat, rows)
    errors = [
        float(np.std(frame.target - model.predict(frame)))
        for frame, model in ((gathered, from_hours), (flat, from_days))
    ]
    assert errors[0] < errors[1]
    assert from_days.bend.spread > 0  # the corners of daily means are round


def test_the_arrow_is_the_dense_ridge() -> None:
    random = np.random.default_rng(1)
    own, shared = random.normal(size=(200, 3)), random.normal(size=(200, 4))
    group = random.integers(0, 5, 200)
    target = random.normal(size=200)
    penalties = np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3, 0.4])
    found = Arrow(own, shared, target, group, 5).solve(*penalties)
    wide = np.zeros((200, 15))
    for row, at in enumerate(group):
        wide[row, 3 * at : 3 * at + 3] = own[row]
    design = np.hstack([wide, shared])
    penalty = np.diag(np.concatenate([np.tile(penalties[0], 5), penalties[1]]))
    dense = design @ np.linalg.solve(design.T @ design + penalty, design.T @ target)
    np.testing.assert_allclose(arrow_predict(own, shared, group, found), dense)


def test_clock_changes_and_half_hour_zones_keep_hours_whole() -> None:
    times = 1_711_843_200_000 + np.arange(8) * (HOUR // 2)  # 2024-03-31 00:00 UTC, half hours
    series = Series(times, {"energy_kwh": np.ones(8)}, "Europe/Berlin")
    found = build_frame(series, Inputs("energy_kwh"), gather=True)
    assert found.hour.tolist() == [1, 3, 4, 5]
    assert found.target.tolist() == [2.0, 2.0, 2.0, 2.0]
    india = Series(times, {"energy_kwh": np.ones(8)}, "Asia/Kolkata")
    assert build_frame(india, Inputs("energy_kwh"), gather=True).hour.tolist() == [5, 6, 7, 8, 9]
