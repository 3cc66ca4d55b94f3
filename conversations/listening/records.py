"""History lines of mentions and their triage."""

from __future__ import annotations

from conversations.channels.models import Source
from conversations.listening.models import Mention, Triage, TriageOutcome
from conversations.listening.triage import project
from crm.journal.lines import Choice, Known, Line, Reference, Text
from crm.journal.records import Record
from crm.organisation.models import Employee

MENTION = Record(
    "mention",
    Mention,
    source=Reference(to=Source),
    text=Text(),
    author=Text(longest=320),
    url=Text(longest=2000, optional=True),
)


class TriageRecord(Record[Triage]):
    """A decision shows on its mention as well: the latest one."""

    def settle(self, fresh: list[tuple[Line, Triage]], known: Known) -> None:
        project({row.mention_id for _, row in fresh})


TRIAGE = TriageRecord(
    "triage",
    Triage,
    mention=Reference(to=Mention),
    by=Reference(to=Employee),
    outcome=Choice(values=TriageOutcome.values),
)
