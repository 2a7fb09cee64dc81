"""The pages of experiments."""

import pytest
from django.test import Client

from modelwright.catalog.models import Experiment, Share
from modelwright.runs.models import TrainingRun
from tests.web.research import make_dataset, make_experiment, make_model_run, make_search, share

pytestmark = pytest.mark.django_db


def test_one_is_made_from_a_data_set(trainer: Client) -> None:
    assert "needs a data set" in trainer.get("/ui/experiments/new").content.decode()
    dataset = make_dataset()
    assert str(dataset.pk) in trainer.get("/ui/experiments/new").content.decode()
    address = f"/ui/experiments/new?dataset={dataset.pk}"
    form = trainer.get(address).content.decode()
    assert '<option value="left" selected' in form
    assert "one (" not in form  # nothing can be learned from it
    wrong = trainer.post(address, {"name": "", "target_column": "one"}).content.decode()
    assert "Give it a name" in wrong
    assert "nothing can be learned" in wrong
    made = trainer.post(address, {"name": "Who", "target_column": "left", "task": ""})
    experiment = Experiment.objects.get()
    assert made["Location"] == f"/ui/experiments/{experiment.pk}"
    assert "Train the first model" in trainer.get(made["Location"]).content.decode()


def test_the_page_lists_runs_and_searches_and_marks_the_best(trainer: Client) -> None:
    experiment = make_experiment()
    good, bad = make_model_run(experiment), make_model_run(experiment, accuracy=0.5)
    make_search(good, status="completed")
    page = trainer.get(f"/ui/experiments/{experiment.pk}").content.decode()
    assert page.count("★") == 1
    assert f"Run {bad.number}" in page
    assert "6 of 6" in page
    assert "every 2s" not in page
    make_model_run(experiment, status="running", subject="x")
    part = trainer.get(f"/ui/experiments/{experiment.pk}", headers={"HX-Request": "true"})
    assert "every 2s" in part.content.decode()
    assert "<html" not in part.content.decode()


def test_strangers_are_refused_and_shares_count(trainer: Client, viewer: Client) -> None:
    experiment = make_experiment("admin")
    address = f"/ui/experiments/{experiment.pk}"
    refused = trainer.get(address)
    assert refused.status_code == 403
    assert "ask its owner to share it" in refused.content.decode()
    assert "Who leaves" not in trainer.get("/ui/experiments").content.decode()
    for part in ("edit", "delete", "shares", "train"):
        assert trainer.post(f"{address}/{part}").status_code == 403
    share(experiment, "viewer", "viewer")
    share(experiment, "trainer", "viewer")
    assert "Train the first" not in trainer.get(address).content.decode()
    assert trainer.post(f"{address}/edit", {"name": "x"}).status_code == 403
    Share.objects.update(level="editor")
    assert trainer.post(f"{address}/edit", {"name": "Renamed"}).status_code == 302
    assert trainer.post(f"{address}/delete").status_code == 403
    assert viewer.post(f"{address}/edit", {"name": "y"}).status_code == 403  # the role says no
    experiment.refresh_from_db()
    assert experiment.name == "Renamed"


def test_the_owner_shares_and_takes_it_back(trainer: Client, viewer: Client) -> None:
    experiment = make_experiment()
    address = f"/ui/experiments/{experiment.pk}"
    assert viewer.get(address).status_code == 403
    trainer.post(f"{address}/shares", {"user": "viewer", "level": "viewer"})
    assert viewer.get(address).status_code == 200
    trainer.post(f"{address}/shares", {"user": "nobody-here", "level": "viewer"})
    assert "There is no user" in trainer.get(address).content.decode()
    kept = Share.objects.get()
    trainer.post(f"{address}/shares/{kept.pk}/end")
    assert viewer.get(address).status_code == 403
    assert trainer.post(f"{address}/shares/{kept.pk}/end").status_code == 404


def test_deleting_takes_the_runs_that_were_shown(trainer: Client) -> None:
    experiment = make_experiment()
    make_model_run(experiment)
    address = f"/ui/experiments/{experiment.pk}"
    assert "random_forest, completed" in trainer.get(address).content.decode()
    trainer.post(f"{address}/delete")
    assert TrainingRun.objects.exists()
    assert trainer.get(f"{address}/delete").status_code == 405
    trainer.post(f"{address}/delete", {"all": "yes"})
    assert not TrainingRun.objects.exists()
    assert not Experiment.objects.exists()
