"""The decision whom to ask, as arithmetic: what must hold for any people and any question."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ambassadors.routing import scoring
from ambassadors.routing.matching import Conditions
from ambassadors.routing.pool import Past, Pool
from ambassadors.routing.scoring import Candidate, Need, Period

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TOPICS = ("parcels", "returns", "tents")
ZONES = ("Europe/Paris", "America/Montreal", "Asia/Kolkata", "Pacific/Apia")

moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: NOON + timedelta(minutes=minutes))
topics = st.frozensets(st.sampled_from(TOPICS))


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start, end = sorted(draw(st.lists(st.times(), min_size=2, max_size=2, unique=True)))
    return Period(draw(st.integers(0, 6)), start, end)


people = st.builds(
    Candidate,
    employee_id=st.uuids(),
    levels=st.dictionaries(st.sampled_from(TOPICS), st.integers(1, 3)),
    languages=st.frozensets(st.sampled_from(("en", "fr"))),
    timezone=st.sampled_from(ZONES),
    hours=st.lists(periods(), max_size=3).map(tuple),
    open_now=st.integers(0, 4),
    most_open=st.integers(0, 4),
    accepted_this_week=st.integers(0, 4),
    most_weekly=st.integers(0, 4),
    minutes_this_week=st.integers(0, 60),
    minutes_weekly=st.none() | st.integers(0, 60),
    recent=st.integers(0, 4),
    absent=st.booleans(),
    already_asked=st.booleans(),
    answered_before=st.booleans(),
    last_offer_at=st.none() | moments,
)
companies = st.lists(people, max_size=8, unique_by=lambda one: one.employee_id)
needs = st.builds(
    Need,
    topics=topics,
    language=st.sampled_from(("", "en", "fr")),
    seed=st.text(max_size=8),
    required=topics,
    strict=st.booleans(),
    minutes=st.integers(0, 30),
)


@given(companies, needs, moments, st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(
    company: list[Candidate], need: Need, at: datetime, dice: random.Random
) -> None:
    shuffled = dice.sample(company, len(company))
    assert scoring.rank(company, need, at=at) == scoring.rank(shuffled, need, at=at)


@given(companies, needs, moments)
def test_nobody_is_asked_over_a_cap_or_outside_their_hours(
    company: list[Candidate], need: Need, at: datetime
) -> None:
    by_id = {one.employee_id: one for one in company}
    for chosen in scoring.rank(company, need, at=at).eligible:
        one = by_id[chosen.employee_id]
        assert one.open_now < one.most_open
        assert one.accepted_this_week < one.most_weekly
        assert one.minutes_weekly is None or (
            one.minutes_this_week + need.minutes <= one.minutes_weekly
        )
        assert not any((one.absent, one.already_asked))
        assert need.required <= set(one.levels)
        local = at.astimezone(ZoneInfo(one.timezone))
        assert not one.hours or any(
            each.day == local.weekday() and each.start <= local.time() < each.end
            for each in one.hours
        )


@given(companies.filter(bool), needs, moments, st.sampled_from(TOPICS))
def test_knowing_a_topic_better_never_lowers_the_rank(
    company: list[Candidate], need: Need, at: datetime, topic: str
) -> None:
    one = company[0]
    if not 1 <= one.levels.get(topic, 0) < 3:
        return
    better = replace(one, levels={**one.levels, topic: one.levels[topic] + 1})
    assert _place(one, company, need, at) >= _place(better, [better, *company[1:]], need, at)


def _place(one: Candidate, company: list[Candidate], need: Need, at: datetime) -> int:
    ids = [each.employee_id for each in scoring.rank(company, need, at=at).eligible]
    return ids.index(one.employee_id) if one.employee_id in ids else len(company)


@given(st.lists(people, max_size=6, unique_by=lambda one: one.employee_id), needs, moments)
def test_a_pool_chooses_the_one_who_ranks_first_and_keeps_to_the_caps_after_each_offer(
    company: list[Candidate], need: Need, at: datetime
) -> None:
    places = {one.employee_id: uuid.UUID(int=1) for one in company}
    pool = Pool({one.employee_id: one for one in company}, places, at)
    rule = Conditions(1, "any")
    past = Past({one.employee_id for one in company if one.already_asked})
    for _ in range(30):
        ranked = pool.ranking(rule, need, past).eligible
        best = pool.best(rule, need, past)
        assert best == (ranked[0] if ranked else None)
        if best is None:
            break
        pool.offered(best.employee_id, minutes=need.minutes)
    for one in pool.known.values():
        before = next(each for each in company if each.employee_id == one.employee_id)
        assert one.open_now <= max(before.open_now, one.most_open)
        assert one.accepted_this_week <= max(before.accepted_this_week, one.most_weekly)


def test_ties_fall_the_same_way_for_the_same_question_and_differ_between_questions() -> None:
    twins = [_anybody(employee_id=uuid.UUID(int=number)) for number in range(20)]
    firsts = []
    for seed in map(str, range(20)):
        need = Need(topics=frozenset(), language="", seed=seed)
        first, again = (scoring.rank(twins, need, at=NOON).eligible[0] for _ in range(2))
        assert first == again
        firsts.append(first.employee_id)
    assert len(set(firsts)) > 5


def test_what_one_rule_offers_leads_nobody_of_another_department_into_its_line() -> None:
    here, there = _anybody(), _anybody()
    shop, office = uuid.uuid4(), uuid.uuid4()
    places = {here.employee_id: shop, there.employee_id: office}
    pool = Pool({one.employee_id: one for one in (here, there)}, places, NOON)
    for_shop = Conditions(1, "shop", departments=frozenset({shop}))
    for_office = Conditions(2, "office", departments=frozenset({office}))
    need = Need(topics=frozenset(), language="", seed="q")
    asked = Past(asked=frozenset({here.employee_id}))
    assert pool.best(for_shop, need, asked) is None
    assert pool.best(for_office, need, Past()).employee_id == there.employee_id
    pool.offered(there.employee_id, minutes=0)
    assert pool.best(for_shop, need, asked) is None


def test_who_was_asked_longest_ago_comes_first() -> None:
    lately = _anybody(last_offer_at=NOON - timedelta(hours=1))
    long_ago = _anybody(last_offer_at=NOON - timedelta(days=3))
    need = Need(topics=frozenset(), language="", seed="q")
    ranked = scoring.rank([lately, long_ago], need, at=NOON).eligible
    assert [one.employee_id for one in ranked] == [long_ago.employee_id, lately.employee_id]


@pytest.mark.parametrize(
    ("at", "asked"),
    [
        ("2026-03-29T06:59:00+00:00", False),  # the night before lost an hour: 08:59 in Paris
        ("2026-03-29T07:00:00+00:00", True),
        ("2026-03-22T07:59:00+00:00", False),  # a week before, 09:00 was an hour later
        ("2026-03-22T08:00:00+00:00", True),
        ("2026-10-25T07:59:00+00:00", False),
        ("2026-10-25T08:00:00+00:00", True),
    ],
)
def test_hours_are_those_of_the_wall_clock_across_its_changes(at: str, asked: bool) -> None:
    sunday = _anybody(timezone="Europe/Paris", hours=(Period(6, time(9), time(10)),))
    assert scoring.within_hours(sunday, datetime.fromisoformat(at)) is asked


def _anybody(**facts: object) -> Candidate:
    usual = {
        "employee_id": uuid.uuid4(),
        "levels": {},
        "languages": frozenset(),
        "timezone": "UTC",
        "hours": (),
        "open_now": 0,
        "most_open": 3,
        "accepted_this_week": 0,
        "most_weekly": 10,
    }
    return Candidate(**{**usual, **facts})  # type: ignore[arg-type]
