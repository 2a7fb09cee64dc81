"""`make check` says what is known to be vulnerable, and says so where it can't know."""

import json

import pytest
from tools import audit

HOLE = {"id": "PYSEC-1", "fix_versions": ["1.1"], "aliases": []}


def output(*dependencies: dict[str, object]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_a_vulnerable_package_fails_and_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = output(
        {"name": "fine", "version": "1.0", "vulns": []},
        {"name": "holed", "version": "1.0", "vulns": [HOLE]},
    )
    assert audit.report(found, "") == 1
    assert "holed 1.0: PYSEC-1, fixed in 1.1" in capsys.readouterr().err


def test_where_all_is_well_it_says_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    skipped = {"name": "unknown", "skip_reason": "not found"}
    assert audit.report(output({"name": "a", "version": "1", "vulns": []}, skipped), "") == 0
    said = capsys.readouterr().err
    assert "not audited: unknown." in said
    assert "1 packages audited, none known" in said


@pytest.mark.parametrize("text", ["", "{}", output({"name": "a", "skip_reason": "not found"})])
def test_where_nobody_answers_it_says_not_audited(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.report(text, "ERROR: ConnectionError") == 0
    assert "NOT AUDITED" in capsys.readouterr().err
