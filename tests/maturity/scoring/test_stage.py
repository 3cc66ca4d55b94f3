from datetime import date, timedelta

from maturity.scoring import stages, walk
from maturity.scoring.definition import load
from maturity.scoring.gates import Measured, Outcome
from maturity.scoring.walk import Week

MODEL = load()
START = date(2026, 1, 5)
OPENING = MODEL.walk.confirmations


def measured(good):
    return Measured(k=90 if good else 0, n=100, enter=0.5, stay=0.4)


def figures(stage, *, healthy=True, but=()):
    """Every gate up to `stage` is at ENTER, those named `but` are lost."""
    found = {c.id: measured(c.stage <= stage and c.id not in but) for c in MODEL.criteria}
    return found | {"S1-INS": measured(healthy)}


def week(number, *, company, units=None, needing=None, exempt=()):
    units = units or {"one": company}
    return Week(
        on=START + timedelta(days=7 * number),
        company=company,
        units=units,
        needing=needing or dict.fromkeys(units, 10),
        exempt={None: frozenset(exempt), "one": frozenset(exempt)} if exempt else {},
    )


def walked(*phases):
    """Walks phases of (weeks, keyword arguments of week())."""
    weeks = [said for count, said in phases for _ in range(count)]
    return walk.walk(MODEL, (week(number, **said) for number, said in enumerate(weeks)))


def steps(standing):
    return [(change.came_from, change.to, change.causes) for change in standing.transitions]


def test_a_company_climbs_one_stage_an_evaluation_and_names_the_gates():
    company = walked((OPENING + 3, {"company": figures(3)})).company
    assert steps(company) == [
        (None, 1, ("S1-INS",)),
        (1, 2, MODEL.gates(2)),
        (2, 3, MODEL.gates(3)),
    ]
    assert [change.at for change in company.transitions] == [
        START,
        START + timedelta(days=7 * (OPENING - 1)),
        START + timedelta(days=7 * OPENING),
    ]


def test_a_missing_gate_of_a_lower_stage_caps_the_stage():
    company = walked((9, {"company": figures(4, but={"S2-CHA-2"})})).company
    assert company.stage == 1
    assert stages.blocking(MODEL, company) == ["S2-CHA-2"]


def test_without_a_healthy_source_the_stage_is_unknown_and_gates_are_walked_all_the_same():
    company = walked((9, {"company": figures(3, healthy=False)})).company
    assert company.stage is None
    assert company.reached == 3
    assert stages.blocking(MODEL, company) == ["S1-INS"]
    assert not stages.is_at_risk(MODEL, company)


def test_after_an_outage_the_target_is_taken_at_once():
    company = walked(
        (9, {"company": figures(3)}),
        (2, {"company": figures(3, healthy=False)}),
        (1, {"company": figures(3)}),
    ).company
    assert steps(company)[-2:] == [(3, None, ("S1-INS",)), (None, 3, ("S1-INS",))]


def test_a_collapse_demotes_after_six_losses_and_shows_its_risk_from_the_first():
    good, bad = {"company": figures(3)}, {"company": figures(3, but={"S3-CON-1"})}
    first = walked((9, good), (1, bad)).company
    assert first.stage == 3
    assert stages.is_at_risk(MODEL, first)
    after = walked((9, good), (MODEL.walk.losses, bad)).company
    assert steps(after)[-1] == (3, 2, ("S3-CON-1",))
    assert stages.blocking(MODEL, after) == ["S3-CON-1"]


def test_a_five_week_dip_changes_no_stage():
    good, bad = {"company": figures(3)}, {"company": figures(3, but={"S3-CON-1"})}
    assert walked((9, good), (5, bad), (5, good)).company.stage == 3


def test_a_return_names_only_the_gate_that_came_back():
    good, bad = {"company": figures(3)}, {"company": figures(3, but={"S3-CON-1"})}
    company = walked((9, good), (6, bad), (4, good)).company
    assert steps(company)[-1] == (2, 3, ("S3-CON-1",))


def test_units_that_lag_cap_the_company_and_the_cause_is_named_when_they_catch_up():
    strong, weak = figures(3), figures(1)
    lagging = {"company": strong, "units": {"a": strong, "b": weak}, "needing": {"a": 5, "b": 5}}
    capped = walked((9, lagging)).company
    assert (capped.stage, capped.reached) == (2, 3)
    assert stages.blocking(MODEL, capped) == [stages.UNIT_COVERAGE]
    together = lagging | {"units": {"a": strong, "b": figures(2)}}
    after = walked((9, lagging), (4, together)).company
    assert steps(after)[-1] == (2, 3, (*MODEL.gates(3), stages.UNIT_COVERAGE))


def test_a_unit_that_falls_takes_the_company_with_it():
    strong = figures(3)
    both = {"company": strong, "units": {"a": strong, "b": strong}, "needing": {"a": 5, "b": 5}}
    falls = both | {"units": {"a": strong, "b": figures(3, healthy=False)}}
    company = walked((9, both), (1, falls)).company
    assert steps(company)[-1] == (3, 2, (stages.UNIT_COVERAGE,))


def test_where_nobody_had_a_conversation_nothing_is_lowered():
    assert stages.covered(MODEL.coverage, [(0, 1), (0, None)], top=5) == 5


def test_the_share_of_coverage_is_enough_when_reached_exactly():
    assert stages.covered(MODEL.coverage, [(6, 2), (4, None)], top=5) == 3


def test_units_at_coordinating_are_counted_after_their_moves():
    strong = figures(4)
    several = {"company": strong, "units": {"a": strong, "b": figures(1)}}
    result = walked((12, several))
    last = week(11, **several)
    counted = walk.company_figures(MODEL, last, result.units)["S5-COV"]
    assert (counted.k, counted.n) == (1, 2)


def test_an_exempted_gate_counts_as_open_until_it_ends_and_the_steps_say_so():
    lacking = {"company": figures(3, but={"S3-VAL-1"})}
    after = walked(
        (OPENING + 3, lacking),
        (4, lacking | {"exempt": {"S3-VAL-1"}}),
        (3, lacking),
    )
    up, down = steps(after.company)[-2:]
    others = tuple(gate for gate in MODEL.gates(3) if gate != "S3-VAL-1")
    assert up == (2, 3, (*others, stages.EXEMPTION))
    assert down == (3, 2, ("S3-VAL-1", stages.EXEMPTION))
    assert steps(after.units["one"]) == steps(after.company)
    assert after.company.exempt == frozenset()
    assert after.outcomes["S3-VAL-1"] == Outcome.NOT_MET


def test_an_exempted_gate_is_walked_all_the_same_and_only_its_outcome_is_not_told():
    aside = {"exempt": {"S3-VAL-1"}}
    during = walked((OPENING + 3, {"company": figures(3)} | aside))
    assert during.outcomes["S3-VAL-1"] == Outcome.NOT_APPLICABLE
    assert during.company.gates["S3-VAL-1"].is_open
    assert stages.EXEMPTION not in steps(during.company)[-1][2]  # nothing rests on it
    after = walked((OPENING + 3, {"company": figures(3)} | aside), (2, {"company": figures(3)}))
    assert after.company.stage == 3


def test_an_exempted_gate_blocks_nothing_and_others_still_do():
    lacking = {"company": figures(3, but={"S3-VAL-1", "S3-CON-1"}), "exempt": {"S3-VAL-1"}}
    found = walked((OPENING + 3, lacking)).company
    assert found.stage == 2
    assert stages.blocking(MODEL, found) == ["S3-CON-1"]


def test_another_version_takes_over_with_its_gates_and_the_steps_to_its_stage_name_it():
    ours = walked((OPENING + 4, {"company": figures(4)}))
    own = walked((OPENING + 4, {"company": figures(2)}))
    after = walk.turned(ours, own)
    assert (ours.company.stage, after.company.stage, after.company.heading) == (4, 4, 2)
    for number in range(OPENING + 4, OPENING + 8):
        after = walk.step(MODEL, after, week(number, company=figures(2)))
    three = tuple(gate for stage in (3, 4) for gate in MODEL.gates(stage))
    assert steps(after.company)[-2:] == [
        (4, 3, (*three, stages.MODEL_VERSION)),
        (3, 2, (*MODEL.gates(3), stages.MODEL_VERSION)),
    ]
    assert after.company.heading is None
    assert steps(after.units["one"]) == steps(after.company)
    for number in range(OPENING + 8, 2 * OPENING + 9):
        after = walk.step(MODEL, after, week(number, company=figures(3)))
    assert steps(after.company)[-1] == (2, 3, MODEL.gates(3))  # a step of our own again


def test_a_version_that_says_the_same_leaves_no_trace():
    ours = walked((OPENING + 3, {"company": figures(3)}))
    assert walk.turned(ours, ours) == ours
