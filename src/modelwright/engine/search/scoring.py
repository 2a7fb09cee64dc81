"""The metrics that a search can maximise. Light: no heavy library is loaded.

Each is what scikit-learn's scorer of that name gives, with these decisions where a name alone does
not say it:

* ``precision``, ``recall``, ``f1``: with two classes those of the positive class, which is the last
  in sorted order ("yes" of "no" and "yes", "1" of "0" and "1"); with more classes weighted by
  support (``precision_weighted`` and so on).
* ``roc_auc``: with two classes scikit-learn's ``roc_auc``; with more ``roc_auc_ovr_weighted``: each
  class against the rest, weighted by support.
"""

from dataclasses import dataclass

from modelwright.engine.parameters import CLASSIFICATION, REGRESSION
from modelwright.engine.search.errors import ScoringError


@dataclass(frozen=True)
class Metric:
    """A metric; more is better.

    Parameters
    ----------
    name : str
        As requests spell it.
    task : str
        ``classification`` or ``regression``.
    needs_shares : bool
        Whether it is computed from probabilities or decision values, not from labels.
    """

    name: str
    task: str
    needs_shares: bool = False


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("accuracy", CLASSIFICATION),
        Metric("precision", CLASSIFICATION),
        Metric("recall", CLASSIFICATION),
        Metric("f1", CLASSIFICATION),
        Metric("roc_auc", CLASSIFICATION, needs_shares=True),
        Metric("r2", REGRESSION),
        Metric("neg_mean_squared_error", REGRESSION),
        Metric("neg_mean_absolute_error", REGRESSION),
        Metric("neg_root_mean_squared_error", REGRESSION),
    )
}
NO_SHARES = ("ridge", "svm")


def metric_for(
    name: object,
    task: str | None = None,
    *,
    model_type: str | None = None,
    classes: int | None = None,
) -> Metric:
    """Return a metric by its name, where it has a meaning for the search.

    Parameters
    ----------
    name : str
        One of `METRICS`.
    task : str, optional
        What the model does.
    model_type : str, optional
        Refuse a metric that this model can't be measured by.
    classes : int, optional
        How many classes there are.

    Raises
    ------
    ScoringError
        It is unknown or has no meaning here.

    Examples
    --------
    >>> metric_for("r2", "regression").name
    'r2'
    >>> metric_for("r2", "classification")
    Traceback (most recent call last):
    modelwright.engine.search.errors.ScoringError: scoring_metric 'r2' is for regression, and this \
is a classification: use accuracy, precision, recall, f1, roc_auc
    """
    if not isinstance(name, str) or name not in METRICS:
        raise ScoringError(f"scoring_metric must be one of {', '.join(METRICS)}")
    metric = METRICS[name]
    if task is not None and metric.task != task:
        fitting = ", ".join(m.name for m in METRICS.values() if m.task == task)
        raise ScoringError(
            f"scoring_metric {name!r} is for {metric.task}, and this is a {task}: use {fitting}",
            scoring_metric=name,
        )
    if metric.needs_shares and model_type in NO_SHARES and classes is not None and classes > 2:
        raise ScoringError(
            f"scoring_metric {name!r} needs probabilities, and {model_type} gives none for more"
            " than two classes: use accuracy, precision, recall or f1",
            scoring_metric=name,
        )
    return metric


def default_metric(task: str) -> str:
    """Return what is maximised where nothing is said.

    Examples
    --------
    >>> default_metric("regression")
    'r2'
    """
    return "accuracy" if task == CLASSIFICATION else "r2"
