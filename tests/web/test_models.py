"""The pages of model runs."""

import pytest
from django.test import Client

from modelwright.runs.models import TrainingRun
from tests.web.research import make_experiment, make_model_run, make_search, share

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def silent_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.runs.jobs.ring", lambda _queue: None)


def test_a_model_is_trained_with_what_was_changed(trainer: Client) -> None:
    experiment = make_experiment()
    address = f"/ui/experiments/{experiment.pk}/train?type=logistic_regression"
    assert 'name="hp_C"' in trainer.get(address).content.decode()
    wrong = trainer.post(address, {"hp_C": "-1", "test_size": "0.9", "random_state": "1"})
    assert "C must be between" in wrong.content.decode()
    assert "test_split must be between" in wrong.content.decode()
    answer = trainer.post(
        address, {"hp_C": "0.5", "hp_max_iter": "1000", "test_size": "0.3", "random_state": "1"}
    )
    run = TrainingRun.objects.get()
    assert answer["Location"] == f"/ui/models/{run.pk}"
    assert run.requested_hyperparameters == {"C": 0.5}
    assert (run.test_split, run.random_state, run.experiment) == (0.3, 1, experiment)
    busy = trainer.post(address, {"hp_C": "0.5", "test_size": "0.3", "random_state": "1"})
    assert "being trained already" in busy.content.decode()


def test_the_page_shows_results_and_the_way_to_a_search(trainer: Client) -> None:
    run = make_model_run(make_experiment())
    search = make_search(run, status="completed")
    page = trainer.get(f"/ui/models/{run.pk}").content.decode()
    for text in ("Confusion matrix", "0.9500", f"/ui/models/{run.pk}/search", str(search.pk)):
        assert text in page
    assert "data-events" not in page
    waiting = make_model_run(run.experiment, status="pending")  # type: ignore[arg-type]
    assert "data-events" in trainer.get(f"/ui/models/{waiting.pk}").content.decode()


def test_runs_of_others_are_refused(trainer: Client, viewer: Client) -> None:
    run = make_model_run(make_experiment("admin"))
    address = f"/ui/models/{run.pk}"
    for path in ("", "/events", "/model.pkl", "/search"):
        assert trainer.get(address + path).status_code == 403, path
    for path in ("/cancel", "/notes", "/delete", "/search", "/search/estimate"):
        assert trainer.post(address + path).status_code == 403, path
    assert run.experiment
    share(run.experiment, "viewer", "viewer")
    page = viewer.get(address)
    assert page.status_code == 200
    assert "delete-run" not in page.content.decode()


def test_notes_cancelling_and_deleting(trainer: Client) -> None:
    run = make_model_run(make_experiment(), status="pending")
    address = f"/ui/models/{run.pk}"
    assert trainer.get(f"{address}/cancel").status_code == 405
    trainer.post(f"{address}/notes", {"notes": "Why not"})
    trainer.post(f"{address}/cancel")
    run.refresh_from_db()
    assert (run.notes, run.status) == ("Why not", "cancelled")
    trainer.post(f"{address}/delete")
    assert not TrainingRun.objects.exists()
    assert trainer.get(address).status_code == 404


def test_a_run_of_the_shared_pool_has_its_own_page(trainer: Client) -> None:
    run = make_model_run(make_experiment())
    TrainingRun.objects.update(experiment=None)
    assert trainer.get(f"/ui/models/{run.pk}")["Location"] == f"/ui/runs/{run.number}"
