"""The only ear of the product: what the conversations' floor announces, by id, after commit."""

from __future__ import annotations

import uuid
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from ambassadors.governance import approvals, escalations
from ambassadors.live.services import tell_of_messages
from ambassadors.routing import services, telling
from conversations.inbox.models import Conversation, Message
from conversations.signals import (
    conversation_ended,
    conversation_taken_over,
    messages_received,
    need_changed,
    reply_written,
)
from crm.wake import Task, wake


@receiver(messages_received)
def _escalate(conversations: list[uuid.UUID], **_: Any) -> None:
    escalations.scan(conversations)


@receiver(messages_received)
def _route(conversations: list[uuid.UUID], **_: Any) -> None:
    services.seek_again(conversations, at=timezone.now())
    wake(Task.ROUTE)


@receiver(messages_received)
def _tell(conversations: list[uuid.UUID], **_: Any) -> None:
    tell_of_messages(conversations)
    telling.tell_of_messages(conversations)


@receiver(reply_written)
def _withdraw_offers(conversation: uuid.UUID, message: uuid.UUID, **_: Any) -> None:
    services.answered(
        Conversation.objects.get(pk=conversation),
        Message.objects.get(pk=message),
        at=timezone.now(),
    )


@receiver(reply_written)
def _ask_for_approval(message: uuid.UUID, **_: Any) -> None:
    written = Message.objects.select_related("conversation", "author_employee").get(pk=message)
    if written.approval_required:
        approvals.ask(written, at=timezone.now())


@receiver(need_changed)
def _follow_the_need(conversation: uuid.UUID, needed: bool, **_: Any) -> None:
    """Nobody is asked for what needs no answer; once it does after all, somebody is."""
    if needed:
        services.seek_again([conversation], at=timezone.now())
        wake(Task.ROUTE)
    else:
        services.withdraw(Conversation.objects.get(pk=conversation), at=timezone.now())


@receiver(conversation_taken_over)
def _hand_over(conversation: uuid.UUID, taker: uuid.UUID | None = None, **_: Any) -> None:
    """Offers to others end; who did not ask for it themself is asked whether they take it."""
    services.handed_over(Conversation.objects.get(pk=conversation), taker=taker)


@receiver(conversation_ended)
def _end_offers(conversation: uuid.UUID, **_: Any) -> None:
    services.withdraw(Conversation.objects.get(pk=conversation), at=timezone.now())
