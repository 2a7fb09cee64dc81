"""Every trick to reach a file outside the data root through `dataset_path` is refused."""

from pathlib import Path

import pytest
from django.conf import settings

from modelwright.runs.models import TrainingRun
from tests.people import rest

OUTSIDE = [
    "../x",
    "..",
    "../../../../etc/passwd",
    "artifacts/../../x",
    "artifacts/datasets/../../../etc/passwd",
    "artifacts/./../../x",
    "a/../../b",
    "..\\x",
    "..\\..\\etc\\passwd",
    "artifacts\\..\\..\\x",
    "%2e%2e%2fx",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%2fx",
    "%252e%252e%252fx",
    "%25252525252525252525252e%25252525252525252525252e/x",
    "/etc/passwd",
    "//etc/passwd",
    "///etc/passwd",
    "/",
    "//",
    "file:///etc/passwd",
    "file:/etc/passwd",
    "FILE:///etc/passwd",
    "http://127.0.0.1/x.csv",
    "https:///#/../../etc/passwd",
    "s3://bucket/x.csv",
    "C:\\Windows\\win.ini",
    "C:/Windows/win.ini",
    "c:x",
    "\\\\host\\share\\x",
    "//host/share/x",
    "artifacts/;/../../x",
    "artifacts/datasets;/../../../etc/passwd",
    "artifacts/#/../../../etc/passwd",
    "artifacts/?/../../../etc/passwd",
    "artifacts/datasets/x.csv?y=/../../..",
    "artifacts/datasets/x.csv#",
    "x\0.csv",
    "artifacts/datasets/x.csv\0/../../etc/passwd",
    "x\x17.csv",
    "x\n.csv",
    "x\r\n.csv",
    "x\t.csv",
    "x\x7f.csv",
    "x\u200b.csv",
    "x\u202ecsv.",
    "\ufeffx.csv",
    "",
    " ",
    "   ",
    ".",
    "./",
    "./.",
    "a/..",
    "…/x",
    "\uff0e\uff0e/x",
    "\uff0e\uff0e\uff0fx",
    "\u2024\u2024/x",
    "artifacts\u2215x.csv\uff0f..",
    "..\u2044x\uff0e",
    "artifacts/\uff0e\uff0e/\uff0e\uff0e/x",
    "~/x",
    "~root/x",
    "$HOME/x",
    "${HOME}/x",
    "$(id)",
    "`id`",
    "|id",
    "x;id",
    ".env",
    ".ssh/id_rsa",
    "artifacts/.hidden/x.csv",
    "system/secret.key",
    "system/modelwright.sqlite3",
    "system/../system/secret.key",
    "./system/secret.key",
    "artifacts/../system/secret.key",
    "system",
    "a" * 5000,
    "a/" * 2600 + "x",
    "*",
    "artifacts/*/x.csv",
    "artifacts/datasets/",
    "artifacts/datasets",
    "artifacts//datasets//..//..//..//x",
    "con",
    "/dev/zero",
    "/proc/self/environ",
]
NOT_FOUND_BUT_HARMLESS = {
    # plain names below the data root: nothing is there, so the run fails for want of data
    "…/x", "~/x", "~root/x", "$HOME/x", "${HOME}/x", "$(id)", "`id`", "con", "artifacts/datasets/",
    "artifacts/datasets",
}  # fmt: skip


def train(path: str) -> tuple[int, dict[str, object]]:
    answer = rest("trainer").post(
        "/api/training/train/", {"dataset_path": path}, headers={"Prefer": "wait=0"}
    )
    return answer.status_code, answer.json()


@pytest.mark.django_db
@pytest.mark.parametrize("path", [p for p in OUTSIDE if p not in NOT_FOUND_BUT_HARMLESS])
def test_a_path_trick_is_refused(path: str, silent_bell: list[str]) -> None:
    code, body = train(path)
    assert code == 400, body
    assert body["error"] == "Invalid request data"
    assert not TrainingRun.objects.exists()
    assert str(settings.DATA_ROOT) not in str(body)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", sorted(NOT_FOUND_BUT_HARMLESS))
def test_an_odd_name_stays_below_the_root_and_is_not_expanded(path: str, worker: None) -> None:
    answer = rest("trainer").post("/api/training/train/", {"dataset_path": path})
    assert answer.status_code == 400
    assert not TrainingRun.objects.exclude(status="failed").exists()
    assert str(settings.DATA_ROOT) not in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../../../../../etc/passwd", "{home}/system/secret.key"]
)
def test_a_link_that_leads_out_is_refused(target: str, silent_bell: list[str]) -> None:
    folder = Path(settings.DATA_ROOT) / settings.DATASETS_PREFIX
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "link.csv"
    link.unlink(missing_ok=True)
    link.symlink_to(target.format(home=settings.DATA_ROOT))
    code, body = train(f"{settings.DATASETS_PREFIX}/link.csv")
    link.unlink()
    assert (code, body["error"]) == (400, "Invalid request data")


@pytest.mark.django_db
def test_a_folder_that_is_a_link_out_is_refused(silent_bell: list[str]) -> None:
    folder = Path(settings.DATA_ROOT) / "artifacts" / "out"
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to("/etc")
    code, _ = train("artifacts/out/passwd")
    folder.unlink()
    assert code == 400


@pytest.mark.django_db(transaction=True)
def test_a_link_put_there_after_the_check_is_refused_by_the_worker(
    worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(settings.DATA_ROOT) / settings.DATASETS_PREFIX
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "late.csv"
    ring = "modelwright.runs.services.job_announce"
    from modelwright.runs.jobs import job_announce  # noqa: PLC0415

    def announce(run: TrainingRun) -> None:
        link.symlink_to("/etc/passwd")
        job_announce(run)

    monkeypatch.setattr(ring, announce)
    answer = rest("trainer").post(
        "/api/training/train/", {"dataset_path": f"{settings.DATASETS_PREFIX}/late.csv"}
    )
    link.unlink()
    assert answer.status_code in (400, 500)
    assert "root:" not in answer.content.decode()
    assert TrainingRun.objects.get().status == "failed"


@pytest.mark.django_db
def test_no_version_name_reaches_the_files(silent_bell: list[str]) -> None:
    for name in ("../x", "..", "a/../b", "a\\b", "a%2fb", ".hidden", "a\0b", "x" * 5000, "a:b"):
        answer = rest("trainer").post("/api/training/train/", {"model_version": name})
        assert answer.status_code == 400, name
    assert not TrainingRun.objects.exists()
