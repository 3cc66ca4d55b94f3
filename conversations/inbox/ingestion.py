"""From opened envelopes to contacts, conversations and messages: in bulk, exactly once.

Runs inside the claim's transaction. Every "once" is a unique constraint; where another batch
was quicker between our look and our write, `Raced` has the batch read again.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from conversations.channels import sending
from conversations.channels.claiming import Opened
from conversations.channels.models import Channel
from conversations.channels.wire.contract import (
    Deleted,
    Echoed,
    Edited,
    Inbound,
    Opted,
    Receipt,
)
from conversations.channels.wire.email import tokens
from conversations.inbox import (
    blocking,
    changes,
    echoes,
    forgetting,
    levels,
    receipts,
    stopping,
    threading,
    writing,
)
from conversations.inbox.addressing import address
from conversations.inbox.lookups import known_messages, known_threads
from conversations.inbox.models import Message, Status
from conversations.inbox.writing import Arrival, NewMessage
from conversations.signals import messages_received
from crm.contacts.services import Address, Person, know, note_units
from crm.values import uuid7


def take_up(channel: Channel, message: Inbound, *, at: datetime) -> uuid.UUID:
    """Takes in what a person found elsewhere, as if the channel had brought it at `at`, and
    announces it. Returns the conversation; the one that has it already, where there is one.

    Raises `Raced` when the channel brings it at this very moment.
    """
    there = Message.objects.filter(channel=channel, external_id=message.external_id)
    known = there.values_list("conversation_id", flat=True).first()
    if known is not None:
        return known
    _take_messages([Arrival(None, channel, at, message)])
    return there.values_list("conversation_id", flat=True).latest("occurred_at")


def consume(opened: Sequence[Opened]) -> Mapping[uuid.UUID, str]:
    """Takes messages and receipts in. Returns remarks for envelopes that brought nothing new."""
    arrivals = [
        Arrival(one.id, one.channel, one.received_at, item)
        for one in opened
        for item in one.items
        if isinstance(item, Inbound)
    ]
    arrivals, published = _without_published(arrivals)
    arrivals, erased = forgetting.without_erased(arrivals)
    written = _take_messages(arrivals) if arrivals else set()
    echoed = echoes.take(
        [(one, item) for one in opened for item in one.items if isinstance(item, Echoed)]
    )
    reports = [(one, item) for one in opened for item in one.items if isinstance(item, Receipt)]
    unmatched = receipts.take([(one.channel, one.id, receipt) for one, receipt in reports])
    brought = {arrival.envelope_id for arrival in arrivals if arrival.envelope_id}
    remarks = dict.fromkeys(unmatched, "reports on a message that is not known here")
    stopping.heed([(one, item) for one in opened for item in one.items if isinstance(item, Opted)])
    waiting = changes.take(
        [(one, item) for one in opened for item in one.items if isinstance(item, Edited | Deleted)]
    )
    remarks |= dict.fromkeys(waiting, "changes a message that is not known here")
    remarks |= dict.fromkeys(echoed, "our own message came back")
    remarks |= dict.fromkeys(published - written, "what we published came back")
    remarks |= dict.fromkeys(brought - written, "duplicate")
    return {**remarks, **forgetting.remarks(erased | forgetting.told_again(opened))}


def _without_published(arrivals: Sequence[Arrival]) -> tuple[list[Arrival], set[uuid.UUID]]:
    """Leaves out what is our own publication, shown to us by the network."""
    ours = sending.ours({(one.channel.pk, one.message.external_id) for one in arrivals})
    if not ours:
        return list(arrivals), set()
    echo = {one for one in arrivals if (one.channel.pk, one.message.external_id) in ours}
    gone = {one.envelope_id for one in echo if one.envelope_id}
    return [one for one in arrivals if one not in echo], gone


def _take_messages(arrivals: Sequence[Arrival]) -> set[uuid.UUID | None]:
    """Returns the envelopes that brought something new."""
    people = know(_addresses(arrivals), at=timezone.now())
    fresh = _without_known(arrivals, people)
    known = known_threads(
        [(each.channel, _sender(each, people), each.message, _token(each)) for each in fresh]
    )
    messages = [_place(arrival, variant, people, known) for arrival, variant in _ordered(fresh)]
    blocking.put_aside([each.thread for each in messages if _is_blocked(each, people)])
    writing.write(messages)
    stopping.take(messages)
    changes.match_waiting([(each.channel, each.inbound.external_id) for each in messages])
    levels.refresh({message.thread.id for message in messages if not message.inbound.automated})
    note_units((_sender(arrival, people).contact_id, arrival.channel.unit_id) for arrival in fresh)
    _announce(messages)
    return {message.envelope_id for message in messages}


def _addresses(arrivals: Iterable[Arrival]) -> set[Address]:
    found = set()
    for arrival in arrivals:
        found.add(address(arrival.channel, arrival.message.sender))
        found |= {address(arrival.channel, party) for party in arrival.message.others}
    return found


def _sender(arrival: Arrival, people: Mapping[tuple[str, str, str], Person]) -> Person:
    return people[address(arrival.channel, arrival.message.sender).key]


def _without_known(
    arrivals: Sequence[Arrival], people: Mapping[tuple[str, str, str], Person]
) -> dict[Arrival, str]:
    """What is new, each with its variant: "" unless its id is known with other content."""
    asked = {(arrival.channel.pk, arrival.message.external_id) for arrival in arrivals}
    known = known_messages(asked)
    fresh: dict[Arrival, str] = {}
    for arrival in sorted(arrivals, key=lambda each: each.received_at):
        key = (arrival.channel.pk, arrival.message.external_id)
        sender = _sender(arrival, people).identity_id
        content = (sender, arrival.message.body_digest)
        same_id = known.setdefault(key, set())
        if content in same_id:
            continue
        fresh[arrival] = _variant(content) if same_id else ""
        same_id.add(content)
    return fresh


def _variant(content: tuple[int, str]) -> str:
    return hashlib.sha256(f"{content[0]} {content[1]}".encode()).hexdigest()[:16]


def _ordered(fresh: Mapping[Arrival, str]) -> list[tuple[Arrival, str]]:
    return sorted(fresh.items(), key=lambda pair: pair[0].received_at)


def _place(
    arrival: Arrival,
    variant: str,
    people: Mapping[tuple[str, str, str], Person],
    known: threading.Known,
) -> NewMessage:
    sender = _sender(arrival, people)
    message = arrival.message
    thread = threading.find(
        message,
        channel_id=arrival.channel.pk,
        sender=sender.identity_id,
        token=_token(arrival),
        known=known,
    ) or _new_thread(arrival, sender, known)
    known.by_reference.setdefault((arrival.channel.pk, message.external_id), thread)
    others = {people[address(arrival.channel, party).key].identity_id for party in message.others}
    new_others = others - thread.correspondents - {thread.identity_id}
    thread.correspondents |= new_others
    return NewMessage(
        id=uuid7(),
        thread=thread,
        channel=arrival.channel,
        envelope_id=arrival.envelope_id,
        sender_id=sender.identity_id,
        variant=variant,
        received_at=arrival.received_at,
        inbound=message,
        new_correspondents=frozenset(new_others),
        stops=stopping.asks_to_stop(stopping.network_of(arrival.channel), message),
    )


def _is_blocked(message: NewMessage, people: Mapping[tuple[str, str, str], Person]) -> bool:
    """Whoever else writes into the conversation of somebody who is blocked, it stays theirs."""
    party = message.inbound.sender
    is_theirs = message.sender_id == message.thread.identity_id
    return is_theirs and people[address(message.channel, party).key].blocked


def _token(arrival: Arrival) -> uuid.UUID | None:
    """The conversation that the mail's address names, when we signed that name."""
    token = arrival.message.reply_token
    if not token:
        return None
    return tokens.verify(arrival.channel.secret, token, purpose=tokens.REPLY)


def _new_thread(arrival: Arrival, sender: Person, known: threading.Known) -> threading.Thread:
    thread = threading.Thread(
        id=uuid7(),
        channel_id=arrival.channel.pk,
        identity_id=sender.identity_id,
        thread=arrival.message.thread,
        status=Status.SPAM if sender.blocked else Status.OPEN,
        new=True,
    )
    known.by_thread[thread.channel_id, thread.identity_id, thread.thread] = thread
    return thread


def _announce(messages: Sequence[NewMessage]) -> None:
    """One signal for the batch, after the commit: who routes, asks the rows themselves.

    What waited, slept or was closed is open again by now; only spam is not spoken of.
    """
    told = sorted(
        {
            message.thread.id
            for message in messages
            if message.asks and message.thread.status != Status.SPAM
        }
    )
    if told:
        transaction.on_commit(
            lambda: messages_received.send_robust(sender=None, conversations=told), robust=True
        )
