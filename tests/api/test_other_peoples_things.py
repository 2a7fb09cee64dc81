"""The walk: somebody else's data set, upload, experiment, model run and search are closed."""

import re
from typing import Any

import pytest

from modelwright.catalog.models import DataSet, Experiment, Share, Upload
from modelwright.catalog.uploads import upload_begin
from modelwright.registry.models import Subject
from modelwright.runs.models import TrainingRun
from modelwright.tuning.models import TuningRun
from tests.api.research import a_model_run, an_experiment, share
from tests.attacks.world import version_of
from tests.people import browser, person, rest
from tests.routes import OURS

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
CLOSED = {403, 404, 405}
# A body that would be right at each address that takes one.
BODIES: dict[str, dict[str, Any]] = {
    "shares/": {"user": "other", "level": "editor"},
    "experiments/": {"name": "taken over"},
    "notes": {"notes": "taken over"},
}


NAMED = (
    "<str:dataset_id>", "<str:upload_id>", "<str:experiment_id>", "<str:run_id>",
    "<str:tuning_run_id>", "<int:number>", "<uuid:dataset_id>", "<uuid:upload_id>",
    "<uuid:experiment_id>", "<uuid:run_id>", "<uuid:search_id>", "<slug:slug>", "<str:subject>",
)  # fmt: skip
NO_LOOK = (
    "/cancel/", "/continue/", "/train-best/", "/predict/", "/actuals/", "/check/", "/promote/",
    "/rollback/", "/aliases/<str:alias>/", "/apply/",
)  # fmt: skip
ROUTES = [route for route in OURS if any(name in route for name in NAMED)]


@pytest.fixture
def theirs() -> TrainingRun:
    """A model run of the administrator's, shared with the account `other` alone."""
    experiment = an_experiment("admin")
    share(experiment, "other", "viewer")
    run = a_model_run(experiment)
    version_of(run)
    TuningRun.objects.create(
        model_run=run, tuning_method="grid_search", status="completed",
        config={"cv_folds": 3, "param_grid": {"n_estimators": [5]}, "scoring_metric": "accuracy"},
        results={"best_score": 0.9, "all_results": []}, best_params={"n_estimators": 5},
    )  # fmt: skip
    upload_begin(user=person("admin"), source="theirs.csv", size_bytes=10)
    return run


def fill(route: str, run: TrainingRun) -> str:
    experiment = run.experiment
    assert experiment is not None
    held = experiment.shares.get()
    for name, value in {
        "dataset_id": experiment.dataset_id,
        "upload_id": Upload.objects.get().pk,
        "experiment_id": experiment.pk,
        "run_id": run.pk,
        "tuning_run_id": TuningRun.objects.get().pk,
        "search_id": TuningRun.objects.get().pk,
        "number": run.number,
        "share_id": held.pk,
        "kind": "csv",
        "slug": Subject.objects.get().slug,
        "subject": Subject.objects.get().slug,
        "version": 1,
        "alias": "champion",
    }.items():
        route = re.sub(rf"<\w+:{name}>", str(value), route)
    assert "<" not in route, f"say what stands for the parameter of {route}"
    return f"/{route}"


def test_the_walk_finds_something() -> None:
    assert len(ROUTES) > 50
    assert all(any(name in route for route in ROUTES) for name in NAMED)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("who", ["trainer", "viewer"])
def test_it_is_closed_at(route: str, who: str, theirs: TrainingRun) -> None:
    url = fill(route, theirs)
    client = browser(who) if route.startswith("ui/") else rest(who)
    client.handler.enforce_csrf_checks = False
    body = next((b for end, b in BODIES.items() if end in route), {})
    for method in METHODS:
        if method == "HEAD" and route.startswith("ui/") and route.endswith("/events"):
            continue  # a stream has no HEAD
        answer = getattr(client, method.lower())(url, data=body)
        assert answer.status_code in CLOSED, f"{method} {url}: {answer.status_code}"
        said = b"" if answer.streaming else answer.content
        assert theirs.model_version.encode() not in said
        assert b"Which word?" not in said
        assert b"n_estimators" not in said
        assert b"theirs.csv" not in said
    assert TrainingRun.objects.filter(pk=theirs.pk, notes="").exists()
    assert Experiment.objects.filter(name="Which word?").count() == 1
    assert DataSet.objects.count() == 1
    assert list(Share.objects.values_list("level", flat=True)) == ["viewer"]
    assert (TuningRun.objects.count(), Upload.objects.count()) == (1, 1)


@pytest.mark.parametrize("who", ["trainer", "viewer"])
@pytest.mark.parametrize(
    "url",
    [
        "/api/v1/datasets/", "/api/v1/experiments/", "/api/v1/models/", "/api/training/runs/",
        "/api/v1/experiments/?search=word", "/api/v1/datasets/?search=table", "/ui/runs",
        "/ui/runs?status=completed", "/ui/compare", "/api/v1/tuning/tune/", "/ui/datasets",
        "/ui/experiments", "/ui/searches",
    ],
)  # fmt: skip
def test_no_list_shows_it(url: str, who: str, theirs: TrainingRun) -> None:
    answer = (browser(who) if url.startswith("/ui/") else rest(who)).get(url)
    assert answer.status_code == 200
    assert theirs.model_version not in answer.content.decode()
    assert "Which word?" not in answer.content.decode()


@pytest.mark.parametrize(
    "route",
    [
        route
        for route in ROUTES
        if route.startswith("api/v1/")
        and "<int:share_id>" not in route
        and "upload_id" not in route  # is its owner's alone
        and not route.endswith(NO_LOOK)
    ],
)
def test_with_a_share_it_opens_for_looking(route: str, theirs: TrainingRun) -> None:
    url = fill(route, theirs)
    assert theirs.experiment is not None
    share(theirs.experiment, "viewer", "viewer")
    assert rest("viewer").get(url).status_code == 200
