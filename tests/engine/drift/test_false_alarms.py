"""How often a check is wrong where nothing has drifted, and right where something has.

Rates that are far off show in so few checks; `bench.drift_alarms` runs many more.
"""

import numpy as np
import pytest

from modelwright.engine.drift import Profile, drift_check

from .helpers import lower_limit, mixed_table, upper_limit

ALPHA = 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reference", "window", "columns", "runs"),
    [(1000, 50, 20, 80), (1000, 1000, 20, 40), (4000, 500, 200, 5), (10_000, 10_000, 20, 10)],
)
def test_without_drift_an_alarm_is_as_rare_as_alpha_says(
    reference: int, window: int, columns: int, runs: int
) -> None:
    random = np.random.default_rng(reference + window)
    significant = alarms = 0
    for run in range(runs):
        if run % 5 == 0:
            profile = Profile.fit(mixed_table(reference, random, columns))
        result = drift_check(
            profile, profile.count(mixed_table(window, random, columns)), alpha=ALPHA
        )
        significant += any(feature.adjusted_p <= ALPHA for feature in result.features)
        alarms += result.drifted
    # without the second key the rate may be alpha; it can't be above with any confidence
    assert lower_limit(significant, runs) <= ALPHA, (significant, runs)
    assert alarms <= significant


@pytest.mark.slow
def test_a_quarter_of_a_deviation_in_one_of_twenty_columns_is_found_in_500_rows() -> None:
    random = np.random.default_rng(9)
    profile = Profile.fit(mixed_table(10_000, random))
    found = sum(
        "normal 0.0"
        in drift_check(
            profile, profile.count(mixed_table(500, random, shift=0.25)), alpha=ALPHA
        ).drifted_columns
        for _ in range(60)
    )
    # the power may be 0.9; it can't be below with any confidence
    assert upper_limit(found, 60) >= 0.9, found
