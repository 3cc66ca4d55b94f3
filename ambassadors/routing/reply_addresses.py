"""Where the answer to an offer's mail comes back to: a mail channel's address, signed for it."""

from __future__ import annotations

from django.db.models import Case, Value, When

from ambassadors.routing.models import Offer
from conversations.channels.models import Channel
from conversations.channels.wire.email import tokens


def reply_address(offer: Offer) -> str:
    """Empty in a company without an open mail channel: then the mail has its links only."""
    conversation = offer.conversation
    nearest = Case(
        When(pk=conversation.channel_id, then=Value(0)),
        When(unit=conversation.unit_id, then=Value(1)),
        default=Value(2),
    )
    channel = (
        Channel.objects.filter(kind="email", token__isnull=False, closed_at=None, paused_at=None)
        .exclude(address="")
        .order_by(nearest, "pk")
        .first()
    )
    if channel is None:
        return ""
    token = tokens.sign(channel.secret, offer.pk, purpose=tokens.COLLEAGUE)
    return tokens.tagged(channel.address, token, purpose=tokens.COLLEAGUE)
