"""Whether a model of a table errs more on its traffic than it did on its hold-out."""

import math
from collections.abc import Mapping
from typing import Any

from modelwright.engine.drift.special import hypergeometric_tail
from modelwright.monitoring.degradation import SIGNIFICANCE, Degradation, degradation
from modelwright.monitoring.models import MetricsRecord
from modelwright.monitoring.traffic.scores import Sums, metrics_of
from modelwright.runs.models import TrainingRun

ERROR_RATE = "error rate"


def worsening(sums: Sums, run: TrainingRun, *, limit: float) -> Degradation | None:
    """Compare outcomes with the hold-out of the training.

    Two keys, as for machines: larger by `limit`, and more than chance (for labels by Fisher's
    exact test, for numbers by their root mean square).

    Parameters
    ----------
    sums : mapping
        Of `scores`.
    run : TrainingRun
        That made the version.
    limit : float
        Ratio of the errors from which on it matters.

    Returns
    -------
    Degradation or None
        None without outcomes, or where the two have nothing in common.
    """
    if not sums.get("n") or not run.test_samples:
        return None
    if "matrix" in sums:
        return _of_labels(sums, run.metrics, run.test_samples, limit)
    then = MetricsRecord(
        rmse=run.metrics.get("rmse"), mae=run.metrics.get("mae"), sample_count=run.test_samples
    )
    return degradation(metrics_of(sums), sums["n"], then, limit=limit)


def _of_labels(
    sums: Sums, metrics: Mapping[str, Any], held_out: int, limit: float
) -> Degradation | None:
    accuracy = metrics.get("accuracy")
    if accuracy is None:
        return None
    rows = sum(sum(row.values()) for row in sums["matrix"].values())
    wrong = rows - sum(row.get(label, 0) for label, row in sums["matrix"].items())
    then = round((1 - accuracy) * held_out)
    # half an error more on either side: a hold-out without a mistake has no ratio else
    ratio = ((wrong + 0.5) / (rows + 1)) / ((then + 0.5) / (held_out + 1))
    chance = hypergeometric_tail(wrong, rows, wrong + then, rows + held_out)
    keys = (math.log(ratio) / math.log(limit), math.log(max(chance, 1e-300)) / _LOG)
    return Degradation(ERROR_RATE, ratio, limit, max(0.0, min(keys)))


_LOG = math.log(SIGNIFICANCE)
