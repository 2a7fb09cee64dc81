"""Somebody who searches on a running server, over HTTP."""

from typing import Any

from modelwright.engine.samples import future_skills_csv
from tests.stack import Stack, eventually

TUNE = "/api/v1/tuning/tune"
TARGET = "future_need_level"
ENDED = ("SUCCESS", "FAILURE", "REVOKED")


class Analyst:
    """Somebody with a token, and a completed model run to tune."""

    def __init__(self, stack: Stack, name: str = "analyst") -> None:
        self.stack = stack
        self.secret = stack.token(name, "trainer")
        self.model_run = self._train()

    def call(self, method: str, path: str, **kw: Any) -> Any:
        answer = self.stack.request(method, path, self.secret, **kw)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def _train(self) -> str:
        dataset = self.call(
            "POST",
            "/api/v1/datasets/",
            data={"name": "skills"},
            files={"file": ("skills.csv", future_skills_csv())},
        )
        experiment = self.call(
            "POST",
            "/api/v1/experiments/",
            json={"name": "Skills", "dataset_id": dataset["id"], "target_column": TARGET},
        )
        run = self.call(
            "POST",
            "/api/v1/models/train",
            json={
                "experiment_id": experiment["id"],
                "model_type": "random_forest",
                "hyperparameters": {"class_weight": "balanced"},
            },
        )["model_run_id"]
        path = f"/api/v1/models/train/{run}/status"
        eventually(lambda: self.call("GET", path)["status"] == "SUCCESS", seconds=60)
        return str(run)

    def tune(self, grid: dict[str, Any], **fields: Any) -> str:
        body = {
            "model_run_id": self.model_run,
            "tuning_method": "grid_search",
            "param_grid": grid,
            "cv_folds": 5,
            "scoring_metric": "accuracy",
            **fields,
        }
        return str(self.call("POST", TUNE, json=body)["tuning_run_id"])

    def status(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"{TUNE}/{key}/status")
        return found

    def trials(self, key: str) -> dict[int, list[float]]:
        rows = self.call("GET", f"{TUNE}/{key}/trials")["trials"]
        assert len({row["number"] for row in rows}) == len(rows)
        return {row["number"]: row["fold_scores"] for row in rows}

    def until_tried(self, key: str, count: int) -> None:
        eventually(
            lambda: len(self.trials(key)) >= count, seconds=60, what=f"{count} trials of {key}"
        )

    def until_ended(self, key: str, seconds: float = 120) -> dict[str, Any]:
        eventually(lambda: self.status(key)["status"] in ENDED, seconds=seconds, what="it ends")
        return self.status(key)
