"""History lines of service levels: what was promised to whom, from when on."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from conversations.channels.models import Channel
from conversations.service_levels.amounts import amount_of
from conversations.service_levels.models import Priority, Target, TargetVersion
from crm.journal.lines import Choice, Flag, Json, Reference, Text, Unfit
from crm.journal.records import Versioned
from crm.organisation.models import Calendar, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise(Text):
    """Business time, like 30 min, 4 h or 2 d."""

    def clean(self, value: Json) -> Json:
        said = Text.clean(self, value)  # no super() in a class with slots
        try:
            amount_of(str(said))
        except ValidationError as error:
            raise Unfit(" ".join(error.messages)) from None
        return said


SERVICE_LEVEL = Versioned(
    "service_level",
    Target,
    version=TargetVersion,
    thing="target",
    name=Text(longest=200, blank=False),
    unit=Reference(to=Unit, optional=True),
    channel=Reference(to=Channel, optional=True),
    priority=Choice(values=Priority.values, optional=True),
    calendar=Reference(to=Calendar, optional=True),
    first_answer=Promise(longest=12, optional=True),
    next_answer=Promise(longest=12, optional=True),
    resolution=Promise(longest=12, optional=True),
    active=Flag(),
)
