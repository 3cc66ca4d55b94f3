"""What people do with a conversation: answer, note, assign, snooze, close.

Doors check who asks (`visible_to`) and call one verb; a verb locks the conversation, checks what
the state allows, writes the rows and the journal line, and wakes what must follow.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from conversations.channels.accounts import account_of, adapter_of
from conversations.channels.wire.contract import File
from conversations.inbox import enclosing, levels, windows
from conversations.inbox.models import (
    Closing,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    MessageKind,
    NeedsAnswer,
    ParticipantRole,
    Status,
)
from conversations.inbox.versions import must_have_seen
from conversations.service_levels.models import Priority
from conversations.signals import conversation_ended, need_changed, reply_written
from crm.access.services import staffed_units
from crm.contacts.consent import allowed
from crm.contacts.models import Purpose
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Employee, User
from crm.organisation.people import employee_of, employee_or_none
from crm.values import Actor, uuid7
from crm.wake import Task, wake

logger = logging.getLogger(__name__)

LONGEST_TEXT = 100_000
_ANSWERS = (ParticipantRole.ANSWERING, ParticipantRole.HELPING)


def may_answer(conversation: Conversation, user: User) -> bool:
    """Staff of the unit, the assignee, and who was asked in to answer; an open offer is not it."""
    units = staffed_units(user)
    if units is None or conversation.unit_id in units:
        return True
    assignee = conversation.assignee
    if assignee is not None and assignee.user_id == user.pk:
        return True
    return conversation.participants.filter(user=user, role__in=_ANSWERS).exists()


def locked(conversation: Conversation) -> Conversation:
    """The row as it is now, nobody else's to change until the transaction ends."""
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def reply(
    conversation: Conversation,
    *,
    text: str,
    by: Actor,
    articles: Sequence[uuid.UUID] = (),
    seen: str = "",
    files: Sequence[File] = (),
    uploads: Sequence[uuid.UUID] = (),
    template: dict[str, Any] | None = None,
) -> Message:
    """Queues an answer to the person outside (HELD while a gate asks for approval).

    seen: the tag of what the writer saw; Conflict `changed` or `customer_wrote` when something
    was said since. files, uploads: what goes along, at hand or handed in before; then the text may
    be empty. template: the approved one whose words `text` is (`templating.Filled.kept`).
    Raises Invalid for an empty or endless text, Forbidden `accept_first` for who may only look,
    Conflict `no_way_back` where the channel has no way out.
    """
    text = clean(text) if text.strip() or not (files or uploads) else ""
    author = employee_of(by.user)
    with transaction.atomic():
        conversation = locked(conversation)
        _may_write(conversation, by)
        if seen:
            must_have_seen(conversation, seen)
        adapter = adapter_of(conversation.channel)
        if adapter is None or conversation.identity_id is None:
            raise Conflict(_("this channel can't be answered from here"), code="no_way_back")
        windows.must_fit(conversation, text, adapter, approved=template is not None)
        if uploads and by.user is not None:
            files = [*files, *enclosing.handed_in(conversation, uploads, by=by.user)]
        enclosing.must_be_taken(conversation, files)
        message = _new_message(conversation, author, text, by=by, kind=MessageKind.REPLY)
        message.external_id = adapter.mint_id(account_of(conversation.channel), str(message.id))
        message.articles = list(articles)
        message.approval_required = _asks_for_approval(message)
        message.save(force_insert=True)
        enclosing.attach(message, files)
        held = message.approval_required
        Delivery.objects.create(
            message=message,
            conversation=conversation,
            state=DeliveryState.HELD if held else DeliveryState.QUEUED,
            template=template,
        )
        if held:  # the person outside goes on waiting
            touch(conversation)
        else:
            answered(conversation, at=message.occurred_at)
        record("reply_written", message, by=by, conversation=str(conversation.pk), held=held)
        levels.refresh([conversation.pk])
        wake(Task.DELIVER, message.pk)
        _tell_reply(conversation.pk, message.pk)
    return message


def _tell_reply(conversation_id: uuid.UUID, message_id: uuid.UUID) -> None:
    transaction.on_commit(
        lambda: reply_written.send_robust(
            sender=None, conversation=conversation_id, message=message_id
        ),
        robust=True,
    )


def note(conversation: Conversation, *, text: str, by: Actor) -> Message:
    """A word among colleagues; never leaves the house."""
    text = clean(text)
    author = employee_of(by.user)
    with transaction.atomic():
        conversation = locked(conversation)
        must_not_be_erased(conversation)
        message = _new_message(conversation, author, text, by=by, kind=MessageKind.NOTE)
        message.save(force_insert=True)
        touch(conversation)
        record("note_written", message, by=by, conversation=str(conversation.pk))
    return message


def close(conversation: Conversation, *, by: Actor) -> Conversation:
    """Ends the exchange. Closing a closed one changes nothing."""
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.status == Status.CLOSED:
            return conversation
        now = timezone.now()
        conversation.status = Status.CLOSED
        conversation.closed_at = now
        conversation.waiting_since = conversation.snoozed_until = None
        touch(conversation)
        Closing.objects.create(
            conversation=conversation, by=employee_or_none(by.user), via=by.via, occurred_at=now
        )
        record("conversation_closed", conversation, by=by, at=now)
        levels.refresh([conversation.pk])
        tell_ended(conversation.pk)
    return conversation


def tell_ended(conversation_id: uuid.UUID) -> None:
    transaction.on_commit(
        lambda: conversation_ended.send_robust(sender=None, conversation=conversation_id),
        robust=True,
    )


def reopen(conversation: Conversation, *, by: Actor) -> Conversation:
    """Takes up a closed, snoozed or spam conversation again. Conflict when another is open."""
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.status in {Status.OPEN, Status.WAITING}:
            return conversation
        twin = Conversation.objects.filter(
            channel=conversation.channel,
            identity=conversation.identity,
            thread=conversation.thread,
            live=True,
        ).exclude(pk=conversation.pk)
        must_not_be_erased(conversation)
        if conversation.blocked:
            raise Conflict(_("they are blocked: unblock them first"), code="blocked")
        if twin.exclude(status=Status.CLOSED).exists():
            raise Conflict(_("this thread goes on in a newer conversation"), code="superseded")
        conversation.status = Status.OPEN
        conversation.closed_at = conversation.snoozed_until = None
        conversation.live = True
        touch(conversation)
        record("conversation_reopened", conversation, by=by)
        levels.refresh([conversation.pk])
    return conversation


def snooze(conversation: Conversation, *, until: datetime, by: Actor) -> Conversation:
    """Out of sight until then, or until the person writes. Raises Invalid for the past."""
    if until <= timezone.now():
        raise Invalid(_("the time lies in the past"), code="in_the_past")
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.status in {Status.CLOSED, Status.SPAM}:
            raise Conflict(_("an ended conversation can't be snoozed"), code="ended")
        conversation.status = Status.SNOOZED
        conversation.snoozed_until = until
        touch(conversation)
        record("conversation_snoozed", conversation, by=by, until=until.isoformat())
        levels.refresh([conversation.pk])
    return conversation


def prioritise(conversation: Conversation, *, priority: str, by: Actor) -> Conversation:
    """Service levels of the new priority count from the same start. Raises Invalid."""
    if priority not in Priority.values:
        raise Invalid(_("an unknown priority"), code="unknown_priority")
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.priority == priority:
            return conversation
        conversation.priority = priority
        touch(conversation)
        record("conversation_prioritised", conversation, by=by, priority=priority)
        levels.refresh([conversation.pk])
    return conversation


def mark_spam(conversation: Conversation, *, by: Actor) -> Conversation:
    """What follows in it is kept and nobody is told."""
    with transaction.atomic():
        conversation = locked(conversation)
        if conversation.status == Status.SPAM and not conversation.blocked:
            return conversation
        conversation.status, conversation.blocked = Status.SPAM, False
        conversation.waiting_since = conversation.snoozed_until = None
        conversation.closed_at = None
        touch(conversation)
        record("conversation_marked_spam", conversation, by=by)
        levels.refresh([conversation.pk])
        tell_ended(conversation.pk)
    return conversation


def set_assignee(conversation: Conversation, employee: Employee | None) -> None:
    """Within the caller's transaction and lock; who may assign, and the trace, is routing's."""
    conversation.assignee = employee
    conversation.live = True
    touch(conversation)


def decide_need(conversation: Conversation, *, value: bool, by: Actor) -> NeedsAnswer:
    """Says whether it needs an answer. The first decision before the deadline is what counts.

    "No" takes an open conversation off the waiting list: nobody is asked for it, and the clocks of
    answers stop, until the person writes again. "Yes" after that puts it back where it was.
    """
    now = timezone.now()
    with transaction.atomic():
        conversation = locked(conversation)
        decision = NeedsAnswer.objects.create(
            conversation=conversation,
            value=value,
            by=employee_or_none(by.user),
            via=by.via,
            occurred_at=now,
        )
        record("need_decided", conversation, by=by, at=now, value=value)
        if _set_aside(conversation) if not value else _take_up(conversation):
            touch(conversation)
            levels.refresh([conversation.pk])
            tell_need(conversation.pk, needed=value)
    return decision


def _set_aside(conversation: Conversation) -> bool:
    if conversation.status not in {Status.OPEN, Status.SNOOZED}:
        return False
    conversation.status = Status.WAITING
    conversation.waiting_since = conversation.snoozed_until = None
    return True


def _take_up(conversation: Conversation) -> bool:
    """Whether something of theirs has no answer, and was set aside."""
    if conversation.status != Status.WAITING or conversation.waiting_since is not None:
        return False
    since = unanswered_since(conversation)
    if since is None:
        return False
    conversation.status, conversation.waiting_since, conversation.live = Status.OPEN, since, True
    return True


def unanswered_since(conversation: Conversation) -> datetime | None:
    """The oldest thing they said that has no answer."""
    said = conversation.messages.filter(kind=MessageKind.REPLY, automated=False)
    answered_at = (
        said.filter(direction=Direction.OUT)
        .exclude(delivery__state__in=[DeliveryState.HELD, DeliveryState.DROPPED])
        .aggregate(at=Max("occurred_at"))["at"]
    )
    asked = said.filter(direction=Direction.IN)
    asked = asked.filter(occurred_at__gt=answered_at) if answered_at else asked
    since: datetime | None = asked.aggregate(at=Min("occurred_at"))["at"]
    return since


def tell_need(conversation_id: uuid.UUID, *, needed: bool) -> None:
    transaction.on_commit(
        lambda: need_changed.send_robust(sender=None, conversation=conversation_id, needed=needed),
        robust=True,
    )


def clean(text: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Invalid(_("the text is empty"), code="empty")
    if len(text) > LONGEST_TEXT:
        raise Invalid(_("the text is too long"), code="too_long")
    if "\0" in text:
        raise Invalid(_("the text holds a character that can't be kept"), code="bad_character")
    return text


def _may_write(conversation: Conversation, by: Actor) -> None:
    if by.user is None or not may_answer(conversation, by.user):
        raise Forbidden(_("accept the conversation first"), code="accept_first")
    if conversation.status == Status.SPAM:
        raise Conflict(_("spam is not answered"), code="spam")
    must_not_be_erased(conversation)
    if conversation.identity and not allowed(conversation.identity, Purpose.ANSWERS):
        raise Conflict(_("they asked not to be written to any more"), code="consent_withdrawn")


def must_not_be_erased(conversation: Conversation) -> None:
    """Under the conversation's lock, which erasing takes as well: no word is written after it."""
    identity = conversation.identity
    if identity is not None and identity.contact.erased_at is not None:
        raise Conflict(_("this person is erased"), code="erased")


def _new_message(
    conversation: Conversation, author: Employee, text: str, *, by: Actor, kind: MessageKind
) -> Message:
    return Message(
        id=uuid7(),
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=Direction.OUT,
        kind=kind,
        author_employee=author,
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        via=by.via,
        occurred_at=timezone.now(),
    )


def _asks_for_approval(message: Message) -> bool:
    """Whether any gate holds the message back; a gate that fails holds it too."""
    for path in settings.REPLY_GATES:
        try:
            if import_string(path)(message):
                return True
        except Exception:
            logger.exception("gate %s failed, the message is held", path)
            return True
    return False


def answered(conversation: Conversation, *, at: datetime) -> None:
    conversation.status = Status.WAITING
    conversation.waiting_since = conversation.snoozed_until = conversation.closed_at = None
    conversation.last_message_at = at
    conversation.live = True
    touch(conversation)


def touch(conversation: Conversation) -> None:
    conversation.version += 1
    conversation.updated_at = timezone.now()
    conversation.save()
