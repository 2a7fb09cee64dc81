"""The registry over REST: look, promote, roll back, name, and the whole life on one line."""

from typing import Any

import pytest

from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.selectors import champion_of
from tests.people import rest
from tests.registry.conftest import MakeVersion

pytestmark = pytest.mark.django_db
SUBJECT = "future_skills:table.csv"


@pytest.fixture
def url(make_version: MakeVersion) -> str:
    make_version(), make_version()
    return f"/api/v1/subjects/{Subject.objects.get(key=SUBJECT).slug}/"


def post(url: str, who: str = "trainer", **body: Any) -> Any:
    return rest(who).post(url, body)


def test_subjects_and_versions_are_listed(url: str) -> None:
    listed = rest("viewer").get("/api/v1/subjects/").json()
    assert [one["champion"] for one in listed["results"]] == [2]
    versions = rest("viewer").get(f"{url}versions/").json()["results"]
    assert [(v["version"], v["aliases"]) for v in versions] == [(2, ["champion"]), (1, [])]
    card = rest("viewer").get(f"{url}versions/champion/").json()
    assert card["version"] == 2
    assert card["parent_version"] == 1
    assert card["lineage"]["dataset_path"] == "table.csv"
    assert rest("viewer").get("/api/v1/subjects/?search=nothing").json()["count"] == 0


def test_promote_and_roll_back(url: str) -> None:
    answer = post(f"{url}promote/", version="1", reason="calmer", expected_champion=2)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert (body["kind"], body["from_version"], body["to_version"]) == ("promoted", 2, 1)
    assert (body["reason"], body["by"]) == ("calmer", "trainer")
    late = post(f"{url}promote/", version="1", reason="late", expected_champion=2)
    assert (late.status_code, late.json()["code"]) == (409, "champion_changed")
    back = post(f"{url}rollback/", reason="worse")
    assert (back.status_code, back.json()["to_version"]) == (200, 2)
    assert post(f"{url}rollback/", reason="again").status_code == 409
    kinds = [p["kind"] for p in rest("viewer").get(f"{url}promotions/").json()["results"]]
    assert kinds == ["rolled_back", "promoted", "newest", "first"]


def test_a_reason_is_needed(url: str) -> None:
    assert post(f"{url}promote/", version="1").status_code == 422
    assert post(f"{url}promote/", version="9", reason="x").status_code == 404
    assert post(f"{url}rollback/", to="2", reason="x").status_code == 409


def test_aliases(url: str) -> None:
    client = rest("trainer")
    assert client.put(f"{url}aliases/calm/", {"version": "1"}).json()["aliases"] == ["calm"]
    assert client.put(f"{url}aliases/champion/", {"version": "1"}).status_code == 422
    assert client.put(f"{url}aliases/v1/", {"version": "1"}).status_code == 422
    assert client.delete(f"{url}aliases/calm/").status_code == 204
    assert client.delete(f"{url}aliases/calm/").status_code == 404


def test_tags_notes_and_the_mode(url: str) -> None:
    client = rest("trainer")
    changed = client.patch(f"{url}versions/1/", {"tags": ["a", "a", "b"], "notes": "n"}).json()
    assert (changed["tags"], changed["notes"]) == (["a", "b"], "n")
    assert client.patch(f"{url}versions/1/", {"sha256": "0"}).status_code == 422
    assert client.patch(url, {"promotion": "manual"}).json()["promotion"] == "manual"
    assert client.patch(url, {"promotion": "x"}).status_code == 422


def test_the_timeline_has_the_whole_life_newest_first(url: str) -> None:
    post(f"{url}promote/", version="1", reason="calmer")
    found = rest("viewer").get(f"{url}timeline/").json()
    assert [one["kind"] for one in found] == [
        "promotion", "promotion", "version", "promotion", "version",
    ]  # fmt: skip
    assert "calmer" in found[0]["text"]
    assert found[0]["who"] == "trainer"
    older = rest("viewer").get(f"{url}timeline/", {"before": found[1]["at"], "limit": 1}).json()
    assert len(older) == 1
    assert older[0]["at"] < found[1]["at"]


def test_viewers_look_and_strangers_do_not(url: str) -> None:
    assert post(f"{url}promote/", "viewer", version="1", reason="x").status_code == 403
    assert rest("stranger").get(url).status_code == 403
    version = ModelVersion.objects.get(number=1)
    assert champion_of(SUBJECT) != version
