"""Facts that are kept: which days are in force, which are out of date, and keeping one more."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate

from ambassadors.communities import measures as communities
from ambassadors.governance import measures as governance
from ambassadors.routing import measures as routing
from conversations.channels import measures as doors
from conversations.editorial import measures as editorial
from conversations.inbox import measures as inbox
from conversations.knowledge import measures as knowledge
from conversations.listening import measures as listening
from crm.contacts import measures as contacts
from crm.journal.measures import oldest, oldest_of
from crm.organisation import measures as organisation
from maturity.facts.evidence import Evidence
from maturity.facts.ledger import Day
from maturity.facts.models import DayFacts, Reading, Touch
from maturity.facts.organisation import UnitAt
from maturity.facts.packing import (
    FLAT,
    Json,
    Pairs,
    flat_pairs,
    pack,
    pack_evidence,
    pairs,
    unpack,
    unpack_evidence,
)
from maturity.scoring.definition import Model

COUNTING = 1  # raise it when a measure counts otherwise than before: kept facts are counted anew
SETTLED = timedelta(minutes=15)  # after a cut nothing of before it is still being written
UNSEEN = timedelta(minutes=5)  # no transaction lives longer: what commits later was not seen
ROOMS = (
    organisation,
    contacts,
    doors,
    inbox,
    routing,
    knowledge,
    listening,
    editorial,
    governance,
    communities,
)
LONG_AGO = datetime.min.replace(tzinfo=UTC)
AT_ONCE = 13  # days whose figures are read together: a walk asks for one after the other


@dataclass(frozen=True)
class KeptDay:
    """evidence: empty where none was kept. digest: of the figures; empty where none were kept."""

    day: Day
    begins: date | None
    has_imports: bool
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    digest: str = ""

    @property
    def figures(self) -> Pairs:
        return pairs(self.day)


@dataclass(frozen=True)
class Packed:
    """A kept day as it lies in the database.

    Most days of a walk are asked for no figure at all, since it goes on from a remembered place,
    or for k and n alone: what is asked for is read then, with that of its neighbours.
    """

    on: date
    pk: int
    shelf: Shelf
    model: Model
    begins: date | None
    has_imports: bool
    digest: str
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    @cached_property
    def day(self) -> Day:
        return unpack(self.on, self.shelf.said(self.pk), self.model)

    @property
    def figures(self) -> Pairs:
        return self.shelf.figures(self.pk)


class Shelf:
    """The rows of the kept days that were looked up together, oldest day first."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.pks: list[int] = []
        self._said: dict[int, Json] = {}

    def said(self, pk: int) -> Json:
        if pk not in self._said:
            begins = self.pks.index(pk)
            rows = DayFacts.objects.filter(pk__in=self.pks[begins : begins + AT_ONCE])
            self._said = dict(rows.values_list("pk", "said"))
        return self._said[pk]

    def figures(self, pk: int) -> Pairs:
        return self._figures[pk]

    @cached_property
    def _figures(self) -> dict[int, Pairs]:
        rows = DayFacts.objects.filter(pk__in=self.pks).values_list("pk", *FLAT)
        return {pk: flat_pairs(flat, self.model) for pk, *flat in rows.iterator()}


AnyDay = KeptDay | Packed


def ground(model: Model, reading: Reading) -> str:
    """A reading as known has no ground that changes without a date: what was said stays said."""
    lines = [model.sha256, str(COUNTING)]
    if reading == Reading.CORRECTED:
        lines += [*communities.undated(), *doors.undated()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def touched(since: datetime) -> datetime | None:
    """The oldest moment that anything recorded from `since` on says something about."""
    return oldest_of(look for room in ROOMS for look in room.touched(since))


class Looks:
    """What the rooms recorded since when: the looks that were kept, and one taken now.

    until: everything recorded before it is seen by whoever reads the records after this look.
    """

    def __init__(self, now: datetime) -> None:
        rows = list(Touch.objects.order_by("until").values_list("until", "oldest"))
        self.since = rows[-1][0] if rows else LONG_AGO
        self.until = now - UNSEEN
        self.fresh = touched(self.since)
        self.ends = [until for until, _ in rows]
        newest_first = [self.fresh, *(at for _, at in reversed(rows))]
        self.oldest_from = list(accumulate(newest_first, oldest))[::-1]

    def is_current(self, *, cut: datetime, counted_at: datetime) -> bool:
        """Nothing that happened before `cut` was recorded after it was counted."""
        at = self.oldest_from[bisect_right(self.ends, counted_at)]
        return at is None or at >= cut

    def keep(self) -> None:
        """Remembers this look; another one of this moment is the same."""
        if self.until > self.since:
            look = Touch(until=self.until, oldest=self.fresh)
            Touch.objects.bulk_create([look], ignore_conflicts=True)


def kept_days(
    reading: Reading, model: Model, days: Iterable[date], *, looks: Looks | None
) -> dict[date, AnyDay]:
    """Of these days those whose facts are kept, and of corrected ones those still in force."""
    rows = DayFacts.objects.filter(
        reading=reading, ground=ground(model, reading), day__in=list(days)
    )
    found: dict[date, AnyDay] = {}
    shelf = Shelf(model)
    newest = rows.order_by("day", "-id").distinct("day")
    fields = ("day", "cut", "counted_at", "pk", "begins", "has_imports", "digest")
    for day, cut, counted_at, pk, *rest in newest.values_list(*fields):
        if looks is None or looks.is_current(cut=cut, counted_at=counted_at):
            found[day] = Packed(day, pk, shelf, model, *rest)
            shelf.pks.append(pk)
    return found


def kept_evidence(reading: Reading, model: Model, on: date) -> dict[str, Evidence]:
    """Of the newest facts of that day; empty where none was kept."""
    rows = DayFacts.objects.filter(reading=reading, ground=ground(model, reading), day=on)
    found = rows.order_by("-id").values_list("evidence", flat=True).first()
    return unpack_evidence(found) if found else {}


def days_in_force(
    reading: Reading, model: Model, days: Iterable[date], *, looks: Looks
) -> set[date]:
    """Of these days those that `kept_days` would find, without their figures."""
    rows = DayFacts.objects.filter(reading=reading, ground=ground(model, reading), day__in=days)
    newest = rows.order_by("day", "-id").distinct("day").values_list("day", "cut", "counted_at")
    return {
        day
        for day, cut, counted_at in newest
        if reading == Reading.KNOWN or looks.is_current(cut=cut, counted_at=counted_at)
    }


def last_cut(units: Iterable[UnitAt]) -> datetime | None:
    return max((unit.cut for unit in units), default=None)


def is_over(cut: datetime, *, at: datetime) -> bool:
    """The last midnight has passed, and with it everything that still wrote about before."""
    return at >= cut + SETTLED


def keep(
    reading: Reading, model: Model, days: Mapping[date, AnyDay], *, counted_at: datetime
) -> int:
    """Keeps those days that are over, in one transaction; answers how many."""
    on_ground = ground(model, reading)
    over = {on: cut for on, one in days.items() if (cut := last_cut(one.day.units)) is not None}
    rows = [
        DayFacts(
            day=on,
            reading=reading,
            cut=over[on],
            counted_at=counted_at,
            ground=on_ground,
            begins=one.begins,
            has_imports=one.has_imports,
            said=pack(one.day),
            evidence=pack_evidence(one.evidence) if one.evidence else None,
        )
        for on, one in days.items()
        if on in over and is_over(over[on], at=counted_at)
    ]
    return len(DayFacts.objects.bulk_create(rows, ignore_conflicts=reading == Reading.KNOWN))
