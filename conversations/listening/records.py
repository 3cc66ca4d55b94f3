"""History lines of mentions and their triage."""

from __future__ import annotations

from conversations.channels.models import Source
from conversations.listening import mood
from conversations.listening.models import Mention, Triage, TriageOutcome
from conversations.listening.triage import project
from crm.journal.lines import Choice, Known, Line, Reference, Text
from crm.journal.records import Record
from crm.language import recognise
from crm.organisation.models import Employee


class MentionRecord(Record[Mention]):
    """What is heard live is told apart by language and mood; so is what is imported."""

    def prepare(self, fresh: list[tuple[Line, Mention]], known: Known) -> None:
        for _, row in fresh:
            row.language = recognise(row.text)
            row.sentiment = mood.of(row.text, row.language)


MENTION = MentionRecord(
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
