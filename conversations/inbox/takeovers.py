"""Whose conversation it is, and how it becomes a colleague's: asked for, and logged."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.inbox.models import (
    Conversation,
    Participant,
    ParticipantRole,
    Takeover,
    TakeoverState,
)
from conversations.inbox.rights import serves
from conversations.inbox.services import locked, set_assignee
from conversations.signals import conversation_taken_over
from crm.errors import Conflict, Forbidden
from crm.journal.services import record
from crm.organisation.models import Employee
from crm.organisation.people import employee_of
from crm.values import Actor

PATIENCE = timedelta(minutes=15)  # then who asked may take it without an answer


def asked(conversation: Conversation) -> Takeover | None:
    """What is asked of the present owner, and not decided."""
    return (
        Takeover.objects.select_related("asker", "owner", "taker")
        .filter(
            conversation=conversation,
            state=TakeoverState.ASKED,
            owner=conversation.assignee_id,
        )
        .first()
    )


def ask(conversation: Conversation, *, by: Actor, taker: Employee | None = None) -> Takeover:
    """Asks the owner, for oneself or for `taker` (the staff alone may).

    Conflict `nobody_owns`, `already_yours`, or `asked_already` by another or for another.
    """
    asker = employee_of(by.user)
    taker = None if taker == asker else taker
    if taker is not None and (by.user is None or not serves(conversation, by.user)):
        raise Forbidden(_("only the unit's staff may do this"), code="staff_only")
    with transaction.atomic():
        conversation = locked(conversation)
        _must_have_an_owner(conversation, taker or asker)
        _lapse_others(conversation)
        known = asked(conversation)
        if known is not None:
            if known.asker_id != asker.pk or known.taker != taker:
                raise Conflict(_("a colleague has asked for it already"), code="asked_already")
            return known
        found = Takeover.objects.create(
            conversation=conversation,
            asker=asker,
            taker=taker,
            owner=_owner(conversation),
            via=by.via,
            occurred_at=timezone.now(),
        )
        record("takeover_asked", conversation, by=by, owner=str(found.owner_id))
    return found


def agree(conversation: Conversation, *, by: Actor) -> Takeover:
    """The owner hands it over."""
    return _decide(conversation, TakeoverState.AGREED, by=by)


def refuse(conversation: Conversation, *, by: Actor) -> Takeover:
    """The owner keeps it."""
    return _decide(conversation, TakeoverState.REFUSED, by=by)


def force(conversation: Conversation, *, by: Actor, taker: Employee | None = None) -> Takeover:
    """Taken without consent: by the unit's staff at any time, by who asked after `PATIENCE`.

    Raises Forbidden `ask_first` or `too_early`.
    """
    asker = employee_of(by.user)
    taker = None if taker == asker else taker
    with transaction.atomic():
        conversation = locked(conversation)
        _must_have_an_owner(conversation, taker or asker)
        _lapse_others(conversation)
        found = asked(conversation)
        if by.user is None or not serves(conversation, by.user):
            if taker is not None:
                raise Forbidden(_("only the unit's staff may do this"), code="staff_only")
            _must_have_waited(found, asker)
        now = timezone.now()
        if found is None or found.asker_id != asker.pk or found.taker != taker:
            if found is not None:
                _end(found, TakeoverState.LAPSED)
            found = Takeover(
                conversation=conversation,
                asker=asker,
                taker=taker,
                owner=_owner(conversation),
                occurred_at=now,
            )
        found.via, found.told_at = by.via, None
        _end(found, TakeoverState.FORCED)
        _hand_over(found, by=by)
    return found


def _must_have_waited(found: Takeover | None, taker: Employee) -> None:
    if found is None or found.asker_id != taker.pk:
        raise Forbidden(_("ask the owner first"), code="ask_first")
    if timezone.now() - found.occurred_at < PATIENCE:
        raise Forbidden(_("the owner still has time to answer"), code="too_early")


def _decide(conversation: Conversation, state: TakeoverState, *, by: Actor) -> Takeover:
    owner = employee_of(by.user)
    with transaction.atomic():
        conversation = locked(conversation)
        found = asked(conversation)
        if found is None:
            raise Conflict(_("nobody asks for it any more"), code="not_asked")
        if found.owner_id != owner.pk:
            raise Forbidden(_("only its owner decides this"), code="not_yours")
        found.told_at = None  # now the one who asked is told
        _end(found, state)
        if state == TakeoverState.AGREED:
            _hand_over(found, by=by)
        else:
            record("takeover_refused", conversation, by=by, asker=str(found.asker_id))
    return found


def _hand_over(found: Takeover, *, by: Actor) -> None:
    conversation = locked(found.conversation)
    answering = Participant.objects.filter(
        conversation=conversation, role=ParticipantRole.ANSWERING
    )
    answering.filter(user=found.owner.user).delete()
    taker = found.taker or found.asker
    if taker.user is not None:
        answering.get_or_create(
            conversation=conversation, user=taker.user, role=ParticipantRole.ANSWERING
        )
    set_assignee(conversation, taker)
    record(
        "conversation_taken_over",
        conversation,
        by=by,
        owner=str(found.owner_id),
        taker=str(taker.pk),
        how=found.state,
    )
    _tell(conversation.pk, taker=found.taker_id)


def _tell(conversation_id: uuid.UUID, *, taker: uuid.UUID | None) -> None:
    transaction.on_commit(
        lambda: conversation_taken_over.send_robust(
            sender=None, conversation=conversation_id, taker=taker
        ),
        robust=True,
    )


def _end(found: Takeover, state: TakeoverState) -> None:
    found.state, found.ended_at = state, timezone.now()
    found.save()


def _lapse_others(conversation: Conversation) -> None:
    """What was asked of somebody who has it no more."""
    Takeover.objects.filter(conversation=conversation, state=TakeoverState.ASKED).exclude(
        owner=conversation.assignee_id
    ).update(state=TakeoverState.LAPSED, ended_at=timezone.now())


def _must_have_an_owner(conversation: Conversation, taker: Employee) -> None:
    if conversation.assignee_id is None:
        raise Conflict(_("nobody has it: assign it instead"), code="nobody_owns")
    if conversation.assignee_id == taker.pk:
        raise Conflict(_("it is yours already"), code="already_yours")


def _owner(conversation: Conversation) -> Employee:
    owner = conversation.assignee
    if owner is None:
        raise Conflict(_("nobody has it: assign it instead"), code="nobody_owns")
    return owner
