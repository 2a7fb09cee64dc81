"""The admin site: runs as contract A asks, accounts, the log; every write recorded."""

import re
from typing import Any

import pytest
from django.test import Client

from modelwright.accounts.models import AuditEntry, User
from modelwright.accounts.services import user_create
from modelwright.automation.models import Schedule
from modelwright.catalog.models import Machine
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.registry.models import ModelVersion, RetentionRule, Subject
from modelwright.runs.models import TrainingRun
from tests.people import person

pytestmark = pytest.mark.django_db
RUNS = "/admin/runs/trainingrun/"
USERS = "/admin/accounts/user/"
NEW = "another long one!"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(person("admin"), backend=BACKEND)
    return client


@pytest.fixture
def root() -> Client:
    client = Client()
    user = user_create(username="root", superuser=True).user
    client.force_login(user, backend=BACKEND)
    return client


def make_run(**fields: Any) -> TrainingRun:
    number = counter_next("training_run")
    status = fields.get("status", "completed")
    defaults = {
        "number": number, "subject": f"s{number}", "status": status, "model_type": "random_forest",
        "model_version": f"v{number}", "dataset_path": "a.csv", "target_column": "t",
        "finished_at": None if status in ("pending", "running") else now(),
    }  # fmt: skip
    return TrainingRun.objects.create(**{**defaults, **fields})


def shown(page: Any) -> set[str]:
    return set(re.findall(r'"field-model_version"><a [^>]*>(v\d+)</a>', page.content.decode()))


# --- training runs -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "running", "completed", "failed", "cancelled"])
def test_the_status_is_a_word_a_shape_and_a_colour(status: str, admin: Client) -> None:
    make_run(status=status)
    page = admin.get(RUNS).content.decode()
    assert re.search(
        rf'<span class="run-status run-status-{status}"><span aria-hidden="true">.</span> '
        rf"{status.capitalize()}</span>",
        page,
    )
    assert "runs/admin.css" in page


def test_runs_are_filtered_by_date_version_status_and_user(admin: Client) -> None:
    user = person("trainer")
    one = make_run(status="failed", user=user)
    make_run()
    for query in (
        {"status__exact": "failed"},
        {"model_version": one.model_version},
        {"user__id__exact": user.pk},
    ):
        assert shown(admin.get(RUNS, query)) == {one.model_version}, query
    assert len(shown(admin.get(RUNS, {"created_at__year": now().year}))) == 2
    assert shown(admin.get(RUNS, {"created_at__year": 1999})) == set()


@pytest.mark.parametrize(
    "word", ["v1", "special.csv", "models/x.pkl", "spring", "broken", "trainer"]
)
def test_runs_are_searched(word: str, admin: Client) -> None:
    run = make_run(
        dataset_path="special.csv", model_path="models/x.pkl", notes="spring",
        error_message="broken", user=person("trainer"),
    )  # fmt: skip
    make_run()
    assert shown(admin.get(RUNS, {"q": word})) == {run.model_version}


def test_only_the_notes_of_a_run_can_be_changed(admin: Client) -> None:
    run = make_run(hyperparameters={"n_estimators": 7}, error_message="why", notes="old")
    url = f"{RUNS}{run.pk}/change/"
    page = admin.get(url).content.decode()
    names = set(re.findall(r'name="(\w+)"', page)) - {
        "csrfmiddlewaretoken", "viewport", "color-scheme", "robots", "next",
    }  # fmt: skip
    assert {name for name in names if not name.startswith("_")} == {"notes"}
    assert "n_estimators" in page
    assert "why" in page
    answer = admin.post(
        url,
        {"notes": "new", "status": "failed", "accuracy": "1", "hyperparameters": "{}"},
    )
    assert answer.status_code == 302
    run.refresh_from_db()
    assert (run.notes, run.status, run.accuracy) == ("new", "completed", None)
    assert run.hyperparameters == {"n_estimators": 7}
    entry = AuditEntry.objects.get(verb="run.notes_changed")
    assert (entry.actor_name, entry.before, entry.after) == (
        "admin", {"notes": "old"}, {"notes": "new"},
    )  # fmt: skip
    assert not AuditEntry.objects.filter(verb="admin.changed").exists()


def test_saving_notes_does_not_write_over_a_running_job(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(status="running")
    url = f"{RUNS}{run.pk}/change/"
    from modelwright.runs import admin as runs_admin  # noqa: PLC0415  (patched below)

    change = runs_admin.training_change_notes

    def meanwhile(**given: Any) -> TrainingRun:
        TrainingRun.objects.filter(pk=run.pk).update(progress_percent=50.0, worker="w")
        return change(**given)

    monkeypatch.setattr(runs_admin, "training_change_notes", meanwhile)
    admin.post(url, {"notes": "n"})
    run.refresh_from_db()
    assert (run.progress_percent, run.worker, run.notes) == (50.0, "w", "n")


def test_no_run_is_added_or_deleted(admin: Client, root: Client) -> None:
    run = make_run()
    for client in (admin, root):
        assert client.get(f"{RUNS}add/").status_code == 403
        assert client.post(f"{RUNS}{run.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(
            RUNS, {"action": "delete_selected", "_selected_action": [run.pk], "post": "yes"}
        )
    assert TrainingRun.objects.filter(pk=run.pk).exists()


def test_chosen_runs_are_cancelled(admin: Client) -> None:
    pending, ended = make_run(status="pending"), make_run()
    admin.post(RUNS, {"action": "cancel", "_selected_action": [pending.pk, ended.pk]})
    pending.refresh_from_db()
    ended.refresh_from_db()
    assert (pending.status, ended.status) == ("cancelled", "completed")
    assert AuditEntry.objects.get(verb="run.cancel_requested").actor_name == "admin"


def test_the_list_takes_as_many_queries_for_many_runs(
    admin: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_run(user=person("trainer"))
    with django_assert_max_num_queries(12):
        admin.get(RUNS)


@pytest.mark.parametrize("name", ["notes", "error_message", "dataset_path", "model_version"])
def test_what_a_run_says_is_never_markup(name: str, admin: Client) -> None:
    run = make_run(**{name: "<script>alert(1)</script>"})
    for url in (RUNS, f"{RUNS}{run.pk}/change/"):
        assert b"<script>alert" not in admin.get(url).content


# --- accounts ----------------------------------------------------------------------------------


def test_an_account_is_made_changed_and_closed_and_each_is_recorded(admin: Client) -> None:
    group = person("viewer").groups.get()
    made = admin.post(
        f"{USERS}add/",
        {
            "username": "ann", "usable_password": "true", "password1": "correct horse battery",
            "password2": "correct horse battery", "groups": [group.pk],
        },
    )  # fmt: skip
    ann = User.objects.get(username="ann")
    assert made.status_code == 302
    entry = AuditEntry.objects.get(verb="user.created", object_id=str(ann.pk))
    assert (entry.actor_name, entry.after["groups"]) == ("admin", ["MANAGER"])
    admins = person("admin").groups.get()
    admin.post(
        f"{USERS}{ann.pk}/change/", {"username": "ann", "is_active": "on", "groups": [admins.pk]}
    )
    ann.refresh_from_db()
    assert ann.is_staff
    changed = AuditEntry.objects.filter(verb="user.changed").first()
    assert changed is not None
    assert (changed.before, changed.after) == ({"groups": ["MANAGER"]}, {"groups": ["admin"]})
    admin.post(f"{USERS}{ann.pk}/change/", {"username": "ann", "groups": [admins.pk]})
    ann.refresh_from_db()
    assert not ann.is_active
    assert "correct horse" not in str(list(AuditEntry.objects.values()))


def test_a_password_changed_for_somebody_is_recorded_without_it(admin: Client) -> None:
    user = person("viewer")
    answer = admin.post(
        f"{USERS}{user.pk}/password/",
        {
            "usable_password": "true",
            "password1": NEW,
            "password2": NEW,
        },
    )
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password(NEW)
    entry = AuditEntry.objects.get(verb="user.changed")
    assert (entry.actor_name, entry.after) == ("admin", {"password": "(changed)"})


def test_an_admin_cannot_become_or_change_a_superuser(admin: Client, root: Client) -> None:
    me, boss = person("admin"), User.objects.get(username="root")
    groups = [group.pk for group in me.groups.all()]
    admin.post(
        f"{USERS}{me.pk}/change/",
        {"username": "admin", "is_active": "on", "groups": groups, "is_superuser": "on"},
    )
    me.refresh_from_db()
    assert not me.is_superuser
    refused = admin.post(f"{USERS}{boss.pk}/change/", {"username": "boss", "is_active": ""})
    assert refused.status_code == 403
    new = {"usable_password": "true", "password1": "x" * 20, "password2": "x" * 20}
    assert admin.post(f"{USERS}{boss.pk}/password/", new).status_code == 403
    root.post(
        f"{USERS}{me.pk}/change/",
        {"username": "admin", "is_active": "on", "groups": groups, "is_superuser": "on"},
    )
    me.refresh_from_db()
    assert me.is_superuser


def test_no_account_is_deleted(root: Client) -> None:
    user = person("viewer")
    assert root.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_a_locked_account_is_unlocked(admin: Client, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    user_create(username="ann", password="correct horse battery")
    body = {"username": "ann", "password": "wrong"}
    for _ in range(3):
        code = Client().post("/api/auth/token/", body, "application/json").status_code
    assert code == 429
    ann = User.objects.get(username="ann")
    admin.post(USERS, {"action": "unlock", "_selected_action": [ann.pk]})
    body["password"] = "correct horse battery"
    assert Client().post("/api/auth/token/", body, "application/json").status_code == 200
    assert AuditEntry.objects.filter(verb="user.changed", after__sign_in="unlocked").exists()


def test_groups_are_shown_with_their_roles_and_not_changed(admin: Client) -> None:
    group = person("trainer").groups.get()
    assert b"trainer" in admin.get("/admin/auth/group/").content
    answer = admin.post(f"/admin/auth/group/{group.pk}/change/", {"name": "hackers"})
    assert answer.status_code == 403
    group.refresh_from_db()
    assert group.name == "DRH"


# --- the log -----------------------------------------------------------------------------------


def test_the_log_is_read_and_not_written(admin: Client, root: Client) -> None:
    entry = AuditEntry.objects.get(verb="user.created")
    url = f"/admin/accounts/auditentry/{entry.pk}/"
    for client in (admin, root):
        page = client.get(f"{url}change/").content.decode()
        assert "user.created" in page
        assert client.post(f"{url}change/", {"verb": "x"}).status_code == 403
        assert client.post(f"{url}delete/", {"post": "yes"}).status_code == 403
        assert client.get("/admin/accounts/auditentry/add/").status_code == 403


def test_the_site_has_the_one_sign_in_page() -> None:
    answer = Client().get("/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/admin/")
    posted = Client().post("/admin/login/", {"username": "admin", "password": "x"})
    assert posted["Location"].startswith("/login")


def test_the_site_works_without_inline_script(admin: Client) -> None:
    run = make_run()
    for url in ("/admin/", RUNS, f"{RUNS}{run.pk}/change/", USERS, f"{USERS}add/"):
        page = admin.get(url).content.decode()
        for part in page.split("<script")[1:]:
            tag = part.split(">")[0]
            assert "src=" in tag or 'type="application/json"' in tag, (url, tag)
        assert not re.search(r'\son\w+="', page), url


# --- the domain --------------------------------------------------------------------------------


def test_tables_of_the_domain_are_there_to_look_at(admin: Client) -> None:
    run = make_run(machine=Machine.objects.create(number=1, name="Pump"))
    subject = Subject.objects.create(key="k", slug="s", title="Baseline", model_type="baseline")
    version = ModelVersion.objects.create(
        run=run, subject="k", number=1, name="v", artifact_path="p", sha256="0" * 64, size_bytes=1
    )
    rule = RetentionRule.objects.create(subject=subject)
    schedule = Schedule.objects.create(name="kpi_calculate")
    for row in (subject, version, rule, schedule, run.machine):
        meta = row._meta
        listed = f"/admin/{meta.app_label}/{meta.model_name}/"
        assert str(row.pk) in admin.get(listed).content.decode()
        one = admin.get(f"{listed}{row.pk}/change/")
        assert one.status_code == 200
        assert 'name="_save"' not in one.content.decode()
        assert admin.get(f"{listed}add/").status_code == 403
