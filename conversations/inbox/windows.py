"""What a network lets us write, and until when."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.channels.accounts import provider_of
from conversations.channels.wire.contract import Channel as Adapter
from conversations.channels.wire.provider import Provider, Segmented, Weighed
from conversations.inbox.models import Conversation, Direction, Message, MessageKind
from crm.errors import Conflict, Invalid


def must_fit(
    conversation: Conversation, text: str, adapter: Adapter, *, approved: bool = False
) -> None:
    """Before an answer is queued. approved: its words, by the network, so that no window holds it.

    Raises Invalid `too_long_for_channel`, Conflict `disconnected`,
    `window_closed`."""
    if conversation.channel.closed_at is not None:
        raise Conflict(_("this channel is disconnected"), code="disconnected")
    if not isinstance(adapter, Provider):
        return
    weight, longest = len(text), adapter.card.longest
    if isinstance(adapter, Weighed):
        weight, longest = adapter.weigh(conversation.thread, text)
    if isinstance(adapter, Segmented) and adapter.segments(text) > adapter.most_segments:
        raise Invalid(
            _("this would be %(count)s short messages: at most %(most)s are sent at once")
            % {"count": adapter.segments(text), "most": adapter.most_segments},
            code="too_long_for_channel",
        )
    if longest and weight > longest:
        raise Invalid(
            ngettext(
                "this network takes %(most)s character in one message",
                "this network takes %(most)s characters in one message",
                longest,
            )
            % {"most": longest},
            code="too_long_for_channel",
        )
    end = None if approved else closes_at(conversation)
    if end is not None and end <= timezone.now():
        raise Conflict(
            _("they wrote too long ago: this network lets nobody answer now"), code="window_closed"
        )


def is_public(conversation: Conversation) -> bool:
    """Whether everybody reads what is said there."""
    provider = provider_of(conversation.channel)
    begins = provider.card.public if provider else ""
    return bool(begins) and conversation.thread.startswith(begins)


def replaces(conversation: Conversation) -> bool:
    """Whether an answer would take the place of one that is shown there now."""
    provider = provider_of(conversation.channel)
    return (
        provider is not None
        and provider.card.replaces
        and Message.objects.filter(
            conversation=conversation, direction=Direction.OUT, kind=MessageKind.REPLY
        )
        .exclude(sent_at=None)
        .exists()
    )


def closes_at(conversation: Conversation) -> datetime | None:
    """Until when one may write to this person, None where there is no such end.

    Counted from the last message that came in this thread, in any conversation of it.
    """
    provider = provider_of(conversation.channel)
    if provider is None or provider.card.window is None or is_public(conversation):
        return None
    said = (
        Message.objects.filter(
            channel=conversation.channel_id,
            conversation__identity=conversation.identity_id,
            conversation__thread=conversation.thread,
            direction=Direction.IN,
            kind=MessageKind.REPLY,
        )
        .order_by("-occurred_at")
        .values_list("occurred_at", flat=True)
        .first()
    )
    return (said or conversation.occurred_at) + provider.card.window
