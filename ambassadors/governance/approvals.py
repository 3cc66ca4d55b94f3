"""Answers that are held: who may decide, and what becomes of them.

Every verb locks the conversation first, so that of two approvers at once one wins and the other
is told `decided`. An approver never decides on an answer of their own.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance import escalations
from ambassadors.governance.inviting import ask_in
from ambassadors.governance.ladder import Step, StepKind
from ambassadors.governance.reading import is_sent_back, newest_word
from ambassadors.governance.standing import climbs
from conversations.inbox import holding
from conversations.inbox.models import (
    Conversation,
    Delivery,
    DeliveryState,
    Message,
    Participant,
    ParticipantRole,
)
from conversations.inbox.rights import serves
from conversations.inbox.services import clean, locked
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee, User
from crm.organisation.people import employee_of
from crm.values import Actor, Via
from crm.wake import Task, wake

LONGEST_COMMENT = 2000


def may_decide(message: Message, user: User) -> bool:
    """The unit's staff and who was asked in to approve; in an escalated conversation the named
    role alone. Never the author."""
    author = message.author_employee
    if author is not None and author.user_id == user.pk:
        return False
    conversation = message.conversation
    roles = escalations.open_in(conversation)
    if roles:
        return escalations.is_asked(roles, user)
    asked_in = conversation.participants.filter(user=user, role=ParticipantRole.APPROVING)
    return serves(conversation, user) or asked_in.exists()


def ask(message: Message, *, at: datetime) -> None:
    """Opens the approval of a held answer: the ladder's people may see the conversation and are
    told. Asking again changes nothing."""
    with transaction.atomic():
        conversation = locked(message.conversation)
        if Step.objects.filter(message=message, kind=StepKind.ASKED).exists():
            return
        if not Delivery.objects.filter(message=message, state=DeliveryState.HELD).exists():
            return
        Step.objects.create(message=message, kind=StepKind.ASKED, occurred_at=at)
        ladder = climbs(message.author_employee, conversation)
        if ladder is not None and ladder.role is not None:
            ask_in(ladder.role, conversation, but=message.author_employee, subject=message.pk)
        wake(Task.TELL_APPROVALS)


def approve(
    message: Message, *, by: Actor, text: str | None = None, newest: uuid.UUID | None = None
) -> Message:
    """Sends it, in the approver's words where `text` says other ones; where two named roles are
    asked, the second one's yes sends it.

    newest: the newest word of the exchange that the approver has read. Conflict `stale` when
    somebody has spoken since the answer was written and this does not say so, `sent_back` while
    it is with its author, `decided` when somebody was quicker.
    """
    now = timezone.now()
    with transaction.atomic():
        conversation, message, approver = _deciding(message, by)
        _must_be_fresh(message, newest)
        if escalations.approve_by(approver, conversation, reply=message, by=by, at=now):
            return message  # another role has still to say yes
        before = message.text
        said = before if text is None else clean(text)
        kind = StepKind.APPROVED if said == before else StepKind.EDITED
        holding.release(conversation, message, text=said, approved_by=approver, at=now)
        kept = before if kind == StepKind.EDITED else ""
        _step(message, kind, by=by, employee=approver, text=kept, told=True, at=now)
        _let_go(conversation)
    return message


def send_back(message: Message, *, comment: str, by: Actor) -> Message:
    """Gives it back to its author, who is told why and may write it anew or drop it."""
    comment = comment.strip()
    if not comment:
        raise Invalid(_("say what should be different"), code="empty")
    if len(comment) > LONGEST_COMMENT or "\0" in comment:
        raise Invalid(_("the comment is too long"), code="too_long")
    with transaction.atomic():
        conversation, message, approver = _deciding(message, by)
        _step(message, StepKind.SENT_BACK, by=by, employee=approver, comment=comment)
        holding.rewrite(conversation, message, text=message.text)
        wake(Task.TELL_APPROVALS)
    return message


def rewrite(message: Message, *, text: str, by: Actor) -> Message:
    """The author's new words wait for approval in their turn."""
    with transaction.atomic():
        conversation, message, author = _writing(message, by)
        before = message.text
        holding.rewrite(conversation, message, text=text)
        _step(message, StepKind.REWRITTEN, by=by, employee=author, text=before)
        wake(Task.TELL_APPROVALS)
    return message


def drop(message: Message, *, by: Actor) -> Message:
    """The author gives it up; it never goes out."""
    now = timezone.now()
    with transaction.atomic():
        conversation, message, author = _writing(message, by)
        holding.drop(conversation, message, at=now)
        _step(message, StepKind.DROPPED, by=by, employee=author, told=True, at=now)
        _let_go(conversation)
    return message


def _deciding(message: Message, by: Actor) -> tuple[Conversation, Message, Employee]:
    """Locked, and allowed to: an own act of an approver, on an answer that waits for one."""
    conversation, message = _locked(message)
    employee = _employee(by)
    if by.user is None or not may_decide(message, by.user):
        own = message.author_employee_id == employee.pk
        code = "own_answer" if own else "not_an_approver"
        raise Forbidden(_("somebody else must approve this answer"), code=code)
    if is_sent_back(message):
        raise Conflict(_("it was sent back to its author"), code="sent_back")
    return conversation, message, employee


def _writing(message: Message, by: Actor) -> tuple[Conversation, Message, Employee]:
    conversation, message = _locked(message)
    employee = _employee(by)
    if message.author_employee_id != employee.pk:
        raise Forbidden(_("this answer is somebody else's"), code="not_yours")
    return conversation, message, employee


def _locked(message: Message) -> tuple[Conversation, Message]:
    conversation = locked(message.conversation)
    rows = Message.objects.select_related("author_employee__user", "delivery")
    fresh = rows.get(pk=message.pk)
    fresh.conversation = conversation
    if fresh.delivery.state != DeliveryState.HELD:
        raise Conflict(_("this answer is not held any more"), code="decided")
    return conversation, fresh


def _employee(by: Actor) -> Employee:
    if by.via != Via.OWN or by.user is None:
        raise Forbidden(_("only a person decides this, as themself"), code="own_act_only")
    return employee_of(by.user)


def _must_be_fresh(message: Message, newest: uuid.UUID | None) -> None:
    last = newest_word(message)
    if last is not None and last != newest:
        raise Conflict(
            _("somebody has written since: read it, then confirm the answer"), code="stale"
        )


def _step(
    message: Message,
    kind: StepKind,
    *,
    by: Actor,
    employee: Employee,
    comment: str = "",
    text: str = "",
    told: bool = False,
    at: datetime | None = None,
) -> None:
    at = at or timezone.now()
    Step.objects.create(
        message=message,
        kind=kind,
        by=employee,
        comment=comment,
        text=text,
        via=by.via,
        told_at=at if told else None,
        occurred_at=at,
    )
    record(f"answer_{kind.value}", message, by=by, at=at, conversation=str(message.conversation_id))


def _let_go(conversation: Conversation) -> None:
    """Who was asked in to approve sees the conversation no longer than something waits there."""
    held = Delivery.objects.filter(conversation=conversation, state=DeliveryState.HELD)
    if not held.exists() and not escalations.open_in(conversation):
        Participant.objects.filter(
            conversation=conversation, role=ParticipantRole.APPROVING
        ).delete()
