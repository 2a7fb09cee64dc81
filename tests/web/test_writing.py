"""Each page that writes: it works, a stranger is refused, a reader is refused, GET is refused."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from knox.models import AuthToken

from modelwright.accounts.models import AuditEntry
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status
from tests.people import person
from tests.web.research import make_dataset

FORM = {
    "dataset": "artifacts/datasets/data.csv",
    "test_split": "0.25",
    "random_state": "7",
    "hp_n_estimators": "50",
    "hp_min_samples_split": "2",
    "hp_min_samples_leaf": "1",
    "hp_class_weight": "balanced",
    "notes": "why not",
}
AsPerson = Callable[[str], Client]
MakeRun = Callable[..., TrainingRun]


@pytest.fixture
def pending(make_run: MakeRun) -> TrainingRun:
    return make_run(status=Status.PENDING)


def writing_addresses(run: TrainingRun) -> dict[str, str]:
    return {
        "train": "/ui/runs/new",
        "cancel": f"/ui/runs/{run.number}/cancel",
        "notes": f"/ui/runs/{run.number}/notes",
    }


@pytest.mark.parametrize("what", ["train", "cancel", "notes"])
@pytest.mark.parametrize("who", ["stranger", "viewer"])
def test_those_who_may_not_write_are_refused(
    as_person: AsPerson, pending: TrainingRun, what: str, who: str
) -> None:
    before = TrainingRun.objects.count()
    response = as_person(who).post(writing_addresses(pending)[what], FORM)
    pending.refresh_from_db()
    assert response.status_code == 403
    assert pending.status == Status.PENDING
    assert pending.notes == ""
    assert TrainingRun.objects.count() == before


@pytest.mark.parametrize("what", ["train", "cancel", "notes"])
def test_who_is_not_signed_in_is_sent_to_the_login(
    as_person: AsPerson, pending: TrainingRun, what: str
) -> None:
    response = as_person("anonymous").post(writing_addresses(pending)[what], FORM)
    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=")


@pytest.mark.parametrize("what", ["cancel", "notes"])
def test_writing_by_get_is_refused(trainer: Client, pending: TrainingRun, what: str) -> None:
    answer = trainer.get(writing_addresses(pending)[what])
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "This address is a button's" in answer.content.decode()


def test_a_field_with_a_nul_is_refused_in_words(trainer: Client, pending: TrainingRun) -> None:
    answer = trainer.post(writing_addresses(pending)["notes"], {"notes": "a\0b"})
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()
    pending.refresh_from_db()
    assert not pending.notes


def test_put_on_the_form_is_refused(trainer: Client) -> None:
    assert trainer.put("/ui/runs/new").status_code == 405


def test_a_trainer_cancels_a_pending_run(trainer: Client, pending: TrainingRun) -> None:
    response = trainer.post(f"/ui/runs/{pending.number}/cancel", follow=True)
    pending.refresh_from_db()
    assert pending.status == Status.CANCELLED
    assert f"Run {pending.number} is cancelled" in response.content.decode()


def test_cancelling_what_has_ended_says_so(trainer: Client, make_run: MakeRun) -> None:
    run = make_run()
    response = trainer.post(f"/ui/runs/{run.number}/cancel", follow=True)
    assert "already ended (completed)" in response.content.decode()


def test_a_trainer_changes_the_notes(trainer: Client, make_run: MakeRun) -> None:
    run = make_run(notes="old")
    trainer.post(f"/ui/runs/{run.number}/notes", {"notes": " new\r\nline "})
    run.refresh_from_db()
    assert run.notes == "new\nline"
    entry = AuditEntry.objects.get(verb="run.notes_changed")
    assert (entry.before, entry.after) == ({"notes": "old"}, {"notes": "new\nline"})
    assert entry.actor_name == "trainer"


def test_notes_that_are_too_long_are_not_saved(trainer: Client, make_run: MakeRun) -> None:
    run = make_run(notes="old")
    response = trainer.post(f"/ui/runs/{run.number}/notes", {"notes": "x" * 10_001}, follow=True)
    run.refresh_from_db()
    assert run.notes == "old"
    assert "not saved" in response.content.decode()


# --- starting a training -----------------------------------------------------------------------


def test_a_trainer_starts_a_training(trainer: Client) -> None:
    response = trainer.post("/ui/runs/new", FORM)
    run = TrainingRun.objects.get()
    assert response["Location"] == f"/ui/runs/{run.number}"
    assert run.requested_hyperparameters == {"n_estimators": 50}
    assert (run.test_split, run.random_state, run.notes) == (0.25, 7, "why not")
    assert run.user == person("trainer")


def test_none_is_a_class_weight_of_its_own(trainer: Client) -> None:
    trainer.post("/ui/runs/new", {**FORM, "hp_class_weight": ""})
    assert TrainingRun.objects.get().requested_hyperparameters["class_weight"] is None


def test_every_wrong_field_is_explained_and_what_was_typed_is_kept(trainer: Client) -> None:
    wrong = {**FORM, "hp_n_estimators": "many", "hp_max_depth": "0", "test_split": "0.9"}
    page = trainer.post("/ui/runs/new", wrong).content.decode()
    assert "n_estimators must be an integer" in page
    assert "max_depth must be between 1 and 100" in page
    assert "test_split must be between 0.1 and 0.5" in page
    assert 'value="many"' in page
    assert (
        'aria-describedby="id_hp_n_estimators_error' in page or "id_hp_n_estimators_error" in page
    )
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model_version", "../up", "model_version may hold letters"),
        ("dataset", "../secret.csv", "holds &#x27;..&#x27;"),
        ("dataset", "system/secret.key", "closed to requests"),
        ("random_state", "-1", "greater than or equal to 0"),
    ],
)
def test_what_the_service_refuses_is_said_beside_its_field(
    trainer: Client, field: str, value: str, message: str
) -> None:
    page = trainer.post("/ui/runs/new", {**FORM, field: value}).content.decode()
    assert message in page
    assert not TrainingRun.objects.exists()


def test_a_form_without_a_data_set_says_so(trainer: Client) -> None:
    page = trainer.post("/ui/runs/new", {**FORM, "dataset": "other"}).content.decode()
    assert "Choose a data set" in page


def test_a_path_of_ones_own_is_taken(trainer: Client) -> None:
    own = {**FORM, "dataset": "other", "dataset_other": "tables/own.csv"}
    trainer.post("/ui/runs/new", own)
    assert TrainingRun.objects.get().dataset_path == "tables/own.csv"


def test_a_busy_data_set_leads_to_the_run_that_keeps_it_busy(trainer: Client) -> None:
    trainer.post("/ui/runs/new", FORM)
    first = TrainingRun.objects.get()
    page = trainer.post("/ui/runs/new", FORM).content.decode()
    assert f'href="/ui/runs/{first.number}"' in page
    assert "is pending" in page
    assert "why not" in page
    assert TrainingRun.objects.count() == 1


def test_train_again_starts_from_what_the_run_had(trainer: Client, make_run: MakeRun) -> None:
    run = make_run(test_split=0.35, random_state=9)
    page = trainer.get(f"/ui/runs/new?from={run.number}").content.decode()
    assert 'value="300"' in page
    assert 'value="0.35"' in page
    assert 'value="artifacts/datasets/data.csv"' in page


def test_train_again_learns_from_what_was_gathered(trainer: Client, make_run: MakeRun) -> None:
    gathered = make_dataset(name="data.csv with actual values")
    run = make_run(gathered=gathered)
    address = f"/ui/runs/new?from={run.number}"
    page = trainer.get(address).content.decode()
    assert "data.csv with actual values" in page
    assert re.search(r'value="gathered" checked', page)
    trainer.post(address, {**FORM, "dataset": "gathered"})
    again = TrainingRun.objects.get(status=Status.PENDING)
    assert (again.gathered, again.dataset_path) == (gathered, run.dataset_path)
    again.delete()
    trainer.post(address, FORM)
    assert TrainingRun.objects.get(status=Status.PENDING).gathered is None


def test_what_was_gathered_is_no_choice_without_its_run(trainer: Client) -> None:
    page = trainer.post("/ui/runs/new", {**FORM, "dataset": "gathered"}).content.decode()
    assert "Choose a data set" in page
    assert not TrainingRun.objects.exists()


def test_the_form_offers_the_tables_of_the_data_folder(
    trainer: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / settings.DATASETS_PREFIX
    folder.mkdir(parents=True)
    for name in ("a.csv", "b.parquet", "notes.txt", ".hidden.csv"):
        (folder / name).write_text("x\n1\n")
    (folder / "link.csv").symlink_to("/etc/passwd")
    monkeypatch.setattr(settings, "DATA_ROOT", tmp_path)
    page = trainer.get("/ui/runs/new").content.decode()
    assert "a.csv" in page
    assert "b.parquet" in page
    assert not any(name in page for name in ("notes.txt", ".hidden.csv", "link.csv"))


# --- one's own account -------------------------------------------------------------------------


def test_a_token_is_shown_once(viewer: Client) -> None:
    page = viewer.post("/ui/account/tokens").content.decode()
    stored = AuthToken.objects.get(user=person("viewer"))
    assert stored.token_key in page
    secret = page.partition('id="secret" tabindex="0">')[2].partition("<")[0]
    assert len(secret) > 20
    again = viewer.get("/ui/account").content.decode()
    assert secret not in again
    assert stored.token_key[:6] in again


def test_a_token_is_revoked_by_its_owner_only(as_person: AsPerson) -> None:
    as_person("viewer").post("/ui/account/tokens")
    stored = AuthToken.objects.get()
    address = f"/ui/account/tokens/{stored.digest[:24]}/revoke"
    assert as_person("stranger").post(address).status_code == 404
    assert AuthToken.objects.exists()
    assert as_person("viewer").get(address).status_code == 405
    assert as_person("viewer").post(address).status_code == 302
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("path", ["/ui/account/tokens", "/ui/account/password", "/logout"])
def test_what_writes_to_the_account_needs_post_and_somebody(as_person: AsPerson, path: str) -> None:
    assert as_person("viewer").get(path).status_code == 405
    assert as_person("anonymous").post(path)["Location"].startswith("/login")


def test_the_password_is_changed_and_one_stays_signed_in(viewer: Client) -> None:
    user = person("viewer")
    user.set_password("old battery horse")
    user.save()
    viewer.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    form = {
        "old_password": "old battery horse",
        "new_password1": "a new staple 77",
        "new_password2": "a new staple 77",
    }
    assert viewer.post("/ui/account/password", form)["Location"] == "/ui/account"
    user.refresh_from_db()
    assert user.check_password("a new staple 77")
    assert viewer.get("/ui/account").status_code == 200


def test_a_wrong_old_password_changes_nothing(viewer: Client) -> None:
    form = {"old_password": "no", "new_password1": "a new staple 77", "new_password2": "x"}
    page = viewer.post("/ui/account/password", form).content.decode()
    assert "field-error" in page
