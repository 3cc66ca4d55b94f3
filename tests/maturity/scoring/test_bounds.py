import pytest
from hypothesis import given
from hypothesis import strategies as st

from maturity.scoring.wilson import bounds

TINY = 1e-12


@st.composite
def shares(draw):
    n = draw(st.integers(1, 5000))
    return draw(st.integers(0, n)), n


def test_bounds_of_a_known_share():
    lower, upper = bounds(41, 52, z=0.84)
    assert lower == pytest.approx(0.7371884977441578, abs=1e-9)
    assert upper == pytest.approx(0.8320109801101877, abs=1e-9)


@given(shares())
def test_bounds_embrace_the_share_and_stay_within_nothing_and_everything(share):
    k, n = share
    lower, upper = bounds(k, n, z=0.84)
    assert -TINY <= lower <= k / n + TINY
    assert k / n - TINY <= upper <= 1 + TINY


@given(shares())
def test_one_more_good_case_never_lowers_a_bound(share):
    k, n = share
    before, after = bounds(k, n, z=0.84), bounds(k + 1, n + 1, z=0.84)
    assert after[0] >= before[0] - TINY
    assert after[1] >= before[1] - TINY


@given(shares())
def test_one_more_miss_never_raises_a_bound(share):
    k, n = share
    before, after = bounds(k, n, z=0.84), bounds(k, n + 1, z=0.84)
    assert after[0] <= before[0] + TINY
    assert after[1] <= before[1] + TINY
