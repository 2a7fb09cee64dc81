"""The repository itself: documentation that can't drift, locks with no address, rooms."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from modelwright.cli.entry import COMMANDS

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/modelwright"
SETTING = re.compile(r"MODELWRIGHT_[A-Z_]+")
MACHINE_PATHS = re.compile(r"/(?:home|root|Users|work|opt)/[a-z]")
FOREIGN_ADDRESS = re.compile(r"https?://(?!127\.0\.0\.1|localhost|[\w.-]*example)[\w.-]+")
# numbers with a unit of their own, written as the code computes them
COMPUTED = {"MODELWRIGHT_TABLE_MAX_BYTES": str(512 * 1024 * 1024)}
NOT_FOR_USERS = {"MODELWRIGHT_REQUIRE_SERVICES", "MODELWRIGHT_TESTS_UNTIL"}


def documented() -> dict[str, str]:
    """Return the settings of the reference with the defaults that it states."""
    text = (ROOT / "docs/reference/settings.md").read_text()
    return dict(re.findall(r"^\| `(MODELWRIGHT_\w+)` \| ([^|]+?) \|", text, re.MULTILINE))


def declared() -> dict[str, str | None]:
    """Return the settings that the code reads; with the default where it is a plain value."""
    found: dict[str, str | None] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "envvar":  # of an option
                found[ast.literal_eval(node.value)] = None
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                if isinstance(name, str) and SETTING.fullmatch(name):
                    plain = [k.value for k in node.keywords if k.arg == "default"]
                    value = plain[0] if plain and isinstance(plain[0], ast.Constant) else None
                    found.setdefault(name, None)
                    if value is not None and value.value != "":
                        found[name] = str(value.value)
    return found


def tracked() -> list[Path]:
    """Return the files of the repository that are text of ours."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    assert set(documented()) == set(declared()) - NOT_FOR_USERS


@pytest.mark.parametrize("name", sorted(name for name, value in declared().items() if value))
def test_documented_default_is_the_real_one(name: str) -> None:
    assert documented()[name] == f"`{COMPUTED.get(name, declared()[name])}`"


def test_every_command_is_documented() -> None:
    text = (ROOT / "docs/reference/commands.md").read_text()
    assert [name for name in COMMANDS if f"`modelwright {name}" not in text] == []


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = (ROOT / "docs/reference/commands.md").read_text()
    assert set(re.findall(r"^\| `make ([a-z]+)`", text, re.MULTILINE)) <= targets
    assert {"env", "up", "test", "check", "bench", "lock"} <= targets


@pytest.mark.parametrize("page", ["reference/guarantees.md", "explanation/threat-model.md"])
def test_tests_that_the_guarantees_name_exist(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    named = re.findall(r"`(tests/[\w/.]+)`", text)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["base", "dev", "build"])
def test_lock_has_hashes_and_no_address(name: str) -> None:
    text = (ROOT / f"requirements/{name}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(?:-i|-f|--(?:index|extra-index|find-links))", text, re.MULTILINE)
    pinned = re.findall(r"^([A-Za-z0-9_.\[\],-]+)==", text, re.MULTILINE)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    hashed = [block for block in blocks if "--hash=sha256:" in block]
    assert pinned
    assert len(hashed) == len(pinned)


def test_lock_agrees_with_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lock = (ROOT / "requirements/base.txt").read_text().lower()
    names = [re.split(r"[\[<>=~!; ]", line)[0].lower() for line in project["dependencies"]]
    assert [name for name in names if f"\n{name}==" not in f"\n{lock}"] == []


def test_no_file_names_a_machine_or_a_place_to_download_from() -> None:
    guilty = []
    for path in tracked():
        if path.suffix in {".png", ".ico", ".svg", ".woff2"} or path.name == "LICENSE":
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path != Path(__file__) and MACHINE_PATHS.search(text):
            guilty.append(f"{path.relative_to(ROOT)}: machine path")
        if path.name in {"Makefile", "run", "services"} or path.parent.name in {
            "requirements",
            "tools",
        }:
            guilty += [
                f"{path.relative_to(ROOT)}: {found}" for found in FOREIGN_ADDRESS.findall(text)
            ]
    assert guilty == []


def test_every_room_is_in_the_list_of_layers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = " ".join(project["tool"]["importlinter"]["contracts"][0]["layers"])
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms <= set(re.findall(r"\w+", layers))


def test_scripts_can_be_run() -> None:
    for name in (
        ".ci/run",
        ".ci/services",
        ".ci/other-databases",
        "tools/find_python",
        "manage.py",
    ):
        assert os.access(ROOT / name, os.X_OK), name


def test_too_old_python_is_explained(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.1\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tools/find_python")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "3.11 or later" in done.stderr
    assert "Python 3.9.1" in done.stderr


def test_ci_leaves_out_what_it_has_no_time_for() -> None:
    slow = "tests/operations/test_load.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", slow],
        env={**os.environ, "MODELWRIGHT_TESTS_UNTIL": "0"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2 skipped" in done.stdout
    assert "CI has no time left for it" in done.stdout
