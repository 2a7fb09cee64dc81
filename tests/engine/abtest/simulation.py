"""Many tests side by side, each looked at after every row, by the code that the product runs."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from modelwright.engine.abtest.blocks import MIN_BLOCKS, Blocks
from modelwright.engine.abtest.dependence import rows_depend, summarise
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.methods.asymptotic import evidence, mixture_for, score_against
from modelwright.engine.abtest.methods.beta_binomial import beta_prior, closed_form
from modelwright.engine.abtest.methods.betting import Bets
from modelwright.engine.abtest.spending import obrien_fleming
from modelwright.engine.abtest.split import FEWEST_OF_AN_ARM, pseudo_differences

WORTH_A_LOOK = 2.3
Array = Any


@dataclass(frozen=True)
class Runs:
    """When each run had a winner, and which.

    Parameters
    ----------
    at : ndarray, shape (n_runs,)
        Row of the verdict; 0 where there was none.
    side : ndarray, shape (n_runs,)
        1 for the challenger, -1 for the champion.
    """

    at: Array
    side: Array

    @property
    def promoted(self) -> float:
        """Share of runs that promoted the challenger."""
        return float(((self.at > 0) & (self.side > 0)).mean())

    @property
    def decided(self) -> float:
        """Share of runs with a winner, whichever."""
        return float((self.at > 0).mean())

    def promoted_by(self, row: float) -> float:
        """Share of runs that promoted the challenger by a row."""
        return float(((self.at > 0) & (self.at <= row) & (self.side > 0)).mean())

    def mean_rows(self, most: int) -> float:
        """Mean number of rows to the promotion, at most so many."""
        return float(np.where((self.at > 0) & (self.side > 0), self.at, most).mean())


def joined(parts: list[Runs]) -> Runs:
    """Put runs together."""
    return Runs(np.concatenate([p.at for p in parts]), np.concatenate([p.side for p in parts]))


class Watch:
    """Notes the first verdict of each run."""

    def __init__(self, runs: int) -> None:
        self.at = np.zeros(runs, dtype=int)
        self.side = np.zeros(runs)

    def note(self, row: int, columns: Array, hit: Array, side: Array) -> None:
        fresh = columns[hit & (self.at[columns] == 0)]
        self.at[fresh] = row
        self.side[fresh] = side[np.isin(columns, fresh)]

    def runs(self) -> Runs:
        return Runs(self.at, self.side)


def asymptotic(differences: Array, design: Design, held: Array | None = None) -> Runs:
    """Run the asymptotic method; `held` says for each row and run whether it is held back."""
    rows, runs = differences.shape
    blocks, watch = Blocks(design.block, runs), Watch(runs)
    wanted, mixture = -math.log(design.alpha), mixture_for(design)
    for row in range(rows):
        blocks.add(differences[row : row + 1])
        if (row + 1) % design.block or blocks.too_few():
            continue
        columns = worth_a_look(blocks)
        if held is not None:
            columns = columns[~held[row, columns]]
        if len(columns):
            summary = summarise(part(blocks, columns))
            hit = summary.ready & (evidence(summary, mixture) >= wanted)
            watch.note(row + 1, columns, hit, np.sign(summary.mean))
    return watch.runs()


def exact(
    differences: Array, design: Design, log_evidence: Callable[[Array, Blocks], Array]
) -> Runs:
    """Run an exact method, which gives way to the asymptotic one where rows depend."""
    rows, runs = differences.shape
    blocks, watch = Blocks(1, runs), Watch(runs)
    wanted, mixture = -math.log(design.alpha), mixture_for(design)
    for row in range(rows):
        values = differences[row : row + 1]
        blocks.add(values)
        won = log_evidence(values, blocks) >= wanted
        if blocks.too_few():
            continue
        rough = np.zeros(runs, dtype=bool)
        rough[worth_a_look(blocks)] = True
        columns = np.flatnonzero((won | rough) & (watch.at == 0))
        if not len(columns):
            continue
        some = part(blocks, columns)
        depends, summary = rows_depend(some), summarise(some)
        fallback = summary.ready & (evidence(summary, mixture) >= wanted)
        hit = np.where(depends, fallback, won[columns])
        watch.note(row + 1, columns, hit, np.sign(blocks.sums[0, 0, columns]))
    return watch.runs()


def beta_binomial(differences: Array, design: Design) -> Runs:
    """Run the beta-binomial method."""
    runs = differences.shape[1]
    wins, losses = np.zeros(runs, dtype=int), np.zeros(runs, dtype=int)
    table: dict[tuple[int, int], float] = {}
    prior = beta_prior(design)

    def log_evidence(values: Array, blocks: Blocks) -> Array:
        wins[:] += values[0] > 0
        losses[:] += values[0] < 0
        keys = list(zip(wins.tolist(), losses.tolist(), strict=True))
        fresh = list({key for key in keys if key not in table})
        if fresh:
            found = closed_form(*np.array(fresh, dtype=float).T, prior)
            table.update(zip(fresh, found.tolist(), strict=True))
        return np.array([table[key] for key in keys])

    return exact(differences, design, log_evidence)


def betting(differences: Array, design: Design) -> Runs:
    """Run the betting method; differences are shares of the bounds' distance."""
    bets = Bets(np.zeros(1), design, differences.shape[1])

    def log_evidence(values: Array, blocks: Blocks) -> Array:
        bets.add(values)
        return bets.both()[0]

    return exact(differences, design, log_evidence)


def split(losses: Array, challenged: Array, share: float, design: Design) -> Runs:
    """Run a split test."""
    runs = losses.shape[1]
    sums, counts = np.zeros((2, runs)), np.zeros((2, runs), dtype=int)
    differences, _, _ = pseudo_differences(losses, challenged, share, sums, counts)
    dealt = np.cumsum(challenged, axis=0)[1:]
    total = np.arange(2, len(losses) + 1)[:, None]
    held = np.minimum(dealt, total - dealt) < FEWEST_OF_AN_ARM
    found = asymptotic(differences, design, held)
    # The very first row stands for no difference.
    return Runs(np.where(found.at > 0, found.at + 1, 0), found.side)


def group_sequential(differences: Array, design: Design) -> Runs:
    """Run a group sequential test; it looks as often as its design says."""
    rows, runs = differences.shape
    assert design.max_rows is not None
    blocks, watch = Blocks(1, runs), Watch(runs)
    times = [look / design.looks for look in range(1, design.looks + 1)]
    before = 0
    for time, bound in zip(times, obrien_fleming(times, design.alpha), strict=True):
        row = min(round(time * design.max_rows), rows)
        blocks.add(differences[before:row])
        before = row
        if not blocks.too_few():
            summary = summarise(blocks)
            hit = summary.ready & (np.abs(score_against(summary)) >= bound)
            watch.note(row, np.arange(runs), hit, np.sign(summary.mean))
    return watch.runs()


def naive(differences: Array, alpha: float = 0.05, start: int = 100) -> Runs:
    """Run a t-test after every row."""
    rows, runs = differences.shape
    count = np.arange(1, rows + 1)[:, None]
    mean = np.cumsum(differences, axis=0) / count
    variance = np.cumsum(differences**2, axis=0) / count - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(variance > 1e-12, mean * np.sqrt(count / variance), 0.0)
    hit = np.abs(score) >= NormalDist().inv_cdf(1 - alpha / 2)
    hit[:start] = False
    at = np.where(hit.any(axis=0), hit.argmax(axis=0) + 1, 0)
    return Runs(at, np.sign(mean[at - 1, np.arange(runs)]))


def worth_a_look(blocks: Blocks) -> Array:
    """Return the runs whose mean is so large at any length that a verdict is thinkable."""
    used = sum(count >= MIN_BLOCKS for count in blocks.counts)
    count = np.array(blocks.counts[:used], dtype=float)[:, None]
    mean = blocks.sums[:used, 0] / count
    variance = blocks.sums[:used, 1] / count - mean**2
    return np.flatnonzero((mean**2 * count > WORTH_A_LOOK**2 * variance).any(axis=0))


def part(blocks: Blocks, columns: Array) -> Blocks:
    """Return the sums of some runs."""
    some = Blocks(blocks.base, len(columns))
    some.rows, some.counts = blocks.rows, blocks.counts
    some.sums = blocks.sums[:, :, columns]
    some.products, some.firsts, some.lasts = (
        held[:, columns] for held in (blocks.products, blocks.firsts, blocks.lasts)
    )
    return some


def autoregressive(random: np.random.Generator, phi: float, rows: int, runs: int) -> Array:
    """Return errors that remember the share phi of the one before; standard deviation 1."""
    found = random.normal(size=(rows, runs))
    for row in range(1, rows):
        found[row] = phi * found[row - 1] + math.sqrt(1 - phi**2) * found[row]
    return found


def upper_limit(hits: int, runs: int, level: float = 0.95) -> float:
    """Return the one-sided Clopper-Pearson limit of a share."""
    low, high = hits / runs, 1.0
    for _ in range(50):
        half = (low + high) / 2
        low, high = (half, high) if _at_most(hits, runs, half) > 1 - level else (low, half)
    return high


def _at_most(hits: int, runs: int, share: float) -> float:
    logs = [
        math.lgamma(runs + 1)
        - math.lgamma(k + 1)
        - math.lgamma(runs - k + 1)
        + k * math.log(share)
        + (runs - k) * math.log1p(-share)
        for k in range(hits + 1)
    ]
    return sum(math.exp(log) for log in logs)
