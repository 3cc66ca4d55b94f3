"""Answers to an offer's mail: they accept the offer and go to the customer, exactly once.

One of `ENVELOPE_CONSUMERS`: inside the claim's transaction. What is refused changes nothing but
the row that says so, and the person is told by mail.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from ambassadors.routing import links, services, telling
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.told import MailedAnswer, NoticeKind
from conversations.channels.claiming import Opened
from conversations.channels.wire.contract import Answer
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.errors import Conflict, Forbidden, Invalid, RelaisError
from crm.journal.services import record
from crm.values import AUTOMATION, Actor, Via

MARK = "/offer/"  # of our own links: a text that holds one was not written, but quoted


def consume(opened: Sequence[Opened]) -> Mapping[uuid.UUID, str]:
    """Takes the answers in. Returns a remark for those that brought nothing to a customer."""
    taken = {
        one.id: _take(one, item) for one in opened for item in one.items if isinstance(item, Answer)
    }
    return {envelope: remark for envelope, remark in taken.items() if remark}


def _take(one: Opened, answer: Answer) -> str:
    """What is to be said of it on its envelope, "" when it went through."""
    offer = (
        Offer.objects.select_related("conversation", "employee__user")
        .filter(pk=answer.subject, live=True)
        .first()
    )
    if offer is None:
        return "answers an offer that is not known here"
    if answer.automated:
        return "written by a machine"
    taken, is_new = MailedAnswer.objects.get_or_create(
        offer=offer,
        external_id=answer.external_id[:500],
        defaults={"envelope_id": one.id, "occurred_at": one.received_at},
    )
    if not is_new:
        return "duplicate"
    try:
        with transaction.atomic():
            taken.message = _answer(offer, answer)
    except RelaisError as error:
        taken.refusal = error.code
        _tell_refused(offer, error.code)
    taken.save(update_fields=["message", "refusal"])
    return f"not taken: {taken.refusal}" if taken.refusal else ""


def _tell_refused(offer: Offer, code: str) -> None:
    record("mailed_answer_refused", offer, by=AUTOMATION, code=code)
    telling.notify(offer, NoticeKind.REFUSED, detail=code, at_once=True)


def _answer(offer: Offer, answer: Answer) -> Message:
    """The normal verbs, as the person's own acts (docs/adr/0040): every gate of theirs applies."""
    user = offer.employee.user
    known = {offer.employee.email.lower(), user.email.lower() if user else ""}
    if user is None or not links.is_reachable(offer) or answer.sender.handle not in known:
        raise Forbidden(_("this offer is somebody else's"), code="not_yours")
    if not (answer.text or answer.files) or MARK in answer.text:
        raise Invalid(_("nothing but quoted text was found"), code="nothing_written")
    by = Actor(user, Via.OWN, session=f"mail:{offer.pk.hex}")
    conversation = Conversation.objects.get(pk=offer.conversation_id)
    if offer.state == OfferState.OPEN:
        services.accept(offer, by=by)
    elif offer.state != OfferState.ACCEPTED or conversation.assignee_id != offer.employee_id:
        raise Conflict(_("this offer is gone"), code="offer_gone")
    return reply(conversation, text=answer.text, files=answer.files, by=by)
