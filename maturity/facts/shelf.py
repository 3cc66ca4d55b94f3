"""The other records, put where each measure finds them: whatever does not depend on the day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from ambassadors.communities.measures import PostRow
from ambassadors.governance.measures import AcknowledgementRow, PolicyRow
from conversations.channels.measures import HeartbeatRow
from conversations.editorial.measures import PublicationRow
from conversations.listening.measures import TriageRow
from crm.contacts.measures import AddressRow
from maturity.facts.organisation import by_key
from maturity.facts.records import Records
from maturity.facts.threads import Timeline
from maturity.scoring.definition import Model


@dataclass(slots=True)
class TriageAct:
    """in_pace: among the first of that person in that clock minute."""

    at: datetime
    employee: UUID
    in_pace: bool


@dataclass(slots=True)
class PolicyVersion:
    """A pair of policy name and version, dated by its first line."""

    version: str
    dated: datetime
    reviews: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_fresh(self, start: datetime, cut: datetime) -> bool:
        reviewed = (review for known, review in self.reviews if known < cut)
        return any(start <= at < cut for at in (self.dated, *reviewed))


class Shelf:
    def __init__(self, records: Records, model: Model) -> None:
        pace = int(model.by_id["S3-LIS-1"].number("triages_a_minute"))
        self.records = records
        self.beats = {s: Timeline(r, lambda b: b.at) for s, r in beats_by_source(records).items()}
        self.source_units = {row.source: row.unit for row in records.sources}
        self.mentions = Timeline(records.mentions, lambda mention: mention.at)
        self.triages = triages_by_mention(records.triages, pace)
        self.published = Timeline(records.publications, lambda row: row.published_at)
        self.publications = {row.id: row for row in records.publications}
        self.comparisons = by_key(records.comparisons, "publication")
        self.decisions = Timeline(records.decisions, lambda decision: decision.at)
        self.policies = policy_versions(records.policies)
        self.signed = signatures(records.acknowledgements)
        self.trained = firsts((row.employee, row.at) for row in records.trainings)
        self.corrected = firsts((row.message, row.at) for row in records.corrections)
        self.posts = Timeline(records.posts, lambda post: post.at)
        self.post = {row.id: row for row in records.posts}
        self.threads = posts_by_thread(records.posts)
        self.uses = by_key(sorted(records.uses, key=lambda use: use.position), "message")
        self.articles = {row.article: row for row in records.articles}
        self.reviews = by_key(records.reviews, "article")
        self.escalations = Timeline(records.escalations, lambda hit: hit.at)
        self.sharing = sharing_contacts(records.addresses)

    def is_of(self, source: UUID, unit: UUID) -> bool:
        """A source without a unit serves every unit."""
        return self.source_units.get(source) in (unit, None)

    def is_trained(self, employee: UUID, cut: datetime) -> bool:
        """Before `cut`."""
        trained = self.trained.get(employee)
        return trained is not None and trained < cut

    def in_force(self, cut: datetime) -> dict[str, tuple[PolicyVersion, PolicyVersion | None]]:
        """Policy -> the latest version dated before `cut`, and the one before it."""
        found = {}
        for name, versions in self.policies.items():
            dated = [version for version in versions if version.dated < cut]
            if dated:
                found[name] = dated[-1], dated[-2] if len(dated) > 1 else None
        return found

    def accepted_versions(self, cut: datetime, grace: timedelta) -> dict[str, list[str]]:
        """Policy -> the versions whose acknowledgement counts at `cut`."""
        counting = {}
        for name, (current, former) in self.in_force(cut).items():
            is_young = former is not None and cut - current.dated < grace
            counting[name] = [
                v.version for v in (current, former) if v and (is_young or v is current)
            ]
        return counting

    def signed_at(self, employee: UUID, policy: str, versions: Iterable[str]) -> datetime | None:
        """The employee's first acknowledgement of one of these versions."""
        signed = (self.signed.get((employee, policy, version)) for version in versions)
        return min((at for at in signed if at is not None), default=None)


def published_at(row: PublicationRow) -> datetime:
    """Of one that was: only published ones lie on the timeline."""
    return cast("datetime", row.published_at)


def beats_by_source(records: Records) -> dict[UUID, list[HeartbeatRow]]:
    return by_key(records.heartbeats, "source")


def firsts(pairs: Iterable[tuple[UUID, datetime]]) -> dict[UUID, datetime]:
    found: dict[UUID, datetime] = {}
    for key, at in pairs:
        found[key] = min(at, found.get(key, at))
    return found


def triages_by_mention(rows: Iterable[TriageRow], pace: int) -> dict[UUID, list[TriageAct]]:
    """Own acts only, oldest first."""
    minutes: Counter[tuple[UUID, datetime]] = Counter()
    found: dict[UUID, list[TriageAct]] = defaultdict(list)
    for row in rows:
        if not row.own:
            continue
        minute = row.employee, row.at.replace(second=0, microsecond=0)
        minutes[minute] += 1
        act = TriageAct(row.at, row.employee, minutes[minute] <= pace)
        found[row.mention].append(act)
    return dict(found)


def policy_versions(rows: Iterable[PolicyRow]) -> dict[str, list[PolicyVersion]]:
    """Policy name -> its versions by date."""
    found: dict[str, dict[str, PolicyVersion]] = defaultdict(dict)
    for row in rows:
        version = found[row.name].setdefault(row.version, PolicyVersion(row.version, row.at))
        if row.reviewed_at is not None:
            version.reviews.append((row.at, row.reviewed_at))
    return {name: list(versions.values()) for name, versions in found.items()}


def signatures(rows: Iterable[AcknowledgementRow]) -> dict[tuple[UUID, str, str], datetime]:
    """(employee, policy, version) -> the first own acknowledgement.

    A session is that of the first employee who acknowledged in it; it signs for nobody else.
    """
    sessions: dict[str, UUID] = {}
    found: dict[tuple[UUID, str, str], datetime] = {}
    for row in rows:
        if row.own and sessions.setdefault(row.session, row.employee) == row.employee:
            found.setdefault((row.employee, row.policy, row.version), row.at)
    return found


def posts_by_thread(rows: Iterable[PostRow]) -> Mapping[tuple[UUID, str], Sequence[PostRow]]:
    found: dict[tuple[UUID, str], list[PostRow]] = defaultdict(list)
    for row in rows:
        found[row.community, row.thread].append(row)
    return found


def sharing_contacts(addresses: Iterable[AddressRow]) -> dict[UUID, set[UUID]]:
    """Contact -> the others that have one of its addresses."""
    holders: dict[tuple[str, str], set[UUID]] = defaultdict(set)
    for row in addresses:
        holders[row.kind.casefold(), row.handle.casefold()].add(row.contact)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for contacts in holders.values():
        if len(contacts) > 1:
            for contact in contacts:
                found[contact] |= contacts - {contact}
    return dict(found)
