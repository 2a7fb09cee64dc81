"""The quick way to a prediction: the answers of the long one, and nothing that it would refuse."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from knox.models import AuthToken

from modelwright.accounts.models import User
from modelwright.api.quick_grants import SECONDS
from modelwright.api.quick_predict import QuickPredict
from modelwright.registry.models import ModelVersion
from modelwright.registry.promotion import version_promote
from modelwright.serving.hosting import host
from modelwright.serving.journaling import journal
from modelwright.serving.models import Actual, Prediction, ServingSettings
from tests.people import person, rest
from tests.serving.conftest import ROW, TrainVersion, subject_of, train_version  # noqa: F401
from tests.serving.test_predict import ACTUALS, URL

ROWS = [{**ROW, "trend_score": i / 50, "skill_name": f"Skill \u00e9 {i}"} for i in range(20)]


class Way:
    """The quick way over a server that only says that it was asked.

    One event loop for all requests, as in a server.
    """

    def __init__(self) -> None:
        self.app = QuickPredict(self._long)
        self.passed_on: list[bytes] = []
        self.runner = asyncio.Runner()

    async def _long(self, _scope: Any, receive: Any, send: Any) -> None:
        event = await receive()
        self.passed_on.append(event["body"])
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def ask(self, *who: str, raw: bytes | None = None, **body: Any) -> tuple[int, Any]:
        """Ask as somebody, or with the bytes of a header of one's own."""
        sent = json.dumps(body).encode() if raw is None else raw
        return self.request(sent, authorization=who[0] if who else token("viewer"))[:2]

    def later(self) -> None:
        """Let the second pass that a grant is good for where the database tells of no commit."""
        if connection.vendor != "sqlite" and self.app._grants is not None:
            for known in self.app._grants._known.values():
                known.until -= SECONDS

    def request(self, sent: bytes, **headers: str) -> tuple[int, Any, dict[str, str]]:
        return self.runner.run(self.arequest(sent, **headers))

    async def arequest(self, sent: bytes, **extra: str) -> tuple[int, Any, dict[str, str]]:
        headers = {
            "host": "localhost",
            "content-type": "application/json",
            "content-length": str(len(sent)),
            **{name.replace("_", "-"): value for name, value in extra.items()},
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": headers.pop("path", URL),
            "query_string": headers.pop("query", "").encode(),
            "scheme": "http",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
        events: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": sent, "more_body": False}

        async def send(event: Any) -> None:
            events.append(event)

        await self.app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in events[0]["headers"]}
        return events[0]["status"], json.loads(events[1]["body"]), told


_tokens: dict[str, str] = {}


def token(name: str) -> str:
    """Return a header with one token for each person."""
    return _tokens.setdefault(name, rest(name)._credentials["HTTP_AUTHORIZATION"])


@pytest.fixture
def way(transactional_db: None) -> Iterator[Way]:
    _tokens.clear()
    found = Way()
    yield found
    if found.app._grants is not None:
        found.app._grants.close()
    found.runner.close()
    journal.settle()


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        **answer,
        "predictions": [
            {name: value for name, value in one.items() if name != "prediction_id"}
            for one in answer["predictions"]
        ],
    }


def columns() -> dict[str, list[Any]]:
    return {name: [row[name] for row in ROWS] for name in ROW}


PLAIN: list[dict[str, Any]] = [
    {"row": ROW},
    {"row": {**ROW, "training_requests": 12.5, "note": None, "is_new": True}},
    {"rows": ROWS},
    {"columns": columns(), "keys": [f"k{i}" for i in range(20)]},
]


def test_plain_rows_are_answered_and_kept_as_on_the_long_way(
    way: Way,
    train_version: TrainVersion,  # noqa: F811
) -> None:
    train_version(n_estimators=20)
    for body in PLAIN:
        Prediction.objects.all().delete()
        status, answer = way.ask(**body)
        assert (status, way.passed_on) == (200, [])
        expected = rest("viewer").post(URL, body).json()
        assert without_ids(answer) == without_ids(expected)
        journal.settle()
        kept = [row.__dict__ for row in Prediction.objects.order_by("id")]
        half = len(kept) // 2  # those of the long way came first: they were not in the journal
        for name in ("key", "label", "value", "details", "inputs", "version_id", "user_id", "role"):
            assert [row[name] for row in kept[:half]] == [row[name] for row in kept[half:]], name
        ids = {str(row["request_id"]) for row in kept[half:]}
        assert ids == {one["prediction_id"] for one in answer["predictions"]}


def test_the_answer_has_the_headers_of_the_long_one(
    way: Way,
    train_version: TrainVersion,  # noqa: F811
) -> None:
    train_version()
    _, _, quick = way.request(json.dumps({"row": ROW}).encode(), authorization=token("viewer"))
    long = {k.lower(): v for k, v in rest("viewer").post(URL, {"row": ROW}).headers.items()}
    own = {"x-request-id", "content-length"}
    not_of_answers = {"allow", "vary"}  # no cache keeps the answer to a POST
    assert {k: v for k, v in quick.items() if k not in own} == {
        k: v for k, v in long.items() if k not in own | not_of_answers
    }


NOT_PLAIN: list[dict[str, Any]] = [
    {},
    {"row": ROW, "explain": True},
    {"row": ROW, "version": "1"},
    {"row": ROW, "time": "2026-03-01T08:00:00Z"},
    {"row": {**ROW, "trend_score": "high"}},
    {"row": {**ROW, "trend_score": None}},
    {"row": {k: v for k, v in ROW.items() if k != "trend_score"}},
    {"row": {**ROW, "other": [1]}},
]


def test_whatever_is_not_plain_is_passed_on_with_its_body(way: Way, champion: ModelVersion) -> None:
    bodies = [*(json.dumps(body).encode() for body in NOT_PLAIN), b"", b"{", b"\xff", b"[" * 9000]
    for sent in bodies:
        assert way.ask(raw=sent)[0] == 299, sent
    assert way.passed_on == bodies
    journal.settle()
    assert not Prediction.objects.exists()


ODD: list[dict[str, str]] = [
    {"authorization": "Token " + "0" * 64},
    {"authorization": "Bearer abc"},
    {"authorization": ""},
    {"host": "evil.example"},
    {"content_type": "text/csv"},
    {"content_encoding": "gzip"},
    {"accept": "text/html"},
    {"query": "version=1"},
    {"path": "/api/v1/models/none/predict/"},
    {"path": "/api/v1/models/future-skills/actuals/"},
    {"content_length": "99999999"},
]


def test_who_or_what_is_odd_is_passed_on(way: Way, champion: ModelVersion) -> None:
    sent = json.dumps({"row": ROW}).encode()
    for headers in ODD:
        asked = {"authorization": token("viewer"), **headers}
        assert way.request(sent, **asked)[0] == 299, headers
    assert way.ask(token("stranger"), row=ROW)[0] == 299


@pytest.fixture
def champion(train_version: TrainVersion) -> ModelVersion:  # noqa: F811
    return train_version()


def test_what_is_taken_back_is_taken_back_at_once(way: Way, champion: ModelVersion) -> None:
    viewer = person("viewer")

    def in_and_out(take: Callable[[], object], give: Callable[[], object]) -> None:
        mine = token("viewer")
        assert way.ask(mine, row=ROW)[0] == 200
        take()
        way.later()
        assert way.ask(mine, row=ROW)[0] == 299
        give()
        way.later()

    groups = list(viewer.groups.all())
    in_and_out(viewer.groups.clear, lambda: viewer.groups.set(groups))
    mine = User.objects.filter(pk=viewer.pk)
    in_and_out(lambda: mine.update(is_active=False), lambda: mine.update(is_active=True))
    in_and_out(AuthToken.objects.all().delete, _tokens.clear)


def test_a_promotion_counts_from_the_next_request_on(
    way: Way,
    train_version: TrainVersion,  # noqa: F811
) -> None:
    versions = [train_version(), train_version(n_estimators=6)]
    for i in range(4):
        version_promote(version=versions[i % 2], user=None, reason="in turn")
        way.later()
        assert way.ask(row=ROW)[1]["version"] == versions[i % 2].number


def test_many_at_once_are_each_answered(way: Way, champion: ModelVersion) -> None:
    mine, sent = token("viewer"), json.dumps({"row": ROW}).encode()

    async def all_of_them() -> list[int]:
        asked: list[Awaitable[Any]] = [way.arequest(sent, authorization=mine) for _ in range(40)]
        return [found[0] for found in await asyncio.gather(*asked)]

    assert way.runner.run(all_of_them()) == [200] * 40
    journal.settle()
    assert Prediction.objects.count() == 40


def test_too_many_are_left_to_the_long_way_to_refuse(
    way: Way, champion: ModelVersion, settings: Any
) -> None:
    settings.RATES = {**settings.RATES, "predict": "3/day"}
    statuses = []
    for _ in range(6):
        statuses.append(way.ask(row=ROW)[0])
        person("viewer").save()  # a commit: what was used is counted
        way.later()
    assert statuses[-1] == 299
    assert rest("viewer").post(URL, {"row": ROW}).status_code == 429


def test_a_dead_process_of_models_costs_no_request(way: Way, champion: ModelVersion) -> None:
    assert way.ask(row=ROW)[0] == 200
    host.stop()
    assert way.ask(row=ROW)[0] == 200


def test_what_is_not_to_be_kept_is_not(way: Way, champion: ModelVersion) -> None:
    ServingSettings.objects.create(subject=subject_of(champion), log_share=0)
    assert way.ask(row=ROW)[1]["logged"] is False
    journal.settle()
    assert not Prediction.objects.exists()


def test_a_full_disk_is_left_to_the_long_way(
    way: Way, champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_record: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "append", full)
    assert way.ask(row=ROW)[0] == 299


def test_actuals_meet_what_was_answered_a_moment_ago(way: Way, champion: ModelVersion) -> None:
    given = way.ask(row=ROW, key="emp-1")[1]["predictions"][0]["prediction_id"]
    told = {"actuals": [{"prediction_id": given, "actual": "HIGH"}]}
    assert rest("trainer").post(ACTUALS, told).json()["matched"] == 1
    assert Prediction.objects.get().actual == Actual.objects.get()


def test_the_journal_lies_where_no_request_reaches(champion: ModelVersion) -> None:
    assert settings.SYSTEM_DIR in journal._folder.parents
