"""What an adapter must know to send one of our messages."""

from __future__ import annotations

import uuid
from typing import Any

from conversations.channels.wire.contract import Outbound, Party
from conversations.channels.wire.email import tokens
from conversations.inbox.enclosing import enclosed
from conversations.inbox.models import Delivery, Direction, Message, MessageKind

MOST_REFERENCES = 20


def outbound(message: Message) -> Outbound:
    """Addressed to the conversation's own person, whoever else wrote or was quoted in it."""
    conversation = message.conversation
    identity = conversation.identity
    if identity is None:
        raise ValueError("a conversation without a person outside can't be answered")
    references = _references(message)
    return Outbound(
        id=str(message.pk),
        external_id=message.external_id,
        thread=conversation.thread,
        to=Party(identity.shown or identity.handle, identity.contact.name),
        text=message.text,
        subject=conversation.subject,
        in_reply_to=_last_inbound(message),
        references=tuple(references),
        reply_address=_tagged(message, conversation.pk, purpose=tokens.REPLY),
        bounce_address=_tagged(message, message.pk, purpose=tokens.BOUNCE),
        sender_name=message.author_employee.name if message.author_employee else "",
        files=enclosed(message),
        parts=tuple(message.delivery.parts),
        **_approved(message.delivery),
    )


def _approved(delivery: Delivery) -> dict[str, Any]:
    chosen = delivery.template
    if chosen is None:
        return {}
    blanks = tuple((str(blank), str(words)) for blank, words in chosen["blanks"])
    return {"template": (chosen["name"], chosen["language"]), "blanks": blanks}


def _tagged(message: Message, subject: uuid.UUID, *, purpose: str) -> str:
    """Mail only: the channel's address with our signed name of `subject` in it."""
    channel = message.channel
    if channel.kind != "email":
        return ""
    token = tokens.sign(channel.secret, subject, purpose=purpose)
    return tokens.tagged(channel.address, token, purpose=purpose)


def _earlier(message: Message, **conditions: object) -> list[str]:
    return list(
        Message.objects.filter(
            conversation=message.conversation,
            occurred_at__lte=message.occurred_at,
            kind=MessageKind.REPLY,
            **conditions,
        )
        .exclude(pk=message.pk)
        .exclude(external_id="")
        .order_by("-occurred_at", "-pk")
        .values_list("external_id", flat=True)[:MOST_REFERENCES]
    )


def _references(message: Message) -> list[str]:
    """External ids of the exchange so far, oldest first; a mail's thread is its first id."""
    thread = message.conversation.thread
    earlier = _earlier(message)[::-1]
    return [thread, *earlier] if thread.startswith("<") and thread not in earlier else earlier


def _last_inbound(message: Message) -> str:
    return next(iter(_earlier(message, direction=Direction.IN)), "")
