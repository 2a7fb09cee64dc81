"""A search as a table and as code that can be run. Light: the code was made beside the fit."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

from modelwright.engine.search.results import ranked
from modelwright.tuning.errors import NotCompletedError
from modelwright.tuning.models import TuningRun
from modelwright.tuning.trials import trials_of

LINE_END = "\n"


@dataclass(frozen=True)
class Export:
    """One format.

    Parameters
    ----------
    write : callable
        `write(run) -> str`.
    media_type, ending : str
        Of the file.
    """

    write: Callable[[TuningRun], str]
    media_type: str
    ending: str


def to_csv(run: TuningRun) -> str:
    """Return one row for each trial, by number; parameters as JSON values."""
    trials = trials_of(run)
    names = sorted({name for trial in trials for name in trial.params})
    folds = range(run.config["cv_folds"])
    rank_of = {trial.number: rank for rank, trial in enumerate(ranked(trials), 1)}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=LINE_END)
    writer.writerow(
        ["rank", "number", "status", *names, "mean_score", "std_score"]
        + [f"fold_{fold + 1}" for fold in folds]
        + ["seconds", "error"]
    )
    for trial in trials:
        scores = dict(enumerate(trial.fold_scores))
        numbers = [trial.mean, trial.std, *(scores.get(fold) for fold in folds), trial.duration]
        writer.writerow(
            [rank_of.get(trial.number, ""), trial.number + 1, trial.status]
            + [json.dumps(trial.params[name]) if name in trial.params else "" for name in names]
            + ["" if number is None else number for number in numbers]
            + [trial.error or ""]
        )
    return text.getvalue()


def to_python(run: TuningRun) -> str:
    """Return code that fits the best combination with scikit-learn and scores it again.

    Raises
    ------
    NotCompletedError
        Nothing could be scored (yet).
    """
    trials = trials_of(run)
    best = next(iter(ranked(trials)), None)
    recipe = None
    if best is not None:
        recipe = run.trials.filter(number=best.number).values_list("recipe", flat=True).first()
    if best is None or not recipe:
        raise NotCompletedError("The search has no best combination.", status=run.status)
    _, _, code = str(recipe["python"]).partition("\n")
    metric, folds = run.config["scoring_metric"], run.config["cv_folds"]
    scored = f"{metric} {best.mean:.6g} over {folds} folds"
    return f'"""The best of {len(trials)} combinations: {scored}."""\n{code}'


EXPORTS = {
    "csv": Export(to_csv, "text/csv", "csv"),
    "python": Export(to_python, "text/x-python", "py"),
}
