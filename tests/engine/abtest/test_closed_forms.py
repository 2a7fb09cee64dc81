"""The numbers are those of the books."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from modelwright.engine.abtest import Design, PairedTest, paired_deviation, plan, split_deviation
from modelwright.engine.abtest.blocks import Blocks
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.beta_binomial import BetaBinomialMethod, closed_form
from modelwright.engine.abtest.mixture import NormalMixture, log_normal_cdf
from modelwright.engine.abtest.scores import normal_score, ratio_of
from modelwright.engine.abtest.spending import obrien_fleming, sequential_p_value


@pytest.mark.parametrize("rows", [50.0, 500.0, 20_000.0])
def test_the_boundary_is_that_of_the_asymptotic_confidence_sequence(rows: float) -> None:
    alpha, best = 0.05, 1000
    squared = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / best
    inside = rows * squared + 1
    half_width = math.sqrt(2 * inside / (rows**2 * squared) * math.log(math.sqrt(inside) / alpha))
    found = NormalMixture.for_rows(best, alpha).boundary(np.array([rows]), alpha)[0]
    assert found / math.sqrt(rows) == pytest.approx(half_width, rel=1e-9)


@pytest.mark.parametrize("mixture", [NormalMixture(0.0, 0.05), NormalMixture.for_plan(800)])
@pytest.mark.parametrize(("score", "rows"), [(0.0, 10.0), (2.5, 300.0), (-4.0, 900.0)])
def test_the_evidence_is_the_integral_over_its_effects(
    mixture: NormalMixture, score: float, rows: float
) -> None:
    total = score * math.sqrt(rows)

    def weighed(effect: float) -> float:
        both = [stats.norm.pdf(effect, s * mixture.centre, mixture.width) / 2 for s in (1, -1)]
        return math.exp(effect * total - effect**2 * rows / 2) * sum(both)

    def one_sided(effect: float) -> float:
        density = stats.norm.pdf(effect, mixture.centre, mixture.width)
        density /= stats.norm.cdf(mixture.centre / mixture.width)
        return math.exp(effect * total - effect**2 * rows / 2) * density

    reach = mixture.centre + 9 * mixture.width
    whole, _ = integrate.quad(weighed, -reach, reach, limit=400)
    above, _ = integrate.quad(one_sided, 0, reach, limit=400)
    here = np.array([score]), np.array([rows])
    assert mixture.log_evidence(*here)[0] == pytest.approx(math.log(whole), abs=1e-6)
    assert mixture.log_evidence_above(*here)[0] == pytest.approx(math.log(above), abs=1e-6)


@given(rows=st.floats(10, 1e6), planned=st.integers(50, 10**5), alpha=st.floats(1e-4, 0.3))
def test_evidence_at_the_boundary_is_1_over_alpha(rows: float, planned: int, alpha: float) -> None:
    for mixture in (NormalMixture.for_rows(planned, alpha), NormalMixture.for_plan(planned)):
        bound = mixture.boundary(np.array([rows]), alpha)
        found = mixture.log_evidence(bound, np.array([rows]))[0]
        assert found == pytest.approx(-math.log(alpha), abs=1e-6)


@given(x=st.floats(-60, 8))
def test_the_tail_of_the_normal_distribution(x: float) -> None:
    assert log_normal_cdf(np.array([x]))[0] == pytest.approx(stats.norm.logcdf(x), rel=2e-3)


@given(wins=st.integers(0, 500), losses=st.integers(0, 500), a=st.floats(0.5, 40))
def test_the_beta_binomial_e_value(wins: int, losses: int, a: float) -> None:
    wanted = special.betaln(a + wins, a + losses) - special.betaln(a, a)
    wanted += (wins + losses) * math.log(2)
    found = closed_form(np.array(float(wins)), np.array(float(losses)), (a, a))
    assert float(found) == pytest.approx(wanted, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(wins=st.integers(0, 300), losses=st.integers(0, 300), ties=st.integers(0, 3000))
def test_the_integral_against_no_difference_is_the_closed_form(
    wins: int, losses: int, ties: int
) -> None:
    method = BetaBinomialMethod(Design(), Blocks())
    method.restore({"wins": wins, "losses": losses, "ties": ties})
    interval = method.interval()
    refuted = method.log_evidence() >= -math.log(0.05)
    if abs(method.log_evidence() + math.log(0.05)) > 1e-3 and interval is not None:
        assert (0.0 not in interval) == refuted


def test_the_boundaries_of_obrien_and_fleming() -> None:
    four = obrien_fleming([0.25, 0.5, 0.75, 1.0], 0.05)
    assert four == pytest.approx([4.333, 2.963, 2.359, 2.014], abs=2e-3)
    five = obrien_fleming([0.2, 0.4, 0.6, 0.8, 1.0], 0.05)
    assert five == pytest.approx([4.877, 3.357, 2.680, 2.290, 2.031], abs=2e-3)
    assert obrien_fleming([1.0], 0.05) == pytest.approx([1.960], abs=1e-3)
    assert sequential_p_value([1.0], 1.96) == pytest.approx(0.05, abs=1e-3)


@given(
    score=st.floats(-6, 6),
    count=st.integers(30, 10**5),
    skewness=st.floats(-4, 4),
)
def test_scores_can_be_undone(score: float, count: int, skewness: float) -> None:
    number, skew = np.array([float(count)]), np.array([skewness])
    ratio = ratio_of(np.array([score]), number, skew)
    assert normal_score(ratio, number, skew)[0] == pytest.approx(score, rel=1e-4, abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), shift=st.floats(-50, 50), scale=st.floats(1e-3, 1e3))
def test_the_interval_moves_and_stretches_with_the_losses(
    seed: int, shift: float, scale: float
) -> None:
    values = np.random.default_rng(seed).gamma(2.0, size=300)
    plain, moved = PairedTest(), PairedTest()
    plain.update(values, np.zeros(300))
    moved.update(values * scale + shift * scale, np.zeros(300))
    one, other = plain.result().interval, moved.result().interval
    assert (one is None) == (other is None)
    if one and other:
        wanted = ((one.lower + shift) * scale, (one.upper + shift) * scale)
        assert (other.lower, other.upper) == pytest.approx(wanted, rel=1e-5, abs=1e-5 * scale)


@pytest.mark.parametrize("effect", [0.02, 0.1])
def test_a_plan_is_held_to_little_more_than_a_fixed_sample(effect: float) -> None:
    found = plan(effect, deviation=1.0)
    fixed = ((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / effect) ** 2
    assert found.fixed_rows == math.ceil(fixed)
    assert found.rows <= 1.6 * found.fixed_rows
    assert found.expected_rows < found.rows
    assert found.expected_rows_twice <= found.fixed_rows / 3
    assert plan(effect, 1.0, power=0.9).rows > found.rows
    assert plan(effect, 1.0, alpha=0.01).rows > found.rows


def test_dependence_is_planned_with() -> None:
    random = np.random.default_rng(0)
    steps = np.repeat(random.normal(size=4000), 5)
    assert paired_deviation(steps, np.zeros(20_000)) == pytest.approx(math.sqrt(5), rel=0.15)
    alone = random.normal(size=20_000)
    assert paired_deviation(alone, np.zeros(20_000)) == pytest.approx(1.0, rel=0.05)
    assert split_deviation(alone, 0.05) == pytest.approx(1 / math.sqrt(0.0475), rel=0.05)


@pytest.mark.parametrize(
    "wrong", [{"effect": 0.0}, {"deviation": -1.0}, {"alpha": 0.9}, {"power": 0.2}, {"power": 1.0}]
)
def test_an_impossible_plan_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ABTestError, match=r"must be"):
        plan(**{"effect": 0.1, "deviation": 1.0, **wrong})
