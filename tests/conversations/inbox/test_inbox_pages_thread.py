"""The page of one conversation: what it shows, and what one does there."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from conversations.inbox import services
from conversations.inbox.models import (
    Conversation,
    Delivery,
    DeliveryState,
    Message,
    NeedsAnswer,
    Participant,
    ParticipantRole,
)
from conversations.knowledge.models import Article
from crm.access.models import Role
from tests import house
from tests.conversations.knowledge import shelf

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def home() -> house.Unit:
    return house.unit()


@pytest.fixture
def staff(home: house.Unit, client: Client) -> house.Somebody:
    person = house.somebody(house.department(home), Role.STAFF, name="Camille")
    client.force_login(person.user)
    return person


def asked(of: house.Unit, text: str = "Where is my parcel?", who: str = "bob") -> Conversation:
    channel = house.webhook_channel(of)
    said = house.message(text=text, **{"from": {"handle": who, "name": who.title()}})
    house.post_webhook(channel, house.event(said))
    house.drain()
    return Conversation.objects.get(channel=channel)


def page(client: Client, conversation: Conversation) -> str:
    answer = client.get(f"{LIST}{conversation.pk}/change/")
    assert answer.status_code == 200
    return str(answer.content.decode())


def do(client: Client, conversation: Conversation, act: str, **form: str) -> object:
    return client.post(f"{LIST}{conversation.pk}/do/{act}/", form)


@pytest.mark.django_db
def test_an_answer_is_queued_and_shown(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    article = shelf.published("Parcels", text="Parcels come by post.", by=staff)
    form = {"text": "It comes tomorrow.", "seen": "0", "articles": str(article.pk)}
    assert do(client, conversation, "reply", **form).status_code == 302
    message = Message.objects.get(direction="out")
    assert message.articles == [article.pk]
    assert message.delivery.state == DeliveryState.QUEUED
    shown = page(client, conversation)
    assert "It comes tomorrow." in shown
    assert "queued" in shown


@pytest.mark.django_db
def test_a_note_is_told_apart_and_goes_nowhere(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    do(client, conversation, "note", text="Careful, a journalist.")
    assert 'class="ib-message note"' in page(client, conversation)
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_who_wrote_meanwhile_is_seen_and_the_draft_is_kept(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    services.note(conversation, text="I am on it", by=staff.acting)
    answer = do(client, conversation, "reply", text="my long draft", seen="0")
    shown = answer.content.decode()
    assert answer.status_code == 409
    assert "somebody wrote meanwhile" in shown
    assert "I am on it" in shown
    assert ">my long draft</textarea>" in shown
    assert Message.objects.filter(direction="out", kind="reply").count() == 0


@pytest.mark.django_db
def test_the_script_is_told_the_same_as_json(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    path = f"{LIST}{conversation.pk}/do/reply/"
    headers = {"Accept": "application/json"}
    refused = client.post(path, {"text": " "}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (400, "empty")
    assert client.post(path, {"text": "Hello"}, headers=headers).status_code == 200


@pytest.mark.django_db
def test_after_closing_the_next_one_is_shown(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    first, second = asked(home, who="anna"), asked(home, who="berta")
    answer = do(client, first, "close", **{"from": "view=open"})
    assert answer.url == f"{LIST}{second.pk}/change/?from={quote('view=open', safe='')}"
    assert do(client, second, "close", **{"from": "view=open"}).url == f"{LIST}?view=open"
    assert set(Conversation.objects.values_list("status", flat=True)) == {"closed"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("spam", {}, "spam"),
        ("close", {}, "closed"),
        ("snooze", {"until": "2099-01-01T09:00:00+01:00"}, "snoozed"),
        ("snooze", {"until": "2099-01-01T09:00"}, "snoozed"),
        ("snooze", {"until": "2001-01-01T09:00"}, "open"),
        ("snooze", {"until": "soon"}, "open"),
        ("snooze", {"until": "2099-13-45T99:00"}, "open"),
    ],
)
def test_states_are_changed_from_the_page(
    client: Client,
    staff: house.Somebody,
    home: house.Unit,
    act: str,
    form: dict[str, str],
    status: str,
) -> None:
    conversation = asked(home)
    do(client, conversation, act, **form)
    conversation.refresh_from_db()
    assert conversation.status == status
    if status != "open":
        do(client, conversation, "reopen")
        conversation.refresh_from_db()
        assert conversation.status == "open"


@pytest.mark.django_db
def test_need_and_block_are_decided_on_the_page(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    do(client, conversation, "need", value="no")
    assert NeedsAnswer.objects.get().value is False
    do(client, conversation, "block", blocked="yes")
    conversation.identity.contact.refresh_from_db()
    assert conversation.identity.contact.blocked_at
    assert "Unblock this person" in page(client, conversation)


@pytest.mark.django_db
def test_a_failed_message_is_sent_again(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    sent = services.reply(conversation, text="Hello", by=staff.acting)
    Delivery.objects.update(state=DeliveryState.FAILED, cause="mailbox full")
    assert "mailbox full" in page(client, conversation)
    do(client, conversation, "retry", message=str(sent.pk))
    assert Delivery.objects.get().state == DeliveryState.QUEUED
    do(client, conversation, "retry", message="nonsense")
    assert Delivery.objects.get().state == DeliveryState.QUEUED


@pytest.mark.django_db
def test_acts_are_posted_never_fetched(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    assert client.get(f"{LIST}{conversation.pk}/do/close/").status_code == 405
    assert do(client, conversation, "explode").status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff.user)
    assert do(strict, conversation, "close").status_code == 403
    conversation.refresh_from_db()
    assert conversation.status == "open"


@pytest.mark.django_db
def test_the_part_is_empty_until_something_happens(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    shown = page(client, conversation)
    known = shown.split('data-known="')[1].split('"')[0]
    path = f"{LIST}{conversation.pk}/part/?known={known}"
    assert client.get(path).status_code == 204
    services.note(conversation, text="a fresh note", by=staff.acting)
    assert "a fresh note" in client.get(path).content.decode()


@pytest.mark.django_db
def test_what_a_stranger_wrote_is_text(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home, "<script>alert(1)</script> https://a.example/?x=1&y=<b>")
    shown = page(client, conversation)
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert 'rel="nofollow"' in shown


@pytest.mark.django_db
def test_a_mail_is_shown_in_a_locked_frame(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    message = conversation.messages.get()
    message.html = (
        '<p onclick="x()">Hi</p><script>alert(1)</script><img src="https://t.example/p.png">'
        '<a href="javascript:x()">a</a><a href="data:text/html,x">b</a><form action="/">f</form>'
    )
    message.save()
    answer = client.get(f"{LIST}mails/{message.pk}/")
    policy, body = answer["Content-Security-Policy"], answer.content.decode()
    for word in ("<script", "onclick", "javascript:", "data:text", "<form"):
        assert word not in body
    assert "sandbox" in policy
    assert "img-src data:;" in policy
    assert (
        "img-src data: https: http:"
        in client.get(f"{LIST}mails/{message.pk}/?images=1")["Content-Security-Policy"]
    )


@pytest.mark.django_db
def test_quotes_of_a_mail_are_folded(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    text = "Thanks!\n\nOn 3 May 2026, Camille wrote:\n> It comes tomorrow."
    conversation.messages.update(text=text, subject="Re: parcel")
    shown = page(client, conversation)
    assert "Quoted text" in shown
    assert shown.index("Thanks!") < shown.index("Quoted text") < shown.index("It comes tomorrow")


@pytest.mark.django_db
def test_staff_assigns_and_the_reason_is_shown(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    ada = house.ambassador(house.department(home, "Lab"), name="Ada")
    house.rule()
    conversation = asked(home)
    assert "offered to Ada" in page(client, conversation)
    form = {"employee": str(staff.employee.pk), "from": "view=open"}
    answer = client.post(f"/admin/ambassadors/offer/assign/{conversation.pk}/", form)
    assert answer.url.startswith(f"{LIST}{conversation.pk}/change/")
    conversation.refresh_from_db()
    assert conversation.assignee == staff.employee
    assert not Participant.objects.filter(user=ada.user, role=ParticipantRole.OFFERED).exists()


@pytest.mark.django_db
def test_articles_are_suggested_and_written_from_the_thread(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    shelf.published("Parcel late", text="A parcel takes three days.", by=staff)
    conversation = asked(home, "My parcel is late, where is the parcel?")
    assert 'data-insert="A parcel takes three days."' in page(client, conversation)
    services.reply(conversation, text="Three days at most.", by=staff.acting)
    answer = client.post(f"/admin/conversations/article/from/{conversation.pk}/")
    written = Article.objects.get(conversation=conversation)
    assert answer.url == f"/admin/conversations/article/{written.pk}/edit/"
    assert "Three days at most." in client.get(answer.url).content.decode()
    assert (written.state, written.author) == ("draft", staff.employee)


@pytest.mark.django_db
def test_a_panel_that_fails_takes_nothing_else_down(
    client: Client, staff: house.Somebody, home: house.Unit, settings: object
) -> None:
    settings.THREAD_PANELS = ["nowhere.panel", "conversations.knowledge.panels.panel"]
    assert "Suggested articles" in page(client, asked(home))


@pytest.mark.django_db
def test_a_long_thread_shows_its_end_first(
    client: Client, staff: house.Somebody, home: house.Unit
) -> None:
    conversation = asked(home)
    now = timezone.now()
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            channel=conversation.channel,
            direction="in",
            text=f"number {n}.",
            occurred_at=now + timedelta(seconds=n),
        )
        for n in range(250)
    )
    shown = page(client, conversation)
    assert "number 249." in shown
    assert "number 3." not in shown
    assert "Show 51 earlier messages" in shown
    everything = client.get(f"{LIST}{conversation.pk}/change/?earlier=1").content.decode()
    assert "number 3." in everything


@pytest.mark.django_db
def test_nonsense_for_an_id_is_not_found(client: Client, staff: house.Somebody) -> None:
    assert client.get(f"{LIST}nonsense/change/").status_code == 404
    assert client.get(f"{LIST}00000000-0000-0000-0000-000000000000/change/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("html", "said"),
    [("<script>x()</script>", "Nothing of its design"), ("<p>" * 20_000, "too large")],
)
def test_a_mail_without_anything_to_show_says_why(
    client: Client, staff: house.Somebody, home: house.Unit, html: str, said: str
) -> None:
    message = asked(home).messages.get()
    message.html = html
    message.save()
    assert said in client.get(f"{LIST}mails/{message.pk}/").content.decode()
