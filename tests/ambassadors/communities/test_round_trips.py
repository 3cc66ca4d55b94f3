"""A customer's question goes inside, is answered by a colleague, and goes back with its trace."""

import re

import pytest
from django.conf import settings
from django.test import Client

from ambassadors.communities import tasks
from ambassadors.communities.models import Community, Post, RoundTrip, Telling
from ambassadors.communities.services import join, open_community
from conversations.inbox.masking import without_people
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller, a_key, hear
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
ASKED = "Hello, I am Bob Miller (bob@x.example, +33 6 12 34 56 78). Which glue for order AB1234567?"


class World:
    def __init__(self):
        self.brand = house.unit()
        self.shop = house.department(self.brand, "Shop")
        self.lab = house.department(self.brand, "Lab")
        self.staff = house.somebody(self.shop, Role.STAFF, name="Camille")
        self.bea = house.somebody(self.lab, Role.AMBASSADOR, name="Bea")
        self.circle = open_community("Circle", dimension="internal", by=self.staff.acting)
        join(self.circle, by=self.bea.acting)
        who = {"handle": "bob", "name": "Bob Miller"}
        self.conversation = hear(house.webhook_channel(self.brand), ASKED, **{"from": who})
        self.path = f"conversations/{self.conversation.pk}"

    def ask(self, text="A customer wants to know which glue."):
        body = {"community": str(self.circle.pk), "title": "Glue", "text": text}
        answer = Caller(self.staff.user).post(f"{self.path}/round-trips/", body, key=a_key())
        assert answer.status_code == 201, answer.content
        return answer.json()

    def answer(self, trip, text="Take contact glue.", by=None):
        who = Caller((by or self.bea).user)
        return who.post(f"threads/{trip['thread']}/posts/", {"text": text}).json()

    def give_back(self, trip, post, text="Please take contact glue.", by=None):
        body = {"answer": post["id"], "text": text}
        who = Caller((by or self.staff).user)
        return who.post(f"round-trips/{trip['id']}/return/", body, key=a_key())


@pytest.fixture
def world():
    return World()


@pytest.fixture
def outbox(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "EMAIL_URL", tmp_path.as_uri())
    return tmp_path


def mails(outbox):
    return "\n".join(file.read_text() for file in sorted(outbox.rglob("*")) if file.is_file())


def test_personal_data_is_left_out_of_the_draft(world):
    told = Caller(world.staff.user).get(f"{world.path}/question/").json()
    assert told == {
        "title": "",
        "text": "Hello, I am [name] [name] ([address], [number]). Which glue for order [number]?",
    }


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("see https://shop.example/o/1?mail=a@b.example now", "see [link] now"),
        ("I am @ada on Mastodon, or @ada@social.example", "I am [name] on Mastodon, or [name]"),
        ("FR76 3000 6000 0112 3456 7890 189", "[number]"),
        ("Size 42, the 3 of them, in 2019", "Size 42, the 3 of them, in 2019"),
        ("BOB's shoe, and bobbing about", "[name]'s shoe, and bobbing about"),
        ("call 06.12.34.56.78 after 5", "call [number] after 5"),
    ],
)
def test_patterns_leave_out_what_says_who_somebody_is_and_keep_the_rest(said, left):
    assert without_people(said, names=["Bob Li"]) == left


def test_a_question_travels_inside_and_its_answer_back_to_the_customer(world):
    trip = world.ask()
    assert (trip["answered_by"], trip["reply"], trip["answered_at"]) == (None, None, None)
    post = world.answer(trip)
    returned = world.give_back(trip, post)
    assert returned.status_code == 200, returned.content
    told = returned.json()
    message = Message.objects.get(pk=told["reply"])
    assert message.text == "Please take contact glue."
    assert told["answered_by"]["name"] == "Bea"
    assert told["answered_at"] is None  # the provider has not taken it
    house.drain()
    Message.objects.filter(pk=message.pk).update(sent_at=message.occurred_at)
    Delivery.objects.filter(pk=message.pk).update(state=DeliveryState.SENT)
    tasks.note_answers()
    row = RoundTrip.objects.get()
    assert row.answered_at == message.occurred_at
    assert (row.via, row.post.via) == ("own", "own")
    inside = Caller(world.bea.user)
    thread = inside.get(f"threads/{trip['thread']}/").json()
    assert (thread["question"], thread["answered_at"] is not None) == (True, True)
    posts = inside.get(f"threads/{trip['thread']}/posts/").json()["results"]
    assert [each["returned"] for each in posts] == [False, True]
    [listed] = Caller(world.staff.user).get(f"{world.path}/round-trips/").json()["results"]
    assert listed["answered_at"] is not None


def test_an_answer_that_no_provider_took_answers_nothing(world):
    trip = world.ask()
    told = world.give_back(trip, world.answer(trip)).json()
    sent = Message.objects.filter(pk=told["reply"])
    sent.update(sent_at=sent.get().occurred_at)
    Delivery.objects.filter(pk=told["reply"]).update(state=DeliveryState.SENT)
    tasks.note_answers()
    Delivery.objects.filter(pk=told["reply"]).update(state=DeliveryState.FAILED)
    tasks.note_answers()
    assert RoundTrip.objects.get().answered_at is None
    assert world.give_back(trip, {"id": str(RoundTrip.objects.get().answer_id)}).status_code == 200


def test_who_reads_the_thread_does_not_see_the_conversation(world):
    trip = world.ask()
    bea = Caller(world.bea.user)
    told = bea.get(f"threads/{trip['thread']}/").json()
    assert told["conversation"] == {"id": None, "visible": False}
    assert told["question"] is True
    assert bea.get(f"{world.path}/").status_code == 404
    assert bea.get(f"{world.path}/question/").status_code == 404
    assert bea.get(f"{world.path}/round-trips/").status_code == 404
    before = row_counts()
    assert world.give_back(trip, world.answer(trip), by=world.bea).status_code == 404
    after = row_counts() | {"knox_authtoken": before["knox_authtoken"]}
    assert after["conversations_message"] == before["conversations_message"]


def test_nothing_is_returned_twice_nor_from_another_thread(world):
    trip, other = world.ask(), world.ask("Another question")
    post, foreign = world.answer(trip), world.answer(other)
    question = {"id": trip["thread"]}
    for wrong in (foreign, question):
        refused = world.give_back(trip, wrong)
        assert (refused.status_code, refused.json()["code"]) == (400, "no_answer")
    assert world.give_back(trip, post).status_code == 200
    again = world.give_back(trip, post)
    assert (again.status_code, again.json()["code"]) == (409, "returned")
    assert Message.objects.filter(direction="out").count() == 1


def test_a_community_closed_to_who_answers_hides_who_helped(world):
    trip = world.ask()
    world.give_back(trip, world.answer(trip))
    Community.objects.update(only_for=[world.lab.pk])
    [told] = Caller(world.staff.user).get(f"{world.path}/round-trips/").json()["results"]
    assert (told["thread"], told["community"], told["asked_by"]) == (None, None, None)
    assert (told["answered_by"], told["reply"] is not None) == (None, True)
    desk = Client()
    desk.force_login(world.staff.user)
    page = desk.get(f"/admin/conversations/conversation/{world.conversation.pk}/change/")
    assert "closed to you" in page.content.decode()
    assert "with Bea" not in page.content.decode()
    assert desk.get(f"/round-trips/{trip['id']}/return/").status_code == 404


def test_members_are_told_of_the_question_and_who_asked_of_the_answer(world, outbox):
    trip = world.ask()
    tasks.tell_due()
    tasks.tell_due()
    told = mails(outbox)
    assert told.count("A customer's question: Glue") == 1
    assert world.bea.user.email in told
    assert world.staff.user.email not in told
    world.answer(trip)
    tasks.tell_due()
    assert "Answered inside: Glue" in mails(outbox)
    assert Telling.objects.filter(sent_at=None).count() == 0


def test_what_was_withdrawn_before_the_mail_is_not_told(world, outbox):
    trip = world.ask("a slip of the pen")
    Caller(world.staff.user).post(f"posts/{trip['thread']}/withdraw/")
    tasks.tell_due()
    assert mails(outbox) == ""


# --- pages ---


@pytest.fixture
def desk(world):
    client = Client()
    client.force_login(world.staff.user)
    return client


def test_the_pages_ask_show_before_posting_and_return(world, desk):
    page = desk.get(f"/conversations/{world.conversation.pk}/ask/")
    assert "bob@x.example" not in page.content.decode()
    said = {"community": str(world.circle.pk), "title": "Glue", "text": "Which <b>glue</b>?"}
    shown = desk.post(f"/conversations/{world.conversation.pk}/ask/", said | {"step": "preview"})
    assert "Which &lt;b&gt;glue&lt;/b&gt;?" in shown.content.decode()
    assert not Post.objects.exists()
    posted = desk.post(f"/conversations/{world.conversation.pk}/ask/", said | {"step": "post"})
    trip = RoundTrip.objects.get()
    assert posted["Location"] == f"/threads/{trip.post_id}/"
    bea = Client()
    bea.force_login(world.bea.user)
    inside = bea.get(f"/threads/{trip.post_id}/").content.decode()
    assert "A conversation you may not see" in inside
    assert str(world.conversation.pk) not in inside
    assert "/return/" not in inside
    assert bea.get(f"/round-trips/{trip.pk}/return/").status_code == 404
    bea.post(f"/threads/{trip.post_id}/", {"text": "Contact glue."})
    form = desk.get(f"/round-trips/{trip.pk}/return/").content.decode()
    assert "Contact glue." in form
    version = re.search(r'name="expected_version" value="(\d+)"', form)[1]
    answer = Post.objects.get(text="Contact glue.")
    sent = desk.post(
        f"/round-trips/{trip.pk}/return/",
        {"answer": answer.pk, "text": "Use contact glue.", "expected_version": version},
    )
    assert sent.status_code == 302
    assert Message.objects.get(direction="out").text == "Use contact glue."
    assert "returned to the customer" in bea.get(f"/threads/{trip.post_id}/").content.decode()
    thread = desk.get(f"/admin/conversations/conversation/{world.conversation.pk}/change/")
    assert "with Bea" in thread.content.decode()


def test_who_answered_in_the_composer_keeps_who_helped(world, desk):
    trip = world.ask()
    staff, page = Caller(world.staff.user), f"/round-trips/{trip['id']}/return/"
    staff.say(world.conversation, "A moment, please.")
    body = {"answer": world.answer(trip)["id"], "step": "credit"}
    assert "You have answered already" not in desk.get(page).content.decode()
    assert desk.post(page, body).status_code == 409
    assert RoundTrip.objects.get().reply is None
    staff.say(world.conversation, "Contact glue it is.")
    assert "You have answered already" in desk.get(page).content.decode()
    assert desk.post(page, body).status_code == 302
    row = RoundTrip.objects.get()
    assert (row.reply.text, str(row.answer_id)) == ("Contact glue it is.", body["answer"])
    assert desk.post(page, body).status_code == 409
    assert Message.objects.filter(direction="out").count() == 2


def test_what_the_customer_wrote_meanwhile_stops_the_answer(world, desk):
    trip = world.ask()
    post = world.answer(trip)
    Conversation.objects.update(version=7)
    said = {"answer": post["id"], "text": "Use contact glue.", "expected_version": "6"}
    refused = desk.post(f"/round-trips/{trip['id']}/return/", said)
    assert refused.status_code == 409
    assert "Use contact glue." in refused.content.decode()
    assert not Message.objects.filter(direction="out").exists()


def test_an_ambassador_finds_what_they_carry_and_asks_inside(world):
    Conversation.objects.update(assignee=world.bea.employee)
    bea = Client()
    bea.force_login(world.bea.user)
    assert (
        f"/conversations/{world.conversation.pk}/ask/" in bea.get("/communities/").content.decode()
    )
    assert bea.get(f"/conversations/{world.conversation.pk}/ask/").status_code == 200
