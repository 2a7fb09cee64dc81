"""The pages of data sets."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from modelwright.catalog.models import DataSet
from modelwright.catalog.uploads import upload_begin, upload_write
from tests.people import person
from tests.web.research import make_dataset, make_experiment, make_model_run, share

pytestmark = pytest.mark.django_db
CSV = b"a,b,y\n" + b"".join(
    b"%d,%d,%s\n" % (i, i % 7, b"yes" if i % 2 else b"no") for i in range(40)
)


def test_without_any_there_is_the_button_that_makes_the_first(
    viewer: Client, trainer: Client
) -> None:
    assert "Add the first data set" in trainer.get("/ui/datasets").content.decode()
    assert "Add the first" not in viewer.get("/ui/datasets").content.decode()


def test_the_list_shows_ones_own_and_says_what_is_filtered(trainer: Client) -> None:
    make_dataset(name="Mine")
    make_dataset("admin", name="Theirs")
    page = trainer.get("/ui/datasets").content.decode()
    assert "Mine" in page
    assert "Theirs" not in page
    empty = trainer.get("/ui/datasets?search=zzz", headers={"HX-Request": "true"})
    assert "Nothing fits" in empty.content.decode()
    assert "<html" not in empty.content.decode()
    assert "HX-Request" in empty["Vary"]


def test_a_page_shows_the_profile(trainer: Client) -> None:
    dataset = make_dataset(warnings=["Look out."])
    page = trainer.get(f"/ui/datasets/{dataset.pk}").content.decode()
    for text in ("People", "Look out.", "18 to 70, median 40", "Oslo (60)", "minibars", "Delete"):
        assert text in page


def test_a_stranger_is_refused_and_a_viewer_of_its_experiment_may_look(
    trainer: Client, viewer: Client
) -> None:
    dataset = make_dataset("admin")
    assert trainer.get(f"/ui/datasets/{dataset.pk}").status_code == 403
    assert trainer.post(f"/ui/datasets/{dataset.pk}/delete").status_code == 403
    experiment = make_experiment("admin", dataset=dataset)
    share(experiment, "viewer", "viewer")
    page = viewer.get(f"/ui/datasets/{dataset.pk}")
    assert page.status_code == 200
    assert 'id="delete-dataset"' not in page.content.decode()
    assert viewer.post(f"/ui/datasets/{dataset.pk}/delete").status_code == 403
    missing = "0b3c9a0e-7c2e-4d3c-9f57-1f5f3f0c7a11"
    assert trainer.get(f"/ui/datasets/{missing}").status_code == 404


def test_a_file_is_handed_in_by_form_alone(trainer: Client) -> None:
    file = SimpleUploadedFile("people.csv", CSV)
    answer = trainer.post("/ui/datasets/new", {"file": file, "name": "People"})
    dataset = DataSet.objects.get()
    assert answer["Location"] == f"/ui/datasets/{dataset.pk}"
    assert (dataset.name, dataset.row_count) == ("People", 40)
    told = trainer.get(f"/ui/datasets/{dataset.pk}?target=y").content.decode()
    assert "Tells of y" in told
    wrong = trainer.get(f"/ui/datasets/{dataset.pk}?target=nothing").content.decode()
    assert "has no column" in wrong
    trainer.post(
        "/ui/datasets/new",
        {"file": SimpleUploadedFile("x.csv", CSV + b"1,1,no\n"), "name": "People"},
    )
    assert DataSet.objects.order_by("-version")[0].version == 2


def test_an_unfinished_upload_is_shown_to_its_owner_and_can_be_discarded(
    trainer: Client, as_person: Callable[[str], Client]
) -> None:
    admin = as_person("admin")
    upload = upload_begin(user=person("trainer"), source="large.csv", size_bytes=200)
    upload_write(upload=upload, offset=0, piece=b"x" * 86)
    page = trainer.get("/ui/datasets/new").content.decode()
    assert "large.csv" in page
    assert "43 % of 200" in page
    assert "large.csv" not in admin.get("/ui/datasets/new").content.decode()
    address = f"/ui/datasets/uploads/{upload.pk}/discard"
    assert admin.post(address).status_code == 404
    assert trainer.get(address).status_code == 405
    assert trainer.post(address)["Location"] == "/ui/datasets/new"
    assert "% of" not in trainer.get("/ui/datasets/new").content.decode()


def test_what_is_no_table_is_refused_with_the_reason(trainer: Client) -> None:
    file = SimpleUploadedFile("x.csv", b"\x00\x01\x02")
    page = trainer.post("/ui/datasets/new", {"file": file})
    assert page.status_code == 400
    assert "Not added" in page.content.decode()
    outside = trainer.post("/ui/datasets/new", {"path": "../../etc/passwd"})
    assert outside.status_code == 400
    assert trainer.post("/ui/datasets/new", {}).status_code == 400
    assert not DataSet.objects.exists()


def test_a_file_of_the_server_is_copied(trainer: Client) -> None:
    path = Path(settings.DATA_ROOT) / settings.DATASETS_PREFIX / "there.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CSV)
    page = trainer.get("/ui/datasets/new").content.decode()
    assert "there.csv" in page
    trainer.post("/ui/datasets/new", {"path": f"{settings.DATASETS_PREFIX}/there.csv"})
    assert DataSet.objects.get().name == "there"
    path.unlink()


def test_what_hangs_on_it_is_shown_and_goes_only_when_it_was_shown(trainer: Client) -> None:
    experiment = make_experiment()
    make_model_run(experiment)
    dataset = experiment.dataset
    page = trainer.get(f"/ui/datasets/{dataset.pk}").content.decode()
    assert "with 1 model run" in page
    trainer.post(f"/ui/datasets/{dataset.pk}/delete")
    assert DataSet.objects.filter(pk=dataset.pk).exists()
    trainer.post(f"/ui/datasets/{dataset.pk}/delete", {"all": "yes"})
    assert not DataSet.objects.filter(pk=dataset.pk).exists()


def test_get_does_not_delete(trainer: Client, as_person: Callable[[str], Client]) -> None:
    dataset = make_dataset()
    assert trainer.get(f"/ui/datasets/{dataset.pk}/delete").status_code == 405
    assert as_person("viewer").get("/ui/datasets/new").status_code == 403
