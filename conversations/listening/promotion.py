"""From a mention to a conversation on its channel: once, and from then on the clock runs."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.accounts import adapter_of
from conversations.channels.claiming import Raced
from conversations.channels.models import Channel, Source
from conversations.channels.services import note_version
from conversations.channels.wire.contract import Inbound, Party
from conversations.inbox.ingestion import take_up
from conversations.listening.models import Mention, Promotion, TriageOutcome
from conversations.listening.places import must_serve
from conversations.listening.triage import triage
from crm.errors import Conflict, Invalid
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.organisation.people import employee_of
from crm.values import AUTOMATION, Actor

LONGEST_ID = 500
ANSWERING = ("webhook",)  # kinds whose mentions carry an address that an answer reaches


def promote(
    mention: Mention, *, by: Actor, unit: Unit | None = None, at: datetime | None = None
) -> Promotion:
    """The conversation of its author, in its thread, waiting from now on; and triaged `engage`.

    unit: whose it becomes, needed where the mention's source is the whole company's. What the
    channel brought in already is that conversation, not a second one. Raises Conflict `promoted`,
    Invalid `which_unit`, Forbidden `not_your_unit`.
    """
    employee, at = employee_of(by.user), at or timezone.now()
    try:
        with transaction.atomic():
            row = Mention.objects.select_for_update().get(pk=mention.pk)
            if Promotion.objects.filter(mention=row).exists():
                raise Conflict(_("it is a conversation already"), code="promoted")
            channel = channel_of(row, unit or unit_of(row), by=by)
            conversation = take_up(channel, _said(row), at=at)
            made = Promotion.objects.create(
                mention=row,
                conversation_id=conversation,
                by=employee,
                via=by.via,
                occurred_at=at,
            )
            if row.outcome != TriageOutcome.ENGAGE:
                triage([row], outcome=TriageOutcome.ENGAGE, by=by, at=at)
            record("mention_promoted", row, by=by, at=at, conversation=str(conversation))
    except Raced as error:
        raise Conflict(_("the channel brings it this very moment"), code="in_progress") from error
    return made


def unit_of(mention: Mention) -> Unit | None:
    """Its source's, else that of the one unit whose watches heard it."""
    if mention.source.unit is not None:
        return mention.source.unit
    heard = Unit.objects.filter(pk__in=mention.sightings.values("watch__unit"))
    units = list(heard[:2])
    return units[0] if len(units) == 1 else None


def offers_answer(mention: Mention) -> bool:
    """Whether a conversation made of it can be answered from here."""
    channel = mention.source.channel
    if channel is None or channel.kind not in ANSWERING or not mention.handle:
        return False
    return bool(channel.is_open and channel.callback_url and adapter_of(channel))


def channel_of(mention: Mention, unit: Unit | None, *, by: Actor) -> Channel:
    """The channel that the mention came by; for a place, one that stands for it and is read only,
    made when it is first needed."""
    source = Source.objects.select_for_update().get(pk=mention.source_id)
    if source.channel is not None and source.channel.kind in ANSWERING:
        must_serve(source.channel.unit, by)
        return source.channel
    if unit is None:
        raise Invalid(_("say which unit it becomes the matter of"), code="which_unit")
    must_serve(unit, by)
    stands_for = {"source": str(source.pk)}
    there = Channel.objects.filter(unit=unit, token=None, options=stands_for).first()
    if there is not None:
        return there
    made = Channel.objects.create(
        kind=source.kind, unit=unit, name=source.name, owned=False, options=stands_for
    )
    note_version(made, at=timezone.now())
    record("channel_opened", made, by=AUTOMATION, kind=made.kind)
    return made


def _said(mention: Mention) -> Inbound:
    handle = mention.handle or mention.author or f"author of {mention.canonical or mention.pk}"
    external_id = mention.external_id or str(mention.pk)
    if len(external_id) > LONGEST_ID:
        external_id = hashlib.sha256(external_id.encode()).hexdigest()
    where = [_("Promoted from a mention: %(url)s") % {"url": mention.url}] if mention.url else []
    return Inbound(
        external_id=external_id,
        sender=Party(handle=handle[:320], name=mention.author[:200]),
        text=mention.text,
        body_digest=hashlib.sha256(mention.text.encode()).hexdigest(),
        thread=(mention.thread or external_id)[:LONGEST_ID],
        subject=mention.headline,
        sent_at=mention.stated_at,
        notes=tuple(each[:300] for each in where),
    )
