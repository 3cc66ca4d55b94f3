"""The staff's inbox: what the list shows, to whom, and at what cost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.inbox import services
from conversations.inbox.models import Conversation, Delivery, DeliveryState
from crm.access.models import Role, RoleGrant
from tests import house

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


@pytest.fixture
def staff(home: house.Unit, client: Client) -> house.Somebody:
    person = house.somebody(house.department(home), Role.STAFF, name="Camille")
    client.force_login(person.user)
    return person


def written(of: house.Unit, *names: str) -> list[Conversation]:
    channel = house.webhook_channel(of)
    said = [
        house.message(f"m{name}", f"I am {name}", thread=name, **{"from": {"handle": name}})
        for name in names
    ]
    assert house.post_webhook(channel, house.event(said)).status_code < 300
    house.drain()
    rows = {row.thread: row for row in Conversation.objects.filter(channel=channel)}
    return [rows[name] for name in names]


def shown(client: Client, address: str = LIST) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.django_db
def test_the_admin_opens_on_the_inbox(client: Client, staff: house.Somebody) -> None:
    assert client.get("/admin/").url == LIST
    assert "All done" in shown(client)


@pytest.mark.django_db
def test_who_waits_longest_comes_first(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    anna, berta, carla = written(home, "anna", "berta", "carla")
    now = timezone.now()
    for row, hours in ((anna, 1), (berta, 30), (carla, 5)):
        Conversation.objects.filter(pk=row.pk).update(waiting_since=now - timedelta(hours=hours))
    page = shown(client)
    places = [page.index(f"I am {name}") for name in ("berta", "carla", "anna")]
    assert places == sorted(places)
    assert "30 h" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("open", {"anna", "berta"}),
        ("mine", {"berta"}),
        ("unassigned", {"anna"}),
        ("waiting", {"carla"}),
        ("snoozed", {"dora"}),
        ("closed", {"emma"}),
        ("spam", {"frida"}),
        ("all", {"anna", "berta", "carla", "dora", "emma", "frida"}),
        ("nonsense", {"anna", "berta"}),
    ],
)
def test_each_view_shows_its_own(
    client: Client, staff: house.Somebody, home: house.Unit, tab: str, expected: set[str]
) -> None:
    names = ("anna", "berta", "carla", "dora", "emma", "frida")
    _, berta, carla, dora, emma, frida = written(home, *names)
    services.set_assignee(berta, staff.employee)
    services.reply(carla, text="Here you are.", by=staff.acting)
    services.snooze(dora, until=timezone.now() + timedelta(days=1), by=staff.acting)
    services.close(emma, by=staff.acting)
    services.mark_spam(frida, by=staff.acting)
    page = shown(client, f"{LIST}?view={tab}")
    rows = page[page.find("data-rows") :]
    assert {name for name in names if f"<bdi>{name}</bdi>" in rows} == expected


@pytest.mark.django_db
@pytest.mark.parametrize("words", ["BERTA", "am berta", "I am bert"])
def test_search_finds_people_and_texts(
    client: Client, staff: house.Somebody, home: house.Unit, words: str
) -> None:
    written(home, "anna", "berta")
    page = shown(client, f"{LIST}?q={words}")
    assert "I am berta" in page
    assert "I am anna" not in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["q=%00", "q=%", "q='", "channel=x", "assignee=x", "page=-1", "page=99999999999999"]
)
def test_nonsense_in_the_address_is_no_filter(
    client: Client, staff: house.Somebody, home: house.Unit, query: str
) -> None:
    written(home, "anna")
    shown(client, f"{LIST}?{query}")


@pytest.mark.django_db
def test_staff_of_another_unit_sees_nothing_of_this_one(client: Client, home: house.Unit) -> None:
    (anna,) = written(home, "anna")
    other = house.unit("Other")
    person = house.somebody(house.department(other), name="Olga")
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=other)
    person.user.is_staff = True
    person.user.save()
    client.force_login(person.user)
    assert "I am anna" not in shown(client, f"{LIST}?view=all")
    assert "I am anna" not in shown(client, f"{LIST}?view=all&q=anna")
    assert "Shop" not in shown(client)
    since = (timezone.now() - timedelta(hours=1)).isoformat().replace("+", "%2B")
    live = client.get(f"{LIST}live/?view=all&since={since}")
    assert live.json() == {"changed": 0}
    for path in ("change/", "part/", "history/"):
        assert client.get(f"{LIST}{anna.pk}/{path}").status_code in {302, 404}
    message = anna.messages.get()
    assert client.get(f"{LIST}mails/{message.pk}/").status_code == 404
    for act in ("reply", "note", "close", "spam", "block"):
        answer = client.post(f"{LIST}{anna.pk}/do/{act}/", {"text": "x", "blocked": "yes"})
        assert answer.status_code == 404
    anna.refresh_from_db()
    assert (anna.status, anna.version, anna.messages.count()) == ("open", 0, 1)


@pytest.mark.django_db
def test_the_list_costs_the_same_for_one_row_and_for_many(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    written(home, "anna")
    shown(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        shown(client)
    written(home, *[f"n{number}" for number in range(20)])
    with CaptureQueriesContext(connection) as many:
        shown(client)
    assert len(many) == len(few) <= 14


@pytest.mark.django_db
def test_what_is_new_is_told_without_a_new_page(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    since = timezone.now().isoformat().replace("+", "%2B")
    assert client.get(f"{LIST}live/?view=open&since={since}").json() == {"changed": 0}
    written(home, "anna", "berta")
    answer = client.get(f"{LIST}live/?view=open&since={since}")
    assert json.loads(answer.content) == {"changed": 2}


@pytest.mark.django_db
def test_a_message_that_was_not_sent_is_seen_in_the_list(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    (anna,) = written(home, "anna")
    sent = services.reply(anna, text="Hello", by=staff.acting)
    Delivery.objects.filter(message=sent).update(state=DeliveryState.FAILED)
    assert "not sent" in shown(client, f"{LIST}?view=waiting")
