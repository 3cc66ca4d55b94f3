"""Names of people whom a network delivers as ids only: asked for once they have written."""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db.models import QuerySet
from redis.exceptions import RedisError

from conversations.channels.accounts import account_of, adapter_of
from conversations.channels.models import Channel
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.provider import Names, NotConnected
from conversations.channels.wire.registry import CHANNELS
from crm.contacts.models import Contact, Identity

logger = logging.getLogger(__name__)

NEW = timedelta(days=1)
AGAIN = 6 * 3_600  # seconds before a name that was not told is asked for again
MOST = 20  # a run


def name_people(*, at: datetime) -> int:
    """Returns how many got a name. What a person or the network named keeps that name."""
    named = 0
    for identity in _nameless(at)[:MOST]:
        try:
            if not cache.add(f"named:{identity.pk}", 1, timeout=AGAIN):
                continue
        except (RedisError, OSError):  # without Redis nobody is asked again and again
            logger.warning("names wait: the cache is away")
            break
        name = _asked(identity)
        if name:
            theirs = Contact.objects.filter(pk=identity.contact_id, name="", erased_at=None)
            named += theirs.update(name=name[:200])
    return named


def _nameless(at: datetime) -> QuerySet[Identity]:
    """Of the last day: the ids of contacts rise with time, so that few rows are looked at."""
    kinds = [kind for kind, adapter in CHANNELS.items() if isinstance(adapter, Names)]
    first = uuid.UUID(int=int((at - NEW).timestamp() * 1_000) << 80)
    rows = Identity.objects.filter(
        contact__gte=first, contact__name="", contact__erased_at=None, kind__in=kinds
    )
    return rows.order_by("-contact_id")


def _asked(identity: Identity) -> str:
    channel = Channel.objects.filter(pk=identity.scope, closed_at=None, paused_at=None).first()
    adapter = adapter_of(channel) if channel else None
    if channel is None or not isinstance(adapter, Names):
        return ""
    try:
        name = adapter.name_of(account_of(channel), identity.shown or identity.handle)
    except (NotConnected, SendFailed) as error:
        logger.info("channel %s tells no name: %s", channel.pk, error)
        return ""
    return " ".join(name.replace("\0", "").split())
