"""The walk over all Mondays, each under the version of the model that was in force on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from maturity.appraisals.exempting import Exempted
from maturity.appraisals.past import Past
from maturity.appraisals.versions import Version, succession
from maturity.appraisals.walking import Remembered, Step, Stride, Way, turned

WEEK = timedelta(days=7)


class Succession:
    """Each later version takes over with the gates that it had walked by itself, in its shadow."""

    def __init__(
        self, past: Past, aside: Exempted, versions: Sequence[Version] | None = None
    ) -> None:
        self.past, self.aside = past, aside
        self.versions = versions or succession()

    def steps(self, until: date, *, shown: int = 0) -> Iterator[Step]:
        """At least the last `shown` Mondays, one by one."""
        first, *later = [
            one for one in self.versions if one.since <= until or one is self.versions[0]
        ]
        ends = [*(one.since - WEEK for one in later), until]
        way = self.alone(first, ends[0], shown=shown)
        yield from way.steps()
        self.stride = way.stride
        for version, end in zip(later, ends[1:], strict=True):
            own = self.alone(version, version.since - WEEK).end()
            begun = version.since, turned(self.stride, own)
            way = Way(self.past.under(version.model), end, self.aside, begun=begun)
            yield from way.steps()
            self.stride = way.stride

    def alone(self, version: Version, until: date, *, shown: int = 0) -> Way:
        """As if it had always been in force."""
        days = self.past.under(version.model)
        return Way(days, until, self.aside, Remembered(days, self.aside), shown=shown)

    def end(self, until: date) -> Stride:
        """Where everybody stood after that Monday, ready for figures under the past's model."""
        for _ in self.steps(until):
            pass
        return self.standing(until)

    def standing(self, until: date) -> Stride:
        """The same once the steps have been gone."""
        last = [one for one in self.versions if one.since <= until or one is self.versions[0]][-1]
        if last.model.sha256 == self.past.model.sha256:
            return self.stride
        own = self.alone(Version(self.past.model, until), until).end()
        return turned(self.stride, own)  # its Monday has begun, and not yet everywhere
