"""Lines of equal score over two parameters."""

import re

from django.test import Client

from modelwright.engine.search.results import Trial
from modelwright.tuning.models import TuningRun, TuningTrial
from modelwright.web.contour import contour_draw
from modelwright.web.search_drawing import axes_of
from tests.web.research import make_experiment, make_model_run, make_search


def hill() -> list[Trial]:
    """Return trials whose scores fall with the distance from the middle, the best first."""
    trials = [
        Trial(5 * a + b, {"a": a, "b": b}, mean=1 - ((a - 2) ** 2 + (b - 2) ** 2) / 10)
        for a in range(5)
        for b in range(5)
    ]
    return sorted(trials, key=lambda trial: -(trial.mean or 0))


def test_lines_go_round_the_top_the_higher_the_closer() -> None:
    trials = hill()
    chart = contour_draw(trials, *axes_of(trials))
    assert chart is not None
    assert [line.value for line in chart.lines] == sorted(line.value for line in chart.lines)
    best = next(dot for dot in chart.dots if dot.best)
    widths = []
    for line in chart.lines:
        xs = [float(x) for x in re.findall(r"[ML]([\d.]+) ", line.path)]
        assert min(xs) < best.x < max(xs)
        widths.append(max(xs) - min(xs))
    assert widths == sorted(widths, reverse=True)


def test_words_and_too_few_trials_have_no_lines() -> None:
    trials = hill()
    words = [Trial(t.number, {**t.params, "b": f"w{t.params['b']}"}, mean=t.mean) for t in trials]
    assert contour_draw(words, *axes_of(words)) is None
    few = trials[:5]
    assert contour_draw(few, *axes_of(few)) is None
    flat = [Trial(t.number, t.params, mean=0.5) for t in trials]
    assert contour_draw(flat, *axes_of(flat)) is None


def test_the_page_shows_them(trainer: Client) -> None:
    search: TuningRun = make_search(make_model_run(make_experiment()), status="completed")
    search.trials.all().delete()
    for trial in hill():
        TuningTrial.objects.create(
            tuning_run=search, number=trial.number, params=trial.params, mean=trial.mean, std=0.1,
            fold_scores=[trial.mean, trial.mean], status="complete",
        )  # fmt: skip
    page = trainer.get(f"/ui/searches/{search.pk}?across=b&down=a").content.decode()
    assert 'class="chart contour"' in page
    assert "b → (up: a)" in page
