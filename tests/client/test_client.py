"""The Python client against a real server; the quickstart notebook runs as it stands."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

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
def test_every_operation_of_the_interface_can_be_called(stack: Stack) -> None:
    client = Client(stack.url, stack.token())
    ours = [path for _, path in client.operations.values() if path.startswith("/api/v1/")]
    assert len(ours) > 60
    assert client.call("machines_list")["count"] == 0
    with pytest.raises(ApiError) as refused:
        client.call("subjects_get", subject="nothing")
    assert (refused.value.status, refused.value.code) == (404, "subject_not_found")
    with pytest.raises(ApiError, match="no operation"):
        client.call("fly")


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
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
    server.asked, server.script = 0, []
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
