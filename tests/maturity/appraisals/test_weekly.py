from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from crm.contacts.models import Contact, Identity
from crm.organisation.models import Unit
from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.appraisals.services import PastReading, appraise, store_due_appraisals
from tests.maturity.company import START, Company, a_mute_one_that_buys_a_shop, criterion

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 4, 13)
AFTER = datetime(2026, 4, 13, 0, 20, tzinfo=UTC)  # Paris began this Monday two hours earlier


def recorded_as_it_happened(company, folder):
    """Takes the history in as if this installation had been there."""
    company.take_in(folder)
    tables = [name for name in connection.introspection.table_names() if is_record(name)]
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"UPDATE {table} SET recorded_at = occurred_at")  # noqa: S608
    for one in Identity.objects.select_related("contact"):
        Identity.objects.filter(pk=one.pk).update(recorded_at=one.contact.occurred_at)


def is_record(table):
    with connection.cursor() as cursor:
        columns = {c.name for c in connection.introspection.get_table_description(cursor, table)}
    return {"recorded_at", "occurred_at"} <= columns and not table.startswith("maturity")


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    recorded_as_it_happened(company, tmp_path)
    return company


def test_the_weekly_job_stores_every_monday_once(company):
    stored = store_due_appraisals(at=AFTER)
    assert stored == 14
    assert Appraisal.objects.filter(unit=None).count() == 14
    assert Appraisal.objects.exclude(unit=None).count() == 14
    assert store_due_appraisals(at=AFTER + timedelta(minutes=5)) == 0
    assert Appraisal.objects.count() == 28


def test_only_the_monday_stored_in_its_own_week_is_live(company):
    store_due_appraisals(at=AFTER)
    assert list(Appraisal.objects.filter(live=True, unit=None).values_list("as_of")) == [(MONDAY,)]


def test_a_company_is_provisional_until_its_fourth_live_evaluation(company):
    for week in range(5):
        store_due_appraisals(at=AFTER + timedelta(days=7 * week))
    newest = Appraisal.objects.filter(unit=None)[:5]
    assert [one.said["stage"]["provisional"] for one in newest] == [False, False, True, True, True]


def test_nothing_is_stored_before_a_quarter_of_an_hour_after_midnight(company):
    midnight = datetime(2026, 4, 12, 22, tzinfo=UTC)
    store_due_appraisals(at=midnight + timedelta(minutes=14))
    assert not Appraisal.objects.filter(as_of=MONDAY).exists()


def test_a_kept_step_names_the_unit_that_came(tmp_path):
    company = a_mute_one_that_buys_a_shop()
    recorded_as_it_happened(company, tmp_path)
    store_due_appraisals(at=AFTER)
    step = Transition.objects.get(unit=None)
    assert (step.came_from, step.to, step.causes) == (None, 2, ["S1-INS"])
    assert step.joined == [Unit.objects.get(name="Shop").pk]


def test_the_known_reading_recomputed_later_equals_the_snapshot(company, tmp_path):
    store_due_appraisals(at=AFTER)
    late = Company()
    late.contact("late", START)
    late.asks("unanswered", START + timedelta(days=30), contact="late")
    late.take_in(tmp_path)
    snapshot = Appraisal.objects.get(as_of=MONDAY, unit=None).said
    assert appraise(MONDAY, reading=PastReading.KNOWN) == snapshot
    assert appraise(MONDAY, reading=PastReading.CORRECTED) != snapshot


def test_readings_keep_the_figures_the_gate_and_the_records_behind_them(company):
    store_due_appraisals(at=AFTER)
    reading = Reading.objects.get(
        appraisal__as_of=MONDAY, appraisal__unit=None, criterion="S3-CON-1"
    )
    assert (reading.k, reading.n, reading.outcome, reading.is_open) == (55, 55, "MET", True)
    assert len(reading.records) == 50
    assert reading.records[0][0] == "conversation"
    assert len(reading.digest) == 64
    assert reading.oldest < reading.newest


def test_each_change_of_stage_is_kept_with_its_causes(company):
    store_due_appraisals(at=AFTER)
    changes = Transition.objects.filter(unit=None).order_by("at")
    assert [(one.came_from, one.to) for one in changes] == [(None, 1), (1, 2)]
    assert changes[1].causes == ["S2-CHA-1", "S2-CHA-2"]


@pytest.mark.parametrize("model", [Appraisal, Reading, Transition])
def test_what_was_said_is_never_changed(company, model):
    store_due_appraisals(at=AFTER)
    with pytest.raises(ProgrammingError), transaction.atomic():
        model.objects.update(recorded_at=AFTER - timedelta(days=900))
    assert not model.objects.filter(recorded_at__lt=AFTER - timedelta(days=800)).exists()


def test_a_sweep_that_has_nothing_to_store_reads_no_messages(
    company, django_assert_max_num_queries
):
    store_due_appraisals(at=AFTER)
    with django_assert_max_num_queries(1):
        store_due_appraisals(at=AFTER + timedelta(hours=3))
    with django_assert_max_num_queries(2):
        store_due_appraisals(at=AFTER + timedelta(days=7) - timedelta(hours=2))


def test_an_address_that_is_added_later_was_not_known_before(company):
    store_due_appraisals(at=AFTER)
    snapshot = Appraisal.objects.get(as_of=MONDAY, unit=None).said
    for customer in Contact.objects.all():  # as if every customer had worked here all along
        Identity.objects.create(contact=customer, kind="sms", handle=f"+{customer.pk.int}")
        of_staff = {"kind": "sms", "handle": "sales1@atelier.example"}
        Identity.objects.create(contact=customer, shared=True, **of_staff)
    assert appraise(MONDAY, reading=PastReading.KNOWN) == snapshot
    assert criterion(appraise(MONDAY, reading=PastReading.CORRECTED), "S3-CON-1")["n"] == 0


def test_a_unit_knows_what_was_recorded_before_its_own_midnight_the_company_the_last_one(
    company, tmp_path
):
    west = Company()
    west.add("unit", id="w", at=START, name="West", profile="b2b", timezone="America/New_York")
    west.contact("late", START)
    west.asks("late", START + timedelta(days=90), contact="late")
    west.lines = [line for line in west.lines if line["type"] in ("unit", "contact", "message")][1:]
    west.take_in(tmp_path)
    between = datetime(2026, 4, 13, 1, tzinfo=UTC)  # Monday in Paris, still Sunday in New York
    with connection.cursor() as cursor:
        for table in ("crm_unitversion", "crm_contact", "crm_identity", "conversations_message"):
            later = f"UPDATE {table} SET recorded_at = %s WHERE recorded_at > %s"  # noqa: S608
            cursor.execute(later, [between, between])
    found = appraise(MONDAY, reading=PastReading.KNOWN, at=AFTER + timedelta(hours=9))
    assert criterion(found, "S3-CON-1")["n"] == 56
    ours = next(unit for unit in found["units"] if unit["id"] == "u")
    assert criterion(ours, "S3-CON-1")["n"] == 55
