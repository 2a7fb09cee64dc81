"""Long lists of runs: places hold, what is found is what reading everything finds."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.accounts.models import User
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.runs.listing import (
    SORTABLE,
    Count,
    Order,
    Place,
    RunPage,
    Term,
    Wanted,
    counting,
    run_count,
    run_page,
    run_tallies,
    users_listed,
    wanted,
)
from modelwright.runs.models import RunText, TrainingRun
from modelwright.runs.pool_tables import ALL_RUNS, GRAMS, INDEXES, texts_folded
from modelwright.runs.selectors import training_runs

pytestmark = pytest.mark.django_db
SIZE = 3
LETTERS = st.text(st.sampled_from("abAB%_\\\"'äÄß \n\u017fK."), max_size=8)
SCORES = st.none() | st.sampled_from([0.0, 0.25, 0.5, 1.0])
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "accuracy": SCORES,
            "n_estimators": st.none() | st.integers(1, 3),
            "status": st.sampled_from(["completed", "failed"]),
            "notes": LETTERS,
            "error_message": LETTERS,
            "user": st.none() | st.sampled_from(["ann", "bob", "Cid"]),
            "minutes": st.integers(0, 3),
        }
    ),
    max_size=12,
)
ORDERS = st.builds(Order, st.sampled_from(sorted(SORTABLE)), st.booleans()).map(
    lambda order: (
        Order(order.column, order.down, newest_first=order.down)
        if order.column == "number"
        else order
    )
)


def add(**fields: Any) -> TrainingRun:
    number = counter_next("training_run")
    values: dict[str, Any] = {
        "number": number,
        "subject": f"s{number}",
        "status": "completed",
        "model_type": "random_forest",
        "model_version": f"v{number}",
        "dataset_path": f"data/{number % 2}.csv",
        "target_column": "y",
        "finished_at": now(),
    }
    return TrainingRun.objects.create(**{**values, **fields})


def put(rows: list[dict[str, Any]]) -> None:
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    users = {name: User.objects.create(username=name) for name in ("ann", "bob", "Cid")}
    for row in rows:
        fields = dict(row)
        minutes = dt.timedelta(minutes=fields.pop("minutes"))
        add(**{**fields, "user": users.get(fields["user"]), "created_at": moment + minutes})


def page(order: Order, size: int = SIZE, what: Wanted | None = None, **where: Any) -> RunPage:
    return run_page(what or Wanted(), order, size, columns=("status",), **where)


def numbers(found: RunPage) -> list[int]:
    return [run.number for run in found.runs]


def plainly(order: Order, what: Q | None = None) -> list[int]:
    """Sort everything, as it is told in words: gaps last, then by number."""
    column = F("by")
    runs = training_runs().annotate(by=SORTABLE[order.column].column)
    runs = runs.order_by(
        column.desc(nulls_last=True) if order.down else column.asc(nulls_last=True),
        "-number" if order.newest_first else "number",
    )
    return list(runs.filter(what or Q()).values_list("number", flat=True))


@pytest.fixture(params=[(5000, 5000), (-1, 5000), (-1, -1)], ids=["few", "many", "most"])
def any_number(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is searched for is found as if few runs had it, many, and most."""
    few, many = request.param
    monkeypatch.setattr(wanted, "FEW", few)
    monkeypatch.setattr(wanted, "MANY", many)


@settings(max_examples=60)
@given(rows=RUNS, order=ORDERS)
def test_following_the_pages_gives_the_sorted_list(rows: list[Any], order: Order) -> None:
    with transaction.atomic():
        put(rows)
        expected = plainly(order)
        found = page(order)
        seen = numbers(found)
        while not found.is_last:
            found = page(order, place=Place.read(str(found.behind), order.sortable))
            seen += numbers(found)
        assert seen == expected
        back: list[int] = numbers(found)
        while not found.is_first:
            found = page(order, place=Place.read(str(found.before), order.sortable))
            back = numbers(found) + back
        assert back == expected
        for offset in range(len(expected) + 1):
            assert numbers(page(order, offset=offset)) == expected[offset : offset + SIZE]
        transaction.set_rollback(True)


@settings(max_examples=60)
@given(rows=RUNS, words=st.lists(LETTERS.filter(str.strip), min_size=1, max_size=2), order=ORDERS)
@pytest.mark.usefixtures("any_number")
def test_a_search_finds_what_reading_through_everything_finds(
    rows: list[Any], words: list[str], order: Order
) -> None:
    with transaction.atomic():
        put(rows)
        having = Q()
        for word in words:
            having &= (
                Q(model_version__icontains=word) | Q(notes__icontains=word)
                | Q(dataset_path__icontains=word) | Q(error_message__icontains=word)
                | Q(user__username__icontains=word)
            )  # fmt: skip
        what = Wanted(words=tuple(words))
        found = page(order, what=what)
        seen = numbers(found)
        while not found.is_last:
            found = page(order, what=what, place=found.behind)
            seen += numbers(found)
        assert seen == plainly(order, having)
        transaction.set_rollback(True)


def test_filters_narrow_each_other() -> None:
    one = add(notes="spring", status="failed")
    add(notes="autumn", status="failed")
    add(notes="spring")
    for what in (
        Wanted(words=("spring",), statuses=("failed",)),
        Wanted(words=("spring",), version=one.model_version),
        Wanted(words=("spr",), version_has=one.model_version, statuses=("failed", "running")),
    ):
        assert numbers(page(Order("accuracy"), what=what)) == [one.number]
    assert numbers(page(Order(), what=Wanted(words=("autumn",), version=one.model_version))) == []


def test_rows_that_come_and_go_meanwhile_move_no_page() -> None:
    for _ in range(9):
        add(accuracy=0.5)
    for order in (Order(), Order("accuracy"), Order("accuracy", down=False), Order("created_at")):
        before = plainly(order)
        first = page(order)
        add(accuracy=0.5)
        TrainingRun.objects.filter(number=first.runs[-1].number).delete()
        second = page(order, place=first.behind)
        assert numbers(second) == before[SIZE : 2 * SIZE]
        assert numbers(page(order, place=second.before))[-1] == before[SIZE - 2]


@pytest.mark.parametrize(
    "text",
    ["", "x", "é", "W10", "bnVsbA", "WzAsMV0", "WzAsLTEsMV0", "WzAsMSwiYSJd",
     "WzAsMSxOYU5d", "WzUsMSwxXQ", "WzAsMSxbXV0", "WzAsInQiLDFd", "A" * 5000],
)  # fmt: skip
def test_what_is_no_place_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        Place.read(text, SORTABLE["accuracy"])


def test_terms_after_the_number_decide_nothing() -> None:
    by_status = Order.by([Term("status", False), Term("number", False), Term("accuracy", True)])
    assert by_status == Order("status", False, newest_first=False)
    assert Order.by([]) == Order("number", True, newest_first=True)
    assert Order.by([Term("number", False)]) == Order("number", False, newest_first=False)


def test_by_several_columns_a_list_has_pages_too() -> None:
    for score in (0.5, 0.9, 0.5, None):
        add(accuracy=score, status="failed" if score == 0.9 else "completed")
    order = Order.by([Term("status", False), Term("accuracy", True)])
    first = page(order)
    assert numbers(first) == [3, 1, 4]
    assert (first.behind, first.is_last) == (None, False)
    assert numbers(page(order, offset=SIZE)) == [2]


# --- counts ---------------------------------------------------------------------------------------


def test_counts_are_exact_up_to_a_bound_and_about_right_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(40):
        add(status="failed" if number % 4 == 0 else "completed", notes="spring")
    every = {"completed": 30, "failed": 10, "pending": 0, "running": 0, "cancelled": 0}
    assert run_tallies(Wanted()) == {status: Count(count) for status, count in every.items()}
    assert run_count(Wanted(statuses=("failed",))) == Count(10)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    monkeypatch.setattr(counting, "_remembered", {})
    monkeypatch.setattr(counting, "EXACT", 15)
    monkeypatch.setattr("modelwright.runs.listing.list_of_runs.EXACT", 15)
    about = run_tallies(Wanted())
    assert about["failed"] == Count(10)
    assert not about["completed"].is_exact
    assert 20 <= about["completed"].number <= 40
    assert not run_count(Wanted()).is_exact
    monkeypatch.setattr(wanted, "FEW", 3)
    monkeypatch.setattr("modelwright.runs.listing.list_of_runs.SAMPLE", 8)
    searched = run_tallies(Wanted(words=("spring",)))
    assert not searched["completed"].is_exact
    assert (searched["completed"].number, searched["failed"].number) == (30, 10)


def test_a_count_is_remembered_for_a_minute_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_remembered", {})
    monkeypatch.setattr(counting, "EXACT", 1)
    monkeypatch.setattr(counting, "_planned", counting._counted)
    for _ in range(3):
        add()
    rows = training_runs().select_related(None)
    assert counting.count_of(rows).number == 3
    add()
    assert counting.count_of(rows).number == 3
    monkeypatch.setattr(counting, "_remembered", {})
    assert counting.count_of(rows).number == 4


def test_those_who_trained_are_listed_by_name() -> None:
    for name in ("bob", "ann", "cid"):
        User.objects.create(username=name)
    add(user=User.objects.get(username="bob"))
    add(user=User.objects.get(username="ann"))
    assert users_listed() == ["ann", "bob"]


# --- what the database keeps ------------------------------------------------------------------


def test_texts_follow_every_change() -> None:
    user = User.objects.create(username="ann")
    run = add(user=user, notes="spring")
    bodies = RunText.objects.values_list(Lower("body"), flat=True)
    assert "spring" in bodies[0]
    assert "ann" in bodies[0]
    TrainingRun.objects.filter(pk=run.pk).update(notes="autumn", progress_percent=50)
    assert "autumn" in bodies.all()[0]
    assert "spring" not in bodies.all()[0]
    user.username = "anna-maria"
    user.save()
    assert "anna-maria" in bodies.all()[0]
    user.delete()
    assert "anna-maria" not in bodies.all()[0]
    TrainingRun.objects.filter(pk=run.pk).delete()
    assert list(bodies.all()) == []


def test_texts_that_are_not_in_capitals_yet_are_put_so() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL alone keeps capitals.")
    one, other = add(notes="Spring"), add(notes="autumn")
    RunText.objects.filter(number=one.number).update(version="v1", body="v1 Spring")
    with connection.schema_editor() as editor:
        texts_folded().code(None, editor)
    kept = dict(RunText.objects.values_list("number", "body"))
    assert kept[one.number] == "V1 SPRING"
    assert "AUTUMN" in kept[other.number]


def test_the_tables_are_whole_after_every_migration() -> None:
    """SQLite loses what it doesn't know of when a migration makes `model_runs` anew."""
    names = {f"model_runs_pool_{name}" for name in INDEXES}
    names |= {f"model_runs_by_{name}" for name in ALL_RUNS}
    triggers = {"run_texts_insert", "run_texts_update", "run_texts_delete", "run_texts_rename"}
    if connection.vendor == "sqlite":
        sql = "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')"
    else:
        sql = "SELECT indexname FROM pg_indexes UNION SELECT tgname FROM pg_trigger"
        triggers = {"run_texts_insert", "run_texts_update", "run_texts_rename", GRAMS}
    with connection.cursor() as cursor:
        cursor.execute(sql)
        assert {row[0] for row in cursor.fetchall()} >= names | triggers


def plans(ask: Callable[[], Any]) -> list[str]:
    """Return how the database finds what it is asked for, line by line."""
    with CaptureQueriesContext(connection) as seen:
        ask()
    lines: list[str] = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # so few rows it would read through
            for way in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        for query in seen.captured_queries:
            if "model_runs" in query["sql"] and query["sql"].startswith("SELECT"):
                verb = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
                cursor.execute(f"{verb} {query['sql'].replace('%', '%%')}", [])
                lines += [str(row[-1]) for row in cursor.fetchall()]
    return lines


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("column", sorted(SORTABLE))
def test_no_page_reads_through_all_runs_or_sorts_them(
    column: str, down: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wanted, "FEW", -1)
    order = Order(column, down, newest_first=down if column == "number" else True)
    users = [User.objects.create(username=name) for name in ("ann", "bob")]
    for number in range(12):
        add(user=users[number % 2], accuracy=number / 12)
    place = page(order).behind
    for what in (Wanted(), Wanted(statuses=("failed",)), Wanted(statuses=("failed", "running"))):
        for where in ({}, {"place": place}, {"place": place.turned if place else None}):
            lines = plans(lambda what=what, where=where: page(order, what=what, **where))
            assert lines
            for line in lines:
                assert not line.startswith(("SCAN model_runs", "USE TEMP B-TREE")), lines
                assert "Seq Scan on model_runs" not in line, lines
                assert "Sort " not in line, lines


@pytest.mark.usefixtures("any_number")
def test_no_search_reads_through_all_runs() -> None:
    for _ in range(5):
        add(notes="spring")
    for order in (Order(), Order("accuracy")):
        lines = plans(lambda order=order: page(order, what=Wanted(words=("spring",))))
        assert not [line for line in lines if line.startswith("SCAN model_runs")]
        assert not [line for line in lines if "Seq Scan on model_runs" in line]
