"""Many tests at once."""

from collections.abc import Sequence


def holm(p_values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return p-values adjusted so that rejecting those up to alpha errs at all with at most alpha.

    Parameters
    ----------
    p_values : sequence of float
        Of the single tests, dependent in whatever way.
    weights : sequence of float
        How much of alpha each test gets, in proportion; fixed before the data are seen.

    Returns
    -------
    list of float
        In the same order.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6.

    Examples
    --------
    >>> holm([0.01, 0.5, 0.02], [1, 1, 1])
    [0.03, 0.5, 0.04]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i] / weights[i])
    adjusted = [1.0] * len(p_values)
    left, highest = sum(weights), 0.0
    for i in order:
        highest = max(highest, min(1.0, p_values[i] / weights[i] * left))
        adjusted[i] = highest
        left -= weights[i]
    return adjusted
