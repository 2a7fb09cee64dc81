"""What an interval means for the two models."""

from dataclasses import dataclass

from modelwright.engine.abtest.design import Design
from modelwright.engine.abtest.results import (
    CONTINUE,
    EQUIVALENT,
    INCONCLUSIVE,
    PROMOTE,
    STOP,
    Interval,
)

IDENTICAL_ROWS = 100


@dataclass(frozen=True)
class Decision:
    """A verdict and the sentence that goes with it."""

    verdict: str
    reason: str


def decide(
    interval: Interval | None,
    design: Design,
    rows: int,
    identical: bool = False,
    waiting: str | None = None,
) -> Decision:
    """Apply the rule.

    Promote where all of the interval is above the margin; stop where all of it is below 0;
    equivalent where all of it is within the margin on both sides, or where no row at all differs;
    inconclusive where the budget is spent; else go on.

    Parameters
    ----------
    interval : Interval or None
        Of the difference, loss of the champion minus that of the challenger.
    design : Design
        Has margin and budget.
    rows : int
        So far.
    identical : bool
        Whether both losses were equal in every row.
    waiting : str or None
        Why there is no interval.

    Examples
    --------
    >>> decide(Interval(0.01, 0.05), Design(margin=0.005), 900).verdict
    'promote'
    >>> decide(Interval(-0.01, 0.02), Design(margin=0.05), 900).verdict
    'equivalent'
    """
    if identical and rows >= IDENTICAL_ROWS:
        return Decision(EQUIVALENT, f"Both models had the same loss in all {rows} rows.")
    found = None if interval is None else _read(interval, design.margin)
    if found is not None:
        return found
    if design.max_rows is not None and rows >= design.max_rows:
        return Decision(
            INCONCLUSIVE,
            f"The budget of {design.max_rows} rows is spent: {_still(interval, design, waiting)}.",
        )
    return Decision(CONTINUE, f"No verdict yet: {_still(interval, design, waiting)}.")


def _read(interval: Interval, margin: float) -> Decision | None:
    ends = f"between {interval.lower:.4g} and {interval.upper:.4g}"
    if interval.lower > margin:
        than = f", more than the margin of {margin:.4g}" if margin else ""
        return Decision(PROMOTE, f"The challenger's mean loss is lower by {ends}{than}.")
    if interval.upper < 0:
        worse = f"between {-interval.upper:.4g} and {-interval.lower:.4g}"
        return Decision(STOP, f"The challenger's mean loss is higher by {worse}.")
    if margin and -margin <= interval.lower and interval.upper <= margin:
        return Decision(EQUIVALENT, f"The difference is {ends}, within the margin of {margin:.4g}.")
    return None


def _still(interval: Interval | None, design: Design, waiting: str | None) -> str:
    if interval is None:
        return waiting or "there is nothing to go by"
    ends = f"the difference may be anything between {interval.lower:.4g} and {interval.upper:.4g}"
    return f"{ends}, and the margin is {design.margin:.4g}" if design.margin else ends
