"""Tables and limits that several test files use."""

import numpy as np
from scipy.stats import beta

CARDINALITIES = (2, 5, 12, 50, 500)
WORDS = np.array([f"value {i}" for i in range(500)], dtype=object)
CONFIDENCE = 0.99


def lower_limit(count: int, runs: int) -> float:
    """Return the one-sided Clopper-Pearson limit that the true rate is above."""
    return float(beta.ppf(1 - CONFIDENCE, count, runs - count + 1)) if count else 0.0


def upper_limit(count: int, runs: int) -> float:
    """Return the one-sided Clopper-Pearson limit that the true rate is below."""
    return float(beta.ppf(CONFIDENCE, count + 1, runs - count)) if count < runs else 1.0


def mixed_table(
    rows: int, random: np.random.Generator, columns: int = 20, shift: float = 0.0
) -> dict[str, np.ndarray]:
    """Return a table like many: three in four columns of numbers, the rest of words.

    The first column is shifted by so many standard deviations.
    """
    table: dict[str, np.ndarray] = {}
    for block in range(columns // 20):
        for i in range(5):
            table[f"normal {block}.{i}"] = random.normal(size=rows)
        for i in range(4):
            table[f"lognormal {block}.{i}"] = random.lognormal(size=rows)
        for i in range(2):
            table[f"gamma {block}.{i}"] = random.gamma(2, size=rows)
        for i in range(2):
            table[f"whole {block}.{i}"] = random.poisson(3 + 27 * i, rows)
        zero = random.random(rows) < 0.95
        table[f"mostly zero {block}"] = np.where(zero, 0.0, random.gamma(2, size=rows))
        gap = random.random(rows) < 0.03
        table[f"gaps {block}"] = np.where(gap, np.nan, random.normal(size=rows))
        for many in CARDINALITIES:
            rank = (many * random.random(rows) ** 1.7).astype(np.int64)
            table[f"words {block}.{many}"] = WORDS[rank]
    table["normal 0.0"] = table["normal 0.0"] + shift
    return table
