"""The figures of every criterion on one day, for each unit and for the pool of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from uuid import UUID

from maturity.facts import (
    ambassadors,
    conversation,
    editorial,
    governance,
    knowledge,
    listening,
    networks,
    voice,
)
from maturity.facts.clock import next_monday
from maturity.facts.counting import Counted, Terms, View, Views
from maturity.facts.evidence import Evidence, gather
from maturity.facts.from_days import FROM_DAYS, needing
from maturity.facts.organisation import Organisation, UnitAt
from maturity.facts.origins import Origins, has_source, origins
from maturity.facts.records import Records
from maturity.facts.shelf import Shelf
from maturity.facts.threads import Shape, Threads
from maturity.scoring.definition import Criterion, Model, Profile
from maturity.scoring.gates import Measured
from maturity.scoring.walk import Week

MEASURES: Mapping[str, Callable[[Views, Terms], Counted]] = {
    measure.__name__: measure
    for measure in (
        listening.healthy_days,
        listening.mentions_triaged,
        listening.mentions_triaged_soon,
        voice.weeks_of_presence,
        voice.parties_heard,
        voice.traceable_voice,
        voice.channels_multiplied,
        conversation.answers_in_time,
        conversation.answers_in_time_at_scale,
        conversation.routing_applied,
        conversation.counterparts_known,
        governance.speakers_acknowledged,
        governance.escalations_respected,
        networks.weeks_of_practice,
        networks.dimensions_alive,
        networks.ideas_shipped,
        editorial.publications_planned,
        editorial.expectations_compared,
        knowledge.knowledge_reused,
        ambassadors.ambassadors_carrying,
        ambassadors.workforce_empowered,
        ambassadors.ambassadors_trusted,
    )
} | {"units_coordinating": conversation.departments_standing}

LONG_AGO = datetime.min.replace(tzinfo=UTC)
NOWHERE = Origins({}, ())


@dataclass(frozen=True)
class Day:
    """All figures of one day. Units that take no part yet are shown, and walk nowhere."""

    week: Week
    shown: Mapping[UUID, Mapping[str, Measured]]
    units: Sequence[UnitAt]


class Ledger:
    """Records made ready to be asked about any day.

    The threads are built once per shape of the organisation, so that a walk over three years of
    Mondays costs one build and, each week, the cases of that week's window.
    """

    def __init__(self, records: Records, model: Model, *, scan: bool = False) -> None:
        self.measures = MEASURES if scan else {**MEASURES, **FROM_DAYS}
        self.needing: Callable[[View], int] = due_by_scan if scan else needing
        self.records = records
        self.model = model
        self.organisation = Organisation(records)
        self.shelf = Shelf(records, model)
        said = chain(records.messages, records.elsewhere.same_texts)
        self.failed = [row for row in said if row.failed_at is not None]
        self._days: dict[date, Day] = {}
        self._key: tuple[object, ...] | None = None
        self._book: tuple[Threads, Origins] | None = None

    def mondays(self, until: date) -> list[date]:
        """From the first Monday after the first record up to `until`, included."""
        first = self.records.first_at
        if first is None or not self.organisation.units:
            return []
        day = next_monday(first.date() - timedelta(days=2))
        while min(unit.cut for unit in self.units_at(day)) <= first:
            day += timedelta(days=7)
        return [day + timedelta(days=7 * n) for n in range((until - day).days // 7 + 1)]

    def units_at(self, day: date) -> list[UnitAt]:
        return self.organisation.units_at(day, self.model)

    def book(self, units: Mapping[UUID, UnitAt]) -> tuple[Threads, Origins]:
        """The threads under the shape in force on that day."""
        channels = self.organisation.channels_at(units)
        cuts = {row.channel: units[row.unit].cut for row in channels.values()}
        failed = frozenset(
            row.id
            for row in self.failed
            if row.failed_at and row.failed_at < cuts.get(row.channel, row.failed_at)
        )
        internal = {of: self.organisation.internal_contacts(at.cut) for of, at in units.items()}
        shape = Shape(units, channels, internal, failed)
        if self._book is None or self._key != shape.key():
            threads = Threads(self.records, shape, self.model)
            self._key, self._book = shape.key(), (threads, origins(threads, self.shelf))
        return self._book

    def view(self, unit: UnitAt, book: Threads) -> View:
        people = self.organisation.people(unit.cut)
        return View(unit, book.by_unit[unit.unit], book, people, self.shelf, self.model)

    def day(self, on: date) -> Day:
        """Everything that the rules look at on that day."""
        if on not in self._days:
            self._days[on] = self.counted(on)
        return self._days[on]

    def views(self, on: date) -> dict[UUID, View]:
        """What each unit's measures see, those included that take no part yet."""
        units = {unit.unit: unit for unit in self.units_at(on)}
        if not units:
            return {}
        book, _ = self.book(units)
        return {unit: self.view(at, book) for unit, at in units.items()}

    def evidence(self, on: date, metric: str, *, unit: UUID | None = None) -> Evidence:
        """The records behind one criterion of the company, or of one unit."""
        views = self.views(on)
        if unit is not None:
            return gather(metric, [views[unit]])
        return gather(metric, [view for view in views.values() if view.unit.takes_part])

    def terms(self, on: date, criterion: Criterion, *, unit: UUID | None) -> tuple[Views, Terms]:
        """What the measure of one criterion is asked with: the company's pool, or one unit."""
        views = self.views(on)
        if unit is not None:
            one = views[unit]
            terms = Terms(self.model, criterion, one.unit.profile, self.unit_headcount(one))
            return [one], terms
        pool = [view for view in views.values() if view.unit.takes_part]
        return pool, Terms(
            self.model, criterion, pool_profile(pool, self.needing), self.company_headcount(pool)
        )

    def counted(self, on: date) -> Day:
        units = {unit.unit: unit for unit in self.units_at(on)}
        if not units:
            return self.empty(on)
        book, found = self.book(units)
        views = {unit: self.view(at, book) for unit, at in units.items()}
        figures = {unit: self.unit_figures(view, found) for unit, view in views.items()}
        pool = [view for view in views.values() if view.unit.takes_part]
        taking_part = {view.unit.unit for view in pool}
        week = Week(
            on=on,
            company=self.pooled(pool, figures, found),
            units={str(unit): of for unit, of in figures.items() if unit in taking_part},
            needing={str(unit): self.needing(views[unit]) for unit in taking_part},
        )
        return Day(week, figures, list(units.values()))

    def empty(self, on: date) -> Day:
        """Nobody is known yet."""
        week = Week(on=on, company=self.company_figures([], NOWHERE), units={}, needing={})
        return Day(week, {}, [])

    def pooled(
        self, pool: Views, figures: Mapping[UUID, Mapping[str, Measured]], found: Origins
    ) -> Mapping[str, Measured]:
        """The pool of one unit is that unit, where their headcounts are the same."""
        if len(pool) == 1 and self.company_headcount(pool) == self.unit_headcount(pool[0]):
            return figures[pool[0].unit.unit]
        return self.company_figures(pool, found)

    def unit_headcount(self, view: View) -> int:
        staff = len(view.people.staff_of(view.unit.unit))
        return staff if view.unit.headcount is None else view.unit.headcount

    def unit_figures(self, view: View, found: Origins) -> dict[str, Measured]:
        return self.figures([view], view.unit.profile, self.unit_headcount(view), found)

    def company_figures(self, views: Views, found: Origins) -> dict[str, Measured]:
        return self.figures(
            views, pool_profile(views, self.needing), self.company_headcount(views), found
        )

    def company_headcount(self, views: Views) -> int:
        last = max((view.unit.cut for view in views), default=LONG_AGO)
        headcount = self.organisation.company_headcount(last)
        return len(self.organisation.people(last).staff) if headcount is None else headcount

    def figures(
        self, views: Views, profile: Profile, headcount: int, found: Origins
    ) -> dict[str, Measured]:
        return {
            criterion.id: self.measured(criterion, views, profile, headcount, found)
            for criterion in self.model.criteria
        }

    def measured(
        self, criterion: Criterion, views: Views, profile: Profile, headcount: int, found: Origins
    ) -> Measured:
        counted = self.measures[criterion.metric](
            views, Terms(self.model, criterion, profile, headcount)
        )
        bar = criterion.bar(profile, headcount)
        kinds = criterion.sources
        return Measured(
            k=counted.k,
            n=counted.n,
            enter=bar.enter,
            stay=bar.stay,
            minimum=criterion.minimum[profile] if criterion.minimum else None,
            sample=counted.sample,
            k_stay=counted.k_stay,
            clauses=all(clause.enter for clause in counted.clauses),
            clauses_stay=all(clause.stay for clause in counted.clauses),
            has_source=not kinds or any(has_source(view, found, kinds) for view in views),
        )


def due_by_scan(view: View) -> int:
    return len(view.due)


def pool_profile(views: Views, counted: Callable[[View], int]) -> Profile:
    """The profile of the units that carry most conversations needing an answer; a tie is B2C."""
    load: Counter[Profile] = Counter()
    for view in views:
        load[view.unit.profile] += counted(view)
    profiles = {view.unit.profile for view in views}
    if len(profiles) == 1:
        return profiles.pop()
    return Profile.B2B if load[Profile.B2B] > load[Profile.B2C] else Profile.B2C
