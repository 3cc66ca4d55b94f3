"""An idea born of a conversation: given, decided by its owner, its author told."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from ambassadors.communities import tasks
from ambassadors.communities.models import Insight
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller, a_key, hear
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


class World:
    def __init__(self):
        self.brand = house.unit()
        self.shop = house.department(self.brand, "Shop")
        self.lab = house.department(self.brand, "Lab")
        self.staff = house.somebody(self.shop, Role.STAFF, name="Camille")
        self.bea = house.somebody(self.lab, Role.AMBASSADOR, name="Bea")
        self.cid = house.somebody(self.lab, Role.AMBASSADOR, name="Cid")
        self.conversation = hear(house.webhook_channel(self.brand))

    def note(self, **more):
        body = {"conversation": str(self.conversation.pk), "text": "Sell the glue."} | more
        answer = Caller(self.staff.user).post("insights/", body, key=a_key())
        assert answer.status_code == 201, answer.content
        return answer.json()

    def owned(self):
        return self.note(owner=str(self.bea.employee.pk))


@pytest.fixture
def world():
    return World()


DECISION = {"outcome": "shipped", "why": "In the shop."}


def test_an_idea_goes_from_its_author_to_its_owner_and_back(world, tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "EMAIL_URL", tmp_path.as_uri())
    idea = world.owned()
    owner = Caller(world.bea.user)
    seen = owner.get(f"insights/{idea['id']}/").json()
    assert seen["conversation"] == {"id": None, "visible": False}
    decided = owner.post(f"insights/{idea['id']}/decide/", DECISION).json()
    assert (decided["outcome"], decided["why"], decided["told_at"]) == (
        "shipped",
        "In the shop.",
        None,
    )
    told = owner.post(f"insights/{idea['id']}/tell/").json()
    assert told["told_at"] >= told["decided_at"]
    tasks.tell_due()
    said = "".join(file.read_text() for file in tmp_path.rglob("*") if file.is_file())
    assert "An idea for you to decide" in said
    assert "What became of your idea" in said
    assert "In the shop." in said


def test_nobody_is_told_before_the_decision(world):
    idea = world.owned()
    refused = Caller(world.bea.user).post(f"insights/{idea['id']}/tell/")
    assert (refused.status_code, refused.json()["code"]) == (409, "undecided")
    assert Insight.objects.get().told_at is None


def test_only_the_owner_decides_once_and_says_why(world):
    idea = world.owned()
    for act, body in (("decide", DECISION), ("tell", None)):
        refused = Caller(world.staff.user).post(f"insights/{idea['id']}/{act}/", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "owner_only")
    owner = Caller(world.bea.user)
    no_reason = owner.post(f"insights/{idea['id']}/decide/", {"outcome": "shipped", "why": ""})
    assert no_reason.status_code == 400
    assert Insight.objects.get().decided_at is None
    assert owner.post(f"insights/{idea['id']}/decide/", DECISION).status_code == 200
    again = owner.post(f"insights/{idea['id']}/decide/", {"outcome": "rejected", "why": "No."})
    assert (again.status_code, again.json()["code"]) == (409, "decided")
    assert Insight.objects.get().outcome == "shipped"


def test_an_idea_is_seen_by_its_author_its_owner_and_who_sees_the_conversation(world):
    idea = world.owned()
    others = Caller(world.cid.user)
    before = row_counts()
    assert others.get("insights/").json()["results"] == []
    assert others.get(f"insights/{idea['id']}/").status_code == 404
    assert others.post(f"insights/{idea['id']}/decide/", DECISION).status_code == 404
    body = {"conversation": str(world.conversation.pk), "text": "Mine"}
    assert others.post("insights/", body).status_code == 400
    assert row_counts() == before
    assert len(Caller(world.bea.user).get("insights/", owned="true").json()["results"]) == 1
    given = Caller(world.bea.user).post(
        f"insights/{idea['id']}/give/", {"owner": str(world.cid.employee.pk)}
    )
    assert given.json()["owner"]["name"] == "Cid"
    assert len(others.get("insights/").json()["results"]) == 1


def test_what_waits_too_long_for_a_decision_is_shown(world):
    idea = world.owned()
    caller = Caller(world.staff.user)
    assert caller.get("insights/", state="overdue").json()["results"] == []
    Insight.objects.update(occurred_at=timezone.now() - timedelta(days=31))
    [late] = caller.get("insights/", state="overdue").json()["results"]
    assert (late["id"], late["overdue"]) == (idea["id"], True)
    desk = Client()
    desk.force_login(world.staff.user)
    page = desk.get("/ideas/").content.decode()
    assert "1 idea waits for a decision for more than 30 days." in page
    assert "overdue" in page


def test_an_idea_is_noted_and_decided_on_the_pages(world):
    desk, lab = Client(), Client()
    desk.force_login(world.staff.user)
    lab.force_login(world.bea.user)
    said = {"text": "Sell the glue.", "owner": str(world.bea.employee.pk)}
    assert desk.post(f"/conversations/{world.conversation.pk}/idea/", said).status_code == 302
    idea = Insight.objects.get()
    assert "Tell the author" not in lab.get("/ideas/").content.decode()
    lab.post(f"/ideas/{idea.pk}/decide/", DECISION)
    assert "Tell the author" in lab.get("/ideas/").content.decode()
    lab.post(f"/ideas/{idea.pk}/tell/")
    idea.refresh_from_db()
    assert idea.told_at is not None
    assert "author told" in desk.get("/ideas/").content.decode()
    assert lab.get(f"/conversations/{world.conversation.pk}/idea/").status_code == 404
