"""Keys of rows: in the order in which they were made, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, datetime

import time_machine

from crm.values import uuid7

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _instant(key: object) -> int:
    """Milliseconds since 1970."""
    return int(str(key).replace("-", "")[:12], 16)


def test_keys_made_one_after_another_are_in_order_and_well_formed() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(key.version, key.variant) for key in made} == {(7, "specified in RFC 4122")}


def test_a_clock_that_stands_or_slips_back_a_little_changes_nothing() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        made = [uuid7() for _ in range(5_000)]
        assert _instant(made[0]) == NOON.timestamp() * 1_000
        assert _instant(made[-1]) == NOON.timestamp() * 1_000 + 1
        clock.shift(-0.5)
        made += [uuid7() for _ in range(5_000)]
    assert made == sorted(made)


def test_a_clock_that_was_set_back_is_followed() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        uuid7()
        clock.shift(-3_600)
        assert _instant(uuid7()) == (NOON.timestamp() - 3_600) * 1_000
