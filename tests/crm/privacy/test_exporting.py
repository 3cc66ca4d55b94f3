"""A copy of one person's data: everything declared as theirs, for who may, for a while."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.test import Client
from django.utils import timezone

from crm.access.models import Role
from crm.contacts.models import Contact
from crm.journal.models import Act
from crm.organisation.models import User
from crm.privacy import erasing, exporting, services
from crm.privacy.models import ContactExport, Erasure, ErasureState, ExportState, Ground
from crm.privacy.tasks import make_exports
from tests import house
from tests.crm.privacy.life import ACCOUNT, MAIL, NAME, OTHER, Life

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_URL = (tmp_path / "outbox").as_uri()
    stores = {name: dict(each) for name, each in settings.STORAGES.items()}
    stores["default"]["OPTIONS"] = {"location": str(tmp_path / "files")}
    settings.STORAGES = stores
    return tmp_path / "files"


def test_a_copy_holds_all_of_theirs_for_who_asked_and_goes_with_them(
    client: Client, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life()
    User.objects.filter(pk__in=[life.staff.user.pk, life.second.user.pk]).update(is_staff=True)
    client.force_login(User.objects.get(pk=life.staff.user.pk))
    page = f"/admin/crm/contact/{life.person.pk}/change/"
    assert "None was made" in client.get(page).content.decode()
    assert client.post(f"/admin/crm/contact/{life.person.pk}/do/export/").status_code == 302
    client.post(f"/admin/crm/contact/{life.person.pk}/do/export/")  # pressed twice: one
    export = ContactExport.objects.get()
    make_exports()
    export.refresh_from_db()
    assert export.state == ExportState.READY
    answer = client.get(f"/admin/crm/contact/exports/{export.pk}/")
    content = b"".join(answer.streaming_content)
    assert len(content) == export.size
    with ZipFile(io.BytesIO(content)) as copy:
        said = json.loads(copy.read("person.json"))
        names = set(copy.namelist()) - {"person.json"}
        bytes_of = {copy.read(name) for name in names}
    assert b"my zanzibar papers" in bytes_of
    assert names == {row["file"] for row in said["conversations.Attachment"] if "file" in row}
    texts = {row.get("text", "").strip() for row in said["conversations.Message"]}
    assert {"Where is zanzibar?", "zanzibar on the shop", "I am zanzibar too"} <= texts
    assert {row["handle"] for row in said["crm.Identity"]} >= {MAIL, ACCOUNT}
    assert {row["name"] for row in said["crm.Contact"]} == {NAME}
    assert len(said["conversations.Mention"]) == 2
    assert OTHER not in json.dumps(said)  # nobody else's
    assert "password" not in json.dumps(said)
    assert Act.objects.filter(verb="export_taken").count() == 1
    _is_nobody_elses(client, life, export)
    _goes_with_the_person(client, life, export, files, monkeypatch)


def _is_nobody_elses(client: Client, life: Life, export: ContactExport) -> None:
    client.force_login(User.objects.get(pk=life.second.user.pk))
    assert client.get(f"/admin/crm/contact/exports/{export.pk}/").status_code == 404
    stranger = house.somebody(house.department(house.unit("Elsewhere")), Role.AMBASSADOR)
    client.force_login(stranger.user)
    assert client.get(f"/admin/crm/contact/exports/{export.pk}/").status_code == 302


def _goes_with_the_person(
    client: Client,
    life: Life,
    export: ContactExport,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = exporting.ask(life.person, by=life.second.acting)
    erasure = services.ask(life.person, ground=Ground.ASKED, by=life.staff.acting)
    client.force_login(User.objects.get(pk=life.second.user.pk))
    where = f"/admin/crm/erasure/{erasure.pk}/"
    assert "I agree: erase" in client.get(f"{where}change/").content.decode()
    assert client.post(f"{where}do/approve/").status_code == 302
    real = exporting.write

    def erased_meanwhile(out: Any, subject: Any) -> None:
        real(out, subject)
        erasing.carry(erasure.pk, seconds=60)

    monkeypatch.setattr(exporting, "write", erased_meanwhile)
    make_exports()  # it was being written when the person was erased
    monkeypatch.setattr(exporting, "write", real)
    erasure.refresh_from_db()
    assert erasure.state == ErasureState.DONE
    states = set(ContactExport.objects.values_list("state", flat=True))
    assert states == {ExportState.GONE}
    assert late.pk
    assert not list(files.glob("exports/*"))
    client.force_login(User.objects.get(pk=life.staff.user.pk))
    assert client.get(f"/admin/crm/contact/exports/{export.pk}/").status_code == 302
    proof = client.get(f"{where}change/").content.decode()
    assert "conversations.Message" in proof
    person = client.get(f"/admin/crm/contact/{life.person.pk}/change/").content.decode()
    assert "This person was erased on" in person
    assert client.post(f"/admin/crm/contact/{life.person.pk}/do/export/").status_code == 403


def test_a_copy_is_tried_thrice_and_deleted_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    home = house.unit()
    root = User.objects.create_superuser("root@company.example", "x", name="Root")
    by = house.Somebody(root, house.somebody(house.department(home)).employee).acting
    person = Contact.objects.create(name="Jane", occurred_at=timezone.now())
    export = exporting.ask(person, by=by)

    def breaks(*_: Any) -> None:
        raise SystemExit

    real = exporting.write
    monkeypatch.setattr(exporting, "write", breaks)
    for _ in range(exporting.MOST_TRIES):
        with pytest.raises(SystemExit):
            make_exports()
    make_exports()
    export.refresh_from_db()
    assert export.state == ExportState.FAILED
    monkeypatch.setattr(exporting, "write", real)
    again = exporting.ask(person, by=by)
    make_exports()
    again.refresh_from_db()
    assert again.state == ExportState.READY
    assert exporting.forget_old(at=timezone.now()) == 0
    assert exporting.forget_old(at=timezone.now() + exporting.KEPT) == 1
    assert not list(files.glob("exports/*"))
    assert not Erasure.objects.exists()
