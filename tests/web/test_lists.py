"""The lists: filters, sorting and pages in the address; the whole page or only its rows."""

import datetime as dt
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from modelwright.catalog.models import DataSet, Experiment
from modelwright.core.clock import now
from modelwright.runs.models import TrainingRun
from modelwright.runs.states import Status
from modelwright.web import views
from modelwright.web.runs_list import PAGE_SIZE
from tests.people import person

MakeRun = Callable[..., TrainingRun]
HTMX = {"HX-Request": "true"}


def shown(client: Client, query: str = "") -> list[int]:
    """Return the numbers of the runs that the list shows, in its order."""
    page = client.get(f"/ui/runs{query}", headers=HTMX).content.decode()
    return [int(part.split('"')[0]) for part in page.split('<tr id="run-')[1:]]


def test_the_first_page_leads_to_the_runs(viewer: Client) -> None:
    assert viewer.get("/")["Location"] == "/ui/runs"


def test_the_newest_run_comes_first(viewer: Client, make_run: MakeRun) -> None:
    runs = [make_run().number for _ in range(3)]
    assert shown(viewer) == runs[::-1]


def test_each_filter_narrows_the_list(viewer: Client, make_run: MakeRun) -> None:
    mine = make_run(user=person("trainer"), model_version="alpha-1", notes="the blue one")
    old = make_run(created_at=now() - dt.timedelta(days=10))
    failed = make_run(status=Status.FAILED, error_message="column 'age' is empty")
    today = now().date().isoformat()
    assert shown(viewer, "?status=failed") == [failed.number]
    assert shown(viewer, "?status=failed&status=completed&user=trainer") == [mine.number]
    assert shown(viewer, "?version=ALPHA") == [mine.number]
    assert shown(viewer, f"?to={(now() - dt.timedelta(days=5)).date()}") == [old.number]
    assert shown(viewer, f"?from={today}&to={today}") == [failed.number, mine.number]
    assert shown(viewer, "?search=blue") == [mine.number]
    assert shown(viewer, f"?search={quote('is empty')}") == [failed.number]
    assert old.number in shown(viewer, f"?search=run%20{old.number}")


def test_nonsense_in_the_address_is_left_out(viewer: Client, make_run: MakeRun) -> None:
    run = make_run()
    for query in ("?status=odd", "?from=never", "?sort=odd", "?page=x", "?page=99", "?columns=odd"):
        assert shown(viewer, query) == [run.number], query


def test_sorting_goes_both_ways(viewer: Client, make_run: MakeRun) -> None:
    low, high = make_run(accuracy=0.5).number, make_run(accuracy=0.9).number
    assert shown(viewer, "?sort=accuracy") == [low, high]
    assert shown(viewer, "?sort=-accuracy") == [high, low]
    page = viewer.get("/ui/runs?sort=-accuracy").content.decode()
    assert 'aria-sort="descending"' in page
    assert 'href="/ui/runs?sort=accuracy"' in page


def test_a_long_list_has_pages_that_keep_the_filters(viewer: Client, make_run: MakeRun) -> None:
    for _ in range(PAGE_SIZE + 1):
        make_run()
    page = viewer.get("/ui/runs?version=v").content.decode()
    assert "Page 1 of 2" in page
    link = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert link.startswith("/ui/runs?version=v&page=2&cursor=")
    assert shown(viewer, link.removeprefix("/ui/runs")) == shown(viewer, "?version=v&page=2") == [1]


def test_a_page_beside_a_row_stays_where_it_is(viewer: Client, make_run: MakeRun) -> None:
    for _ in range(2 * PAGE_SIZE):
        make_run()

    def link(page: str, rel: str) -> str:
        return (
            page.partition(f'rel="{rel}" href="/ui/runs')[2].partition('"')[0].replace("&amp;", "&")
        )

    onward = link(viewer.get("/ui/runs?sort=accuracy").content.decode(), "next")
    second = shown(viewer, onward)
    make_run()
    assert shown(viewer, onward) == second
    assert len(second) == PAGE_SIZE
    back = link(viewer.get(f"/ui/runs{onward}").content.decode(), "prev")
    assert sorted([*shown(viewer, back), *second]) == list(range(1, 2 * PAGE_SIZE + 1))
    assert shown(viewer, "?cursor=nonsense") == shown(viewer)


def test_many_runs_are_counted_about(
    viewer: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        make_run()
    monkeypatch.setattr("modelwright.runs.listing.counting.EXACT", 2)
    monkeypatch.setattr("modelwright.runs.listing.list_of_runs.EXACT", 2)
    assert "about" in viewer.get("/ui/runs").content.decode().partition("table-foot")[2]


def test_htmx_gets_the_rows_alone(viewer: Client, make_run: MakeRun) -> None:
    make_run()
    whole, part = viewer.get("/ui/runs"), viewer.get("/ui/runs", headers=HTMX)
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert 'id="results"' in part.content.decode()
    for response in (whole, part):
        assert "HX-Request" in response["Vary"]
    assert part["HX-Push-Url"] == "/ui/runs"


def test_a_restored_page_is_whole(viewer: Client) -> None:
    headers = {**HTMX, "HX-History-Restore-Request": "true"}
    assert "<html" in viewer.get("/ui/runs", headers=headers).content.decode()


def test_an_address_is_told_without_what_is_empty(viewer: Client, make_run: MakeRun) -> None:
    make_run()
    response = viewer.get("/ui/runs?status=&user=&version=v&search=+", headers=HTMX)
    assert response["HX-Push-Url"] == "/ui/runs?version=v"


def test_every_hx_get_repeats_a_href(viewer: Client, make_run: MakeRun) -> None:
    for _ in range(PAGE_SIZE + 1):
        make_run()
    page = viewer.get("/ui/runs?version=v&status=completed").content.decode()
    links = [tag for tag in page.split("<a ")[1:] if "hx-get" in tag.split(">")[0]]
    assert len(links) > 10
    for link in links:
        tag = link.split(">")[0]
        assert (
            tag.partition('href="')[2].split('"')[0] == tag.partition('hx-get="')[2].split('"')[0]
        )


def test_chosen_columns_are_remembered(viewer: Client, make_run: MakeRun) -> None:
    make_run(notes="see me")
    assert "see me" not in viewer.get("/ui/runs").content.decode()
    viewer.get("/ui/runs?columns=version,notes")
    page = viewer.get("/ui/runs").content.decode()
    assert "see me" in page
    assert 'data-label="Accuracy"' not in page


def test_the_list_does_not_ask_more_for_more_rows(viewer: Client, make_run: MakeRun) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            viewer.get("/ui/runs")
        return len(captured)

    make_run(user=person("trainer"))
    few = queries()
    for _ in range(20):
        make_run(user=person("trainer"))
    assert queries() == few
    assert few <= 12


# --- the three empty states --------------------------------------------------------------------


def test_before_the_first_run_a_trainer_is_shown_the_button(
    trainer: Client, viewer: Client
) -> None:
    assert "Train the first model" in trainer.get("/ui/runs").content.decode()
    page = viewer.get("/ui/runs").content.decode()
    assert "No training yet" in page
    assert "/ui/runs/new" not in page


def test_where_nothing_is_found_each_filter_can_be_cleared(
    viewer: Client, make_run: MakeRun
) -> None:
    make_run()
    page = viewer.get("/ui/runs?status=failed&search=odd").content.decode()
    assert "No run fits" in page
    assert 'href="/ui/runs?search=odd"' in page
    assert 'href="/ui/runs?status=failed"' in page
    assert page.count("Clear all") == 1


def test_where_the_database_is_away_the_page_says_what_to_do(
    viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(views.runs, "_context", broken)
    page = viewer.get("/ui/runs").content.decode()
    assert "could not be loaded" in page
    assert "Try again" in page


# --- live rows ---------------------------------------------------------------------------------


def test_open_rows_are_asked_for_until_all_have_ended(viewer: Client, make_run: MakeRun) -> None:
    run = make_run(status=Status.RUNNING, progress_percent=40)
    page = viewer.get("/ui/runs").content.decode()
    assert f'hx-get="/ui/runs/live?runs={run.number}"' in page
    live = viewer.get(f"/ui/runs/live?runs={run.number}", headers=HTMX)
    assert live.status_code == 200
    assert "40 %" in live.content.decode()
    assert 'hx-swap-oob="true"' in live.content.decode()
    TrainingRun.objects.filter(pk=run.pk).update(status=Status.FAILED, finished_at=now())
    live = viewer.get(f"/ui/runs/live?runs={run.number}", headers=HTMX)
    assert live.status_code == 286
    assert "Failed" in live.content.decode()


def test_nothing_is_asked_for_where_nothing_is_open(viewer: Client, make_run: MakeRun) -> None:
    make_run()
    assert "every 1s" not in viewer.get("/ui/runs").content.decode()


def test_runs_of_somebodys_experiment_show_nowhere(viewer: Client, make_run: MakeRun) -> None:
    dataset = DataSet.objects.create(
        name="d", path="d.csv", format="csv", sha256="0", size_bytes=1, row_count=1, columns=[]
    )
    experiment = Experiment.objects.create(
        name="e", dataset=dataset, target_column="t", task="classification"
    )
    shared = make_run(accuracy=0.5)
    private = make_run(experiment=experiment, accuracy=0.99, user=person("admin"))
    assert shown(viewer) == [shared.number]
    for path in ("/ui/runs", f"/ui/runs/{shared.number}", "/ui/compare"):
        page = viewer.get(path).content.decode()
        assert f"/ui/runs/{private.number}" not in page
        assert "0.9900" not in page
        assert "<option>admin" not in page
    assert (
        f"/ui/runs/{private.number}"
        not in viewer.get(f"/ui/compare?runs={shared.number},{private.number}").content.decode()
    )
    for ending in ("", "/events", "/run.json", "/metrics.json", "/model.pkl"):
        assert viewer.get(f"/ui/runs/{private.number}{ending}").status_code == 404


# --- audit log ---------------------------------------------------------------------------------


def test_the_log_is_for_administrators(as_person: Callable[[str], Client]) -> None:
    assert as_person("trainer").get("/ui/audit").status_code == 403
    assert as_person("admin").get("/ui/audit").status_code == 200


def test_the_log_says_what_changed_and_is_filtered(
    as_person: Callable[[str], Client], make_run: MakeRun
) -> None:
    run = make_run(notes="old words")
    as_person("trainer").post(f"/ui/runs/{run.number}/notes", {"notes": "new words"})
    admin = as_person("admin")
    page = admin.get("/ui/audit?verb=run.notes_changed").content.decode()
    assert "<del>old words</del>" in page
    assert ">new words</ins>" in page
    assert f'href="/ui/models/{run.pk}"' in page
    assert admin.get(f"/ui/models/{run.pk}").headers["Location"] == f"/ui/runs/{run.number}"
    assert "No entry fits" in admin.get("/ui/audit?who=nobody").content.decode()
    assert "new words" in admin.get("/ui/audit?who=trainer&channel=web&search=run").content.decode()


def test_the_log_does_not_ask_more_for_more_rows(
    as_person: Callable[[str], Client], make_run: MakeRun
) -> None:
    admin, trainer, run = as_person("admin"), as_person("trainer"), make_run()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin.get("/ui/audit")
        return len(captured)

    trainer.post(f"/ui/runs/{run.number}/notes", {"notes": "one"})
    few = queries()
    for word in ("two", "three", "four"):
        trainer.post(f"/ui/runs/{run.number}/notes", {"notes": word})
    assert queries() == few
