"""From a mention to a conversation on its channel: once, and from then on the clock runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.channels.accounts import account_of, adapter_of, finder_of
from conversations.channels.causes import told
from conversations.channels.claiming import Raced
from conversations.channels.models import Channel, Source
from conversations.channels.services import note_version
from conversations.channels.wire.contract import Inbound, Party
from conversations.channels.wire.provider import NotRead
from conversations.inbox.ingestion import take_up
from conversations.listening.models import Mention, Promotion, TriageOutcome
from conversations.listening.places import must_serve
from conversations.listening.triage import triage
from crm.errors import Conflict, Invalid, Unavailable
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.organisation.people import employee_of
from crm.values import AUTOMATION, Actor

LONGEST_ID = 500
ANSWERING = ("webhook",)  # kinds whose mentions carry an address that an answer reaches
ACCOUNTS = {  # kinds of places, and the kind of channel that answers what is said there
    "mastodon": "mastodon",
    "mastodon_live": "mastodon",
    "bluesky": "bluesky",
    "bluesky_live": "bluesky",
}


def promote(
    mention: Mention, *, by: Actor, unit: Unit | None = None, at: datetime | None = None
) -> Promotion:
    """The conversation of its author, in its thread, waiting from now on; and triaged `engage`.

    unit: whose it becomes, needed where the mention's source is the whole company's. What the
    channel brought in already is that conversation, not a second one. Where the unit has an
    account on that network, the network is asked for the post, so that it is answered there.
    Raises Conflict `promoted`, Invalid `which_unit`, Forbidden `not_your_unit`, Unavailable
    `network_silent`.
    """
    employee, at = employee_of(by.user), at or timezone.now()
    there = _found_there(mention, unit or unit_of(mention), by=by)
    try:
        with transaction.atomic():
            row = Mention.objects.select_for_update().get(pk=mention.pk)
            if Promotion.objects.filter(mention=row).exists():
                raise Conflict(_("it is a conversation already"), code="promoted")
            channel = there.channel or channel_of(row, unit or unit_of(row), by=by)
            conversation = take_up(channel, there.message or _said(row, there.remark), at=at)
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


@dataclass(frozen=True, slots=True)
class _There:
    """Where a mention can be answered, and as what; or why not, "" where there is no account."""

    channel: Channel | None = None
    message: Inbound | None = None
    remark: str = ""


def _found_there(mention: Mention, unit: Unit | None, *, by: Actor) -> _There:
    """Asks the network, outside any transaction."""
    channel = account_for(mention, unit)
    finder = finder_of(channel) if channel else None
    if channel is None or finder is None or Promotion.objects.filter(mention=mention).exists():
        return _There()
    must_serve(channel.unit, by)
    try:
        found = finder.find(account_of(channel), mention.external_id)
    except NotRead as error:
        if not error.access:
            said = _("%(account)s could not be asked for it, try again: %(cause)s")
            words = said % {"account": channel.name, "cause": told(str(error))}
            raise Unavailable(words, code="network_silent") from error
        return _There(remark=_("No answer from here: %(cause)s") % {"cause": told(str(error))})
    if found is None:
        return _There(
            remark=_("No answer from here: %(account)s does not find it")
            % {"account": channel.name}
        )
    where = _("Promoted from a mention: %(url)s") % {"url": mention.url}
    return _There(channel, replace(found, notes=(*found.notes, where[:300])))


def account_for(mention: Mention, unit: Unit | None) -> Channel | None:
    """The unit's own account on the network where it was said."""
    kind = ACCOUNTS.get(mention.source.kind)
    if kind is None or unit is None:
        return None
    rows = Channel.objects.filter(kind=kind, unit=unit, token__isnull=False, closed_at=None)
    return next((row for row in rows.order_by("name", "pk") if finder_of(row)), None)


def offers_answer(mention: Mention) -> bool:
    """Whether a conversation made of it can be answered from here."""
    if account_for(mention, unit_of(mention)) is not None:
        return True
    channel = mention.source.channel
    if channel is None or channel.kind not in ANSWERING or not mention.handle:
        return False
    return takes_answers(channel)


def takes_answers(channel: Channel) -> bool:
    """Whether what is written in its conversations leaves the house."""
    if adapter_of(channel) is None or not channel.is_open:
        return False
    return channel.kind not in ANSWERING or bool(channel.callback_url)


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


def _said(mention: Mention, remark: str) -> Inbound:
    handle = mention.handle or mention.author or f"author of {mention.canonical or mention.pk}"
    external_id = mention.external_id or str(mention.pk)
    if len(external_id) > LONGEST_ID:
        external_id = hashlib.sha256(external_id.encode()).hexdigest()
    where = [_("Promoted from a mention: %(url)s") % {"url": mention.url}] if mention.url else []
    where += [remark] if remark else []
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
