"""After the end: taken up again or begun anew, and words that are kept for a time only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from conversations.channels.claiming import ingest
from conversations.channels.models import Channel, Envelope
from conversations.inbox import delivery, measures, retention, services
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    Message,
    MessageChange,
    Striking,
    UnmatchedReceipt,
)
from crm.journal.models import Act
from crm.organisation.models import User
from tests import house
from tests.api import matrix
from tests.api.hands import Caller, hear
from tests.conversations.editorial.plan import Desk, desk, provider

pytestmark = pytest.mark.django_db


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return desk()


@pytest.mark.parametrize(
    ("days", "ago", "goes_on"), [(14, 13, True), (14, 15, False), (0, 0, False), (400, 399, True)]
)
def test_a_closed_conversation_is_taken_up_again_for_the_channels_own_time(
    desk: Desk, days: int, ago: int, *, goes_on: bool
) -> None:
    Channel.objects.update(reopen_days=days)
    first = hear(desk.channel)
    services.close(first, by=desk.ada.acting)
    Conversation.objects.update(closed_at=timezone.now() - timedelta(days=ago))
    again = hear(desk.channel, "And now?")
    assert (again == first) is goes_on
    assert again.status == "open"
    assert Conversation.objects.count() == (1 if goes_on else 2)


def test_mail_that_answers_an_old_letter_begins_anew_and_then_goes_on_there(desk: Desk) -> None:
    channel = house.mail_channel(desk.channel.unit)

    def mail(number: int, *, answers: int = 0) -> Conversation:
        lines = ["From: bob@home.example", f"Message-ID: <{number}@home.example>"]
        if answers:
            lines += [f"In-Reply-To: <{answers}@home.example>", "References: <1@home.example>"]
        body = "\r\n".join([*lines, "", f"Letter {number}", ""]).encode()
        Envelope.objects.create(channel=channel, key=f"mail {number}", body=body)
        ingest()
        return Conversation.objects.get(messages__external_id=f"<{number}@home.example>")

    first = mail(1)
    services.close(first, by=desk.ada.acting)
    assert mail(2, answers=1) == first
    services.close(Conversation.objects.get(), by=desk.ada.acting)
    Conversation.objects.update(closed_at=timezone.now() - timedelta(days=15))
    second = mail(3, answers=2)
    assert second != first
    assert mail(4, answers=3) == second
    assert mail(5, answers=1) == second  # the thread goes on in the newer one


def test_words_are_struck_out_when_their_days_are_over_and_nothing_else_moves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LOCAL = True
    conversation = hear(desk.channel, "Where is my purple parcel?", attachments=matrix.FILES)
    answer = services.reply(conversation, text="On its way.", by=desk.ada.acting)
    with provider(monkeypatch):
        delivery.deliver(answer.pk)
    asked = Message.objects.get(direction="in")
    MessageChange.objects.create(
        channel=desk.channel, external_id="x", message=asked, kind="said", text="purple",
        said_at=timezone.now(),
    )  # fmt: skip
    UnmatchedReceipt.objects.create(channel=desk.channel, references=["y"], state="sent")
    Conversation.objects.update(subject="Purple")
    waits = services.reply(conversation, text="More.", by=desk.ada.acting)
    young = hear(desk.channel, "And this one?", thread="young")
    paths = list(Attachment.objects.values_list("file", flat=True))
    assert all(default_storage.exists(path) for path in paths)
    rows = _counted()
    assert retention.strike_due(at=timezone.now() + timedelta(days=400)) == 0  # kept for ever
    Channel.objects.update(keep_days=365)
    assert retention.strike_due(at=timezone.now() + timedelta(days=364)) == 0
    _age(days=366, but=young)
    assert retention.strike_due(at=timezone.now(), most=1) == 1  # a batch a turn
    assert retention.strike_due(at=timezone.now()) == 1
    assert retention.strike_due(at=timezone.now()) == 0
    _has_no_words(conversation, paths)
    assert Message.objects.get(pk=waits.pk).text == "More."  # not out yet
    assert young.messages.get().text == "And this one?"
    assert Act.objects.filter(verb="channel_words_struck").count() == 2
    assert _counted() == rows
    thread = asked.conversation.thread
    again = house.message(asked.external_id, "Where is my purple parcel?", thread=thread)
    house.post_webhook(desk.channel, house.event(again))
    ingest()
    assert not Message.objects.filter(text__contains="purple").exists()
    assert Envelope.objects.order_by("-pk")[0].reason == "duplicate"


def test_a_run_goes_on_where_the_last_one_stood_and_once_a_day_begins_anew(
    desk: Desk,
) -> None:
    old, late = (hear(desk.channel, "Purple?", thread=name) for name in ("old", "late"))
    young = hear(desk.channel, "And this one?", thread="young")
    Channel.objects.update(keep_days=30)
    _age(days=40, but=young)
    waits = services.reply(late, text="More.", by=desk.ada.acting)
    Message.objects.filter(pk=waits.pk).update(occurred_at=timezone.now() - timedelta(days=40))
    now = timezone.now()
    assert [retention.strike_due(at=now, most=1) for _ in range(3)] == [1, 1, 0]
    walk = Striking.objects.get()
    assert walk.messages_from == now - timedelta(days=30) == walk.envelopes_from
    Delivery.objects.filter(pk=waits.pk).update(state="sent")
    hour = timedelta(hours=1)
    assert retention.strike_due(at=now + hour) == 0  # what was passed over is found later
    assert retention.strike_due(at=now + timedelta(days=1)) == 1
    assert retention.strike_due(at=now + timedelta(days=30) - hour) == 0
    assert young.messages.get().text == "And this one?"
    assert retention.strike_due(at=now + timedelta(days=30) + hour) == 1
    assert not Message.objects.exclude(text="").exists()
    assert not Envelope.objects.exclude(body=b"").exists()
    assert not Conversation.objects.filter(pk=old.pk).exclude(subject="").exists()


def _counted() -> list[tuple[Any, ...]]:
    """What measures know of messages: which words of ours are the same is among it."""
    return [(row.id, row.text) for row in measures.messages()]


def _age(*, days: int, but: Conversation) -> None:
    then = timezone.now() - timedelta(days=days)
    Message.objects.exclude(conversation=but).update(occurred_at=then)
    young = but.messages.values("envelope")
    Envelope.objects.exclude(pk__in=young).update(received_at=then)
    UnmatchedReceipt.objects.update(received_at=then)
    Conversation.objects.exclude(pk=but.pk).update(last_message_at=then)


def _has_no_words(conversation: Conversation, paths: list[str]) -> None:
    struck = conversation.messages.exclude(delivery__state="queued")
    assert {(each.text, each.html, each.subject) for each in struck} == {("", "", "")}
    assert {tuple(each.notes) for each in struck} == {(retention.STRUCK,)}
    assert Conversation.objects.get(pk=conversation.pk).subject == ""
    assert not MessageChange.objects.exclude(text="").exists()
    assert not UnmatchedReceipt.objects.exists()
    assert set(Attachment.objects.values_list("name", "file", "state")) == {("", "", "lost")}
    assert not any(default_storage.exists(path) for path in paths)
    envelope = Envelope.objects.order_by("received_at")[0]
    assert (bytes(envelope.body or b""), envelope.headers) == (b"", {})
    assert Delivery.objects.filter(state="sent").count() == 1


def test_staff_say_how_long_conversations_go_on_and_owners_how_long_words_are_kept(
    desk: Desk,
) -> None:
    ada, path = Caller(desk.ada.user), f"channels/{desk.channel.pk}/"
    told = ada.get(path).json()
    assert (told["reopen_days"], told["keep_days"]) == (14, None)
    assert ada.patch(path, {"reopen_days": 30}).json()["reopen_days"] == 30
    for wrong in ({"reopen_days": -1}, {"reopen_days": None}, {"reopen_days": "9"}):
        assert ada.patch(path, wrong).status_code == 400
    refused = ada.patch(path, {"keep_days": 90})
    assert (refused.status_code, refused.json()["code"]) == (403, "owners_only")
    User.objects.filter(pk=desk.ben.user.pk).update(is_superuser=True)
    desk.ben.user.refresh_from_db()
    ben = Caller(desk.ben.user)
    assert ben.patch(path, {"keep_days": 0}).status_code == 400
    assert ben.patch(path, {"keep_days": 90}).json()["keep_days"] == 90
    assert ben.patch(path, {"keep_days": None}).json()["keep_days"] is None
