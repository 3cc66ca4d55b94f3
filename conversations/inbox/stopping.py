"""STOP: somebody asks not to be written to any more, in words that are nothing else.

Honoured before the next send: the word takes consent back in the transaction that takes the
message in, and delivery looks at it after its claim, right before the network. Where anybody may
write anew at will, what they write of themselves is consent to be answered; on networks whose
carriers count, only START takes STOP back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from conversations.channels.wire.contract import Inbound, Opted
from conversations.inbox.addressing import address
from conversations.inbox.models import Conversation
from conversations.inbox.services import decide_need
from crm.contacts import consent
from crm.contacts.models import ConsentSource, Identity, Purpose
from crm.contacts.services import know
from crm.values import AUTOMATION, whole_words

if TYPE_CHECKING:
    from conversations.channels.claiming import Opened
    from conversations.channels.models import Channel
    from conversations.inbox.models import Message
    from conversations.inbox.writing import NewMessage

# CTIA's words and their French kin; compared without case, accents and punctuation.
_STOP = frozenset({"stop", "stop all", "stopall", "unsubscribe", "arret", "desabonnement"})
_STOP |= {"se desabonner", "me desabonner", "desinscription", "me desinscrire", "opt out", "optout"}
_STOP_BY_TELEPHONE = _STOP | {"cancel", "end", "quit", "revoke", "36179", "stop 36179"}
_START = frozenset({"start", "unstop", "yes", "oui", "reprendre"})
_STOPS: Mapping[str, frozenset[str]] = {
    "sms": _STOP_BY_TELEPHONE,
    "kannel": _STOP_BY_TELEPHONE,
    "whatsapp": _STOP,
    "email": _STOP,
}
_COUNTED = frozenset({"sms", "kannel", "whatsapp"})  # carriers hold STOP against whoever goes on


def network_of(channel: Channel) -> str:
    """What carries it: a signed webhook may stand before a gateway, and then says which kind."""
    return str(channel.options.get("network") or channel.kind)


def asks_to_stop(kind: str, message: Inbound) -> bool:
    """On this kind of network the whole message is a word for it; a mail's subject, when the
    mail says nothing else."""
    words = _STOPS.get(kind)
    if words is None or message.automated:
        return False
    said = message.text if message.text.strip() or kind != "email" else message.subject
    return whole_words(said[:200]).strip() in words


def _asks_to_start(kind: str, message: Inbound) -> bool:
    return kind in _COUNTED and whole_words(message.text[:200]).strip() in _START


def take(messages: Iterable[NewMessage]) -> None:
    """Within ingestion's transaction, after the messages are written."""
    ordered = sorted(messages, key=lambda each: each.received_at)
    if not ordered:
        return
    silent = consent.silenced({message.sender_id for message in ordered})
    for message in ordered:
        if message.stops:
            _stop(message)
            silent.add(message.sender_id)
        elif message.sender_id in silent and _speaks_again(message):
            silent.discard(message.sender_id)


def _stop(message: NewMessage) -> None:
    """Whoever asks for silence waits for no answer, whatever they asked before."""
    identity = Identity.objects.select_related("contact").get(pk=message.sender_id)
    at = message.received_at
    consent.stop(identity, source=ConsentSource.STOP, by=AUTOMATION, at=at)
    conversation = Conversation.objects.get(pk=message.thread.id)
    if conversation.identity_id == message.sender_id:
        decide_need(conversation, value=False, by=AUTOMATION)


def _speaks_again(message: NewMessage) -> bool:
    kind, said = network_of(message.channel), message.inbound
    starts = _asks_to_start(kind, said)
    if said.automated or (kind in _COUNTED and not starts):
        return False
    identity = Identity.objects.select_related("contact").get(pk=message.sender_id)
    source = ConsentSource.START if starts else ConsentSource.WROTE
    at = message.received_at
    return consent.say(identity, Purpose.ANSWERS, given=True, source=source, by=AUTOMATION, at=at)


def heed(told: Iterable[tuple[Opened, Opted]]) -> None:
    """What the network itself says of a person's wish: a stopped bot, a word in any language."""
    for one, item in told:
        at = one.received_at
        to = address(one.channel, item.sender)
        identity = Identity.objects.select_related("contact").get(
            pk=know([to], at=at)[to.key].identity_id
        )
        if not item.wants and not item.news_only:
            consent.stop(identity, source=ConsentSource.STOP, by=AUTOMATION, at=at)
            continue
        purpose = Purpose.NEWS if item.news_only else Purpose.ANSWERS
        source = ConsentSource.START if item.wants else ConsentSource.STOP
        consent.say(identity, purpose, given=item.wants, source=source, by=AUTOMATION, at=at)


def why_not(message: Message) -> str:
    """Why this must not go out although it is due; "" when it may."""
    identity = message.conversation.identity
    if identity is None:
        return ""
    if identity.contact.erased_at is not None:
        return _("this person is erased")
    if not consent.allowed(identity, Purpose.ANSWERS):
        return _("they asked not to be written to any more")
    if identity.contact.blocked_at is not None:
        return _("they are blocked")
    return ""
