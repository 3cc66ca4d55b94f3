from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from crm.values import Actor, Via
from maturity.appraisals import exemptions
from maturity.appraisals.models import Appraisal, Exemption
from maturity.appraisals.services import PastReading, appraise, picture, store_due_appraisals
from maturity.executive.rows import company_subject
from maturity.executive.what_if import what_if
from tests import house
from tests.api.hands import Caller
from tests.maturity.company import Company, criterion
from tests.maturity.executive.desk import DAY, PAGE, browser, text

pytestmark = pytest.mark.django_db
GATE = "S2-CHA-2"
WHERE = f"/maturity/criteria/{GATE}/"
WHY = "Two customers, by contract; a third is not to be had."
SOON = (timezone.now() + timedelta(days=60)).date()


@pytest.fixture
def company(tmp_path):
    """Speaks every week, to two customers: a gate of stage 2 stays closed."""
    company = Company()
    company.busy_weeks(14, a_week=2)
    company.take_in(tmp_path)
    return company


@pytest.fixture
def two():
    """Two executives."""
    home = house.department(house.unit("Office"))
    return [house.somebody(home, Role.EXECUTIVE, name=name) for name in ("Ada", "Bea")]


def by(person, via=Via.OWN):
    return Actor(person.user, via, session=f"s{person.user.pk}")


def asked(person, gate=GATE, **more):
    words = {"unit": None, "reason": WHY, "until": SOON} | more
    return exemptions.ask(gate, by=by(person), **words)


def in_the_past(row, *, approved, until):
    """As if it had been approved that day."""
    at = datetime.combine(approved, datetime.min.time(), UTC)
    Exemption.objects.filter(pk=row.pk).update(asked_at=at, approved_at=at, until=until)


def test_one_asks_another_approves_and_both_stand_on_the_page_and_in_the_journal(company, two):
    ada, bea = (browser(Role.EXECUTIVE, of=person) for person in two)
    form = {"reason": WHY, "until": SOON.isoformat()}
    answer = ada.post(f"{WHERE}exemption/?as_of=2026-04-13", form)
    assert answer["Location"] == f"{WHERE}?as_of=2026-04-13#exemption"
    row = Exemption.objects.get()
    assert "asked for" in text(ada.get(WHERE, DAY))
    assert "Approve" not in text(ada.get(WHERE, DAY))
    assert ada.post(f"/maturity/exemptions/{row.pk}/approve/").status_code == 403
    assert "Approve" in text(bea.get(WHERE, DAY))
    assert bea.post(f"/maturity/exemptions/{row.pk}/approve/").status_code == 302
    said = text(bea.get(WHERE))
    assert "in force" in said
    assert "Ada → Bea" in said
    assert bea.post(f"/maturity/exemptions/{row.pk}/approve/").status_code == 400
    assert bea.post(f"/maturity/exemptions/{row.pk}/close/").status_code == 302
    assert "ended" in text(bea.get(WHERE))
    verbs = Act.objects.filter(subject_id=str(row.pk)).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["exemption_asked", "exemption_approved", "exemption_closed"]


def test_nobody_approves_their_own_not_even_past_the_verb(two):
    row = asked(two[0])
    with pytest.raises(Forbidden):
        exemptions.approve(row, by=by(two[0]))
    with pytest.raises(IntegrityError), transaction.atomic():
        Exemption.objects.filter(pk=row.pk).update(
            approved_by=two[0].user, approved_at=timezone.now()
        )
    row.refresh_from_db()
    assert row.is_open


def test_who_is_no_executive_or_not_there_in_person_neither_asks_nor_decides(two):
    staff = house.somebody(two[0].employee.department, Role.STAFF, name="Cy")
    row = asked(two[0])
    for actor in (by(staff), by(two[1], Via.SERVICE), Actor(None, Via.AUTOMATION)):
        for act in (exemptions.approve, exemptions.close):
            with pytest.raises(Forbidden):
                act(row, by=actor)
        with pytest.raises(Forbidden):
            exemptions.ask("S3-CON-1", unit=None, reason=WHY, until=SOON, by=actor)
    row.refresh_from_db()
    assert row.is_open
    assert Exemption.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"gate": "S3-GOV-1"},
        {"gate": "S5-COV"},
        {"gate": "S1-INS"},
        {"gate": "S4-CRM-1"},
        {"gate": "none"},
        {"reason": "no"},
        {"reason": "x" * 501},
        {"until": SOON + timedelta(days=121)},
        {"until": SOON - timedelta(days=61)},
        {"until": None},
    ],
)
def test_what_the_model_does_not_allow_is_refused(two, wrong):
    with pytest.raises(Invalid):
        asked(two[0], **wrong)
    assert not Exemption.objects.exists()


def test_at_most_one_gate_of_a_stage_is_exempted_at_a_time(two):
    first, second = asked(two[0], "S4-CHA-1"), asked(two[0], "S4-AMB-1")
    of_five = asked(two[0], "S5-NET-1")
    exemptions.approve(first, by=by(two[1]))
    exemptions.approve(of_five, by=by(two[1]))
    with pytest.raises(Conflict):
        exemptions.approve(second, by=by(two[1]))
    with pytest.raises(Conflict):
        asked(two[1], "S4-AMB-1")  # once is enough
    Exemption.objects.filter(pk=first.pk).update(until=timezone.localdate() - timedelta(days=1))
    exemptions.approve(second, by=by(two[1]))  # the first is over
    assert set(Exemption.objects.filter(is_current=True)) == {second, of_five}


def test_the_stage_rests_on_it_with_an_asterisk_and_both_stages_until_it_is_over(company, two):
    row = asked(two[0])
    exemptions.approve(row, by=by(two[1]))
    in_the_past(row, approved=date(2026, 3, 10), until=date(2026, 3, 31))
    during = appraise(date(2026, 3, 30), reading=PastReading.CORRECTED)
    assert during["stage"]["number"] == 2
    assert during["stage"]["exempt"] is True
    assert during["stage"]["exemptions"] == [GATE]
    assert during["stage"]["without_exemptions"] == {"number": 1, "key": "dormant"}
    assert criterion(during, GATE)["outcome"] == "NOT_APPLICABLE"
    after = appraise(date(2026, 4, 6), reading=PastReading.CORRECTED)
    assert after["stage"]["number"] == 1
    assert after["stage"]["exempt"] is False
    assert "without_exemptions" not in after["stage"]
    causes = [step["causes"] for step in after["transitions"]]
    assert causes[-2] == ["S2-CHA-1", "EXEMPTION"]
    assert causes[-1] == [GATE, "EXEMPTION"]
    reader = browser(Role.STAFF)
    page = reader.get(PAGE, {"as_of": "2026-03-30"})
    assert 'class="star"' in page.content.decode()
    assert "Without the exemption: Dormant" in text(page)
    assert WHY in text(page)
    over = text(reader.get(PAGE, {"as_of": "2026-04-06"}))
    assert WHY not in over
    assert "Exemption" in over  # a cause of the steps


def test_one_of_a_unit_is_the_units(company, two):
    row = asked(two[0])
    exemptions.approve(row, by=by(two[1]))
    in_the_past(row, approved=date(2026, 3, 10), until=date(2026, 3, 31))
    said = appraise(date(2026, 3, 30), reading=PastReading.CORRECTED)
    unit = next(one for one in said["units"] if one["id"] == "u")
    assert (said["stage"]["number"], unit["stage"]["number"]) == (2, 1)
    assert unit["stage"]["exempt"] is False


def test_a_week_that_was_kept_says_the_same_after_the_exemption_was_ended(tmp_path, two):
    company = Company()
    company.busy_weeks(30, a_week=2)
    company.take_in(tmp_path)
    now = timezone.now()
    row = asked(two[0])
    exemptions.approve(row, by=by(two[1]))
    monday = now.date() + timedelta(days=7 - now.weekday())
    later = datetime.combine(monday, datetime.min.time(), UTC) + timedelta(hours=12)
    assert store_due_appraisals(at=later)
    kept = Appraisal.objects.get(as_of=monday, unit=None).said
    assert kept["stage"]["exempt"] is True
    Exemption.objects.filter(pk=row.pk).update(closed_at=later, closed_by=two[0].user)
    again = appraise(monday, reading=PastReading.KNOWN, at=later)
    assert again == kept
    following = appraise(
        monday + timedelta(days=7), reading=PastReading.KNOWN, at=later + timedelta(days=7)
    )
    assert following["stage"]["exempt"] is False


def test_a_what_if_lets_an_exemption_end_on_its_day(company, two):
    row = asked(two[0])
    exemptions.approve(row, by=by(two[1]))
    in_the_past(row, approved=date(2026, 3, 10), until=date(2026, 4, 20))
    made = picture(date(2026, 4, 13), reading=PastReading.CORRECTED)
    ahead = what_if(made.derived, company_subject(made), []).without
    assert (made.derived.walked.company.stage, ahead.stage) == (2, 1)
    (step,) = ahead.steps
    assert (step.at, step.causes) == (date(2026, 4, 27), (GATE, "EXEMPTION"))


def test_the_api_names_what_is_set_aside_on_a_day(company, two):
    row = asked(two[0])
    exemptions.approve(row, by=by(two[1]))
    reader = Caller(two[0].user)
    (one,) = reader.get("maturity/exemptions/").json()["exemptions"]
    assert (one["criterion"], one["reason"], one["approved_by"]) == (GATE, WHY, "Bea")
    assert (one["until"], one["asked_by"]) == (SOON.isoformat(), "Ada")
    for query in ({"as_of": "2026-04-13"}, {"unit": "u"}):
        assert reader.get("maturity/exemptions/", **query).json()["exemptions"] == []


def test_what_is_typed_wrong_comes_back_with_a_word(company, two):
    client = browser(Role.EXECUTIVE, of=two[0])
    answer = client.post(f"{WHERE}exemption/", {"reason": WHY, "until": "2020-01-01"})
    assert answer.status_code == 400
    assert "at most 180 days" in text(answer)
    assert WHY in answer.content.decode()
    assert client.post("/maturity/criteria/none/exemption/", {}).status_code == 404
    assert "Ask for it" not in text(client.get("/maturity/criteria/S3-GOV-1/"))
