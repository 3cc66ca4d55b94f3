"""The API's document in the repository is what the code serves."""

from pathlib import Path

import pytest
from django.core.management import call_command

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"


def test_the_committed_document_is_the_one_the_code_makes(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    again = "run: .venv/bin/python manage.py spectacular --file docs/openapi.yaml"
    assert made.read_text() == DOCUMENT.read_text(), again


@pytest.mark.django_db
def test_the_document_and_its_page_are_served_from_our_own_origin(client) -> None:
    document = client.get("/api/v1/schema/").json()
    assert document["openapi"].startswith("3.1")
    page = client.get("/api/v1/docs/").content.decode()
    assert "/static/drf_spectacular_sidecar/" in page
    assert "https://" not in page
