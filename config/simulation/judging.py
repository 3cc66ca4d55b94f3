"""How well the stage that is derived from the records tells the phase that was played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from config.simulation.playing.book import FIRST_DAY
from config.simulation.playing.play import play
from config.simulation.playing.stories import Story
from config.simulation.reading import read
from maturity.facts.ledger import Ledger
from maturity.scoring import walk
from maturity.scoring.definition import Model
from maturity.scoring.stages import Transition

SETTLED = 26  # weeks after a change from which on the company is at rest
LOWEST = 1


@dataclass(frozen=True)
class Segment:
    """From one real change to the next, or to the end.

    before, after: the phases played; stood: the stage at the beginning, the lowest where nothing
    was known; steps: changes of stage between assessed stages; delay: weeks until the stage was the
    one played, None when it never was.
    """

    begins: int
    ends: int
    before: int | None
    after: int
    stood: int
    steps: int
    delay: int | None

    @property
    def needed(self) -> int:
        """Steps from where it stood to the phase that is played."""
        return abs(self.after - self.stood)

    @property
    def excess(self) -> int:
        """Changes of stage beyond one for this change, or beyond the steps that it takes."""
        return max(0, self.steps - max(1, self.needed))

    @property
    def is_promotion(self) -> bool:
        return self.before is not None and self.after > self.before


@dataclass(frozen=True)
class Judged:
    """One company: the stage of each week beside the phase of that week."""

    story: Story
    weeks: int
    lines: int
    stages: Sequence[tuple[int, int | None]]  # (weeks lived, stage)
    transitions: Sequence[Transition]

    def at_rest(self) -> Iterator[tuple[int, int | None]]:
        """(played, derived) of the weeks that are no outage and long enough after a change."""
        changes = self.story.changes()
        for lived, stage in self.stages:
            since = max((change for change in changes if change < lived), default=lived)
            if lived - since >= SETTLED and not self.story.is_out(lived - 1):
                yield self.story.truth(lived - 1), stage

    def segments(self) -> list[Segment]:
        changes = self.story.changes()
        ends = [*changes[1:], self.weeks]
        return [self.segment(begins, end) for begins, end in zip(changes, ends, strict=True)]

    def segment(self, begins: int, ends: int) -> Segment:
        before = self.story.truth(begins - 1) if begins else None
        after = self.story.truth(begins)
        inside = [(lived, stage) for lived, stage in self.stages if begins < lived <= ends]
        reached = next((lived - begins for lived, stage in inside if stage == after), None)
        steps = sum(
            begins < weeks_lived(change.at) <= ends
            for change in self.transitions
            if change.came_from is not None and change.to is not None
        )
        stood = dict(self.stages).get(begins) or LOWEST
        return Segment(begins, ends, before, after, stood, steps, reached)


def weeks_lived(monday: date) -> int:
    return (monday - FIRST_DAY).days // 7


def judge(story: Story, model: Model, *, weeks: int) -> Judged:
    """Plays it, reads its records as those of any company, and walks every Monday."""
    lines = play(story, weeks=weeks)
    return judged(story, lines, model, weeks=weeks)


def judged(story: Story, lines: list[dict[str, Any]], model: Model, *, weeks: int) -> Judged:
    ledger = Ledger(read(lines), model)
    mondays = ledger.mondays(FIRST_DAY + timedelta(weeks=weeks))
    company = walk.walk(model, (ledger.counted(monday).week for monday in mondays)).company
    stages = [(weeks_lived(monday), stage) for monday, stage in company.stages_at]
    return Judged(story, weeks, len(lines), stages, company.transitions)
