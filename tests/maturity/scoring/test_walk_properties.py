import random
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from maturity.scoring import walk
from maturity.scoring.definition import load
from maturity.scoring.gates import Measured
from maturity.scoring.walk import Week

MODEL = load()
START = date(2023, 1, 2)
KINDS = ("good", "middle", "bad", "few")
CASES = {"good": (80, 100), "middle": (45, 100), "bad": (10, 100), "few": (3, 4)}

weeks_of_kinds = st.lists(
    st.fixed_dictionaries({c.id: st.sampled_from(KINDS) for c in MODEL.criteria}), max_size=40
)


def measured(k, n):
    return Measured(k=k, n=n, enter=0.5, stay=0.4, minimum=20)


def walked(weeks):
    """Walks one-unit weeks of {criterion: (k, n)}."""
    found = []
    for number, cases in enumerate(weeks):
        of = {criterion: measured(*case) for criterion, case in cases.items()}
        on = START + timedelta(days=7 * number)
        found.append(Week(on=on, company=of, units={"one": of}, needing={"one": 1}))
    return walk.walk(MODEL, found)


def of_kinds(weeks):
    return walked([{c: CASES[kind] for c, kind in kinds.items()} for kinds in weeks])


@settings(max_examples=60)
@given(weeks_of_kinds)
def test_a_stage_moves_one_step_a_week_except_after_the_unknown(weeks):
    stages = [stage for _, stage in of_kinds(weeks).company.stages_at]
    for before, after in pairwise(stages):
        if before is not None and after is not None:
            assert abs(after - before) <= 1


@settings(max_examples=60)
@given(weeks_of_kinds)
def test_every_transition_names_a_cause_and_continues_the_last_one(weeks):
    came_from = None
    for change in of_kinds(weeks).company.transitions:
        assert change.causes
        assert change.came_from == came_from
        came_from = change.to


@settings(max_examples=60)
@given(weeks_of_kinds, st.data())
def test_a_good_case_more_in_every_share_never_lowers_the_stage(weeks, data):
    cases = [{c: CASES[kind] for c, kind in kinds.items() if kind} for kinds in weeks]
    enough = [{c: (k, n) if n > 20 else (45, 100) for c, (k, n) in w.items()} for w in cases]
    better = [{c: (k + 1, n + 1) for c, (k, n) in week.items()} for week in enough]
    before, after = walked(enough).company, walked(better).company
    assert (after.stage or 0) >= (before.stage or 0)


def test_a_company_on_a_threshold_for_three_years_changes_stage_twice_at_most():
    """A share that hovers around ENTER: a rule without memory would change it 18 times."""
    for seed in range(6):
        chance = random.Random(seed)  # noqa: S311 - a simulation
        answered = [sum(chance.random() < 0.545 for _ in range(10)) for _ in range(156 + 13)]
        weeks = []
        for number in range(156):
            k = sum(answered[number : number + 13])
            weeks.append({c.id: (k, 130) for c in MODEL.criteria} | {"S1-INS": (1, 1)})
        changes = [t for t in walked(weeks).company.transitions if t.came_from is not None]
        ups = {change.to for change in changes}
        assert len(changes) <= len(ups) + 2


def test_the_walk_is_the_same_whatever_it_is_asked_in_between():
    weeks = [dict.fromkeys((c.id for c in MODEL.criteria), (80, 100))] * 8
    assert walked(weeks) == walked(weeks)
