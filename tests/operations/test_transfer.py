"""Moving a database: whole and compared, or the target is as empty as before."""

import datetime as dt
import json
import sqlite3
import uuid
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.operations.transfer.digests import digest_of
from tests.cli.conftest import call_with
from tests.services import postgres_database
from tests.stack import Stack, eventually

pytestmark = pytest.mark.slow
CELLS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)


@given(st.lists(st.tuples(CELLS, CELLS)), st.randoms())
def test_a_digest_does_not_depend_on_the_order(rows: list, rng: object) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert digest_of(rows) == digest_of(shuffled)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.data())
def test_a_digest_tells_any_change_of_a_cell(rows: list, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(CELLS)
    changed = [*rows[:at], (other, rows[at][1]), *rows[at + 1 :]]
    same = other == rows[at][0] and isinstance(other, bool) == isinstance(rows[at][0], bool)
    assert (digest_of(rows) == digest_of(changed)) == same


def test_a_digest_knows_every_type_of_a_column() -> None:
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC)
    there = moment.astimezone(dt.timezone(dt.timedelta(hours=2)))
    key = uuid.uuid4()
    one = (moment, b"ab", Decimal("1.50"), key, {"a": [1e22, 2.0]}, dt.date(2026, 1, 2))
    other = (there, memoryview(b"ab"), Decimal("1.5"), key, {"a": [10**22, 2]}, dt.date(2026, 1, 2))
    assert digest_of([one]) == digest_of([other])
    with pytest.raises(TypeError):
        digest_of([(object(),)])


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a user, a trained model and its search for a place to go."""
    home = tmp_path_factory.mktemp("moving") / "home"
    call = call_with(home)
    call("prepare", "--no-samples")
    call("user", "add", "ann", "--group", "trainer", "--password", "correct horse battery")
    table = home.parent / "t.csv"
    table.write_text("a,b,y\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(60)))
    call("train", str(table), "--target", "y", "--user", "ann")
    return home


def tables(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # type: ignore[index]
            for (name,) in names
        }


def test_everything_is_moved_and_the_installation_goes_on_there(filled: Path) -> None:
    call = call_with(filled)
    with postgres_database() as url:
        done = call("migrate-to", url)
        assert done.returncode == 0, done.stderr
        assert "all are there" in done.stdout
        before = json.loads(call("runs", "--json").stdout)
        env = {"MODELWRIGHT_DATABASE_URL": url}
        assert json.loads(call("runs", "--json", env=env).stdout) == before
        # sequences go on after the last id, and an existing name is refused there, too
        added = call(
            "user",
            "add",
            "bob",
            "--group",
            "viewer",
            "--password",
            "another horse battery",
            env=env,
        )
        assert added.returncode == 0, added.stderr
        again = call("user", "add", "ann", "--password", "another horse battery", env=env)
        assert again.returncode == 1
        # a second move finds what is there and writes nothing
        counts = tables(url)
        refused = call("migrate-to", url)
        assert refused.returncode == 1
        assert "not empty" in refused.stderr
        assert tables(url) == counts


def test_a_move_that_fails_leaves_the_target_empty(filled: Path) -> None:
    """A text with NUL fits into SQLite and not into PostgreSQL."""
    call = call_with(filled)
    database = filled / "system/modelwright.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE model_runs SET notes = 'a' || char(0) || 'b'")
    try:
        with postgres_database() as url:
            done = call("migrate-to", url)
            assert done.returncode == 1
            assert "model_runs" in done.stderr
            assert tables(url) == {}
    finally:
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE model_runs SET notes = ''")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://a:b@127.0.0.1/x", "postgres://"),
        ("postgres://a:b@127.0.0.1:1/none", "can't be reached"),
        ("nonsense", "postgres://"),
    ],
)
def test_a_target_that_cannot_be_is_named(filled: Path, url: str, says: str) -> None:
    done = call_with(filled)("migrate-to", url)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_running_server_is_not_moved(filled: Path) -> None:
    with Stack(home=filled) as stack, postgres_database() as url:
        eventually(lambda: stack.pids()["worker"])
        done = stack.cli("migrate-to", url, check=False)
        assert done.returncode == 1
        assert "Stop the server first" in done.stderr
        assert tables(url) == {}


def test_groups_of_migrations_are_not_doubled(filled: Path) -> None:
    with postgres_database() as url:
        assert call_with(filled)("migrate-to", url).returncode == 0
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT count(*), count(DISTINCT name) FROM auth_group")
            rows, names = found.fetchone() or (0, 1)
    assert rows == names
