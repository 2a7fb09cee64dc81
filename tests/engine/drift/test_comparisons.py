"""Every comparison keeps its laws, and agrees with scipy where that has it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from modelwright.engine.drift import COMPARISONS, ks_bounds
from modelwright.engine.drift.category import CategoryColumn
from modelwright.engine.drift.columns import Column
from modelwright.engine.drift.comparisons import TESTS, Comparison, Pair
from modelwright.engine.drift.comparisons.chi2 import pooled
from modelwright.engine.drift.comparisons.missing import two_shares
from modelwright.engine.drift.numeric import NumericColumn

from .helpers import lower_limit

RANDOM = np.random.default_rng(7)
WORDS = np.array([f"word {i}" for i in range(500)], dtype=object)
EVERY = list(COMPARISONS.values())


@pytest.fixture(autouse=True)
def _whatever_ran_before() -> None:
    """Give each test the same numbers, in whatever order they run."""
    RANDOM.bit_generator.state = np.random.default_rng(8).bit_generator.state


def numeric(rows: int, random: np.random.Generator = RANDOM) -> np.ndarray:
    return random.normal(size=rows)


def skewed(rows: int, random: np.random.Generator = RANDOM) -> np.ndarray:
    return np.where(random.random(rows) < 0.9, 0.0, random.lognormal(size=rows))


def gaps(rows: int, random: np.random.Generator = RANDOM) -> np.ndarray:
    return np.where(random.random(rows) < 0.02, np.nan, random.normal(size=rows))


def words(rows: int, random: np.random.Generator = RANDOM) -> np.ndarray:
    return WORDS[(500 * random.random(rows) ** 2).astype(int)]


def few(rows: int, random: np.random.Generator = RANDOM) -> np.ndarray:
    return random.integers(0, 4, rows)


KINDS = [numeric, skewed, gaps, few, words]


def fit(values: np.ndarray) -> Column:
    kind = CategoryColumn if values.dtype == object else NumericColumn
    return kind.fit("x", values)


def pair(reference: np.ndarray, window: np.ndarray) -> Pair:
    column = fit(reference)
    return Pair(column, column.count(window))


def ids(thing: object) -> str:
    return getattr(thing, "name", getattr(thing, "__name__", str(thing)))


PAIRS = [
    pytest.param(comparison, kind, id=f"{comparison.name}-{kind.__name__}")
    for kind in KINDS
    for comparison in EVERY
    if comparison.applies(pair(kind(400), kind(400)))
]
TESTED = [both for both in PAIRS if both.values[0] in TESTS]


@pytest.mark.parametrize(("comparison", "kind"), PAIRS)
def test_equal_shares_have_no_effect(comparison: Comparison, kind) -> None:
    values = kind(2000)
    same = pair(values, np.concatenate([values, values]))
    found = comparison.compare(same)
    assert found.effect == pytest.approx(0, abs=2e-3)
    assert found.p_value is None or found.p_value > 0.9


@pytest.mark.parametrize("comparison", EVERY, ids=ids)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), rows=st.integers(1, 300), kind=st.sampled_from(KINDS))
def test_everything_is_within_its_range(comparison: Comparison, seed: int, rows: int, kind) -> None:
    random = np.random.default_rng(seed)
    both = pair(kind(int(random.integers(1, 500)), random), kind(rows, random))
    if not comparison.applies(both):
        return
    found = comparison.compare(both)
    assert math.isfinite(found.statistic)
    assert math.isfinite(found.effect)
    assert found.effect >= 0
    assert (found.p_value is not None) == comparison.is_test
    assert found.p_value is None or 0 <= found.p_value <= 1


@pytest.mark.parametrize("comparison", EVERY, ids=ids)
def test_one_value_more_changes_next_to_nothing(comparison: Comparison) -> None:
    reference, window = numeric(5000), numeric(2000) + 0.3
    for value in (1e9, -1e9, 0.0, np.nan, np.inf):
        before, after = pair(reference, window), pair(reference, np.append(window, value))
        if comparison.applies(before):
            change = comparison.compare(before).effect - comparison.compare(after).effect
            assert abs(change) < 0.02, value


@pytest.mark.parametrize(("comparison", "kind"), TESTED)
def test_a_test_rejects_at_most_as_often_as_it_says(comparison: Comparison, kind) -> None:
    random = np.random.default_rng(11)
    runs, rejected = 0, {0.05: 0, 0.005: 0}
    for sizes in ((400, 60), (1000, 1000), (100, 700)):
        for _ in range(120):
            both = pair(kind(sizes[0], random), kind(sizes[1], random))
            runs += 1
            p_value = comparison.compare(both).p_value
            for level in rejected:
                rejected[level] += p_value <= level
    for level, count in rejected.items():
        assert lower_limit(count, runs) <= level, (count, runs)


@pytest.mark.parametrize("kind", [numeric, skewed, few], ids=ids)
@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_ks_is_certified_and_within_a_thousandth_of_scipy(kind, shift: float) -> None:
    reference, window = kind(20_000), kind(3000) + shift
    exact = stats.ks_2samp(reference, window).statistic
    both = pair(reference, window)
    lower, upper = ks_bounds(both)
    assert lower - 1e-12 <= exact <= upper + 1e-12
    assert exact - lower <= 1e-3
    assert upper - exact <= 1e-3
    if both.column.atoms and not shift:
        assert lower == pytest.approx(exact, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(-2, 2), st.floats(0.2, 3))
def test_ks_bounds_hold_for_any_two_samples(seed: int, shift: float, scale: float) -> None:
    random = np.random.default_rng(seed)
    reference = random.normal(size=int(random.integers(2, 4000)))
    window = np.round(random.normal(shift, scale, int(random.integers(1, 500))), 2)
    exact = stats.ks_2samp(reference, window).statistic
    lower, upper = ks_bounds(pair(reference, window))
    assert lower - 1e-9 <= exact <= upper + 1e-9
    assert exact - lower <= 1 / 1023 + 1e-9


def test_ks_p_value_is_never_below_the_exact_one() -> None:
    test = COMPARISONS["ks"]
    for n, m, seed in ((40, 30, 0), (50, 50, 1), (300, 60, 2), (2000, 80, 3)):
        random = np.random.default_rng(seed)
        reference, window = random.normal(size=n), random.normal(0.5, size=m)
        exact = stats.ks_2samp(reference, window, method="exact")
        found = test.compare(pair(reference, window))
        assert found.statistic == pytest.approx(exact.statistic, abs=1e-3)
        assert found.p_value >= exact.pvalue * 0.97


def test_rank_sum_is_scipys() -> None:
    reference, window = numeric(3000), numeric(400) + 0.1
    scipys = stats.mannwhitneyu(window, reference, use_continuity=False, method="asymptotic")
    found = COMPARISONS["rank_sum"].compare(pair(reference, window))
    assert found.p_value == pytest.approx(scipys.pvalue, rel=0.05)
    auc = scipys.statistic / len(reference) / len(window)
    assert found.effect == pytest.approx(abs(2 * auc - 1), abs=2e-3)


def test_chi2_is_that_of_the_contingency_table() -> None:
    reference, window = few(3000), few(500)
    window[:60] = 1
    both = pair(reference, window)
    table = np.array(
        [np.bincount(reference, minlength=4), np.bincount(window, minlength=4)], dtype=float
    )
    exact = stats.chi2_contingency(table, correction=False)
    found = COMPARISONS["chi2"].compare(both)
    assert found.statistic == pytest.approx(exact.statistic)
    assert found.p_value == pytest.approx(exact.pvalue)


def test_rare_categories_are_put_together_until_they_can_be_tested() -> None:
    both = pair(words(5000), words(200))
    ref, cur = pooled(both)
    expected = (ref + cur) / (both.n_ref + both.n_cur)
    assert (expected * min(both.n_ref, both.n_cur)).min() >= 5
    assert (int(ref.sum()), int(cur.sum())) == (both.n_ref, both.n_cur)
    assert 2 <= len(ref) < 60


def test_wasserstein_is_scipys_within_two_thousandths_of_a_deviation() -> None:
    for shift, scale in ((0.0, 1.0), (0.3, 1.0), (0.0, 1.5)):
        reference, window = numeric(50_000), numeric(5000) * scale + shift
        both = pair(reference, window)
        exact = stats.wasserstein_distance(reference, window)
        found = COMPARISONS["wasserstein"].compare(both).statistic * both.column.scale
        assert found == pytest.approx(exact, abs=2e-3)


def test_jensen_shannon_and_l_infinity_are_the_textbooks() -> None:
    reference, window = few(4000), np.minimum(few(1000) + 1, 3)
    p, q = np.bincount(reference, minlength=4) / 4000, np.bincount(window, minlength=4) / 1000
    both = pair(reference, window)
    distance = COMPARISONS["jensen_shannon"].compare(both).statistic
    assert distance == pytest.approx(jensenshannon(p, q, base=2))
    assert COMPARISONS["l_infinity"].compare(both).statistic == pytest.approx(abs(p - q).max())


@pytest.mark.parametrize(
    ("a", "n", "b", "m"), [(3, 400, 0, 50), (1, 1000, 4, 40), (400, 500, 20, 50), (0, 90, 90, 90)]
)
def test_shares_are_compared_as_by_fisher(a: int, n: int, b: int, m: int) -> None:
    table = [[a, n - a], [b, m - b]]
    doubled = 2 * min(
        stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")
    )
    assert two_shares(a, n, b, m) == pytest.approx(min(1.0, doubled), rel=1e-6)


def test_unseen_words_are_told_from_rare_ones() -> None:
    test = COMPARISONS["unseen"]
    reference = words(5000)
    assert test.compare(pair(reference, words(500))).p_value > 0.05
    new = words(500)
    new[:15] = "never heard of"
    found = test.compare(pair(reference, new))
    assert found.statistic == pytest.approx(0.03, abs=0.01)
    assert found.p_value < 1e-6
