"""The walk: gates, targets, stages and their causes, Monday after Monday."""

from collections import Counter
from datetime import timedelta

from tests.maturity.reference.counting import Count
from tests.maturity.reference.law import (
    BY_ID,
    TABLE,
    ambassadors_bar,
    gates_of,
    wilson,
)
from tests.maturity.reference.measures import MEASURES
from tests.maturity.reference.past import Past, Seen

WEEK = timedelta(days=7)
KEYS = {None: "unassessed", 1: "dormant", 2: "testing", 3: "coordinating", 4: "scaling"}
KEYS[5] = "empowering"


class Judged:
    """One criterion of one evaluation against its thresholds."""

    def __init__(self, line, count, profile, headcount, pool):
        self.line, self.count, self.k, self.n = line, count, count.k, count.n
        bars = ambassadors_bar(profile, headcount) if line.id == "S4-AMB-1" else line.bars[profile]
        self.enter, self.stay = (float(x) for x in bars)
        self.minimum = line.minimum[profile] if line.minimum else None
        self.lower = self.upper = None
        if self.n is None:
            self.value = float(self.k)
        else:
            self.value = self.k / self.n if self.n else None
        low = high = self.value
        if count.k_stay is not None:
            high = float(count.k_stay)
        if line.kind == "share" and self.n:
            low, high = self.lower, self.upper = wilson(self.k, self.n)
        sample = count.sample if count.sample is not None else self.n
        self.small = self.minimum is not None and sample < self.minimum
        reached = low is not None and low >= self.enter
        self.at_enter = reached and bool(count.enter) and not self.small
        self.loss = high is None or high < self.stay or not count.stay
        self.sourced = not line.sources or any(s.has(kind) for s in pool for kind in line.sources)

    @property
    def held(self):
        return self.small and self.line.kind != "count"

    def shown(self, is_open):
        if is_open:
            return "HELD" if self.held else "NOT_MET" if self.loss else "MET"
        if not self.sourced:
            return "NO_SOURCE"
        return "MET" if self.at_enter else "INSUFFICIENT" if self.small else "NOT_MET"


class Gate:
    def __init__(self):
        self.is_open, self.confirmed, self.losses, self.held, self.opened = False, 0, 0, 0, None

    def close(self):
        self.__init__()

    def move(self, judged, on):
        """One evaluation; answers the outcome."""
        if judged.line.id == "S1-INS":
            return self.move_at_once(judged, on)
        shown = judged.shown(self.is_open)
        if not self.is_open:
            self.confirmed = self.confirmed + 1 if judged.at_enter else 0
            if self.confirmed == 4:
                self.close()
                self.is_open, self.opened = True, on
        elif judged.held:
            self.held += 1
            if self.held == 14:
                self.close()
                return "INSUFFICIENT"
        else:
            self.held = 0
            self.losses = self.losses + 1 if judged.loss else 0
            if self.losses == 6:
                self.close()
        return shown

    def move_at_once(self, judged, on):
        shown = judged.shown(self.is_open)
        if self.is_open and judged.loss:
            self.close()
        elif not self.is_open and judged.at_enter:
            self.is_open, self.opened = True, on
        return shown


class Subject:
    """A unit or the company on its way."""

    def __init__(self):
        self.gates = {line.id: Gate() for line in TABLE}
        self.stage, self.reached, self.target = None, 1, 1
        self.stages, self.transitions, self.outcomes = [], [], {}

    def evaluate(self, judged, on):
        self.outcomes = {id_: self.gates[id_].move(judged[id_], on) for id_ in judged}

    def opened(self, stages):
        return [g for s in stages for g in gates_of(s) if self.gates[g].is_open]

    def closed(self, stages):
        return [g for s in stages for g in gates_of(s) if not self.gates[g].is_open]

    def settle(self, on, allowed=5):
        before, was = self.stage, (self.reached, self.target)
        self.reached = max(s for s in range(1, 6) if not self.closed(range(2, s + 1)))
        self.target = min(self.reached, allowed)
        if not self.gates["S1-INS"].is_open:
            self.stage = None
        elif before is None:
            self.stage = self.target
        else:
            self.stage = before + (self.target > before) - (self.target < before)
        if self.stage != before:
            why = self.causes(before, was)
            self.transitions.append((on, before, self.stage, why))
        self.stages.append((on, self.stage))

    def causes(self, before, was):
        if before is None or self.stage is None:
            return ["S1-INS"]
        if self.stage < before:
            why = self.closed(range(2, before + 1))
            lowered = self.target < before and self.target < self.reached
            return [*why, "UNIT-COVERAGE"] if lowered else why
        s = self.stage
        last = max((on for on, stage in self.stages if (stage or 0) >= s), default=None)
        new = [
            g for g in self.opened(range(2, s + 1)) if last is None or self.gates[g].opened > last
        ]
        why = [g for g in new if BY_ID[g].stage == s] or new
        return [*why, "UNIT-COVERAGE"] if was[1] < s <= was[0] else why

    def blocking(self):
        if self.stage is None:
            return ["S1-INS"]
        if self.stage == 5:
            return []
        why = self.closed([self.stage + 1])
        lowered = self.target < self.reached and self.target <= self.stage
        return [*why, "UNIT-COVERAGE"] if lowered else why

    def at_risk(self):
        if self.stage is None:
            return False
        losses = [self.gates[g].losses for s in range(2, self.stage + 1) for g in gates_of(s)]
        return self.stage > self.target or any(losses)


class Evaluator:
    def __init__(self, lines):
        self.past = Past(lines)
        self.company, self.units = Subject(), {}
        self.walked_to = None
        self.next = self.first_monday() if self.past.units and self.past.first else None

    def first_monday(self):
        day = self.past.first.date() - timedelta(days=2)
        while day.weekday() or self.earliest_midnight(day) <= self.past.first:
            day += timedelta(days=1)
        return day

    def earliest_midnight(self, day):
        return min(Seen(self.past, u, day).cut for u in self.past.units)

    def measured(self, day):
        """Every unit's and the pool's figures of that day."""
        seen = {u: Seen(self.past, u, day) for u in self.past.units}
        units = {u: judge([s], s.profile, unit_headcount(s)) for u, s in seen.items()}
        pool = [s for s in seen.values() if s.takes_part]
        company = judge(pool, pool_profile(pool), self.headcount(pool))
        return seen, units, pool, company

    def headcount(self, pool):
        """The version in force, else the first one there is (as the example histories have it)."""
        cut = max((s.cut for s in pool), default=None)
        lines = self.past.lines["company"]
        known = [x for x in lines if cut and x["at"] < cut] or lines[:1]
        if known and known[-1].get("headcount") is not None:
            return known[-1]["headcount"]
        return len(max(pool, key=lambda s: s.cut).staff) if pool else 0

    def with_coverage(self, company, pool):
        """S5-COV of a company of several units: after this week's moves."""
        if len(pool) < 2:
            return company
        stages = [self.units[s.unit].stage for s in pool if s.unit in self.units]
        assessed = [stage for stage in stages if stage is not None]
        count = Count(sum(stage >= 3 for stage in assessed), len(assessed))
        return {**company, "S5-COV": Judged(BY_ID["S5-COV"], count, "b2c", 0, pool)}

    def week(self, day):
        _, units, pool, company = self.measured(day)
        for s in pool:
            subject = self.units.setdefault(s.unit, Subject())
            subject.evaluate(units[s.unit], day)
            subject.settle(day)
        company = self.with_coverage(company, pool)
        self.company.evaluate(company, day)
        self.company.settle(day, self.allowed(pool))
        return company, units

    def allowed(self, pool):
        load = [(len(s.due_talks), self.units[s.unit].stage or 0) for s in pool]
        total = sum(n for n, _ in load)
        allowed = 5
        for s in (5, 4, 3):
            if total and sum(n for n, stage in load if stage >= s - 1) / total < 0.6:
                allowed = s - 1
        return allowed

    def walk_to(self, day):
        while self.next and self.next <= day:
            self.last = self.week(self.next)
            self.walked_to = self.next
            self.next += WEEK

    def appraise(self, day):
        """As of that day; days must be asked for in their order."""
        self.walk_to(day)
        if self.walked_to == day:
            company, units = self.last
            outcomes = self.company.outcomes
            theirs = {u: self.units[u].outcomes for u in self.units}
        else:
            _, units, pool, company = self.measured(day)
            company = self.with_coverage(company, pool)
            outcomes, theirs = self.previewed(self.company, company), {}
        said = self.described(self.company, company, outcomes)
        said["units"] = []
        for u in self.past.units:
            subject = self.units.get(u) or Subject()
            found = theirs.get(u) or self.previewed(subject, units[u])
            said["units"].append({"id": u, **self.described(subject, units[u], found)})
        return said

    def previewed(self, subject, judged):
        return {id_: j.shown(subject.gates[id_].is_open) for id_, j in judged.items()}

    def described(self, subject, judged, outcomes):
        return {
            "stage": {
                "number": subject.stage,
                "key": KEYS[subject.stage],
                "at_risk": subject.at_risk(),
            },
            "blocking": subject.blocking(),
            "criteria": [figures(judged[line.id], outcomes[line.id]) for line in TABLE],
            "transitions": [
                {"at": on.isoformat(), "from": came, "to": to, "causes": list(why)}
                for on, came, to, why in subject.transitions
            ],
        }


def figures(judged, outcome):
    names = ("k", "n", "value", "lower", "upper", "enter", "stay", "minimum")
    gate = judged.line.is_gate
    found = {name: getattr(judged, name) for name in names}
    return {"id": judged.line.id, "gate": gate, "outcome": outcome, **found}


def judge(pool, profile, headcount):
    return {
        line.id: Judged(line, MEASURES[line.id](pool, profile, headcount), profile, headcount, pool)
        for line in TABLE
    }


def unit_headcount(seen):
    return len(seen.own_staff) if seen.unit_headcount is None else seen.unit_headcount


def pool_profile(pool):
    profiles = {s.profile for s in pool}
    if len(profiles) == 1:
        return profiles.pop()
    load = Counter()
    for s in pool:
        load[s.profile] += len(s.due_talks)
    return "b2b" if load["b2b"] > load["b2c"] else "b2c"
