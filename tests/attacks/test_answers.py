"""Classes C, I, J and N over one walk: what every answer holds, and what it never does."""

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelwright.engine.artifacts import write_artifact
from modelwright.registry.models import ModelVersion, Subject
from modelwright.runs.training_kind import ARTIFACT_NAME
from tests.attacks.visits import MARK, Unpickled, Visit, visits
from tests.attacks.world import World, a_version
from tests.people import browser, person, rest

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

# Looking at a test counts what has come since: the same whoever looks, and however often.
COUNTS_WHEN_LOOKED_AT = {
    "api/v1/model-performance/ab-test/<str:test_id>/results/",
    "ui/ab-tests/<uuid:test_id>",
}
# For administrators alone: which disk is how full.
TELLS_OF_DISKS = {"metrics", "ui/status"}
GUARDS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
WALKERS = ("admin", "viewer", "stranger", "anonymous")
HOME = str(settings.HOME).encode()
INSIDES = (b"Traceback", b"site-packages", b"SELECT ", b"sqlite3", HOME)


@pytest.fixture
def walk(db: None) -> list[Visit]:
    return [visit for who in WALKERS for visit in visits(who)]


def guarded(headers: Any) -> bool:
    policy = headers.get("content-security-policy", "")
    scripts = [part.split() for part in policy.split(";") if part.strip().startswith("script-src")]
    closed = policy.startswith("default-src 'none'")
    return (
        all(headers.get(name) == value for name, value in GUARDS.items())
        and (closed or scripts == [["script-src", "'self'"]])
        and "frame-ancestors 'none'" in policy
        and "object-src 'none'" in policy
        and "camera=()" in headers.get("permissions-policy", "")
        and not {"server", "x-powered-by"} & set(headers)
    )


def test_the_walk_saw_something(db: None) -> None:
    seen = visits("admin")
    assert len(seen) > 170
    assert len([v for v in seen if v.status == 200]) > 80
    assert len([v for v in seen if MARK[4:12].encode() in v.body or b"&lt;img" in v.body]) > 20


def test_no_answer_is_an_error_of_the_server(walk: list[Visit]) -> None:
    assert [str(v) for v in walk if v.status >= 500 and v.route != "readyz"] == []


def test_every_answer_has_its_guards(walk: list[Visit]) -> None:
    assert [str(v) for v in walk if not guarded(v.headers)] == []


def test_no_answer_lets_another_site_read_it(walk: list[Visit]) -> None:
    named = [(str(v), name) for v in walk for name in v.headers if name.startswith("access-contr")]
    assert named == []


def test_looking_changes_nothing(walk: list[Visit]) -> None:
    """A link, an image or a prefetch can't do anything."""
    wrote = [f"{v}: {v.writes}" for v in walk if v.writes and v.route not in COUNTS_WHEN_LOOKED_AT]
    assert wrote == []


def test_no_answer_tells_how_the_server_is_made(walk: list[Visit]) -> None:
    told = [(v, word) for v in walk for word in INSIDES if word in v.body]
    assert [
        (str(v), word)
        for v, word in told
        if not (word == HOME and v.who == "admin" and v.route in TELLS_OF_DISKS)
    ] == []


def test_a_stranger_is_told_of_nothing(db: None) -> None:
    marks = (MARK.encode(), b"&lt;img src=x", b"onerror=alert")
    for who in ("stranger", "anonymous"):
        assert [str(v) for v in visits(who) if any(mark in v.body for mark in marks)] == []


class Page(HTMLParser):
    """Finds what could run in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._data = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._data = tag == "script" and values.get("type") in ("application/json",)
        if tag == "script" and not self._data and not values.get("src"):
            self.found.append("inline script")
        if tag in ("iframe", "object", "embed", "base") or values.get("src") == "x":
            self.found.append(tag)
        for name, value in attrs:
            text = (value or "").strip().lower()
            if name.startswith("on") or text.startswith(("javascript:", "data:text", "vbscript:")):
                self.found.append(f"{tag} {name}={value}")

    def handle_endtag(self, tag: str) -> None:
        self._data = False

    def handle_data(self, data: str) -> None:
        if self._data:
            json.loads(data)  # whole, so no mark closed it


def test_nothing_that_a_user_wrote_runs_in_a_page(walk: list[Visit]) -> None:
    guilty = []
    for visit in walk:
        kind = visit.headers.get("content-type", "")
        if kind.startswith("text/html"):
            guilty += [(str(visit), found) for found in Page(visit.body.decode()).found]
        elif MARK[4:20].encode() in visit.body:
            # what is no page says so, and is believed (nosniff)
            safe = ("application/json", "text/csv", "application/vnd.oai", "application/octet")
            if not kind.startswith(safe):
                guilty.append((str(visit), kind))
    assert guilty == []


def test_no_template_is_made_of_what_a_user_wrote(walk: list[Visit]) -> None:
    assert [str(v) for v in walk if b"</script>49" in v.body or b"&gt;49" in v.body] == []


def test_downloads_are_saved_and_never_shown(db: None) -> None:
    shown_kinds = (
        "text/html",
        "application/json",
        "text/event-stream",
        "application/javascript",
        "text/javascript",
    )
    for visit in visits("admin"):
        kind = visit.headers.get("content-type", "")
        if visit.status == 200 and kind and not kind.startswith(shown_kinds):
            is_for_programs = visit.route in ("openapi.json", "metrics")
            disposition = visit.headers.get("content-disposition", "")
            assert is_for_programs or disposition.startswith("attachment"), str(visit)


def test_no_number_is_nan_in_json(walk: list[Visit]) -> None:
    def refuse(name: str) -> None:
        raise ValueError(name)

    for visit in walk:
        if visit.headers.get("content-type", "").startswith("application/json") and visit.body:
            json.loads(visit.body, parse_constant=refuse)


def test_static_files_and_refusals_have_their_guards() -> None:
    for url in ("/static/modelwright/app.js", "/static/modelwright/mark.svg", "/static/nothing.js"):
        answer = Client().get(url)
        assert guarded({k.lower(): v for k, v in answer.headers.items()}), url
    refused = Client().get("/login", headers={"Host": "evil.com"})
    assert refused.status_code == 400
    assert guarded({k.lower(): v for k, v in refused.headers.items()})
    without_token = browser("viewer").post("/ui/account/tokens")
    assert without_token.status_code == 403
    assert guarded({k.lower(): v for k, v in without_token.headers.items()})


def test_no_template_holds_a_script_or_a_handler() -> None:
    root = Path(settings.BASE_DIR if hasattr(settings, "BASE_DIR") else "src/modelwright")
    guilty = []
    for path in root.rglob("*.html"):
        text = path.read_text()
        guilty += [(path.name, m) for m in re.findall(r"<script(?![^>]*(?:src=|json))[^>]*>", text)]
        guilty += [(path.name, m) for m in re.findall(r"\son[a-z]+\s*=\s*[\"']", text)]
        guilty += [(path.name, m) for m in re.findall(r"javascript:|hx-on|\|\s*safe\b", text)]
    assert guilty == []


class Bomb:
    """What pickle runs when it is opened: it writes down who opened it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (exec, (f"import os; open({str(self.path)!r}, 'a').write(f'{{os.getpid()}} ')",))


@pytest.fixture
def bomb(tmp_path: Path, db: None) -> tuple[ModelVersion, Path]:
    """Return a version, recorded and signed as ours are, that is a bomb, and where it writes."""
    canary, file = tmp_path / "opened", tmp_path / "work" / ARTIFACT_NAME
    file.parent.mkdir()
    write_artifact(Bomb(canary), file)
    return a_version("future_skills:bomb", content=file.read_bytes()), canary


def test_no_address_opens_a_pickle_in_the_web_server(
    bomb: tuple[ModelVersion, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    version, canary = bomb
    world, heard = World(), Unpickled()
    number, admin = version.run.number, rest("admin")
    slug = Subject.objects.get(key="future_skills:bomb").slug
    heard.on = True
    try:
        visited = [
            admin.get(f"/api/training/runs/{number}/"),
            admin.get(f"/api/training/runs/{number}/artifact/"),
            admin.get(f"/api/v1/subjects/{slug}/versions/1/"),
            admin.post(f"/api/v1/subjects/{slug}/promote/", {"version": 1, "reason": "x"}),
            admin.post(f"/api/v1/subjects/{slug}/rollback/", {"reason": "x"}),
            browser("admin").get(f"/ui/runs/{number}/model.pkl"),
            browser("admin").get(f"/ui/runs/{number}"),
            browser("admin").get(f"/ui/registry/{slug}"),
            # a table that is a pickle by any name
            *(
                rest("trainer").post(
                    "/api/v1/datasets/",
                    {
                        "file": SimpleUploadedFile(
                            name, Path(canary.parent, "work", ARTIFACT_NAME).read_bytes()
                        )
                    },
                    format="multipart",
                )
                for name in ("table.pkl", "table.csv", "table.parquet", "table.joblib")
            ),
        ]
        answered = admin.post(f"/api/v1/models/{slug}/predict/", {"row": {"a": 1}})
    finally:
        heard.on = False
    assert person(world.owner)
    assert [a.status_code for a in visited if a.status_code >= 500] == []
    assert answered.status_code in (422, 500, 503), answered.content
    opened_by = canary.read_text().split() if canary.exists() else []
    assert str(os.getpid()) not in opened_by
    assert heard.seen == []
    assert opened_by, "the models' own process opens it, so the bomb is a real one"
