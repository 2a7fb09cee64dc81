"""One of everything, with a mark in every text: what stands behind the addresses of the walk."""

import datetime as dt
import re
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from modelwright.abtests.models import ABTest
from modelwright.abtests.services import ABTestRequest, ab_test_start
from modelwright.accounts.models import Channel
from modelwright.accounts.notifications.services import channel_create
from modelwright.accounts.services import token_create
from modelwright.automation.models import Loop, Policy
from modelwright.catalog.machines import machine_create
from modelwright.catalog.models import Experiment, Machine, Share, Upload
from modelwright.catalog.uploads import upload_begin
from modelwright.core.clock import now
from modelwright.core.models import counter_next
from modelwright.engine.files import write_atomic
from modelwright.monitoring.alert_types import AlertType
from modelwright.monitoring.alerts import Finding, alert_raise
from modelwright.monitoring.models import Alert, AlertRule, MachineAnomaly
from modelwright.registry.models import Comparison, ModelAlias, ModelVersion, Subject
from modelwright.registry.services import version_create_from_run
from modelwright.runs.models import TrainingRun
from modelwright.runs.training_kind import ARTIFACT_NAME
from modelwright.serving.batch_models import BatchPrediction
from modelwright.tuning.models import TuningRun
from tests.people import person
from tests.web.conftest import RESULTS
from tests.web.research import COLUMNS, PROFILE, make_dataset, make_search

RULES = {"when": {"age_days": 30}, "then": {"alert": True}}


def a_version(subject: str, content: bytes = b"no pickle\n", **fields: Any) -> ModelVersion:
    """Return a version of a completed run, with a file that is no pickle at all."""
    number = counter_next("training_run")
    run = TrainingRun.objects.create(
        **{
            "number": number, "subject": subject, "status": "completed", "finished_at": now(),
            "started_at": now() - dt.timedelta(seconds=2), "model_type": "random_forest",
            "model_version": f"v{number}", "dataset_path": "artifacts/datasets/table.csv",
            "target_column": "target", "preset": "future_skills", **RESULTS, **fields,
        }
    )  # fmt: skip
    return version_of(run, content)


def version_of(run: TrainingRun, content: bytes = b"no pickle\n") -> ModelVersion:
    """Make a version of a completed run, with a file that is no pickle at all."""
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        info = write_atomic(Path(folder) / ARTIFACT_NAME, content)
        result = {"artifact": {"sha256": info.sha256, "size_bytes": info.size_bytes}}
        version_create_from_run(run, result, Path(folder))
    return ModelVersion.objects.get(run=run)


class World:
    """One of everything, owned by `owner`.

    Parameters
    ----------
    owner : str
        One of PEOPLE.
    mark : str
        Stands in every text that a user may write.
    shared_mark : str, optional
        Stands in those of what everybody may see (machines, runs of nobody's experiment) instead.
    """

    def __init__(self, owner: str = "trainer", mark: str = "marked", shared_mark: str = "") -> None:
        self.owner, self.mark, self.shared_mark = owner, mark, shared_mark or mark
        self.user = person(owner)
        token_create(user=self.user)
        self._research()
        self._machine()
        self._loop()

    def _research(self) -> None:
        mark, user = self.mark, self.user
        columns = [{**column, "note": mark} for column in COLUMNS]
        columns.append({**COLUMNS[1], "name": mark, "note": mark})
        profile: dict[str, Any] = {**PROFILE, "columns": {
            **PROFILE["columns"],
            mark: {"frequent": [{"value": mark, "count": 60}], "other": 40},
        }}  # fmt: skip
        self.dataset = make_dataset(
            self.owner, name=mark, source=mark, columns=columns, profile=profile, warnings=[mark],
            preview={"columns": ["age", mark], "rows": [[33, mark]]},
        )  # fmt: skip
        self.experiment = Experiment.objects.create(
            owner=user, name=mark, description=mark, dataset=self.dataset, target_column=mark,
            task="classification",
        )  # fmt: skip
        self.share = Share.objects.create(
            experiment=self.experiment, user=person("other"), level="viewer"
        )
        texts = {
            "notes": mark, "trigger_reason": mark, "target_column": mark, "warnings": [mark],
            "feature_importance": {mark: 0.6, "age": 0.4}, "features_used": [mark, "age"],
            "confusion_matrix": {"labels": [mark, "LOW"], "matrix": [[40, 2], [1, 29]]},
            "per_class_metrics": {
                mark: {"precision": 0.98, "recall": 0.95, "f1_score": 0.96, "support": 42}
            },
            "environment": {"python": mark}, "user": user,
        }  # fmt: skip
        subject = f"random_forest:experiment:{self.experiment.pk}"
        fields = {**texts, "experiment": self.experiment, "dataset_path": self.dataset.path}
        self.versions = [a_version(subject, **fields), a_version(subject, **fields)]
        self.version = self.versions[0]
        self.version.tags, self.version.notes = [mark], mark
        self.version.save()
        self.run = self.version.run
        self.failed = TrainingRun.objects.create(
            number=counter_next("training_run"), subject=f"failed:{self.run.number}",
            status="failed", finished_at=now(), model_type="random_forest",
            model_version=f"failed-{self.run.number}",
            dataset_path=mark, error_type=mark[:64], error_message=mark, progress_message=mark,
            **texts, experiment=self.experiment,
        )  # fmt: skip
        self.shared_run = a_version(
            "future_skills:table.csv", notes=self.shared_mark, user=user
        ).run
        self.subject = Subject.objects.get(key=subject)
        ModelAlias.objects.create(subject=self.subject, name="calm", version=self.version)
        self.comparison = Comparison.objects.create(
            subject=self.subject, version_a=self.versions[0], version_b=self.versions[1],
            source="hold_out", status="failed", finished_at=now(), error_message=mark, user=user,
        )  # fmt: skip
        self._batch()
        self.search: TuningRun = make_search(self.run, status="completed")
        self.upload: Upload = upload_begin(user=user, source="table.csv", size_bytes=10)

    def _batch(self) -> None:
        made = self.batch = BatchPrediction(
            subject=self.subject, version=self.version, version_number=1, dataset=self.dataset,
            dataset_name=self.mark, key_column=self.mark, status="completed", finished_at=now(),
            rows=1, error_message=self.mark, user=self.user,
        )  # fmt: skip
        made.path = f"{settings.PREDICTIONS_PREFIX}/{made.pk}.csv"
        target = Path(settings.DATA_ROOT) / made.path
        target.parent.mkdir(parents=True, exist_ok=True)
        info = write_atomic(target, f"row,key,prediction,version\n1,{self.mark},LOW,1\n".encode())
        made.sha256, made.size_bytes = info.sha256, info.size_bytes
        made.save()

    def _machine(self) -> None:
        mark = self.shared_mark
        self.machine: Machine = machine_create(
            user=self.user,
            name=f"{mark} {Machine.objects.count()}",
            site=mark,
            machine_type=mark,
            tags=[mark],
        )
        alert_raise(Finding(AlertType.PERFORMANCE, self.machine, mark, "baseline", 9.0, 1.3))
        self.alert = Alert.objects.get(machine=self.machine)
        self.rule = AlertRule.objects.create(
            alert_type=AlertType.PERFORMANCE, machine=self.machine, warning_at=1.0
        )
        self.anomaly = MachineAnomaly.objects.create(
            machine=self.machine, start_at=now() - dt.timedelta(hours=2), end_at=now(),
            severity="warning", score=1.4, channels=["power_kw"], message=mark,
        )  # fmt: skip
        self.job = TrainingRun.objects.create(
            number=counter_next("training_run"), subject=f"baseline:{self.machine.pk}",
            status="pending", model_type="baseline", dataset_path="",
            model_version=f"pending-{self.machine.number}",
            target_column="energy_kwh", machine=self.machine, user=self.user, notes=mark,
            trigger_reason=mark,
        )  # fmt: skip

    def _loop(self) -> None:
        mark = self.mark
        self.policy = Policy.objects.create(name=mark[:100], subject=self.subject, rules=RULES)
        self.loop = Loop.objects.create(
            policy=self.policy, subject=self.subject, rules=RULES, trigger=mark[:32], reason=mark,
            state="waiting", champion=self.versions[0], challenger=self.versions[1],
        )  # fmt: skip
        self.test: ABTest = ab_test_start(
            request=ABTestRequest(
                mark, self.versions[0], self.versions[1], duration_hours=720.0, mode="shadow"
            ),
            user=self.user,
        )  # fmt: skip
        self.channel: Channel = channel_create(
            user=self.user, name=mark[:100], kind="webhook", target="https://hooks.example.org/x"
        ).channel

    def parameters(self, route: str) -> dict[str, Any]:
        """Return what stands for the parameters of a route, so that it leads to something."""
        scheduled = route.startswith(("api/v1/scheduler", "ui/schedules"))
        return {
            "dataset_id": self.dataset.pk, "upload_id": self.upload.pk,
            "experiment_id": self.experiment.pk, "share_id": self.share.pk,
            "run_id": self.run.pk, "number": self.shared_run.number,
            "tuning_run_id": self.search.pk,
            "search_id": self.search.pk, "machine_id": self.machine.pk,
            "anomaly_id": self.anomaly.pk, "alert_id": self.alert.pk, "rule_id": self.rule.pk,
            "job_id": "kpi_calculate" if scheduled else self.job.pk,
            "name": "kpi_calculate" if scheduled else "readings",
            "subject": self.subject.slug, "slug": self.subject.slug, "version": "1",
            "alias": "calm", "comparison_id": self.comparison.pk, "batch_id": self.batch.pk,
            "test_id": self.test.pk, "policy_id": self.policy.pk,
            "loop_id": self.loop.pk, "channel_id": self.channel.pk, "kind": "csv",
            "key": self.user.auth_token_set.first().token_key,
            "what": "resolve" if "alerts" in route else "delete" if "channel" in route else "stop",
            "object_id": self.run.pk, "content_type_id": "1", "app_label": "runs",
            "pk": self.run.pk, "id": self.user.pk, "url": "nothing-here/",
        }  # fmt: skip

    def fill(self, route: str, **instead: Any) -> str:
        """Return the path of a route; `instead` names other values for its parameters."""
        values = {**self.parameters(route), **instead}

        def value(found: re.Match[str]) -> str:
            name = found[1]
            assert name in values, f"say in World.parameters what stands for {name} of {route}"
            return str(values[name])

        path = re.sub(r"\(\?P<(\w+)>[^)]*\)", value, route)
        path = re.sub(r"<(?:\w+:)?(\w+)>", value, path)
        return "/" + re.sub(r"[\^$]", "", path)


def parameters_of(route: str) -> list[tuple[str, str]]:
    """Return (converter, name) of each parameter of a route."""
    return re.findall(r"<(\w+):(\w+)>", route)
