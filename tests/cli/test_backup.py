"""`backup` and `restore`: everything, whole, or not at all."""

import json
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from modelwright.cli.archive.manifest import ArchiveError
from modelwright.cli.archive.reading import archive_extract, archive_verify
from modelwright.cli.archive.writing import archive_write
from modelwright.cli.home import home_locked
from tests.cli.conftest import Call, call_with
from tests.services import postgres_database

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(call: Call, installation: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = installation / "artifacts/datasets/future_skills_dataset.csv"
    call("train", str(sample), "--target", "future_need_level", "--param", "n_estimators=5")
    target = tmp_path_factory.mktemp("archive") / "backup.tar.gz"
    done = call("backup", str(target))
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    """Return a copy: a test may damage it."""
    return Path(shutil.copy(made, tmp_path))


def test_archive_is_private_and_verified(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o600
    assert "system/modelwright.sqlite3" in archive_verify(made).files
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_restored_installation_is_the_same(archive: Path, call: Call, tmp_path: Path) -> None:
    again = call_with(tmp_path / "again")
    done = again("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert again("runs", "--json").stdout == call("runs", "--json").stdout
    models = tmp_path / "again/artifacts/models"
    assert [path.suffix for path in models.iterdir()] != []
    assert (tmp_path / "again/system/secret.key").stat().st_mode & 0o777 == 0o600


def test_restore_leaves_a_used_folder_alone(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "used"
    home.mkdir()
    (home / "precious").write_text("x")
    done = call_with(home)("restore", str(archive))
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert [path.name for path in home.iterdir()] == ["precious"]


def test_forced_restore_keeps_what_was_there(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "used"
    home.mkdir()
    (home / "precious").write_text("x")
    assert call_with(home)("restore", str(archive), "--force").returncode == 0
    (kept,) = tmp_path.glob("used.before-restore-*")
    assert (kept / "precious").read_text() == "x"


def test_restore_refuses_under_a_running_server(archive: Path, tmp_path: Path) -> None:
    home = tmp_path / "busy"
    (home / "system").mkdir(parents=True)
    with home_locked(home):
        done = call_with(home)("restore", str(archive), "--force")
    assert done.returncode == 1
    assert "stop it first" in done.stderr


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty"])
def test_damaged_archive_changes_nothing(archive: Path, tmp_path: Path, damage: str) -> None:
    content = archive.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
    damaged = {"cut": content[:middle], "flipped": flipped, "text": b"hello", "empty": b""}[damage]
    archive.write_bytes(damaged)
    done = call_with(tmp_path / "fresh")("restore", str(archive))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "fresh").exists()


def test_a_flipped_byte_anywhere_is_damage(archive: Path) -> None:
    content, first = archive.read_bytes(), archive_verify(archive)
    for place in [
        *range(0, len(content), max(1, len(content) // 200)),
        *range(len(content) - 600, len(content), 7),
    ]:
        archive.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            assert archive_verify(archive) == first  # a byte that says nothing of the content
        except ArchiveError:
            continue


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside", "link"])
def test_archive_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "evil.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        member = tarfile.TarInfo(name)
        if name == "link":
            member.type, member.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(member)
    with pytest.raises(ArchiveError):
        archive_extract(source, tmp_path / "folder")
    assert not (tmp_path / "outside").exists()


def test_backup_refuses_its_own_folder_and_existing_files(
    call: Call, installation: Path, archive: Path
) -> None:
    assert call("backup", str(installation / "b.tar.gz")).returncode == 1
    assert call("backup", str(archive)).returncode == 1
    assert call("backup", str(archive), "--force").returncode == 0


def test_data_outside_the_folder_is_the_users_own_to_copy(call: Call, tmp_path: Path) -> None:
    for command in (("backup", str(tmp_path / "b")), ("restore", __file__)):
        done = call(*command, env={"MODELWRIGHT_DATA_ROOT": str(tmp_path)})
        assert done.returncode == 2
        assert "MODELWRIGHT_DATA_ROOT" in done.stderr


def test_a_backup_goes_from_a_server_to_another_and_to_one_machine(
    archive: Path, call: Call, tmp_path: Path
) -> None:
    """SQLite -> PostgreSQL -> archive -> PostgreSQL and SQLite: the same runs everywhere."""
    wanted = json.loads(call("runs", "--json").stdout)
    second = tmp_path / "second.tar.gz"
    with postgres_database() as first_url, postgres_database() as other_url:
        here = call_with(tmp_path / "here", {"MODELWRIGHT_DATABASE_URL": first_url})
        done = here("restore", str(archive))
        assert done.returncode == 0, done.stderr
        assert not list((tmp_path / "here/system").glob("*.sqlite3*"))
        assert json.loads(here("runs", "--json").stdout) == wanted
        again = here("restore", str(archive), "--force")
        assert again.returncode == 1
        assert "not empty" in again.stderr
        assert not list(tmp_path.glob("here.before-restore-*")), "nothing was moved aside"
        done = here("backup", str(second))
        assert done.returncode == 0, done.stderr
        there = call_with(tmp_path / "there", {"MODELWRIGHT_DATABASE_URL": other_url})
        assert there("restore", str(second)).returncode == 0
        assert json.loads(there("runs", "--json").stdout) == wanted
    alone = call_with(tmp_path / "alone")
    assert alone("restore", str(second)).returncode == 0
    assert json.loads(alone("runs", "--json").stdout) == wanted


def test_the_last_backup_is_known(archive: Path, call: Call) -> None:
    found = {one["subject"]: one for one in json.loads(call("doctor", "--json").stdout)}
    assert archive.name in found["Backup"]["text"]


def test_snapshot_is_whole_while_somebody_writes(installation: Path, tmp_path: Path) -> None:
    database = installation / "system/modelwright.sqlite3"
    with sqlite3.connect(database) as writer:
        writer.execute("CREATE TABLE IF NOT EXISTS scribble (n INTEGER)")
        writer.commit()
        writer.execute("INSERT INTO scribble VALUES (1)")  # not committed
        archive_write(installation, tmp_path / "b.tar.gz")
        writer.rollback()
        writer.execute("DROP TABLE scribble")
    folder = tmp_path / "out"
    archive_extract(tmp_path / "b.tar.gz", folder)
    with sqlite3.connect(folder / "system/modelwright.sqlite3") as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT count(*) FROM scribble").fetchone() == (0,)


def test_links_are_left_out(installation: Path, tmp_path: Path) -> None:
    link = installation / "artifacts/datasets/link.csv"
    os.symlink("/etc/hostname", link)
    try:
        manifest = archive_write(installation, tmp_path / "b.tar.gz")
    finally:
        link.unlink()
    assert "artifacts/datasets/link.csv" not in manifest.files
    assert json.loads(manifest.to_json())["format"] == 1
