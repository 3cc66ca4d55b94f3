"""What may answer a question: rare words first, kindred ones too, never longer than a second."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import bench.suggestions
from conversations.knowledge.kindred import GROUPS, kindred_of
from conversations.knowledge.suggesting import ranked
from crm.access.models import Role
from tests import house
from tests.conversations.knowledge import shelf

CORPUS = Path(bench.suggestions.__file__).parent


@pytest.fixture
def shelved(db):
    sam = house.somebody(house.department(house.unit()), Role.STAFF, name="Sam")
    reader = shelf.reader(sam.employee.department)
    texts = {
        "Boots and rain": ("Boots are waxed before rain. Boots are brushed.", "en"),
        "Boots and snow": ("Boots are waxed before snow.", "en"),
        "When a refund is paid": ("It leaves within three days.", "en"),
        "Quand suis-je remboursé": ("Le remboursement part sous trois jours.", "fr"),
    }
    return {
        title: shelf.published(title, text=text, language=language, by=sam, reviewer=reader).pk
        for title, (text, language) in texts.items()
    }


def test_a_rare_word_says_more_than_a_common_one(shelved):
    assert ranked("My boots, boots, boots in the snow?")[0] == shelved["Boots and snow"]


def test_kindred_words_find_what_is_written_otherwise(shelved):
    assert ranked("Where is my money?", language="en")[0] == shelved["When a refund is paid"]
    assert ranked("Where is my money?", kindred=False) == []
    assert ranked("Rendez-moi mon argent", language="fr")[0] == shelved["Quand suis-je remboursé"]


def test_nothing_is_suggested_for_nothing(shelved):
    assert ranked("") == ranked("the of and le la !?") == ranked("zebra") == []


def test_a_suggestion_that_would_last_too_long_is_none(shelved):
    assert ranked("boots " * 50, seconds=0.001) == []


def test_the_measured_questions_are_enough_and_each_has_its_answer():
    for language in ("en", "fr"):
        corpus = tomllib.loads((CORPUS / f"{language}.toml").read_text(encoding="utf-8"))
        asked = [question for each in corpus["article"] for question in each["asked"]]
        assert len(asked) == len(set(asked)) >= 60


def test_kindred_words_are_words_and_know_each_other():
    assert all(word.isalpha() for group in GROUPS for word in group)
    assert "refund" in kindred_of("money")
    assert "refund" in kindred_of("reimburse")
    assert kindred_of("zebra") == []
