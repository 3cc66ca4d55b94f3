"""Ready answers: typed after "/", their gaps filled with what is known, the rest said."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conversations.knowledge.gaps import filled
from conversations.knowledge.models import ReadyAnswer
from crm.access.models import Role
from crm.contacts.models import Contact
from tests import house
from tests.api.hands import Caller, a_key, hear

pytestmark = pytest.mark.django_db
TEXT = "Dear {{first_name}}, order {{ order number }} left on {{today}}. {{agent}}"


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def sam(brand):
    return house.somebody(house.department(brand), Role.STAFF, name="Sam Lee")


@pytest.fixture
def asked(brand):
    channel = house.webhook_channel(brand)
    return hear(channel, "Where?", **{"from": {"handle": "b", "name": "Berta Miller"}})


def write(who, **fields):
    body = {"name": "left", "text": TEXT, **fields}
    return Caller(who.user).post("ready-answers/", body, key=a_key())


def offered(who, conversation):
    return Caller(who.user).get(f"conversations/{conversation.pk}/ready-answers/").json()["results"]


def test_gaps_are_filled_and_what_nobody_knows_is_said(asked, sam):
    assert write(sam).status_code == 201
    [answer] = offered(sam, asked)
    assert answer["text"].startswith("Dear Berta, order {{order number}} left on ")
    assert answer["text"].endswith(". Sam Lee")
    assert answer["missing"] == ["order number"]
    Contact.objects.update(name="berta@mail.example")
    [answer] = offered(sam, asked)
    assert answer["missing"] == ["first_name", "order number"]


@pytest.mark.parametrize(
    ("text", "said", "missing"),
    [
        ("{{a}} and {{ a }}", "1 and 1", ()),
        ("{{b}}", "{{b}}", ("b",)),
        ("{{c}} {{c}}", "{{c}} {{c}}", ("c",)),
        ("{a} {{}} {{{a}}}", "{a} {{}} {1}", ()),
        ("{{a\n}}", "{{a\n}}", ()),
    ],
)
def test_a_gap_is_two_braces_around_a_name(text, said, missing):
    found = filled(text, {"a": lambda: "1", "c": lambda: " "})
    assert (found.text, found.missing) == (said, missing)


def test_a_value_is_never_read_as_a_gap():
    found = filled("{{a}}", {"a": lambda: "{{b}}", "b": lambda: "secret"})
    assert found.text == "{{b}}"


def test_those_of_the_units_and_the_language_come_first(asked, brand, sam):
    other = house.unit("Other")
    write(sam, name="a", language="fr")
    write(sam, name="b", unit=brand.source_id)
    write(sam, name="c", unit=other.source_id)
    asked.language = "en"
    asked.save()
    assert [each["name"] for each in offered(sam, asked)] == ["b", "a"]


def test_ones_own_are_nobody_elses_and_shared_ones_are_the_staffs_too(asked, brand, sam):
    ada = house.somebody(house.department(brand), Role.AMBASSADOR, name="Ada")
    own = write(ada, name="mine", shared=False).json()["id"]
    shared = write(ada, name="ours").json()["id"]
    assert [each["name"] for each in offered(sam, asked)] == ["ours"]
    caller = Caller(sam.user)
    assert caller.patch(f"ready-answers/{own}/", {"text": "!"}).status_code == 404
    assert caller.patch(f"ready-answers/{shared}/", {"active": False}).status_code == 200
    ben = house.somebody(house.department(brand), Role.AMBASSADOR, name="Ben")
    refused = Caller(ben.user).patch(f"ready-answers/{shared}/", {"text": "!"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    assert offered(sam, asked) == []
    assert ReadyAnswer.objects.get(pk=own).text == TEXT


def test_a_name_is_taken_once(sam):
    assert write(sam, name="/left").json()["name"] == "left"
    refused = write(sam)
    assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    assert write(sam, language="fr").status_code == 201


def test_the_thread_offers_them_to_who_may_answer(client, asked, sam):
    write(sam)
    client.force_login(sam.user)
    page = client.get(f"/admin/conversations/conversation/{asked.pk}/change/").content.decode()
    address = f"/admin/conversations/readyanswer/for/{asked.pk}/"
    assert f'data-ready="{address}"' in page
    assert [each["name"] for each in client.get(address).json()["answers"]] == ["left"]
    elsewhere = house.somebody(house.department(house.unit("Other")), Role.AMBASSADOR)
    assert Caller(elsewhere.user).get(f"conversations/{asked.pk}/ready-answers/").status_code == 404


def test_many_cost_as_many_queries_as_one(asked, sam):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            offered(sam, asked)
        return len(queries)

    gaps = "{{agent}} {{unit}} {{subject}} {{channel}} {{today}}"
    write(sam, text=gaps)
    one = cost()
    for number in range(9):
        write(sam, name=f"n{number}", text=gaps)
    assert cost() == one


def test_the_staff_writes_them_in_the_admin(client, sam):
    client.force_login(sam.user)
    form = {"name": "left", "text": TEXT, "language": "en", "shared": "on", "active": "on"}
    assert client.post("/admin/conversations/readyanswer/add/", form).status_code == 302
    answer = ReadyAnswer.objects.get()
    assert (answer.owner, answer.name) == (sam.employee, "left")
    again = client.post("/admin/conversations/readyanswer/add/", form)
    assert b"you have one of this name already" in again.content
    form["text"] = "Other."
    page = f"/admin/conversations/readyanswer/{answer.pk}/change/"
    assert client.post(page, form).status_code == 302
    answer.refresh_from_db()
    assert answer.text == "Other."
