"""A step of the company says which units came, without whom it had not been made."""

from maturity.scoring import stages
from tests.maturity.scoring.test_stage import MODEL, figures, walked

LOSSES = MODEL.walk.losses
STRONG, NEW, LOSING = figures(3), figures(1, healthy=False), figures(3, but={"S3-CON-1"})
ALONE = (12, {"company": STRONG, "units": {"a": STRONG}})


def with_b(company=STRONG, *, a=STRONG, b=NEW, load=(5, 5)):
    units = {"a": a, "b": b}
    return {"company": company, "units": units, "needing": dict(zip(units, load, strict=True))}


def last(*phases):
    step = walked(ALONE, *phases).company.transitions[-1]
    return step.came_from, step.to, step.causes, step.joined


def test_a_company_that_splits_into_halves_falls_for_the_new_one_and_rises_without_it():
    fell = (3, 2, (stages.UNIT_COVERAGE,), ("b",))
    assert last((1, with_b())) == fell
    assert last((8, with_b(load=(9, 1))), (1, with_b())) == fell  # its share grew
    assert last((1, with_b()), (6, with_b(b=STRONG)))[:2] == (2, 3)
    assert last((1, with_b()), (6, with_b(b=STRONG)))[3] == ()
    assert last((9, with_b(load=(7, 3))))[:2] == (2, 3)  # most of the business stays: no step


def test_a_company_that_buys_one_that_loses_a_gate_for_both_says_that_it_came():
    bought = with_b(LOSING, load=(8, 2))
    fell = (3, 2, ("S3-CON-1",), ("b",))
    assert last((LOSSES, bought)) == fell
    assert last((20, with_b(load=(8, 2))), (LOSSES, bought)) == fell  # half a year later too


def test_a_unit_changes_nothing_that_the_only_other_one_sees_by_itself():
    assert last((LOSSES, with_b(LOSING, a=LOSING, load=(8, 2)))) == (3, 2, ("S3-CON-1",), ())


def test_a_unit_that_came_before_the_stage_was_reached_is_not_named():
    small = {"load": (8, 2)}
    before = (12, with_b(LOSING, a=LOSING, **small))
    after = walked((12, {"company": LOSING, "units": {"a": LOSING}}), before, (9, with_b(**small)))
    assert after.company.transitions[-1].joined == ()
    fell = walked(
        (12, {"company": LOSING, "units": {"a": LOSING}}),
        (9, with_b(**small)),
        (LOSSES, with_b(LOSING, **small)),
    )
    assert [step.joined for step in fell.company.transitions[-2:]] == [(), ()]


def test_a_gate_that_opens_with_the_unit_that_came_and_not_without_it_says_so():
    weak = {"company": LOSING, "units": {"a": LOSING}}
    company = walked((12, weak), (4, with_b(a=LOSING, load=(8, 2)))).company
    assert company.transitions[-1].causes == MODEL.gates(3)
    assert company.transitions[-1].joined == ("b",)


def test_of_several_units_those_are_named_that_came_while_the_gate_was_moving():
    both = {"a": STRONG, "c": STRONG}
    needing = {"a": 5, "b": 1, "c": 5}
    before = {"company": STRONG, "units": both, "needing": needing}
    bought = before | {"units": both | {"b": NEW}}
    losing = bought | {"company": LOSING}
    fell = ("S3-CON-1",), ("b",)
    step = walked((12, before), (LOSSES, losing)).company.transitions[-1]
    assert (step.causes, step.joined) == fell
    first = before | {"company": LOSING}
    step = walked((12, before), (2, first), (LOSSES - 2, losing)).company.transitions[-1]
    assert (step.causes, step.joined) == fell  # in the third of six losses
    step = walked((12, before), (1, bought), (LOSSES, losing)).company.transitions[-1]
    assert (step.causes, step.joined) == (("S3-CON-1",), ())


def test_units_that_were_there_lower_the_stage_without_the_one_that_came():
    both = {"a": STRONG, "c": STRONG}
    needing = {"a": 5, "b": 1, "c": 5}
    before = {"company": STRONG, "units": both, "needing": needing}
    falls = before | {"units": both | {"b": NEW, "c": NEW}}
    step = walked((12, before), (1, falls)).company.transitions[-1]
    assert (step.causes, step.joined) == ((stages.UNIT_COVERAGE,), ())
    grows = before | {"units": both | {"b": NEW}, "needing": {"a": 5, "b": 8, "c": 5}}
    step = walked((12, before), (1, grows)).company.transitions[-1]
    assert (step.causes, step.joined) == ((stages.UNIT_COVERAGE,), ("b",))


def test_the_units_of_the_first_evaluation_have_not_come():
    company = walked((9, with_b(b=STRONG))).company
    assert [step.joined for step in company.transitions] == [(), (), ()]
