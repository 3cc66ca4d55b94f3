"""Verbs of watches: what the company listens for. Every edit is dated and stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.listening.matching import LONGEST_TERM, competitor
from conversations.listening.models import Watch, WatchEdit
from conversations.listening.places import must_serve, read_afresh
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.language import LANGUAGES
from crm.organisation.models import Unit
from crm.organisation.people import employee_or_none
from crm.values import Actor

MOST_WORDS = 100
LISTS = ("terms", "exclusions", "competitors")
SAID = ("name", "unit", *LISTS, "language")


def begin_watch(
    *,
    name: str,
    by: Actor,
    unit: Unit | None = None,
    terms: Sequence[str] = (),
    exclusions: Sequence[str] = (),
    competitors: Sequence[str] = (),
    language: str = "",
    at: datetime | None = None,
) -> Watch:
    """Raises Invalid, Forbidden `not_your_unit`."""
    must_serve(unit, by)
    watch = Watch(unit=unit)
    said = {"terms": terms, "exclusions": exclusions, "competitors": competitors}
    _say(watch, name=name, language=language, **said)
    with transaction.atomic():
        watch.save(force_insert=True)
        _note(watch, by=by, at=at or timezone.now())
        record("watch_begun", watch, by=by, at=at)
        read_afresh(unit)
    return watch


def change_watch(watch: Watch, *, by: Actor, at: datetime | None = None, **said: Any) -> Watch:
    """said: any of SAID; what is not said stays. Mentions that it saw stay seen."""
    if set(said) - set(SAID):
        raise Invalid(_("this can't be changed"), code="unknown_field")
    with transaction.atomic():
        row = _locked(watch)
        must_serve(row.unit, by)
        before = _facts(row)
        if "unit" in said:
            must_serve(said["unit"], by)
            row.unit = said.pop("unit")
        _say(row, **said)
        if _facts(row) == before:
            return row
        row.save()
        _note(row, by=by, at=at or timezone.now())
        record("watch_changed", row, by=by, at=at)
        read_afresh(row.unit)
    return row


def end_watch(watch: Watch, *, by: Actor, at: datetime | None = None) -> Watch:
    """Hears nothing more; what it heard, and what it was, stays. Raises Conflict `ended`."""
    with transaction.atomic():
        row = _locked(watch)
        must_serve(row.unit, by)
        if row.ended_at is not None:
            raise Conflict(_("this watch has ended"), code="ended")
        row.ended_at = at or timezone.now()
        row.save(update_fields=["ended_at"])
        _note(row, by=by, at=row.ended_at)
        record("watch_ended", row, by=by, at=at)
    return row


def _locked(watch: Watch) -> Watch:
    return Watch.objects.select_for_update(of=("self",)).select_related("unit").get(pk=watch.pk)


def _facts(row: Watch) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in SAID)


def _say(row: Watch, **said: Any) -> None:
    if "name" in said:
        row.name = said["name"].strip()
    if not 1 <= len(row.name) <= 200:
        raise Invalid(_("a name of up to 200 characters is expected"), code="bad_name")
    for name in set(LISTS) & set(said):
        setattr(row, name, cleaned(said[name]))
    if "language" in said:
        row.language = said["language"]
    if row.language not in ("", *LANGUAGES):
        raise Invalid(_("a language that is told apart here is expected"), code="unknown_language")
    if not (row.terms or row.competitors):
        raise Invalid(_("say at least one word to listen for"), code="no_terms")


def cleaned(said: Sequence[str]) -> list[str]:
    """In their order, each once. Raises Invalid."""
    words = [" ".join(word.split()) for word in said]
    found = list(dict.fromkeys(word for word in words if word))
    if len(found) > MOST_WORDS:
        raise Invalid(_("too many words for one watch"), code="too_many")
    for word in found:
        if len(word) > LONGEST_TERM or "\0" in word:
            raise Invalid(_("a word is too long"), code="too_long")
        if not any(any(letter.isalnum() for letter in part) for part in competitor(word)[1]):
            raise Invalid(_("a word holds no letter"), code="no_letter")
    return found


def _note(row: Watch, *, by: Actor, at: datetime) -> None:
    WatchEdit.objects.create(
        watch=row,
        by=employee_or_none(by.user),
        via=by.via,
        occurred_at=at,
        name=row.name,
        unit=row.unit,
        terms=row.terms,
        exclusions=row.exclusions,
        competitors=row.competitors,
        language=row.language,
        ended=row.ended_at is not None,
    )
