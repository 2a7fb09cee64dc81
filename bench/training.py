"""Training over REST against a plain script: alternating pairs, medians and their ratio."""

import statistics
import subprocess
import sys
import time
from typing import Any

import requests
from tests.stack import Stack

from modelwright.engine.samples import future_skills_csv

PAIRS = 15
SIZES = (100, 500)
FACTOR, EXTRA = 1.5, 0.15
CREATED = 201


def rest_against_script(stack: Stack) -> list[dict[str, Any]]:
    """Return one result for each number of trees."""
    path = stack.put_dataset("bench.csv", future_skills_csv())
    session = requests.Session()
    session.headers["Authorization"] = f"Token {stack.token()}"
    return [_compare(stack, session, path, trees) for trees in SIZES]


def _compare(stack: Stack, session: requests.Session, path: str, trees: int) -> dict[str, Any]:
    body = {"dataset_path": path, "hyperparameters": {"n_estimators": trees}}
    ours: list[float] = []
    theirs: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "bench.peer", str(stack.home / path), str(trees)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as peer:
        if peer.stdin is None or peer.stdout is None:
            raise AssertionError
        for pair in range(PAIRS + 1):
            peer.stdin.write("go\n")
            peer.stdin.flush()
            seconds, accuracy = map(float, peer.stdout.readline().split())
            begun = time.perf_counter()
            answer = session.post(f"{stack.url}/api/training/train/", json=body, timeout=120)
            taken = time.perf_counter() - begun
            if answer.status_code != CREATED:
                raise AssertionError(f"Not completed after {taken:.1f} s: {answer.text}")
            if abs(answer.json()["metrics"]["accuracy"] - accuracy) > 0.03:
                raise AssertionError("The two did not train the same.")
            if pair:  # the first pair warms both up
                theirs.append(seconds)
                ours.append(taken)
        peer.stdin.close()
    median, peer_median = statistics.median(ours), statistics.median(theirs)
    return {
        "name": f"REST training, {trees} trees",
        "ours_seconds": ours,
        "peer_seconds": theirs,
        "ours_median": median,
        "peer_median": peer_median,
        "ratio": median / peer_median,
        "goal_seconds": FACTOR * peer_median + EXTRA,
        "met": median <= FACTOR * peer_median + EXTRA,
    }
