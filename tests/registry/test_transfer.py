"""A version as one signed file: whole on the other side, or nothing of it is used."""

import io
import json
import re
import tarfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from modelwright.catalog.models import Machine
from modelwright.core.errors import ModelwrightError
from modelwright.core.models import counter_next
from modelwright.registry.bundles import bundle_make, bundle_read
from modelwright.registry.errors import SignerUnknownError
from modelwright.registry.keys import bundle_key, bundle_signer
from modelwright.registry.models import ModelVersion, Subject
from modelwright.registry.removal import model_run_delete
from modelwright.registry.retention import files_unlink, retention_apply, rule_save
from modelwright.registry.selectors import artifact_open
from modelwright.registry.transfer import Imported, version_export, version_import
from modelwright.runs.models import TrainingRun
from tests.people import person, rest
from tests.registry.conftest import MakeVersion

pytestmark = pytest.mark.django_db
IMPORT = "/api/v1/versions/import/"


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    cache.clear()


@pytest.fixture
def version(make_version: MakeVersion) -> ModelVersion:
    make_version()
    return make_version(metrics={"accuracy": 0.9}, hyperparameters={"n_estimators": 3})


def exported(version: ModelVersion) -> bytes:
    _, bundle = version_export(version)
    whole = b"".join(bundle.pieces())
    assert len(whole) == bundle.size_bytes
    return whole


def elsewhere(version: ModelVersion) -> bytes:
    """Export a version, then forget it and its training: as if this were another server."""
    whole = exported(version)
    model_run_delete(run=version.run, user=None)
    Path(settings.DATA_ROOT / version.artifact_path).unlink(missing_ok=True)
    return whole


def take(whole: bytes, **more: Any) -> Imported:
    return version_import(source=io.BytesIO(whole), user=None, **more)


def refused(whole: bytes, words: str) -> None:
    before = ModelVersion.objects.count()
    with pytest.raises(ModelwrightError, match=words):
        take(whole)
    assert ModelVersion.objects.count() == before
    assert not list(settings.SCRATCH_DIR.glob("import-*"))


def test_it_comes_back_whole(version: ModelVersion) -> None:
    done = take(elsewhere(version))
    made = done.version
    assert done.is_new
    with artifact_open(made) as handle:
        assert handle.read() == b"model 2"
    assert made.run.metrics == {"accuracy": 0.9}
    assert (made.run_id, made.run.trigger_type) == (version.run_id, "imported")
    assert made.origin is not None
    assert (made.origin["version"], made.origin["signer"]) == (2, bundle_signer())
    assert not made.aliases.exists()  # another one answers


def test_the_same_file_twice_is_there_once(version: ModelVersion) -> None:
    whole = elsewhere(version)
    first, second = take(whole), take(whole)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.version == second.version
    assert TrainingRun.objects.count() == 2


def test_a_file_that_was_given_up_comes_back(version: ModelVersion) -> None:
    first = ModelVersion.objects.get(number=1)
    whole = exported(first)
    rule_save(subject=Subject.objects.get(), user=person("admin"), keep_newest=0, keep_days=0,
              keep_champions=0)  # fmt: skip
    retention_apply(subject=Subject.objects.get(), user=None)
    files_unlink()
    assert take(whole).is_new
    first.refresh_from_db()
    artifact_open(first).close()


def test_over_rest(version: ModelVersion) -> None:
    slug = Subject.objects.get().slug
    answer = rest("viewer").get(f"/api/v1/subjects/{slug}/versions/2/export/")
    whole = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == 'attachment; filename="v2.modelwright"'
    assert int(answer["Content-Length"]) == len(whole)
    model_run_delete(run=version.run, user=None)

    def post(who: str, content: bytes, **more: str) -> Any:
        file = SimpleUploadedFile("v2.modelwright", content)
        return rest(who).post(IMPORT, {"file": file, **more}, format="multipart")

    made = post("trainer", whole)
    assert made.status_code == 201, made.content
    assert made.json()["subject"] == slug
    assert post("trainer", whole).status_code == 200
    assert post("viewer", whole).status_code == 403
    assert post("trainer", whole[:-1600]).json()["code"] == "bundle_refused"
    assert post("trainer", whole, subject="nothing").status_code == 404
    assert rest("viewer").get("/api/v1/versions/signer/").json() == {"signer": bundle_signer()}


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_wherever_it_is(version: ModelVersion, at: int, bit: int) -> None:
    whole = bytearray(exported(version))
    whole[at % len(whole)] ^= 1 << bit
    into = settings.SCRATCH_DIR / "flipped"
    with pytest.raises(ModelwrightError):
        bundle_read(io.BytesIO(whole), into, trusted={bundle_signer()}, max_bytes=10**6)
    assert not into.exists()


def test_a_signature_is_spelled_in_one_way(version: ModelVersion) -> None:
    whole = bytearray(exported(version))
    at = re.search(rb"[0-9a-f]{128}", whole).start()  # type: ignore[union-attr]
    whole[at : at + 128] = whole[at : at + 128].upper()
    refused(bytes(whole), "changed after it was signed")


def test_a_changed_head_is_refused_though_its_checksum_fits(version: ModelVersion) -> None:
    whole = exported(version)
    head = tarfile.TarInfo("manifest.json")
    head.size = tarfile.TarInfo.frombuf(whole[:512], "utf-8", "strict").size
    head.mtime = 1
    refused(head.tobuf(tarfile.GNU_FORMAT) + whole[512:], "head of 'manifest.json' was changed")


@pytest.mark.parametrize("keep", [0, 1, 511, 512, 700, -1, -513, -1024, -1025, -1537])
def test_a_file_cut_short_is_refused(version: ModelVersion, keep: int) -> None:
    refused(exported(version)[:keep], "damaged one")


def test_what_follows_the_end_is_refused(version: ModelVersion) -> None:
    refused(exported(version) + bytes(512), "something follows the model")


def test_a_stranger_s_signature_is_refused(version: ModelVersion, settings: Any) -> None:
    stranger = SigningKey.generate()
    whole = _signed(version, stranger)
    model_run_delete(run=version.run, user=None)
    with pytest.raises(SignerUnknownError, match="TRUSTED_SIGNERS") as error:
        take(whole)
    settings.TRUSTED_SIGNERS = [error.value.data["signer"]]
    assert take(whole).is_new


def _signed(version: ModelVersion, key: SigningKey, changes: dict[str, Any] | None = None) -> bytes:
    """Return a file with another manifest, signed by `key`."""
    first = tarfile.open(fileobj=io.BytesIO(exported(version)))  # noqa: SIM115
    manifest = json.load(first.extractfile("manifest.json"))  # type: ignore[arg-type]
    del manifest["signer"]
    manifest |= changes or {}
    with artifact_open(version) as model:
        size = version.size_bytes
        bundle = bundle_make(manifest, model, name="model.pkl", size=size, key=key)
        return b"".join(bundle.pieces())


def test_a_manifest_of_somebody_else_s_signature_is_refused(version: ModelVersion) -> None:
    mine, theirs = exported(version), _signed(version, SigningKey.generate())
    start = mine.index(b"\0signature") + 1 if b"\0signature" in mine else mine.index(b"signature\0")
    assert len(mine) == len(theirs)
    mixed = mine[:start] + theirs[start:]
    refused(mixed, "changed after it was signed")


def _tar(*members: tuple[str, bytes, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize(
    "whole",
    [
        b"PK\x03\x04 a zip",
        b"\x1f\x8b\x08 a gzip" + bytes(2000),
        _tar(("../../etc/cron.d/x", tarfile.REGTYPE, b"x")),
        _tar(("/etc/passwd", tarfile.REGTYPE, b"x")),
        _tar(("manifest.json", tarfile.SYMTYPE, b"")),
        _tar(("manifest.json", tarfile.LNKTYPE, b"")),
        _tar(("ü" * 200, tarfile.REGTYPE, b"x")),
        _tar(("manifest.json", tarfile.REGTYPE, b"[" * 100_000)),
        _tar(("manifest.json", tarfile.REGTYPE, b"{}"), ("signature", tarfile.REGTYPE, b"00")),
    ],
    ids=["zip", "gzip", "traversal", "absolute", "symlink", "hardlink", "pax", "deep", "empty"],
)
def test_what_is_no_export_is_refused(version: ModelVersion, whole: bytes) -> None:
    refused(whole, "no exported version")


def test_a_size_that_lies_is_refused_before_it_is_read(
    version: ModelVersion, settings: Any
) -> None:
    huge = tarfile.TarInfo("manifest.json")
    huge.size = 10**12
    refused(huge.tobuf(tarfile.GNU_FORMAT), "1,000,000,000,000 bytes")
    whole = exported(version)
    settings.IMPORT_MAX_BYTES = 3
    refused(whole, "3 are allowed")


def test_names_are_never_paths(version: ModelVersion) -> None:
    said = {"name": "../../x", "number": 2, "tags": [], "notes": "", "created_at": "2026-01-01"}
    whole = _signed(version, bundle_key(), changes={"version": said})
    model_run_delete(run=version.run, user=None)
    made = take(whole).version
    assert made.artifact_path.count("/") == settings.MODELS_PREFIX.count("/") + 1
    assert ".." not in Path(made.artifact_path).parts


def test_a_manifest_that_lacks_something_is_refused(version: ModelVersion) -> None:
    whole = _signed(version, bundle_key(), changes={"run": {"id": str(uuid.uuid4())}})
    refused(whole, "can't be used")


def test_a_machine_s_model_needs_its_machine(make_version: MakeVersion) -> None:
    old = Machine.objects.create(number=counter_next("machine"), name="There")
    version = make_version(f"baseline:machine:{old.pk}", machine=old, model_type="baseline")
    whole = elsewhere(version)
    Subject.objects.all().delete()
    old.delete()
    refused(whole, "of which machine")
    own = Machine.objects.create(number=counter_next("machine"), name="Here")
    made = take(whole, machine=own).version
    assert (made.run.machine, made.is_plain) == (own, True)
    assert made.aliases.get().name == "champion"  # nothing else answers
