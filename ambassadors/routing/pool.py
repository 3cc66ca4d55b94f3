"""The people who may be asked, as they are known at one moment: pure, no database.

What is offered from the pool counts at once, so that a whole batch keeps to everybody's caps.
Questions that ask for the same share one `Line`: each person is judged once for all of them, and
again only after an offer.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter

from ambassadors.routing import scoring
from ambassadors.routing.matching import Conditions
from ambassadors.routing.scoring import Candidate, Need, Ranking, Scored

_SLACK = 1e-9  # sums of floats
_Kind = tuple[object, ...]  # what questions that share a line have in common
_Place = tuple[float, int, int, uuid.UUID]  # minus the standing; the person's number, mark and id


@dataclass(frozen=True, slots=True)
class Past:
    """Who was asked about this very question, and who answered this person before."""

    asked: Collection[uuid.UUID] = frozenset()
    regulars: Collection[uuid.UUID] = frozenset()


class Line:
    """Who may be asked for one kind of need, the best first before ties are drawn.

    judge: what a person scores now without the tie, None when they may not be asked.
    """

    def __init__(
        self, people: Iterable[uuid.UUID], judge: Callable[[uuid.UUID], float | None]
    ) -> None:
        self._judge = judge
        self._places: dict[uuid.UUID, _Place] = {}
        self._marks: dict[uuid.UUID, int] = {}
        for pk in people:
            self._marks[pk] = scoring.mark(pk.bytes)
            if (standing := judge(pk)) is not None:
                self._places[pk] = (-standing, pk.int, self._marks[pk], pk)
        self.row = sorted(self._places.values())
        self.known = 0  # how many of the pool's offers the line has heard of

    def drawn(
        self, question: int, passed_over: Collection[uuid.UUID]
    ) -> tuple[float, uuid.UUID] | None:
        """Who is first once ties are drawn, and with what score; None when nobody is left.

        Only those who stand near enough to the first to be drawn before them are looked at.
        `scoring.drawn` is written out here: a call for each of many equal people costs as much
        again as the drawing.
        """
        row = self.row
        if passed_over:
            row = [place for place in row if place[3] not in passed_over]
        if not row:
            return None
        tie, odd, whole = scoring.TIE, scoring.ODD, scoring.ALL
        near = row[: bisect_right(row, row[0][0] + tie + _SLACK, key=itemgetter(0))]
        totals = [
            tie * (((question ^ mark) * odd & whole) / whole) - minus
            for minus, _number, mark, _pk in near
        ]
        most = max(totals)
        if totals.count(most) == 1:
            return most, near[totals.index(most)][3]
        first = [place for place, total in zip(near, totals, strict=True) if total == most]
        return most, min(first, key=itemgetter(1))[3]

    def judge_again(self, people: set[uuid.UUID]) -> None:
        for pk in self._marks.keys() & people:
            if (was := self._places.pop(pk, None)) is not None:
                del self.row[bisect_left(self.row, was)]
            if (standing := self._judge(pk)) is not None:
                self._places[pk] = (-standing, pk.int, self._marks[pk], pk)
                insort(self.row, self._places[pk])


@dataclass
class Pool:
    """known: everybody who takes offers. departments: where each works. at: the moment."""

    known: dict[uuid.UUID, Candidate]
    departments: Mapping[uuid.UUID, uuid.UUID]
    at: datetime
    _free: dict[uuid.UUID, Candidate] = field(init=False)
    _offered: list[uuid.UUID] = field(init=False, default_factory=list)
    _lines: dict[_Kind, Line] = field(init=False, default_factory=dict)
    _obstacles: dict[_Kind, tuple[int, dict[uuid.UUID, str], Counter[str]]] = field(
        init=False, default_factory=dict
    )
    _ever: dict[_Kind, set[uuid.UUID]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._free = {
            pk: one for pk, one in self.known.items() if not scoring.unavailable(one, at=self.at)
        }

    def best(self, rule: Conditions, need: Need, past: Past) -> Scored | None:
        """The same as the first of `ranking`, without judging everybody again."""
        found = self._best_regular(rule, need, past)
        passed_over = {*past.asked, *past.regulars}
        drawn = self._line(rule, need).drawn(scoring.mark(need.seed.encode()), passed_over)
        most, best = found or (float("-inf"), None)
        if drawn is not None:
            total, pk = drawn
            if total > most or (total == most and best and pk.int < best.employee_id.int):
                best = self._free[pk]
        return scoring.score(best, need, at=self.at) if best else None

    def _best_regular(
        self, rule: Conditions, need: Need, past: Past
    ) -> tuple[float, Candidate] | None:
        """Of those who answered the person before: few, and no line knows them as such."""
        regulars = {pk: self._free[pk] for pk in past.regulars if pk in self._free}
        ranking = scoring.rank(self._addressed(regulars, rule, past), need, at=self.at)
        if not ranking.eligible:
            return None
        first = ranking.eligible[0]
        return first.score, replace(self._free[first.employee_id], answered_before=True)

    def _line(self, rule: Conditions, need: Need) -> Line:
        """Of this kind of need, up to date with every offer."""
        kind = _kind(rule, need)
        line = self._lines.get(kind)
        if line is None:
            addressed = (one.employee_id for one in self._addressed(self.known, rule, Past()))

            def judge(pk: uuid.UUID) -> float | None:
                one = self._free.get(pk)
                fits = one is not None and not scoring.unfit(one, need)
                return scoring.standing(one, need, at=self.at) if one and fits else None

            line = self._lines[kind] = Line(addressed, judge)
        elif line.known < len(self._offered):
            line.judge_again(set(self._offered[line.known :]))
        line.known = len(self._offered)
        return line

    def ranking(self, rule: Conditions, need: Need, past: Past) -> Ranking:
        """Everybody addressed, with what stands in the way of each who can not be asked."""
        return scoring.rank(self._addressed(self.known, rule, past), need, at=self.at)

    def obstacles(self, rule: Conditions, need: Need, past: Past) -> str:
        """Of a question for which nobody was found, for people to read."""
        return counted(self._refused(rule, need, past))

    def _refused(self, rule: Conditions, need: Need, past: Past) -> Counter[str]:
        """As `ranking` has them; with nobody offered anything meanwhile judged once a kind."""
        kind = _kind(rule, need)
        kept = self._obstacles.get(kind)
        if kept is None or kept[0] != len(self._offered):
            words = self.ranking(rule, need, Past()).refused
            kept = self._obstacles[kind] = len(self._offered), words, Counter(words.values())
        _number, words, found = kept
        found = found.copy()
        for pk in past.asked:
            if pk in self._free and self._is_addressed(pk, rule):
                found["asked"] += 1
                found[words.get(pk, "")] -= 1
        return found

    def anyone_ever(self, rule: Conditions, last: Need, past: Past) -> bool:
        """Whether waiting can help: somebody would fit whom only time keeps away."""
        kind = _kind(rule, last)
        if kind not in self._ever:
            addressed = self._addressed(self.known, rule, Past())
            self._ever[kind] = {
                one.employee_id for one in addressed if scoring.unfit(one, last) in ("", "week")
            }
        return not self._ever[kind].issubset(past.asked)

    def offered(self, employee_id: uuid.UUID, *, minutes: int) -> None:
        self._offered.append(employee_id)
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
            if not self._is_addressed(pk, rule):
                continue
            asked, regular = pk in past.asked, pk in past.regulars
            yield (
                replace(one, already_asked=asked, answered_before=regular)
                if asked or regular
                else one
            )

    def _is_addressed(self, pk: uuid.UUID, rule: Conditions) -> bool:
        return not rule.departments or self.departments[pk] in rule.departments


def _kind(rule: Conditions, need: Need) -> _Kind:
    """All but the seed."""
    asked = need.topics, need.required, need.strict
    return (rule.departments, *asked, need.language, need.minutes)


def counted(refused: Mapping[str, int]) -> str:
    """Obstacles for people to read: `capacity 3, topic 12`."""
    return ", ".join(f"{word} {refused[word]}" for word in sorted(refused) if refused[word] > 0)
