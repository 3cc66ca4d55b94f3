"""What routing does with one question now: pure, the same for the real step and for a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ambassadors.routing import said
from ambassadors.routing.matching import (
    Conditions,
    Question,
    first_fitting,
    last_wishes,
    wishes,
)
from ambassadors.routing.pool import Past, Pool
from ambassadors.routing.scoring import Scored


@dataclass(frozen=True, slots=True)
class Decision:
    """One of three. best: whom to ask. to_staff: it is left to staff. Neither: it waits.

    why: of the last two, for people to read. dropped: wishes given up so far. rule: the one met,
    None when none fits.
    """

    rule: Conditions | None
    best: Scored | None = None
    to_staff: bool = False
    why: str = ""
    dropped: Sequence[str] = ()


def decide(
    question: Question,
    rules: Sequence[Conditions],
    *,
    known: int | None,
    since: datetime,
    past: Past,
    pool: Pool,
) -> Decision:
    """known: the rule that the case met before, kept while it is active. since: it waits."""
    rule = next((each for each in rules if each.id == known), None) if known else None
    rule = rule or first_fitting(rules, question)
    if rule is None:
        return Decision(None, to_staff=True, why=said.NO_RULE)
    if rule.to_staff:
        return Decision(rule, to_staff=True, why=said.FOR_STAFF % {"rule": rule.name})
    if len(past.asked) >= rule.most_offers:
        why = said.MANY_ASKED % {"rule": rule.name, "number": len(past.asked)}
        return Decision(rule, to_staff=True, why=why)
    return _among_people(question, rule, since=since, past=past, pool=pool)


def _among_people(
    question: Question, rule: Conditions, *, since: datetime, past: Past, pool: Pool
) -> Decision:
    waited = pool.at - since
    wished = wishes(rule, question, waited=waited)
    best = pool.best(rule, wished.need, past)
    if best is not None:
        return Decision(rule, best=best, dropped=wished.dropped)
    obstacles = pool.obstacles(rule, wished.need, past) or said.NOBODY_ADDRESSED
    if waited < rule.patience and pool.anyone_ever(rule, last_wishes(rule, question), past):
        why = said.WAITS % {"rule": rule.name, "obstacles": obstacles}
        return Decision(rule, why=why, dropped=wished.dropped)
    why = said.NOBODY_LEFT % {"rule": rule.name, "obstacles": obstacles}
    return Decision(rule, to_staff=True, why=why, dropped=wished.dropped)
