"""The load board: who carries what, by groups that hide no one person's figures."""

import csv
import io
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ambassadors.communities.load import load_of
from ambassadors.communities.services import open_community, start_thread, write_post
from conversations.inbox.models import Conversation
from conversations.inbox.services import close, reply, set_assignee
from crm.access.models import Role, RoleGrant
from crm.organisation.groups import too_small
from crm.organisation.services import save_employee
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller, hear

pytestmark = pytest.mark.django_db


class World:
    """A social team of one, a shop of six, a lab of two and a store of five."""

    def __init__(self):
        self.brand = house.unit()
        self.shop = house.department(self.brand, "Shop")
        self.lab = house.department(self.brand, "Lab")
        self.store = house.department(self.brand, "Store")
        self.chief = house.somebody(self.shop, Role.EXECUTIVE, name="Chief")
        self.staff = house.somebody(self.shop, Role.STAFF, name="Camille")
        self.staff.employee.social_team = True
        save_employee(self.staff.employee, by=AUTOMATION)
        self.sellers = [house.somebody(self.shop, Role.AMBASSADOR) for _ in range(5)]
        self.lab_people = [house.somebody(self.lab, Role.AMBASSADOR) for _ in range(2)]
        self.keepers = [house.somebody(self.store, Role.AMBASSADOR) for _ in range(5)]
        self.channel = house.webhook_channel(self.brand)

    def asked(self, thread, by=None):
        conversation = hear(self.channel, thread=thread, **{"from": {"handle": thread}})
        if by is not None:
            set_assignee(conversation, by.employee)
            reply(conversation, text="Yes.", by=by.acting)
        return conversation


@pytest.fixture
def world():
    return World()


def carried(load, side="outside"):
    counts = getattr(load, side).counts
    names = {group.key: group.name for group in load.groups} | {"nobody": "nobody"}
    return {names[key]: sum(counted.values()) for key, counted in counts.items() if counted}


def test_the_load_is_split_by_who_answered_first(world):
    world.asked("a", world.staff)
    world.asked("b", world.sellers[0])
    world.asked("c", world.sellers[1])
    world.asked("d")
    close(world.asked("e"), by=world.staff.acting)  # needed no answer
    found = carried(load_of(world.chief.user))
    assert found == {"Social team": 1, "Shop": 2, "nobody": 1}


def test_an_answer_to_an_earlier_question_carries_no_later_one(world):
    conversation = world.asked("a", world.sellers[0])
    set_assignee(conversation, None)
    a_week_ago = timezone.now() - timedelta(days=7)
    conversation.messages.update(occurred_at=a_week_ago)
    hear(world.channel, "And now?", thread="a", **{"from": {"handle": "a"}})
    load = load_of(world.chief.user)
    assert load.outside.counts["nobody"] == Counter({load.weeks[-1]: 1})
    assert load.outside.counts[str(world.shop.pk)] == Counter({load.weeks[-2]: 1})


def test_a_small_department_is_never_shown_apart(world):
    world.asked("a", world.lab_people[0])
    load = load_of(world.chief.user)
    sizes = {group.name: group.people for group in load.groups}
    assert sizes == {"Social team": 1, "Shop": 6, "Smaller departments together": 7}
    assert carried(load) == {"Smaller departments together": 1}


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": 9, "b": 6}, set()),
        ({"a": 9, "b": 4, "c": 3}, {"b", "c"}),
        ({"a": 9, "b": 6, "c": 3}, {"b", "c"}),  # c alone would be told by what is missing
        ({"a": 9, "b": 6, "c": 0}, {"c"}),
        ({"a": 2, "b": 1}, {"a", "b"}),
    ],
)
def test_small_departments_are_hidden_behind_at_least_five_people(sizes, hidden):
    assert too_small(Counter(sizes)) == hidden


def test_a_company_too_small_to_tell_apart_is_one_group(world):
    for person in [*world.sellers, *world.keepers, world.chief]:
        person.employee.left_at = timezone.now()
        save_employee(person.employee, by=AUTOMATION)
    world.asked("a", world.lab_people[0])
    world.asked("b", world.staff)
    assert carried(load_of(world.staff.user)) == {"Everybody who answers": 2}


def test_inside_a_thread_is_carried_by_the_first_colleague_who_answers(world):
    circle = open_community("Circle", dimension="internal", by=world.staff.acting)
    said = {"title": "Glue", "text": "Which?"}
    opening = start_thread(circle, by=world.staff.acting, **said)
    write_post(opening, text="Please?", by=world.staff.acting)
    write_post(opening, text="This.", by=world.keepers[0].acting)
    start_thread(circle, by=world.sellers[0].acting, **said)
    load = load_of(world.chief.user)
    assert carried(load, "inside") == {"Smaller departments together": 1, "nobody": 1}


def test_staff_of_a_unit_sees_the_load_of_that_unit_only(world):
    other = house.unit("Other")
    guest = house.somebody(house.department(other), name="Olga")
    RoleGrant.objects.create(user=guest.user, role=Role.STAFF, unit=other)
    world.asked("a", world.staff)
    assert carried(load_of(guest.user)) == {}
    assert carried(load_of(world.staff.user)) == {"Social team": 1}


def test_the_page_the_csv_and_the_api_give_the_same_numbers(world):
    world.asked("a", world.staff)
    world.asked("b")
    world.channel.unit.name = "=cmd"
    client = Client()
    client.force_login(world.chief.user)
    page = client.get("/load/").content.decode()
    assert "Nobody yet" in page
    assert "Nothing in these weeks" in page  # inside
    lines = list(csv.reader(io.StringIO(client.get("/load/?format=csv").content.decode())))
    assert sum(int(line[4]) for line in lines[1:] if line[0] == "outside") == 2
    told = Caller(world.chief.user).get("load/", weeks="8").json()
    by_key = {each["key"]: each for each in told["outside"]}
    assert sum(by_key["social"]["counts"]) == 1
    assert (sum(by_key["nobody"]["counts"]), by_key["nobody"]["now"]) == (1, 1)
    assert len(told["weeks"]) == 8
    assert Caller(world.chief.user).get("load/", weeks="0").status_code == 400
    assert not any("Ada" in line[2] for line in lines)


def test_nobody_else_reads_the_board(world):
    client = Client()
    assert client.get("/load/").status_code == 302
    client.force_login(world.sellers[0].user)
    assert client.get("/load/").status_code == 403
    assert Caller(world.sellers[0].user).get("load/").status_code == 403


def test_the_board_costs_the_same_number_of_queries_however_large_the_company(world):
    def queries():
        with CaptureQueriesContext(connection) as counted:
            load_of(world.staff.user)
        return len(counted)

    few = queries()
    for number in range(5):
        somebody = house.somebody(house.department(world.brand, f"D{number}"), Role.STAFF)
        world.asked(f"q{number}", somebody)
    assert Conversation.objects.count() == 5
    assert queries() == few <= 8
