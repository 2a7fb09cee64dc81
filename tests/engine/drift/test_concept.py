"""Detectors of growing errors: laws that all keep, provable run lengths, delays."""

import json

import numpy as np
import pytest

from modelwright.engine.drift import (
    DETECTORS,
    Adwin,
    DriftDataError,
    DriftFormatError,
    EDetector,
    ErrorDetector,
)
from modelwright.engine.drift.concept.bounds import independent_block, upper_bound

from .helpers import lower_limit

KINDS = list(DETECTORS.values())


def wrong(rate: float, rows: int, random: np.random.Generator) -> np.ndarray:
    """Return 1 where a model erred, 0 where not."""
    return (random.random(rows) < rate).astype(float)


@pytest.fixture(params=KINDS, ids=list(DETECTORS))
def kind(request: pytest.FixtureRequest) -> type[ErrorDetector]:
    return request.param


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(12)


def test_steady_errors_raise_no_alarm_and_growing_ones_do(kind, random) -> None:
    detector = kind.fit(wrong(0.2, 3000, random), bounded=True)
    steady = detector.update(wrong(0.2, 3000, random))
    assert (steady.drifted, steady.drift_type, steady.alarm_at) == (False, "no_drift", None)
    assert 0 <= steady.score < steady.threshold == 1
    grown = detector.update(wrong(0.5, 1000, random))
    assert (grown.drifted, grown.drift_type) == (True, "concept_drift")
    assert grown.score >= 1
    assert 3000 < grown.alarm_at <= 3300


def test_errors_of_any_size_are_watched_after_scaling(kind, random) -> None:
    detector = kind.fit(abs(random.normal(0, 7, 2000)))
    assert not detector.update(abs(random.normal(0, 7, 2000))).drifted
    assert detector.update(abs(random.normal(0, 14, 1000))).drifted


def test_one_huge_error_is_no_drift(kind, random) -> None:
    detector = kind.fit(abs(random.normal(size=1000)))
    detector.update(abs(random.normal(size=300)))
    assert not detector.update([1e9]).drifted


def test_smaller_errors_raise_no_alarm(kind, random) -> None:
    detector = kind.fit(wrong(0.4, 2000, random), bounded=True)
    detector.update(wrong(0.4, 2000, random))
    assert not detector.update(wrong(0.1, 3000, random)).drifted


def test_pieces_of_any_size_make_no_difference(kind, random) -> None:
    baseline = abs(random.normal(size=600))
    stream = abs(np.concatenate([random.normal(size=900), random.normal(0, 3, 300)]))
    whole, parts = kind.fit(baseline), kind.fit(baseline)
    at_once = whole.update(stream)
    for piece in np.split(stream, [1, 2, 77, 500, 501, 960]):
        found = parts.update(piece)
    assert found.alarm_at == at_once.alarm_at is not None
    assert found.recent == pytest.approx(at_once.recent, rel=1e-3)


def test_a_stored_detector_goes_on_as_if_nothing_had_been(kind, random) -> None:
    detector = kind.fit(wrong(0.2, 2000, random), bounded=True)
    detector.update(wrong(0.2, 1001, random))
    state = json.loads(json.dumps(detector.to_dict(), allow_nan=False))
    again = kind.from_dict(state)
    stream = wrong(0.35, 3000, random)
    first, second = detector.update(stream), again.update(stream)
    assert first.alarm_at == second.alarm_at is not None
    assert first.score == pytest.approx(second.score)


def test_missing_errors_change_nothing(kind, random) -> None:
    stream = abs(random.normal(size=300))
    with_gaps = np.insert(stream, [5, 50, 250], np.nan)
    first, second = kind.fit(stream), kind.fit(with_gaps)
    assert first.update(stream) == second.update(with_gaps)
    assert first.update([]).labels == 300


def test_an_alarm_stays_until_the_reset(kind, random) -> None:
    detector = kind.fit(wrong(0.1, 1000, random), bounded=True)
    detector.update(wrong(0.1, 500, random))
    assert detector.update(wrong(0.6, 500, random)).drifted
    assert detector.update(wrong(0.1, 500, random)).drifted
    detector.reset()
    assert detector.update([]).labels == 0
    assert not detector.update(wrong(0.1, 1000, random)).drifted


def test_unusable_losses_are_refused(kind) -> None:
    with pytest.raises(DriftDataError, match="negative"):
        kind.fit([-1.0] * 100)
    with pytest.raises(DriftDataError, match="too few"):
        kind.fit([1.0] * 5)
    with pytest.raises(DriftDataError, match="beyond 1"):
        kind.fit([0.5] * 50 + [2.0], bounded=True)


def test_damaged_states_are_refused(kind, random) -> None:
    state = kind.fit(random.random(100)).to_dict()
    for broken in ({}, {**state, "name": "other"}, {**state, "labels": "many"}):
        with pytest.raises(DriftFormatError):
            kind.from_dict(broken)
    del state["scale"]
    with pytest.raises(DriftFormatError):
        kind.from_dict(state)


def test_models_that_never_or_always_erred_can_be_watched(kind) -> None:
    perfect = kind.fit(np.zeros(500), bounded=True)
    assert not perfect.update(np.zeros(500)).drifted
    assert perfect.update(np.ones(100)).drifted
    hopeless = kind.fit(np.ones(500), bounded=True)
    assert not hopeless.update(np.ones(5000)).drifted


def test_the_stakes_are_those_of_the_recursion() -> None:
    random = np.random.default_rng(2)
    detector = EDetector(0.3)
    stream = random.random(500) * 0.5
    stakes = np.zeros(len(detector._bets))
    for loss in stream:
        stakes = (stakes + 1) * (1 + detector._bets * (loss - 0.3))
    detector.update(stream)
    assert detector._stakes == pytest.approx(stakes)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["right or wrong", "spread out", "in turns"])
def test_the_mean_run_length_is_at_least_what_was_asked_for(kind: str) -> None:
    """With run length 300, streams end after more than 300 losses on average."""
    random = np.random.default_rng(3)
    ends = []
    for _ in range(120):
        detector = EDetector(0.2, run_length=300)
        while not (found := detector.update(stream_of(kind, random))).drifted:
            if found.labels >= 5000:
                break
        ends.append(found.alarm_at or found.labels)
    mean, error = np.mean(ends), np.std(ends) / len(ends) ** 0.5
    assert mean + 2.33 * error >= 300  # cut at 5,000: the true mean is larger still


def stream_of(kind: str, random: np.random.Generator) -> np.ndarray:
    """Return a thousand losses whose mean, given all before, is 0.2."""
    if kind == "right or wrong":
        return wrong(0.2, 1000, random)
    if kind == "spread out":
        return random.beta(0.2, 0.8, 1000)
    spread = np.repeat(random.uniform(0, 0.2, 20), 50)
    return 0.2 + spread * np.where(random.random(1000) < 0.5, 1, -1)


@pytest.mark.slow
def test_changes_are_found_sooner_than_by_adwin_at_no_more_false_alarms() -> None:
    random = np.random.default_rng(4)
    false, delays = 0, {0.3: [], 0.5: []}
    theirs: dict[float, list[int]] = {0.3: [], 0.5: []}
    for run in range(20):
        detector = EDetector.fit(wrong(0.2, 5000, random), bounded=True)
        false += detector.update(wrong(0.2, 10_000, random)).drifted
        for rate, found in delays.items():
            stream = np.concatenate([wrong(0.2, 1000, random), wrong(rate, 4000, random)])
            detector.reset()
            found.append((detector.update(stream).alarm_at or 5000) - 1000)
            if run < 5:
                theirs[rate].append((Adwin().update(stream).alarm_at or 5000) - 1000)
    assert lower_limit(false, 20) <= 0.02, false
    assert np.median(delays[0.3]) <= 423  # ADWIN's on long streams, in the notes
    assert np.median(delays[0.3]) <= np.median(theirs[0.3])
    assert np.median(delays[0.5]) <= 60 <= np.median(theirs[0.5])


def test_errors_of_a_series_are_averaged_until_they_are_independent() -> None:
    random = np.random.default_rng(5)
    noise = random.normal(size=8000)
    for step in range(1, len(noise)):
        noise[step] += 0.8 * noise[step - 1]
    detector = EDetector.fit(abs(noise[:4000]))
    assert detector.block >= 8
    assert not detector.update(abs(noise[4000:])).drifted
    assert detector.update(abs(noise[:1500]) * 2).drifted
    assert independent_block(random.random(4000), 100) == 1


def test_upper_bounds_hold_as_often_as_they_say() -> None:
    random = np.random.default_rng(6)
    for draw, mean in (
        (lambda: wrong(0.1, 200, random), 0.1),
        (lambda: random.beta(2, 8, 200), 0.2),
    ):
        missed = sum(upper_bound(draw(), 0.9) < mean for _ in range(400))
        assert lower_limit(missed, 400) <= 0.1


def test_adwin_is_rivers() -> None:
    """Alarms of river 0.26.1's ADWIN on the same streams (same seed, same draws)."""
    random = np.random.default_rng(11)
    expected = [3264, 3168, 3104, 4864, 3104, 3136, 4384, 3264, 3072, 3360, 3200, 3200]
    for number, alarm in enumerate(expected):
        before = (0.1, 0.2, 0.3, 0.5)[number % 4]
        after = min(1.0, before + (0.1, 0.2, 0.3)[number % 3])
        stream = np.concatenate([wrong(before, 3000, random), wrong(after, 3000, random)])
        if number % 2:
            stream = np.clip(abs(random.normal(stream * 0.5, 0.1)), 0, 1)
        assert Adwin().update(stream).alarm_at == alarm
