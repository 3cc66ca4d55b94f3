"""Every column that can hold words is declared: theirs, written by others, or free of people."""

from __future__ import annotations

from collections import Counter

from django.apps import apps
from django.db import models

from crm.journal.personal import columns_with_words
from crm.privacy.registry import tables


def test_every_column_that_can_hold_words_is_a_decision() -> None:
    """A new column fails here until its room's `personal.py` says what it holds."""
    declared = {table.model: table.declared for table in tables()}
    everything = apps.get_models(include_auto_created=True)
    undecided = {
        model._meta.label: sorted(left)
        for model in everything
        if (left := columns_with_words(model) - declared.get(model, set()))
    }
    assert not undecided


def test_no_declaration_names_what_is_not_there_nor_twice() -> None:
    for table in tables():
        columns = {field.name for field in table.model._meta.concrete_fields}
        assert table.declared <= columns, table.name
        decided = Counter([*table.blank.split(), *table.free.split(), *table.kept.split()])
        assert max(decided.values(), default=0) <= 1, table.name
        assert not set(table.free.split()) & set(table.written.split()), table.name
    assert max(Counter(table.model for table in tables()).values()) == 1


def test_a_new_column_would_be_found() -> None:
    class Diary(models.Model):
        secret = models.TextField()
        mood = models.CharField(max_length=3, choices=[("up", "up")])
        pages = models.IntegerField()

        class Meta:
            app_label = "nowhere"
            apps = apps.__class__()
            managed = False

        def __str__(self) -> str:
            return "diary"

    assert columns_with_words(Diary) == {"secret"}
