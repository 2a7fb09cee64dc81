"""Which method suits which losses."""

import numpy as np
from numpy.typing import ArrayLike

from modelwright.engine.abtest.blocks import Blocks
from modelwright.engine.abtest.dependence import rows_depend
from modelwright.engine.abtest.errors import ABTestError
from modelwright.engine.abtest.methods.asymptotic import AsymptoticMethod
from modelwright.engine.abtest.methods.beta_binomial import BetaBinomialMethod
from modelwright.engine.abtest.methods.betting import BettingMethod
from modelwright.engine.abtest.paired import checked_losses

CLASSIFICATION = "classification"
REGRESSION = "regression"
BOUNDED = "bounded"
KINDS = (CLASSIFICATION, REGRESSION, BOUNDED)


def choose_method(
    kind: str, losses: tuple[ArrayLike, ArrayLike] | None = None, period: int | None = None
) -> str:
    """Return the name of the method for a test.

    Exact methods need rows that don't depend on each other; where rows of the past show that they
    do, block means are what is left. The group sequential test is never chosen: it needs a promise
    about looks.

    Parameters
    ----------
    kind : str
        ``classification`` (loss 0 where right and 1 where wrong), ``bounded`` (Brier score and
        other losses between two known bounds) or ``regression`` (any other loss).
    losses : (array-like, array-like), optional
        Of champion and challenger on the same rows of the past, in the order of time.
    period : int, optional
        Rows of one season.

    Raises
    ------
    ABTestError
        There is no such kind.

    Examples
    --------
    >>> choose_method("classification"), choose_method("regression")
    ('beta_binomial', 'asymptotic')
    """
    if kind not in KINDS:
        raise ABTestError(f"There is no kind {kind!r}: use one of {', '.join(KINDS)}.")
    if kind == REGRESSION or (kind == CLASSIFICATION and period):
        return AsymptoticMethod.name
    if losses is not None and _depends(*losses, period=period):
        return AsymptoticMethod.name
    if kind == BOUNDED:
        return BettingMethod.name
    right_or_wrong = losses is None or all(np.isin(side, (0, 1)).all() for side in losses)
    return BetaBinomialMethod.name if right_or_wrong else AsymptoticMethod.name


def _depends(losses_a: ArrayLike, losses_b: ArrayLike, period: int | None) -> bool:
    first, second = checked_losses(losses_a, "losses_a"), checked_losses(losses_b, "losses_b")
    if len(first) != len(second):
        raise ABTestError(f"There are {len(first)} losses of a and {len(second)} of b.")
    blocks = Blocks(period or 1)
    blocks.add((first - second)[:, None])
    return bool(rows_depend(blocks)[0])
