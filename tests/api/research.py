"""What the tests of contract C share: data sets, experiments and runs of somebody."""

from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from modelwright.catalog.drafts import Draft
from modelwright.catalog.models import DataSet, Experiment, Share
from modelwright.catalog.services import Question, dataset_register_file, experiment_create
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.samples import future_skills_csv
from modelwright.runs.models import TrainingRun
from tests.people import person, rest

DATASETS = "/api/v1/datasets/"
EXPERIMENTS = "/api/v1/experiments/"
MODELS = "/api/v1/models/"
TRAIN = f"{MODELS}train/"
NOBODYS = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
MALFORMED = ("1", "abc", "0b3c9a0e7c2e4d3c9f571f5f3f0c7a11", f"{{{NOBODYS}}}", NOBODYS[:-1], "%00")
SKILLS = future_skills_csv()
TARGET = "future_need_level"


def upload(who: str, content: bytes = SKILLS, file_name: str = "skills.csv", **fields: Any) -> Any:
    """Send a file as a browser or `curl -F` does."""
    body = {"file": SimpleUploadedFile(file_name, content), **fields}
    return rest(who).post(DATASETS, body, format="multipart")


def a_dataset(owner: str = "trainer", content: bytes = SKILLS, name: str = "skills") -> DataSet:
    """Return a registered data set of `owner`."""
    with Draft(f"{name}.csv") as draft:
        draft.write(content)
        return dataset_register_file(draft=draft, user=person(owner), name=name)


def light_dataset(owner: str = "trainer", **fields: Any) -> DataSet:
    """Return a row of a data set, without a file: quick."""
    number = counter_next("test_dataset")
    defaults: dict[str, Any] = {
        "owner": person(owner),
        "name": f"table {number}",
        "path": f"{settings.UPLOADS_PREFIX}/light-{number}.csv",
        "format": "csv",
        "sha256": f"{number:064x}",
        "size_bytes": 10,
        "row_count": 60,
        "columns": [
            {"name": name, "dtype": dtype, "missing": 0, "distinct": distinct, "kind": kind,
             "note": "", "suggested_task": task}
            for name, dtype, distinct, kind, task in (
                ("x", "float64", 60, "numeric", "regression"),
                ("word", "str", 3, "text", "classification"),
                ("level", "int64", 4, "numeric", "classification"),
                ("same", "int64", 1, "unusable", "classification"),
                ("empty", "float64", 0, "unusable", "classification"),
            )
        ],
        "profile": {"columns": {}},
        "preview": {"columns": ["x"], "rows": [[n] for n in range(60)]},
    }  # fmt: skip
    return DataSet.objects.create(**{**defaults, **fields})


def an_experiment(
    owner: str = "trainer", dataset: DataSet | None = None, target: str = "word", **fields: Any
) -> Experiment:
    """Return an experiment of `owner`."""
    return experiment_create(
        question=Question(dataset or light_dataset(owner), target, fields.pop("task", "")),
        name=fields.pop("name", "Which word?"),
        user=person(owner),
        **fields,
    )


def share(experiment: Experiment, who: str, level: str) -> Share:
    """Share with one of PEOPLE."""
    return Share.objects.create(experiment=experiment, user=person(who), level=level)


def a_model_run(experiment: Experiment, **fields: Any) -> TrainingRun:
    """Return a completed run of an experiment, without a file."""
    number = counter_next("training_run")
    ended = fields.get("status", "completed") in ("completed", "failed", "cancelled")
    defaults: dict[str, Any] = {
        "number": number,
        "subject": f"random_forest:experiment:{experiment.pk}:{number}",
        "experiment": experiment,
        "status": "completed",
        "model_type": "random_forest",
        "task": experiment.task,
        "model_version": f"random-forest-{number}",
        "dataset_path": experiment.dataset.path,
        "target_column": experiment.target_column,
        "user": experiment.owner,
        "started_at": now() if ended else None,
        "finished_at": now() if ended else None,
        "metrics": {"accuracy": 0.9},
        "feature_importance": {"a": 0.2, "x": 0.5, "b": 0.3},
        "training_duration_seconds": 0.25,
        "total_samples": 60,
        "train_samples": 48,
        "test_samples": 12,
    }
    return TrainingRun.objects.create(**{**defaults, **fields})
