"""Two models that are equally good on average, in all the ways that losses come."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.ordering import InOrder
from tests.engine.abtest import simulation
from tests.engine.abtest.simulation import Runs, autoregressive, joined

Array = Any
Random = np.random.Generator
DISCORDANCE = 0.06
AT_A_TIME = 2000


@dataclass(frozen=True)
class Traffic:
    """Losses of which one model answered each, for a split test."""

    losses: Array
    challenged: Array
    share: float


@dataclass(frozen=True)
class Null:
    """A kind of loss without a difference.

    Parameters
    ----------
    name : str
        For the table.
    draw : callable
        Takes (random, rows, runs), returns differences, shape (rows, runs).
    run : callable
        Takes (differences, design), returns `Runs`.
    settings : dict
        For the design.
    longer : int
        How many times as many rows as the others it needs.
    """

    name: str
    draw: Callable[[Random, int, int], Any]
    run: Callable[[Any, Design], Runs] = simulation.asymptotic
    settings: dict[str, Any] | None = None
    longer: int = 1

    def design(self, planned_rows: int) -> Design:
        """Return the design of a test that is planned with so many rows."""
        return Design(planned_rows=planned_rows, **(self.settings or {}))

    def simulate(self, rows: int, runs: int, seed: int) -> tuple[Runs, Runs | None]:
        """Run tests planned with half of the rows, and a t-test where it could be run.

        Some at a time, to spare memory.
        """
        ours, theirs = [], []
        for start in range(0, runs, AT_A_TIME):
            random = np.random.default_rng([seed, start])
            drawn = self.draw(random, rows * self.longer, min(AT_A_TIME, runs - start))
            ours.append(self.run(drawn, self.design(rows * self.longer // 2)))
            if not isinstance(drawn, Traffic):
                theirs.append(simulation.naive(drawn))
        return joined(ours), joined(theirs) if theirs else None


def normal(random: Random, rows: int, runs: int) -> Array:
    return random.normal(size=(rows, runs))


def heavy_tails(random: Random, rows: int, runs: int) -> Array:
    return random.standard_t(3, size=(rows, runs))


def skewed(random: Random, rows: int, runs: int) -> Array:
    return random.exponential(size=(rows, runs)) - 1


def skewed_the_other_way(random: Random, rows: int, runs: int) -> Array:
    return -skewed(random, rows, runs)


def very_skewed(random: Random, rows: int, runs: int) -> Array:
    return random.exponential(size=(rows, runs)) ** 2 - 2


def very_skewed_the_other_way(random: Random, rows: int, runs: int) -> Array:
    return -very_skewed(random, rows, runs)


def right_or_wrong(random: Random, rows: int, runs: int) -> Array:
    drawn = random.random((rows, runs))
    return (drawn < DISCORDANCE / 2).astype(float) - (drawn > 1 - DISCORDANCE / 2)


def right_or_wrong_in_spells(random: Random, rows: int, runs: int) -> Array:
    hidden = autoregressive(random, 0.9, rows, runs)
    return np.where(np.abs(hidden) > 1.04, np.sign(hidden), 0.0)


def zero_inflated(random: Random, rows: int, runs: int) -> Array:
    return (random.random((rows, runs)) < 0.1) * random.normal(size=(rows, runs))


def zero_inflated_and_skewed(random: Random, rows: int, runs: int) -> Array:
    return (random.random((rows, runs)) < 0.1) * random.exponential(size=(rows, runs)) - 0.1


def bounded(random: Random, rows: int, runs: int) -> Array:
    return random.beta(2, 6, (rows, runs)) - random.beta(2, 6, (rows, runs))


def dependent(phi: float) -> Callable[[Random, int, int], Array]:
    return lambda random, rows, runs: autoregressive(random, phi, rows, runs)


def daily_season(random: Random, rows: int, runs: int) -> Array:
    hours = np.arange(rows)[:, None] + random.integers(0, 24, runs)
    return np.sin(hours * (2 * math.pi / 24)) + autoregressive(random, 0.6, rows, runs)


def delayed(random: Random, rows: int, runs: int) -> Array:
    """Give dependent rows with late labels: by some 50 rows, by more than 200 for a few."""
    return arriving(random, rows, runs, repeated=False)


def delayed_and_doubled(random: Random, rows: int, runs: int) -> Array:
    """Give the same with each label arriving twice."""
    return arriving(random, rows, runs, repeated=True)


def arriving(random: Random, rows: int, runs: int, repeated: bool) -> Array:
    """Send rows through `InOrder` as their labels arrive; the delays are the same in all runs."""
    differences = autoregressive(random, 0.6, rows, runs)
    times = np.repeat(np.arange(rows), 1 + repeated)
    arrival = np.argsort(times + random.exponential(50.0, len(times)), kind="stable")
    queue, order = InOrder(wait=200.0), []
    for batch in np.array_split(times[arrival], 40):
        queue.add([f"p{time}" for time in batch], batch, batch, np.zeros(len(batch)))
        order.append(queue.release().losses_a)
    order.append(queue.release(now=math.inf).losses_a)
    return differences[np.concatenate(order).astype(int)]


def identical(random: Random, rows: int, runs: int) -> Array:
    return np.zeros((rows, runs))


def split_traffic(share: float, skew: bool) -> Callable[[Random, int, int], Traffic]:
    def draw(random: Random, rows: int, runs: int) -> Traffic:
        losses = (
            random.exponential(size=(rows, runs)) if skew else random.normal(5, 1, (rows, runs))
        )
        return Traffic(losses, random.random((rows, runs)) < share, share)

    return draw


def run_split(traffic: Traffic, design: Design) -> Runs:
    return simulation.split(traffic.losses, traffic.challenged, traffic.share, design)


NULLS = [
    Null("normal", normal),
    Null("heavy tails (t3)", heavy_tails),
    Null("skewed", skewed),
    Null("skewed, other way", skewed_the_other_way),
    Null("very skewed", very_skewed),
    Null("very skewed, other way", very_skewed_the_other_way),
    Null("0/1", right_or_wrong, simulation.beta_binomial, {"discordance": DISCORDANCE}),
    Null("0/1 in spells", right_or_wrong_in_spells, simulation.beta_binomial, {"discordance": 0.3}),
    Null("bounded scores", bounded, simulation.betting, {"bounds": (0.0, 1.0)}),
    Null("zero-inflated", zero_inflated),
    Null("zero-inflated, skewed", zero_inflated_and_skewed),
    Null("AR(0.3)", dependent(0.3)),
    Null("AR(0.6)", dependent(0.6)),
    Null("AR(0.9)", dependent(0.9)),
    Null("daily season", daily_season),
    Null("daily season, known", daily_season, settings={"period": 24}),
    Null("delayed labels", delayed),
    Null("delayed and doubled", delayed_and_doubled),
    Null("identical models", identical),
    Null("split 50/50", split_traffic(0.5, skew=False), run_split),
    Null("split 95/5", split_traffic(0.05, skew=False), run_split, longer=3),
    Null("split 95/5, skewed", split_traffic(0.05, skew=True), run_split, longer=3),
]


@dataclass(frozen=True)
class Effect:
    """A kind of loss with a difference that a fixed sample of the planned size finds with 0.8.

    Parameters
    ----------
    null : Null
        The losses without a difference.
    deviation : float
        Standard deviation of the mean times the root of the rows.
    """

    null: Null
    deviation: float

    def run(self, random: Random, planned: int, runs: int, times: float) -> Runs:
        """Run tests at so many times the planned effect, up to 1.6 times the fixed sample."""
        rows = round(MOST_ROWS * planned)
        effect = times * NEEDED * self.deviation / math.sqrt(planned)
        if self.null.draw is right_or_wrong:
            differences = unequal(random, rows, runs, effect)
        else:
            differences = self.null.draw(random, rows, runs) + effect
        return self.null.run(differences, self.null.design(planned))


def unequal(random: Random, rows: int, runs: int, effect: float) -> Array:
    """Give right or wrong answers of which the challenger has more right."""
    drawn = random.random((rows, runs))
    wins, losses = (DISCORDANCE + effect) / 2, (DISCORDANCE - effect) / 2
    return (drawn < wins).astype(float) - (drawn > 1 - losses)


NEEDED = NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)
MOST_ROWS = 1.6
DEVIATIONS = {
    "normal": 1.0,
    "heavy tails (t3)": math.sqrt(3),
    "skewed": 1.0,
    "skewed, other way": 1.0,
    "very skewed": math.sqrt(20),
    "very skewed, other way": math.sqrt(20),
    "0/1": math.sqrt(DISCORDANCE),
    "bounded scores": math.sqrt(2 * 12 / (64 * 9)),
    "AR(0.3)": math.sqrt(1.3 / 0.7),
    "AR(0.6)": 2.0,
}
EFFECTS = [Effect(null, DEVIATIONS[null.name]) for null in NULLS if null.name in DEVIATIONS]
