"""S1-LIS and S3-LIS-1 from live acts: what would cheat them leaves the gate shut, the same number
of honest acts opens it, and lifting the guard lets the cheat through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pgtrigger
import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from conversations.channels.wire.contract import Mentioned
from conversations.listening import hearing, places, watches
from conversations.listening.models import Mention, Place, Triage, Watch
from conversations.listening.triage import triage
from crm.access.models import Role
from crm.organisation.services import save_unit
from crm.values import AUTOMATION, Actor, Via
from maturity.appraisals.services import PastReading, appraise
from tests import house
from tests.maturity.company import criterion

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2027-02-01T09:00:00+00:00")  # a Monday
WEEKS, A_WEEK = 12, 2
HEARD = WEEKS * A_WEEK
DAY = timedelta(days=1)


@dataclass
class Desk:
    ada: house.Somebody
    ben: house.Somebody
    place: Place
    watch: Watch
    clock: Any

    def hears(self, week: int, count: int = A_WEEK) -> list[Mention]:
        """On a Monday."""
        self.clock.move_to(START + timedelta(weeks=week))
        items = [
            Mentioned(external_id=f"{week}-{n}", text=f"Brand {week} {n}") for n in range(count)
        ]
        source = self.place.source
        matcher = hearing.watches_of(source)
        hearing.take(items, source=source, matcher=matcher, takes_all=False, at=timezone.now())
        return list(Mention.objects.filter(external_id__startswith=f"{week}-"))


@pytest.fixture(name="desk")
def _desk() -> Any:
    with time_machine.travel(START - DAY, tick=False) as clock:
        home = house.unit()
        department = house.department(home)
        ada, ben = (house.somebody(department, Role.STAFF, name=name) for name in ("Ada", "Ben"))
        home.profile = "b2b"
        clock.move_to(START)
        save_unit(home, by=AUTOMATION, at=START + timedelta(seconds=1))
        watch = watches.begin_watch(name="Us", terms=["brand"], unit=home, by=ada.acting)
        place = places.add_place(
            kind="feed", name="News", url="http://127.0.0.1:9/", unit=home, by=ada.acting
        )
        yield Desk(ada, ben, place, watch, clock)


def _decide(rows: Sequence[Mention], by: Actor) -> None:
    triage(rows, outcome="watch", by=by)


def _judged(desk: Desk, id_: str) -> tuple[str, int]:
    """Long enough after for the gate to open."""
    desk.clock.move_to(START + timedelta(weeks=WEEKS + 11))
    found = criterion(appraise(timezone.localdate(), reading=PastReading.CORRECTED), id_)
    return found["outcome"], found["k"]


def _weeks(desk: Desk, decide: Callable[[int, list[Mention]], None]) -> None:
    for week in range(WEEKS):
        rows = desk.hears(week)
        desk.clock.shift(timedelta(hours=3))
        decide(week, rows)


def _in_turn(desk: Desk, via: Via = Via.OWN) -> Callable[[int, list[Mention]], None]:
    def decide(week: int, rows: list[Mention]) -> None:
        for number, row in enumerate(rows):
            person = (desk.ada, desk.ben)[number % 2]
            _decide([row], Actor(person.user, via, session=f"of {person.user.pk}"))
            desk.clock.shift(timedelta(minutes=1))

    return decide


@pytest.mark.parametrize("id_", ["S1-LIS", "S3-LIS-1"])
def test_two_people_who_look_in_time_open_the_gate(desk: Desk, id_: str) -> None:
    _weeks(desk, _in_turn(desk))
    assert _judged(desk, id_) == ("MET", HEARD)


@pytest.mark.parametrize("id_", ["S1-LIS", "S3-LIS-1"])
@pytest.mark.parametrize("via", [Via.SERVICE, Via.AUTOMATION])
def test_a_program_in_a_persons_name_looks_at_nothing(desk: Desk, id_: str, via: Via) -> None:
    """The same decisions at the same times by the same two, under a service key or by a rule."""
    _weeks(desk, _in_turn(desk, via=via))
    outcome, k = _judged(desk, id_)
    assert (outcome == "MET", k) == (False, 0)
    with pgtrigger.ignore():  # without the guard
        Triage.objects.update(via=Via.OWN)
    assert _judged(desk, id_) == ("MET", HEARD)


@pytest.mark.parametrize(("id_", "days"), [("S1-LIS", 15), ("S3-LIS-1", 5)])
def test_what_is_decided_too_late_does_not_count(desk: Desk, id_: str, days: int) -> None:
    """Everything is decided in the end, in one afternoon before the appraisal or just too late."""
    heard = [(week, row) for week in range(WEEKS) for row in desk.hears(week)]
    for number, (week, row) in enumerate(heard):
        desk.clock.move_to(START + timedelta(weeks=week, days=days, minutes=number))
        _decide([row], (desk.ada, desk.ben)[number % 2].acting)
    outcome, k = _judged(desk, id_)
    assert (outcome == "MET", k) == (False, 0)
    with pgtrigger.ignore():  # without the guard
        for row in Triage.objects.select_related("mention"):
            in_time = row.mention.occurred_at + (row.occurred_at - START) % timedelta(days=1)
            Triage.objects.filter(pk=row.pk).update(occurred_at=in_time)
    assert _judged(desk, id_) == ("MET", HEARD)


@pytest.mark.parametrize(("alone", "judged"), [(True, "NOT_MET"), (False, "MET")])
def test_one_person_alone_is_no_shared_listening(desk: Desk, alone: bool, judged: str) -> None:
    people = [desk.ada, desk.ada if alone else desk.ben]
    _weeks(desk, lambda week, rows: _decide(rows, people[week % 2].acting))
    assert _judged(desk, "S3-LIS-1") == (judged, HEARD)


@pytest.mark.parametrize("swept", [True, False])
def test_a_queue_swept_in_a_minute_was_not_read(desk: Desk, swept: bool) -> None:
    """Twenty-four a fortnight, each half in one act; or the same, one by one, over an hour."""
    for week in range(0, WEEKS, 2):
        rows = desk.hears(week, count=4 * HEARD)
        desk.clock.shift(timedelta(hours=1))
        for person, half in ((desk.ada, rows[::2]), (desk.ben, rows[1::2])):
            for act in [half] if swept else [[row] for row in half]:
                _decide(act, person.acting)
                desk.clock.shift(timedelta(seconds=30))
    outcome, k = _judged(desk, "S3-LIS-1")
    counted = 6 * 2 * 10 if swept else 6 * 4 * HEARD
    assert (outcome == "MET", k) == (not swept, counted)


def test_one_mention_decided_twenty_times_is_one(desk: Desk) -> None:
    def decide(week: int, rows: list[Mention]) -> None:
        for _ in range(10):
            for person in (desk.ada, desk.ben):
                if week % 3 == 0:
                    _decide(rows[:1], person.acting)
            desk.clock.shift(timedelta(minutes=2))

    _weeks(desk, decide)
    assert _judged(desk, "S3-LIS-1") == ("NOT_MET", WEEKS // 3)


def test_what_was_not_looked_at_can_t_be_made_to_disappear(desk: Desk) -> None:
    """Deleted, dated anew, moved to another source, gone with its source: none is possible."""
    _weeks(desk, lambda week, rows: None)
    rows = Mention.objects.all()
    other = places.add_place(kind="feed", name="B", url="http://127.0.0.1:9/b", by=AUTOMATION)
    for act in (
        rows.delete,
        lambda: rows.update(occurred_at=timezone.now()),
        lambda: rows.update(source=other.source),
        desk.place.source.delete,
    ):
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            act()
    outcome, k = _judged(desk, "S1-LIS")
    assert (outcome == "MET", k) == (False, 0)


def test_a_watch_that_hears_next_to_nothing_opens_nothing(desk: Desk) -> None:
    """Narrowed until four easy mentions are left: too few to judge by, and the edit stays."""
    watches.change_watch(desk.watch, terms=["brand 0"], by=desk.ada.acting)
    _weeks(desk, _in_turn(desk))
    assert Mention.objects.count() == 2
    assert _judged(desk, "S3-LIS-1")[0] != "MET"
    assert desk.watch.edits.count() == 2
