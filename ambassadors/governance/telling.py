"""Telling by mail whose turn it is with a held answer: its approvers, or its author."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance import approvals
from ambassadors.governance.ladder import Step, StepKind
from ambassadors.governance.models import Escalation
from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.inbox.models import (
    Conversation,
    DeliveryState,
    Message,
    Participant,
    ParticipantRole,
)
from crm.organisation.models import User
from crm.organisation.people import in_language_of

MOST_AT_ONCE = 50
EXCERPT = 1_500


def tell_due() -> None:
    """The sweep: opens approvals whose announcement got lost, then tells what is untold."""
    unasked = Message.objects.filter(delivery__state=DeliveryState.HELD).exclude(
        pk__in=Step.objects.values("message")
    )
    for message in unasked.select_related("conversation", "author_employee")[:MOST_AT_ONCE]:
        approvals.ask(message, at=timezone.now())
    for step_id in _untold():
        tell(step_id)
    hits = Escalation.objects.filter(source__isnull=False, told_at=None, approved_at=None)
    for escalation in hits.select_related("source__role", "conversation")[:MOST_AT_ONCE]:
        tell_role(escalation)


def tell_role(escalation: Escalation) -> None:
    """The people of the named role, once."""
    with transaction.atomic():
        untold = Escalation.objects.filter(pk=escalation.pk, told_at=None)
        if not untold.update(told_at=timezone.now()) or escalation.source is None:
            return
    people = escalation.source.role.people.filter(left_at=None, user__is_active=True)
    for user in User.objects.filter(pk__in=people.values("user")):
        with in_language_of(user):
            address = _queue_of(user)
            lines = [
                _("Hello %s,") % user.name,
                "",
                _("a conversation needs your say before anybody answers (%s).") % escalation.rule,
                "",
                _("Answers wait until you approve them: %s") % address,
            ]
            named = {"role": escalation.role, "what": escalation.conversation}
            subject = _("For %(role)s: %(what)s") % named
            send_notice(to=Party(user.email, user.name), subject=subject, text="\n".join(lines))


def _queue_of(user: User) -> str:
    """Where they decide: the staff in its pages, everybody else on a page of their own."""
    name = "admin:approvals" if user.is_staff else "own_approvals"
    return settings.BASE_URL + reverse(name)


def _untold() -> Sequence[uuid.UUID]:
    rows = Step.objects.filter(told_at=None).order_by("occurred_at")
    return list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])


def tell(step_id: uuid.UUID) -> None:
    """Claimed first: a mail lost is better than one sent twice, the queue shows it anyway."""
    with transaction.atomic():
        if not Step.objects.filter(pk=step_id, told_at=None).update(told_at=timezone.now()):
            return
    step = Step.objects.select_related("message__author_employee__user", "by").get(pk=step_id)
    message = step.message
    if step.kind == StepKind.SENT_BACK:
        author = message.author_employee
        user = author.user if author else None
        people = [user] if user and user.is_active else []
    else:
        people = approvers(message)
    for person in people:
        with in_language_of(person):
            subject, text = _letter(step, person)
            send_notice(to=Party(person.email, person.name), subject=subject, text=text)


def approvers(message: Message) -> list[User]:
    """Who was asked in to approve; where nobody was, the staff named for this very unit."""
    conversation = message.conversation
    asked_in = Participant.objects.filter(
        conversation=conversation, role=ParticipantRole.APPROVING
    ).values("user")
    people = User.objects.filter(is_active=True)
    found = list(people.filter(pk__in=asked_in)[:MOST_AT_ONCE])
    if not found:
        staff = Q(role_grants__role="staff", role_grants__unit=conversation.unit_id)
        found = list(people.filter(staff).distinct()[:MOST_AT_ONCE])
    return [one for one in found if approvals.may_decide(message, one) and _sees(one, message)]


def _sees(user: User, message: Message) -> bool:
    seen = Conversation.objects.visible_to(user)
    return seen.filter(pk=message.conversation_id).exists()


def _letter(step: Step, person: User) -> tuple[str, str]:
    message = step.message
    quoted = "\n".join(f"> {line}" for line in message.text[:EXCERPT].splitlines())
    greeting = _("Hello %s,") % person.name
    subject = str(message.conversation)
    if step.kind == StepKind.SENT_BACK:
        lines = [
            greeting,
            "",
            _("%s asks you to change this answer before it goes out:") % (step.by or "?"),
            "",
            step.comment,
            "",
            quoted,
            "",
            _("Write it anew or drop it: %s")
            % (settings.BASE_URL + reverse("my_conversation", args=[message.conversation_id])),
        ]
        return _("Sent back: %s") % subject, "\n".join(lines)
    address = _queue_of(person)
    who = message.author_employee or "?"
    lines = [greeting, "", _("%s has written an answer that waits for approval:") % who, ""]
    lines += [quoted, ""]
    if names := list(message.attachments.order_by("pk").values_list("name", flat=True)):
        lines += [_("Files that go along: %s") % ", ".join(names), ""]
    lines.append(_("Approve it, change it or send it back: %s") % address)
    return _("Waits for approval: %s") % subject, "\n".join(lines)
