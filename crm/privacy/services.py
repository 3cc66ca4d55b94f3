"""Asking for an erasure, and the second person's word on it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access.services import staffed_units
from crm.contacts.kin import kin
from crm.contacts.models import Contact, ContactUnit, Identity
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.own_acts import must_be_in_person, must_not_share_session
from crm.journal.services import record
from crm.organisation.models import EmployeeVersion, User
from crm.privacy.models import Erasure, ErasureState, Ground
from crm.values import Actor
from crm.wake import Task, wake


def may_decide_on(contact: Contact, user: User | None) -> bool:
    """Who serves every unit that knows the person: no less has all of what is theirs."""
    if user is None:
        return False
    units = staffed_units(user)
    if units is None:
        return True
    everybody = kin([contact.pk])
    known = set(ContactUnit.objects.filter(contact__in=everybody).values_list("unit_id", flat=True))
    return bool(known) and known <= units


def must_decide_on(contact: Contact, by: Actor) -> User:
    if by.user is None or not may_decide_on(contact, by.user):
        raise Forbidden(
            _("this person is known in units that you do not serve"), code="other_units"
        )
    return by.user


def seen_by(user: Any, rows: QuerySet[Erasure]) -> QuerySet[Erasure]:
    """Of people whose every unit this person serves."""
    units = staffed_units(user)
    if units is None:
        return rows
    others = ContactUnit.objects.exclude(unit__in=units).values("contact")
    mine = ContactUnit.objects.filter(unit__in=units).values("contact")
    return rows.filter(contact__in=mine).exclude(contact__in=others)


def ask(contact: Contact, *, ground: str, by: Actor) -> Erasure:
    """Asks that everything of this person goes. Nothing is changed before somebody else agrees.

    Raises Conflict `erased`, `erasure_asked`, `is_employee`, Invalid, Forbidden `other_units`.
    """
    user = must_decide_on(contact, by)
    must_be_in_person(by)
    if ground not in Ground.values:
        raise Invalid(_("an unknown ground"), code="unknown_ground")
    _must_be_erasable(contact)
    alone = not settings.ERASURE_NEEDS_TWO
    now = timezone.now()
    try:
        with transaction.atomic():
            erasure = Erasure.objects.create(
                contact=contact,
                ground=ground,
                state=ErasureState.RUNNING if alone else ErasureState.ASKED,
                asked_by=user,
                decided_by=user if alone else None,
                decided_at=now if alone else None,
                occurred_at=now,
                via=by.via,
            )
            record("erasure_asked", erasure, by=by, contact=str(contact.pk), ground=ground)
            if alone:
                wake(Task.ERASE)
    except IntegrityError as error:
        raise Conflict(_("their erasure is asked for already"), code="erasure_asked") from error
    return erasure


def approve(erasure: Erasure, *, by: Actor) -> Erasure:
    """Somebody else agrees, and it begins. It can't be taken back."""
    return _decide(erasure, ErasureState.RUNNING, by=by)


def refuse(erasure: Erasure, *, by: Actor) -> Erasure:
    """Who asked may take it back too."""
    return _decide(erasure, ErasureState.REFUSED, by=by)


def _decide(erasure: Erasure, state: ErasureState, *, by: Actor) -> Erasure:
    user = must_decide_on(erasure.contact, by)
    with transaction.atomic():
        erasure = Erasure.objects.select_for_update(of=("self",)).get(pk=erasure.pk)
        if erasure.state != ErasureState.ASKED:
            raise Conflict(_("this is decided already"), code="decided")
        if state == ErasureState.RUNNING:
            must_be_in_person(by)
            if erasure.asked_by_id == user.pk:
                raise Forbidden(_("somebody else must agree"), code="own_erasure")
            must_not_share_session(erasure, by)
            _must_be_erasable(erasure.contact)
        erasure.state, erasure.decided_by, erasure.decided_at = state, user, timezone.now()
        erasure.save(update_fields=["state", "decided_by", "decided_at"])
        approved = state == ErasureState.RUNNING
        record("erasure_approved" if approved else "erasure_refused", erasure, by=by)
        if approved:
            wake(Task.ERASE)
    return erasure


def _must_be_erasable(contact: Contact) -> None:
    if Contact.objects.filter(pk=contact.pk, erased_at__isnull=False).exists():
        raise Conflict(_("this person is erased already"), code="erased")
    handles = Identity.objects.filter(contact__in=kin([contact.pk])).values("handle")
    colleagues = EmployeeVersion.objects.alias(mail=Lower("email")).filter(mail__in=handles)
    if colleagues.exists():
        raise Conflict(_("this is the address of a colleague"), code="is_employee")
