"""Whether the traffic was split as asked for."""

import json
import math

import numpy as np
import pytest

from modelwright.engine.abtest import ABTestError, SampleRatio


@pytest.mark.parametrize("split", [0.5, 0.05])
def test_a_right_split_rarely_alarms_though_one_looks_after_every_row(split: float) -> None:
    random = np.random.default_rng(0)
    runs, rows, alpha = 400, 1500, 0.05
    second = np.cumsum(random.random((rows, runs)) < split, axis=0)
    ratio = SampleRatio(split, alpha)
    alarmed = np.zeros(runs, dtype=bool)
    for row in range(19, rows, 20):
        for run in np.flatnonzero(~alarmed):
            ratio.counts = [row + 1 - int(second[row, run]), int(second[row, run])]
            alarmed[run] = ratio.log_evidence() >= -math.log(alpha)
    assert alarmed.mean() <= alpha


def test_a_share_of_lost_rows_is_found() -> None:
    ratio = SampleRatio(0.5)
    for _ in range(100):
        ratio.add(100, 90)
    result = ratio.result()
    assert result.mismatch
    assert result.observed == pytest.approx(90 / 190)


def test_an_alarm_stays_and_the_state_survives() -> None:
    ratio = SampleRatio(0.5)
    ratio.add(500, 300)
    ratio.add(0, 200)
    kept = SampleRatio.from_dict(json.loads(json.dumps(ratio.to_dict())))
    assert kept.result() == ratio.result()
    assert kept.result().mismatch


def test_wrong_numbers_are_refused() -> None:
    with pytest.raises(ABTestError, match="above 0 and below 1"):
        SampleRatio(1.0)
    with pytest.raises(ABTestError, match="negative"):
        SampleRatio(0.5).add(-1, 0)
