"""Telling people by mail, once: in their language, in their hours, and in one mail what waits
together."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ambassadors.routing.availability import absences_of, availability_of
from ambassadors.routing.letters import letter
from ambassadors.routing.links import is_reachable
from ambassadors.routing.models import Offer, OfferState
from ambassadors.routing.quiet import next_reachable
from ambassadors.routing.scoring import Period
from ambassadors.routing.told import Notice, NoticeKind
from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.inbox.models import Conversation, Status
from crm.access.models import Role
from crm.organisation.models import Employee
from crm.organisation.people import in_language_of
from crm.wake import Task, wake

GATHER = timedelta(minutes=1)  # in which several messages of a customer become one mail
MOST_PEOPLE = 200  # told by one sweep


def tell(offer_id: uuid.UUID) -> None:
    """Tells of an offer, now or when the person's hours begin. Telling it again does nothing."""
    with transaction.atomic():
        claimed = Offer.objects.filter(
            pk=offer_id, state=OfferState.OPEN, live=True, told_at=None
        ).update(told_at=timezone.now())
        if not claimed:
            return
        offer = Offer.objects.select_related("employee").get(pk=offer_id)
        notify(offer, NoticeKind.OFFER)
    send_due(offer.employee_id)


def notify(offer: Offer, kind: NoticeKind, *, detail: str = "", at_once: bool = False) -> None:
    """Within the caller's transaction. at_once: an answer to what the person just did."""
    now = timezone.now()
    due = now if at_once else reachable_at(offer.employee, at=now)
    Notice.objects.bulk_create(
        [
            Notice(
                employee_id=offer.employee_id,
                offer=offer,
                kind=kind,
                detail=detail[:60],
                due_at=due,
            )
        ],
        ignore_conflicts=True,
    )
    wake(Task.TELL, offer.employee_id)


def tell_of_messages(conversations: Sequence[uuid.UUID]) -> None:
    """The customer wrote again to somebody who accepted: who has another job watches no inbox.

    Staff does, and is not told by mail. What comes within a minute is one mail.
    """
    soon = timezone.now() + GATHER
    offers = (
        Offer.objects.filter(
            conversation__in=conversations,
            conversation__assignee=F("employee"),
            state=OfferState.ACCEPTED,
            live=True,
        )
        .exclude(employee__user__role_grants__role=Role.STAFF)
        .order_by("conversation", "-accepted_at")
        .distinct("conversation")
        .select_related("employee")
    )
    Notice.objects.bulk_create(
        [
            Notice(
                employee_id=offer.employee_id,
                offer=offer,
                kind=NoticeKind.MESSAGE,
                due_at=reachable_at(offer.employee, at=soon),
            )
            for offer in offers
        ],
        ignore_conflicts=True,
    )


def reachable_at(employee: Employee, *, at: datetime) -> datetime:
    """`at`, or when the person's hours begin or their absence ends."""
    available = availability_of(employee)
    hours = [
        Period(int(each["day"]), time.fromisoformat(each["from"]), time.fromisoformat(each["to"]))
        for each in available.hours
    ]
    absences = [(each.starts_at, each.ends_at) for each in absences_of(employee, at=at)]
    return next_reachable(at, hours=hours, zone=available.timezone, absences=absences)


def tell_due() -> None:
    """The sweep: everybody whom something is due for."""
    due = Notice.objects.filter(sent_at=None, due_at__lte=timezone.now())
    people = due.order_by().values_list("employee_id", flat=True).distinct()
    for employee_id in people[:MOST_PEOPLE]:
        send_due(employee_id)


def send_due(employee_id: uuid.UUID) -> None:
    """One mail with everything that is due for the person and still true.

    It is claimed first: a mail lost is better than one sent twice, for what the person sees in
    their list anyway.
    """
    notices = _claimed(employee_id)
    told = [notice for notice in notices if _still_true(notice)]
    if not told or not is_reachable(told[0].offer):
        return
    user = told[0].employee.user
    if user is None:
        return
    with in_language_of(user):
        said = letter(told)
        send_notice(
            to=Party(user.email, user.name),
            subject=said.subject,
            text=said.text,
            reply_address=said.reply_address,
        )


def _claimed(employee_id: uuid.UUID) -> Sequence[Notice]:
    now = timezone.now()
    with transaction.atomic():
        due = Notice.objects.filter(employee=employee_id, sent_at=None, due_at__lte=now)
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
        Notice.objects.filter(pk__in=ids).update(sent_at=now)
    found = Notice.objects.filter(pk__in=ids).select_related(
        "employee__user", "offer__employee__user", "offer__conversation__channel"
    )
    return list(found.order_by("due_at", "pk"))


def _still_true(notice: Notice) -> bool:
    """Nobody is told of an offer that ended meanwhile, or of what they may no longer see."""
    offer = notice.offer
    if notice.kind == NoticeKind.OFFER:
        in_time = offer.expires_at is None or offer.expires_at > timezone.now()
        return offer.state == OfferState.OPEN and in_time and _sees(notice)
    if notice.kind == NoticeKind.MESSAGE:
        conversation = offer.conversation
        has_it = conversation.assignee_id == notice.employee_id
        return has_it and conversation.status == Status.OPEN and _sees(notice)
    if notice.kind == NoticeKind.WARNING:
        return offer.answer_due_at is not None and _sees(notice)
    return True


def _sees(notice: Notice) -> bool:
    user = notice.employee.user
    if user is None:
        return False
    visible = Conversation.objects.visible_to(user)
    return visible.filter(pk=notice.offer.conversation_id).exists()
