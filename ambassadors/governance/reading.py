"""Held answers as they are read: what waits for whom, and whether it still fits."""

from __future__ import annotations

import uuid

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from ambassadors.governance.ladder import Step, StepKind
from ambassadors.governance.models import Escalation
from conversations.inbox.models import (
    Conversation,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    Participant,
    ParticipantRole,
)
from crm.access.services import staffed_units
from crm.organisation.models import Employee, User

_TURNS = (StepKind.ASKED, StepKind.SENT_BACK, StepKind.REWRITTEN)


def _last_turn() -> QuerySet[Step]:
    steps = Step.objects.filter(message=OuterRef("pk"), kind__in=_TURNS)
    return steps.order_by("-occurred_at", "-pk")


def held() -> QuerySet[Message]:
    """Held answers with `turn`, `written_at`, `question` and `newest`: see `newest_word`."""
    rewritten = _last_turn().filter(kind=StepKind.REWRITTEN).values("occurred_at")[:1]
    thread = Message.objects.filter(
        conversation=OuterRef("conversation"), kind=MessageKind.REPLY
    ).order_by("-occurred_at", "-pk")
    later = thread.filter(occurred_at__gt=OuterRef("written_at")).exclude(
        delivery__state__in=[DeliveryState.HELD, DeliveryState.DROPPED]
    )
    asked = thread.filter(direction=Direction.IN)
    return (
        Message.objects.filter(delivery__state=DeliveryState.HELD)
        .select_related("author_employee__department", "conversation", "delivery")
        .prefetch_related("attachments")
        .annotate(
            turn=Coalesce(Subquery(_last_turn().values("kind")[:1]), Value(StepKind.ASKED.value)),
            written_at=Greatest("occurred_at", Subquery(rewritten)),
        )
        .annotate(
            newest=Subquery(later.values("pk")[:1]), question=Subquery(asked.values("text")[:1])
        )
    )


def waiting_for(user: User) -> QuerySet[Message]:
    """What this person may decide on now; the same rule as `approvals.may_decide`."""
    return _to_decide(user).filter(_decides(user))


def held_for_others(user: User) -> QuerySet[Message]:
    """What this person sees waiting in the units they serve, and somebody else decides."""
    units = staffed_units(user)
    theirs = _to_decide(user).exclude(_decides(user))
    return theirs if units is None else theirs.filter(conversation__unit__in=units)


def _to_decide(user: User) -> QuerySet[Message]:
    """Of what they may see, the answers of others that were not sent back."""
    theirs = held().exclude(Q(turn=StepKind.SENT_BACK) | Q(author_employee__user=user))
    if staffed_units(user) is None:
        return theirs
    return theirs.filter(conversation__in=Conversation.objects.visible_to(user))


def _decides(user: User) -> Q:
    """In an escalated conversation the named role alone, else the staff and who was asked in."""
    hits = Escalation.objects.filter(
        conversation=OuterRef("conversation"), source__isnull=False, approved_at=None
    )
    of_role = hits.filter(source__role__people__in=Employee.objects.filter(user=user, left_at=None))
    asked_in = Participant.objects.filter(
        conversation=OuterRef("conversation"), user=user, role=ParticipantRole.APPROVING
    )
    units = staffed_units(user)
    serves = Q() if units is None else Q(conversation__unit__in=units) | Q(Exists(asked_in))
    return Q(Exists(of_role)) | (~Q(Exists(hits)) & serves)


def drafts_of(user: User) -> QuerySet[Message]:
    """The person's own answers that are held or were sent back."""
    return held().filter(author_employee__user=user)


def newest_word(message: Message) -> uuid.UUID | None:
    """The newest message said after this answer was written; None while it is still fresh."""
    row = held().filter(pk=message.pk).first()
    return getattr(row, "newest", None)


def is_sent_back(message: Message) -> bool:
    last = Step.objects.filter(message=message, kind__in=_TURNS).order_by("occurred_at", "pk")
    step = last.last()
    return step is not None and step.kind == StepKind.SENT_BACK


def steps_of(messages: list[Message]) -> dict[uuid.UUID, list[Step]]:
    """Message -> what became of it so far, oldest first; one query."""
    found: dict[uuid.UUID, list[Step]] = {message.pk: [] for message in messages}
    rows = Step.objects.filter(message__in=found).select_related("by")
    for step in rows.order_by("occurred_at", "pk"):
        found[step.message_id].append(step)
    return found
