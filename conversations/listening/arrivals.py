"""Mentions that come by a channel: mail alerts, and webhooks that say `mention.received`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from conversations.channels.claiming import Opened
from conversations.channels.models import Source
from conversations.channels.wire.contract import Mentioned
from conversations.listening import hearing


def consume(opened: Sequence[Opened]) -> Mapping[uuid.UUID, str]:
    """Whatever comes this way is a mention, whether a watch asks for it or not."""
    holding = [(one, [each for each in one.items if isinstance(each, Mentioned)]) for one in opened]
    holding = [(one, items) for one, items in holding if items]
    if not holding:
        return {}
    channels = {one.channel.pk for one, _ in holding}
    sources = {row.channel_id: row for row in Source.objects.filter(channel__in=channels)}
    remarks = {}
    for one, items in holding:
        taken = hearing.take(
            items,
            source=sources[one.channel.pk],
            matcher=hearing.watches_of(sources[one.channel.pk]),
            takes_all=True,
            at=one.received_at,
            seconds=float("inf"),  # the claim's transaction takes all or nothing
        )
        if not taken.new:
            remarks[one.id] = "mentions that are known already"
    return remarks
