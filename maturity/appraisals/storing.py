"""Keeping a week: the company, each unit, every criterion with its records, changes of stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count

from crm.organisation.measures import units
from maturity.appraisals import derivation
from maturity.appraisals.derivation import Live
from maturity.appraisals.exemptions import exempted
from maturity.appraisals.known import Known
from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.appraisals.past import Past
from maturity.appraisals.succeeding import Succession
from maturity.appraisals.versions import in_force
from maturity.facts.ledger import Day, Ledger
from maturity.facts.models import Reading as DayReading
from maturity.facts.records import Records
from maturity.scoring.definition import load
from maturity.scoring.stages import Standing
from maturity.scoring.walk import Walked

AFTER_THE_CUT = timedelta(minutes=15)  # no transaction lives longer than 5: nothing commits behind
WEEK = timedelta(days=7)
FIGURES = ("outcome", "k", "n", "lower", "upper", "enter", "stay", "minimum")


def live_evaluations(until: date) -> Live:
    """How many weekly evaluations of each unit, and of the company, were made in their week."""
    rows = Appraisal.objects.filter(live=True, as_of__lte=until).values_list("unit")
    return dict(rows.annotate(n=Count("pk")).order_by())


@dataclass(frozen=True)
class Week:
    """One Monday about to be kept, and what was known at it."""

    on: date
    day: Day
    ledger: Ledger
    is_live: bool


def is_due(monday: date, *, now: datetime) -> bool:
    """Its midnight has passed for every unit known by then; asks for nothing but the units."""
    cut = Known(Ledger(Records(units=units()), load())).cut(monday)
    return cut is not None and now >= cut + AFTER_THE_CUT


def store_missing(monday: date, *, now: datetime) -> int:
    """Stores every Monday up to `monday` that has no appraisal yet; answers how many."""
    stored = set(Appraisal.objects.filter(unit=None).values_list("as_of", flat=True))
    past = Past(DayReading.KNOWN, in_force(monday), now=now)
    count = 0
    missing = [on for on in past.mondays(monday) if on not in stored]
    if not missing:
        return 0
    since = (monday - missing[0]).days // 7 + 1
    for step in Succession(past, exempted()).steps(monday, shown=since):
        on, cut = step.on, past.structure.cut(step.on)
        if on in stored or cut is None or now < cut + AFTER_THE_CUT:
            continue
        seen = past.under(step.model).seen(on)
        store(Week(on, step.day, seen, is_live=now < cut + WEEK), step.walked)
        count += 1
    return count


def store(week: Week, walked: Walked) -> None:
    """The company and each unit that takes part."""
    day, model = week.day, week.ledger.model
    live = dict(live_evaluations(week.on))
    for subject in (None, *(one.unit for one in day.units)):
        live[subject] = live.get(subject, 0) + week.is_live
    derived = derivation.Derived(model, week.on, day, walked, is_preview=False, live=live)
    said = derivation.appraisal(derived, reading="known")
    keep(week, None, walked.company, said)
    for one, of_unit in zip(day.units, said["units"], strict=True):
        if str(one.unit) in walked.units:
            keep(week, one.unit, walked.units[str(one.unit)], of_unit)


def keep(week: Week, unit: UUID | None, standing: Standing, said: dict[str, Any]) -> None:
    kept = Appraisal.objects.create(
        as_of=week.on,
        unit_id=unit,
        number=said["stage"]["number"],
        at_risk=said["stage"]["at_risk"],
        live=week.is_live,
        model_version=week.ledger.model.version,
        model_sha256=week.ledger.model.sha256,
        blocking=said["blocking"],
        said=said,
    )
    Reading.objects.bulk_create(reading(week, kept, standing, one) for one in said["criteria"])
    Transition.objects.bulk_create(
        Transition(
            appraisal=kept,
            at=change.at,
            unit_id=unit,
            came_from=change.came_from,
            to=change.to,
            causes=list(change.causes),
            joined=list(change.joined),
        )
        for change in standing.transitions
        if change.at == week.on
    )


def reading(week: Week, kept: Appraisal, standing: Standing, said: dict[str, Any]) -> Reading:
    gate = standing.gates[said["id"]]
    metric = week.ledger.model.by_id[said["id"]].metric
    evidence = week.ledger.evidence(week.on, metric, unit=kept.unit_id)
    return Reading(
        appraisal=kept,
        criterion=said["id"],
        **{name: said[name] for name in FIGURES},
        is_open=gate.is_open,
        confirmations=gate.confirmations,
        losses=gate.losses,
        held=gate.held,
        oldest=evidence.oldest,
        newest=evidence.newest,
        records=[[trace.kind, str(trace.id)] for trace in evidence.records],
        digest=evidence.digest,
    )
