"""Communities through the API: who sees them, who writes in them, what they show."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ambassadors.communities.models import Community, Member, Post
from ambassadors.communities.services import join, open_community, start_thread, write_post
from crm.access.models import Role
from crm.contacts.models import Contact, Identity
from crm.organisation.models import User
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
        self.ada = house.somebody(self.shop, Role.AMBASSADOR, name="Ada")
        self.bea = house.somebody(self.lab, Role.AMBASSADOR, name="Bea")
        self.open = open_community("Circle", dimension="internal", by=self.staff.acting)
        self.closed = open_community(
            "Shop only", dimension="internal", only_for=[self.shop.pk], by=self.staff.acting
        )

    def thread(self, community=None, by=None, **words):
        said = {"title": "Glue", "text": "Which glue?"} | words
        return start_thread(community or self.open, by=(by or self.ada).acting, **said)


@pytest.fixture
def world():
    return World()


def results(answer):
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_the_staff_opens_a_community_and_moderates_it(world):
    body = {"name": "Partners", "dimension": "partner", "practice": True, "purpose": "Dealers."}
    key = a_key()
    answer = Caller(world.staff.user).post("communities/", body, key=key)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["name"], told["dimension"], told["practice"]) == ("Partners", "partner", True)
    assert (told["members"], told["joined"], told["moderated"]) == (1, True, True)
    again = Caller(world.staff.user).post("communities/", body, key=key)
    assert again.json() == told
    assert Community.objects.filter(name="Partners").count() == 1


def test_nobody_else_opens_one(world):
    caller, before = Caller(world.ada.user), row_counts()
    answer = caller.post("communities/", {"name": "X", "dimension": "social"})
    assert (answer.status_code, answer.json()["code"]) == (403, "staff_only")
    assert row_counts() == before


def test_nobody_opens_a_community_they_could_not_see(world):
    body = {"name": "X", "dimension": "social", "only_for": [str(world.lab.pk)]}
    answer = Caller(world.staff.user).post("communities/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "shuts_you_out")
    assert Community.objects.count() == 2


def test_a_closed_community_is_nowhere_for_another_department(world):
    opening = world.thread(world.closed, title="Discounts", text="Who gives them?")
    caller = Caller(world.bea.user)
    assert [each["name"] for each in results(caller.get("communities/"))] == ["Circle"]
    assert results(caller.get("threads/")) == []
    assert results(caller.get("threads/", search="discounts")) == []
    assert caller.get("threads/", community=str(world.closed.pk)).status_code == 400
    before = row_counts()
    for path in (
        f"communities/{world.closed.pk}/",
        f"communities/{world.closed.pk}/members/",
        f"threads/{opening.pk}/",
        f"threads/{opening.pk}/posts/",
    ):
        assert caller.get(path).status_code == 404
    for path, body in (
        (f"communities/{world.closed.pk}/join/", None),
        (f"threads/{opening.pk}/posts/", {"text": "me"}),
        (f"posts/{opening.pk}/withdraw/", None),
    ):
        assert caller.post(path, body).status_code == 404
    said = {"community": str(world.closed.pk), "title": "a", "text": "b"}
    refused = caller.post("threads/", said)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_community")
    assert row_counts() == before
    assert len(results(Caller(world.ada.user).get("threads/", search="DISCOUNTS"))) == 1


def test_who_left_the_company_or_never_was_in_it_sees_none(world):
    stranger = User.objects.create_user("guest@company.example", "x", name="Guest")
    assert results(Caller(stranger).get("communities/")) == []
    world.ada.employee.left_at = world.open.occurred_at
    world.ada.employee.save()
    assert results(Caller(world.ada.user).get("communities/")) == []
    assert Caller(world.ada.user).get(f"communities/{world.open.pk}/").status_code == 404


def test_joining_and_leaving_leaves_a_dated_row_each_time(world):
    caller = Caller(world.ada.user)
    for _ in range(2):
        assert caller.post(f"communities/{world.open.pk}/join/").json()["joined"] is True
    assert caller.post(f"communities/{world.open.pk}/leave/").json()["joined"] is False
    assert caller.post(f"communities/{world.open.pk}/join/").json()["members"] == 2
    rows = Member.objects.filter(employee=world.ada.employee).order_by("occurred_at")
    assert [row.left_at is None for row in rows] == [False, True]
    named = results(caller.get(f"communities/{world.open.pk}/members/"))
    assert [each["employee"]["name"] for each in named] == ["Camille", "Ada"]


def test_a_moderator_changes_the_community_and_a_member_does_not(world):
    join(world.open, by=world.ada.acting)
    ada, path = Caller(world.ada.user), f"communities/{world.open.pk}/"
    refused = ada.patch(path, {"purpose": "Mine."})
    assert (refused.status_code, refused.json()["code"]) == (403, "moderators_only")
    body = {"employee": str(world.ada.employee.pk), "moderator": True}
    assert ada.post(f"{path}members/", body).status_code == 403
    assert Caller(world.staff.user).post(f"{path}members/", body).json()["moderator"] is True
    changed = ada.patch(path, {"purpose": "Ours.", "only_for": [str(world.shop.pk)]})
    assert (changed.status_code, changed.json()["purpose"]) == (200, "Ours.")
    assert Caller(world.bea.user).get(path).status_code == 404


def test_a_community_keeps_a_moderator(world):
    body = {"employee": str(world.staff.employee.pk), "moderator": False}
    answer = Caller(world.staff.user).post(f"communities/{world.open.pk}/members/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "last_moderator")
    assert Member.objects.get(community=world.open).moderates


def test_a_thread_is_started_answered_and_told_in_exactly_the_promised_words(world):
    said = {"community": str(world.open.pk), "title": "Glue", "text": "Which one?\r\nOld shoe."}
    started = Caller(world.ada.user).post("threads/", said, key=a_key())
    assert started.status_code == 201, started.content
    thread = started.json()
    answer = Caller(world.bea.user).post(f"threads/{thread['id']}/posts/", {"text": "Contact glue"})
    assert answer.status_code == 201
    told = Caller(world.ada.user).get(f"threads/{thread['id']}/").json()
    assert told == {
        "id": thread["id"],
        "community": str(world.open.pk),
        "title": "Glue",
        "author": {
            "id": str(world.ada.employee.pk),
            "name": "Ada",
            "department": "Shop",
            "type": "employee",
        },
        "text": "Which one?\nOld shoe.",
        "conversation": None,
        "withdrawn": False,
        "returned": False,
        "question": False,
        "answered_at": None,
        "posts": 2,
        "created_at": thread["created_at"],
        "last_at": answer.json()["created_at"],
    }
    listed = results(Caller(world.bea.user).get(f"threads/{thread['id']}/posts/"))
    assert [post["text"] for post in listed] == ["Which one?\nOld shoe.", "Contact glue"]
    assert {post.via for post in Post.objects.all()} == {"own"}
    assert Member.objects.filter(employee=world.bea.employee, left_at=None).exists()


def test_threads_are_listed_by_their_last_post_and_found_by_any(world):
    first = world.thread(title="First")
    world.thread(title="Second")
    write_post(first, text="A word about GORE-TEX", by=world.bea.acting)
    caller = Caller(world.bea.user)
    assert [each["title"] for each in results(caller.get("threads/"))] == ["First", "Second"]
    assert [each["title"] for each in results(caller.get("threads/", search="gore-tex"))] == [
        "First"
    ]
    page = caller.get("threads/", page_size=1).json()
    assert [each["title"] for each in results(caller.get(page["next"]))] == ["Second"]


def test_an_imported_thread_is_read_and_answered_like_any_other(world):
    contact = Contact.objects.create(name="Bob", occurred_at=world.open.occurred_at)
    outside = Identity.objects.create(contact=contact, kind="email", handle="bob@x.example")
    old = Post.objects.create(
        community=world.open,
        thread="th-7",
        author_identity=outside,
        text="Hello from outside",
        occurred_at=world.open.occurred_at,
    )
    answer = Caller(world.ada.user).post(f"threads/{old.pk}/posts/", {"text": "Welcome"})
    assert answer.status_code == 201
    assert Post.objects.get(pk=answer.json()["id"]).thread == "th-7"
    told = Caller(world.ada.user).get(f"threads/{old.pk}/").json()
    assert told["author"] == {"id": None, "name": "Bob", "department": "", "type": "contact"}
    assert told["posts"] == 2
    assert Caller(world.ada.user).get(f"threads/{answer.json()['id']}/").status_code == 404


def test_a_mentioned_conversation_is_named_only_to_who_may_see_it(world):
    conversation = hear(house.webhook_channel(world.brand))
    body = {"community": str(world.open.pk), "title": "A case", "text": "See this"}
    body["conversation"] = str(conversation.pk)
    ada, before = Caller(world.ada.user), row_counts()
    refused = ada.post("threads/", body)
    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_conversation")
    assert row_counts() == before
    thread = Caller(world.staff.user).post("threads/", body).json()
    assert thread["conversation"] == {"id": str(conversation.pk), "visible": True}
    told = Caller(world.ada.user).get(f"threads/{thread['id']}/").json()
    assert told["conversation"] == {"id": None, "visible": False}
    assert str(conversation.pk) not in str(told)


def test_a_withdrawn_post_is_shown_and_found_no_more(world):
    opening = world.thread()
    post = write_post(opening, text="my secret", by=world.bea.acting)
    refused = Caller(world.ada.user).post(f"posts/{post.pk}/withdraw/")
    assert (refused.status_code, refused.json()["code"]) == (403, "moderators_only")
    assert Caller(world.bea.user).post(f"posts/{post.pk}/withdraw/").json()["withdrawn"] is True
    told = results(Caller(world.staff.user).get(f"threads/{opening.pk}/posts/"))
    assert [each["text"] for each in told] == ["Which glue?", ""]
    assert results(Caller(world.ada.user).get("threads/", search="secret")) == []


def test_lists_cost_the_same_number_of_queries_however_long_they_are(world):
    def queries(path):
        caller = Caller(world.staff.user)
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert len(results(caller.get(path))) > 0
        return len(counted)

    conversation = hear(house.webhook_channel(world.brand))
    opening = world.thread()
    paths = ("communities/", "threads/", f"threads/{opening.pk}/posts/")
    few = [queries(path) for path in paths]
    for number in range(6):
        open_community(f"C{number}", dimension="social", by=world.staff.acting)
        world.thread(by=world.bea, conversation=conversation)
        write_post(opening, text=str(number), by=world.bea.acting, conversation=conversation)
    many = [queries(path) for path in paths]
    assert many[0] == few[0]
    assert many[1] <= few[1] + 2  # which of the mentioned conversations are seen
    assert many[2] <= few[2] + 2
