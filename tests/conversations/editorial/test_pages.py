"""The plan's pages: in the company's time, by filters, and what went wrong is not hidden."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from conversations.editorial import calendar, life
from conversations.editorial.models import Publication
from crm.organisation.models import Unit
from tests.conversations.editorial.plan import Desk

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
PLAN = "/admin/conversations/publication/"


@pytest.fixture
def ada(desk: Desk, client: Client) -> Client:
    Unit.objects.update(timezone="Europe/Paris")
    client.force_login(desk.ada.user)
    return client


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_day_begins_at_the_companys_midnight(desk: Desk, ada: Client) -> None:
    row = desk.planned(publish_at=_at("2027-03-31T23:30:00+00:00"))  # 1 April in Paris
    page = ada.get(f"{PLAN}?view=month&day=2027-04-01").content.decode()
    cell = page.partition('data-day="2027-04-01"')[2].partition("data-day=")[0]
    assert str(row.pk) in cell
    assert "01:30" in cell
    assert page.count(f"p-{row.pk}") == 1


def test_a_move_over_the_change_of_clocks_keeps_the_wall_time(desk: Desk, ada: Client) -> None:
    row = desk.planned(publish_at=_at("2027-03-27T09:00:00+01:00"))
    answer = ada.post(f"{PLAN}{row.pk}/do/move/", {"day": "2027-03-28", "back": PLAN})
    assert answer["Location"] == f"{PLAN}#p-{row.pk}"
    row.refresh_from_db()
    assert row.publish_at == _at("2027-03-28T09:00:00+02:00")


def test_a_wall_time_that_does_not_exist_or_comes_twice_is_read_one_way() -> None:
    spring = calendar.at_local(date(2027, 3, 28), time(2, 30), PARIS)
    assert spring == _at("2027-03-28T03:30:00+02:00")
    autumn = calendar.at_local(date(2027, 10, 31), time(2, 30), PARIS)
    assert autumn == _at("2027-10-31T02:30:00+02:00")


def test_a_month_is_whole_weeks_and_december_ends() -> None:
    span = calendar.month_of(date(2026, 12, 15), PARIS)
    assert (span.first, span.end) == (date(2026, 11, 30), date(2027, 1, 4))
    assert calendar.next_month(date(2026, 12, 31)) == date(2027, 1, 1)
    assert calendar.month_before(date(2027, 1, 31)) == date(2026, 12, 1)
    span = calendar.month_of(date(2027, 2, 10), PARIS)
    assert (span.first, span.end) == (date(2027, 2, 1), date(2027, 3, 1))


def test_what_went_wrong_and_what_waits_have_pages(desk: Desk, ada: Client) -> None:
    failed = desk.due(text="Broken")
    Publication.objects.filter(pk=failed.pk).update(state="failed", cause="HTTP 400")
    waiting = desk.submitted(text="Waits")
    trouble = ada.get(f"{PLAN}?view=trouble").content.decode()
    assert "HTTP 400" in trouble
    assert "Waits" not in trouble
    assert "Waits" in ada.get(f"{PLAN}?view=waiting").content.decode()
    elsewhere = ada.get(f"{PLAN}?view=list&author={desk.ben.employee.pk}").content.decode()
    assert waiting.text not in elsewhere


def test_a_full_month_costs_as_much_as_an_empty_one(
    desk: Desk, ada: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        desk.planned(publish_at=_at(f"2027-04-{number + 1:02}T08:00:00+00:00"))
    for view in ("month", "week", "list", "learnt"):
        with django_assert_max_num_queries(30):
            assert ada.get(f"{PLAN}?view={view}&day=2027-04-05").status_code == 200


def test_nonsense_in_the_address_shows_the_month(desk: Desk, ada: Client) -> None:
    for query in (
        "?view=x&day=tomorrow",
        "?day=9999-12-31",
        "?channel=x&author='",
        "?day=0001-01-01",
    ):
        assert ada.get(PLAN + query).status_code == 200


def test_the_page_leads_nowhere_else(desk: Desk, ada: Client) -> None:
    row = desk.planned()
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        answer = ada.post(f"{PLAN}{row.pk}/do/submit/", {"back": back})
        assert answer["Location"].startswith(f"{PLAN}{row.pk}/change/")


def test_a_form_keeps_a_change_and_its_seconds(desk: Desk, ada: Client) -> None:
    moment = (timezone.now() + timedelta(days=5)).replace(second=17)
    row = life.submit(desk.planned(publish_at=moment), by=desk.ada.acting)
    said = {
        "channel": str(desk.channel.pk),
        "publish_at": moment.astimezone(PARIS).strftime("%Y-%m-%dT%H:%M"),
        "text": "Other words",
        "expected_metric": "likes",
        "expected_value": "12.5",
    }
    assert ada.post(f"{PLAN}{row.pk}/change/", said).status_code == 302
    row.refresh_from_db()
    assert (row.text, row.expected_value, row.publish_at) == ("Other words", 12.5, moment)
    half = said | {"expected_value": ""}
    assert ada.post(f"{PLAN}{row.pk}/change/", half).status_code == 400
    assert ada.post(f"{PLAN}{row.pk}/change/", said | {"publish_at": "soon"}).status_code == 400


def test_a_comparison_that_comes_too_late_is_said_to_be(desk: Desk, ada: Client) -> None:
    row = desk.due()
    life.confirm(row, external_id="p-1", by=desk.ada.acting)
    words, at = "no longer counts", timezone.now()
    assert words not in ada.get(f"{PLAN}{row.pk}/change/").content.decode()
    with time_machine.travel(at + timedelta(days=31), tick=False):
        ada.force_login(desk.ada.user)
        assert words in ada.get(f"{PLAN}{row.pk}/change/").content.decode()
