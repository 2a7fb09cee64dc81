"""The Python client against a real server; the quickstart notebook runs as it stands."""

import inspect
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drf_spectacular.generators import SchemaGenerator

from modelwright.client import ApiError, Client, JobFailedError, WaitTimeoutError
from modelwright.client import http as client_http
from modelwright.client.waiting import wait_for
from tests.stack import Stack

NOTEBOOK = Path(__file__).parents[2] / "docs/tutorial/quickstart.ipynb"


@pytest.mark.slow
def test_the_quickstart_notebook_runs(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWRIGHT_URL", stack.url)
    monkeypatch.setenv("MODELWRIGHT_TOKEN", stack.token())
    names: dict[str, Any] = {}
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102  (our own notebook)
    assert names["run"]["status"] == "SUCCESS"
    assert names["results"]["total_combinations"] == 4
    assert names["counts"]["matched"] == 5
    assert list(names["answers"]["prediction"]) == list(names["table"]["passed"].head(5))


@pytest.mark.slow
def test_what_a_search_found_is_trained_tested_promoted_and_rolled_back(stack: Stack) -> None:
    client = Client(stack.url, stack.token())
    table = pd.DataFrame({"hours": [i % 40 for i in range(400)]})
    table["passed"] = ["yes" if h > 18 else "no" for h in table["hours"]]
    data = client.dataset_upload(table, name="Lessons")
    experiment = client.experiment_create("Who learns", data["id"], "passed")
    weak = client.model_train(
        experiment["id"], "random_forest", {"n_estimators": 1, "max_depth": 1}
    )
    found = client.tune(weak["model_run_id"], "grid_search", {"max_depth": [1, 6]})
    begun = client.search_train_best(found["tuning_run_id"])
    assert client.model_wait(begun["model_run_id"])["status"] == "SUCCESS"
    assert client.search_wait(found["tuning_run_id"])["best_params"] == found["best_params"]
    slug = client.subjects(search="Who learns")[0]["slug"]
    second, first = client.versions(slug)
    client.promote(slug, 1, "the first one")
    test = client.ab_test_start(
        test_name="better?", model_a_id=first["model_id"], model_b_id=second["model_id"],
        duration_hours=24, mode="shadow",
    )  # fmt: skip
    rows = table.iloc[100:200]
    answers = client.predict(slug, rows.drop(columns="passed"), keys=rows.index)
    assert list(answers.index) == list(rows.index)
    told = zip(answers["prediction_id"], rows["passed"], strict=True)
    counts = client.actuals(slug, [{"prediction_id": one, "actual": y} for one, y in told])
    assert counts["matched"] == 100
    assert client.ab_test_conclude(test["id"])["status"] != "active"
    client.promote(slug, 2, "better")
    assert client.rollback(slug, "worse")["to_version"] == 1
    assert "ab_test" in set(client.timeline(slug)["kind"])


@pytest.mark.slow
def test_every_operation_of_the_interface_can_be_called(stack: Stack) -> None:
    client = Client(stack.url, stack.token())
    ours = [path for _, path in client.operations.values() if path.startswith("/api/v1/")]
    assert len(ours) > 60
    assert client.call("machines_list")["count"] == len(client.call("machines_list")["results"])
    with pytest.raises(ApiError) as refused:
        client.call("subjects_get", subject="nothing")
    assert (refused.value.status, refused.value.code) == (404, "subject_not_found")
    with pytest.raises(ApiError, match="no operation"):
        client.call("fly")


def method_of(operation: str) -> Any:
    found = [
        member
        for _, member in inspect.getmembers(Client, inspect.isfunction)
        if getattr(member, "operation", "") == operation
    ]
    assert len(found) == 1, f"{operation} needs one method of the client, and has {len(found)}"
    return found[0]


class Recorder:
    """Stands for the connection: notes what is asked, and answers with something empty."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, path: str, **_: Any) -> Any:
        self.asked.append((method, path))
        return {
            "results": [], "next": None, "predictions": [], "status": "SUCCESS", "accepted": 0,
            "updated": 0, "rejected": 0, "tuning_run_id": "x", "model_run_id": "x", "id": "x",
            "progress": 0.0, "progress_percent": 0.0,
        }  # fmt: skip

    def pages(self, path: str, _query: Any = None) -> Iterator[dict[str, Any]]:
        self.asked.append(("GET", path))
        return iter(())

    def download(self, path: str, target: Path) -> None:
        self.asked.append(("GET", path))
        target.write_text("row\n1\n")


def stand_in(parameter: inspect.Parameter, file: Path) -> Any:
    """Return something that fits a parameter."""
    special = {
        "file": file, "readings": [{"a": 1}], "rows": [{"a": 1}], "actuals": [{"a": 1}],
        "piece": b"x", "param_grid": {"a": [1]},
    }  # fmt: skip
    return special.get(parameter.name, 1 if parameter.annotation in (int, float) else "x")


def test_every_operation_has_a_method_that_does_it(tmp_path: Path) -> None:
    schema = SchemaGenerator().get_schema(public=True)
    file = tmp_path / "f.csv"
    file.write_text("a\n1\n")
    seen = 0
    for path, methods in schema["paths"].items():
        for verb, operation in methods.items():
            if not path.startswith("/api/v1/") or "operationId" not in operation:
                continue
            method = method_of(operation["operationId"])
            client, recorder = Client("http://nowhere.example"), Recorder()
            client._http = recorder  # type: ignore[assignment]
            given = {
                name: stand_in(parameter, file)
                for name, parameter in list(inspect.signature(method).parameters.items())[1:]
                if parameter.default is parameter.empty
                and parameter.kind is not parameter.VAR_KEYWORD
            }
            method(client, **given)
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
            asked_verb, asked_path = recorder.asked[0]
            assert asked_verb == verb.upper(), operation["operationId"]
            assert re.fullmatch(pattern, asked_path), operation["operationId"]
            seen += 1
    assert seen > 100


def test_events_are_followed_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        {"events": [{"id": 1}, {"id": 2}], "last_id": 2},
        {"events": [], "last_id": 2},
        {"events": [{"id": 5}], "last_id": 5},
    ]
    asked = []

    def events(_client: Client, **query: Any) -> Any:
        asked.append(query["after"])
        return pages[len(asked) - 1]

    monkeypatch.setattr(Client, "events", events)
    follow = Client("http://nowhere.example").events_follow(pause=0.0)
    assert [next(follow)["id"] for _ in range(3)] == [1, 2, 5]
    assert asked == [0, 2, 2]


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        server: Any = self.server
        server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        self._answer()

    def _answer(self) -> None:
        server: Any = self.server
        server.asked += 1
        status, body = server.script.pop(0) if server.script else (200, {"ok": True})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def flaky(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(client_http, "PAUSE_SECONDS", 0.001)
    server: Any = HTTPServer(("127.0.0.1", 0), _Answers)
    server.asked, server.script, server.bodies = 0, [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def http_of(server: Any) -> client_http.Http:
    return client_http.Http(f"http://127.0.0.1:{server.server_port}", "t")


def test_what_does_no_harm_is_tried_again(flaky: Any) -> None:
    flaky.script = [(503, {}), (429, {})]
    assert http_of(flaky).request("GET", "/x") == {"ok": True}
    assert flaky.asked == 3


def test_a_write_is_not_sent_twice_unless_the_server_has_refused_it(flaky: Any) -> None:
    flaky.script = [(503, {"detail": "away", "code": "c"})]
    with pytest.raises(ApiError) as away:
        http_of(flaky).request("POST", "/x", body={})
    assert (flaky.asked, away.value.status, away.value.code) == (1, 503, "c")
    flaky.script = [(429, {})]
    assert http_of(flaky).request("POST", "/x", body={}) == {"ok": True}
    flaky.script = [(503, {})]
    assert http_of(flaky).request("POST", "/x", body={}, repeatable=True) == {"ok": True}


def test_a_file_that_is_sent_again_is_whole(flaky: Any) -> None:
    flaky.script = [(429, {})]
    table = pd.DataFrame({"x": range(3)})
    Client(f"http://127.0.0.1:{flaky.server_port}").dataset_upload(table)
    assert [b"x\n0\n1\n2\n" in body for body in flaky.bodies] == [True, True]


def test_frames_keep_their_index_and_send_times_and_numbers(flaky: Any) -> None:
    client = Client(f"http://127.0.0.1:{flaky.server_port}")
    rows = pd.DataFrame(
        {"timestamp": pd.to_datetime(["2026-01-01T00:00Z", None]), "n": np.array([1, 2])},
        index=[7, 9],
    )
    flaky.script = [(200, {"predictions": [{"prediction": 1.5}, {"prediction": 2.5}]})]
    assert client.predict("press", rows)["prediction"].to_dict() == {7: 1.5, 9: 2.5}
    sent = json.loads(flaky.bodies[-1])["columns"]
    assert sent == {"timestamp": ["2026-01-01T00:00:00+00:00", None], "n": [1, 2]}
    told = {"key": "k", "timestamp": rows["timestamp"].iloc[0], "actual": np.int64(4)}
    client.actuals("press", [told])
    assert json.loads(flaky.bodies[-1])["actuals"][0]["actual"] == 4
    with pytest.raises(TypeError, match="object can't be sent"):
        client.actuals("press", [{"actual": object()}])


def test_metrics_of_traffic_are_columns(flaky: Any) -> None:
    window = {"start": "2026-01-01T00:00:00Z", "given": 4, "metrics": {"accuracy": 0.5}}
    flaky.script = [(200, {"versions": [{"version": 2, "windows": [window]}]})]
    found = Client(f"http://127.0.0.1:{flaky.server_port}").traffic_metrics("press")
    assert list(found.columns) == ["version", "start", "given", "accuracy"]


def test_a_server_that_is_away_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_http, "PAUSE_SECONDS", 0.001)
    with pytest.raises(ApiError, match="is it running"):
        client_http.Http("http://127.0.0.1:9", "t").request("GET", "/")


def test_waiting_ends_with_the_job_its_failure_or_its_time() -> None:
    jobs = iter([{"status": "PENDING"}, {"status": "SUCCESS"}])

    def wait(ask: Any, timeout: float | None = None) -> dict[str, Any]:
        return wait_for(ask, lambda _job: 0.0, title="T", timeout=timeout, progress=False)

    assert wait(lambda: next(jobs))["status"] == "SUCCESS"
    with pytest.raises(JobFailedError, match="disk full"):
        wait(lambda: {"status": "FAILURE", "error": {"message": "disk full"}})
    with pytest.raises(WaitTimeoutError, match="goes on"):
        wait(lambda: {"status": "running"}, timeout=0.0)


def test_the_bar_ends_full_and_leaves_the_output_alone(capsys: pytest.CaptureFixture[str]) -> None:
    jobs = iter([{"status": "PENDING", "done": 38.0}, {"status": "SUCCESS", "done": 0.0}])
    wait_for(lambda: next(jobs), lambda job: job["done"], title="T", timeout=None, progress=True)
    shown = capsys.readouterr()
    assert "100%" in shown.err
    assert shown.out == ""
