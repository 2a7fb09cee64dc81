"""What it is deployed with: checked by linters as far as no engine is needed, and by the code."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from modelwright.cli.entry import COMMANDS
from tests.test_repository import SETTING, documented

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
YAMLS = [ROOT / "compose.yaml", *sorted(DEPLOY.rglob("*.yaml"))]
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PARTS = ("prepare", "web", "worker", "scheduler")
OTHERS = ("database", "broker")
USER = 10001
KUBERNETES = "1.33"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def objects() -> Iterator[dict[str, Any]]:
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for thing in yaml.safe_load_all(path.read_text()):
            if thing["kind"] != "Kustomization":
                yield thing


def pods() -> list[tuple[str, dict[str, Any]]]:
    return [
        (thing["metadata"]["name"], thing["spec"]["template"]["spec"])
        for thing in objects()
        if thing["kind"] in ("Deployment", "Job")
    ]


def names_in(path: Path) -> set[str]:
    """Return the settings of ours that a file names."""
    return set(SETTING.findall(path.read_text())) - {"MODELWRIGHT_PORT"}  # of compose itself


@pytest.mark.parametrize("path", YAMLS, ids=lambda path: path.name)
def test_yaml_is_clean(path: Path) -> None:
    config = YamlLintConfig(file=str(ROOT / ".yamllint"))
    assert [str(problem) for problem in linter.run(path.read_text(), config)] == []


@pytest.mark.parametrize(
    "path",
    [ROOT / "Dockerfile", DEPLOY / "compose.env", *YAMLS, *UNITS],
    ids=lambda path: path.name,
)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    assert names_in(path) <= set(documented())


# --- Dockerfile -------------------------------------------------------------------------------


def instructions() -> list[str]:
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    return [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line]


def test_the_image_runs_without_rights_and_names_no_index() -> None:
    last = [line for line in instructions() if line.startswith("USER")][-1]
    assert last == f"USER {USER}:{USER}"
    installs = [line for line in instructions() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)
    assert not re.search(r"https?://|index-url|ADD ", "\n".join(instructions()))


def test_the_image_gets_only_what_is_named() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "*", "what is not named stays outside: data folders, secrets, history"
    copied = re.findall(r"requirements/\w+\.txt", "\n".join(instructions()))
    assert copied
    assert all((ROOT / name).is_file() for name in copied)
    assert (ROOT / "tools/without_tests.py").is_file()


# --- compose ----------------------------------------------------------------------------------


def test_compose_runs_every_part_by_its_command() -> None:
    services = compose()["services"]
    assert set(services) == {*PARTS, *OTHERS}
    for name in PARTS:
        assert services[name]["command"][0] == name
        assert name in COMMANDS


def test_compose_gives_no_part_more_than_it_needs() -> None:
    for name in PARTS:
        service = compose()["services"][name]
        assert service["read_only"] is True
        assert service["user"] == f"{USER}:{USER}"
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
    published = {name for name, service in compose()["services"].items() if "ports" in service}
    assert published == {"web"}
    assert compose()["networks"]["inside"]["internal"] is True
    assert all(compose()["services"][name]["networks"] == ["inside"] for name in OTHERS)


def test_compose_has_no_password_of_its_own() -> None:
    text = (ROOT / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "MODELWRIGHT_SECRET_KEY"):
        assert f"${{{name}:?" in text, "without it nothing starts"
    asked = set(re.findall(r"\$\{(\w+)", text))
    offered = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "compose.env").read_text(), re.MULTILINE))
    assert asked == set(offered)
    assert not any(offered[name] for name in offered if "PASSWORD" in name or "SECRET" in name)


def test_compose_waits_for_what_a_part_needs() -> None:
    services = compose()["services"]
    for name in ("web", "worker", "scheduler"):
        assert services[name]["depends_on"]["prepare"] == {
            "condition": "service_completed_successfully"
        }
    assert set(services["prepare"]["depends_on"]) == {"database"}
    for name in OTHERS:
        assert "healthcheck" in services[name]


@pytest.mark.skipif(
    not shutil.which("docker")
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    != 0,
    reason="docker compose is not installed",
)
def test_compose_is_understood_by_compose() -> None:
    done = subprocess.run(
        ["docker", "compose", "--env-file", "deploy/compose.env", "config", "--quiet"],
        cwd=ROOT,
        env={
            "POSTGRES_PASSWORD": "a",
            "REDIS_PASSWORD": "b",
            "MODELWRIGHT_SECRET_KEY": "c",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# --- Kubernetes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "thing", list(objects()), ids=lambda o: f"{o['kind']}-{o['metadata']['name']}"
)
def test_manifests_fit_the_schema(thing: dict[str, Any]) -> None:
    kubernetes_validate.validate(thing, KUBERNETES, strict=True)


def test_manifests_run_every_part_by_its_command() -> None:
    found = {name: pod["containers"][0]["args"][0] for name, pod in pods()}
    assert found == {f"modelwright-{name}": name for name in PARTS}


@pytest.mark.parametrize(("name", "pod"), list(pods()), ids=[name for name, _ in pods()])
def test_pods_pass_the_restricted_standard(name: str, pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == USER
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
            "/var/lib/modelwright",
            "/tmp",  # noqa: S108  (of the pod)
        }


def test_probes_ask_by_a_name_that_is_allowed() -> None:
    """The kubelet asks by the pod's address, which no server answers to that checks its hosts."""
    (settings,) = [o for o in objects() if o["kind"] == "ConfigMap"]
    hosts = settings["data"]["MODELWRIGHT_ALLOWED_HOSTS"].split(",")
    (web,) = [pod for name, pod in pods() if name == "modelwright-web"]
    container = web["containers"][0]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        headers = {header["name"]: header["value"] for header in asked["httpHeaders"]}
        assert asked["path"] in ("/healthz", "/readyz")
        assert headers["Host"] in hosts


# --- systemd ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_run_a_command_that_exists_and_give_it_no_rights(path: Path) -> None:
    text = path.read_text()
    (command,) = re.findall(r"^ExecStart=\S+/modelwright (\S+)", text, re.MULTILINE)
    assert command in COMMANDS
    for line in ("User=modelwright", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert line in text.splitlines()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_units_are_understood_by_systemd(tmp_path: Path) -> None:
    program = tmp_path / "modelwright"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for path in (DEPLOY / "systemd").iterdir():
        text = re.sub(r"(?<=^ExecStart=)\S+", str(program), path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    files = sorted(str(p) for p in tmp_path.iterdir() if p != program and "@" not in p.name)
    done = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
    )
    mine = [line for line in done.stderr.splitlines() if "modelwright" in line]
    assert done.returncode == 0, done.stderr
    assert mine == []
