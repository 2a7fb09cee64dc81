"""`up`: ready, kept up, stopped in time, and nobody left behind."""

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from modelwright.cli.supervisor.hosts import allowed_hosts
from tests.stack import CLI, PARTS, PASSWORD, READY, Stack, clean_environment, eventually


def refused(home: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*CLI, "up", *arguments],
        env=clean_environment(home, env),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answers(stack: Stack) -> bool:
    try:
        return stack.request("GET", "/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_ready_line_stands_alone_and_is_true(stack: Stack) -> None:
    assert stack.lines[-1] == f"{READY}{stack.url}"
    assert stack.request("GET", "/readyz").status_code == 200
    assert stack.request("GET", "/healthz").status_code == 200


def test_sign_in_is_told_without_the_password_that_was_given(stack: Stack) -> None:
    text = stack.logged()
    assert "Sign in as admin" in text
    assert PASSWORD not in text


def test_second_up_on_the_same_home_is_refused(stack: Stack) -> None:
    done = refused(stack.home, "--port", "0")
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert str(stack.pids()["supervisor"][0]) in done.stderr


def test_port_in_use_is_refused(stack: Stack, tmp_path: Path) -> None:
    port = stack.url.rpartition(":")[2]
    done = refused(tmp_path / "home", "--port", port)
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "--port" in done.stderr


def test_host_of_another_machine_is_refused(tmp_path: Path) -> None:
    done = refused(tmp_path / "home", "--host", "192.0.2.1", "--port", "0")
    assert done.returncode == 1
    assert "192.0.2.1" in done.stderr


@pytest.mark.slow
def test_known_password_is_refused(tmp_path: Path) -> None:
    done = refused(tmp_path / "home", "--port", "0", MODELWRIGHT_ADMIN_PASSWORD="password1234")
    assert done.returncode == 1
    assert "MODELWRIGHT_ADMIN_PASSWORD" in done.stderr


@pytest.mark.parametrize("part", PARTS)
def test_killed_part_is_started_again(stack: Stack, part: str) -> None:
    before = stack.pids()
    stack.kill(part)
    eventually(
        lambda: stack.pids()[part] and stack.pids()[part] != before[part],
        what=f"{part} is there again",
    )
    eventually(lambda: answers(stack), seconds=40, what="ready again")
    after = stack.pids()
    assert all(after[other] == before[other] for other in PARTS if other != part)
    gone = [*before[part], *(before["pool"] if part == "worker" else [])]
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in gone), what="no orphan")


@pytest.mark.slow
def test_some_web_servers_share_the_port_and_their_counts() -> None:
    with Stack(env={"MODELWRIGHT_WEB_PROCESSES": "2"}) as own:
        first, second = own.pids()["web"]
        token = own.token("admin")

        def page() -> int:
            return own.request("GET", "/api/training/runs/", token).status_code

        with ThreadPoolExecutor(8) as threads:
            futures = [threads.submit(page) for _ in range(100)]
            os.kill(first, signal.SIGKILL)  # what it was at is lost, what comes isn't refused
            codes = [future.result() for future in futures if future.exception() is None]
            assert set(codes) == {200}
            assert [page() for _ in range(20)] == [200] * 20
        eventually(lambda: len(own.pids()["web"]) == 2, what="both are there again")
        assert second in own.pids()["web"]
        series = 'route="/api/training/runs/",status="200"} '
        counts = {
            float(line.rpartition(" ")[2])
            for _ in range(10)
            for line in own.request("GET", "/metrics", token).text.splitlines()
            if "duration_seconds_count" in line and series in line
        }
        assert len(counts) == 1
        assert counts.pop() >= len(codes)
        family = [pid for pids in own.pids().values() for pid in pids]
        assert own.stop(signal.SIGINT, seconds=10) < 10
        assert not any(psutil.pid_exists(pid) for pid in family)


@pytest.mark.slow
def test_all_is_stopped_in_time_and_kept_for_the_next_start() -> None:
    with Stack(samples=True) as own:
        eventually(
            lambda: '"completed"' in own.cli("run", "1", "--json").stdout, what="first training"
        )
        before = own.cli("run", "1", "--json").stdout
        token = own.token()
        family = [pid for pids in own.pids().values() for pid in pids]
        assert own.stop(signal.SIGINT, seconds=10) < 10
        assert not any(psutil.pid_exists(pid) for pid in family)
        own.start()
        assert "password that was set before" in own.logged()
        assert own.cli("run", "1", "--json").stdout == before
        answer = own.request("GET", "/api/training/runs/", token)
        assert answer.json()["count"] == 1
        machines = own.request("GET", "/api/v1/machines/", token).json()["results"]
        assert len(machines) == 5
        assert all(machine["reading_count"] > 8_500 for machine in machines)
        jobs = "/api/v1/model-performance/jobs?status="
        eventually(
            lambda: own.request("GET", f"{jobs}completed", token).json()["count"],
            seconds=60,
            what="a first model of a machine",
        )
        assert own.request("GET", f"{jobs}failed", token).json()["count"] == 0
        assert own.stop(signal.SIGTERM, seconds=10) < 10


@pytest.mark.slow
def test_killed_supervisor_leaves_nobody_behind() -> None:
    with Stack() as own:
        family = [pid for pids in own.pids().values() for pid in pids]
        assert len(family) >= 1 + len(PARTS)
        own.kill("supervisor")
        eventually(lambda: not any(alive(pid) for pid in family), seconds=10, what="all gone")


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_interrupt_during_the_preparation_stops_it(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*CLI, "up", "--port", "0"],
        env=clean_environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lock = tmp_path / "home/system/up.lock"
    eventually(lambda: lock.exists() and psutil.Process(process.pid).children(), what="it runs")
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert not any(alive(child.pid) for child in children)


@pytest.mark.slow
def test_background_of_a_shell_can_be_interrupted(tmp_path: Path) -> None:
    # a shell starts background commands with SIGINT ignored
    process = subprocess.Popen(
        [*CLI, "up", "--port", "0"],
        env=clean_environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(READY):
            break
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=12)
    assert process.returncode == 0


def test_all_networks_means_the_names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELWRIGHT_ALLOWED_HOSTS", raising=False)
    names = allowed_hosts("0.0.0.0").split(",")  # noqa: S104
    assert socket.gethostname().lower() in names
    assert "localhost" in names
    assert "*" not in names


def test_stated_hosts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWRIGHT_ALLOWED_HOSTS", "models.example.org")
    assert allowed_hosts("0.0.0.0") == "models.example.org"  # noqa: S104


def test_foreign_host_names_are_turned_away(stack: Stack) -> None:
    answer = stack.request("GET", "/readyz", headers={"Host": "evil.example"})
    assert answer.status_code == 400


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program = "import os; os.umask(0); from modelwright.cli.entry import main; main()"
    subprocess.run(
        [sys.executable, "-c", program, "prepare"],
        env=clean_environment(home),
        check=True,
        capture_output=True,
    )
    open_to_others = [path for path in (home, *home.rglob("*")) if path.lstat().st_mode & 0o077]
    assert open_to_others == []
    assert os.access(home / "system/modelwright.sqlite3", os.W_OK)
