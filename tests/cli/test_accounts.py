"""`user` and `token`."""

import sqlite3
from pathlib import Path

from tests.cli.conftest import Call
from tests.stack import PASSWORD


def test_user_gets_the_role_of_the_group(call: Call) -> None:
    done = call("user", "add", "ann", "--group", "DRH", "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    assert "role: trainer" in done.stdout
    assert PASSWORD not in done.stdout


def test_password_is_made_and_shown_once(call: Call) -> None:
    done = call("user", "add", "bob", "--group", "MANAGER")
    assert "Password: " in done.stdout


def test_unknown_group_is_refused(call: Call) -> None:
    done = call("user", "add", "cem", "--group", "KINGS")
    assert done.returncode == 1
    assert "KINGS" in done.stderr
    assert "MANAGER" in done.stderr


def test_second_user_of_a_name_is_refused(call: Call) -> None:
    call("user", "add", "dora", "--superuser")
    done = call("user", "add", "dora")
    assert done.returncode == 1
    assert "dora" in done.stderr


def test_weak_password_is_refused(call: Call) -> None:
    done = call("user", "add", "eve", "--password", "password")
    assert done.returncode == 1
    assert "password" in done.stderr.lower()


def test_password_can_be_changed(call: Call) -> None:
    call("user", "add", "fay")
    assert call("user", "password", "fay", "--password", PASSWORD).returncode == 0


def test_token_is_printed_alone_and_stored_hashed(call: Call, installation: Path) -> None:
    call("user", "add", "gus", "--group", "trainer")
    done = call("token", "gus")
    token = done.stdout.strip()
    assert done.stdout == f"{token}\n"
    assert len(token) >= 40
    database = (installation / "system/modelwright.sqlite3").read_bytes()
    assert token.encode() not in database


def test_token_of_nobody_is_refused(call: Call) -> None:
    done = call("token", "nobody")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "nobody" in done.stderr


def test_what_is_done_here_is_in_the_audit_log(call: Call, installation: Path) -> None:
    call("user", "add", "hal", "--group", "viewer")
    with sqlite3.connect(installation / "system/modelwright.sqlite3") as database:
        rows = database.execute(
            "SELECT verb, channel FROM audit_entries WHERE object_label = 'hal'"
        ).fetchall()
    assert rows == [("user.created", "cli")]
