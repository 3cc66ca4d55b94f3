"""One criterion from its raw rows to its verdict, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from uuid import UUID

from django.utils import timezone

from crm.errors import Missing
from maturity.appraisals.derivation import OPENS, monday_reached
from maturity.appraisals.exemptions import exempted
from maturity.appraisals.past import Past
from maturity.appraisals.services import PastReading, check_day
from maturity.appraisals.succeeding import Succession
from maturity.appraisals.versions import in_force
from maturity.appraisals.walking import Step
from maturity.facts.cases import CASES, CONDITIONS, Case, clock
from maturity.facts.counting import Clause, Counted, Views
from maturity.facts.ledger import MEASURES, Day, Ledger
from maturity.facts.organisation import UnitAt
from maturity.scoring import gates, stages, walk
from maturity.scoring.definition import Criterion, Kind, Model
from maturity.scoring.gates import GateState, Measured
from maturity.scoring.stages import Standing
from maturity.scoring.walk import Walked

WEEKS_SHOWN = 8


@dataclass(frozen=True)
class Asked:
    """What is to be explained. rows: how many of the newest cases are listed."""

    criterion: Criterion
    as_of: date
    unit: UnitAt | None
    rows: int
    reading: PastReading

    @property
    def key(self) -> UUID | None:
        return self.unit.unit if self.unit else None

    def standing(self, walked: Walked) -> Standing | None:
        return walked.units.get(str(self.unit.unit)) if self.unit else walked.company

    def measured(self, ledger: Ledger, day: Day, walked: Walked) -> Measured:
        if self.unit is not None:
            return day.shown[self.unit.unit][self.criterion.id]
        return walk.company_figures(ledger.model, day.week, walked.units)[self.criterion.id]


def criterion_of(model: Model, id_: str) -> Criterion:
    found = model.by_id.get(id_.upper())
    if found is None:
        ids = ", ".join(model.by_id)
        raise Missing(f"there is no criterion {id_}; there are {ids}", code="unknown_criterion")
    return found


def explained(past: Past, ledger: Ledger, asked: Asked, *, now: datetime) -> Iterator[str]:
    """`ledger`: the records that this reading of the day rests on."""
    units_at, aside = partial(past.units_at, as_of=asked.as_of), exempted()
    monday = monday_reached(units_at, asked.as_of, now)
    way = Succession(past, aside)
    walked_so_far = list(way.steps(monday, shown=WEEKS_SHOWN))[-WEEKS_SHOWN:]
    walked, day = way.standing(monday).walked, past.day(asked.as_of)
    views, terms = ledger.terms(asked.as_of, asked.criterion, unit=asked.key)
    counted = MEASURES[asked.criterion.metric](views, terms)
    measured = asked.measured(ledger, day, walked)
    yield from heading(asked, views)
    if is_about_units(asked, day):
        yield from units_standing(walked, day)
    else:
        cases = [one for view in views for one in CASES[asked.criterion.metric](view, terms)]
        yield from listed(asked, views, cases)
    yield from conditions(asked.criterion, counted)
    yield from judged(ledger, asked.criterion, measured)
    yield from walked_through(ledger, asked, walked_so_far)
    yield from concluded(asked, ledger, walked, measured)


def heading(asked: Asked, views: Views) -> Iterator[str]:
    criterion = asked.criterion
    words, role = criterion.words["en"], criterion.role.value
    yield f"{criterion.id}  {words.name}"
    yield f"  {words.question}"
    yield f"  {role}, stage {criterion.stage}; k counts {words.unit}"
    yield ""
    whole = f"unit {asked.unit.name}" if asked.unit else "the company, all its units together"
    yield f"As of {asked.as_of:%A %Y-%m-%d}, reading {asked.reading}: {whole}"
    for view in views:
        unit = view.unit
        window = f"{clock(view, unit.start)} to {clock(view, unit.cut)}"
        yield f"  {unit.name} ({unit.key}): window {window} {unit.clock.zone}, {unit.profile}"


def is_about_units(asked: Asked, day: Day) -> bool:
    """S5-COV of a company of several units looks at their stages, not at records."""
    return asked.criterion.id == walk.ORGANISED_DISTRIBUTION and (
        asked.unit is None and len(day.week.units) > 1
    )


def units_standing(walked: Walked, day: Day) -> Iterator[str]:
    yield ""
    yield "Units and their own stages"
    for unit in day.units:
        standing = walked.units.get(str(unit.unit))
        stage = standing.stage if standing else None
        yield f"  {unit.name}: {'not assessed' if stage is None else f'stage {stage}'}"


def listed(asked: Asked, views: Views, cases: Sequence[Case]) -> Iterator[str]:
    """The newest cases; `+` marks those that count."""
    counting = sum(case.counts for case in cases)
    yield ""
    yield f"Cases: {len(cases)}, of which {counting} count (+), before caps and pooling"
    newest = sorted(cases, key=lambda case: (case.at, case.what))[-asked.rows :]
    if len(newest) < len(cases):
        yield f"  ... {len(cases) - len(newest)} older ones; --rows shows more"
    for case in newest:
        when = clock(views[0], case.at)
        yield f"  {'+' if case.counts else '-'} {when}  {case.what}: {case.because}"


def conditions(criterion: Criterion, counted: Counted) -> Iterator[str]:
    names = CONDITIONS.get(criterion.metric, ())
    if not names:
        return
    yield ""
    yield "Further conditions"
    for name, clause in zip(names, counted.clauses, strict=True):
        yield f"  {name}: {said_of(clause)}"


def said_of(clause: Clause) -> str:
    held = "holds" if clause.enter else "holds for STAY only" if clause.stay else "does not hold"
    if clause.bar is None:
        return held
    number = "nothing to share" if clause.number is None else f"{clause.number:.4g}"
    return f"{number}, ENTER {clause.bar.enter:g}, STAY {clause.bar.stay:g}: {held}"


def judged(ledger: Ledger, criterion: Criterion, measured: Measured) -> Iterator[str]:
    verdict = gates.judge(criterion, measured, ledger.model.walk)
    yield ""
    yield "Judged"
    yield f"  k = {measured.k}" + ("" if measured.n is None else f" of n = {measured.n}")
    if measured.minimum is not None:
        sample = measured.n if measured.sample is None else measured.sample
        small = "too few" if verdict.too_small else "enough"
        yield f"  sample {sample}, minimum {measured.minimum}: {small}"
    if verdict.value is not None:
        yield f"  value {verdict.value:.4f}"
    if verdict.lower is not None and verdict.upper is not None:
        yield f"  80 % Wilson bounds {verdict.lower:.4f} to {verdict.upper:.4f}"
    low, high = ("lower bound", "upper bound") if criterion.kind is Kind.SHARE else ("value",) * 2
    reached = yes(verdict.at_enter)
    yield f"  ENTER {measured.enter:g} ({low}, with all that is asked besides): {reached}"
    yield f"  STAY {measured.stay:g} ({high}, with the conditions): {yes(not verdict.is_loss)}"
    if not measured.has_source:
        kinds = " or ".join(criterion.sources)
        yield f"  no record of {kinds} yet: NO_SOURCE while the gate is closed"


def yes(held: object) -> str:
    return "reached" if held else "not reached"


def walked_through(ledger: Ledger, asked: Asked, done: Sequence[Step]) -> Iterator[str]:
    yield ""
    yield f"The last {len(done)} Mondays"
    for step in done:
        standing = asked.standing(step.walked)
        if standing is None:
            continue
        measured = asked.measured(ledger, step.day, step.walked)
        outcome = outcomes(asked, step.walked)[asked.criterion.id]
        figure = f"{measured.k}" + ("" if measured.n is None else f" of {measured.n}")
        gate = state_of(standing.gates[asked.criterion.id], ledger)
        yield f"  {step.on}  {figure:>12}  {outcome.value:<12}  {gate}"


def outcomes(asked: Asked, walked: Walked) -> Mapping[str, gates.Outcome]:
    return walked.unit_outcomes[str(asked.unit.unit)] if asked.unit else walked.outcomes


def state_of(state: GateState, ledger: Ledger) -> str:
    rules = ledger.model.walk
    if not state.is_open:
        return f"closed, {state.confirmations} of {rules.confirmations} confirmations"
    held = f", held {state.held} of {rules.held}" if state.held else ""
    return f"open since {state.opened_at}, {state.losses} of {rules.losses} losses{held}"


def concluded(asked: Asked, ledger: Ledger, walked: Walked, measured: Measured) -> Iterator[str]:
    standing = asked.standing(walked) or walk.fresh(ledger.model)
    state, model = standing.gates[asked.criterion.id], ledger.model
    last = standing.stages_at[-1][0] if standing.stages_at else None
    if last == asked.as_of:
        outcome = outcomes(asked, walked)[asked.criterion.id]
    else:
        verdict = gates.judge(asked.criterion, measured, model.walk)
        outcome = gates.outcome(asked.criterion, state, measured, verdict)
    preview = "" if last == asked.as_of else f" (a preview: the gate is that of {last or 'nobody'})"
    yield ""
    yield f"Outcome {outcome.value}{preview}"
    yield f"Gate {state_of(state, ledger)}"
    blocks = asked.criterion.id in stages.blocking(model, standing)
    yield f"Stage {model.stage(standing.stage).key}" + (
        ", and this criterion keeps it from the next one" if blocks else ""
    )
    if outcome not in OPENS:
        yield f"Next: {asked.criterion.words['en'].action}"


def explain(
    criterion: str,
    *,
    as_of: date,
    reading: PastReading,
    unit: str | None = None,
    rows: int = 20,
    at: datetime | None = None,
) -> Iterator[str]:
    """Lines; raises Missing for an unknown criterion or unit, Invalid for a day out of reach."""
    now = at or timezone.now()
    check_day(as_of, today=now.date())
    past = Past(reading, in_force(as_of), now=now)
    found, ledger = criterion_of(past.model, criterion), past.seen(as_of)
    one = unit_named(past.units_at(as_of), unit) if unit else None
    if one is not None and ledger is not past.corrected.ledger_of(as_of):
        ledger = past.known.recorded_before(one.cut)  # later than the others knew, or earlier
    yield from explained(past, ledger, Asked(found, as_of, one, rows, reading), now=now)


def unit_named(units: Sequence[UnitAt], name: str) -> UnitAt:
    for one in units:
        if name in (one.key, str(one.unit)):
            return one
    raise Missing(f"there is no unit {name}", code="unknown_unit")
