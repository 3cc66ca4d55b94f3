"""Business time over changes of the clock, several periods a day, holidays and zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from conversations.service_levels.clock import (
    ALWAYS,
    Calendar,
    NeverOpen,
    add,
    add_days,
    between,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
PARIS = ZoneInfo("Europe/Paris")
ZONES = [
    "Europe/Paris",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",  # moves by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",  # 30 December 2011 does not exist
    "Asia/Beirut",  # changes at midnight
    "Africa/Casablanca",
    "UTC",
]


def office(zone: str = "Europe/Paris", **more: frozenset[date]) -> Calendar:
    """Monday to Friday, 9:00 to 12:00 and 14:00 to 18:00."""
    day = ((9 * HOUR, 12 * HOUR), (14 * HOUR, 18 * HOUR))
    return Calendar(zone, (day,) * 5 + ((), ()), **more)


def paris(*wall: int) -> datetime:
    return datetime(*wall, tzinfo=PARIS)


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[timedelta, timedelta], ...]:
    edges = draw(st.lists(st.integers(0, 288), unique=True, max_size=6).map(sorted))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple((5 * start * MINUTE, 5 * end * MINUTE) for start, end in pairs)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = tuple(draw(st.lists(days(), min_size=7, max_size=7)))
    assume(any(week))
    closed = draw(st.sets(st.dates(date(2010, 12, 1), date(2027, 12, 31)), max_size=8))
    return Calendar(draw(st.sampled_from(ZONES)), week, frozenset(closed))


def near_changes() -> st.SearchStrategy[datetime]:
    """Instants of which many lie close to a change of the clock."""
    changes = [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2018, 11, 4, 3, tzinfo=UTC),
        datetime(2011, 12, 30, 10, tzinfo=UTC),
        datetime(2026, 3, 28, 22, tzinfo=UTC),
        datetime(2026, 2, 15, 2, tzinfo=UTC),
    ]
    around = st.builds(
        lambda change, seconds: change + timedelta(seconds=seconds),
        st.sampled_from(changes),
        st.integers(-4 * 86_400, 4 * 86_400),
    )
    years = datetime(2011, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    anywhere = st.integers(*(int(year.timestamp()) for year in years)).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    )
    return around | anywhere


amounts = st.integers(0, 200 * 3_600).map(lambda seconds: timedelta(seconds=seconds))
thorough = settings(max_examples=50)


@thorough
@given(calendars(), near_changes(), amounts)
@example(office(), paris(2026, 3, 28, 17), 30 * HOUR)
def test_what_was_added_is_measured_again(
    calendar: Calendar, at: datetime, amount: timedelta
) -> None:
    assert between(calendar, at, add(calendar, at, amount)) == amount


@thorough
@given(calendars(), near_changes(), amounts, amounts)
def test_more_time_ends_later_and_a_later_start_too(
    calendar: Calendar, at: datetime, less: timedelta, more: timedelta
) -> None:
    assert add(calendar, at, less) <= add(calendar, at, less + more)
    assert add(calendar, at, less) <= add(calendar, at + more, less)


@thorough
@given(calendars(), near_changes(), amounts)
def test_no_end_lies_outside_the_periods(
    calendar: Calendar, at: datetime, amount: timedelta
) -> None:
    end = add(calendar, at, amount)
    moment = timedelta(microseconds=1)
    assert calendar.is_open(end) if amount == timedelta() else calendar.is_open(end - moment)


@thorough
@given(calendars(), near_changes(), st.integers(0, 3 * 1_440))
def test_it_counts_the_minutes_that_the_wall_calls_open(
    calendar: Calendar, at: datetime, minutes: int
) -> None:
    at = at.replace(second=0, microsecond=0)
    counted = sum(calendar.is_open(at + n * MINUTE) for n in range(minutes))
    assert between(calendar, at, at + minutes * MINUTE) == counted * MINUTE


@thorough
@given(calendars(), near_changes(), st.integers(0, 200), st.integers(0, 200))
def test_parts_of_a_time_add_up(calendar: Calendar, at: datetime, first: int, more: int) -> None:
    middle, end = at + first * HOUR, at + (first + more) * HOUR
    whole = between(calendar, at, end)
    assert between(calendar, at, middle) + between(calendar, middle, end) == whole


@settings(max_examples=15)
@given(calendars(), near_changes(), st.integers(0, 12), amounts)
def test_business_days_end_with_a_day_and_never_come_sooner_for_a_later_start(
    calendar: Calendar, at: datetime, number: int, more: timedelta
) -> None:
    end = add_days(calendar, at, number)
    assert end <= add_days(calendar, at, number + 1)
    assert end <= add_days(calendar, at + more, number)
    assert calendar.is_open(end - timedelta(microseconds=1))
    begun = calendar.day_of(add(calendar, at, timedelta()))
    last = calendar.day_of(end - timedelta(microseconds=1))
    steps = [begun + timedelta(days=n) for n in range(1, (last - begun).days + 1)]
    real = [day for day in steps if not (calendar.zone == "Pacific/Apia" and _skipped(day))]
    assert sum(bool(_lasting(calendar, day)) for day in real) == number


def _skipped(day: date) -> bool:
    return day == date(2011, 12, 30)


def _lasting(calendar: Calendar, day: date) -> timedelta:
    """What of the day's periods really passes: a skipped hour may be all there was."""
    start = datetime.combine(day, datetime.min.time(), tzinfo=UTC) - timedelta(hours=14)
    moments = (start + 5 * n * MINUTE for n in range(12 * 52))
    return sum(
        (5 * MINUTE for at in moments if calendar.day_of(at) == day and calendar.is_open(at)),
        timedelta(),
    )


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (paris(2026, 11, 23, 10), 2, paris(2026, 11, 23, 12)),  # until the break, not after it
        (paris(2026, 11, 23, 10), 3, paris(2026, 11, 23, 15)),
        (paris(2026, 11, 27, 17), 2, paris(2026, 11, 30, 10)),  # over a weekend
        (paris(2026, 11, 28, 8), 0, paris(2026, 11, 30, 9)),
        (paris(2026, 3, 27, 17), 2, paris(2026, 3, 30, 10)),  # summer time begins in between
    ],
)
def test_an_office_day(start: datetime, hours: int, end: datetime) -> None:
    assert add(office(), start, hours * HOUR) == end


def test_a_night_shift_is_shorter_in_spring_and_longer_in_autumn() -> None:
    night = Calendar("Europe/Paris", (((0 * HOUR, 6 * HOUR),),) * 7)
    assert between(night, paris(2026, 3, 29), paris(2026, 3, 29, 12)) == 5 * HOUR
    assert between(night, paris(2026, 10, 25), paris(2026, 10, 25, 12)) == 7 * HOUR


def test_holidays_are_closed_once_or_every_year() -> None:
    calendar = office(holidays=frozenset({date(2026, 11, 24)}), yearly=frozenset({(12, 25)}))
    assert add(calendar, paris(2026, 11, 23, 17), 2 * HOUR) == paris(2026, 11, 25, 10)
    assert add(calendar, paris(2026, 12, 24, 17), 2 * HOUR) == paris(2026, 12, 28, 10)
    assert not calendar.is_open(paris(2030, 12, 25, 10))


def test_business_days_last_until_the_day_closes() -> None:
    assert add_days(office(), paris(2026, 11, 23, 10), 1) == paris(2026, 11, 24, 18)
    assert add_days(office(), paris(2026, 11, 27, 19), 2) == paris(2026, 12, 2, 18)
    assert add_days(office(), paris(2026, 11, 23, 10), 0) == paris(2026, 11, 23, 18)
    assert add_days(ALWAYS, datetime(2026, 11, 23, 10, tzinfo=UTC), 1) == datetime(
        2026, 11, 25, tzinfo=UTC
    )


def test_a_calendar_that_never_opens_says_so() -> None:
    closed = Calendar("UTC", ((),) * 7)
    with pytest.raises(NeverOpen):
        add(closed, paris(2026, 11, 23), HOUR)
    with pytest.raises(NeverOpen):
        add_days(closed, paris(2026, 11, 23), 1)
    assert between(closed, paris(2026, 11, 23), paris(2026, 12, 23)) == timedelta()
