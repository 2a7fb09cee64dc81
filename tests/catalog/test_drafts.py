"""A file on its way in leaves nothing behind."""

import os
import time

import pytest

from modelwright.catalog.drafts import STALE_SECONDS, Draft, name_of, plain_name
from modelwright.catalog.files import uploads_dir


def parts() -> list[str]:
    return [path.name for path in uploads_dir().glob(".*.part")]


def test_a_draft_is_private_and_gone_afterwards() -> None:
    before = parts()
    with Draft("t.csv") as draft:
        draft.write(b"a,b\n")
        draft.finish()
        assert draft.path.read_bytes() == b"a,b\n"
        assert draft.path.stat().st_mode & 0o777 == 0o600
        assert draft.path.name in parts()
    assert parts() == before


def test_what_a_killed_server_left_is_swept_and_what_is_coming_in_stays() -> None:
    old, young = (uploads_dir() / f".{name}.part" for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    long_ago = time.time() - STALE_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    with Draft("t.csv"):
        assert (old.exists(), young.exists()) == (False, True)
    young.unlink()


@pytest.mark.parametrize(
    ("source", "name"),
    [("a/b/sales 2026.csv", "sales 2026"), ("", "table"), ("\0\n", "table"), (".csv", ".csv"),
     ("x" * 500 + ".csv", "x" * 196), ("ren\u202eamed.csv", "renamed")],
)  # fmt: skip
def test_names_are_plain(source: str, name: str) -> None:
    assert name_of(source) == name
    assert len(plain_name(source)) <= 200
