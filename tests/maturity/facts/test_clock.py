"""The quick day of a moment is the day of its wall time, whatever the zone does on it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maturity.facts.clock import Clock

ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe",
         "Pacific/Apia", "Africa/Casablanca", "America/St_Johns", "Pacific/Kiritimati",
         "Africa/Monrovia"]  # fmt: skip
SECONDS = st.integers(-10 * 365 * 86_400, 90 * 365 * 86_400)  # since 1970
MOMENTS = st.builds(
    lambda seconds, micro: datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro),
    SECONDS,
    st.sampled_from([0, 1, 999_999]),
)


@given(MOMENTS, st.sampled_from(ZONES))
@example(datetime(2011, 12, 30, 9, 59, 59, 999_999, UTC), "Pacific/Apia")  # left a day out
@example(datetime(1972, 1, 7, 0, 44, 29, 999_999, UTC), "Africa/Monrovia")
def test_day_and_week_are_those_of_the_wall_time(at, zone):
    clock = Clock(zone)
    assert clock.ordinal(at) == clock.local(at).date().toordinal()
    year, week, _ = clock.local(at).isocalendar()
    assert clock.week(at) == year * 100 + week


@pytest.mark.parametrize("zone", ZONES)
def test_a_microsecond_before_midnight_is_the_day_before(zone):
    clock = Clock(zone)
    for n in range(0, 400, 3):
        midnight = clock.midnight(date(2026, 1, 1) + timedelta(days=n))
        day = clock.day(midnight).toordinal()
        assert clock.ordinal(midnight) == day
        assert clock.ordinal(midnight - timedelta(microseconds=1)) < day
