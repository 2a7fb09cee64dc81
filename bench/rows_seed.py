"""A million runs and ten times as many metric points, put in by the database itself."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

MACHINES = 1000
MACHINE = "00000000-0000-4000-8000-000000000001"
USERS = 50
FEATURES = ("job_role_name", "skill_name", "skill_category", "job_department", "trend_score",
            "internal_usage", "scarcity_index", "hiring_difficulty", "economic_indicator",
            "training_requests", "avg_salary_k")  # fmt: skip
TABLES = ("model_runs", "model_performance_metrics")


@dataclass(frozen=True)
class Dialect:
    """How a database says what both must be told."""

    number: str
    run_id: str
    point_id: str
    machine_id: str
    moment: str
    series: str
    true: str
    false: str


SQLITE = Dialect(
    number="CAST({} AS REAL)",
    run_id="printf('%032x', i)",
    point_id="printf('%08x-0000-4000-9000-000000000000', i)",
    machine_id="printf('00000000-0000-4000-8000-%012x', {})",
    moment="strftime('%Y-%m-%d %H:%M:%S', 'now', ({}) || ' seconds')",
    series="(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {})"
    " SELECT i FROM s)",
    true="1",
    false="0",
)
POSTGRES = Dialect(
    number="CAST({} AS float8)",
    run_id="lpad(to_hex(i), 32, '0')::uuid",
    point_id="(lpad(to_hex(i), 8, '0') || '-0000-4000-9000-000000000000')::uuid",
    machine_id="('00000000-0000-4000-8000-' || lpad(to_hex({}), 12, '0'))::uuid",
    moment="now() + interval '1 second' * ({})",
    series="(SELECT generate_series(1, {}::bigint) AS i)",
    true="true",
    false="false",
)


def sqlite_seed(path: Path, runs: int, points: int) -> None:
    """Fill the tables of a SQLite file that nobody uses."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-1000000")
        left_out = connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')"
            " AND sql IS NOT NULL AND tbl_name IN (?, ?)",
            TABLES,
        ).fetchall()
        for kind, name, _ in left_out:
            connection.execute(f"DROP {kind} {name}")
        for statement in _statements(SQLITE, runs, points):
            connection.execute(statement)
        for _, _, sql in left_out:
            connection.execute(sql)
        connection.commit()


def postgres_seed(url: str, runs: int, points: int) -> None:
    """Fill the tables of a PostgreSQL that nobody uses."""
    with psycopg.connect(url) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET session_replication_role = replica")  # no foreign key is looked up
        connection.execute("SET maintenance_work_mem = '512MB'")
        left_out = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexname NOT"
            " IN (SELECT conname FROM pg_constraint)",
            [list(TABLES)],
        ).fetchall()
        for name, _ in left_out:
            connection.execute(f"DROP INDEX {name}".encode())
        for statement in _statements(POSTGRES, runs, points):
            connection.execute(statement.encode())
        for _, sql in left_out:
            connection.execute(sql.encode())


def _statements(say: Dialect, runs: int, points: int) -> list[str]:
    return [
        _insert("users", say, USERS, _user(say)),
        _insert("machines", say, MACHINES, _machine(say)),
        _insert("model_runs", say, runs, _run(say, runs)),
        "DELETE FROM counters WHERE name = 'training_run'",
        f"INSERT INTO counters (name, value) VALUES ('training_run', {runs})",  # noqa: S608
        _insert("model_performance_metrics", say, points, _point(say, points)),
    ]


def _insert(table: str, say: Dialect, rows: int, values: dict[str, str]) -> str:
    names = ", ".join(f'"{name}"' for name in values)
    said = ", ".join(values.values())
    series = say.series.format(rows)
    return f"INSERT INTO {table} ({names}) SELECT {said} FROM {series} AS s"  # noqa: S608


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "'" + text.replace("'", "''") + "'"


def _user(say: Dialect) -> dict[str, str]:
    texts = dict.fromkeys(("password", "first_name", "last_name", "email"), "''")
    return texts | {
        "id": "1000 + i", "username": "'analyst-' || i", "is_superuser": say.false,
        "is_staff": say.false, "is_active": say.true, "date_joined": say.moment.format("0"),
    }  # fmt: skip


def _machine(say: Dialect) -> dict[str, str]:
    now = say.moment.format("0")
    return {
        "id": say.machine_id.format("i"), "number": "i", "name": "'Press ' || i", "site": "'Hall'",
        "machine_type": "'press'", "timezone": "'UTC'", "tags": "'[]'", "is_active": say.true,
        "reading_count": "0", "channels": "'{}'", "created_at": now, "updated_at": now,
    }  # fmt: skip


def _share(say: Dialect, factor: int) -> str:
    """Return an expression that gives numbers below 1 in no order, few of them twice."""
    return f"{say.number.format(f'(i * {factor}) % 1000003')} / 1000003.0"


def _run(say: Dialect, runs: int) -> dict[str, str]:
    open_from = runs - 4
    status = (
        f"CASE WHEN i > {open_from + 2} THEN 'pending' WHEN i > {open_from} THEN 'running'"
        " WHEN i % 10 = 3 THEN 'failed' WHEN i % 50 = 1 THEN 'cancelled' ELSE 'completed' END"
    )
    done = f"i <= {open_from} AND i % 50 <> 1"

    def scored(factor: int) -> str:
        return f"CASE WHEN i % 10 = 3 THEN 0.0 WHEN {done} THEN {_share(say, factor)} END"

    created = say.moment.format(f"(i - {runs}) * 60")
    ended = say.moment.format(f"(i - {runs}) * 60 + 5")
    settings = {
        "n_estimators": 300, "max_depth": 12, "min_samples_split": 2, "min_samples_leaf": 1,
        "class_weight": "balanced", "criterion": "gini", "max_features": "sqrt", "bootstrap": True,
    }  # fmt: skip
    one = {"precision": 0.98, "recall": 0.95, "f1_score": 0.965, "accuracy": 0.97, "support": 24}
    libraries = {"scikit-learn": "1.7.2", "numpy": "2.3.4", "pandas": "2.3.3", "scipy": "1.16.3"}
    environment = {"python": "3.11.9", "platform": "Linux-6.1-x86_64", **libraries}
    texts = dict.fromkeys(
        ("worker", "progress_step", "progress_message", "trigger_reason", "request_id",
         "traceparent"), "''",
    )  # fmt: skip
    numbers = dict.fromkeys(("priority", "crashes"), "0") | {"attempt": "1"}
    return texts | numbers | {
        "id": say.run_id,
        "number": "i",
        "status": status,
        "created_at": created,
        "started_at": created,
        "finished_at": f"CASE WHEN i <= {open_from} THEN {ended} END",
        "beat_at": created,
        "rung_at": created,
        "cancel_requested": say.false,
        "progress_percent": "100.0",
        "error_type": "CASE WHEN i % 10 = 3 THEN 'DataLoadError' ELSE '' END",
        "error_message": "CASE WHEN i % 10 = 3 THEN 'Target column ''future_need_level'' not found"
        " in dataset. Available columns: ' || i || ', skill_name' ELSE '' END",
        "subject": f"CASE WHEN i > {open_from} THEN 'open:' || i ELSE 'skills:' || (i % 200) END",
        "model_type": "'random_forest'",
        "preset": "'future_skills'",
        "task": "'classification'",
        "trigger_type": "'manual'",
        "model_version": "'v2026.' || i",
        "notes": f"CASE WHEN i % {max(runs // 10, 1)} = 7 THEN 'the golden needle ' || i"
        " WHEN i % 4 = 0 THEN 'nightly retraining, ticket HR-' || (i % 9973) || ', checked by hand'"
        " ELSE '' END",
        "dataset_path": "'artifacts/datasets/future_skills_' || (i % 40) || '.csv'",
        "dataset_sha256": "'9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "target_column": "'future_need_level'",
        "test_split": "0.2",
        "random_state": "42",
        "requested_hyperparameters": _text({"n_estimators": 300, "max_depth": 12}),
        "hyperparameters": _text(settings),
        "n_estimators": "100 + i % 9 * 50",
        "accuracy": scored(7919),
        "precision": scored(104729),
        "recall": scored(15485863),
        "f1_score": scored(32452843),
        "training_duration_seconds": scored(49979687),
        "metrics": _text({"log_loss": 0.21, "roc_auc": 0.99}),
        "per_class_metrics": _text({name: one for name in ("LOW", "MEDIUM", "HIGH")}),
        "confusion_matrix": _text(
            {"labels": ["HIGH", "LOW", "MEDIUM"], "matrix": [[23, 0, 1], [0, 25, 0], [1, 0, 22]]}
        ),
        "feature_importance": _text({f"{name}_{k}": 0.0123 for name in FEATURES for k in "abc"}),
        "features_used": _text(list(FEATURES)),
        "total_samples": "357 + i % 5000",
        "train_samples": "285",
        "test_samples": "72",
        "warnings": "'[]'",
        "environment": _text(environment),
        "model_path": "''",
        "user_id": f"CASE WHEN i % 7 > 0 THEN 1001 + i % {USERS} END",
    }  # fmt: skip


def _point(say: Dialect, points: int) -> dict[str, str]:
    """Return a point an hour for each machine."""
    hour = f"((i - {points}) / {MACHINES}) * 3600"
    return {
        "id": say.point_id,
        "model_id": say.machine_id.format(f"i % {MACHINES} + 65536"),
        "model_type": "'baseline'",
        "model_version": "1",
        "source": "'recorded'",
        "evaluation_date": say.moment.format(hour),
        "evaluation_start": say.moment.format(f"{hour} - 3600"),
        "evaluation_end": say.moment.format(hour),
        "sample_count": "60",
        "r_squared": _share(say, 7919),
        "rmse": _share(say, 104729),
        "mae": _share(say, 15485863),
        "mape": _share(say, 32452843),
        "metrics": "'{}'",
        "drift_detected": say.false,
        "drift_score": "0.01",
        "drift_type": "'no_drift'",
        "drift_features": "'[]'",
        "created_at": say.moment.format(hour),
        "machine_id": say.machine_id.format(f"i % {MACHINES} + 1"),
    }
