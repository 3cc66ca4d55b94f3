"""One gate: what an evaluation says of it, and how it opens and closes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from maturity.scoring import wilson
from maturity.scoring.definition import Criterion, Kind, Role, WalkRules


class Outcome(StrEnum):
    MET = "MET"
    HELD = "HELD"
    NOT_MET = "NOT_MET"
    INSUFFICIENT = "INSUFFICIENT"
    NO_SOURCE = "NO_SOURCE"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was counted for one criterion at one evaluation.

    n is None for a count. sample is what the minimum looks at (n, but for S2-CHA-1).
    k_stay differs from k only where STAY looks with easier numbers (S5-NET-1).
    clauses and clauses_stay: every further clause holds, at its enter and its stay value.
    """

    k: int
    n: int | None
    enter: float
    stay: float
    minimum: int | None = None
    sample: int | None = None
    k_stay: int | None = None
    clauses: bool = True
    clauses_stay: bool = True
    has_source: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    value: float | None
    lower: float | None
    upper: float | None
    at_enter: bool
    is_loss: bool
    too_small: bool


@dataclass(frozen=True, slots=True)
class GateState:
    """Closed gates count confirmations; open ones count losses and weeks HELD.

    counting_since: the first evaluation of what is being counted. turned_since: the same of what
    opened or closed it last.
    """

    is_open: bool = False
    confirmations: int = 0
    losses: int = 0
    held: int = 0
    opened_at: date | None = None
    counting_since: date | None = None
    turned_since: date | None = None

    def opens(self, *, on: date, since: date) -> GateState:
        return GateState(is_open=True, opened_at=on, turned_since=since)

    def closes(self, *, since: date) -> GateState:
        return GateState(turned_since=since)


def number_of(k: int, n: int | None) -> float | None:
    if n is None:
        return float(k)
    return k / n if n else None


def judge(criterion: Criterion, measured: Measured, rules: WalkRules) -> Verdict:
    """Read the figures of one evaluation against ENTER and STAY."""
    value = number_of(measured.k, measured.n)
    lower = upper = None
    enters, stays = value, value
    if measured.k_stay is not None:
        stays = number_of(measured.k_stay, measured.n)
    if criterion.kind is Kind.SHARE and measured.n:
        lower, upper = wilson.bounds(measured.k, measured.n, z=rules.z)
        enters, stays = lower, upper
    sample = measured.n if measured.sample is None else measured.sample
    too_small = measured.minimum is not None and (sample or 0) < measured.minimum
    reaches = enters is not None and enters >= measured.enter
    falls = stays is None or stays < measured.stay
    return Verdict(
        value=value,
        lower=lower,
        upper=upper,
        at_enter=reaches and measured.clauses and not too_small,
        is_loss=falls or not measured.clauses_stay,
        too_small=too_small,
    )


def closed_outcome(measured: Measured, verdict: Verdict) -> Outcome:
    if not measured.has_source:
        return Outcome.NO_SOURCE
    if verdict.at_enter:
        return Outcome.MET
    return Outcome.INSUFFICIENT if verdict.too_small else Outcome.NOT_MET


def is_held_by_sample(criterion: Criterion, verdict: Verdict) -> bool:
    """Counts look at their minimum only for opening."""
    return verdict.too_small and criterion.kind is not Kind.COUNT


def open_outcome(criterion: Criterion, verdict: Verdict) -> Outcome:
    if is_held_by_sample(criterion, verdict):
        return Outcome.HELD
    return Outcome.NOT_MET if verdict.is_loss else Outcome.MET


def outcome(
    criterion: Criterion, state: GateState, measured: Measured, verdict: Verdict
) -> Outcome:
    """What an evaluation shows while the gate stays as it is (a preview)."""
    if state.is_open:
        return open_outcome(criterion, verdict)
    return closed_outcome(measured, verdict)


def move_closed(state: GateState, verdict: Verdict, needed: int, *, on: date) -> GateState:
    count = state.confirmations + 1 if verdict.at_enter else 0
    since = state.counting_since or on
    if count >= needed:
        return state.opens(on=on, since=since)
    if count == state.confirmations:
        return state
    return replace(state, confirmations=count, counting_since=since if count else None)


def move_open(
    criterion: Criterion, state: GateState, verdict: Verdict, rules: WalkRules, *, on: date
) -> tuple[GateState, Outcome]:
    shown = open_outcome(criterion, verdict)
    since = state.counting_since or on
    if is_held_by_sample(criterion, verdict):
        if state.held >= rules.held:
            return state.closes(since=since), Outcome.INSUFFICIENT
        return replace(state, held=state.held + 1, counting_since=since), shown
    losses = state.losses + 1 if verdict.is_loss else 0
    if losses >= rules.losses:
        return state.closes(since=since), shown
    if losses == state.losses and not state.held:
        return state, shown
    return replace(state, losses=losses, held=0, counting_since=since if losses else None), shown


def move_validity(
    state: GateState, measured: Measured, verdict: Verdict, *, on: date
) -> tuple[GateState, Outcome]:
    """S1-INS asks for no confirmation: it opens at ENTER and closes below STAY at once."""
    if state.is_open and not verdict.is_loss:
        return state, Outcome.MET
    if state.is_open:
        return state.closes(since=on), Outcome.NOT_MET
    opened = state.opens(on=on, since=on) if verdict.at_enter else state
    return opened, closed_outcome(measured, verdict)


def move(
    criterion: Criterion, state: GateState, measured: Measured, rules: WalkRules, *, on: date
) -> tuple[GateState, Outcome]:
    """One weekly evaluation: the gate afterwards, and the outcome to show."""
    verdict = judge(criterion, measured, rules)
    if criterion.role is Role.VALIDITY:
        return move_validity(state, measured, verdict, on=on)
    if state.is_open:
        return move_open(criterion, state, verdict, rules, on=on)
    moved = move_closed(state, verdict, rules.confirmations, on=on)
    return moved, closed_outcome(measured, verdict)
