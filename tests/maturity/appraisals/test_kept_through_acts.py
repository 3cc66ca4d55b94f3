"""Whatever happens to the records: kept days say what a scan says, and what was known stays."""

import json
import os
from datetime import UTC, datetime, time, timedelta
from itertools import count

import pgtrigger
import pytest
from django.db import connection, transaction
from django.db.models import CharField
from django.db.models.functions import Cast, Now
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conversations.inbox.models import Message
from crm.contacts.models import Contact, ContactMerge, Identity
from crm.organisation.models import Department, Employee
from maturity.appraisals import walking
from maturity.appraisals.keeping import keep_facts
from tests.maturity.appraisals.kept import by_scan
from tests.maturity.appraisals.test_kept_facts import (
    CORRECTED,
    KNOWN,
    moved,
    said,
)
from tests.maturity.appraisals.test_weekly import is_record
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.test_imported import take_in

pytestmark = pytest.mark.django_db
CASES = int(os.environ.get("CASES", "4"))
ACTS = ("late", "merge", "move", "keep")
NEW = count()


@pytest.fixture
def chance(tmp_path, monkeypatch):
    """A house of chance, its records written down as they happened, its days kept."""
    monkeypatch.setattr(walking, "EVERY", 3)
    chance = Chance(11)
    take_in(chance.lines, tmp_path)
    with pgtrigger.ignore(), connection.cursor() as cursor:
        for table in filter(is_record, connection.introspection.table_names(cursor)):
            cursor.execute(f"UPDATE {table} SET recorded_at = occurred_at")  # noqa: S608
    Identity.objects.update(recorded_at=Now() - timedelta(days=900))
    keep_facts(at=datetime.now(UTC), every_day=False)
    return chance


class House:
    """The house, acted upon now about a moment of its past."""

    def __init__(self, chance, folder):
        self.chance, self.folder, self.steps = chance, folder, 0
        last = chance.day - timedelta(days=chance.day.weekday())
        self.days = [last, last - timedelta(days=14)]
        self.contacts = list(Contact.objects.order_by("key"))
        self.people = list(Employee.objects.order_by("key"))
        self.rooms = list(Department.objects.order_by("key"))

    def moment(self, ago):
        return datetime.combine(self.chance.day, time(9), tzinfo=UTC) - timedelta(days=ago)

    def now(self):
        """Each keeping is later than the one before, and after what has just been recorded."""
        self.steps += 1
        return datetime.now(UTC) + timedelta(minutes=10 * self.steps)

    def late(self, ago, n):
        """A question of then comes in now."""
        line = next(one for one in self.chance.lines if one["type"] == "message")
        asks = {key: line[key] for key in ("type", "channel", "author")} | {"direction": "in"}
        name = f"late{next(NEW)}"
        asks |= {"id": name, "conversation": name, "at": self.moment(ago).isoformat(), "text": "?"}
        asks["author"] = self.contacts[n % len(self.contacts)].key
        take_in([asks], self.folder)

    def merge(self, ago, n):
        a, b = self.contacts[n % len(self.contacts)], self.contacts[(n + 1) % len(self.contacts)]
        if not ContactMerge.objects.filter(absorbed__in=[a, b]).exists():
            ContactMerge.objects.create(absorbed=a, into=b, occurred_at=self.moment(ago))

    def move(self, ago, n):
        person, room = self.people[n % len(self.people)], self.rooms[n % len(self.rooms)]
        moved(person, room, self.moment(ago))

    def keep(self, ago, n):
        keep_facts(at=self.now(), every_day=False)

    def told(self, reading):
        return {day: said(day, reading) for day in self.days}


@settings(
    max_examples=CASES,
    derandomize=True,
    phases=[Phase.generate],  # each takes seconds: one that fails is told as it was found
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(ACTS), st.integers(1, 100), st.integers(0, 50)),
        min_size=3,
        max_size=5,
    )
)
def test_late_records_merges_and_moves_leave_what_was_known_and_are_as_scanned(
    chance, tmp_path, acts
):
    with transaction.atomic():
        house = House(chance, tmp_path)
        known = house.told(KNOWN)
        for act, ago, n in acts:
            getattr(house, act)(ago, n)
        found = house.told(CORRECTED)
        last = house.days[0]
        assert found[last] == json.dumps(by_scan(last, reading=CORRECTED))
        house.keep(0, 0)
        assert house.told(CORRECTED) == found
        Message.objects.update(text="")
        Identity.objects.update(handle=Cast("pk", CharField()))
        assert house.told(CORRECTED) == found
        assert house.told(KNOWN) == known
        transaction.set_rollback(True)
