"""Two contacts are one person, from a day on, until somebody undoes it.

A merge is a row; conversations and messages stay with the address that they came from, so that
an open conversation goes on as it is. What the person is called is chosen field by field and
written to every contact of the person; the row keeps what stood there, and undoing puts it back
where nobody has changed it since.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from crm.access.services import staffed_units
from crm.contacts.kin import kin
from crm.contacts.models import Contact, ContactMerge, ContactUnit, Duplicate, DuplicateState
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import User
from crm.values import Actor
from crm.wake import Task, wake

FIELDS = ("name", "relationship", "organization", "blocked_at")
THIS, OTHER = "this", "other"
WHOSE = [(THIS, _("this one's")), (OTHER, _("the other one's"))]


def known_to(user: Any) -> QuerySet[Contact]:
    """The contacts that are known in a unit which this person serves as staff."""
    units = staffed_units(user)
    rows = Contact.objects.all()
    if units is None:
        return rows
    known = ContactUnit.objects.filter(unit__in=units).values("contact")
    return rows.filter(pk__in=known)


def merge(
    into: Contact,
    absorbed: Contact,
    *,
    choices: Mapping[str, str],
    by: Actor,
    at: datetime | None = None,
) -> ContactMerge:
    """choices: for each of FIELDS "this" (of `into`) or "other"; "this" where nothing is said.

    Raises Forbidden for who does not serve a unit of both, Conflict `same_person`, `erased`,
    Invalid `unknown_choice`.
    """
    if set(choices) - set(FIELDS) or set(choices.values()) - {THIS, OTHER}:
        raise Invalid(str(_("an unknown choice")), code="unknown_choice")
    _must_know_both(into, absorbed, by)
    at = at or timezone.now()
    with transaction.atomic():
        people = kin([into.pk]) | kin([absorbed.pk])
        locked = {each.pk: each for each in _locked(people)}
        into, absorbed = locked[into.pk], locked[absorbed.pk]
        if absorbed.pk in kin([into.pk]):
            raise Conflict(str(_("they are one person already")), code="same_person")
        if any(each.erased_at for each in locked.values()):
            raise Conflict(str(_("this person is erased")), code="erased")
        chosen = {
            name: getattr(absorbed if choices.get(name) == OTHER else into, name) for name in FIELDS
        }
        made = ContactMerge.objects.create(
            absorbed=_root(absorbed, locked),
            into=into,
            occurred_at=at,
            replaced={str(pk): _words(each, chosen) for pk, each in locked.items()},
        )
        for each in locked.values():
            _write(each, chosen)
        pairs = Duplicate.objects.filter(one__in=locked, other__in=locked)
        pairs.filter(state=DuplicateState.OPEN).update(state=DuplicateState.MERGED)
        record("contacts_merged", into, by=by, at=at, absorbed=str(absorbed.pk), merge=made.pk)
        wake(Task.SETTLE_BLOCKS)
    return made


def undo(made: ContactMerge, *, by: Actor, at: datetime | None = None) -> ContactMerge:
    """They are two again, each called as before, where nobody wrote anything else since."""
    _must_know_both(made.into, made.absorbed, by)
    at = at or timezone.now()
    with transaction.atomic():
        people = kin([made.into_id])
        locked = {str(each.pk): each for each in _locked(people)}
        made = ContactMerge.objects.select_for_update(of=("self",)).get(pk=made.pk)
        if made.undone_at is not None:
            raise Conflict(str(_("this is undone already")), code="undone")
        made.undone_at = at
        made.save(update_fields=["undone_at"])
        for pk, words in made.replaced.items():
            if pk in locked:
                _put_back(locked[pk], words)
        record("merge_undone", made.into, by=by, at=at, merge=made.pk)
        wake(Task.SETTLE_BLOCKS)
    return made


def merges_of(contact: Contact) -> QuerySet[ContactMerge]:
    """All that ever were, the newest first."""
    everybody = kin([contact.pk])
    rows = ContactMerge.objects.filter(Q(into__in=everybody) | Q(absorbed__in=everybody))
    return rows.select_related("into", "absorbed").order_by("-pk")


def _must_know_both(one: Contact, other: Contact, by: Actor) -> None:
    user: User | None = by.user
    both = {one.pk, other.pk}
    if user is None or known_to(user).filter(pk__in=both).count() < len(both):
        raise Forbidden(str(_("you do not serve a unit of both")), code="other_units")


def _locked(people: set[uuid.UUID]) -> list[Contact]:
    rows = Contact.objects.filter(pk__in=people).order_by("pk")
    return list(rows.select_for_update(no_key=True))


def _root(contact: Contact, locked: Mapping[uuid.UUID, Contact]) -> Contact:
    """Who absorbed them, and so on: each is absorbed by one at most."""
    while row := ContactMerge.objects.filter(absorbed=contact, undone_at=None).first():
        contact = locked[row.into_id]
    return contact


def _words(contact: Contact, chosen: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Field -> what stood there and what was put, for those that change."""
    return {
        name: [_said(getattr(contact, name)), _said(value)]
        for name, value in chosen.items()
        if getattr(contact, name) != value
    }


def _said(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, datetime) else value


def _write(contact: Contact, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(values))


def _put_back(contact: Contact, words: Mapping[str, list[str | None]]) -> None:
    before = {
        name: parse_datetime(old) if name == "blocked_at" and old else old
        for name, (old, put) in words.items()
        if _said(getattr(contact, name)) == put
    }
    if before:
        _write(contact, before)
