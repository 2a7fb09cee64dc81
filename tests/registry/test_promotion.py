"""Which version answers: one at every moment, and every change with its reason."""

import itertools
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from modelwright.accounts.models import AuditEntry
from modelwright.core.errors import InvalidInputError
from modelwright.registry.errors import (
    ArtifactChangedError,
    ChampionChangedError,
    NothingToRollBackError,
)
from modelwright.registry.models import ModelAlias, ModelVersion, Promotion, Subject
from modelwright.registry.promotion import (
    alias_remove,
    alias_set,
    on_champion,
    promotion_mode_change,
    version_promote,
    version_rollback,
)
from modelwright.registry.removal import model_run_delete
from modelwright.registry.selectors import champion_of, subject_get
from tests.killing import killed_before
from tests.registry.conftest import MakeVersion

SUBJECT = "future_skills:table.csv"


def subject() -> Subject:
    return Subject.objects.get(key=SUBJECT)


def promote(version: ModelVersion, **more: object) -> Promotion | None:
    return version_promote(version=version, user=None, reason="better", **more)  # type: ignore[arg-type]


def test_the_newest_version_answers_until_somebody_chooses(make_version: MakeVersion) -> None:
    first, second = make_version(), make_version()
    assert champion_of(SUBJECT) == second
    promote(first)
    third = make_version()
    assert champion_of(SUBJECT) == first
    assert third.parent == first


def test_the_newest_answers_again_where_the_mode_says_so(make_version: MakeVersion) -> None:
    first, _ = make_version(), make_version()
    promote(first)
    promotion_mode_change(subject=subject(), mode="newest", user=None)
    assert champion_of(make_version().subject) == ModelVersion.objects.order_by("-number").first()
    with pytest.raises(InvalidInputError, match="newest, manual"):
        promotion_mode_change(subject=subject(), mode="sometimes", user=None)


def test_every_change_is_written_down_with_its_reason(make_version: MakeVersion) -> None:
    first, second = make_version(), make_version()
    version_promote(version=first, user=None, reason="calmer", evidence={"ab_test": "x"})
    change = Promotion.objects.first()
    assert change is not None
    assert (change.kind, change.from_version, change.to_version) == ("promoted", second, first)
    assert (change.reason, change.evidence) == ("calmer", {"ab_test": "x"})
    entry = AuditEntry.objects.filter(verb="champion.changed").order_by("-id").first()
    assert entry is not None
    assert entry.before == {"champion": second.name}
    assert entry.after == {"champion": first.name, "kind": "promoted", "reason": "calmer"}


def test_promoting_the_champion_changes_nothing(make_version: MakeVersion) -> None:
    version = make_version()
    count = Promotion.objects.count()
    assert promote(version) is None
    assert Promotion.objects.count() == count


def test_a_champion_that_changed_meanwhile_is_not_overrun(make_version: MakeVersion) -> None:
    first, second, third = make_version(), make_version(), make_version()
    promote(second, expected=third)
    with pytest.raises(ChampionChangedError):
        promote(first, expected=third)
    assert champion_of(SUBJECT) == second


def test_a_rollback_goes_to_the_champion_before(make_version: MakeVersion) -> None:
    first, second, third = make_version(), make_version(), make_version()
    version_rollback(subject=subject(), user=None, reason="worse")
    assert champion_of(SUBJECT) == second
    version_rollback(subject=subject(), user=None, reason="worse too")
    assert champion_of(SUBJECT) == first  # not back to what was rejected
    with pytest.raises(NothingToRollBackError):
        version_rollback(subject=subject(), user=None, reason="and on")
    version_rollback(subject=subject(), user=None, reason="to any", to=third)
    assert champion_of(SUBJECT) == third


def test_a_version_whose_bytes_differ_is_never_promoted(make_version: MakeVersion) -> None:
    first, second = make_version(), make_version()
    path = Path(settings.DATA_ROOT) / first.artifact_path
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(ArtifactChangedError):
        promote(first)
    with pytest.raises(ArtifactChangedError):
        version_rollback(subject=subject(), user=None, reason="back")
    assert champion_of(SUBJECT) == second


def test_a_deleted_champion_leaves_its_place_to_the_newest(make_version: MakeVersion) -> None:
    first, second, third = make_version(), make_version(), make_version()
    promote(first)
    model_run_delete(run=first.run, user=None)
    assert champion_of(SUBJECT) == third
    model_run_delete(run=second.run, user=None)
    model_run_delete(run=third.run, user=None)
    assert champion_of(SUBJECT) is None
    assert not ModelAlias.objects.exists()


def test_a_challenger_that_is_promoted_is_none_any_more(make_version: MakeVersion) -> None:
    first, _ = make_version(), make_version()
    alias_set(version=first, name="challenger", user=None)
    alias_set(version=first, name="calm", user=None)
    promote(first)
    assert sorted(first.aliases.values_list("name", flat=True)) == ["calm", "champion"]
    assert alias_remove(subject=subject(), name="calm", user=None)
    assert not alias_remove(subject=subject(), name="calm", user=None)


@pytest.mark.parametrize("name", ["champion", "v1", "12", "latest", "newest", "", "A", "a b", "ä"])
def test_an_alias_is_no_number_and_no_champion(make_version: MakeVersion, name: str) -> None:
    with pytest.raises(InvalidInputError):
        alias_set(version=make_version(), name=name, user=None)


def test_a_subject_is_found_by_slug_id_and_training(make_version: MakeVersion) -> None:
    version = make_version()
    other = make_version("random_forest:table.csv:target")
    assert subject_get(subject().slug) == subject_get(str(subject().pk)) == subject()
    assert subject_get(str(version.run_id)) == subject()
    assert subject_get(str(other.run_id)) != subject()
    assert Subject.objects.values_list("slug").distinct().count() == 2


def test_whoever_wants_to_know_is_told_in_the_same_transaction(make_version: MakeVersion) -> None:
    heard = []

    def hook(of: Subject, before: ModelVersion | None, after: ModelVersion | None) -> None:
        if of.key == "told:table.csv":
            heard.append((before, after, connection.in_atomic_block))

    on_champion(hook)
    first = make_version("told:table.csv")
    assert heard == [(None, first, True)]


@pytest.mark.django_db(transaction=True)
def test_fifty_promotions_at_once_leave_one_champion_and_no_reader_without(
    make_version: MakeVersion,
) -> None:
    versions = [make_version(), make_version()]
    seen: set[int] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            rows = ModelAlias.objects.filter(name="champion", subject__key=SUBJECT)
            seen.add(len(list(rows)))
        connection.close()

    def change(version: ModelVersion) -> None:
        for _ in range(5):
            promote(version)
        connection.close()

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=change, args=(versions[i % 2],)) for i in range(10)]
    reader.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen == {1}
    chain = list(Promotion.objects.order_by("id").values_list("from_number", "to_number"))
    assert all(after[0] == before[1] for before, after in itertools.pairwise(chain))


@pytest.mark.django_db(transaction=True)
def test_a_kill_at_any_statement_of_a_promotion_leaves_the_old_champion_or_the_new(
    make_version: MakeVersion,
) -> None:
    first, second = make_version(), make_version()
    promote(first)
    noted = Promotion.objects.count()
    statement = 1
    while killed_before(statement, lambda: promote(second)):
        assert champion_of(SUBJECT) == first, statement
        assert ModelAlias.objects.filter(name="champion").count() == 1
        assert Promotion.objects.count() == noted
        statement += 1
    assert statement > 5
    assert champion_of(SUBJECT) == second
    assert Promotion.objects.count() == noted + 1
