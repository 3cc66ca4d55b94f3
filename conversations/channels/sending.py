"""What leaves the house on a channel, messages and publications alike: how fast, and what.

How fast: a channel's setting `per_minute`, else what its network takes, over all processes. What:
each message carries its external id itself; of publications it is noted here before they leave, so
that the copy which a network shows us is never taken as somebody's message.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from conversations.channels.accounts import provider_of
from conversations.channels.models import Channel, ChannelHealth, Posted
from conversations.channels.wire.contract import SendFailed, Trouble
from crm.limits import Limit

WINDOW = 60  # seconds


def seconds_to_wait(channel: Channel) -> float:
    """Counts one more sending; 0 when it may go now, else when to try again."""
    allowed = channel.options.get("per_minute")
    if not isinstance(allowed, int) or isinstance(allowed, bool) or allowed < 1:
        provider = provider_of(channel)
        allowed = provider.card.per_minute if provider else 0
    if not allowed:
        return 0.0
    limit = Limit("sent on a channel", most=allowed, seconds=WINDOW)
    return 0.0 if limit.allows(str(channel.pk)) else float(WINDOW)


def note_taken(channel: Channel, *, at: datetime) -> None:
    """The network took something of ours; kept once a minute."""
    ChannelHealth.objects.filter(
        Q(last_out_at=None) | Q(last_out_at__lt=at - timedelta(seconds=60)), channel=channel
    ).update(last_out_at=at)


def note_refused(channel: Channel, failure: SendFailed, *, at: datetime) -> None:
    """The network no longer takes our credentials: the connection does not work, whatever its
    last test said."""
    if failure.trouble is Trouble.ACCESS:
        ChannelHealth.objects.filter(channel=channel).update(
            works=False, cause=str(failure)[:500], checked_at=at
        )


def note(channel: Channel, external_ids: Iterable[str], *, subject: uuid.UUID) -> None:
    """Remembers the ids under which `subject` may come back. A known one is left as it is."""
    rows = [
        Posted(channel=channel, external_id=each, subject=subject)
        for each in dict.fromkeys(external_ids)
        if each
    ]
    Posted.objects.bulk_create(rows, ignore_conflicts=True)


def ours(asked: Iterable[tuple[uuid.UUID, str]]) -> dict[tuple[uuid.UUID, str], uuid.UUID]:
    """(channel, external id) -> what of ours it is. A mail's id is ours on every channel."""
    pairs = {pair for pair in asked if pair[1]}
    if not pairs:
        return {}
    rows = Posted.objects.filter(external_id__in={each for _, each in pairs})
    known = {(row.channel_id, row.external_id): row.subject for row in rows}
    mails = {row.external_id: row.subject for row in rows if row.external_id.startswith("<")}
    found = {pair: known.get(pair) or mails.get(pair[1]) for pair in pairs}
    return {pair: subject for pair, subject in found.items() if subject is not None}
