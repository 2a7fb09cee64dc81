"""Contract B, machines: making, finding, changing, deleting."""

from typing import Any

import pytest

from modelwright.accounts.models import AuditEntry
from modelwright.catalog.models import Machine, Reading
from modelwright.runs.models import TrainingRun
from tests.api.conftest import MakeRun
from tests.api.machines import MACHINES, a_machine, lines, send
from tests.people import rest

pytestmark = pytest.mark.django_db

FULL = {
    "name": "Press 4",
    "site": "Northfield works",
    "machine_type": "press",
    "rated_power_kw": 120.5,
    "energy_price_per_kwh": 0.21,
    "carbon_kg_per_kwh": 0.36,
    "timezone": "Europe/Berlin",
    "tags": ["hall 2", "übertage"],
    "is_active": False,
}


def test_a_machine_is_made_read_and_changed() -> None:
    answer = rest("trainer").post(MACHINES, FULL)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert {name: made[name] for name in FULL} == FULL
    assert (made["reading_count"], made["last_reading_at"], made["channels"]) == (0, None, [])
    url = f"{MACHINES}{made['id']}/"
    assert rest("viewer").get(url).json() == made
    changed = rest("trainer").patch(url, {"rated_power_kw": None, "tags": [], "is_active": True})
    assert changed.status_code == 200, changed.content
    assert changed.json() | {"updated_at": ""} == made | {
        "rated_power_kw": None, "tags": [], "is_active": True, "updated_at": "",
    }  # fmt: skip
    verbs = AuditEntry.objects.filter(verb__startswith="machine.").values_list("verb", flat=True)
    assert sorted(verbs) == ["machine.changed", "machine.created"]
    entry = AuditEntry.objects.get(verb="machine.changed")
    assert (entry.before["tags"], entry.after["tags"]) == (FULL["tags"], [])


def test_a_change_that_changes_nothing_is_not_in_the_log() -> None:
    url = a_machine()
    assert rest("trainer").patch(url, {"name": "Press 4"}).status_code == 200
    assert not AuditEntry.objects.filter(verb="machine.changed").exists()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "blank"),
        ("name", "   ", "blank"),
        ("name", "a\nb", "control characters"),
        ("name", "x" * 201, "At most 200"),
        ("name", 7, "valid string"),
        ("timezone", "Europe/Nowhere", "no time zone"),
        ("timezone", "Europe", "no time zone"),
        ("timezone", "../../etc/passwd", "no time zone"),
        ("timezone", "", "blank"),
        ("rated_power_kw", 0, "above 0"),
        ("rated_power_kw", "NaN", "valid number"),
        ("rated_power_kw", "1e999", "valid number"),
        ("energy_price_per_kwh", True, "valid number"),
        ("carbon_kg_per_kwh", -1, "below 0"),
        ("tags", "a", "list"),
        ("tags", [""], "blank"),
        ("tags", [1], "valid string"),
        ("tags", ["x" * 65], "64 characters"),
        ("tags", [f"t{n}" for n in range(51)], "50"),
        ("is_active", "yes", "boolean"),
        ("power", 1, "Unknown field"),
        ("id", "x", "Unknown field"),
    ],
)
def test_what_can_not_be_meant_is_422_by_field(field: str, value: Any, says: str) -> None:
    url = a_machine()
    for answer in (
        rest("trainer").post(MACHINES, {"name": "Other", field: value}),
        rest("trainer").patch(url, {field: value}),
    ):
        assert answer.status_code == 422, answer.content
        assert field in answer.json()["details"]
        assert says in answer.json()["detail"]
    assert Machine.objects.count() == 1


def test_a_name_is_given_once() -> None:
    a_machine("Press 4")
    other = a_machine("Press 5")
    for answer in (
        rest("trainer").post(MACHINES, {"name": "Press 4 "}),
        rest("trainer").patch(other, {"name": "Press 4"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "machine_exists")
        assert "choose another name" in answer.json()["detail"]


def test_the_list_is_paged_filtered_searched_and_sorted() -> None:
    for n in range(3):
        a_machine(f"Press {n}", site="North", machine_type="press", tags=["a", f"é{n}"])
    a_machine("Oven", site="South", machine_type="oven", rated_power_kw=5, is_active=False)
    client = rest("viewer")

    def names(query: str) -> list[str]:
        answer = client.get(f"{MACHINES}?{query}")
        assert answer.status_code == 200, answer.content
        assert set(answer.json()) == {"count", "next", "previous", "results"}
        return [machine["name"] for machine in answer.json()["results"]]

    assert names("") == ["Oven", "Press 0", "Press 1", "Press 2"]
    assert names("page_size=2&page=2") == ["Press 1", "Press 2"]
    assert names("search=north 1") == ["Press 1"]
    assert names("search=OVEN") == ["Oven"]
    assert names("site=South") == ["Oven"]
    assert names("site=Sou") == []
    assert names("machine_type=press&ordering=-name") == ["Press 2", "Press 1", "Press 0"]
    assert names("is_active=false") == ["Oven"]
    assert names("tag=é1") == ["Press 1"]
    assert names("tag=a&search=2") == ["Press 2"]
    assert names("tag=%22a") == []
    assert names("ordering=-rated_power_kw")[0] == "Oven"
    for bad in ("is_active=maybe", "ordering=colour"):
        assert client.get(f"{MACHINES}?{bad}").status_code == 422
    assert client.get(f"{MACHINES}?page=9").status_code == 404


def test_ids_that_are_none_and_machines_that_are_not_there() -> None:
    for method in ("get", "patch", "delete"):
        assert getattr(rest("trainer"), method)(f"{MACHINES}7/").status_code == 422
        nobodys = f"{MACHINES}0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11/"
        answer = getattr(rest("trainer"), method)(nobodys)
        assert (answer.status_code, answer.json()["detail"]) == (404, "Machine not found")


def test_a_machine_without_anything_is_deleted_at_once() -> None:
    url = a_machine()
    assert rest("viewer").delete(url).status_code == 403
    assert rest("trainer").delete(url).status_code == 204
    assert rest("viewer").get(url).status_code == 404
    assert AuditEntry.objects.get(verb="machine.deleted").before["name"] == "Press 4"


def test_a_machine_with_readings_and_models_is_deleted_by_force_only(
    make_run: MakeRun, silent_bell: list[str]
) -> None:
    url, other = a_machine("Press 4"), a_machine("Press 5")
    for machine in (url, other):
        body = lines([{"timestamp": "2026-03-01T14:00:00Z", "power_kw": 1}])
        assert send(machine, body).status_code == 201
    machine = Machine.objects.get(name="Press 4")
    run = make_run(machine=machine, model_type="baseline", status="pending")
    answer = rest("trainer").delete(url)
    assert answer.status_code == 409
    assert answer.json()["uses"] == ["1 readings", f"run {run.number} (baseline, pending)"]
    assert "?force=true" in answer.json()["detail"]
    assert Reading.objects.count() == 2
    assert rest("trainer").delete(f"{url}?force=perhaps").status_code == 422
    assert rest("trainer").delete(f"{url}?force=true").status_code == 204
    assert not TrainingRun.objects.exists()
    assert list(Machine.objects.values_list("name", flat=True)) == ["Press 5"]
    assert Reading.objects.count() == 1
