"""The pages of searches."""

from typing import Any

import pytest
from django.test import Client

from modelwright.runs.models import TrainingRun
from modelwright.tuning.models import TuningRun
from tests.web.research import make_experiment, make_model_run, make_search, share

pytestmark = pytest.mark.django_db
FORM: dict[str, Any] = {
    "tuning_method": "grid_search", "scoring_metric": "accuracy", "cv_folds": "5", "n_iter": "20",
    "random_state": "42", "grid_n_estimators": "50, 100, 200", "grid_max_depth": "5, 10, none",
}  # fmt: skip


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.runs.jobs.ring", lambda _queue: None)


@pytest.fixture
def run(db: None) -> TrainingRun:
    return make_model_run(make_experiment())


def test_the_editor_counts_combinations_and_estimates(trainer: Client, run: TrainingRun) -> None:
    fresh = trainer.get(f"/ui/models/{run.pk}/search").content.decode()
    assert 'data-total="36"' in fresh
    told = trainer.post(f"/ui/models/{run.pk}/search/estimate", FORM).content.decode()
    assert 'data-total="9"' in told
    assert "9.00 s" in told  # 9 x 5 fits of 0.25 s on 4 of 5 parts
    assert 'id="count_max_depth" hx-swap-oob="true">3 values<' in told
    make_search(run, status="completed")
    told = trainer.post(f"/ui/models/{run.pk}/search/estimate", FORM).content.decode()
    assert "2.25 s" in told  # 9 at 1.5 s for 6
    assert "pace of an earlier search on this run (6 combinations)" in told
    small = {"tried": 1, "tuning_time": 5.0}  # nearly all of it is its beginning
    make_search(run, status="completed", results=small)
    assert "2.25 s" in trainer.post(f"/ui/models/{run.pk}/search/estimate", FORM).content.decode()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"grid_max_depth": "5, x"}, "choice 2: max_depth must be an integer or none"),
        ({"grid_max_depth": "1 .. 9"}, "lists of choices only"),
        ({"grid_max_depth": "", "grid_n_estimators": ""}, "must not be empty"),
        ({"param_grid": "{"}, "This is no JSON"),
        ({"param_grid": '{"max_depth": [1], "max_depth": [2]}'}, "comes twice"),
        ({"param_grid": '{"colour": [1]}'}, "Unknown hyperparameter"),
        ({"grid_n_estimators": ",".join(map(str, range(1, 1001))),
          "grid_min_samples_leaf": ",".join(map(str, range(1, 100)))}, "combinations"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_grid_is_said(
    trainer: Client, run: TrainingRun, changes: dict[str, str], fault: str
) -> None:
    for path in ("search/estimate", "search"):
        page = trainer.post(f"/ui/models/{run.pk}/{path}", {**FORM, **changes}).content.decode()
        assert fault in page, path
    assert not TuningRun.objects.exists()


def test_a_search_is_started_with_ranges_and_conditions(trainer: Client, run: TrainingRun) -> None:
    form = {**FORM, "tuning_method": "bayesian", "grid_max_depth": "2 .. 20 step 2"}
    answer = trainer.post(f"/ui/models/{run.pk}/search", form)
    search = TuningRun.objects.get()
    assert answer["Location"] == f"/ui/searches/{search.pk}"
    assert search.config["param_grid"] == {
        "n_estimators": [50, 100, 200], "max_depth": {"low": 2, "high": 20, "step": 2},
    }  # fmt: skip
    page = trainer.get(answer["Location"]).content.decode()
    assert "data-search-events" in page
    assert "Waiting for a free worker" in page


def test_results_are_shown_with_charts_and_tables(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run, status="completed")
    page = trainer.get(f"/ui/searches/{search.pk}").content.decode()
    for text in (
        "0.9000", "Parallel coordinates", "Slices", "Two parameters", "Timeline", "What matters",
        "No such penalty.", "Surely worse.", "history-data", "Train the best", "Fast.",
    ):  # fmt: skip
        assert text in page
    other = trainer.get(f"/ui/searches/{search.pk}?across=max_depth&down=n_estimators")
    assert "n_estimators ↓ max_depth →" in other.content.decode()
    assert "scattergl" not in page


def test_the_list_filters_and_sorts(trainer: Client, run: TrainingRun) -> None:
    assert "No search yet" in trainer.get("/ui/searches").content.decode()
    search = make_search(run, status="completed")
    assert str(search.pk) in trainer.get("/ui/searches?sort=-best").content.decode()
    assert str(search.pk) in trainer.get("/ui/searches?method=grid_search").content.decode()
    empty = trainer.get("/ui/searches?status=failed").content.decode()
    assert "Nothing fits" in empty
    assert "Clear the filter Status failed" in empty


def test_searches_of_others_are_refused(trainer: Client, viewer: Client) -> None:
    run = make_model_run(make_experiment("admin"))
    search = make_search(run, status="completed")
    address = f"/ui/searches/{search.pk}"
    for path in ("", "/events", "/export/csv"):
        assert trainer.get(address + path).status_code == 403, path
    for path in ("/cancel", "/continue", "/train", "/delete"):
        assert trainer.post(address + path).status_code == 403, path
        assert viewer.post(address + path).status_code == 403, path
        assert trainer.get(address + path).status_code == 405, path
    assert str(search.pk) not in trainer.get("/ui/searches").content.decode()
    assert run.experiment
    share(run.experiment, "trainer", "viewer")
    page = trainer.get(address).content.decode()
    assert "Train the best" not in page
    assert "Delete the search" not in page
    assert trainer.post(f"{address}/train").status_code == 403


def test_its_owner_deletes_it(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run, status="completed")
    assert "Delete the search" in trainer.get(f"/ui/searches/{search.pk}").content.decode()
    answer = trainer.post(f"/ui/searches/{search.pk}/delete")
    assert answer["Location"] == f"/ui/models/{run.pk}"
    assert not TuningRun.objects.exists()


def test_it_is_cancelled_and_goes_on(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run)
    trainer.post(f"/ui/searches/{search.pk}/cancel")
    search.refresh_from_db()
    assert search.status == "cancelled"
    assert "it can go on" in trainer.get(f"/ui/searches/{search.pk}").content.decode()
    answer = trainer.post(f"/ui/searches/{search.pk}/continue")
    later = TuningRun.objects.exclude(pk=search.pk).get()
    assert answer["Location"] == f"/ui/searches/{later.pk}"
    assert later.parent_tuning_run == search
    form = trainer.get(f"/ui/models/{run.pk}/search?from={search.pk}").content.decode()
    assert 'value="10, 20"' in form
    assert 'value="3, none"' in form


def test_the_best_is_trained_with_one_click(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run, status="completed")
    answer = trainer.post(f"/ui/searches/{search.pk}/train")
    best = TrainingRun.objects.exclude(pk=run.pk).get()
    assert answer["Location"] == f"/ui/models/{best.pk}"
    assert best.requested_hyperparameters["n_estimators"] == 20
    assert best.experiment == run.experiment


def test_exports(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run, status="completed")
    csv = trainer.get(f"/ui/searches/{search.pk}/export/csv")
    assert len(csv.content.decode().splitlines()) == 7
    python = trainer.get(f"/ui/searches/{search.pk}/export/python").content.decode()
    assert "print('the best')" in python
    assert trainer.get(f"/ui/searches/{search.pk}/export/exe").status_code == 404


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"status": "cancelled"}, "was cancelled</strong> before the first combination"),
        (
            {"status": "completed", "results": {"ended": "timed_out", "timed_out": True}},
            "The time was up</strong> before the first of 6 combinations",
        ),
    ],
)
def test_a_search_that_ended_with_nothing_says_so(
    trainer: Client, run: TrainingRun, fields: dict[str, Any], says: str
) -> None:
    search = make_search(run, **fields)
    search.trials.all().delete()
    page = trainer.get(f"/ui/searches/{search.pk}").content.decode()
    assert says in page
    assert "What it found" not in page
    assert "This is what it has" not in page
    assert ", shared work" not in page


def test_parameters_that_only_some_trials_have_are_shown(trainer: Client, run: TrainingRun) -> None:
    search = make_search(run, status="completed")
    search.trials.all().delete()
    for number, (params, mean) in enumerate(
        [
            ({"kernel": "linear"}, 0.9),
            ({"kernel": "poly", "degree": 2}, 0.8),
            ({"kernel": "poly", "degree": 3}, 0.7),
        ]
    ):
        search.trials.create(
            number=number, params=params, fold_scores=[mean, mean],
            mean=mean, std=0.0, duration=0.1, status="complete",
        )  # fmt: skip
    page = trainer.get(f"/ui/searches/{search.pk}").content.decode()
    assert '<td data-label="degree">3</td>' in page
    assert '<td data-label="degree">–</td>' in page  # noqa: RUF001
    assert page.count(">degree</text>") == 2  # parallel coordinates and a slice
