"""S3-VAL-1 and S4-VAL-1 from live acts: what would cheat them leaves the gate shut, the same
number of honest acts opens it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from conversations.editorial import learning, life
from conversations.editorial.models import Publication
from crm.errors import Conflict, Forbidden
from crm.organisation.models import Unit
from crm.organisation.services import save_unit
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests.conversations.editorial.plan import Desk, desk
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")  # a Monday
ITEMS = 12
AHEAD, LATER = timedelta(days=3), timedelta(days=7)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def made(clock: Any) -> Desk:
    found = desk()
    save_unit(_b2b(found.channel.unit), by=AUTOMATION, at=START + timedelta(seconds=1))
    return found


def _b2b(unit: Unit) -> Unit:
    unit.profile = "b2b"
    return unit


def _week(number: int) -> datetime:
    return START + timedelta(weeks=number, hours=1)


def _out(clock: Any, made: Desk, row: Publication, at: datetime) -> Publication:
    clock.move_to(at)
    return life.confirm(row, by=made.ben.acting)


def _approved_and_out(clock: Any, made: Desk, row: Publication) -> Publication:
    approved = life.approve(row, edition=row.edition, by=made.ben.acting)
    return _out(clock, made, approved, approved.publish_at)


def _honest(clock: Any, made: Desk, number: int, **fields: Any) -> Publication:
    """Written and approved on Monday, out on Thursday."""
    clock.move_to(_week(number))
    expected = {"expected_value": 20.0 + number, **fields}
    row = made.approved(publish_at=timezone.now() + AHEAD, **expected)
    return _out(clock, made, row, row.publish_at)


def _judged(clock: Any, id_: str) -> tuple[str, int]:
    """Long enough after for the gate to open."""
    clock.move_to(_week(ITEMS + 11))
    found = criterion(appraise(timezone.localdate(), reading=PastReading.CORRECTED), id_)
    return found["outcome"], found["k"]


# --- S3-VAL-1: planned ahead, for somebody, with an expectation and a second pair of eyes -----


def test_an_honest_plan_opens_the_gate(clock: Any, made: Desk) -> None:
    for number in range(ITEMS):
        _honest(clock, made, number)
    assert _judged(clock, "S3-VAL-1") == ("MET", ITEMS)


def test_a_plan_written_when_it_goes_out_counts_for_nothing(clock: Any, made: Desk) -> None:
    for number in range(ITEMS):
        clock.move_to(_week(number))
        moment = timezone.now() + timedelta(hours=1)
        row = made.approved(publish_at=moment, expected_value=20.0 + number)
        _out(clock, made, row, moment)
    assert _judged(clock, "S3-VAL-1") == ("NOT_MET", 0)


def test_a_placeholder_filled_in_at_the_last_hour_was_not_planned(clock: Any, made: Desk) -> None:
    """Submitted weeks ahead; for whom and what is expected is said when it goes out."""
    rows = [made.submitted(publish_at=_week(number) + AHEAD, text="?") for number in range(ITEMS)]
    for number, row in enumerate(rows):
        clock.move_to(row.publish_at - timedelta(hours=1))
        real = life.change(row, expected_value=30.0 + number, text="Real", by=made.ada.acting)
        _approved_and_out(clock, made, real)
    assert _judged(clock, "S3-VAL-1") == ("NOT_MET", 0)


def test_a_plan_pulled_forward_counts_from_the_move(clock: Any, made: Desk) -> None:
    """A shelf of publications for some day, each taken down when one is needed."""
    far = _week(30)
    rows = [made.submitted(publish_at=far, expected_value=20.0 + n) for n in range(ITEMS)]
    for number, row in enumerate(rows):
        clock.move_to(_week(number))
        moved = life.move(row, to=timezone.now() + timedelta(hours=2), by=made.ada.acting)
        _approved_and_out(clock, made, moved)
    assert _judged(clock, "S3-VAL-1") == ("NOT_MET", 0)


def test_nobody_is_their_own_second_pair_of_eyes(clock: Any, made: Desk) -> None:
    """Alone, under a service key in a colleague's name, or in one's own session as somebody else:
    nothing is approved, so nothing goes out at all."""
    shared = Actor(made.ben.user, Via.OWN, session=made.ada.acting.session)
    for number in range(ITEMS):
        clock.move_to(_week(number))
        row = made.submitted(publish_at=timezone.now() + AHEAD, expected_value=20.0 + number)
        for by in (made.ada.acting, Actor(made.ben.user, Via.SERVICE), shared):
            with pytest.raises(Forbidden):
                life.approve(row, edition=row.edition, by=by)
        with pytest.raises(Conflict):
            life.confirm(row, by=made.ada.acting)
    assert not Publication.objects.exclude(state="submitted").exists()
    assert _judged(clock, "S3-VAL-1") != ("MET", ITEMS)


@pytest.mark.parametrize(("copied", "judged"), [(True, ("NOT_MET", 3)), (False, ("MET", ITEMS))])
def test_one_expectation_copied_twelve_times_is_three(
    clock: Any, made: Desk, copied: bool, judged: tuple[str, int]
) -> None:
    """Twelve in two weeks; with a number of its own for each they all count."""
    for week in (10, 11):
        for n in range(ITEMS // 2):
            _honest(clock, made, week, expected_value=20.0 if copied else 20.0 + 10 * week + n)
    assert _judged(clock, "S3-VAL-1") == judged


# --- S4-VAL-1: compared with what was frozen, and something follows by somebody else ----------


def _compared(clock: Any, made: Desk, row: Publication, after: timedelta = LATER) -> None:
    clock.move_to(row.published_at + after)
    learning.compare(row, value=18.0, by=made.ada.acting)


def test_comparing_and_deciding_opens_the_gate(clock: Any, made: Desk) -> None:
    rows = [_honest(clock, made, number) for number in range(ITEMS)]
    for row in rows:
        _compared(clock, made, row)
    for row in rows[-2:]:
        learning.decide(row, text="At noon from now on.", by=made.ben.acting)
    assert _judged(clock, "S4-VAL-1") == ("MET", ITEMS)


def test_who_compared_decides_nothing_and_the_gate_stays_shut(clock: Any, made: Desk) -> None:
    rows = [_honest(clock, made, number) for number in range(ITEMS)]
    for row in rows:
        _compared(clock, made, row)
    for row in rows:
        with pytest.raises(Forbidden):
            learning.decide(row, text="As before.", by=made.ada.acting)
    assert _judged(clock, "S4-VAL-1") == ("NOT_MET", ITEMS)


def test_an_expectation_cannot_be_written_after_the_reaction(clock: Any, made: Desk) -> None:
    """Published without one, so that it may be made to fit: no verb and no statement takes it."""
    nothing = {"expected_metric": "", "expected_value": None}
    rows = [_honest(clock, made, number, **nothing) for number in range(ITEMS)]
    fitted = {"expected_metric": "replies", "expected_value": 18.0}
    for row in rows:
        clock.move_to(row.published_at + LATER)
        with pytest.raises(Conflict):
            life.change(row, by=made.ada.acting, **fitted)
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Publication.objects.filter(pk=row.pk).update(**fitted)
        with pytest.raises(Conflict):
            learning.compare(row, value=18.0, by=made.ada.acting)
    outcome, k = _judged(clock, "S4-VAL-1")
    assert (outcome == "MET", k) == (False, 0)


def test_an_expectation_is_not_edited_to_fit(clock: Any, made: Desk) -> None:
    row = _honest(clock, made, 0)
    with pytest.raises(Conflict):
        life.change(row, expected_value=18.0, by=made.ada.acting)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Publication.objects.filter(pk=row.pk).update(expected_value=18.0)
    row.refresh_from_db()
    assert row.expected_value == 20.0


def test_a_comparison_after_thirty_days_is_too_late(clock: Any, made: Desk) -> None:
    rows = [_honest(clock, made, number) for number in range(ITEMS)]
    for row in rows:
        _compared(clock, made, row, after=timedelta(days=31))
        learning.decide(row, text="Late.", by=made.ben.acting)
    assert _judged(clock, "S4-VAL-1") == ("NOT_MET", 0)


def test_a_program_compares_nothing(clock: Any, made: Desk) -> None:
    row = _honest(clock, made, 0)
    with pytest.raises(Forbidden):
        learning.compare(row, value=1.0, by=Actor(made.ada.user, Via.SERVICE))
    assert not row.reactions.exists()
