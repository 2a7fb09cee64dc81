"""Goals on public data, where these are there (see `bench.anomaly`)."""

import numpy as np
import pytest
from bench import anomaly as bench

from modelwright.engine.machines.series import Series

NAB = bench.DATA / "anomaly" / "nab"
SKAB = bench.DATA / "anomaly" / "skab"


@pytest.mark.slow
@pytest.mark.skipif(not NAB.exists(), reason=f"There is no {NAB}")
def test_nab_is_scored_above_the_goal() -> None:
    found = bench.nab(NAB)
    assert found["score"] >= bench.NAB_GOAL
    assert found["score_at_default_sensitivity"] >= bench.NAB_GOAL
    assert found["cpu_seconds_for_20000_readings"] < bench.SECONDS_GOAL


@pytest.mark.slow
@pytest.mark.skipif(not SKAB.exists(), reason=f"There is no {SKAB}")
def test_the_pumps_faults_are_found_at_the_documented_sensitivity() -> None:
    assert bench.skab(SKAB)["f1"] >= bench.SKAB_GOAL


def _file(windows: list[tuple[int, int]]) -> bench.NabFile:
    times = np.arange(1000, dtype=np.int64) * 1000
    return bench.NabFile("made up", Series(times, {"value": np.zeros(1000)}), 150, windows)


def test_the_scorer_gives_what_the_paper_says() -> None:
    file = _file([(300, 399)])
    assert bench.nab_value(file, []) == -1
    assert bench.nab_value(file, [300]) == pytest.approx(1)
    assert bench.nab_value(file, [100, 300]) == pytest.approx(1)  # still learning
    late = bench.nab_value(file, [399])
    assert 0 < late < 0.1
    assert bench.nab_value(file, [300, 399]) == pytest.approx(1)  # the earliest counts
    assert bench.nab_value(file, [200]) == pytest.approx(-1 - 0.11)
    assert bench.nab_value(file, [300, 990]) == pytest.approx(1 - 0.11)
    just_after = bench.nab_value(file, [300, 401])
    assert 1 - 0.11 < just_after < 1
    assert bench.normalised(-1, 1) == 0
    assert bench.normalised(1, 1) == 100


def test_a_corpus_without_windows_only_costs() -> None:
    assert bench.nab_value(_file([]), [200, 500]) == pytest.approx(-0.22)
