"""Predictions over HTTP: one row against MLflow, 1,000 rows against scikit-learn in process.

MLflow is installed into an environment of its own below `MODELWRIGHT_BENCH_CACHE` (default
`~/.cache/modelwright-bench`); where it can't be, its figures are left out with the reason.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import requests
import sklearn
from tests.stack import Stack, eventually

from modelwright.engine import ModelTrainer, write_future_skills_csv

BLOCKS = 7
ASKED = 60  # in each block, after a few that don't count
WARM = 10
ROWS = 1000
ROUNDS = 15
P50_GOAL_MS = 5.0
OK = 200
PEER_GOAL = 10.0
ROWS_GOAL = 1.5
SECONDS_TO_START = 120.0
CACHE = Path(os.environ.get("MODELWRIGHT_BENCH_CACHE", Path.home() / ".cache/modelwright-bench"))
TARGET = "future_need_level"
SERVE = """
import sys, joblib, mlflow, mlflow.sklearn
mlflow.sklearn.save_model(joblib.load(sys.argv[1]), sys.argv[2], serialization_format="cloudpickle")
"""


def median_ms(ask: Callable[[], Any], times: int = ASKED) -> float:
    """Return the median of some calls, in milliseconds, after a few that don't count."""
    for _ in range(WARM):
        ask()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return 1000 * statistics.median(taken)


def run() -> list[dict[str, Any]]:
    """Return the figures as rows."""
    with tempfile.TemporaryDirectory() as folder, Stack(samples=True) as stack:
        trainer = ModelTrainer(write_future_skills_csv(Path(folder, "skills.csv")))
        trainer.load_data()
        trainer.train()
        trainer.save_model(Path(folder, "model.pkl"))
        frame = pd.DataFrame(trainer.X_train)
        session = _session(stack)
        one = json.loads(frame.iloc[:1].to_json(orient="records"))[0]
        many = pd.concat([frame] * (ROWS // len(frame) + 1)).iloc[:ROWS]
        columns = {str(c): many[c].tolist() for c in many}
        rows = _rounds(
            lambda: _predict(session, stack, {"columns": columns}),
            lambda: trainer.model.predict(many),  # type: ignore[union-attr]
        )
        ask = _asking(stack.url, "/api/v1/models/future-skills/predict/", {"row": one}, session)
        single = _single(ask, Path(folder), one)
    return [
        {
            "what": "Predict, one row, 100 trees, over HTTP, p50",
            "measured": f"{single.ours:.2f} ms",
            "peer": f"MLflow {single.theirs:.2f} ms" if single.theirs else single.why,
            "ratio": single.ratio,
            "goal": f"below {P50_GOAL_MS:g} ms, and {PEER_GOAL:g} times less",
            "met": single.ours < P50_GOAL_MS
            and (single.ratio is None or single.ratio >= PEER_GOAL),
        },
        {
            "what": "Predict, 1,000 rows, over HTTP against pipeline.predict in process",
            "measured": f"{rows[1]:.1f} ms",
            "peer": f"{rows[2]:.1f} ms",
            "ratio": rows[0],
            "goal": f"at most {ROWS_GOAL:g} times",
            "met": rows[0] <= ROWS_GOAL,
        },
    ]


def _session(stack: Stack) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Token {stack.token()}"
    runs = f"{stack.url}/api/training/runs/"
    eventually(
        lambda: session.get(runs, params={"status": "COMPLETED"}).json()["count"], seconds=60
    )
    return session


def _asking(
    url: str, path: str, body: dict[str, Any], session: requests.Session | None = None
) -> Callable[[], None]:
    """Return what sends a body over one connection that is kept, with Python's own client.

    That of `requests` takes longer for a request than our server does.
    """
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    sent = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    if session is not None:
        headers["Authorization"] = str(session.headers["Authorization"])

    def ask() -> None:
        connection.request("POST", path, sent, headers)
        answer = connection.getresponse()
        found = answer.read()
        if answer.status != OK:
            raise RuntimeError(f"{url}{path} answered {answer.status}: {found[:200]!r}")

    return ask


def _predict(session: requests.Session, stack: Stack, body: dict[str, Any]) -> None:
    answer = session.post(f"{stack.url}/api/v1/models/future-skills/predict/", json=body)
    answer.raise_for_status()


def _rounds(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float, float]:
    """Return the median ratio of alternating pairs, and both medians in milliseconds."""
    ours(), theirs()
    pairs = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ours()
        middle = time.perf_counter()
        theirs()
        pairs.append((middle - begun, time.perf_counter() - middle))
    return (
        statistics.median(a / b for a, b in pairs),
        1000 * statistics.median(a for a, _ in pairs),
        1000 * statistics.median(b for _, b in pairs),
    )


@dataclass(frozen=True)
class _Single:
    """Medians for one row in milliseconds, and their ratio; without MLflow, why."""

    ours: float
    theirs: float | None = None
    ratio: float | None = None
    why: str = ""


def _single(predict: Callable[[], Any], folder: Path, row: dict[str, Any]) -> _Single:
    """Ask for one row, a block of requests here and one at MLflow in alternation."""
    try:
        python = _environment()
        model = folder / "mlflow-model"
        subprocess.run(
            [python, "-c", SERVE, str(folder / "model.pkl"), str(model)],
            check=True,
            capture_output=True,
            timeout=300,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return _Single(
            median_ms(predict), why=f"MLflow could not be set up ({type(error).__name__})"
        )
    with _serving(python, model) as url:
        if not url:
            return _Single(median_ms(predict), why="MLflow did not start")
        ask = _asking(url, "/invocations", {"dataframe_records": [row]})
        blocks = [(median_ms(predict), median_ms(ask)) for _ in range(BLOCKS)]
    ours, theirs = (statistics.median(side) for side in zip(*blocks, strict=True))
    return _Single(ours, theirs, statistics.median(their / own for own, their in blocks))


def _environment() -> str:
    """Return the Python of an environment with MLflow, made where there is none."""
    home = CACHE / f"mlflow-sklearn-{sklearn.__version__}-{sys.version_info.minor}"
    python = home / "bin/python"
    if not (home / ".done").exists():
        venv.create(home, with_pip=True, clear=True)
        wanted = ["mlflow", f"scikit-learn=={sklearn.__version__}", f"pandas=={pd.__version__}"]
        for packages in (wanted, wanted[:2]):  # MLflow may not know this pandas yet
            done = subprocess.run(
                [str(python), "-m", "pip", "install", "--quiet", *packages],
                capture_output=True,
                check=False,
                timeout=900,
            )
            if done.returncode == 0:
                break
        done.check_returncode()
        (home / ".done").touch()
    return str(python)


@contextmanager
def _serving(python: str, model: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "mlflow", "models", "serve", "-m", str(model), "-p", str(port)]
    process = subprocess.Popen(
        [*command, "--env-manager", "local", "-h", "127.0.0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "PATH": f"{Path(python).parent}:{os.environ['PATH']}"},
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + SECONDS_TO_START
    try:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if requests.get(f"{url}/ping", timeout=2).ok:
                    yield url
                    return
            except requests.RequestException:
                time.sleep(0.5)
        yield ""
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


if __name__ == "__main__":
    print(json.dumps(run(), indent=1))
