"""The sample table."""

import csv
import os
from collections import Counter
from pathlib import Path

from modelwright.engine import FUTURE_SKILLS, future_skills_table, write_future_skills_csv


def test_same_bytes_every_time_and_nothing_else_left(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_future_skills_csv(tmp_path / "data" / name)
    folder = tmp_path / "data"
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()
    assert sorted(os.listdir(folder)) == ["a.csv", "b.csv"]


def test_columns_rows_and_ranges_are_those_of_the_contract(skills_csv: Path) -> None:
    with skills_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 357
    assert list(rows[0]) == [*FUTURE_SKILLS.feature_columns, FUTURE_SKILLS.target_column]
    assert Counter(row["future_need_level"] for row in rows) == {
        "HIGH": 119,
        "MEDIUM": 133,
        "LOW": 105,
    }
    for row in rows:
        assert all(row.values())
        for name in ("trend_score", "internal_usage", "scarcity_index", "economic_indicator"):
            assert 0 <= float(row[name]) <= 1
        assert int(row["training_requests"]) >= 0
        assert 20 < float(row["avg_salary_k"]) < 90


def test_another_seed_gives_another_table() -> None:
    assert future_skills_table(1) != future_skills_table(2)
