"""Every operation of the REST description, asked as its schema allows and as it forbids.

The answer must be one that the description names: its status, its kind of content, and its form.
MODELWRIGHT_TEST_EXAMPLES says how many requests each person sends to each operation.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup

from modelwright.accounts.services import token_create
from modelwright.api.schema_views import schema_json
from modelwright.core.limits import limits_forget
from tests.attacks.test_inputs import faults
from tests.attacks.world import World
from tests.people import person
from tests.routes import OURS

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600)]

EXAMPLES = int(os.environ.get("MODELWRIGHT_TEST_EXAMPLES", "2"))
checks.load_all_checks()
CHECKS = checks.CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    ]
)
application = WSGIHandler()


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests keep the test's connection, with all that the test can take back."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def place_of(world: World, path: str) -> dict[str, Any]:
    """Return values for the parameters of an operation's path that lead to something."""
    (route,) = (r for r in OURS if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", r) == path.lstrip("/"))
    values = world.parameters(route)
    return {name: str(values[name]) for name in re.findall(r"{(\w+)}", path)}


def ways(operation: Any, place: dict[str, Any]) -> Iterator[tuple[GenerationMode, Any]]:
    """Return how to ask: as allowed, as forbidden, and for what isn't there."""
    yield GenerationMode.POSITIVE, place
    if len(operation.query) or len(operation.body):
        yield GenerationMode.NEGATIVE, place
    if place:
        yield GenerationMode.POSITIVE, None


def drawn(operation: Any, mode: GenerationMode, place: dict[str, Any] | None) -> list[Any]:
    """Return requests to an operation, the same ones each time."""
    found: list[Any] = []

    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=place))
    def draw(case: Any) -> None:
        if "format" not in (case.query or {}):  # the stream of events has no end
            found.append(case)

    with contextlib.suppress(Unsatisfiable):  # nothing is forbidden
        draw()
    return found


def wrong_with(case: Any, headers: dict[str, str]) -> str:
    """Send a request, take back what it did, and return what is wrong with the answer."""
    limits_forget()
    with transaction.atomic():
        answer = case.call(app=application, headers=headers)
        transaction.set_rollback(True)
    wrong = faults(answer.status_code, answer.content, case.operation.label)
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failure:
        wrong += [str(each) for each in failure.exceptions]
    return "\n".join(wrong)


@pytest.mark.parametrize("who", ["admin", "trainer", "stranger"])
def test_no_answer_is_one_that_the_description_does_not_name(
    who: str, silent_bell: list[str], one_connection: None
) -> None:
    world = World()
    headers = {"Authorization": f"Token {token_create(user=person(who))}", "Prefer": "wait=0"}
    wrong = []
    described = schemathesis.openapi.from_dict(json.loads(schema_json()))
    for found in described.get_all_operations():
        operation = found.ok()
        for mode, place in ways(operation, place_of(world, operation.path)):
            for case in drawn(operation, mode, place):
                if fault := wrong_with(case, headers):
                    wrong.append(f"{who} {operation.label}: {fault}")
    assert not wrong, "\n".join(wrong)
