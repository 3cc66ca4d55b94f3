"""Weeks of figures by chance, walked by the engine and by the reference evaluator."""

import os
import random
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from maturity.scoring import stages, walk
from maturity.scoring.definition import Profile, load
from maturity.scoring.gates import Measured
from maturity.scoring.walk import Week
from tests.maturity.reference.counting import Count
from tests.maturity.reference.evaluator import Judged, Subject
from tests.maturity.reference.law import BY_ID, TABLE

MODEL = load()
CASES = int(os.environ.get("CASES", "12"))
START = date(2024, 1, 1)


class Figures:
    """Figures of one subject that stay as they are for some weeks, and then change."""

    def __init__(self, dice, mood):
        self.dice, self.mood, self.kinds = dice, mood, {}

    def week(self):
        """{criterion: Count}"""
        return {line.id: self.count(line) for line in TABLE}

    def kind(self, id_):
        if id_ not in self.kinds or self.dice.random() < 0.06:
            weights = {"good": self.mood, "middle": 2, "bad": 1, "few": 1, "none": 0.5}
            self.kinds[id_] = self.dice.choices(list(weights), list(weights.values()))[0]
        return self.kinds[id_]

    def count(self, line):
        kind, n = self.kind(line.id), 300
        enter, stay = line.bars["b2c"] if line.bars else (5, 3.5)
        at = {"good": enter, "middle": (enter + stay) / 2, "bad": stay / 2, "few": 1, "none": 0}
        if line.kind == "count":
            k = at[kind] if kind != "good" else enter + 1
            sample = {"few": 3, "none": 0}.get(kind, 99) if line.minimum else None
            found = Count(int(k), sample=sample)
        else:
            if line.minimum:
                n = {"few": line.minimum["b2c"] - 1, "none": 0}.get(kind, 300)
            found = Count(min(n, int(n * at[kind]) + (kind == "good") * n // 9), n)
        if line.id != "S5-COV" and self.dice.random() < 0.03:
            found.clause(0, 2, self.dice.choice((0, 1)))
        return found


class Seen:
    def __init__(self, has):
        self.has = lambda kind: has


def both(count, line, sourced):
    """The same figures in the words of either."""
    judged = Judged(line, count, "b2c", 500, [Seen(sourced)])
    bar = MODEL.by_id[line.id].bar(Profile.B2C, 500)
    measured = Measured(
        k=count.k,
        n=count.n,
        enter=bar.enter,
        stay=bar.stay,
        minimum=judged.minimum,
        sample=count.sample,
        clauses=bool(count.enter),
        clauses_stay=bool(count.stay),
        has_source=judged.sourced,
    )
    return judged, measured


def split(counts, sourced):
    pairs = {id_: both(count, BY_ID[id_], sourced) for id_, count in counts.items()}
    return {i: j for i, (j, _) in pairs.items()}, {i: m for i, (_, m) in pairs.items()}


def transitions(standing):
    return [(t.at, t.came_from, t.to, list(t.causes)) for t in standing.transitions]


def assert_same(subject, standing, outcomes):
    assert subject.stage == standing.stage
    assert subject.transitions == transitions(standing)
    assert subject.outcomes == {i: str(o) for i, o in outcomes.items()}
    assert subject.blocking() == stages.blocking(MODEL, standing)
    assert subject.at_risk() == stages.is_at_risk(MODEL, standing)
    for id_, gate in subject.gates.items():
        state = standing.gates[id_]
        mine = (state.is_open, state.confirmations, state.losses, state.held, state.opened_at)
        assert (gate.is_open, gate.confirmed, gate.losses, gate.held, gate.opened) == mine


def allowed(load):
    """The highest stage that the units allow."""
    total, found = sum(n for n, _ in load), 5
    for stage in (5, 4, 3):
        if total and sum(n for n, own in load if (own or 0) >= stage - 1) / total < 0.6:
            found = stage - 1
    return found


@settings(max_examples=CASES)
@given(st.integers(0, 10**6))
def test_gates_stages_outcomes_and_causes_are_walked_alike(seed):
    dice = random.Random(seed)  # noqa: S311 - reproducible, no secret
    names = ["one", "two", "three"][: dice.choice((1, 2, 3))]
    joins = {name: dice.choice((0, 0, 20)) for name in names}
    mood = dice.choice((2, 15, 60))
    of_units = {name: Figures(dice, mood) for name in names}
    of_company = Figures(dice, mood)
    company, subjects, walked = Subject(), {}, walk.start(MODEL)
    for number in range(90):
        on, sourced = START + timedelta(days=7 * number), dice.random() < 0.97
        theirs, mine = split(of_company.week(), sourced)
        judged, figures = {}, {}
        for name in names:
            if number >= joins[name]:
                judged[name], figures[name] = split(of_units[name].week(), sourced)
        needing = {name: dice.choice((0, 10, 30)) for name in judged}
        walked = walk.step(MODEL, walked, Week(on, mine, figures, needing))
        for name, of in judged.items():
            subject = subjects.setdefault(name, Subject())
            subject.evaluate(of, on)
            subject.settle(on)
            assert_same(subject, walked.units[name], walked.unit_outcomes[name])
        if len(judged) > 1:
            assessed = [subjects[n].stage for n in judged if subjects[n].stage is not None]
            count = Count(sum(s >= 3 for s in assessed), len(assessed))
            theirs["S5-COV"] = both(count, BY_ID["S5-COV"], True)[0]
        company.evaluate(theirs, on)
        company.settle(on, allowed([(needing[n], subjects[n].stage) for n in judged]))
        assert_same(company, walked.company, walked.outcomes)
