"""The plan elsewhere: a calendar feed that its person may end, a table that is taken whole."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from urllib.parse import urlsplit

import icalendar
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from conversations.editorial import feed, life
from conversations.editorial.models import Feed, Publication
from crm.access.models import Role, RoleGrant
from crm.organisation.models import Unit
from tests import house
from tests.conversations.editorial.plan import Desk

pytestmark = pytest.mark.django_db
PLAN = "/admin/conversations/publication/"


@pytest.fixture
def ada(desk: Desk, client: Client) -> Client:
    Unit.objects.update(timezone="Europe/Paris")
    client.force_login(desk.ada.user)
    return client


def _events(answer) -> list[icalendar.Event]:
    assert answer.status_code == 200, answer.content
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_feed_shows_the_plan_and_says_what_is_certain(desk: Desk, client: Client) -> None:
    row = desk.approved(text="Ça; arrive,\nbientôt 🎉", topic="tents")
    desk.planned(text="Maybe")
    life.cancel(desk.planned(text="No"), by=desk.ada.acting)
    where = urlsplit(feed.make(desk.ada.user, by=desk.ada.acting)).path
    events = {str(event["uid"]): event for event in _events(client.get(where))}
    assert len(events) == 2
    one = events[f"{row.pk}@relais"]
    assert (one["status"], one.decoded("dtstart")) == (
        "CONFIRMED",
        row.publish_at.replace(microsecond=0),
    )
    assert str(one["description"]) == row.text
    assert where.rpartition("/")[2].removesuffix(".ics") not in Feed.objects.get().token


def test_a_revoked_or_renewed_feed_is_gone(desk: Desk, client: Client) -> None:
    first = urlsplit(feed.make(desk.ada.user, by=desk.ada.acting)).path
    second = urlsplit(feed.make(desk.ada.user, by=desk.ada.acting)).path
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    feed.revoke(desk.ada.user, by=desk.ada.acting)
    assert client.get(second).status_code == 404


def test_a_feed_respects_the_units_of_the_moment(desk: Desk, client: Client) -> None:
    desk.planned()
    where = urlsplit(feed.make(desk.ada.user, by=desk.ada.acting)).path
    assert len(_events(client.get(where))) == 1
    elsewhere = house.unit("Elsewhere")
    RoleGrant.objects.filter(user=desk.ada.user).update(unit=elsewhere)
    assert _events(client.get(where)) == []
    RoleGrant.objects.filter(user=desk.ada.user).update(role=Role.EXECUTIVE)
    assert client.get(where).status_code == 404
    RoleGrant.objects.filter(user=desk.ada.user).update(role=Role.STAFF)
    desk.ada.user.is_active = False
    desk.ada.user.save()
    assert client.get(where).status_code == 404


def test_the_page_shows_the_address_once(desk: Desk, ada: Client) -> None:
    made = ada.post(f"{PLAN}feed/", {"do": "make"}).content.decode()
    address = made.partition("data-feed>")[2].partition("<")[0]
    assert ada.get(urlsplit(address).path).status_code == 200
    assert address not in ada.get(f"{PLAN}feed/").content.decode()
    ada.post(f"{PLAN}feed/", {"do": "revoke"})
    assert not Feed.objects.exists()


def _table(*rows: str, header: str = "channel,publish_at,text,audience,metric,value") -> bytes:
    return "\n".join([header, *rows]).encode()


def _take(ada: Client, data: bytes):
    return ada.post(f"{PLAN}import/", {"table": SimpleUploadedFile("plan.csv", data)})


def test_a_table_becomes_drafts_in_the_companys_time(desk: Desk, ada: Client) -> None:
    data = _table(
        'Shop,2027-07-01T09:00,"New, with\na line",Hikers,likes,"12,5"',
        "Shop,2027-12-01 09:00,Winter,,,",
        "Shop,2027-12-01T09:00:00+00:00,Offset,,,",
    )
    assert _take(ada, data).status_code == 302
    rows = list(Publication.objects.order_by("publish_at", "text"))
    assert [row.publish_at.isoformat() for row in rows] == [
        "2027-07-01T07:00:00+00:00",
        "2027-12-01T08:00:00+00:00",
        "2027-12-01T09:00:00+00:00",
    ]
    assert (rows[0].text, rows[0].expected_value, rows[0].state) == (
        "New, with\na line",
        12.5,
        "draft",
    )


def test_one_mistake_and_nothing_is_written(desk: Desk, ada: Client) -> None:
    data = _table(
        "Shop,2027-07-01T09:00,Fine,,,",
        "Nowhere,2027-07-01T09:00,x,,,",
        "Shop,soon,x,,,",
        "Shop,2027-07-01T09:00,,,,",
        "Shop,2027-07-01T09:00,x,,likes,many",
        "Shop,2027-07-01T09:00,x,,likes,",
        f"Shop,2027-07-01T09:00,x,{'a' * 201},,",
    )
    answer = _take(ada, data)
    said = answer.content.decode()
    assert answer.status_code == 400
    assert [f"Line {n}:" in said for n in range(2, 9)] == [False, *[True] * 6]
    assert not Publication.objects.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"channel,publish_at,text\n",
        b"channel,text\nShop,x\n",
        b"channel,publish_at,text,colour\nShop,2027-07-01T09:00,x,red\n",
        b"channel,publish_at,text\nShop,2027-07-01T09:00\n",
        b"channel,publish_at,text\nShop,2027-07-01T09:00,x,more\n",
        b'channel,publish_at,text\nShop,2027-07-01T09:00,"x\n',
        b"channel,publish_at,text\nShop,2027-07-01T09:00,\xff\n",
        b"channel,publish_at,text\nShop,2027-07-01T09:00,a\0b\n",
        b"channel,publish_at,text,value\nShop,2027-07-01T09:00,x,nan\n",
        b"channel,publish_at,text\n" + b"Shop,2027-07-01T09:00,x\n" * 1_001,
        b"x" * (1024 * 1024 + 1),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(desk: Desk, ada: Client, data: bytes) -> None:
    assert _take(ada, data).status_code == 400
    assert not Publication.objects.exists()


def test_what_goes_out_comes_back_and_no_cell_is_a_formula(desk: Desk, ada: Client) -> None:
    desk.approved(text="=1+1", audience="@all", topic="-")
    desk.planned(text='Plain "quoted"; line\nand another')
    before = list(_facts())
    table = ada.get(f"{PLAN}table/")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"), newline="")))
    assert [row["text"] for row in rows if row["topic"]] == ["'=1+1"]
    again = _take(ada, table.content)
    assert again.status_code == 400  # they are here already
    for row in rows:
        row["id"] = ""
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    Publication.objects.all().delete()
    assert _take(ada, out.getvalue().encode()).status_code == 302
    assert list(_facts()) == before


def _facts():
    names = ("text", "audience", "segment", "topic", "expected_metric", "expected_value")
    return Publication.objects.order_by("text").values_list(*names)


def test_an_export_holds_what_the_filters_leave(desk: Desk, ada: Client) -> None:
    desk.planned(publish_at=timezone.now() + timedelta(days=2))
    path = f"{PLAN}table/?author={desk.ben.employee.pk}"
    assert len(ada.get(path).content.decode().splitlines()) == 1
