"""Giving up files of versions: seen first, never one that is needed, whole whatever happens."""

import datetime as dt
import itertools
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from modelwright.accounts.models import AuditEntry
from modelwright.automation.scheduled import training_cleanup
from modelwright.core.clock import now
from modelwright.registry import retention
from modelwright.registry.errors import VersionNotFoundError
from modelwright.registry.models import ModelAlias, ModelVersion, RetentionRule, Subject
from modelwright.registry.promotion import alias_set, version_promote, version_rollback
from modelwright.registry.retention import files_unlink, plan_of, retention_apply, rule_save
from modelwright.registry.selectors import champion_of
from modelwright.serving.routing import earlier_champions
from tests.people import person, rest
from tests.registry.conftest import MakeVersion

pytestmark = pytest.mark.django_db
TIGHT = {"keep_newest": 1, "keep_days": 0, "keep_champions": 0, "keep_tagged": False}


def subject() -> Subject:
    return Subject.objects.get()


def there(version: ModelVersion) -> bool:
    return (settings.DATA_ROOT / version.artifact_path).exists()


def apply(**more: Any) -> retention.Freed:
    return retention_apply(subject=subject(), user=None, **more)


@pytest.fixture
def five(make_version: MakeVersion, django_capture_on_commit_callbacks: Any) -> list[ModelVersion]:
    return [make_version() for _ in range(5)]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_without_a_rule_nothing_may_be_deleted(five: list[ModelVersion]) -> None:
    assert plan_of(subject(), None).deletable == []
    assert apply().versions == ()


def test_the_dry_run_says_what_goes_and_why_the_rest_stays(five: list[ModelVersion]) -> None:
    alias_set(version=five[1], name="calm", user=None)
    url = f"/api/v1/subjects/{subject().slug}/retention/"
    assert rest("admin").put(url, TIGHT).json()["keep_newest"] == 1
    plan = rest("viewer").get(url).json()
    assert plan["deletable"] == [4, 3, 1]
    assert plan["frees_bytes"] == sum(five[i].size_bytes for i in (0, 2, 3))
    assert plan["rule_is_own"]
    why = {one["version"]: one["kept_for"] for one in plan["versions"]}
    assert why[2] == ["it is named calm"]
    assert why[5] == ["it answers", "it is one of the newest 1"]
    assert all(there(version) for version in five)
    every = rest("viewer").get("/api/v1/retention/plans/").json()
    assert every["frees_bytes"] == plan["frees_bytes"]


def test_only_what_was_seen_goes_and_its_record_stays(
    five: list[ModelVersion], committed: Any
) -> None:
    rule_save(subject=subject(), user=person("admin"), **TIGHT)
    url = f"/api/v1/subjects/{subject().slug}/retention/apply/"
    with committed():
        done = rest("admin").post(url, {"versions": [1, 3, 5]}).json()
    assert done["versions"] == [3, 1]
    assert done["kept"] == {"5": "it answers, it is one of the newest 1"}
    assert [there(version) for version in five] == [False, True, False, True, True]
    assert AuditEntry.objects.filter(verb="version.file_removed").count() == 2
    card = rest("viewer").get(f"/api/v1/subjects/{subject().slug}/versions/1/").json()
    assert card["removed_at"] is not None
    with committed():
        assert rest("admin").post(url, {"versions": [1, 3]}).json()["versions"] == []


def test_the_shared_pool_is_an_administrators(five: list[ModelVersion]) -> None:
    url = f"/api/v1/subjects/{subject().slug}/retention/"
    assert rest("trainer").put(url, TIGHT).status_code == 403
    assert rest("trainer").post(f"{url}apply/", {"versions": [1]}).status_code == 403
    assert rest("admin").put(url, {"keep_newest": -1}).status_code == 422
    assert rest("admin").put(url, {"keep": 1}).status_code == 422
    assert rest("admin").delete(url).status_code == 404


def test_a_version_without_its_file_can_not_answer_again(
    five: list[ModelVersion], committed: Any
) -> None:
    rule_save(subject=subject(), user=person("admin"), **TIGHT)
    stale = ModelVersion.objects.get(number=4)
    with committed():
        apply()
    for call in (
        lambda: version_promote(version=stale, user=None, reason="r"),
        lambda: version_rollback(subject=subject(), user=None, reason="r", to=stale),
        lambda: alias_set(version=stale, name="x", user=None),
    ):
        with pytest.raises(VersionNotFoundError, match=r"deleted on|is gone"):
            call()
    assert champion_of(five[0].subject) == five[4]
    assert earlier_champions(subject()) == []


def test_a_running_test_keeps_its_versions(five: list[ModelVersion]) -> None:
    rule_save(subject=subject(), user=person("admin"), **TIGHT)
    retention.on_hold(lambda ids: {five[0].pk: "somebody needs it"} if five[0].pk in ids else {})
    try:
        plan = plan_of(subject(), retention.rule_of(subject()))
    finally:
        retention._holds.pop()
    assert [version.number for version in plan.deletable] == [4, 3, 2]


def test_a_process_killed_before_the_files_go_leaves_them_to_the_next(
    five: list[ModelVersion],
) -> None:
    rule_save(subject=subject(), user=person("admin"), **TIGHT)
    apply()  # its commit's callbacks never run here
    assert there(five[0])
    assert files_unlink() == 4
    assert not there(five[0])
    assert there(five[4])
    assert files_unlink() == 0


def test_the_clean_up_follows_active_rules_only(five: list[ModelVersion]) -> None:
    rule_save(subject=None, user=person("admin"), **TIGHT)
    assert training_cleanup.work(lambda *_: None)["files_given_up"] == 0
    rule_save(subject=None, user=person("admin"), is_active=True)
    done = training_cleanup.work(lambda *_: None)
    assert done["files_given_up"] == 4
    assert "model files given up: 4" in done["message"]
    assert training_cleanup.work(lambda *_: None)["files_given_up"] == 0


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    newest=st.integers(0, 6),
    days=st.integers(0, 40),
    champions=st.integers(0, 4),
    tagged=st.booleans(),
    ages=st.lists(st.integers(0, 60), min_size=5, max_size=5),
    tags=st.lists(st.booleans(), min_size=5, max_size=5),
    answering=st.integers(0, 4),
    named=st.sets(st.integers(0, 4)),
)
def test_whatever_the_rule_what_is_needed_is_kept(
    five: list[ModelVersion], newest: int, days: int, champions: int, tagged: bool,
    ages: list[int], tags: list[bool], answering: int, named: set[int],
) -> None:  # fmt: skip
    ModelAlias.objects.exclude(name="champion").delete()
    ModelAlias.objects.filter(name="champion").update(version=five[answering])
    for i, version in enumerate(five):
        ModelVersion.objects.filter(pk=version.pk).update(
            created_at=now() - dt.timedelta(days=ages[i], hours=1),
            tags=["t"] if tags[i] else [],
        )
        if i in named:
            ModelAlias.objects.create(subject=subject(), name=f"n{i}", version=version)
    rule = RetentionRule(
        keep_newest=newest, keep_days=days, keep_champions=champions, keep_tagged=tagged
    )
    gone = {version.number - 1 for version in plan_of(subject(), rule).deletable}
    assert answering not in gone
    assert not gone & named
    assert gone <= set(range(5 - min(newest, 5)))
    assert not (tagged and gone & {i for i in range(5) if tags[i]})
    assert not any(ages[i] < days for i in gone)
    before = [i for i in (4, 3, 2, 1, 0) if i != answering]  # each of them answered, in this order
    assert not gone & set(itertools.islice(before, champions))
