"""The records behind one criterion, with names and links only where the reader may open them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from ambassadors.communities.measures import visible_threads
from conversations.channels.measures import source_names
from conversations.editorial.measures import visible_titles
from conversations.inbox.measures import visible_subjects
from crm.access.services import Person
from crm.organisation.models import Employee, User
from maturity.executive.discretion import LEAST
from maturity.facts.evidence import Evidence, Trace


@dataclass(frozen=True, slots=True)
class Record:
    """name: "" where the reader may not know it; link: "" where there is no page to open."""

    kind: str
    at: datetime
    mark: str
    name: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Behind:
    """count of them all and their digest; up to 50 of them."""

    count: int
    oldest: datetime | None
    newest: datetime | None
    digest: str
    records: Sequence[Record]

    @property
    def closed(self) -> Mapping[str, int]:
        """Of those listed, how many of which kind this reader may not open."""
        return dict(Counter(kind_word(each.kind) for each in self.records if not each.name))


def kind_word(kind: str) -> str:
    words = {
        "conversation": _("conversation"),
        "mention": _("mention"),
        "publication": _("publication"),
        "post": _("post in a community"),
        "source": _("source"),
        "employee": _("person"),
    }
    return words.get(kind, kind)


def seen_by(reader: Person, evidence: Evidence) -> Behind:
    return Behind(
        count=evidence.count,
        oldest=evidence.oldest,
        newest=evidence.newest,
        digest=evidence.digest,
        records=opened(reader, evidence.records, evidence.count),
    )


def open_ids(reader: Person, evidence: Evidence) -> set[UUID]:
    """The ids of those that this reader may open."""
    shown = opened(reader, evidence.records, evidence.count)
    pairs = zip(shown, evidence.records, strict=True)
    return {trace.id for record, trace in pairs if record.name}


def opened(reader: Person, traces: Sequence[Trace], count: int) -> list[Record]:
    """Each with its name and link, where this reader may see it."""
    found: dict[str, Mapping[UUID, tuple[str, str]]] = {}
    for kind in {trace.kind for trace in traces}:
        ids = [trace.id for trace in traces if trace.kind == kind]
        may_name = kind != "employee" or count >= LEAST
        found[kind] = SIGHT[kind](reader, ids) if kind in SIGHT and may_name else {}
    return [
        Record(trace.kind, trace.at, str(trace.id)[-12:], *found[trace.kind].get(trace.id, ()))
        for trace in traces
    ]


Seen = Mapping[UUID, tuple[str, str]]  # id -> name and link


def conversations(reader: Person, ids: Collection[UUID]) -> Seen:
    return {
        pk: (subject, reverse("admin:conversations_conversation_change", args=[pk]))
        for pk, subject in visible_subjects(reader, ids).items()
    }


def publications(reader: Person, ids: Collection[UUID]) -> Seen:
    return {
        pk: (title, reverse("admin:conversations_publication_change", args=[pk]))
        for pk, title in visible_titles(reader, ids).items()
    }


def posts(reader: Person, ids: Collection[UUID]) -> Seen:
    return {
        pk: (title, reverse("thread", args=[opening]))
        for pk, (title, opening) in visible_threads(reader, ids).items()
    }


def sources(reader: Person, ids: Collection[UUID]) -> Seen:
    return {pk: (name, "") for pk, name in source_names(ids).items()}


def people(reader: Person, ids: Collection[UUID]) -> Seen:
    """Names for those who may read the list of employees; never in a small group."""
    if not isinstance(reader, User) or not reader.has_perm("crm.view_employee"):
        return {}
    return {
        person.pk: (person.name, reverse("admin:crm_employee_change", args=[person.pk]))
        for person in Employee.objects.filter(pk__in=ids)
    }


SIGHT: Mapping[str, Callable[[Person, Collection[UUID]], Seen]] = {
    "conversation": conversations,
    "publication": publications,
    "post": posts,
    "source": sources,
    "employee": people,
}
