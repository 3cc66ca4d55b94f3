from datetime import date, timedelta

import pytest

from maturity.scoring.definition import Profile, load
from maturity.scoring.gates import GateState, Measured, Outcome, judge, move

MODEL = load()
START = date(2026, 1, 5)
GOOD, MIDDLE, BAD, FEW = (80, 100), (45, 100), (20, 100), (9, 10)


def figures(k, n, **more):
    return Measured(k=k, n=n, enter=0.5, stay=0.4, minimum=40, **more)


def walk(cases, *, gate="S3-CON-1", state=None):
    """The states and outcomes after each weekly (k, n), or Measured."""
    state, seen = state or GateState(), []
    for week, case in enumerate(cases):
        measured = case if isinstance(case, Measured) else figures(*case)
        on = START + timedelta(days=7 * week)
        state, outcome = move(MODEL.by_id[gate], state, measured, MODEL.walk, on=on)
        seen.append((state.is_open, outcome))
    return state, seen


def opened():
    state, _ = walk([GOOD] * 4)
    assert state.is_open
    return state


def test_the_fourth_consecutive_evaluation_at_enter_opens_it():
    state, seen = walk([GOOD] * 4)
    assert [is_open for is_open, _ in seen] == [False, False, False, True]
    assert {outcome for _, outcome in seen} == {Outcome.MET}
    assert state.opened_at == START + timedelta(days=21)


def test_any_other_evaluation_starts_the_count_again():
    _, seen = walk([GOOD] * 3 + [MIDDLE] + [GOOD] * 3)
    assert not any(is_open for is_open, _ in seen)
    assert seen[3][1] is Outcome.NOT_MET


def test_the_sixth_consecutive_loss_closes_it():
    _, seen = walk([BAD] * 6, state=opened())
    assert [is_open for is_open, _ in seen] == [True] * 5 + [False]
    assert {outcome for _, outcome in seen} == {Outcome.NOT_MET}


def test_a_five_week_dip_closes_nothing():
    state, _ = walk([BAD] * 5 + [MIDDLE] + [BAD] * 5, state=opened())
    assert state.is_open
    assert state.losses == 5


def test_between_stay_and_enter_an_open_gate_is_met_and_a_closed_one_is_not():
    assert walk([MIDDLE], state=opened())[1] == [(True, Outcome.MET)]
    assert walk([MIDDLE])[1] == [(False, Outcome.NOT_MET)]


def test_below_the_minimum_sample_it_is_insufficient_when_closed_and_held_when_open():
    assert walk([FEW])[1] == [(False, Outcome.INSUFFICIENT)]
    assert walk([FEW], state=opened())[1] == [(True, Outcome.HELD)]


def test_the_fourteenth_week_held_closes_it():
    state, seen = walk([FEW] * 14, state=opened())
    assert [is_open for is_open, _ in seen] == [True] * 13 + [False]
    assert seen[-1][1] is Outcome.INSUFFICIENT
    assert state == GateState(turned_since=START)


def test_a_gate_knows_since_when_it_was_being_moved():
    weeks = [START + timedelta(days=7 * n) for n in range(12)]
    state, _ = walk([BAD, GOOD, BAD, GOOD, GOOD, GOOD, GOOD])
    assert (state.is_open, state.turned_since) == (True, weeks[3])
    assert state.counting_since is None
    state, _ = walk([GOOD] * 4 + [BAD, GOOD, BAD, BAD])
    assert (state.losses, state.counting_since, state.turned_since) == (2, weeks[6], weeks[0])
    state, _ = walk([GOOD] * 4 + [BAD, GOOD] + [BAD] * 6)
    assert (state.is_open, state.turned_since, state.counting_since) == (False, weeks[6], None)


def test_a_week_held_neither_counts_nor_forgives_a_loss():
    state, _ = walk([BAD] * 3 + [FEW] * 2, state=opened())
    assert (state.losses, state.held) == (3, 2)
    state, seen = walk([BAD] * 3, state=state)
    assert [is_open for is_open, _ in seen] == [True, True, False]


def test_a_clause_below_enter_keeps_it_closed_and_below_stay_is_a_loss():
    strong = figures(*GOOD, clauses=False, clauses_stay=True)
    assert walk([strong])[1] == [(False, Outcome.NOT_MET)]
    assert walk([strong], state=opened())[1] == [(True, Outcome.MET)]
    lost = figures(*GOOD, clauses=False, clauses_stay=False)
    assert walk([lost], state=opened())[1] == [(True, Outcome.NOT_MET)]


def test_without_a_source_a_closed_gate_says_so_and_an_open_one_is_held():
    nothing = figures(0, 0, has_source=False)
    assert walk([nothing])[1] == [(False, Outcome.NO_SOURCE)]
    assert walk([nothing], state=opened())[1] == [(True, Outcome.HELD)]


def test_a_share_of_nothing_has_no_value():
    verdict = judge(MODEL.by_id["S3-CON-1"], figures(0, 0), MODEL.walk)
    assert (verdict.value, verdict.lower, verdict.upper) == (None, None, None)
    assert not verdict.at_enter


def test_the_minimum_of_a_count_matters_only_for_opening():
    few = Measured(k=7, n=None, enter=6, stay=4, minimum=10, sample=9)
    many = Measured(k=7, n=None, enter=6, stay=4, minimum=10, sample=10)
    assert walk([few], gate="S2-CHA-1")[1] == [(False, Outcome.INSUFFICIENT)]
    state, _ = walk([many] * 4, gate="S2-CHA-1")
    assert walk([few], gate="S2-CHA-1", state=state)[1] == [(True, Outcome.MET)]


def test_a_census_uses_the_plain_number():
    bar = MODEL.by_id["S3-GOV-1"].bar(Profile.B2C, 0)
    measured = Measured(k=4, n=5, enter=bar.enter, stay=bar.stay, minimum=5)
    verdict = judge(MODEL.by_id["S3-GOV-1"], measured, MODEL.walk)
    assert verdict.at_enter
    assert verdict.lower is None


def test_stay_may_look_with_easier_numbers():
    measured = Measured(k=2, n=None, enter=3, stay=3, k_stay=3)
    verdict = judge(MODEL.by_id["S5-NET-1"], measured, MODEL.walk)
    assert not verdict.at_enter
    assert not verdict.is_loss


@pytest.mark.parametrize(
    ("days", "is_open", "outcome"),
    [(23, True, Outcome.MET), (17, True, Outcome.MET), (16, False, Outcome.NOT_MET)],
)
def test_the_source_opens_and_closes_at_once(days, is_open, outcome):
    state = GateState(is_open=True, opened_at=START)
    measured = Measured(k=days, n=28, enter=0.8, stay=0.6)
    assert walk([measured], gate="S1-INS", state=state)[1] == [(is_open, outcome)]
