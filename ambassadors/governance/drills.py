"""A drill of an escalation rule: an invented question that goes the whole way of a real one.

It comes in as an envelope, is read, hits the rule, reaches the named role and is held for its
approval. It is on a channel of its own, that has no door and sends nothing, and is written by a
colleague: so it is nobody's question, and no measure counts it but that of the rule itself.
"""

from __future__ import annotations

import json

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.models import EscalationRule
from conversations.channels.models import Channel
from conversations.channels.services import note_version, receive
from conversations.channels.wire.drill import KIND
from crm.access.services import staffed_units
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import Unit
from crm.organisation.people import employee_of
from crm.values import Actor, Via, unguessable, uuid7

LONGEST_TEXT = 4_000


def start(rule: EscalationRule, *, unit: Unit, by: Actor, text: str = "") -> str:
    """Returns the thread of the conversation that it will be, once it is read.

    text: the question; the rule's first keyword is added where none stands in it.
    Raises Forbidden for who does not serve the unit, Conflict `not_active`, Invalid `other_unit`.
    """
    starter = employee_of(by.user)
    units = staffed_units(by.user) if by.user else set()
    if by.via != Via.OWN or (units is not None and unit.pk not in units):
        raise Forbidden(_("only the unit's staff may do this"), code="staff_only")
    if not rule.active:
        raise Conflict(_("this rule is switched off"), code="not_active")
    if rule.unit_id not in (None, unit.pk):
        raise Invalid(_("this rule is for another unit"), code="other_unit")
    thread = f"{rule.pk}.{uuid7()}"
    said = {
        "id": thread,
        "thread": thread,
        "from": starter.email,
        "name": starter.name,
        "subject": _("Drill: %s") % rule.name,
        "text": words(rule, text),
    }
    with transaction.atomic():
        channel = channel_of(unit)
        record("drill_started", rule, by=by, unit=str(unit.pk), thread=thread)
        receive(channel, body=json.dumps(said).encode(), headers={}, key=thread)
    return thread


def words(rule: EscalationRule, text: str) -> str:
    """What is asked, under a line that nobody can mistake."""
    text = text.replace("\0", "").strip()
    if len(text) > LONGEST_TEXT:
        raise Invalid(_("the text is too long"), code="too_long")
    notice = _("This is a drill: nobody outside asks this, and no answer leaves the house.")
    asked = text or _("Please treat this as you would treat the real thing.")
    keyword = rule.keywords[0] if rule.keywords else ""
    return "\n\n".join(filter(None, [notice, asked, keyword and f"({keyword})"]))


def channel_of(unit: Unit) -> Channel:
    """The unit's channel for drills, made at the first one; no source, since nobody is heard."""
    now = timezone.now()
    Unit.objects.select_for_update().get(pk=unit.pk)  # two first drills at once
    found = Channel.objects.filter(kind=KIND, unit=unit).first()
    if found is None:
        found = Channel.objects.create(
            kind=KIND, unit=unit, name=_("Drills"), owned=False, token=unguessable()
        )
        note_version(found, at=now)
    return found
