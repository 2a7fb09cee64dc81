"""Metrics that must not get worse while a test runs: latency, error rate, the worst segment."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.engine.abtest.bets import Bets
from modelwright.engine.abtest.blocks import Blocks, Floats
from modelwright.engine.abtest.dependence import summarise
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.asymptotic import AsymptoticMethod
from modelwright.engine.abtest.paired import checked_losses
from modelwright.engine.abtest.results import CHALLENGER
from modelwright.engine.abtest.split import pseudo_differences

MOST_LOG = 700.0


@dataclass(frozen=True)
class GuardResult:
    """What is known of one guarded metric.

    Parameters
    ----------
    name : str
        Of the metric or segment.
    n : int
        Rows.
    worse_by : float or None
        Mean of the challenger minus that of the champion; None without rows.
    tolerance : float
        By how much it may be worse.
    e_value : float
        Evidence that it is worse by more.
    harmed : bool
        Whether the test is to be stopped because of it. Once true it stays so.
    """

    name: str
    n: int
    worse_by: float | None
    tolerance: float
    e_value: float
    harmed: bool


class Guards:
    """Watches several metrics, each in one direction, with one rate of false alarms for all.

    Larger values are worse. The e-values of all go through the procedure of Benjamini and Hochberg
    for e-values, which holds however the metrics depend on each other and whenever one looks: of
    the alarms, a share of alpha at most is false on average.

    Parameters
    ----------
    tolerances : mapping of str to float
        Name -> by how much the challenger's mean may be higher.
    alpha : float
        Share of false alarms.
    period : int, optional
        Rows of one season.
    planned_rows : int, optional
        As for `Design`.
    shares : collection of str
        Names of metrics from 0 to 1, such as whether an answer is missing. Their evidence is exact
        (`Bets`), also where every row says the same; rows are taken not to depend on each other.
    split : float, optional
        The challenger's share, where each row is answered by one model: then use `update_split`.

    References
    ----------
    Wang, Ramdas (2022), False discovery rate control with e-values, J. R. Statist. Soc. B 84
    (arXiv 2009.02824).

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> guards = Guards({"latency": 1.0, "errors": 0.0})
    >>> usual = random.gamma(4.0, 2.0, size=(2, 800))
    >>> guards.update("latency", usual[0], usual[1] + 3.0)
    >>> [result.harmed for result in guards.results()]
    [True, False]
    """

    def __init__(
        self,
        tolerances: Mapping[str, float],
        alpha: float = 0.05,
        period: int | None = None,
        planned_rows: int | None = None,
        *,
        shares: Collection[str] = (),
        split: float | None = None,
    ) -> None:
        self.tolerances = dict(tolerances)
        self.split = split
        self.design = Design(alpha=alpha, period=period, planned_rows=planned_rows)
        least = -1.0 if split is None else -1.0 / (1.0 - split)
        self.bets = {
            name: Bets(limit, least) for name, limit in self.tolerances.items() if name in shares
        }
        self.blocks = {
            name: Blocks(self.design.block) for name in self.tolerances if name not in self.bets
        }
        self.sums = {name: np.zeros((2, 1)) for name in self.tolerances}
        self.counts = {name: np.zeros((2, 1), dtype=np.int64) for name in self.tolerances}
        self.harmed: set[str] = set()

    def update(self, name: str, values_a: ArrayLike, values_b: ArrayLike) -> None:
        """Take further rows of one metric, in the order of time.

        Parameters
        ----------
        name : str
            Of those that were given.
        values_a, values_b : array-like, shape (n_rows,)
            Of champion and challenger on the same rows; finite.
        """
        self._known(name)
        first, second = checked_losses(values_a, "values_a"), checked_losses(values_b, "values_b")
        if len(first) != len(second):
            raise ABTestError(f"There are {len(first)} values of a and {len(second)} of b.")
        self.sums[name] += np.array([[first.sum()], [second.sum()]])
        self.counts[name] += len(first)
        self._take(name, second - first)

    def update_split(
        self, name: str, values: ArrayLike, arms: Sequence[str] | NDArray[np.str_]
    ) -> None:
        """Take further rows of one metric, each of the model that answered it.

        Parameters
        ----------
        name : str
            Of those that were given.
        values : array-like, shape (n_rows,)
            Finite.
        arms : sequence of str, shape (n_rows,)
            ``a`` or ``b``.
        """
        self._known(name)
        if self.split is None:
            raise ABTestError("These guards watch pairs: give the split to watch split traffic.")
        found, second = checked_losses(values, "values"), np.asarray(arms) == CHALLENGER
        if found.shape != second.shape:
            raise ABTestError(f"There are {len(found)} values and {len(second)} arms.")
        if not len(found):
            return
        differences, sums, counts = pseudo_differences(
            found[:, None], second[:, None], self.split, self.sums[name], self.counts[name]
        )
        self.sums[name], self.counts[name] = sums, counts
        if name in self.bets:  # nothing is taken off: what is bounded stays so
            share = np.where(second, found / self.split, -found / (1 - self.split))
            self._take(name, share)
        else:
            self._take(name, -differences[:, 0])

    def results(self) -> tuple[GuardResult, ...]:
        """Return what is known of each metric."""
        found = []
        for name, tolerance in self.tolerances.items():
            counts = self.counts[name][:, 0]
            means = self.sums[name][:, 0] / np.maximum(counts, 1)
            rows = int(counts.sum() if self.split is not None else counts[0])
            found.append(
                GuardResult(
                    name=name,
                    n=rows,
                    worse_by=float(means[1] - means[0]) if counts.all() else None,
                    tolerance=tolerance,
                    e_value=math.exp(min(self._log_evidence(name), MOST_LOG)),
                    harmed=name in self.harmed,
                )
            )
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold."""
        return {
            "tolerances": self.tolerances,
            "split": self.split,
            "design": self.design.to_dict(),
            "bets": {name: bets.to_dict() for name, bets in self.bets.items()},
            "blocks": {name: blocks.to_dict() for name, blocks in self.blocks.items()},
            "sums": {name: sums.tolist() for name, sums in self.sums.items()},
            "counts": {name: counts.tolist() for name, counts in self.counts.items()},
            "harmed": sorted(self.harmed),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Guards":
        """Make one of what `to_dict` gave."""
        guards = cls(data["tolerances"], split=data["split"])
        guards.design = Design.from_dict(data["design"])
        guards.bets = {name: Bets.from_dict(held) for name, held in data["bets"].items()}
        guards.blocks = {name: Blocks.from_dict(held) for name, held in data["blocks"].items()}
        guards.sums = {name: np.array(held) for name, held in data["sums"].items()}
        guards.counts = {
            name: np.array(held, dtype=np.int64) for name, held in data["counts"].items()
        }
        guards.harmed = set(data["harmed"])
        return guards

    def _known(self, name: str) -> None:
        if name not in self.tolerances:
            raise ABTestError(
                f"There is no guard {name!r}: use one of {', '.join(self.tolerances)}."
            )

    def _take(self, name: str, differences: Floats) -> None:
        if name in self.bets:
            if len(differences) and differences.min() < self.bets[name].least - 1e-9:
                raise ABTestError(f"Values of {name!r} must be from 0 to 1.")
            self.bets[name].add(differences)
        else:
            self.blocks[name].add(differences[:, None])
        logs = [self._log_evidence(name) for name in self.tolerances]
        alarms = e_bh(logs, self.design.alpha)
        self.harmed |= {name for name, on in zip(self.tolerances, alarms, strict=True) if on}

    def _log_evidence(self, name: str) -> float:
        if name in self.bets:
            return self.bets[name].log_evidence
        method = AsymptoticMethod(self.design, self.blocks[name])
        if summarise(method.blocks) is None:
            return 0.0
        return method.log_evidence_above(self.tolerances[name])


def e_bh(log_e_values: Sequence[float], alpha: float) -> list[bool]:
    """Return which hypotheses are refuted, with a share of alpha of false ones at most.

    Parameters
    ----------
    log_e_values : sequence of float
        One for each hypothesis.
    alpha : float
        Wanted share.

    Examples
    --------
    >>> e_bh([math.log(50), math.log(45), 0.0], alpha=0.05)
    [True, True, False]
    >>> e_bh([math.log(50), 0.0, 0.0], alpha=0.05)
    [False, False, False]
    """
    logs = np.asarray(log_e_values, dtype=float)
    ranked = np.sort(logs)[::-1]
    needed = np.log(len(logs) / (alpha * np.arange(1, len(logs) + 1)))
    reached = np.flatnonzero(ranked >= needed)
    if not len(reached):
        return [False] * len(logs)
    return [bool(log >= ranked[reached[-1]]) for log in logs]
