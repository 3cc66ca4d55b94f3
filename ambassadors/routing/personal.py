"""Why somebody was asked, and what they said to it; mails with which they answered."""

from __future__ import annotations

from django.db.models import QuerySet

from ambassadors.routing.models import Availability, Offer, RoutingCase, Rule, Topic
from ambassadors.routing.reasons import Reason
from ambassadors.routing.told import MailedAnswer, Notice
from conversations.channels.models import Envelope
from conversations.channels.personal import empty_envelopes
from conversations.inbox.personal import conversations_of
from crm.access.idempotency import forget_quoting
from crm.journal.personal import Holdings, Step, Subject, Table


def _offers(subject: Subject) -> QuerySet[Offer]:
    return Offer.objects.filter(conversation__in=conversations_of(subject).values("pk"))


def _mailed(subject: Subject) -> int:
    """A colleague's mail quotes what it answers."""
    answers = MailedAnswer.objects.filter(offer__in=_offers(subject).values("pk"))
    return empty_envelopes(Envelope.objects.filter(pk__in=answers.values("envelope")))


HOLDINGS: Holdings = [
    Step("crm.IdempotencyKey (of offers)", lambda subject: forget_quoting(_offers(subject))),
    Table(
        model=Offer,
        of=_offers,
        blank="comment",
        near=_offers,
        written="reason comment",
        free="key parts",
    ),
    Table(
        model=RoutingCase,
        of=lambda subject: RoutingCase.objects.filter(
            conversation__in=conversations_of(subject).values("pk")
        ),
        blank="reasons",
        exported=False,
    ),
    Step("conversations.Envelope (of answers by mail)", _mailed),
    Table(model=MailedAnswer, free="external_id refusal"),
    Table(model=Notice, free="detail"),
    Table(model=Topic, free="name keywords"),
    Table(
        model=Rule,
        free="name languages topics keywords relationships organizations priorities "
        "required_topics preferred_topics",
    ),
    Table(model=Availability, free="topics levels languages timezone hours"),
    Table(model=Reason, free="code label_en label_fr"),
]
