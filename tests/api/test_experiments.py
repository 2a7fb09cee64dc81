"""Contract C, experiments: made, changed, shared, deleted; other people's are closed."""

from typing import Any

import pytest
from django.contrib.auth.models import Group

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.models import Experiment, Share
from modelwright.runs.models import TrainingRun
from tests.api.research import (
    EXPERIMENTS,
    MALFORMED,
    NOBODYS,
    a_model_run,
    an_experiment,
    light_dataset,
    share,
)
from tests.people import PEOPLE, person, rest

pytestmark = pytest.mark.django_db


def make(who: str = "trainer", **fields: Any) -> Any:
    body = {"name": "Which word?", "target_column": "word", **fields}
    if "dataset_id" not in body:
        body["dataset_id"] = str(light_dataset("trainer").pk)
    return rest(who).post(EXPERIMENTS, {k: v for k, v in body.items() if v is not ...})


def url(experiment: Experiment, part: str = "") -> str:
    return f"{EXPERIMENTS}{experiment.pk}/{part}"


# --- making --------------------------------------------------------------------------------------


def test_an_experiment_is_made() -> None:
    answer = make(description="Long story")
    assert answer.status_code == 201, answer.content
    body = answer.json()
    stored = Experiment.objects.get(pk=body["id"])
    assert (body["name"], body["description"]) == ("Which word?", "Long story")
    assert (body["target_column"], body["task"]) == ("word", "classification")
    assert body["dataset_id"] == str(stored.dataset_id)
    assert (body["owner"], body["level"], body["model_runs"]) == ("trainer", "owner", 0)
    assert AuditEntry.objects.get(verb="experiment.created").actor_name == "trainer"


@pytest.mark.parametrize(
    ("target", "task", "right"),
    [
        ("x", ..., "regression"),
        ("x", None, "regression"),
        ("level", ..., "classification"),
        ("level", "regression", "regression"),
        ("x", "classification", "classification"),
    ],
)
def test_the_task_is_told_from_the_column_where_it_is_not_given(
    target: str, task: Any, right: str
) -> None:
    assert make(target_column=target, task=task).json()["task"] == right


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ...}, "name: This field is required."),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "200"),
        ({"name": 7}, "name"),
        ({"name": "a\nb"}, "control"),
        ({"target_column": ...}, "target_column"),
        ({"target_column": "nothing"}, "no column 'nothing'. It has x, word"),
        ({"target_column": "same"}, "only one value"),
        ({"target_column": "empty"}, "no values"),
        ({"target_column": "x" * 300}, "255"),
        ({"dataset_id": ...}, "dataset_id"),
        ({"dataset_id": "7"}, "UUID"),
        ({"dataset_id": 7}, "dataset_id"),
        ({"dataset_id": None}, "dataset_id"),
        ({"task": "clustering"}, "task"),
        ({"task": "regression"}, "no numbers"),
        ({"owner": "admin"}, "Unknown field"),
        ({"description": None}, "description"),
    ],
)
def test_what_is_wrong_is_said(fields: dict[str, Any], words: str) -> None:
    answer = make(**fields)
    assert answer.status_code == 400, answer.content
    assert words in answer.json()["detail"]
    assert not Experiment.objects.exists()


def test_on_a_data_set_of_nobody_or_of_somebody_else() -> None:
    assert make(dataset_id=NOBODYS).status_code == 404
    theirs = light_dataset("admin")
    assert make(dataset_id=str(theirs.pk)).status_code == 403
    experiment = an_experiment("admin", theirs)
    held = share(experiment, "trainer", "viewer")
    assert make(dataset_id=str(theirs.pk)).status_code == 403
    held.level = "editor"
    held.save()
    assert make(dataset_id=str(theirs.pk)).status_code == 201


# --- looking -------------------------------------------------------------------------------------


def test_the_list_has_ones_own_and_those_shared_with_one() -> None:
    mine = an_experiment("trainer", name="Mine")
    theirs = an_experiment("admin", name="Shared with me")
    share(theirs, "trainer", "viewer")
    in_group = an_experiment("admin", name="Shared with my group")
    Share.objects.create(
        experiment=in_group, group=Group.objects.get_or_create(name="DRH")[0], level="viewer"
    )
    an_experiment("admin", name="Closed")
    a_model_run(mine)
    page = rest("trainer").get(EXPERIMENTS).json()
    assert set(page) == {"count", "next", "previous", "results"}
    assert [e["name"] for e in page["results"]] == [
        "Shared with my group", "Shared with me", "Mine",
    ]  # fmt: skip
    assert [e["model_runs"] for e in page["results"]] == [0, 0, 1]
    assert rest("admin").get(EXPERIMENTS).json()["count"] == 4
    assert rest("viewer").get(EXPERIMENTS).json()["count"] == 0
    found = rest("trainer").get(EXPERIMENTS, {"search": "mine"}).json()["results"]
    assert [e["name"] for e in found] == ["Mine"]
    narrowed = rest("trainer").get(EXPERIMENTS, {"dataset_id": str(mine.dataset_id)}).json()
    assert narrowed["count"] == 1
    assert rest("trainer").get(EXPERIMENTS, {"dataset_id": "7"}).status_code == 400


def test_somebody_shared_with_twice_sees_it_once() -> None:
    experiment = an_experiment("admin")
    for name in ("DRH", "trainer"):
        group = Group.objects.get_or_create(name=name)[0]
        person("trainer").groups.add(group)
        Share.objects.create(experiment=experiment, group=group, level="viewer")
    share(experiment, "trainer", "editor")
    assert rest("trainer").get(EXPERIMENTS).json()["count"] == 1
    assert rest("trainer").get(url(experiment)).json()["level"] == "editor"


# --- changing ------------------------------------------------------------------------------------


def test_an_editor_changes_it_and_a_viewer_does_not() -> None:
    experiment = an_experiment("admin")
    assert rest("trainer").patch(url(experiment), {"name": "New"}).status_code == 403
    held = share(experiment, "trainer", "viewer")
    assert rest("trainer").patch(url(experiment), {"name": "New"}).status_code == 403
    held.level = "editor"
    held.save()
    answer = rest("trainer").patch(url(experiment), {"name": "New", "description": ""})
    assert answer.status_code == 200, answer.content
    assert answer.json()["name"] == "New"
    entry = AuditEntry.objects.get(verb="experiment.changed")
    assert entry.before is not None
    assert entry.before["name"] == "Which word?"


def test_the_question_stays_once_there_are_runs() -> None:
    experiment = an_experiment("trainer")
    answer = rest("trainer").patch(url(experiment), {"target_column": "x"})
    assert (answer.json()["target_column"], answer.json()["task"]) == ("x", "regression")
    experiment.refresh_from_db()
    a_model_run(experiment)
    for change in ({"target_column": "word"}, {"task": "classification"},
                   {"dataset_id": str(light_dataset().pk)}):  # fmt: skip
        answer = rest("trainer").patch(url(experiment), change)
        assert answer.status_code == 409, change
        assert answer.json()["uses"]
    same = {"target_column": "x", "task": "regression", "name": "Renamed"}
    assert rest("trainer").patch(url(experiment), same).status_code == 200


@pytest.mark.parametrize("change", [{"target_column": "nothing"}, {"name": ""}, {"id": NOBODYS}])
def test_a_change_that_makes_no_sense_is_refused(change: dict[str, str]) -> None:
    experiment = an_experiment("trainer")
    assert rest("trainer").patch(url(experiment), change).status_code == 400


# --- sharing -------------------------------------------------------------------------------------


def test_the_owner_shares_changes_the_level_and_takes_it_away() -> None:
    experiment = an_experiment("trainer")
    person("viewer")
    client = rest("trainer")
    answer = client.post(url(experiment, "shares/"), {"user": "viewer", "level": "viewer"})
    assert answer.status_code == 201, answer.content
    assert (answer.json()["user"], answer.json()["group"]) == ("viewer", None)
    assert rest("viewer").get(url(experiment)).json()["level"] == "viewer"
    client.post(url(experiment, "shares/"), {"user": "viewer", "level": "editor"})
    listed = rest("viewer").get(url(experiment, "shares/")).json()
    assert [(s["user"], s["level"]) for s in listed["shares"]] == [("viewer", "editor")]
    one = listed["shares"][0]["id"]
    assert client.delete(url(experiment, f"shares/{one}/")).status_code == 204
    assert client.delete(url(experiment, f"shares/{one}/")).status_code == 404
    assert rest("viewer").get(url(experiment)).status_code == 403
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"experiment.shared", "experiment.unshared"} <= verbs


def test_sharing_with_a_group_ends_with_the_membership() -> None:
    experiment = an_experiment("trainer")
    Group.objects.get_or_create(name="MANAGER")
    body = {"group": "MANAGER", "level": "viewer"}
    assert rest("trainer").post(url(experiment, "shares/"), body).status_code == 201
    assert rest("viewer").get(url(experiment)).status_code == 200
    person("viewer").groups.set([Group.objects.get_or_create(name="viewer")[0]])
    assert rest("viewer").get(url(experiment)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {}, {"user": "viewer"}, {"level": "viewer"}, {"user": "nobody", "level": "viewer"},
        {"group": "nothing", "level": "viewer"}, {"user": "viewer", "level": "owner"},
        {"user": "viewer", "group": "DRH", "level": "viewer"},
        {"user": "trainer", "level": "editor"},
        {"user": 7, "level": "viewer"}, {"user": "viewer", "level": "viewer", "x": 1},
    ],
)  # fmt: skip
def test_a_share_that_makes_no_sense_is_refused(body: dict[str, Any]) -> None:
    experiment = an_experiment("trainer")
    person("viewer")
    answer = rest("trainer").post(url(experiment, "shares/"), body)
    assert answer.status_code == 400, answer.content
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("level", ["viewer", "editor"])
def test_only_the_owner_shares_and_deletes(level: str) -> None:
    experiment = an_experiment("admin")
    held = share(experiment, "trainer", level)
    client = rest("trainer")
    body = {"user": "trainer", "level": "editor"}
    assert client.post(url(experiment, "shares/"), body).status_code == 403
    assert client.delete(url(experiment, f"shares/{held.pk}/")).status_code == 403
    assert client.delete(url(experiment)).status_code == 403


def test_a_share_of_another_experiment_is_not_reached() -> None:
    mine, theirs = an_experiment("trainer"), an_experiment("admin")
    held = share(theirs, "viewer", "viewer")
    assert rest("trainer").delete(url(mine, f"shares/{held.pk}/")).status_code == 404
    assert Share.objects.filter(pk=held.pk).exists()


# --- deleting ------------------------------------------------------------------------------------


def test_deleting_shows_the_runs_first() -> None:
    experiment = an_experiment("trainer")
    run = a_model_run(experiment)
    answer = rest("trainer").delete(url(experiment))
    assert answer.status_code == 409
    assert answer.json()["uses"] == [f"run {run.number} (random_forest, completed)"]
    assert rest("trainer").delete(f"{url(experiment)}?force=true").status_code == 204
    assert not Experiment.objects.exists()
    assert not TrainingRun.objects.exists()
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"experiment.deleted", "run.deleted"} <= verbs


def test_deleting_one_without_runs() -> None:
    experiment = an_experiment("trainer")
    share(experiment, "viewer", "viewer")
    answer = rest("trainer").delete(url(experiment))
    assert (answer.status_code, answer.content) == (204, b"")
    assert rest("trainer").get(url(experiment)).status_code == 404
    assert not Share.objects.exists()


# --- who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_who_may_make_one(who: str) -> None:
    mine = light_dataset(who) if who != "anonymous" else light_dataset()
    right = {"anonymous": 401, "stranger": 403, "viewer": 403}.get(who, 201)
    assert make(who, dataset_id=str(mine.pk)).status_code == right


@pytest.mark.parametrize("who", ["stranger", "viewer"])
def test_a_role_that_may_not_write_gets_no_more_by_a_share(who: str) -> None:
    experiment = an_experiment("trainer")
    share(experiment, who, "editor")
    assert rest(who).patch(url(experiment), {"name": "x"}).status_code == 403
    assert rest(who).get(url(experiment)).status_code == (200 if who == "viewer" else 403)


def test_wrong_methods_are_405() -> None:
    experiment = an_experiment("trainer")
    client = rest("trainer")
    assert client.put(EXPERIMENTS, {}).status_code == 405
    assert client.post(url(experiment), {}).status_code == 405
    assert client.patch(url(experiment, "shares/"), {}).status_code == 405
    assert client.get(url(experiment, "shares/1/")).status_code == 405


def test_ids_that_are_none() -> None:
    for text in MALFORMED:
        for part in ("", "shares/"):
            answer = rest("trainer").get(f"{EXPERIMENTS}{text}/{part}")
            assert answer.status_code == 400, text
            assert "UUID" in answer.json()["detail"]
    assert rest("trainer").get(f"{EXPERIMENTS}{NOBODYS}/").status_code == 404
