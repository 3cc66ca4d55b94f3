"""Reading, answering and ending conversations through the API."""

import json
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from conversations.inbox.models import Conversation, Message
from crm.access.models import IdempotencyKey, Role
from crm.access.tasks import forget_idempotency_keys
from crm.journal.models import Act
from tests import house
from tests.api.hands import Caller, a_key, hear, offered

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def staff(brand):
    return house.somebody(house.department(brand), Role.STAFF, name="Sam")


@pytest.fixture
def channel(brand):
    return house.webhook_channel(brand, callback_url="http://127.0.0.1:9/answer")


def test_a_conversation_is_told_in_exactly_the_promised_words(staff, channel):
    conversation = hear(channel)
    [found] = Caller(staff.user).get("conversations/").json()["results"]
    assert found == {
        "id": str(conversation.pk),
        "channel": str(channel.pk),
        "status": "open",
        "contact": {
            "id": str(conversation.identity.contact_id),
            "name": "Bob",
            "handle": "bob",
        },
        "assignee": None,
        "subject": "",
        "priority": "normal",
        "sla": None,
        "is_drill": False,
        "waiting_since": found["waiting_since"],
        "updated_at": found["updated_at"],
    }
    alone = Caller(staff.user).get(f"conversations/{conversation.pk}/").json()
    terms = alone.pop("answering")
    assert alone == found
    assert terms == {
        "why_not": "",
        "is_public": False,
        "replaces": False,
        "window_until": None,
        "longest": None,
        "files": terms["files"],
    }
    assert set(terms["files"] or {}) in ({"most", "largest", "together", "types"}, set())


def test_who_may_only_read_is_told_why_they_cant_answer(brand, staff, channel):
    conversation = hear(channel)
    asked = house.ambassador(house.department(brand, name="Lab"), name="Ada")
    offered(asked)
    path, caller = f"conversations/{conversation.pk}/", Caller(asked.user)
    why_not = caller.get(path).json()["answering"]["why_not"]
    assert why_not == "You may read this conversation; whoever accepted it answers."
    Caller(staff.user).post(f"{path}close/")
    channel.closed_at = timezone.now()
    channel.save()
    told = Caller(staff.user).get(path).json()["answering"]["why_not"]
    assert told == "This channel is disconnected: nothing can be sent."


def test_messages_are_told_oldest_first_with_their_author_delivery_and_files(staff, channel):
    files = [{"name": "a.txt", "type": "text/plain", "base64": "aGVsbG8="}]
    conversation = hear(channel, message_id="first", attachments=files)
    caller = Caller(staff.user)
    assert caller.say(conversation, "Tomorrow.").status_code == 201
    assert caller.say(conversation, "A regular.", kind="note").status_code == 201
    first, reply, note = caller.get(f"conversations/{conversation.pk}/messages/").json()["results"]
    assert list(first) == [
        "id", "external_id", "direction", "kind", "author", "text", "attachments",
        "received_at", "sent_at", "edited_at", "deleted_at", "delivery",
    ]  # fmt: skip
    assert (first["external_id"], first["direction"], first["delivery"]) == ("first", "in", None)
    assert first["author"]["type"] == "contact"
    assert first["author"]["name"] == "Bob"
    [file] = first["attachments"]
    assert (file["name"], file["type"], file["size"]) == ("a.txt", "text/plain", 5)
    assert reply["author"] == {"id": str(staff.employee.pk), "name": "Sam", "type": "employee"}
    assert reply["delivery"] == {"state": "queued", "cause": "", "trouble": ""}
    assert (note["kind"], note["delivery"]) == ("note", None)


def test_a_file_is_a_download_for_those_who_see_its_conversation(staff, brand, channel, client):
    name = "../\u202e<b>\r\nSet-Cookie: a.html"
    files = [{"name": name, "type": "text/html", "base64": "PGI+"}]
    conversation = hear(channel, attachments=files)
    caller = Caller(staff.user)
    messages = caller.get(f"conversations/{conversation.pk}/messages/").json()["results"]
    url = messages[0]["attachments"][0]["url"]
    response = caller.get(url)
    assert b"".join(response.streaming_content) == b"<b>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert "Set-Cookie" not in response
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    client.force_login(staff.user)
    response = client.get(url)
    assert b"".join(response.streaming_content) == b"<b>"
    stranger = house.ambassador(house.department(brand))
    assert Caller(stranger.user).get(url).status_code == 404
    anonymous = Caller().get(url)
    assert (anonymous.status_code, anonymous["WWW-Authenticate"]) == (401, "Bearer")


def test_updated_since_includes_its_instant_and_moves_with_each_message(staff, channel):
    conversation = hear(channel)
    caller = Caller(staff.user)
    before = caller.get(f"conversations/{conversation.pk}/").json()["updated_at"]
    hear(channel, "Anybody there?")
    after = caller.get(f"conversations/{conversation.pk}/").json()["updated_at"]
    assert after > before
    for since, found in ((before, 1), (after, 1), (after.replace("Z", "+00:00"), 1)):
        assert len(caller.get("conversations/", updated_since=since).json()["results"]) == found
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert caller.get("conversations/", updated_since=later).json()["results"] == []
    # a plus that nobody escaped
    bare = caller.get("/api/v1/conversations/?updated_since=" + after.replace("Z", "+00:00"))
    assert len(bare.json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"status": "open"}, 1),
        ({"status": "closed"}, 0),
        ({"status": ["closed", "open"]}, 1),
        ({"handle": "BOB"}, 1),
        ({"handle": "bo"}, 0),
        ({"assignee": "none"}, 1),
        ({"assignee": "me"}, 0),
        ({"unit": "brand-1"}, 1),
        ({"language": "fr"}, 1),
        ({"language": "en"}, 0),
        ({"status": "", "handle": ""}, 1),
    ],
)
def test_conversations_are_narrowed_by(query, found, staff, brand, channel):
    brand.key = "brand-1"
    brand.save()
    conversation = hear(channel)
    Conversation.objects.filter(pk=conversation.pk).update(language="fr")
    answer = Caller(staff.user).get("conversations/", **query)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["results"]) == found


def test_pages_show_every_row_once_forwards_and_backwards(staff, channel):
    for number in range(7):
        hear(channel, thread=f"t{number}")
    moment = timezone.now()
    Conversation.objects.update(updated_at=moment)  # ties: the id settles them
    caller = Caller(staff.user)
    url, seen, pages = "/api/v1/conversations/?page_size=3", [], []
    while url:
        page = caller.get(url).json()
        pages.append([row["id"] for row in page["results"]])
        seen += pages[-1]
        url, last = page["next"], page
    assert len(seen) == len(set(seen)) == 7
    back = caller.get(last["previous"]).json()
    assert [row["id"] for row in back["results"]] == pages[1]
    first = caller.get(back["previous"]).json()
    assert [row["id"] for row in first["results"]] == pages[0]
    assert first["previous"] is None


def test_a_list_costs_the_same_however_many_rows(staff, channel, django_assert_max_num_queries):
    for number in range(5):
        conversation = hear(channel, thread=f"t{number}")
    caller = Caller(staff.user)
    for text in ("One.", "Two.", "Three."):
        caller.say(conversation, text)
    with django_assert_max_num_queries(6):
        assert len(caller.get("conversations/").json()["results"]) == 5
    with django_assert_max_num_queries(8):
        messages = caller.get(f"conversations/{conversation.pk}/messages/")
        assert len(messages.json()["results"]) == 4


def test_a_repeated_key_gives_the_same_message_and_says_so(staff, channel):
    conversation = hear(channel)
    caller, key = Caller(staff.user), a_key()
    path, body = f"conversations/{conversation.pk}/messages/", {"text": "Yes.", "kind": "reply"}
    first = caller.post(path, body, key=key)
    again = caller.raw("POST", path, json.dumps(body, indent=4).encode(), "application/json",
                       **{"Idempotency-Key": key})  # fmt: skip
    assert first.status_code == 201
    assert "Idempotent-Replayed" not in first
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    assert again.json() == first.json()
    other = caller.post(path, {**body, "text": "No."}, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    without = caller.post(path, body)
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    assert Message.objects.filter(direction="out").count() == 1


def test_a_refused_write_does_not_use_its_key_up(staff, channel):
    conversation = hear(channel)
    caller, key = Caller(staff.user), a_key()
    path = f"conversations/{conversation.pk}/messages/"
    assert caller.post(path, {"text": " ", "kind": "reply"}, key=key).status_code == 400
    assert caller.post(path, {"text": "Yes.", "kind": "reply"}, key=key).status_code == 201


def test_the_same_key_of_another_person_is_another_key(staff, brand, channel):
    conversation = hear(channel)
    other = house.somebody(house.department(brand), Role.STAFF)
    body, key = {"text": "Yes.", "kind": "note"}, a_key()
    path = f"conversations/{conversation.pk}/messages/"
    assert Caller(staff.user).post(path, body, key=key).status_code == 201
    answer = Caller(other.user).post(path, body, key=key)
    assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_many_times_at_once_writes_one_message(staff, channel):
    conversation = hear(channel)
    caller, key = Caller(staff.user), a_key()
    path, body = f"conversations/{conversation.pk}/messages/", {"text": "Yes.", "kind": "reply"}
    answers = []

    def post() -> None:
        answers.append(caller.post(path, body, key=key))
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 7
    assert Message.objects.filter(direction="out").count() == 1


def test_answers_to_repeats_are_forgotten_after_a_day(staff, channel):
    conversation = hear(channel)
    Caller(staff.user).say(conversation, "Yes.")
    forget_idempotency_keys()
    assert IdempotencyKey.objects.count() == 1
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    forget_idempotency_keys()
    assert IdempotencyKey.objects.count() == 0


def test_closing_twice_is_no_error_and_leaves_one_line(staff, channel):
    conversation = hear(channel)
    caller = Caller(staff.user)
    for _ in range(2):
        answer = caller.post(f"conversations/{conversation.pk}/close/")
        assert (answer.status_code, answer.json()["status"]) == (200, "closed")
    assert Act.objects.filter(verb="conversation_closed").count() == 1
    act = Act.objects.get(verb="conversation_closed")
    assert (act.actor, act.via) == (staff.user, "own")
    assert act.session.startswith("token:")


def test_a_snoozed_conversation_sleeps_until_a_moment_to_come(staff, channel):
    conversation = hear(channel)
    caller = Caller(staff.user)
    until = (timezone.now() + timedelta(hours=2)).isoformat()
    answer = caller.post(f"conversations/{conversation.pk}/snooze/", {"until": until})
    assert (answer.status_code, answer.json()["status"]) == (200, "snoozed")
    past = (timezone.now() - timedelta(hours=2)).isoformat()
    refused = caller.post(f"conversations/{conversation.pk}/snooze/", {"until": past})
    assert (refused.status_code, refused.json()["code"]) == (400, "in_the_past")


def test_staff_assign_and_the_assignee_is_named(staff, brand, channel):
    conversation = hear(channel)
    ada = house.ambassador(house.department(brand))
    answer = Caller(staff.user).post(
        f"conversations/{conversation.pk}/assign/", {"employee": str(ada.employee.pk)}
    )
    assert answer.status_code == 200, answer.content
    assert answer.json()["assignee"] == {"id": str(ada.employee.pk), "name": "Ada"}
    mine = Caller(ada.user).get("conversations/", assignee="me").json()["results"]
    assert [each["id"] for each in mine] == [str(conversation.pk)]
