"""Searches on PostgreSQL and Redis: the contract's SQL, and two workers with one result."""

import contextlib
import subprocess
import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.services import redis_url
from tests.stack import CLI, Stack, eventually, prepared_database
from tests.tuning.analyst import Analyst

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(300)]

GRID = {"n_estimators": [60, 120], "min_samples_leaf": [1, 2, 3, 4, 5, 6, 7, 8]}
# as they stand in the contract
SQL = {
    "by status": "SELECT status, COUNT(*) FROM tuning_runs GROUP BY status;",
    "time by method": (
        "SELECT tuning_method, AVG((results->>'tuning_time')::float) AS avg_time FROM tuning_runs"
        " WHERE status = 'completed' GROUP BY tuning_method;"
    ),
    "best by model": (
        "SELECT mr.model_type, MAX((tr.results->>'best_score')::float) AS best_score FROM"
        " tuning_runs tr JOIN model_runs mr ON tr.model_run_id = mr.id WHERE tr.status ="
        " 'completed' GROUP BY mr.model_type;"
    ),
    "stuck": (
        "SELECT id, model_run_id, created_at FROM tuning_runs WHERE status = 'running' AND"
        " created_at < NOW() - INTERVAL '1 hour';"
    ),
}


@pytest.fixture(scope="module")
def many() -> Iterator[Stack]:
    """Run a server with one worker of one slot; a broker database that no other test uses."""
    broker = redis_url().rpartition("/")[0] + "/11"
    with prepared_database() as database:
        env = {
            "MODELWRIGHT_DATABASE_URL": database,
            "MODELWRIGHT_BROKER_URL": broker,
            "MODELWRIGHT_SLOTS": "1",
            "MODELWRIGHT_SWEEP_SECONDS": "2",
            "MODELWRIGHT_RING_AGAIN_AFTER_SECONDS": "2",
            "MODELWRIGHT_JOB_BEAT_SECONDS": "0.5",
        }
        with Stack(env=env) as stack:
            yield stack


@pytest.fixture(scope="module")
def analyst(many: Stack) -> Analyst:
    return Analyst(many)


@pytest.fixture
def database(many: Stack) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(many.env["MODELWRIGHT_DATABASE_URL"], autocommit=True) as connection:
        yield connection


@contextlib.contextmanager
def more_workers(stack: Stack, count: int) -> Iterator[None]:
    processes = [
        subprocess.Popen(
            [*CLI, "worker"], env=stack.env, cwd=stack.home.parent, stdin=subprocess.DEVNULL
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def test_two_and_four_workers_give_the_result_of_one(
    many: Stack, analyst: Analyst, database: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    alone = analyst.tune(GRID)
    assert analyst.until_ended(alone)["status"] == "SUCCESS"
    assert len(analyst.trials(alone)) == 16
    for more in (1, 3):
        before = database.execute("SELECT name FROM workers").fetchall()
        with more_workers(many, more):
            eventually(
                lambda known=before, wanted=more: (
                    len({*database.execute("SELECT name FROM workers").fetchall()} - {*known})
                    == wanted
                ),
                seconds=60,
                what=f"{more} more workers are there",
            )
            together = analyst.tune(GRID)
            assert analyst.until_ended(together)["status"] == "SUCCESS"
            names = database.execute(
                "SELECT count(DISTINCT worker) FROM tuning_units WHERE tuning_run_id = %s",
                [together],
            ).fetchone()
        assert names is not None
        assert names[0] > 1, "one worker did it all"
        assert analyst.trials(together) == analyst.trials(alone)


def test_the_contracts_sql(
    analyst: Analyst, database: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    key = analyst.tune({"n_estimators": [5, 10]})
    result = analyst.until_ended(key)["result"]
    stuck = uuid.uuid4()
    database.execute(
        "INSERT INTO tuning_runs (id, model_run_id, tuning_method, created_at)"
        " VALUES (%s, %s, 'bayesian', now() - INTERVAL '2 hours')",
        [stuck, analyst.model_run],
    )
    rows = {name: database.execute(sql).fetchall() for name, sql in SQL.items()}
    assert dict(rows["by status"])["running"] == 1
    assert dict(rows["by status"])["completed"] >= 1
    assert dict(rows["time by method"])["grid_search"] > 0
    assert dict(rows["best by model"])["random_forest"] >= result["best_score"]
    assert [row[0] for row in rows["stuck"]] == [stuck]
    database.execute("DELETE FROM tuning_runs WHERE id = %s", [stuck])


def test_the_table_is_as_the_contract_has_it(
    analyst: Analyst, database: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    columns = dict(
        database.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'tuning_runs'"
        ).fetchall()
    )
    kinds = {
        "id": "uuid", "model_run_id": "uuid", "tuning_method": "text", "best_params": "jsonb",
        "results": "jsonb", "created_at": "timestamp with time zone", "status": "text",
        "config": "jsonb", "progress": "jsonb", "tags": "jsonb", "user_notes": "text",
        "parent_tuning_run_id": "uuid", "started_at": "timestamp with time zone",
        "completed_at": "timestamp with time zone",
    }  # fmt: skip
    assert kinds.items() <= columns.items()
    new = uuid.uuid4()
    row = database.execute(
        "INSERT INTO tuning_runs (id, model_run_id, tuning_method) VALUES (%s, %s, 'grid_search')"
        " RETURNING status, best_params, results, now() - created_at < INTERVAL '1 minute'",
        [new, analyst.model_run],
    ).fetchone()
    assert row == ("running", None, None, True)
    for change in ("status = 'done'", "tuning_method = 'annealing'", "model_run_id = NULL"):
        with pytest.raises(psycopg.IntegrityError):
            database.execute(f"UPDATE tuning_runs SET {change} WHERE id = '{new}'")
    database.execute("UPDATE tuning_runs SET status = 'completed' WHERE id = %s", [new])
    with pytest.raises(psycopg.errors.CheckViolation):
        database.execute("UPDATE tuning_runs SET status = 'running' WHERE id = %s", [new])


def test_the_database_deletes_a_running_search_and_the_worker_stops(
    many: Stack, database: "psycopg.Connection[tuple[object, ...]]"
) -> None:
    owner = Analyst(many, "leaver")
    slow = {"n_estimators": [300], "min_samples_leaf": list(range(1, 40))}
    key = owner.tune(slow, cv_folds=10)
    owner.until_tried(key, 2)
    versions = "SELECT id FROM model_versions WHERE run_id = %s"
    for table in ("model_promotions", "model_aliases", "traffic_profiles"):
        column = "to_version_id" if table == "model_promotions" else "version_id"
        database.execute(f"DELETE FROM {table} WHERE {column} IN ({versions})", [owner.model_run])
    database.execute("DELETE FROM model_versions WHERE run_id = %s", [owner.model_run])
    database.execute("DELETE FROM model_runs WHERE id = %s", [owner.model_run])
    for table in ("tuning_trials", "tuning_units"):
        found = database.execute(
            f"SELECT count(*) FROM {table} WHERE tuning_run_id = '{key}'"
        ).fetchone()
        assert found == (0,), table
    assert database.execute(
        "SELECT count(*) FROM run_events e WHERE e.job_id = %s", [key]
    ).fetchone() == (0,)
    eventually(lambda: not many.pids()["children"], seconds=5, what="its processes end")
    assert owner.stack.request("GET", "/readyz").status_code == 200
