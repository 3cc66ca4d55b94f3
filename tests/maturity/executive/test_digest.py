import email
import email.policy
from datetime import date, timedelta

import pytest

from crm.access.models import Role
from maturity.appraisals.models import Appraisal, Reading, Transition
from maturity.executive import digest
from maturity.executive.models import Digest, MailWish
from tests import house
from tests.maturity.executive.desk import browser

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 11, 9)  # the second of its month
FIRST = date(2026, 11, 2)


@pytest.fixture
def outbox(tmp_path, settings):
    settings.EMAIL_URL = tmp_path.as_uri()

    def mails():
        files = [file for file in sorted(tmp_path.rglob("*")) if file.is_file()]
        policy = email.policy.default
        found = [email.message_from_bytes(file.read_bytes(), policy=policy) for file in files]
        return {mail["To"].addresses[0].addr_spec: mail for mail in found}

    return mails


def somebody(role, language="en", name="Ada"):
    person = house.somebody(house.department(house.unit()), role, name=name)
    person.user.language = language
    person.user.save()
    return person


def week(on, number=2, open_gates=(), at_risk=False, losses=(), live=True):
    kept = Appraisal.objects.create(
        as_of=on,
        number=number,
        at_risk=at_risk,
        live=live,
        model_version="1",
        model_sha256="0" * 64,
    )
    for criterion in {*open_gates, *losses}:
        Reading.objects.create(
            appraisal=kept,
            criterion=criterion,
            outcome="MET",
            k=1,
            n=1,
            enter=1,
            stay=1,
            is_open=True,
            losses=2 if criterion in losses else 0,
        )
    return kept


def moved(on=MONDAY):
    week(on - timedelta(days=28), open_gates=["S2-CHA-1"])
    week(on - timedelta(days=7), open_gates=["S2-CHA-1"])
    kept = week(on, number=3, open_gates=["S2-CHA-1", "S3-CON-1"])
    Transition.objects.create(appraisal=kept, at=on, came_from=2, to=3, causes=["S3-CON-1"])


def words(mail):
    return mail.get_body().get_content().replace("\r\n", "\n")


def test_staff_are_told_what_moved_this_week_once(outbox):
    ada = somebody(Role.STAFF)
    moved()
    assert digest.send_due(today=MONDAY) == 1
    assert digest.send_due(today=MONDAY + timedelta(days=1)) == 0
    mail = outbox()[ada.user.email]
    assert mail["Subject"] == "Social maturity: Coordinating, Nov. 9, 2026"
    assert "the company: Testing → Coordinating (Answers in time)" in words(mail)
    assert "Gates that opened\n- Answers in time" in words(mail)
    assert "/maturity/digest/" in words(mail)
    assert Digest.objects.get().sent_at is not None


def test_a_unit_that_came_is_named_beside_the_cause(outbox):
    ada = somebody(Role.STAFF)
    kept = week(MONDAY, number=3)
    step = {"at": MONDAY, "came_from": 2, "to": 3, "causes": ["S3-CON-1"]}
    Transition.objects.create(appraisal=kept, joined=[house.unit("Shop").pk], **step)
    digest.send_due(today=MONDAY)
    assert "Coordinating (Answers in time; a unit that came: Shop)" in words(
        outbox()[ada.user.email]
    )


def test_executives_are_told_on_the_first_monday_of_a_month_of_the_whole_month(outbox):
    boss = somebody(Role.EXECUTIVE)
    moved()
    assert digest.send_due(today=MONDAY) == 0
    week(date(2026, 12, 7), number=3, open_gates=["S2-CHA-1", "S3-CON-1"])
    assert digest.send_due(today=date(2026, 12, 7)) == 1
    assert "Testing → Coordinating" in words(outbox()[boss.user.email])


def test_nothing_is_sent_when_nothing_moved_and_nothing_is_at_risk(outbox):
    somebody(Role.STAFF)
    week(MONDAY - timedelta(days=7), open_gates=["S2-CHA-1"])
    week(MONDAY, open_gates=["S2-CHA-1"])
    assert digest.send_due(today=MONDAY) == 0
    assert outbox() == {}


def test_what_is_at_risk_is_told_though_nothing_moved(outbox):
    ada = somebody(Role.STAFF)
    week(MONDAY - timedelta(days=7), open_gates=["S2-CHA-1"])
    week(MONDAY, open_gates=["S2-CHA-1"], losses=["S2-CHA-1"], at_risk=True)
    assert digest.send_due(today=MONDAY) == 1
    assert "At risk\n- the company" in words(outbox()[ada.user.email])
    assert "Regular presence: 2 / 6" in words(outbox()[ada.user.email])


def test_each_reads_it_in_their_own_language(outbox):
    ada = somebody(Role.STAFF, language="fr")
    moved()
    digest.send_due(today=MONDAY)
    assert "Coordination" in outbox()[ada.user.email]["Subject"]


def test_old_news_and_replayed_weeks_are_not_told(outbox):
    somebody(Role.STAFF)
    moved()
    assert digest.send_due(today=MONDAY + timedelta(days=8)) == 0
    week(MONDAY + timedelta(days=7), number=2, live=False)
    assert digest.send_due(today=MONDAY + timedelta(days=7)) == 0
    assert outbox() == {}


def test_ambassadors_and_those_who_left_are_told_nothing(outbox):
    somebody(Role.AMBASSADOR)
    gone = somebody(Role.STAFF, name="Gone")
    gone.user.is_active = False
    gone.user.save()
    moved()
    assert digest.send_due(today=MONDAY) == 0


@pytest.mark.parametrize(("wish", "sent"), [("never", 0), ("weekly", 1), ("monthly", 0)])
def test_everybody_chooses_how_often(outbox, wish, sent):
    boss = somebody(Role.EXECUTIVE)
    client = browser(Role.EXECUTIVE, of=boss)
    assert 'value="monthly" checked' in client.get("/maturity/digest/").content.decode()
    assert client.post("/maturity/digest/", {"rhythm": wish}).status_code == 302
    assert client.post("/maturity/digest/", {"rhythm": "hourly"}).status_code == 400
    assert MailWish.objects.get().rhythm == wish
    moved()
    assert digest.send_due(today=MONDAY) == sent


def test_a_mail_that_the_server_refuses_is_lost_and_never_doubled(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    somebody(Role.STAFF)
    moved()
    assert digest.send_due(today=MONDAY) == 0
    assert Digest.objects.get().sent_at is None
    assert digest.send_due(today=MONDAY) == 0
