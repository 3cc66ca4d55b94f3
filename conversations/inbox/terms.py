"""On which terms an answer goes out: who reads it, until when, how long, and why not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.accounts import adapter_of
from conversations.channels.wire.provider import Provider
from conversations.channels.wire.takes import Takes
from conversations.inbox import enclosing, templating, windows
from conversations.inbox.models import Conversation, Status
from conversations.inbox.services import may_answer
from crm.organisation.models import User


@dataclass(frozen=True, slots=True)
class Terms:
    """why_not: "" where this person can answer now, else the reason in their language.

    longest: what the network counts as characters, None where nothing is counted. files: None where
    none are taken along.
    """

    why_not: str
    is_public: bool
    replaces: bool
    window_until: datetime | None
    longest: int | None
    files: Takes | None


def terms(conversation: Conversation, user: Any) -> Terms:
    adapter = adapter_of(conversation.channel)
    until = windows.closes_at(conversation)
    return Terms(
        why_not=_why_not(conversation, user, until),
        is_public=windows.is_public(conversation),
        replaces=windows.replaces(conversation),
        window_until=until,
        longest=(adapter.card.longest or None) if isinstance(adapter, Provider) else None,
        files=enclosing.taken_in(conversation),
    )


def _why_not(conversation: Conversation, user: Any, until: datetime | None) -> str:
    if conversation.status == Status.SPAM:
        return _("This is spam: reopen it to answer.")
    if not conversation.channel.owned and conversation.channel.token is None:
        return _("Nothing can be sent to this place from here: answer there, by hand.")
    if conversation.channel.closed_at is not None and conversation.channel.token is not None:
        return _("This channel is disconnected: nothing can be sent.")
    if conversation.identity is None or adapter_of(conversation.channel) is None:
        return _("This channel was imported: it can be read here, not answered.")
    if until is not None and until <= timezone.now():
        return _too_late(conversation)
    if not isinstance(user, User) or not may_answer(conversation, user):
        return _("You may read this conversation; whoever accepted it answers.")
    if not hasattr(user, "employee"):
        return _("Your sign-in belongs to no employee, so nobody could be named as the author.")
    return ""


def _too_late(conversation: Conversation) -> str:
    if templating.has_templates(conversation):
        return _("They wrote too long ago: only an approved text goes out until they write again.")
    return _("They wrote too long ago: this network lets nobody answer until they write again.")
