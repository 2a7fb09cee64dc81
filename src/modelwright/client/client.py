"""The client: a method for each operation of the server; those of every day are written here."""

import io
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from modelwright.client.calls.automation import AutomationCalls
from modelwright.client.calls.base import operation
from modelwright.client.calls.batches import BatchCalls
from modelwright.client.calls.data import DataCalls
from modelwright.client.calls.machines import MachineCalls
from modelwright.client.calls.models import ModelCalls
from modelwright.client.calls.notifications import NotificationCalls
from modelwright.client.calls.performance import PerformanceCalls
from modelwright.client.calls.registry import RegistryCalls
from modelwright.client.errors import ApiError
from modelwright.client.http import Http
from modelwright.client.waiting import wait_for

MACHINES = "/api/v1/machines/"
PERFORMANCE = "/api/v1/model-performance/"
SUBJECTS = "/api/v1/subjects/"
MODELS = "/api/v1/models/"
TUNE = "/api/v1/tuning/tune/"


class Client(
    DataCalls,
    MachineCalls,
    PerformanceCalls,
    ModelCalls,
    BatchCalls,
    RegistryCalls,
    AutomationCalls,
    NotificationCalls,
):
    """A server, in the name of one account.

    Parameters
    ----------
    url : str
        Such as ``http://127.0.0.1:8000``.
    token : str
        An API token (*Your account*, or `modelwright token NAME`).
    timeout : float
        Seconds to wait for an answer.

    Examples
    --------
    >>> client = Client("http://127.0.0.1:8000", token="…")
    >>> client.url
    'http://127.0.0.1:8000'
    """

    def __init__(self, url: str, token: str = "", *, timeout: float = 60.0) -> None:
        self._http = Http(url, token, timeout)

    @classmethod
    def sign_in(cls, url: str, username: str, password: str) -> "Client":
        """Return a client with a new token for name and password.

        Raises
        ------
        ApiError
            They are wrong.
        """
        body = {"username": username, "password": password}
        return cls(url, Http(url, "").request("POST", "/api/auth/token/", body=body)["token"])

    @property
    def url(self) -> str:
        """Return the server's address."""
        return self._http.url

    # --- everything ---------------------------------------------------------------------------

    @cached_property
    def operations(self) -> dict[str, tuple[str, str]]:
        """Return every operation of the server: name -> (method, path)."""
        schema = self._http.request("GET", "/openapi.json")
        return {
            operation["operationId"]: (method.upper(), path)
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict) and "operationId" in operation
        }

    def call(self, operation: str, body: Any = None, **parameters: Any) -> Any:
        """Do any operation of the server by its name in `/docs`.

        Parameters
        ----------
        operation : str
            One of `operations`.
        body : object, optional
            Sent as JSON.
        **parameters
            Those of the path by their names there; the others go into the query.

        Raises
        ------
        ApiError
            There is no such operation, or the server refused.
        """
        if operation not in self.operations:
            raise ApiError(0, f"The server has no operation {operation!r}: see client.operations.")
        method, path = self.operations[operation]
        query = dict(parameters)
        for name, value in parameters.items():
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", str(value))
                del query[name]
        return self._http.request(method, path, query=query, body=body)

    # --- machines -----------------------------------------------------------------------------

    @operation("machines_list")
    def machines(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the machines that fit `search`, `site`, `machine_type`."""
        return list(self._http.pages(MACHINES, filters))

    @operation("machines_create")
    def machine_create(self, name: str, **fields: Any) -> dict[str, Any]:
        """Make a machine."""
        made: dict[str, Any] = self._http.request("POST", MACHINES, body={"name": name, **fields})
        return made

    @operation("machine_readings_create")
    def readings_send(
        self, machine_id: str, readings: Any, *, on_error: str = "reject", batch: int = 20_000
    ) -> dict[str, int]:
        """Send readings; the same ones twice change nothing.

        Parameters
        ----------
        machine_id : str
        readings : pandas.DataFrame or iterable of mapping
            With `timestamp` (with its zone) and the channels.
        on_error : str
            ``reject`` or ``skip``.
        batch : int
            Rows sent at once.

        Returns
        -------
        dict
            ``accepted``, ``updated``, ``rejected``: how many.
        """
        frame = self._frame(readings)
        total = dict.fromkeys(("accepted", "updated", "rejected"), 0)
        for start in range(0, len(frame), batch):
            text = frame.iloc[start : start + batch].to_csv(index=False)
            answer = self._http.request(
                "POST",
                f"{MACHINES}{machine_id}/readings/",
                query={"on_error": on_error},
                data=text.encode(),
                content_type="text/csv",
                repeatable=True,
            )
            for name in total:
                total[name] += answer[name]
        return total

    @operation("machine_readings_list")
    def readings(self, machine_id: str, **filters: Any) -> Any:
        """Return a machine's readings as a data frame, oldest first, all pages of them.

        Narrow it by `start`, `end`, `channels` (with commas), `resolution`; `limit` is that of a
        page.
        """
        rows: list[dict[str, Any]] = []
        asked = dict(filters)
        while True:
            page = self._http.request("GET", f"{MACHINES}{machine_id}/readings/", query=asked)
            rows += page["results"]
            if not page["next"]:
                return self._frame(rows)
            following = dict(parse_qsl(urlsplit(page["next"]).query))
            asked = {**asked, **following}

    def machine_get(self, machine_id: str, part: str = "", **query: Any) -> Any:
        """Return a machine, or its `kpis`, `anomalies`, `forecast`, `data-quality`, `readings`."""
        path = f"{MACHINES}{machine_id}/" + (f"{part}/" if part else "")
        return self._http.request("GET", path, query=query)

    # --- performance --------------------------------------------------------------------------

    @operation("retrain_trigger")
    def retrain(
        self, machine_id: str, model_type: str, *, reason: str = "", **more: Any
    ) -> dict[str, Any]:
        """Have a machine's model trained again; `triggered` is False while one is under way."""
        body = {"machine_id": machine_id, "model_type": model_type, "reason": reason, **more}
        done: dict[str, Any] = self._http.request(
            "POST", f"{PERFORMANCE}retrain/trigger/", body=body
        )
        return done

    def job_wait(
        self, job_id: str, *, timeout: float | None = None, progress: bool | None = None
    ) -> dict[str, Any]:
        """Wait for a training of a machine and return it. Raises as `waiting.wait_for`."""
        return wait_for(
            lambda: self._http.request("GET", f"{PERFORMANCE}jobs/{job_id}/"),
            lambda job: float(job["progress"]),
            title="Training",
            timeout=timeout,
            progress=progress,
        )

    @operation("alerts_active")
    def alerts(self, **filters: Any) -> list[dict[str, Any]]:
        """Return the open alerts that fit `machine_id`, `model_type`, `severity`."""
        found: list[dict[str, Any]] = self._http.request(
            "GET", f"{PERFORMANCE}alerts/active/", query=filters
        )
        return found

    @operation("metrics_trend")
    def metrics_trend(self, machine_id: str, model_type: str, days: float = 30) -> Any:
        """Return how a model did over the last days."""
        query = {"machine_id": machine_id, "model_type": model_type, "days": days}
        return self._http.request("GET", f"{PERFORMANCE}metrics/trend/", query=query)

    @operation("drift_check")
    def drift_check(self, machine_id: str, model_type: str, **period: Any) -> Any:
        """Check a model for drift now."""
        body = {"machine_id": machine_id, "model_type": model_type, **period}
        return self._http.request("POST", f"{PERFORMANCE}drift/check/", body=body)

    # --- data sets, experiments, searches -----------------------------------------------------

    @operation("datasets_create")
    def dataset_upload(self, file: str | Path | Any, name: str = "") -> dict[str, Any]:
        """Hand in a CSV or Parquet file, or a data frame."""
        if isinstance(file, str | Path):
            path = Path(file)
            content, filename = path.read_bytes(), path.name
        else:
            content, filename = file.to_csv(index=False).encode(), f"{name or 'table'}.csv"
        boundary_name = name or Path(filename).stem
        body = {"file": (filename, io.BytesIO(content)), "name": (None, boundary_name)}
        made: dict[str, Any] = self._http.request("POST", "/api/v1/datasets/", files=body)
        return made

    @operation("uploads_piece")
    def upload_piece(self, upload_id: str, offset: int, piece: bytes) -> dict[str, Any]:
        """Add the bytes of a file from `offset` on; the same ones again change nothing."""
        done: dict[str, Any] = self._http.request(
            "PUT",
            f"/api/v1/datasets/uploads/{upload_id}/",
            query={"offset": offset},
            data=piece,
            content_type="application/octet-stream",
        )
        return done

    @operation("experiments_create")
    def experiment_create(
        self, name: str, dataset_id: str, target_column: str, **fields: Any
    ) -> dict[str, Any]:
        """Make an experiment: a data set, a target, a task."""
        body = {"name": name, "dataset_id": dataset_id, "target_column": target_column, **fields}
        made: dict[str, Any] = self._http.request("POST", "/api/v1/experiments/", body=body)
        return made

    @operation("models_train")
    def model_train(
        self,
        experiment_id: str,
        model_type: str,
        hyperparameters: Mapping[str, Any] | None = None,
        *,
        wait: bool = True,
        progress: bool | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Train a model of an experiment, and wait for it."""
        body = {
            "experiment_id": experiment_id,
            "model_type": model_type,
            "hyperparameters": dict(hyperparameters or {}),
            **fields,
        }
        made: dict[str, Any] = self._http.request("POST", f"{MODELS}train/", body=body)
        return self.model_wait(made["model_run_id"], progress=progress) if wait else made

    def model_wait(
        self, run_id: str, *, timeout: float | None = None, progress: bool | None = None
    ) -> dict[str, Any]:
        """Wait for a training of an experiment and return it. Raises as `waiting.wait_for`."""
        return self._wait_task(f"{MODELS}train/{run_id}/status/", "Training", timeout, progress)

    @operation("tuning_tune")
    def tune(
        self,
        model_run_id: str,
        tuning_method: str,
        param_grid: Mapping[str, Any],
        *,
        top_n: int = 10,
        progress: bool | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Search for the best hyperparameters, wait, and return the results."""
        body = {
            "model_run_id": model_run_id,
            "tuning_method": tuning_method,
            "param_grid": dict(param_grid),
            **fields,
        }
        made = self._http.request("POST", TUNE, body=body)
        return self.search_wait(made["tuning_run_id"], top_n=top_n, progress=progress)

    def search_wait(
        self,
        tuning_run_id: str,
        *,
        top_n: int = 10,
        timeout: float | None = None,
        progress: bool | None = None,
    ) -> dict[str, Any]:
        """Wait for a search and return its results. Raises as `waiting.wait_for`."""
        one = f"{TUNE}{tuning_run_id}/"
        self._wait_task(f"{one}status/", "Search", timeout, progress)
        found: dict[str, Any] = self._http.request("GET", f"{one}results/", query={"top_n": top_n})
        return found

    def _wait_task(
        self, path: str, title: str, timeout: float | None, progress: bool | None
    ) -> dict[str, Any]:
        return wait_for(
            lambda: self._http.request("GET", path),
            lambda task: float((task.get("progress") or {}).get("percentage") or 0.0),
            title=title,
            timeout=timeout,
            progress=progress,
        )

    # --- registry, predictions ----------------------------------------------------------------

    @operation("subjects_list")
    def subjects(self, **filters: Any) -> list[dict[str, Any]]:
        """Return what is modelled."""
        return list(self._http.pages(SUBJECTS, filters))

    @operation("subjects_versions")
    def versions(self, subject: str) -> list[dict[str, Any]]:
        """Return the versions of a subject, newest first."""
        return list(self._http.pages(f"{SUBJECTS}{subject}/versions/"))

    @operation("subjects_promote")
    def promote(self, subject: str, version: int | str, reason: str) -> dict[str, Any]:
        """Make a version the champion."""
        body = {"version": str(version), "reason": reason}
        done: dict[str, Any] = self._http.request(
            "POST", f"{SUBJECTS}{subject}/promote/", body=body
        )
        return done

    @operation("subjects_rollback")
    def rollback(self, subject: str, reason: str, to: int | str | None = None) -> dict[str, Any]:
        """Go back to an earlier champion."""
        body = {"reason": reason, **({} if to is None else {"to": str(to)})}
        done: dict[str, Any] = self._http.request(
            "POST", f"{SUBJECTS}{subject}/rollback/", body=body
        )
        return done

    @operation("subjects_timeline")
    def timeline(self, subject: str, limit: int = 100) -> Any:
        """Return a subject's whole life as a data frame, newest first."""
        rows = self._http.request("GET", f"{SUBJECTS}{subject}/timeline/", query={"limit": limit})
        return import_module("pandas").DataFrame(rows)

    @operation("models_predict")
    def predict(
        self, subject: str, rows: Any, *, keys: Iterable[str] | None = None, **more: Any
    ) -> Any:
        """Ask the champion.

        Parameters
        ----------
        subject : str
            Slug or id.
        rows : pandas.DataFrame, mapping, or iterable of mapping
        keys : iterable of str, optional
            One a row.
        **more
            `explain`, `version`, `times`.

        Returns
        -------
        pandas.DataFrame
            `prediction_id`, `prediction`, `version` and what else was answered, one row each, with
            the index of the rows.
        """
        pandas = import_module("pandas")
        frame = self._frame([rows] if isinstance(rows, Mapping) else rows)
        cells = frame.astype(object).where(frame.notna(), None)
        body: dict[str, Any] = {"columns": {c: cells[c].tolist() for c in cells}, **more}
        if keys is not None:
            body["keys"] = [str(key) for key in keys]
        answer = self._http.request("POST", f"{MODELS}{subject}/predict/", body=body)
        return pandas.DataFrame(answer["predictions"], index=frame.index)

    @operation("models_actuals")
    def actuals(self, subject: str, actuals: Iterable[Mapping[str, Any]]) -> dict[str, int]:
        """Tell what really happened; the same twice changes nothing."""
        body = {"actuals": [dict(one) for one in actuals]}
        path = f"{MODELS}{subject}/actuals/"
        counts: dict[str, int] = self._http.request("POST", path, body=body, repeatable=True)
        return counts

    def traffic(self, subject: str) -> dict[str, Any]:
        """Return what the last check of the champion's traffic found."""
        found: dict[str, Any] = self._http.request("GET", f"{MODELS}{subject}/monitoring/")
        return found

    def traffic_metrics(
        self, subject: str, *, days: int = 30, step: str = "day", version: int | None = None
    ) -> Any:
        """Return metrics from predictions and actual values.

        Returns
        -------
        pandas.DataFrame
            One row for each version and window: `version`, `start`, `end`, `given`, `shadow`,
            `actuals`, and a column for each metric.
        """
        query = {"days": days, "step": step, **({"version": version} if version else {})}
        path = f"{MODELS}{subject}/monitoring/metrics/"
        answer = self._http.request("GET", path, query=query)
        pandas = import_module("pandas")
        return pandas.DataFrame(
            [
                {"version": one["version"], **_without(window, "metrics"), **window["metrics"]}
                for one in answer["versions"]
                for window in one["windows"]
            ]
        )

    def traffic_check(self, subject: str) -> dict[str, Any]:
        """Check the champion's traffic now, and return what was found."""
        path = f"{MODELS}{subject}/monitoring/check/"
        found: dict[str, Any] = self._http.request("POST", path, repeatable=True)
        return found

    # --- frames -------------------------------------------------------------------------------

    @staticmethod
    def frame(rows: Iterable[Mapping[str, Any]]) -> Any:
        """Return what a list gave as a data frame, with a column for each part of nested rows."""
        return import_module("pandas").json_normalize(list(rows))

    def _frame(self, rows: Any) -> Any:
        pandas = import_module("pandas")
        return rows if isinstance(rows, pandas.DataFrame) else pandas.DataFrame(list(rows))


def _without(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != name}
