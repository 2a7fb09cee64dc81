"""The API's description: complete, valid, and readable by everybody."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema() -> Any:
    return json.loads(Client().get("/openapi.json").content)


def test_it_is_valid_and_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "s.yml"))


def operations(schema: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_says_what_it_is_and_what_it_answers(schema: Any) -> None:
    assert len(operations(schema)) >= 13
    for name, operation in operations(schema):
        assert operation["summary"], name
        assert operation["tags"], name
        assert operation["responses"], name
        for code, answer in operation["responses"].items():
            assert answer["description"] is not None, (name, code)


def test_every_closed_operation_says_401_and_403(schema: Any) -> None:
    for name, operation in operations(schema):
        if "/training/" in name:
            assert {"401", "403"} <= set(operation["responses"]), name


def test_every_refusal_has_an_example(schema: Any) -> None:
    for name, operation in operations(schema):
        for code, answer in operation["responses"].items():
            if code >= "400":
                assert answer["content"]["application/json"]["examples"], (name, code)


def test_the_contracts_fields_are_described(schema: Any) -> None:
    fields = schema["components"]["schemas"]["TrainRequestRequest"]["properties"]
    assert set(fields) == {
        "dataset_path", "test_split", "hyperparameters", "model_version", "notes",
    }  # fmt: skip
    names = {p["name"] for p in schema["paths"]["/api/training/runs/"]["get"]["parameters"]}
    assert names == {
        "page", "page_size", "status", "trained_by", "model_version", "search", "ordering",
    }  # fmt: skip


def test_the_page_brings_its_script_as_a_file() -> None:
    page = Client().get("/docs").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "cdn" not in page.lower()
    for part in page.split("<script")[1:]:
        assert part.startswith(" src="), "no inline script"
    script = Client().get("/docs?script=")
    assert script["Content-Type"] == "application/javascript"
    assert "/openapi.json" in script.content.decode()
    assert Client().get("/docs/").headers["Location"] == "/docs"
