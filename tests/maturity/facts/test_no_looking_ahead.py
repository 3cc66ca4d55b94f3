"""Records that come later than the day that is asked about, or that nobody expected."""

import copy
from datetime import UTC, date, datetime, timedelta

from maturity.appraisals import derivation
from maturity.facts.ledger import Ledger
from maturity.scoring.definition import load
from tests.maturity.company import DAY, START, Company, criterion, said
from tests.maturity.facts import histories

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MONDAY = date(2026, 2, 2)
BEFORE, AFTER = START + 20 * DAY, START + 40 * DAY


def appraised(company, as_of=MONDAY):
    ledger = Ledger(histories.read(copy.deepcopy(company.lines)), load())
    derived = derivation.derive(ledger, as_of, now=NOW, live={})
    return derivation.appraisal(derived, reading="corrected")


def counted(company, id_, as_of=MONDAY):
    found = criterion(appraised(company, as_of), id_)
    return found["k"], found["n"]


def asked(at=BEFORE):
    company = Company(zone="UTC")
    company.contact("bob", START)
    company.asks("v", at)
    return company


def test_an_acceptance_written_down_later_is_not_known_before():
    company = asked()
    late = {"conversation": "v", "employee": "sales1", "by": "manual"}
    company.add("assignment", at=AFTER, own=True, accepted_at=said(BEFORE + HOUR), **late)
    assert counted(company, "S3-GOV-2") == (0, 1)
    assert counted(company, "S3-GOV-2", date(2026, 3, 2)) == (1, 1)


def test_a_conversation_closed_before_somebody_wrote_needs_no_answer_until_then():
    company = asked(AFTER)
    company.answers("v", BEFORE - HOUR)
    company.add("close", at=BEFORE, own=True, conversation="v", by="support1")
    assert counted(company, "S4-CAP-1") == (0, 0)
    assert counted(company, "S4-CAP-1", date(2026, 3, 2)) == (0, 1)


def test_an_idea_written_down_later_is_not_known_before():
    company = asked()
    facts = {"conversation": "v", "author": "sales1", "text": "…", "owner": "sales2"}
    times = {"decided_at": said(BEFORE + DAY), "told_at": said(BEFORE + 2 * DAY)}
    company.add("insight", at=AFTER, own=True, outcome="shipped", **facts, **times)
    assert counted(company, "S5-VAL-1") == (0, None)
    assert counted(company, "S5-VAL-1", date(2026, 3, 2)) == (1, None)


def test_an_approval_counts_by_its_time_whoever_gave_it():
    company = asked()
    times = {"reached_at": said(BEFORE + HOUR), "approved_at": said(BEFORE + 2 * HOUR)}
    facts = {"conversation": "v", "rule": "law", "role": "legal", "drill": False}
    company.add("escalation", at=BEFORE, **facts, **times)
    assert counted(company, "S4-GOV-1") == (1, 1)


def test_the_walk_begins_after_the_first_record_of_any_type():
    company = asked()
    company.contact("early", START - 15 * DAY)
    company.heartbeats(60, first=-15)
    assert appraised(company)["transitions"][0]["at"] == "2026-01-19"
    early = Ledger(histories.read(copy.deepcopy(company.lines)), load())
    assert early.mondays(MONDAY)[0] == date(2025, 12, 22)


def test_a_unit_that_began_since_monday_is_shown_in_a_preview():
    company = asked()
    company.heartbeats(40)
    facts = {"name": "New", "profile": "b2c", "timezone": "UTC"}
    company.add("unit", id="w", at=START + 29 * DAY, **facts)
    found = appraised(company, date(2026, 2, 5))
    assert [unit["stage"]["number"] for unit in found["units"]] == [1, None]
    assert criterion(found, "S5-COV")["n"] == 1


def test_a_conversation_that_went_to_another_unit_takes_its_records_along():
    company = asked(AFTER)
    company.add("unit", id="w", at=START, name="West", profile="b2b", timezone="UTC")
    company.add("channel", id="west", at=START, kind="sms", unit="w", name="West", owned=True)
    company.answers("v", BEFORE - HOUR, channel="west")
    company.add("close", at=BEFORE, own=True, conversation="v", by="support1")
    before, after = appraised(company), appraised(company, date(2026, 3, 2))

    def outcomes(found):
        return [criterion(unit, "S4-CAP-1")["outcome"] for unit in found["units"]]

    assert outcomes(before) == ["NO_SOURCE", "INSUFFICIENT"]
    assert outcomes(after) == ["INSUFFICIENT", "NO_SOURCE"]


def test_an_empty_session_is_one_session():
    company = asked()
    company.add("policy", id="p", at=START, own=True, name="Charter", version="1", text="…")
    for number, who in enumerate(("sales1", "sales2")):
        signed = {"policy": "p", "version": "1", "employee": who, "session": ""}
        company.add("acknowledgement", at=START + (number + 1) * HOUR, own=True, **signed)
        company.answers("v", BEFORE + HOUR + number * HOUR, by=who)
    assert counted(company, "S3-GOV-1") == (1, 2)


def test_an_address_is_shared_whatever_the_case_of_its_kind_and_handle():
    company = Company(zone="UTC")
    for id_, kind, handle in (
        ("bob", "email", "Bob@out.example"),
        ("b", "Email", "bob@OUT.example"),
    ):
        identities = [{"kind": kind, "handle": handle}]
        facts = {"name": id_, "relationship": "customer", "identities": identities}
        company.add("contact", id=id_, at=START, **facts)
    company.asks("v", BEFORE, contact="bob")
    company.asks("w", BEFORE + DAY, contact="b")
    assert counted(company, "S4-CRM-1") == (0, 1)
