"""The worst segment: a challenger that is better on the whole may be worse for some."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.guards import GuardResult, Guards
from modelwright.engine.abtest.paired import checked_losses

LOSS = "loss"
OTHERS = "(other values)"


class Segments:
    """Watches the losses within each segment, with one rate of false alarms for all.

    Each segment has a test of its own (`Guards`), valid at any look. The k-th value that comes is
    tested with alpha / (k (k + 1)). These shares add up to less than alpha however many values
    come, so the probability that ever a segment alarms where none is worse is alpha at most
    (Bonferroni); the values that come first, mostly the frequent ones, are found soonest. A segment
    has no evidence before 100 rows and 30 blocks that don't depend on each other.

    Parameters
    ----------
    tolerance : float
        By how much the challenger's mean loss may be higher in a segment.
    alpha : float
        Probability of a false alarm.
    most : int
        Values that have a segment of their own; all others share one.
    split : float, optional
        The challenger's share, where each row is answered by one model: then use `update_split`.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> sites = random.choice(["north", "south"], size=2000)
    >>> usual = random.gamma(4.0, 2.0, size=2000)
    >>> worse = usual + np.where(sites == "north", 1.0, -1.0) + random.normal(size=2000)
    >>> segments = Segments(tolerance=0.1)
    >>> segments.update(sites, usual, worse)
    >>> [(result.name, result.harmed) for result in segments.results()]
    [('north', True), ('south', False)]
    """

    def __init__(
        self, tolerance: float, alpha: float = 0.05, most: int = 50, *, split: float | None = None
    ) -> None:
        self.tolerance = tolerance
        self.alpha = alpha
        self.most = most
        self.split = split
        self.guards: dict[str, Guards] = {}

    def update(
        self,
        segments: Sequence[str] | NDArray[np.str_],
        losses_a: ArrayLike,
        losses_b: ArrayLike,
    ) -> None:
        """Take further rows, in the order of time.

        Parameters
        ----------
        segments : sequence of str, shape (n_rows,)
            Of each row.
        losses_a, losses_b : array-like, shape (n_rows,)
            Of champion and challenger on the same rows; finite.
        """
        first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
        for guards, rows in self._by_segment(segments, len(first)):
            guards.update(LOSS, first[rows], second[rows])

    def update_split(
        self,
        segments: Sequence[str] | NDArray[np.str_],
        losses: ArrayLike,
        arms: Sequence[str] | NDArray[np.str_],
    ) -> None:
        """Take further rows, each of the model that answered it.

        Parameters
        ----------
        segments : sequence of str, shape (n_rows,)
            Of each row.
        losses : array-like, shape (n_rows,)
            Finite.
        arms : sequence of str, shape (n_rows,)
            ``a`` or ``b``.
        """
        found, sides = checked_losses(losses, "losses"), np.asarray(arms)
        for guards, rows in self._by_segment(segments, len(found)):
            guards.update_split(LOSS, found[rows], sides[rows])

    def results(self) -> tuple[GuardResult, ...]:
        """Return what is known of each segment, the one with the most evidence of harm first."""
        found = [
            replace(result, name=name)
            for name, guards in self.guards.items()
            for result in guards.results()
        ]
        return tuple(sorted(found, key=lambda one: (-one.harmed, -one.e_value, one.name)))

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold; segments in the order they came."""
        return {
            "tolerance": self.tolerance,
            "alpha": self.alpha,
            "most": self.most,
            "split": self.split,
            "guards": [[name, guards.to_dict()] for name, guards in self.guards.items()],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Segments":
        """Make one of what `to_dict` gave."""
        segments = cls(data["tolerance"], data["alpha"], data["most"], split=data["split"])
        segments.guards = {name: Guards.from_dict(held) for name, held in data["guards"]}
        return segments

    def _by_segment(
        self, segments: Sequence[str] | NDArray[np.str_], count: int
    ) -> list[tuple[Guards, list[int]]]:
        """Return each segment's guards and the places of its rows."""
        if len(segments) != count:
            raise ABTestError(f"There are {len(segments)} segments and {count} losses.")
        places: dict[str, list[int]] = {}
        for place, value in enumerate(segments):
            places.setdefault(self._named(str(value), places), []).append(place)
        return [(self._guards(name), rows) for name, rows in places.items()]

    def _named(self, value: str, new: Mapping[str, Any]) -> str:
        known = self.guards.keys() | new.keys()
        return value if value in known or len(known - {OTHERS}) < self.most else OTHERS

    def _guards(self, name: str) -> Guards:
        if name not in self.guards:
            place = len(self.guards) + 1
            alpha = self.alpha / (place * (place + 1))
            self.guards[name] = Guards({LOSS: self.tolerance}, alpha, split=self.split)
        return self.guards[name]
