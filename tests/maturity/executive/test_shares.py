from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.access.models import Role
from crm.journal.models import Act
from maturity.executive.models import Share
from maturity.executive.shares import address
from tests.maturity.company import Company
from tests.maturity.executive.desk import DAY, browser, executive, text
from tests.maturity.executive.test_pledges import write

pytestmark = pytest.mark.django_db
LINKS = "/maturity/shares/"


@pytest.fixture
def company(tmp_path):
    company = Company()
    company.busy_weeks(14)
    company.take_in(tmp_path)
    return company


def made(client, days="9", **query):
    asked = "&".join(f"{key}={value}" for key, value in (DAY | query).items())
    answer = client.post(f"{LINKS}?{asked}", {"days": days})
    assert answer.status_code == 302, answer.content
    return Share.objects.latest("made_at")


def path(share):
    return "/" + address(share).split("/", 3)[3]


def test_a_link_shows_the_page_to_a_stranger_without_any_person(company):
    client = executive()
    write(client)  # an owner, who is not shown
    share = made(client)
    answer = Client().get(path(share))
    said = text(answer)
    assert answer.status_code == 200
    assert "2 of 6 gates met towards Coordinating" in said
    html = answer.content.decode()
    for hidden in ("support1", "@atelier.example", "/admin/", "criteria/S3", "<form", "Sign out"):
        assert hidden not in html, hidden
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer["Cache-Control"]
    share.refresh_from_db()
    assert share.opened == 1
    assert Act.objects.get(verb="maturity_shared").subject_id == str(share.pk)


def test_a_link_ends_by_its_day_by_a_click_and_for_whoever_changes_it(company):
    client = executive()
    share = made(client)
    assert Client().get(path(share)[:-2] + "x/").status_code == 404
    assert Client().get(path(share).replace(share.pk.hex, "0" * 32)).status_code == 404
    Share.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    ended = Client().get(path(share))
    assert (ended.status_code, "not here any more" in text(ended)) == (404, True)
    again = made(client)
    assert path(again) in client.get(LINKS).content.decode()
    assert client.post(f"{LINKS}{again.pk}/revoke/").status_code == 302
    assert client.post(f"{LINKS}{again.pk}/revoke/").status_code == 302
    assert Act.objects.filter(verb="maturity_share_revoked").count() == 1
    assert Client().get(path(again)).status_code == 404


def test_a_link_shows_one_unit_where_it_was_made_of_one(company):
    share = made(executive(), unit="u")
    assert Client().get(path(share)).context["page"].unit == "u"


@pytest.mark.parametrize("days", ["0", "91", "", "soon", "9999999", "-1"])
def test_a_link_lives_from_one_to_ninety_days(db, days):
    assert executive().post(LINKS, {"days": days}).status_code == 400
    assert not Share.objects.exists()


def test_only_executives_share(db):
    for role in (Role.STAFF, Role.AMBASSADOR):
        assert browser(role).post(LINKS, {"days": "9"}).status_code == 403
    assert not Share.objects.exists()
