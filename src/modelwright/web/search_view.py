"""Searches as their pages show them: the list, a running one, its results."""

from functools import cached_property
from typing import Any

from django.db.models import FloatField, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from modelwright.accounts.models import User
from modelwright.catalog.access import Level, experiment_level, may_all
from modelwright.engine.search.results import COMPLETE, DROPPED, FAILED, Trial, ranked
from modelwright.runs.selectors import job_followed_from
from modelwright.runs.states import Status
from modelwright.tuning.access import tuning_runs_visible
from modelwright.tuning.importance import Importance, importances
from modelwright.tuning.models import TuningRun, TuningTrial
from modelwright.tuning.trials import as_trial
from modelwright.web.contour import Contour, contour_draw
from modelwright.web.listing import Listing
from modelwright.web.runs_list import Column
from modelwright.web.search_drawing import (
    Axis,
    Heat,
    Parallel,
    Slice,
    axes_of,
    heat_draw,
    parallel_draw,
    slices_draw,
)

TOP = 10
MOST_POINTS = 2000
MOST_ROWS = 500
WORDS = {
    "grid_search": "Grid search",
    "random_search": "Random search",
    "bayesian": "Bayesian search",
}


class SearchList(Listing[TuningRun]):
    """The searches that somebody may see."""

    place = "searches"
    columns = (
        Column("method", "Search", "tuning_method"),
        Column("status", "Status", "status"),
        Column("of", "Of", "model_run__model_type"),
        Column("tried", "Tried", "tried", number=True),
        Column("best", "Best", "best", number=True),
        Column("user", "By", "user__username"),
        Column("created", "Started", "created_at"),
    )
    titles = {"search": "Search", "status": "Status", "method": "Method"}
    statuses = tuple(Status)
    methods = tuple(WORDS.items())

    def matching(self) -> QuerySet[TuningRun]:
        """Return them, narrowed by the filters."""
        found = tuning_runs_visible(self.user).select_related("model_run__experiment")
        if (status := self.address.get("status")) in Status.values:
            found = found.filter(status=status)
        if (method := self.address.get("method")) in WORDS:
            found = found.filter(tuning_method=method)
        if self.search:
            found = found.filter(
                Q(model_run__experiment__name__icontains=self.search)
                | Q(model_run__model_type__icontains=self.search)
                | Q(user_notes__icontains=self.search)
                | Q(user__username__icontains=self.search)
            )
        return found.annotate(
            best=Cast(KT("progress__best_score"), FloatField()),
            tried=Cast(KT("progress__current"), FloatField()),
        )

    @property
    def status(self) -> str:
        """Return the status that is filtered by."""
        return self.address.get("status")

    @property
    def method(self) -> str:
        """Return the method that is filtered by."""
        return self.address.get("method")


class SearchView:
    """What the page of one search needs beside the row."""

    def __init__(self, run: TuningRun, user: User, across: str = "", down: str = "") -> None:
        self.last_event = job_followed_from(run)
        self.run = run
        self._asked = (across, down)
        experiment = run.model_run.experiment
        self.edits = experiment is None or experiment_level(user, experiment) >= Level.EDITOR
        self.owns = (
            may_all(user) if experiment is None
            else experiment_level(user, experiment) >= Level.OWNER
        )  # fmt: skip

    @property
    def title(self) -> str:
        """Return what kind of search it is."""
        return WORDS[self.run.tuning_method]

    @property
    def metric(self) -> str:
        """Return what is maximised."""
        return str(self.run.config.get("scoring_metric", "score"))

    @property
    def is_open(self) -> bool:
        """Return whether it is pending or running."""
        return not self.run.is_ended

    @cached_property
    def stored(self) -> list[TuningTrial]:
        """Return the trials as they are stored, by number."""
        return list(self.run.trials.defer("recipe").order_by("number"))

    @cached_property
    def trials(self) -> list[Trial]:
        """Return the trials, by number."""
        return [as_trial(row) for row in self.stored]

    @cached_property
    def ranked(self) -> tuple[Trial, ...]:
        """Return the complete trials, the best first."""
        return ranked(self.trials)

    @property
    def top(self) -> tuple[Trial, ...]:
        """Return the best ones."""
        return self.ranked[:TOP]

    @property
    def top_rows(self) -> list[tuple[Trial, list[tuple[str, str]]]]:
        """Return the best ones, each with name and word of every parameter that varies."""
        return [
            (trial, [(axis.name, axis.word(trial)) for axis in self.axes]) for trial in self.top
        ]

    @property
    def best(self) -> Trial | None:
        """Return the best one."""
        return next(iter(self.ranked), None)

    @property
    def listed(self) -> list[tuple[Trial, int | None]]:
        """Return the trials of the table by number, with their ranks."""
        ranks = {trial.number: i for i, trial in enumerate(self.ranked, 1)}
        return [(trial, ranks.get(trial.number)) for trial in self.trials[:MOST_ROWS]]

    @property
    def not_listed(self) -> int:
        """Return how many trials only the CSV has."""
        return max(0, len(self.trials) - MOST_ROWS)

    @property
    def failed(self) -> list[Trial]:
        """Return the trials that failed."""
        return [trial for trial in self.trials if trial.status == FAILED]

    @property
    def dropped(self) -> list[Trial]:
        """Return the trials that were dropped early."""
        return [trial for trial in self.trials if trial.status == DROPPED]

    @property
    def left_out(self) -> list[Trial]:
        """Return what failed, then what was dropped, as far as it is shown."""
        return [*self.failed, *self.dropped][:MOST_ROWS]

    @property
    def total(self) -> int:
        """Return how many combinations there are to try."""
        return int((self.run.progress or {}).get("total", 0))

    @property
    def results(self) -> dict[str, Any]:
        """Return how it ended."""
        results: dict[str, Any] = self.run.results or {}
        return results

    @property
    def evaluated_a_second(self) -> float | None:
        """Return the fits and scores a second."""
        seconds = self.results.get("tuning_time")
        folds = self.run.config.get("cv_folds", 0)
        return len(self.ranked) * folds / seconds if seconds else None

    @property
    def may_go_on(self) -> bool:
        """Return whether something was left untried."""
        return self.run.is_ended and self.results.get("ended") in {
            "cancelled",
            "timed_out",
            "failed",
        }

    # --- charts --------------------------------------------------------------------------------

    @property
    def history(self) -> dict[str, Any]:
        """Return the scores by trial and the best so far, for charts.js."""
        shown = [t for t in self.trials if t.status == COMPLETE and t.mean is not None]
        shown = shown[:MOST_POINTS]
        steps: list[tuple[int, float]] = []  # a point before each rise, so that the line has steps
        for trial in shown:
            number, score, top = trial.number + 1, trial.mean or 0.0, steps[-1:]
            if top and score > top[0][1]:
                steps.append((number, top[0][1]))
            steps.append((number, max([score, *(best for _, best in top)])))
        numbers = [trial.number + 1 for trial in shown]
        hover = "trial %{x}: %{y:.4f}<extra></extra>"
        return {
            "data": [
                {
                    "type": "scatter", "mode": "markers", "name": self.metric, "x": numbers,
                    "y": [trial.mean for trial in shown], "hovertemplate": hover,
                    "marker": {"size": 6, "opacity": 0.65},
                },
                {
                    "type": "scatter", "mode": "lines", "name": "best so far",
                    "x": [number for number, _ in steps], "y": [best for _, best in steps],
                    "hovertemplate": "best up to trial %{x}: %{y:.4f}<extra></extra>",
                },
            ],
            "layout": {"xaxis": {"title": {"text": "trial"}}, "yaxis": {"tickformat": ".3f"}},
        }  # fmt: skip

    @property
    def timeline(self) -> dict[str, Any]:
        """Return when each trial was computed, for charts.js."""
        begun = self.run.started_at or self.run.created_at
        data = []
        for status, title in ((COMPLETE, "complete"), (FAILED, "failed"), (DROPPED, "dropped")):
            rows = [row for row in self.stored[:MOST_POINTS] if row.status == status]
            if not rows:
                continue
            ends = [(row.created_at - begun).total_seconds() for row in rows]
            lasting = [min(row.duration, max(0.0, e)) for row, e in zip(rows, ends, strict=True)]
            data.append(
                {
                    "type": "bar", "orientation": "h", "name": title,
                    "y": [row.number + 1 for row in rows], "x": lasting,
                    "base": [round(e - d, 4) for e, d in zip(ends, lasting, strict=True)],
                    "hovertemplate": "trial %{y}: %{x:.3f} s of computing<extra></extra>",
                }
            )  # fmt: skip
        return {
            "data": data,
            "layout": {
                "barmode": "overlay",
                "xaxis": {"title": {"text": "seconds since the start"}},
                "yaxis": {"title": {"text": "trial"}, "autorange": "reversed"},
            },
        }

    @cached_property
    def axes(self) -> list[Axis]:
        """Return the parameters that vary."""
        return axes_of(self.ranked)

    @cached_property
    def importance(self) -> list[Importance]:
        """Return how much each parameter matters."""
        return importances(self.trials)

    @property
    def importance_bars(self) -> list[tuple[Importance, float]]:
        """Return the importances with the width of their bars."""
        top = max((i.importance for i in self.importance), default=0.0) or 1.0
        return [(i, 100 * i.importance / top) for i in self.importance]

    @property
    def parallel(self) -> Parallel | None:
        """Return the parallel coordinates."""
        return parallel_draw(self.ranked, self.axes, self.metric)

    @property
    def slices(self) -> list[Slice]:
        """Return a slice for each parameter, those first that matter most."""
        order = {i.parameter: n for n, i in enumerate(self.importance)}
        axes = sorted(self.axes, key=lambda axis: order.get(axis.name, 99))
        return slices_draw(self.ranked[:MOST_POINTS], axes)

    @cached_property
    def _pair(self) -> tuple[Axis, Axis] | None:
        """Return two parameters: those asked for, else those that matter most."""
        axes = {axis.name: axis for axis in self.axes}
        names = [name for name in self._asked if name in axes]
        names += [i.parameter for i in self.importance if i.parameter in axes]
        names = list(dict.fromkeys([*names, *axes]))
        return None if len(names) < 2 else (axes[names[0]], axes[names[1]])

    @property
    def heat(self) -> Heat | None:
        """Return the map of two parameters."""
        return None if self._pair is None else heat_draw(self.ranked, *self._pair)

    @property
    def contour(self) -> Contour | None:
        """Return their lines of equal score, where both are numbers."""
        return None if self._pair is None else contour_draw(self.ranked, *self._pair)
