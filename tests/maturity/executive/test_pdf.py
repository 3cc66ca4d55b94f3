import re
import zlib

import pytest
from django.test import Client

from tests.maturity.company import Company
from tests.maturity.executive.desk import DAY, executive
from tests.maturity.executive.test_pledges import write
from tests.maturity.executive.test_shares import made, path

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def words(answer):
    """What is written in it, as far as the core font goes."""
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    body = b"".join(answer) if answer.streaming else answer.content
    assert body.startswith(b"%PDF-")
    said = b""
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL):
        try:
            said += zlib.decompress(stream)
        except zlib.error:
            continue
    parts = re.findall(rb"\(((?:[^()\\]|\\.)*)\)", said)
    return re.sub(r"\s+", " ", b" ".join(parts).decode("cp1252"))


def test_the_pdf_says_what_the_page_says_without_any_person(company):
    client = executive()
    write(client)
    said = words(client.get("/maturity/page.pdf", DAY))
    for part in ("Testing", "2 of 6 gates met towards Coordinating", "S3-CON-1", "55 of 55"):
        assert part in said, part
    assert "support1" not in said
    assert "uncalibrated" in said


def test_it_is_written_in_the_readers_language_with_its_accents(company):
    said = words(executive(language="fr").get("/maturity/page.pdf", DAY))
    assert "Elle parle par endroits, de haut en bas, sans stratégie." in said


def test_a_company_of_which_nothing_is_known_has_a_sheet_too(db):
    assert "Not assessed" in words(executive().get("/maturity/page.pdf"))


def test_names_in_other_letters_are_written_with_the_nearest_or_with_the_font_that_is_named(
    tmp_path, settings
):
    company = Company()
    company.lines[0]["name"] = "Łódź → Ωmega"
    company.take_in(tmp_path)
    answer = executive().get("/maturity/page.pdf", DAY)
    assert answer.status_code == 200
    settings.PDF_FONT = "/nowhere.ttf"
    assert executive().get("/maturity/page.pdf", DAY).status_code == 200


def test_a_shared_link_has_its_pdf_as_long_as_it_lives(company):
    client = executive()
    share = made(client)
    where = f"{path(share)}page.pdf"
    assert "Testing" in words(Client().get(where))
    client.post(f"/maturity/shares/{share.pk}/revoke/")
    assert Client().get(where).status_code == 404
