"""Making and ending offers, many at once. Runs in the caller's transaction and locks."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from ambassadors.live.models import EventKind
from ambassadors.live.services import News, publish
from ambassadors.routing.matching import Conditions
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.scoring import Scored
from conversations.inbox.models import Conversation, Participant, ParticipantRole
from crm.journal.services import record_all, record_keys
from crm.many import among, as_rows
from crm.organisation.models import Employee
from crm.values import AUTOMATION, uuid7
from crm.wake import Task, wake

_LOOKED_AT = (  # reading whole rows costs as much as choosing for them
    "unit",
    "channel",
    "identity",
    "assignee",
    "status",
    "subject",
    "language",
    "topics",
    "priority",
    "occurred_at",
    "waiting_since",
)
TOLD_AT_ONCE = 20  # offers a task: a mail each may take a while


@dataclass(frozen=True, slots=True)
class Pick:
    conversation: uuid.UUID
    best: Scored
    rule: Conditions


def standing(conversations: Sequence[uuid.UUID], *, at: datetime) -> dict[uuid.UUID, Offer]:
    """Offers that stand. Those whose time is over are ended here."""
    offers = Offer.objects.filter(
        conversation__in=among(conversations), state=OfferState.OPEN, live=True
    ).select_related("employee")
    over = [each for each in offers if each.expires_at is not None and each.expires_at <= at]
    if over:
        _expire(over, at=at)
    ended = {each.pk for each in over}
    return {each.conversation_id: each for each in offers if each.pk not in ended}


def _expire(offers: Sequence[Offer], *, at: datetime) -> None:
    ids = [each.pk for each in offers]
    asked = Offer.objects.filter(
        pk__in=ids, conversation=OuterRef("conversation"), employee__user=OuterRef("user")
    )
    Participant.objects.filter(Exists(asked), role=ParticipantRole.OFFERED).delete()
    Offer.objects.filter(pk__in=ids).update(state=OfferState.EXPIRED, ended_at=at)
    record_all("offer_expired", [(each, {}) for each in offers], by=AUTOMATION, at=at)
    publish([_news(each, EventKind.OFFER_ENDED, each.employee.user_id) for each in offers])


def make(picks: Sequence[Pick], *, at: datetime) -> Mapping[uuid.UUID, str]:
    """Each asked person gets a look at the conversation. The names asked, by conversation."""
    people = _people({pick.best.employee_id for pick in picks})
    made = [(uuid7(), pick) for pick in picks]
    _insert(made, at=at)
    said = [(pk, {"conversation": str(pick.conversation)}) for pk, pick in made]
    record_keys("offer_made", Offer, said, by=AUTOMATION, at=at)
    publish(
        News(people[pick.best.employee_id][0], EventKind.OFFER_MADE, pick.conversation, pk)
        for pk, pick in made
    )
    for start in range(0, len(made), TOLD_AT_ONCE):
        wake(Task.TELL_OFFERS, *(pk for pk, _pick in made[start : start + TOLD_AT_ONCE]))
    return {pick.conversation: people[pick.best.employee_id][1] for pick in picks}


_OFFERS = """
INSERT INTO ambassadors_offer
  (id, conversation_id, employee_id, score, parts, load, minutes, expires_at, occurred_at, by,
   state, reason, comment, via, live)
SELECT id, conversation, employee, score, parts, load, minutes, expires, made, 'rule',
   'open', '', '', 'automation', true
FROM json_to_recordset(%s::json)
  AS new (id uuid, conversation uuid, employee uuid, score float8, parts jsonb, load int,
          minutes int, expires timestamptz, made timestamptz)
"""

_LOOKS = """
INSERT INTO conversations_participant (conversation_id, user_id, role)
SELECT asked.conversation, employee.user_id, 'offered'
FROM json_to_recordset(%s::json) AS asked (conversation uuid, employee uuid)
JOIN crm_employee employee ON employee.id = asked.employee
ON CONFLICT DO NOTHING
"""


def _insert(made: Sequence[tuple[uuid.UUID, Pick]], *, at: datetime) -> None:
    rows = as_rows(
        {
            "id": pk,
            "conversation": pick.conversation,
            "employee": pick.best.employee_id,
            "score": pick.best.score,
            "parts": pick.best.parts,
            "load": pick.best.load,
            "minutes": pick.rule.minutes,
            "expires": at + pick.rule.offer,
            "made": at,
        }
        for pk, pick in made
    )
    with connection.cursor() as cursor:
        cursor.execute(_OFFERS, [rows])
        cursor.execute(_LOOKS, [rows])


def _news(offer: Offer, kind: EventKind, user: int | None) -> News:
    return News(user or 0, kind, offer.conversation_id, offer.pk)


def _people(ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[int, str]]:
    """Their sign-in and name; who has no sign-in is never asked."""
    rows = Employee.objects.filter(pk__in=among(ids), user__isnull=False)
    return {pk: (user or 0, name) for pk, user, name in rows.values_list("pk", "user_id", "name")}


def locked_all(conversations: Sequence[uuid.UUID]) -> dict[uuid.UUID, Conversation]:
    """The rows that nobody else holds now, in one order, as far as routing looks at them; the
    others are for the next round."""
    rows = Conversation.objects.select_for_update(skip_locked=True, of=("self",))
    found = rows.filter(pk__in=among(conversations)).order_by("pk").only(*_LOOKED_AT)
    return {each.pk: each for each in found}
