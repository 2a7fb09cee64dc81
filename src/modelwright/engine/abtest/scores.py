"""From a mean and its standard error to a normal score and back, for skewed and for few values."""

import numpy as np

from modelwright.engine.abtest.blocks import Floats

LEAST_SKEW = 1e-6
MOST = 1e100
GAIN = 0.5


def normal_score(ratio: Floats, count: Floats, skewness: Floats) -> Floats:
    """Turn a mean over its standard error into what a normal variable would have given.

    Two corrections: Hall's cubic, since the mean of skewed values and its estimated error rise and
    fall together; and the signed root of the likelihood ratio, since the error is estimated from so
    many values only. Where the cubic makes a score larger it goes half the way: an estimated
    skewness is uncertain, and what it takes off is worth more than what it gives.

    Parameters
    ----------
    ratio : ndarray
        (mean - hypothesis) / standard error.
    count : ndarray
        How many values the mean is of.
    skewness : ndarray
        Of the values.

    References
    ----------
    Hall (1992), On the removal of skewness by transformation, J. R. Statist. Soc. B 54; for the
    root: Barndorff-Nielsen (1986), Inference on full or partial parameters, Biometrika 73.

    Examples
    --------
    >>> normal_score(np.array([3.0]), np.array([30.0]), np.array([0.0])).round(3).tolist()
    [2.8]
    >>> normal_score(np.array([-3.0, 3.0]), np.array(30.0), np.array(1.0)).round(3).tolist()
    [-2.367, 3.027]
    """
    cubic = _cubic(ratio, count, skewness)
    straight = np.clip(ratio, -MOST, MOST)
    with np.errstate(over="ignore"):
        bent = np.clip(((1 + cubic * straight) ** 3 - 1) / (3 * cubic), -MOST, MOST)
        root = np.sqrt((count - 1) * np.log1p(bent**2 / (count - 1)))
    return np.asarray(np.copysign(root, bent))


def ratio_of(score: Floats, count: Floats, skewness: Floats) -> Floats:
    """Undo `normal_score`.

    Examples
    --------
    >>> count, skewness = np.array([50.0]), np.array([2.0])
    >>> ratio_of(normal_score(np.array([1.7]), count, skewness), count, skewness).round(9).tolist()
    [1.7]
    """
    cubic = _cubic(score, count, skewness)
    with np.errstate(over="ignore"):
        root = np.minimum(np.sqrt((count - 1) * np.expm1(score**2 / (count - 1))), MOST)
    bent = np.copysign(root, score)
    return np.asarray((np.cbrt(1 + 3 * cubic * bent) - 1) / cubic)


def _cubic(signed: Floats, count: Floats, skewness: Floats) -> Floats:
    """Return the coefficient of Hall's cubic, on the side of `signed`."""
    safe = np.where(np.abs(skewness) < LEAST_SKEW, LEAST_SKEW, skewness)
    share = np.where(signed * safe > 0, GAIN, 1.0)
    return np.asarray(safe * share / (3 * np.sqrt(count)))
