"""Whatever a table holds, training on it ends with a result or with an error of the engine."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.engine import ModelTrainerError, TrainingConfig, run_training

CELLS = (
    "0 1 2.5 -3 1e39 1e-320 99999999999999999999999 inf nan a b é 2024-01-31 9999-12-31 31/12/2024"
    " 2024-02-30 True False 12:30 0x1f 1_000 1,5 NULL % ٣ 2024-01-31T10:00:00+02:00"
)
CELL = st.sampled_from(["", " ", *CELLS.split(" ")])
COLUMN = st.lists(CELL, min_size=1, max_size=5)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=120)
@given(
    st.lists(COLUMN, min_size=2, max_size=4),
    st.integers(5, 40),
    st.sampled_from(["random_forest", "ridge", "knn"]),
    st.sampled_from([None, "classification", "regression"]),
)
def test_any_cells(
    tmp_path: Path, columns: list[list[str]], rows: int, model_type: str, task: str | None
) -> None:
    lines = [";".join(f"c{i}" for i in range(len(columns)))]
    # Each column repeats its cells by a step of its own, so that they don't all go together.
    lines += [
        ";".join(cells[(row * (i + 1) + i) % len(cells)] for i, cells in enumerate(columns))
        for row in range(rows)
    ]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    config = TrainingConfig(
        str(path),
        "c0",
        model_type,
        task=task,
        hyperparameters={"n_estimators": 3} if model_type == "random_forest" else {},
    )
    try:
        result = run_training(config, artifact_path=tmp_path / "m.pkl", report=lambda *_: None)
    except ModelTrainerError:
        return
    json.dumps(result.to_dict(), allow_nan=False)
