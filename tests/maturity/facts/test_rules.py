"""One case of our own for the rules that are easily got wrong, counted without a database."""

import copy
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from maturity.appraisals import derivation
from maturity.facts.clock import Clock, months_before
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.company import DAY, START, Company, criterion
from tests.maturity.facts import histories

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = date(2026, 4, 13)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def appraised(lines, as_of=LATER):
    ledger = Ledger(histories.read(copy.deepcopy(lines)), load())
    derived = derivation.derive(ledger, as_of, now=NOW, live={})
    return derivation.appraisal(derived, reading="corrected")


def counted(company, id_, as_of=LATER):
    found = criterion(appraised(company.lines, as_of), id_)
    return found["k"], found["n"]


@pytest.fixture
def busy():
    company = Company()
    company.busy_weeks(14)
    return company


@pytest.fixture
def asked():
    """One question of Wednesday noon, due on Friday noon."""
    company = Company(zone="UTC")
    company.contact("bob", START)
    company.asks("v", START + 2 * DAY + 4 * HOUR)
    return company


DUE = START + 4 * DAY + 4 * HOUR


def test_the_same_lines_shuffled_give_the_same_appraisal(busy):
    shuffled = busy.lines[:]
    random.Random(7).shuffle(shuffled)  # noqa: S311 - any order will do
    assert appraised(shuffled) == appraised(busy.lines)


def test_no_appraisal_looks_ahead(busy):
    before = appraised(busy.lines, date(2026, 3, 9))
    ahead = [line for line in busy.lines if line["at"] < "2026-03-09T00:00:00+01:00"]
    assert appraised(ahead, date(2026, 3, 9)) == before


def test_an_answer_at_the_deadline_is_in_time_and_a_moment_later_is_not(asked):
    late = copy.deepcopy(asked)
    asked.answers("v", DUE)
    late.answers("v", DUE + timedelta(seconds=1))
    assert counted(asked, "S3-CON-1") == (1, 1)
    assert counted(late, "S3-CON-1") == (0, 1)


def test_a_consumer_is_answered_within_24_hours_of_any_day():
    company = Company(profile="b2c", zone="UTC")
    company.contact("bob", START)
    saturday = START + 5 * DAY
    company.asks("v", saturday)
    company.answers("v", saturday + 24 * HOUR)
    assert counted(company, "S3-CON-1", date(2026, 2, 2)) == (1, 1)


def test_a_case_past_its_deadline_is_a_miss_while_it_is_open(asked):
    assert counted(asked, "S3-CON-1") == (0, 1)


@pytest.mark.parametrize(
    ("offset", "n"), [(-HOUR, 0), (HOUR, 1)], ids=["before the deadline", "after it"]
)
def test_a_label_counts_only_before_the_deadline(asked, offset, n):
    asked.add("needs_answer", at=DUE + offset, conversation="v", value=False, by="support1")
    assert counted(asked, "S3-CON-1") == (0, n)


def test_the_first_label_holds(asked):
    for number, value in enumerate((True, False)):
        at = DUE - 5 * HOUR + number * HOUR
        asked.add("needs_answer", at=at, conversation="v", value=value, by="support1")
    assert counted(asked, "S3-CON-1") == (0, 1)


@pytest.mark.parametrize("more", [{"own": False}, {"automated": True}])
def test_neither_a_bot_nor_somebody_in_anothers_name_answers(asked, more):
    asked.answers("v", DUE - HOUR, **more)
    assert counted(asked, "S3-CON-1") == (0, 1)


def test_the_21st_sending_of_one_text_in_a_week_is_no_human_message(asked):
    for number in range(20):
        asked.answers("other", DUE - 3 * HOUR + number * MINUTE, text="Thank you!", own=False)
    asked.answers("v", DUE - HOUR, text="Thank you!")
    assert counted(asked, "S3-CON-1") == (0, 1)


def test_an_employee_posing_as_a_customer_is_no_external_party():
    company = Company()
    company.contact("fake", START, handle="Sales1@Atelier.example")
    company.asks("v", START + DAY, contact="fake")
    assert counted(company, "S3-CON-1") == (0, 0)
    assert counted(company, "S2-CHA-2") == (0, None)


def test_an_acceptance_counts_by_the_assignees_own_act_within_a_working_day(asked):
    late, foreign = copy.deepcopy(asked), copy.deepcopy(asked)
    due = START + 3 * DAY + 4 * HOUR
    asked.accepts("v", due)
    late.accepts("v", due + MINUTE)
    foreign.accepts("v", due, own=False)
    assert counted(asked, "S3-GOV-2") == (1, 1)
    assert counted(late, "S3-GOV-2") == (0, 1)
    assert counted(foreign, "S3-GOV-2") == (0, 1)


def spoken(company, by, at):
    company.answers("v", at, by=by)


def test_one_session_acknowledges_for_one_employee_the_first(asked):
    asked.add("policy", id="p", at=START, own=True, name="Charter", version="1", text="Be kind.")
    for number, who in enumerate(("sales1", "sales2", "workshop1")):
        asked.add(
            "acknowledgement",
            at=START + HOUR + number * MINUTE,
            own=True,
            policy="p",
            version="1",
            employee=who,
            session="reception",
        )
        spoken(asked, who, DUE - 2 * HOUR + number * MINUTE)
    assert counted(asked, "S3-GOV-1") == (1, 3)


def test_a_new_policy_version_leaves_14_days_to_acknowledge_it(asked):
    asked.add("policy", id="p", at=START, own=True, name="Charter", version="1", text="Be kind.")
    acknowledged = {"policy": "p", "version": "1", "employee": "sales1", "session": "s"}
    asked.add("acknowledgement", at=START + HOUR, own=True, **acknowledged)
    spoken(asked, "sales1", DUE - HOUR)
    again = START + 21 * DAY - 8 * HOUR
    asked.add("policy", id="q", at=again, own=True, name="Charter", version="2", text="Be kinder.")
    assert counted(asked, "S3-GOV-1", date(2026, 2, 8)) == (1, 1)
    assert counted(asked, "S3-GOV-1", date(2026, 2, 9)) == (0, 1)


def met(company, week, *people):
    for who in people:
        company.add(
            "post",
            at=START + week * 7 * DAY + HOUR,
            own=True,
            community="practice",
            thread=f"t{week}",
            author=who,
            text="…",
        )


def test_weeks_of_one_same_pair_count_for_half_of_enter():
    company = Company()
    company.add("community", id="practice", at=START, name="P", dimension="internal", practice=True)
    for week in range(10):
        met(company, week, "sales1", "support1")
    assert counted(company, "S3-GOV-3") == (6, None)
    for week in range(10, 13):
        met(company, week, "sales1", "support1", "workshop1")
    assert counted(company, "S3-GOV-3") == (9, None)


def test_ten_triages_of_a_person_in_one_minute_count():
    company = Company(zone="UTC")
    for number in range(12):
        company.add("mention", id=f"w{number}", at=START, source="s", text="…", author="x")
        at = START + HOUR + timedelta(seconds=number)
        company.add("triage", at=at, own=True, mention=f"w{number}", by="sales1", outcome="watch")
    assert counted(company, "S3-LIS-1", date(2026, 2, 2)) == (10, 12)
    assert counted(company, "S1-LIS", date(2026, 2, 2)) == (12, 12)


def published(company, number, *, planned, metric="clicks", value=100):
    at = START + 10 * DAY + number * DAY
    company.add(
        "publication",
        at=planned(at),
        own=True,
        channel="mail",
        author="support1",
        text="…",
        planned_at=planned(at).isoformat(),
        publish_at=at.isoformat(),
        audience="customers",
        expected={"metric": metric, "value": value},
        approved_by="sales1",
        approved_at=(at - HOUR).isoformat(),
        published_at=at.isoformat(),
    )


def test_a_plan_written_afterwards_is_none():
    company = Company()
    published(company, 0, planned=lambda at: at - 49 * HOUR)
    published(company, 1, planned=lambda at: at - 47 * HOUR, value=200)
    published(company, 2, planned=lambda at: at + HOUR, value=300)
    assert counted(company, "S3-VAL-1") == (1, 3)


def test_one_same_expectation_counts_for_30_percent_or_once_a_week():
    company = Company()
    for number in range(10):
        published(company, number, planned=lambda at: at - 72 * HOUR)
    assert counted(company, "S3-VAL-1") == (3, 10)


def test_vanity_changes_nothing(busy):
    before = appraised(busy.lines)
    for number in range(1000):
        at = START + 20 * DAY + number * MINUTE
        busy.answers("likes", at, automated=True, channel="wall", text=f"like {number}")
    busy.channel("wall", "internal")
    after = appraised(busy.lines)
    for one in ("S2-CHA-1", "S3-CON-1", "S4-CHA-1", "S4-AMB-1"):
        assert criterion(after, one) == criterion(before, one)
    assert after["stage"] == before["stage"]


def test_working_days_start_on_monday_for_a_weekends_question():
    clock = Clock("Europe/Paris")
    saturday = datetime(2026, 1, 10, 15, tzinfo=UTC)
    assert clock.add_working_days(saturday, 2) == clock.midnight(date(2026, 1, 14))


def test_a_time_that_occurs_twice_is_the_first_and_one_that_does_not_exist_moves_on():
    clock = Clock("Europe/Paris")
    assert clock.instant(datetime.fromisoformat("2026-10-25T02:30")) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    )
    assert clock.instant(datetime.fromisoformat("2026-03-29T02:30")) == (
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 1, 15), 12, date(2025, 1, 15)),
        (date(2024, 8, 31), 18, date(2023, 2, 28)),
    ],
)
def test_months_before_a_day_keep_its_number_or_take_the_last_day(day, months, expected):
    assert months_before(day, months) == expected
