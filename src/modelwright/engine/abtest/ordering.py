"""Puts rows into the order of their own time, each once, as labels arrive late and repeated."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from modelwright.engine.abtest.blocks import Floats
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.paired import checked_losses

Row = tuple[float, str, float, float]


@dataclass(frozen=True)
class Released:
    """Rows in the order of time.

    Parameters
    ----------
    losses_a, losses_b : ndarray, shape (n_rows,)
        Losses of champion and challenger.
    last : float or None
        Time of the last row; None where there are none.
    """

    losses_a: Floats
    losses_b: Floats
    last: float | None


class InOrder:
    """Holds rows back until older ones have had time to arrive.

    A test finds from neighbouring rows how they depend on each other: rows in the order in which
    their labels happened to arrive would look independent when they aren't. So each row waits until
    one that is newer by `wait` has been seen; what comes later than that is left out and counted,
    as is what comes twice.

    Parameters
    ----------
    wait : float
        How late a label may come, in the unit of the times (seconds).

    Examples
    --------
    >>> rows = InOrder(wait=10.0)
    >>> rows.add(["p2", "p1", "p2"], [2.0, 1.0, 2.0], [0.5, 0.25, 0.5], [0.0, 0.0, 0.0])
    >>> rows.add(["p3"], [12.0], [1.0], [0.0])
    >>> rows.release().losses_a.tolist()
    [0.25, 0.5]
    >>> rows.add(["p1", "p0"], [1.0, 0.0], [0.25, 1.0], [0.0, 1.0])
    >>> rows.repeated, rows.late
    (2, 1)
    """

    def __init__(self, wait: float) -> None:
        if not 0 <= wait < math.inf:
            raise ABTestError(f"wait must be a finite number of at least 0, not {wait}.")
        self.wait = wait
        self.waiting: dict[str, Row] = {}
        self.known: dict[str, float] = {}
        self.newest = -math.inf
        self.released_to = -math.inf
        self.repeated = 0
        self.late = 0

    def add(
        self,
        ids: Sequence[str],
        times: ArrayLike,
        losses_a: ArrayLike,
        losses_b: ArrayLike,
    ) -> None:
        """Take rows in any order.

        Parameters
        ----------
        ids : sequence of str, shape (n_rows,)
            Of the predictions; the first row of an id counts.
        times : array-like, shape (n_rows,)
            When each was predicted.
        losses_a, losses_b : array-like, shape (n_rows,)
            Losses of champion and challenger; finite.
        """
        when = checked_losses(times, "times")
        first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
        if not len(ids) == len(when) == len(first) == len(second):
            raise ABTestError("ids, times, losses_a and losses_b must be equally long.")
        for name, time, a, b in zip(
            ids, when.tolist(), first.tolist(), second.tolist(), strict=True
        ):
            if name in self.waiting or name in self.known:
                self.repeated += 1
            elif time <= self.released_to:
                self.late += 1
            else:
                self.waiting[name] = (time, name, a, b)
                self.newest = max(self.newest, time)

    def release(self, now: float | None = None) -> Released:
        """Return the rows that need not wait any more.

        Parameters
        ----------
        now : float, optional
            The time; that of the newest row where it isn't given.
        """
        limit = (self.newest if now is None else now) - self.wait
        ready = sorted(row for row in self.waiting.values() if row[0] <= limit)
        for time, name, _, _ in ready:
            del self.waiting[name]
            self.known[name] = time
        self.released_to = max(self.released_to, limit)
        # A repetition of what was released long ago counts as late: its id needn't be kept.
        oldest = self.released_to - self.wait
        self.known = {name: time for name, time in self.known.items() if time > oldest}
        return Released(
            losses_a=np.array([row[2] for row in ready]),
            losses_b=np.array([row[3] for row in ready]),
            last=ready[-1][0] if ready else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold."""
        return {
            "wait": self.wait,
            "waiting": [list(row) for row in self.waiting.values()],
            "known": self.known,
            "newest": None if math.isinf(self.newest) else self.newest,
            "released_to": None if math.isinf(self.released_to) else self.released_to,
            "repeated": self.repeated,
            "late": self.late,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "InOrder":
        """Make one of what `to_dict` gave."""
        rows = cls(data["wait"])
        rows.waiting = {row[1]: (row[0], row[1], row[2], row[3]) for row in data["waiting"]}
        rows.known = dict(data["known"])
        rows.newest = -math.inf if data["newest"] is None else data["newest"]
        rows.released_to = -math.inf if data["released_to"] is None else data["released_to"]
        rows.repeated, rows.late = int(data["repeated"]), int(data["late"])
        return rows
