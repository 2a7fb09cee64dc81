"""The table that drift checks are measured on, and how; needs numpy and pandas only.

15 columns of numbers (normal, lognormal, gamma, whole, mostly zero; two with gaps), five of words
(2, 5, 12, 50 and 500 different ones).
"""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

CARDINALITIES = (2, 5, 12, 50, 500)


def table(rows: int, seed: int) -> pd.DataFrame:
    """Return so many rows; words as Python strings, as most people have them."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for i in range(5):
        columns[f"normal_{i}"] = random.normal(size=rows)
    for i in range(4):
        columns[f"lognormal_{i}"] = random.lognormal(size=rows)
    for i in range(2):
        columns[f"gamma_{i}"] = random.gamma(2, size=rows)
        columns[f"whole_{i}"] = random.normal(50, 15, rows).round()
    for i in range(2):
        zero = np.where(random.random(rows) < 0.4, 0.0, random.gamma(2, size=rows))
        columns[f"gaps_{i}"] = np.where(random.random(rows) < 0.03, np.nan, zero)
    for many in CARDINALITIES:
        words = np.array([f"value {i}" for i in range(many)], dtype=object)
        picked = words[(many * random.random(rows) ** 1.7).astype(np.int64)]
        columns[f"words_{many}"] = pd.Series(picked, dtype=object)
    return pd.DataFrame(columns)


def timed(work: Callable[[], Any]) -> dict[str, float]:
    """Return CPU and wall seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def answer(found: dict[str, float]) -> None:
    """Print what was measured as the last line."""
    print(json.dumps(found), flush=True)
