from django.conf import settings

from maturity.executive.reference import criteria_page
from maturity.scoring.definition import load


def test_the_document_of_the_criteria_says_what_the_model_says():
    page = settings.BASE_DIR / "docs" / "criteria.md"
    assert page.read_text(encoding="utf-8") == criteria_page(load()), (
        "run: python manage.py write_criteria"
    )


def test_every_criterion_stands_in_the_document():
    page = criteria_page(load())
    for criterion in load().criteria:
        assert f"### {criterion.id} {criterion.words['en'].name}" in page
        assert criterion.words["en"].action in page
