"""Approved texts: which a conversation's network offers, and one of them filled in."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.core.cache import cache
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from conversations.channels.accounts import account_of, adapter_of
from conversations.channels.causes import told
from conversations.channels.models import Channel
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.provider import NotConnected
from conversations.channels.wire.templates import Template, Templates, fits
from conversations.inbox.models import Conversation
from crm.errors import Conflict, Invalid, Unavailable

logger = logging.getLogger(__name__)

REMEMBERED = 600  # seconds


@dataclass(frozen=True, slots=True)
class Filled:
    """text: as the person will read it. blanks: (blank, words)."""

    name: str
    language: str
    text: str
    blanks: tuple[tuple[str, str], ...]

    @property
    def kept(self) -> dict[str, object]:
        """As the delivery keeps it."""
        return {"name": self.name, "language": self.language, "blanks": list(self.blanks)}


def has_templates(conversation: Conversation) -> bool:
    return isinstance(adapter_of(conversation.channel), Templates)


def offered(conversation: Conversation) -> list[Template]:
    """What the network approved, asked for every ten minutes at most. Outside any transaction.

    Raises Conflict `no_templates` where there is nothing of the sort, Unavailable.
    """
    channel = conversation.channel
    adapter = adapter_of(channel)
    if not isinstance(adapter, Templates) or channel.closed_at is not None:
        raise Conflict(_("this channel has no templates"), code="no_templates")
    known = _remembered(channel)
    if known is not None:
        return known
    try:
        found = list(adapter.templates(account_of(channel)))
    except (NotConnected, SendFailed) as error:
        raise Unavailable(
            _("the network does not tell its templates: %s") % told(str(error))
        ) from error
    _remember(channel, found)
    return found


def _key(channel: Channel) -> str:
    return f"templates:{channel.pk}"


def _remembered(channel: Channel) -> list[Template] | None:
    try:
        kept = cache.get(_key(channel))
    except (RedisError, OSError):
        return None
    return None if kept is None else [Template(**one) for one in json.loads(kept)]


def _remember(channel: Channel, found: list[Template]) -> None:
    try:
        cache.set(_key(channel), json.dumps([asdict(one) for one in found]), timeout=REMEMBERED)
    except (RedisError, OSError):
        logger.warning("templates of channel %s are asked for each time", channel.pk)


def filled(
    conversation: Conversation, *, name: str, language: str, values: Mapping[str, str]
) -> Filled:
    """Raises Invalid `unknown_template`, `blank_not_filled`, and as `offered`."""
    asked = (name, language)
    found = next((one for one in offered(conversation) if (one.name, one.language) == asked), None)
    if found is None:
        raise Invalid(_("the network knows no such template"), code="unknown_template")
    blanks = tuple((blank, values.get(blank, "").strip()) for blank in found.blanks)
    wrong = next((blank for blank, words in blanks if not fits(words)), None)
    if wrong is not None:
        raise Invalid(
            _("the blank %(name)s takes one line of words") % {"name": wrong},
            code="blank_not_filled",
        )
    if set(values) - set(found.blanks):
        raise Invalid(_("the template has no such blank"), code="unknown_blank")
    return Filled(name, language, found.filled(dict(blanks)), blanks)
