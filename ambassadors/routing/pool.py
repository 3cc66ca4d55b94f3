"""The people who may be asked, as they are known at one moment: pure, no database.

What is offered from the pool counts at once, so that a whole batch keeps to everybody's caps.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ambassadors.routing import scoring
from ambassadors.routing.matching import Conditions
from ambassadors.routing.scoring import Candidate, Need, Ranking, Scored


@dataclass(frozen=True, slots=True)
class Past:
    """Who was asked about this very question, and who answered this person before."""

    asked: Collection[uuid.UUID] = frozenset()
    regulars: Collection[uuid.UUID] = frozenset()


@dataclass
class Pool:
    """known: everybody who takes offers. departments: where each works. at: the moment."""

    known: dict[uuid.UUID, Candidate]
    departments: Mapping[uuid.UUID, uuid.UUID]
    at: datetime
    _free: dict[uuid.UUID, Candidate] = field(init=False)

    def __post_init__(self) -> None:
        self._free = {
            pk: one for pk, one in self.known.items() if not scoring.unavailable(one, at=self.at)
        }

    def best(self, rule: Conditions, need: Need, past: Past) -> Scored | None:
        scored = (
            scoring.score(one, need, at=self.at)
            for one in self._addressed(self._free, rule, past)
            if not scoring.unfit(one, need)
        )
        return min(scored, key=scoring.order, default=None)

    def ranking(self, rule: Conditions, need: Need, past: Past) -> Ranking:
        """Everybody addressed, with what stands in the way of each who can not be asked."""
        return scoring.rank(self._addressed(self.known, rule, past), need, at=self.at)

    def anyone_ever(self, rule: Conditions, last: Need, past: Past) -> bool:
        """Whether waiting can help: somebody would fit whom only time keeps away."""
        return any(
            scoring.unfit(one, last) in ("", "week")
            for one in self._addressed(self.known, rule, past)
        )

    def offered(self, employee_id: uuid.UUID, *, minutes: int) -> None:
        one = self.known[employee_id]
        one = self.known[employee_id] = replace(
            one,
            open_now=one.open_now + 1,
            accepted_this_week=one.accepted_this_week + 1,
            minutes_this_week=one.minutes_this_week + minutes,
            recent=one.recent + 1,
            last_offer_at=self.at,
        )
        if scoring.unavailable(one, at=self.at):
            self._free.pop(employee_id, None)
        else:
            self._free[employee_id] = one

    def _addressed(
        self, people: Mapping[uuid.UUID, Candidate], rule: Conditions, past: Past
    ) -> Iterator[Candidate]:
        """Those of the rule's departments, with what they had to do with this question."""
        for pk, one in people.items():
            if rule.departments and self.departments[pk] not in rule.departments:
                continue
            asked, regular = pk in past.asked, pk in past.regulars
            yield (
                replace(one, already_asked=asked, answered_before=regular)
                if asked or regular
                else one
            )


def counted(refused: Sequence[str]) -> str:
    """Obstacles for people to read: `capacity 3, topic 12`."""
    return ", ".join(f"{word} {refused.count(word)}" for word in sorted(set(refused)))
