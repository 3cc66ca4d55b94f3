import io
import json
import random
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pgtrigger
import psycopg
import pytest
import time_machine
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.db.models import CharField
from django.db.models.functions import Cast
from django.test.utils import CaptureQueriesContext

from conversations.channels.models import Source
from conversations.inbox.models import Message
from crm.contacts.models import Contact, ContactMerge, Identity
from crm.organisation.models import Department, Employee, EmployeeVersion
from maturity.appraisals import derivation, exemptions, keeping, past, walking
from maturity.appraisals.keeping import keep_facts
from maturity.appraisals.models import Appraisal, Exemption
from maturity.appraisals.services import (
    PastReading,
    appraise,
    past_of,
    picture,
    store_due_appraisals,
)
from maturity.appraisals.storing import live_evaluations
from maturity.facts import spans
from maturity.facts.models import DayFacts, Touch
from maturity.facts.packing import pairs
from tests.maturity.appraisals.kept import by_scan
from tests.maturity.appraisals.test_weekly import AFTER, MONDAY, is_record, recorded_as_it_happened
from tests.maturity.company import START, Company, criterion
from tests.maturity.reference.chance import Chance
from tests.maturity.reference.test_imported import take_in

pytestmark = pytest.mark.django_db
KNOWN, CORRECTED = PastReading.KNOWN, PastReading.CORRECTED
DEAD = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": "redis://127.0.0.1:1/0",
    "OPTIONS": {"socket_connect_timeout": 0.1},
}
DAYS = (MONDAY, date(2026, 4, 10), date(2026, 3, 2), date(2026, 1, 28))


@pytest.fixture(autouse=True)
def near_places(monkeypatch):
    """Walks are remembered so often that these short pasts are resumed."""
    monkeypatch.setattr(walking, "EVERY", 3)


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    recorded_as_it_happened(company, tmp_path)
    return company


def said(as_of, reading):
    return json.dumps(appraise(as_of, reading=reading))


def without_memory(as_of):
    """The same derivation, every Monday walked."""
    past, now = past_of(CORRECTED, as_of), datetime.now(UTC)
    units_at = partial(past.units_at, as_of=as_of)
    aside, live = exemptions.exempted(), live_evaluations(as_of)
    derived = derivation.derive(past, as_of, now=now, live=live, units_at=units_at, exempted=aside)
    return derivation.appraisal(derived, reading=CORRECTED.value)


def assert_as_scanned(days=DAYS, readings=(KNOWN, CORRECTED)):
    for reading in readings:
        for day in days:
            assert said(day, reading) == json.dumps(by_scan(day, reading=reading)), (day, reading)


def reading_of_messages(what):
    with CaptureQueriesContext(connection) as found:
        what()
    asked = [one["sql"] for one in found if 'FROM "conversations_message"' in one["sql"]]
    return [sql for sql in asked if not sql.upper().startswith("SELECT MIN(")]


def test_every_day_is_kept_once_in_both_readings_and_says_what_a_scan_says(company):
    days = (MONDAY - date(2026, 1, 12)).days + 1
    assert keep_facts(at=AFTER) == 2 * days
    assert keep_facts(at=AFTER + timedelta(minutes=5)) == 0
    assert DayFacts.objects.count() == 2 * days
    assert_as_scanned()


def test_the_trends_figures_are_those_of_the_days(company):
    keep_facts(at=AFTER)
    for reading in (KNOWN, CORRECTED):
        kept = past_of(reading, MONDAY)
        kept.load(DAYS)
        for day in DAYS:
            assert kept.is_kept(day)
            assert kept.figures(day) == pairs(kept.day(day))


def test_a_day_that_is_kept_is_opened_without_reading_messages(company):
    keep_facts(at=AFTER)
    for reading in (KNOWN, CORRECTED):
        for day in DAYS:
            assert reading_of_messages(lambda d=day, r=reading: appraise(d, reading=r)) == []
    assert reading_of_messages(lambda: appraise(MONDAY + timedelta(days=3), reading=CORRECTED))


@pytest.fixture
def walked(monkeypatch):
    """The Mondays that are walked, one by one."""
    found = []

    def onward(model, stride, week, go=walking.onward):
        found.append(week.on)
        return go(model, stride, week)

    monkeypatch.setattr(walking, "onward", onward)
    return found


def test_a_walk_goes_on_where_an_earlier_one_stood_until_something_before_it_changes(
    company, walked, tmp_path, settings
):
    keep_facts(at=AFTER)
    said(MONDAY, CORRECTED)
    assert len(walked) == 14
    walked.clear()
    said(MONDAY, CORRECTED)
    said(MONDAY - timedelta(days=1), CORRECTED)
    assert walked == [MONDAY - timedelta(days=7), MONDAY, MONDAY - timedelta(days=7)]
    late = Company()
    late.contact("late", START)
    late.asks("unanswered", START + timedelta(days=60), contact="late")
    late.take_in(tmp_path)
    keep_facts(at=datetime.now(UTC) + timedelta(minutes=10), every_day=False)
    walked.clear()
    said(MONDAY, CORRECTED)
    resumed = walked[0]
    assert START.date() < resumed < (START + timedelta(days=60)).date()
    assert_as_scanned([MONDAY], [CORRECTED])
    walked.clear()
    settings.CACHES = settings.CACHES | {"default": DEAD}
    said(MONDAY, CORRECTED)
    assert len(walked) == 14


def test_an_exemption_is_walked_anew_and_both_stages_are_those_of_a_walk_without_memory(
    company, walked
):
    keep_facts(at=AFTER)
    appraise(MONDAY, reading=CORRECTED)
    since = datetime(2026, 2, 20, tzinfo=UTC)
    Exemption.objects.create(
        criterion="S3-CON-1", stage=3, reason="One portal", until=date(2026, 4, 1),
        asked_at=since, approved_at=since,
    )  # fmt: skip
    for day in (MONDAY, date(2026, 3, 16), MONDAY):
        remembered = appraise(day, reading=CORRECTED)
        assert remembered == without_memory(day)
        assert remembered["stage"]["exempt"] == (day < date(2026, 4, 2))


def test_the_trend_is_the_same_from_packed_days_and_from_counted_ones(company):
    counted = picture(MONDAY, reading=CORRECTED).weeks
    keep_facts(at=AFTER)
    assert picture(MONDAY, reading=CORRECTED).weeks == counted
    assert len(counted.company["S3-CON-1"]) == 14


def test_the_newest_day_keeps_the_records_behind_the_company(company):
    keep_facts(at=AFTER)
    newest = DayFacts.objects.get(day=MONDAY, reading=CORRECTED)
    kept = newest.evidence["S3-CON-1"]
    assert (kept["count"], len(kept["records"]), len(kept["digest"])) == (55, 50, 64)
    assert DayFacts.objects.filter(evidence__isnull=False).count() == 1


def test_what_was_known_is_what_the_week_stored_and_stays_so(company, tmp_path):
    store_due_appraisals(at=AFTER)
    before = said(MONDAY, KNOWN)
    keep_facts(at=AFTER)
    assert said(MONDAY, KNOWN) == before
    late = Company()
    late.contact("late", START)
    late.asks("unanswered", START + timedelta(days=30), contact="late")
    late.take_in(tmp_path)
    assert said(MONDAY, KNOWN) == before
    assert json.loads(before) == Appraisal.objects.get(as_of=MONDAY, unit=None).said


def test_what_is_late_counts_at_once_and_recounts_only_the_days_after_it(company, tmp_path):
    keep_facts(at=AFTER)
    late, moment = Company(), START + timedelta(days=60)
    late.contact("late", moment)
    late.asks("unanswered", moment, contact="late")
    late.lines = late.lines[-2:]
    late.take_in(tmp_path)
    assert_as_scanned()
    n = DayFacts.objects.count()
    first = (moment + timedelta(days=1)).date()
    assert keep_facts(at=AFTER + timedelta(minutes=10)) == (MONDAY - first).days + 1
    again = DayFacts.objects.order_by("pk")[n:]
    assert {(one.reading, one.day >= first) for one in again} == {(CORRECTED, True)}
    assert_as_scanned()


def moved(employee, department, at):
    """A version of an employee, dated in the past and written down now."""
    now = EmployeeVersion.objects.filter(employee=employee).latest("occurred_at")
    facts = {name: getattr(now, name) for name in ("email", "name", "social_team", "relevant")}
    EmployeeVersion.objects.create(
        employee=employee, department=department, occurred_at=at, **facts
    )


def test_corrections_of_people_change_the_corrected_past_and_leave_the_known_one(company):
    keep_facts(at=AFTER)
    known = {day: said(day, KNOWN) for day in DAYS}
    sales = Employee.objects.get(key="sales1")
    moved(sales, Department.objects.get(key="workshop"), START + timedelta(days=40))
    assert_as_scanned(DAYS[1:3], [CORRECTED])
    bob, eve = Contact.objects.order_by("pk")[:2]
    ContactMerge.objects.create(absorbed=eve, into=bob, occurred_at=START + timedelta(days=50))
    assert_as_scanned(DAYS[1:3], [CORRECTED])
    Identity.objects.create(contact=bob, kind="sms", handle="sales1@atelier.example")
    assert_as_scanned(DAYS[1:3], [CORRECTED])
    assert criterion(appraise(MONDAY, reading=CORRECTED), "S3-CON-1")["n"] < 55
    keep_facts(at=AFTER + timedelta(minutes=10))
    assert {day: said(day, KNOWN) for day in DAYS} == known


def test_an_erased_person_leaves_what_was_said_of_the_past(company):
    keep_facts(at=AFTER)
    before = {day: said(day, r) for day in DAYS for r in (KNOWN, CORRECTED)}
    Message.objects.update(text="")
    Identity.objects.update(handle=Cast("pk", CharField()))
    assert {day: said(day, r) for day in DAYS for r in (KNOWN, CORRECTED)} == before


def test_what_is_changed_without_a_date_is_counted_anew(company):
    keep_facts(at=AFTER)
    Source.objects.update(unit=None)
    assert_as_scanned([MONDAY], [CORRECTED])
    assert keep_facts(at=AFTER + timedelta(minutes=10)) == (MONDAY - date(2026, 1, 12)).days + 1


def test_a_stopped_run_has_kept_whole_days_and_the_next_goes_on(company):
    class Stopped(Exception):
        pass

    def stop(done, _):
        if done == keeping.HANDFUL + 7:
            raise Stopped

    with pytest.raises(Stopped), transaction.atomic():
        keep_facts(at=AFTER, told=stop)
    assert DayFacts.objects.count() == 0  # the test's own transaction; each handful is one
    first = keep_facts(at=AFTER, seconds=0.0)
    assert first == 0
    keep_facts(at=AFTER, seconds=0.2)
    some = DayFacts.objects.count()
    assert some % keeping.HANDFUL == 0
    rest = keep_facts(at=AFTER)
    assert some + rest == 2 * ((MONDAY - date(2026, 1, 12)).days + 1)


def test_the_command_shows_how_far_it_is_and_says_what_it_did(company):
    out, err = io.StringIO(), io.StringIO()
    with time_machine.travel(AFTER, tick=True):
        call_command("keep_facts", "--mondays", stdout=out, stderr=err)
    assert out.getvalue().startswith("28 days counted in")
    assert "counting [##############################] 100%" in err.getvalue()


def test_a_second_worker_does_nothing(company):
    settings = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    with psycopg.connect(**{n: settings[n] for n in names if n in settings}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [keeping.LOCK])
        assert keep_facts(at=AFTER) == 0
    assert not DayFacts.objects.exists()


@pytest.mark.parametrize("model", [DayFacts, Touch])
def test_facts_are_never_changed(company, model):
    keep_facts(at=AFTER)
    with pytest.raises(ProgrammingError), transaction.atomic():
        model.objects.all().delete()
    assert model.objects.exists()


@pytest.fixture
def large(monkeypatch):
    """So large that each day is counted from the records around it."""
    monkeypatch.setattr(spans, "FEW", 0)


def test_a_large_house_is_counted_around_each_day_and_says_the_same(company, large):
    days = (MONDAY - date(2026, 1, 12)).days + 1
    assert keep_facts(at=AFTER) == 2 * days
    assert_as_scanned(DAYS[1:3])


@pytest.mark.parametrize("seed", [15])
def test_a_large_house_of_chance_with_late_records_is_as_scanned(seed, tmp_path, large):
    test_a_house_of_chance_with_late_records_is_as_scanned(seed, tmp_path)


@pytest.mark.parametrize("seed", [7])
def test_a_house_of_chance_with_late_records_is_as_scanned(seed, tmp_path):
    chance, dice = Chance(seed), random.Random(seed)  # noqa: S311 - reproducible, no secret
    take_in(chance.lines, tmp_path)
    spread_recording(dice)
    now = datetime.combine(chance.day, datetime.min.time(), tzinfo=UTC) + timedelta(days=2)
    keep_facts(at=now, every_day=False)
    days = [chance.day, chance.day - timedelta(days=7 + chance.day.weekday())]
    assert_as_scanned(days)


def spread_recording(dice):
    """Most rows are recorded as they happen, some days later, some weeks."""
    with pgtrigger.ignore(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [dice.random()])
        for table in connection.introspection.table_names(cursor):
            if is_record(table):
                cursor.execute(
                    f"UPDATE {table} SET recorded_at = occurred_at + CASE "  # noqa: S608
                    "WHEN random() < .8 THEN interval '0' ELSE random() * interval '40 days' END"
                )


def test_what_a_large_house_knew_on_a_day_of_late_records_is_read_around_that_day(
    company, tmp_path, large, monkeypatch
):
    before = said(DAYS[2], KNOWN)
    late = Company()
    late.contact("late", START)
    for day in range(-20, 60, 5):  # also before everything that was known
        late.asks(f"late{day}", START + timedelta(days=day), contact="late")
        late.answers(f"late{day}", START + timedelta(days=day, hours=1))
        late.add("close", at=START + timedelta(days=day + 1), conversation=f"late{day}", by=None)
    late.take_in(tmp_path)
    monkeypatch.setattr(past, "read", None)  # nobody reads everything
    assert said(DAYS[2], KNOWN) == before
