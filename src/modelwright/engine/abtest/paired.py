"""A test of two models on the same rows."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from modelwright.engine.abtest.blocks import LARGEST, Blocks, Floats
from modelwright.engine.abtest.decision import Decision, decide
from modelwright.engine.abtest.dependence import rows_depend
from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.history import History
from modelwright.engine.abtest.methods import Method, make_method
from modelwright.engine.abtest.methods.asymptotic import AsymptoticMethod
from modelwright.engine.abtest.results import CONTINUE, WINNERS, ABResult, Interval, Point

STATE_VERSION = 1
COMPARED_LOOKS = 60


class Accumulator:
    """What tests have in common: differences go in, a result comes out.

    Parameters
    ----------
    method : str
        Of `METHODS`.
    design : Design
        What is fixed before.
    """

    def __init__(self, method: str, design: Design) -> None:
        self.design = design
        self.blocks = Blocks(design.block)
        self.method = make_method(method, design, self.blocks)
        self.fallback = AsymptoticMethod(design, self.blocks)
        self.history = History()
        self.sums = np.zeros(2)
        self.counts = np.zeros(2, dtype=np.int64)
        self.differing = 0
        self.least_p = 1.0
        self.decision: Decision | None = None
        self.decided_at: int | None = None
        self.hold: str | None = None
        self.rows = 0

    def take(self, differences: Floats, at: datetime | str | None) -> None:
        """Take differences and look once."""
        self.blocks.add(differences[:, None])
        self.method.add(differences)
        self.differing += int(np.count_nonzero(differences))
        self._look(at.isoformat() if isinstance(at, datetime) else at)

    def current(self) -> Method:
        """Return the method that speaks: an exact one while rows don't depend on each other."""
        if not self.method.exact:
            return self.method
        return self.fallback if rows_depend(self.blocks)[0] else self.method

    def means(self) -> tuple[float | None, float | None]:
        """Return the mean losses."""
        found = [float(s / c) if c else None for s, c in zip(self.sums, self.counts, strict=True)]
        return found[0], found[1]

    def estimate(self) -> float | None:
        """Return the difference of the mean losses."""
        first, second = self.means()
        return None if first is None or second is None else first - second

    def interval(self) -> Interval | None:
        """Return the interval of now; nothing but 0 where all rows are equal."""
        if self.identical:
            return Interval(0.0, 0.0) if self.rows else None
        return None if self.hold_back() else self.current().interval()

    def hold_back(self) -> str | None:
        """Say why it is too early for any method, or None."""
        return self.blocks.too_few() or self.hold

    @property
    def identical(self) -> bool:
        """Whether both losses were equal in every row."""
        return self.differing == 0

    def result(self) -> ABResult:
        """Return what is known after the rows so far."""
        speaking = self.current()
        decision = self.decision or self._decide()
        first, second = self.means()
        return ABResult(
            n=self.rows,
            mean_a=first,
            mean_b=second,
            difference=self.estimate(),
            interval=self.interval(),
            p_value=self.least_p,
            winner=WINNERS.get(decision.verdict),
            verdict=decision.verdict,
            reason=decision.reason,
            block_length=speaking.block_length(),
            method=speaking.name,
            decided_at=self.decided_at,
            history=self.history.points(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on, as plain data that JSON can hold."""
        decision = self.decision
        return {
            "version": STATE_VERSION,
            "method": self.method.name,
            "design": self.design.to_dict(),
            "rows": self.rows,
            "blocks": self.blocks.to_dict(),
            "state": self.method.state(),
            "history": self.history.to_dict(),
            "sums": self.sums.tolist(),
            "counts": self.counts.tolist(),
            "differing": self.differing,
            "least_p": self.least_p,
            "decision": [decision.verdict, decision.reason] if decision else None,
            "decided_at": self.decided_at,
        }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take over what `to_dict` gave."""
        if data.get("version") != STATE_VERSION:
            raise ABTestError(
                f"This state of a test has version {data.get('version')}, not {STATE_VERSION}:"
                " compute it anew from the losses."
            )
        self.rows = int(data["rows"])
        self.blocks = Blocks.from_dict(data["blocks"])
        self.method.blocks = self.fallback.blocks = self.blocks
        self.method.restore(data["state"])
        self.history = History.from_dict(data["history"])
        self.sums = np.array(data["sums"], dtype=float)
        self.counts = np.array(data["counts"], dtype=np.int64)
        self.differing = int(data["differing"])
        self.least_p = float(data["least_p"])
        self.decision = Decision(*data["decision"]) if data["decision"] else None
        self.decided_at = data["decided_at"]

    def _look(self, at: str | None) -> None:
        interval = self.interval()
        if not self.identical and interval is not None:
            self.least_p = min(self.least_p, math.exp(-max(self.current().log_evidence(), 0.0)))
        if self.decision is None:
            found = self._decide()
            if found.verdict != CONTINUE:
                self.decision, self.decided_at = found, self.rows
        lower, upper = (interval.lower, interval.upper) if interval else (None, None)
        difference = self.estimate()
        if difference is not None:
            self.history.add(Point(self.rows, difference, lower, upper, self.least_p, at))

    def _decide(self) -> Decision:
        waiting = self.hold_back() or self.current().waiting()
        identical = self.identical and self.rows > 0
        interval = None if identical else self.interval()
        return decide(interval, self.design, self.rows, identical=identical, waiting=waiting)


class PairedTest:
    """Compares two models that scored the same rows: champion ``a``, challenger ``b``.

    Both losses of a row come together; which rows were answered by whom doesn't matter. Feed them
    in the order of the rows' own time, each row once: the length of blocks is found from how
    neighbours resemble each other. Rows that arrive late may be added when they come, if they are
    few; repeated ones are the caller's to leave out.

    Parameters
    ----------
    method : str
        Of `METHODS`; see `choose_method`.
    alpha : float
        Probability of a wrong verdict, however often one looks.
    margin : float
        By how much the challenger's mean loss must be lower to be worth a change.
    period : int, optional
        Rows of one season: 24 for hourly rows with a daily season.
    **design
        The others of `Design`: `horizon`, `planned_rows`, `max_rows`, `bounds`, `discordance`,
        `looks`.

    Raises
    ------
    ABTestError
        A value is out of its range, or the method lacks what it needs.

    Examples
    --------
    >>> random = np.random.default_rng(1)
    >>> truth = random.normal(size=600)
    >>> champion = np.abs(truth - random.normal(0.0, 0.5, size=600))
    >>> challenger = np.abs(truth - truth - random.normal(0.0, 0.1, size=600))
    >>> test = PairedTest()
    >>> test.update(champion, challenger)
    >>> result = test.result()
    >>> result.winner, result.verdict
    ('b', 'promote')
    """

    def __init__(
        self,
        method: str = "asymptotic",
        alpha: float = 0.05,
        margin: float = 0.0,
        period: int | None = None,
        **design: Any,
    ) -> None:
        self.accumulator = Accumulator(
            method, Design(alpha=alpha, margin=margin, period=period, **design)
        )

    @property
    def design(self) -> Design:
        """What was fixed before."""
        return self.accumulator.design

    def update(
        self, losses_a: ArrayLike, losses_b: ArrayLike, at: datetime | str | None = None
    ) -> None:
        """Take further rows and look at the result.

        Parameters
        ----------
        losses_a, losses_b : array-like, shape (n_rows,)
            Losses of champion and challenger; finite.
        at : datetime or str, optional
            Time of the last row, for the history.

        Raises
        ------
        ABTestError
            The losses are no numbers, not as many on both sides, or don't suit the method. Nothing
            of them was taken then.
        """
        first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
        if len(first) != len(second):
            raise ABTestError(
                f"There are {len(first)} losses of a and {len(second)} of b: give both of each row."
            )
        held = self.accumulator
        held.method.check(first - second)
        if not len(first):
            return
        held.sums = held.sums + np.array([first.sum(), second.sum()])
        held.counts = held.counts + len(first)
        held.rows += len(first)
        held.take(first - second, at)

    def result(self) -> ABResult:
        """Return what is known after the rows so far."""
        return self.accumulator.result()

    def to_dict(self) -> dict[str, Any]:
        """Return the state as plain data that JSON can hold; some kilobytes, however many rows."""
        return self.accumulator.to_dict()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PairedTest":
        """Make a test of what `to_dict` gave; it goes on as if nothing had been.

        Examples
        --------
        >>> test = PairedTest(margin=0.1)
        >>> test.update([1.0, 2.0], [1.0, 1.5])
        >>> PairedTest.from_dict(test.to_dict()).result() == test.result()
        True
        """
        test = cls(data["method"], **Design.from_dict(data["design"]).__dict__)
        test.accumulator.restore(data)
        return test

    def reversed(self) -> "PairedTest":
        """Return a new test with the roles exchanged, to watch a promotion.

        After a promotion the challenger is the champion and the old champion, in shadow, the
        challenger: the verdict ``promote`` says to roll back.
        """
        return PairedTest(self.accumulator.method.name, **self.design.__dict__)


def checked_losses(losses: ArrayLike, name: str) -> Floats:
    """Return losses as numbers.

    Raises
    ------
    ABTestError
        They are no row of finite numbers.
    """
    try:
        found = np.asarray(losses, dtype=float)
    except (TypeError, ValueError) as error:
        raise ABTestError(f"{name} must be numbers: {error}.") from error
    if found.ndim != 1:
        raise ABTestError(f"{name} must have one dimension, not {found.ndim}.")
    wrong = np.flatnonzero(~(np.abs(found) <= LARGEST))
    if len(wrong):
        raise ABTestError(
            f"{name} has {found[wrong[0]]} in row {wrong[0] + 1}: leave out rows without a finite"
            " loss.",
            row=int(wrong[0]) + 1,
        )
    return found


def compare(losses_a: ArrayLike, losses_b: ArrayLike, **settings: Any) -> ABResult:
    """Compare two models on rows that are all there.

    Parameters
    ----------
    losses_a, losses_b : array-like, shape (n_rows,)
        Losses of champion and challenger, in the order of time.
    **settings
        As for `PairedTest`.

    Examples
    --------
    >>> compare([0.5, 0.25] * 60, [0.5, 0.25] * 60).verdict
    'equivalent'
    """
    first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
    test = PairedTest(**settings)
    step = max(-(-max(len(first), len(second)) // COMPARED_LOOKS), 1)
    for start in range(0, max(len(first), len(second)), step):
        test.update(first[start : start + step], second[start : start + step])
    return test.result()
