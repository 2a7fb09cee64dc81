"""One run, comparing, signing in, and the pages for when something is wrong."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.test import AsyncClient, Client

from modelwright.core.clock import now
from modelwright.runs import event_stream as events
from modelwright.runs.jobs import job_claim
from modelwright.runs.models import JobEvent, TrainingRun, Worker
from modelwright.runs.states import Status
from modelwright.web.run_view import RunView
from tests.people import person

MakeRun = Callable[..., TrainingRun]
AsPerson = Callable[[str], Client]
BACKEND = "django.contrib.auth.backends.ModelBackend"


def page_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


# --- one run -----------------------------------------------------------------------------------


def test_a_completed_run_shows_all_that_is_known(viewer: Client, make_run: MakeRun) -> None:
    run = make_run(notes="look here", warnings=["3 rows dropped"], user=person("trainer"))
    page = page_of(viewer, f"/ui/runs/{run.number}")
    for text in ("0.9500", "0.9502", "Confusion matrix", "trend_score", "60.0 %", "look here"):
        assert text in page
    for text in ("3 rows dropped", "default 100", "trainer", "--param n_estimators=300"):
        assert text in page


def test_classes_stand_in_the_order_of_the_preset(viewer: Client, make_run: MakeRun) -> None:
    page = page_of(viewer, f"/ui/runs/{make_run().number}")
    matrix = page.partition('class="matrix"')[2]
    assert matrix.index(">LOW<") < matrix.index(">HIGH<")
    assert matrix.index("<b>29</b>") < matrix.index("<b>40</b>")


def test_the_best_other_run_is_named(viewer: Client, make_run: MakeRun) -> None:
    best, run = make_run(accuracy=0.99), make_run(accuracy=0.95)
    page = page_of(viewer, f"/ui/runs/{run.number}")
    assert "\u22120.0400" in page
    assert f"runs={best.number},{run.number}" in page


def test_a_failed_run_says_why_and_what_to_do(viewer: Client, make_run: MakeRun) -> None:
    run = make_run(status=Status.FAILED, error_type="DataLoadError", error_message="No <target>")
    page = page_of(viewer, f"/ui/runs/{run.number}")
    assert "No &lt;target&gt;" in page
    assert "Mend the data set" in page


@pytest.mark.parametrize("status", list(Status))
def test_a_reader_sees_no_button_that_is_not_for_them(
    viewer: Client, make_run: MakeRun, status: Status
) -> None:
    page = page_of(viewer, f"/ui/runs/{make_run(status=status).number}")
    for text in ("with changes", "Save notes", "cancel-run", "/cancel", "/ui/runs/new"):
        assert text not in page


def test_an_open_run_can_be_cancelled_and_is_followed(trainer: Client, make_run: MakeRun) -> None:
    run = make_run(status=Status.RUNNING)
    page = page_of(trainer, f"/ui/runs/{run.number}")
    assert f'data-events="/ui/runs/{run.number}/events"' in page
    assert "live.js" in page
    assert 'id="cancel-run"' in page
    assert "live.js" not in page_of(trainer, f"/ui/runs/{make_run().number}")


def test_htmx_gets_the_run_alone(viewer: Client, make_run: MakeRun) -> None:
    response = viewer.get(f"/ui/runs/{make_run().number}", headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert 'id="run"' in response.content.decode()


def test_a_run_that_is_not_there_is_not_found(viewer: Client) -> None:
    for path in ("/ui/runs/999", "/ui/runs/999/events", "/ui/runs/999/run.json"):
        response = viewer.get(path)
        assert response.status_code == 404
        assert "There is no run 999." in response.content.decode()


def test_the_whole_run_and_its_metrics_are_downloaded_as_json(
    viewer: Client, make_run: MakeRun
) -> None:
    run = make_run(accuracy=None)
    response = viewer.get(f"/ui/runs/{run.number}/run.json")
    assert response["Content-Disposition"] == f'attachment; filename="run-{run.number}.json"'
    assert json.loads(response.content)["dataset"]["total_samples"] == 357
    metrics = json.loads(viewer.get(f"/ui/runs/{run.number}/metrics.json").content)
    assert metrics["confusion_matrix"]["labels"] == ["HIGH", "LOW"]


def test_the_model_is_downloaded_as_an_attachment(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DATA_ROOT", tmp_path)
    (tmp_path / "v.pkl").write_bytes(b"model" * 100_000)
    run = make_run(model_path="v.pkl")
    client = AsyncClient()
    client.force_login(person("viewer"), backend=BACKEND)

    async def fetch(path: str) -> tuple[Any, bytes]:
        response = await client.get(path)
        if not response.streaming:
            return response, b""
        parts = cast(AsyncIterator[bytes], response.streaming_content)
        return response, b"".join([part async for part in parts])

    response, body = async_to_sync(fetch)(f"/ui/runs/{run.number}/model.pkl")
    assert body == b"model" * 100_000
    assert response["Content-Disposition"] == 'attachment; filename="v.pkl"'
    assert response["Content-Length"] == "500000"
    for path in ("", "gone.pkl", "../up.pkl"):
        TrainingRun.objects.filter(pk=run.pk).update(model_path=path)
        response, _ = async_to_sync(fetch)(f"/ui/runs/{run.number}/model.pkl")
        assert response.status_code == 404


def test_the_page_of_a_run_asks_little(
    viewer: Client, make_run: MakeRun, django_assert_max_num_queries: Any
) -> None:
    run = make_run()
    for n in range(50):
        JobEvent.objects.create(job_id=run.pk, kind="log", data={"line": f"line {n}"})
    with django_assert_max_num_queries(9):
        viewer.get(f"/ui/runs/{run.number}")


# --- live progress -----------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.01)


def listen(run: TrainingRun, act: Callable[[str], None] | None = None, **headers: str) -> list[str]:
    """Return the frames of a run's stream; `act` hears each as it comes."""
    client = AsyncClient()
    client.force_login(person("viewer"), backend=BACKEND)

    async def read() -> list[str]:
        response = await client.get(f"/ui/runs/{run.number}/events", headers=headers)
        if response.status_code == 204:
            return ["204"]
        assert response["Content-Type"] == "text/event-stream"
        frames = []
        async for part in cast(AsyncIterator[bytes], response.streaming_content):
            frames.append(part.decode())
            if act:
                await sync_to_async(act)(frames[-1])
        return frames

    return async_to_sync(read)()


def test_the_stream_tells_everything_and_ends_with_the_run(quick: None, make_run: MakeRun) -> None:
    run = make_run(status=Status.RUNNING)
    first = JobEvent.objects.create(job_id=run.pk, kind="progress", data={"percent": 10})

    def end(frame: str) -> None:
        if "percent" in frame:
            JobEvent.objects.create(job_id=run.pk, kind="status", data={"status": "completed"})
            TrainingRun.objects.filter(pk=run.pk).update(status=Status.COMPLETED, finished_at=now())

    frames = listen(run, end)
    assert frames[1].startswith(f"id: {first.pk}\nevent: progress\ndata: ")
    assert json.loads(frames[1].partition("data: ")[2])["percent"] == 10
    assert "event: status" in frames[2]
    assert frames[3] == 'event: end\ndata: {"status": "completed"}\n\n'
    assert len(frames) == 4


def test_the_stream_goes_on_where_it_broke_off(quick: None, make_run: MakeRun) -> None:
    run = make_run()
    ids = [
        JobEvent.objects.create(job_id=run.pk, kind="log", data={"line": word}).pk
        for word in ("one", "two", "three")
    ]
    frames = listen(run, **{"Last-Event-ID": str(ids[1])})
    assert [frame.split("\n")[0] for frame in frames[1:-1]] == [f"id: {ids[2]}"]
    assert listen(run, **{"Last-Event-ID": str(ids[2])}) == ["204"]
    assert len(listen(run, **{"Last-Event-ID": "nonsense"})) == 5


def test_a_silent_stream_gives_a_sign_of_life(
    quick: None, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    run = make_run(status=Status.RUNNING)

    def end(frame: str) -> None:
        if frame.startswith(":"):
            TrainingRun.objects.filter(pk=run.pk).update(status=Status.FAILED, finished_at=now())

    assert any(frame.startswith(": ") for frame in listen(run, end))


# --- comparing ---------------------------------------------------------------------------------


def test_only_what_differs_is_shown_and_the_best_is_marked(
    viewer: Client, make_run: MakeRun
) -> None:
    first = make_run(accuracy=0.9)
    second = make_run(accuracy=0.95, hyperparameters={"n_estimators": 10, "max_depth": None})
    page = page_of(viewer, f"/ui/compare?runs={first.number},{second.number}")
    assert "+0.0500" in page
    assert page.partition('class="best"')[2].startswith(">0.9500")
    rows = page.split("<tr")
    depth = next(row for row in rows if ">max_depth<" in row)
    trees = next(row for row in rows if ">n_estimators<" in row)
    assert "hidden" in depth.split(">")[0]
    assert "hidden" not in trees.split(">")[0]
    assert 'href="#metrics"' in page


def test_two_hundred_runs_are_compared_and_the_first_are_drawn(
    viewer: Client, make_run: MakeRun
) -> None:
    numbers = [make_run(accuracy=0.5 + n / 1000).number for n in range(201)]
    page = page_of(viewer, f"/ui/compare?runs={','.join(map(str, numbers))}")
    assert page.partition('class="best"')[2].startswith(">0.6990")
    assert "the first 8 of 200 runs" in page
    assert f'href="/ui/runs/{numbers[-1]}"' not in page
    assert 'colspan="200"' in page


def test_runs_without_scores_are_compared_by_their_settings(
    viewer: Client, make_run: MakeRun
) -> None:
    numbers = [make_run(status=Status.FAILED, test_split=split).number for split in (0.2, 0.3)]
    page = page_of(viewer, f"/ui/compare?runs={numbers[0]},{numbers[1]}")
    assert "no scores to compare" in page
    assert "<strong>0.3</strong>" in page
    assert "plotly" not in page


@pytest.mark.parametrize(
    "query", ["", "?runs=", "?runs=1", "?runs=x,y", "?runs=9999999999999999999"]
)
def test_too_few_runs_lead_to_a_suggestion(viewer: Client, make_run: MakeRun, query: str) -> None:
    make_run()
    make_run()
    assert "Compare the last two" in page_of(viewer, f"/ui/compare{query}")


def test_ticked_runs_become_a_readable_address(viewer: Client) -> None:
    response = viewer.get("/ui/compare?run=3&run=5")
    assert response["Location"] == "/ui/compare?runs=3,5"


# --- the frame ---------------------------------------------------------------------------------


def test_nobody_at_work_is_said_on_every_page(viewer: Client) -> None:
    assert "No worker is running" in page_of(viewer, "/ui/runs")
    Worker.objects.create(name="w", hostname="h", pid=1, slots=1, version="1", seen_at=now())
    assert "No worker is running" not in page_of(viewer, "/ui/runs")


@pytest.mark.parametrize(
    ("who", "sees", "sees_not"),
    [
        ("viewer", ["/ui/runs", "/ui/compare"], ["/ui/audit", "/admin/", "/ui/runs/new"]),
        ("trainer", ["/ui/runs/new"], ["/ui/audit", "/admin/"]),
        ("admin", ["/ui/audit", "/admin/"], []),
    ],
)
def test_the_navigation_has_what_one_may_open(
    as_person: AsPerson, who: str, sees: list[str], sees_not: list[str]
) -> None:
    page = page_of(as_person(who), "/ui/design")
    assert all(f'href="{path}"' in page for path in sees)
    assert not any(f'href="{path}"' in page for path in sees_not)


def test_the_theme_comes_from_the_cookie(viewer: Client) -> None:
    assert "data-theme=" not in page_of(viewer, "/ui/runs").partition("<head>")[0]
    viewer.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in page_of(viewer, "/ui/runs")
    viewer.cookies["theme"] = '"><script>'
    assert "data-theme=" not in page_of(viewer, "/ui/runs").partition("<head>")[0]


@pytest.mark.parametrize("path", ["/ui/runs", "/ui/design", "/ui/account", "/login"])
def test_no_page_has_a_script_of_its_own(as_person: AsPerson, path: str) -> None:
    page = page_of(as_person("anonymous" if path == "/login" else "admin"), path)
    for script in page.split("<script")[1:]:
        tag = script.split(">")[0]
        assert "src=" in tag or 'type="application/json"' in tag
    assert " onclick=" not in page
    assert "javascript:" not in page


# --- signing in --------------------------------------------------------------------------------


@pytest.fixture
def mira(db: None) -> str:
    user = person("viewer")
    user.set_password("correct horse")
    user.save()
    return user.username


def sign_in(client: Client, name: str, password: str, **extra: str) -> Any:
    return client.post("/login", {"username": name, "password": password, **extra})


def test_signing_in_leads_to_where_one_wanted_to_go(mira: str) -> None:
    client = Client()
    assert client.get("/ui/compare")["Location"] == "/login?next=/ui/compare"
    response = sign_in(client, mira, "correct horse", next="/ui/compare")
    assert response["Location"] == "/ui/compare"
    assert sign_in(Client(), mira, "correct horse")["Location"] == "/ui/runs"


def test_signing_in_leads_nowhere_else(mira: str) -> None:
    response = sign_in(Client(), mira, "correct horse", next="https://elsewhere.example/")
    assert response["Location"] == "/ui/runs"


def test_a_wrong_password_is_said_clearly_and_the_name_is_kept(mira: str) -> None:
    response = sign_in(Client(), mira, "wrong")
    assert response.status_code == 200
    assert "User name or password is wrong" in response.content.decode()
    assert f'value="{mira}"' in response.content.decode()


def test_too_many_failures_lock_and_say_for_how_long(mira: str) -> None:
    client = Client()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        response = sign_in(client, mira, "wrong")
    assert response.status_code == 429
    assert response["Retry-After"] == "900"
    assert "locked" in response.content.decode()
    assert "15 minutes" in response.content.decode()
    assert sign_in(client, mira, "correct horse").status_code == 429


def test_signing_out_ends_the_session(viewer: Client) -> None:
    assert viewer.post("/logout")["Location"] == "/login"
    assert viewer.get("/ui/runs").status_code == 302


# --- when something is wrong -------------------------------------------------------------------


def test_a_stranger_is_told_whom_to_ask(as_person: AsPerson) -> None:
    response = as_person("stranger").get("/ui/runs")
    assert response.status_code == 403
    assert "Ask an administrator" in response.content.decode()


def test_an_unknown_address_is_answered_in_our_hand(viewer: Client) -> None:
    response = viewer.get("/nowhere/at/all")
    assert response.status_code == 404
    assert "Modelwright" in response.content.decode()
    assert "nothing at this address" in response.content.decode()


def test_an_expired_form_says_that_nothing_was_changed(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login", {"username": "a", "password": "b"})
    assert response.status_code == 403
    assert "Nothing was changed" in response.content.decode()


def test_a_crash_is_answered_in_our_hand_and_tells_no_secret(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret path")

    monkeypatch.setattr("modelwright.web.views.compare._numbers", broken)
    viewer.raise_request_exception = False
    response = viewer.get("/ui/compare")
    assert response.status_code == 500
    assert "Something broke" in response.content.decode()
    assert "secret" not in response.content.decode()


def test_another_host_name_is_refused_in_our_hand(viewer: Client) -> None:
    response = viewer.get("/ui/runs", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "MODELWRIGHT_ALLOWED_HOSTS" in response.content.decode()


def test_a_page_of_a_run_is_never_older_than_what_its_stream_goes_on_after(
    make_run: MakeRun,
) -> None:
    read = make_run(status=Status.PENDING)  # as the view has read it, just before a worker takes it
    assert job_claim(queue="training", worker="w", only=read.pk) is not None
    view = RunView(read)
    assert (view.run.status, view.run.attempt) == (Status.RUNNING, 1)
    assert view.events[-1].pk == view.last_event
