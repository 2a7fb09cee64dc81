"""A drift check: two keys, one verdict, and what it says about itself."""

from dataclasses import replace

import numpy as np
import pytest

from modelwright.engine.drift import (
    DriftError,
    Profile,
    detectable_shift,
    drift_check,
)
from modelwright.engine.drift.multiplicity import holm
from modelwright.engine.drift.power import detectable_w

from .helpers import mixed_table

RANDOM = np.random.default_rng(5)
REFERENCE = mixed_table(10_000, RANDOM)
PROFILE = Profile.fit(REFERENCE)


@pytest.fixture(autouse=True)
def _whatever_ran_before() -> None:
    """Give each test the same numbers, in whatever order they run."""
    RANDOM.bit_generator.state = np.random.default_rng(6).bit_generator.state


def check(table: dict[str, np.ndarray], **options: object):
    return drift_check(PROFILE, PROFILE.count(table), **options)


def test_no_drift_is_no_drift() -> None:
    result = check(mixed_table(1000, RANDOM))
    assert not result.drifted
    assert result.drift_type == "no_drift"
    assert result.score < result.threshold == 1.0
    assert {feature.name for feature in result.features} == set(PROFILE.names)
    assert result.recommendation == "No drift found; keep the model."


def test_a_shifted_column_is_named_first_and_alone() -> None:
    result = check(mixed_table(1000, RANDOM, shift=0.5))
    assert result.drifted_columns == ("normal 0.0",)
    worst = result.features[0]
    assert (worst.name, worst.drifted) == ("normal 0.0", True)
    assert worst.adjusted_p <= result.alpha
    assert worst.effect >= worst.floor
    assert "larger" in worst.note
    assert result.score >= 1
    assert "normal 0.0" in result.recommendation


def test_significant_but_tiny_is_no_alarm_unless_asked_for() -> None:
    table = mixed_table(100_000, RANDOM, shift=0.07)
    result = check(table)
    feature = next(f for f in result.features if f.name == "normal 0.0")
    assert feature.adjusted_p < 0.01
    assert not result.drifted
    assert check(table, floors={"ks": 0.01, "rank_sum": 0.01}).drifted_columns == ("normal 0.0",)


def test_large_but_not_significant_is_no_alarm() -> None:
    rows = {name: column[:4] for name, column in mixed_table(50, RANDOM).items()}
    result = check(rows)
    assert not result.drifted
    assert max(feature.effect for feature in result.features) > 0.3


def test_what_too_few_rows_cannot_show_is_said() -> None:
    result = check(mixed_table(60, RANDOM))
    feature = next(f for f in result.features if f.name == "normal 0.0")
    assert feature.detectable_shift > 0.5
    assert "too few rows for a change of 0.25 standard deviations: some 4" in feature.note
    assert "too short" in result.recommendation
    enough = next(f for f in check(mixed_table(2000, RANDOM)).features if f.name == feature.name)
    assert enough.detectable_shift < 0.25
    assert "too few" not in enough.note


@pytest.mark.parametrize("value", [1e9, -1e9, 1e300, np.inf, np.nan])
@pytest.mark.parametrize("shift", [0.0, 0.5])
@pytest.mark.parametrize("where", ["reference", "window"])
def test_one_outlier_changes_no_verdict(value: float, shift: float, where: str) -> None:
    reference = RANDOM.normal(size=20_000)
    window = RANDOM.normal(shift, size=500)
    before = drift_check(p := Profile.fit({"x": reference}), p.count({"x": window}))
    if where == "reference":
        reference[77] = value
    else:
        window[77] = value
    after = drift_check(p := Profile.fit({"x": reference}), p.count({"x": window}))
    assert before.drifted == after.drifted == (shift > 0)


def test_dead_sensor_and_new_words_and_new_range_are_found_by_their_own_tests() -> None:
    table = mixed_table(2000, RANDOM)
    table["gamma 0.0"][:200] = np.nan
    table["words 0.5"][:100] = "never heard of"
    table["lognormal 0.1"][:60] += 1e4
    result = check(table)
    found = {(feature.name, feature.test) for feature in result.features if feature.drifted}
    assert {("gamma 0.0", "missing"), ("words 0.5", "unseen"), ("lognormal 0.1", "range")} <= found
    only_missing = check({**mixed_table(2000, RANDOM), "gamma 0.0": table["gamma 0.0"]})
    assert "check where the data come from" in only_missing.recommendation


def test_an_absent_column_is_an_alarm_that_says_so() -> None:
    table = mixed_table(500, RANDOM)
    del table["gaps 0"]
    result = check({**table, "unknown": np.zeros(500)})
    assert result.drifted_columns == ("gaps 0",)
    assert result.notes == (
        "Column 'gaps 0' is absent.",
        "Column 'unknown' is not in the profile.",
    )


def test_counts_kept_by_the_hour_give_the_same_verdict_as_the_rows() -> None:
    table = mixed_table(600, RANDOM, shift=0.4)
    hours = [
        PROFILE.count({name: column[start : start + 25] for name, column in table.items()})
        for start in range(0, 600, 25)
    ]
    assert drift_check(PROFILE, sum(hours)) == check(table)


def test_rows_in_an_order_that_matters_are_pointed_out() -> None:
    profile = Profile.fit({"x": np.sort(RANDOM.normal(size=2000)), "y": RANDOM.random(2000)})
    result = drift_check(profile, profile.count({"x": [0.1], "y": [0.1]}))
    assert profile.ordered == ("x",)
    assert "depend on their order in x" in result.notes[0]


def test_wrong_requests_say_what_to_do() -> None:
    counts = PROFILE.count(mixed_table(10, RANDOM))
    for options, message in (
        ({"alpha": 0}, "between 0 and 1"),
        ({"alpha": float("nan")}, "between 0 and 1"),
        ({"at": (5, 5)}, "ends before it begins"),
    ):
        with pytest.raises(DriftError, match=message):
            drift_check(PROFILE, counts, **options)
    with pytest.raises(DriftError, match="no rows"):
        drift_check(PROFILE, counts - counts)
    with pytest.raises(DriftError, match="another profile"):
        drift_check(PROFILE, replace(counts, size=counts.size + 1))


def test_a_reference_of_one_row_or_none_that_count_gives_no_alarm() -> None:
    for column in ([1.0], [np.nan] * 5, ["a"], [None] * 3, [5.0] * 100):
        profile = Profile.fit({"x": column})
        for window in ([2.0], ["b"], [np.nan], [5.0]):
            assert not drift_check(profile, profile.count({"x": window})).drifted


def test_a_constant_that_changes_is_found() -> None:
    profile = Profile.fit({"x": [5.0] * 1000})
    assert drift_check(profile, profile.count({"x": [5.5] * 100})).drifted
    assert not drift_check(profile, profile.count({"x": [5.0] * 100})).drifted


def test_holm_is_less_strict_than_bonferroni_and_keeps_the_weights() -> None:
    p_values = [0.001, 0.02, 0.9]
    adjusted = holm(p_values, [1, 1, 1])
    assert adjusted == pytest.approx([0.003, 0.04, 0.9])
    favoured = holm(p_values, [2, 0.5, 0.5])
    assert favoured[0] == pytest.approx(0.0015)


@pytest.mark.parametrize("rows", [100, 800])
def test_the_detectable_shift_is_detected_as_often_as_it_says(rows: int) -> None:
    random = np.random.default_rng(3)
    profile = Profile.fit({"x": random.normal(size=10_000)})
    shift = detectable_shift(10_000, rows, alpha=0.005, power=0.9)
    found = [
        drift_check(profile, profile.count({"x": random.normal(shift, size=rows)})).drifted
        for _ in range(200)
    ]
    assert 0.82 <= np.mean(found) <= 0.97


def test_the_detectable_change_of_shares_is_detected_as_often_as_it_says() -> None:
    random = np.random.default_rng(4)
    words = np.array(["a", "b", "c", "d"], dtype=object)
    profile = Profile.fit({"x": words[random.integers(0, 4, 10_000)]})
    w = detectable_w(10_000, 500, 3, alpha=0.01, power=0.9)
    shares = 0.25 * (1 + w * np.array([1, 1, -1, -1]))
    found = [
        drift_check(profile, profile.count({"x": random.choice(words, 500, p=shares)})).drifted
        for _ in range(200)
    ]
    assert 0.82 <= np.mean(found) <= 0.97
