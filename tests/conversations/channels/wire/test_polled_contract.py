"""What the adapter of every account that is read, or heard on a line, keeps to, each against a
small world of its network.

The engines: `test_polling.py` (against a dummy) and `test_holding.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.utils import timezone

from conversations.channels import claiming, connecting, holding, polling
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel, ChannelHealth, Envelope, Polling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Publisher
from conversations.channels.wire.provider import Door, Held, NotConnected, Polled
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import delivery
from conversations.inbox.enclosing import taken_in
from conversations.inbox.models import Conversation, Delivery, Message
from conversations.inbox.services import reply
from conversations.inbox.windows import is_public
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.conversations.channels.wire.test_contract import _told as told
from tests.conversations.channels.wire.worlds.bluesky import BlueskyWorld
from tests.conversations.channels.wire.worlds.discord import DiscordWorld
from tests.conversations.channels.wire.worlds.google import GoogleWorld
from tests.conversations.channels.wire.worlds.mastodon import MastodonWorld
from tests.conversations.channels.wire.worlds.matrix import MatrixWorld

PAYLOADS = Path(__file__).resolve().parents[1] / "payloads"
WORLDS: list[Any] = [BlueskyWorld, DiscordWorld, GoogleWorld, MastodonWorld, MatrixWorld]
WITH_CHATS: list[Any] = [world for world in WORLDS if world is not GoogleWorld]
BY_NETWORK = pytest.mark.parametrize("make", WORLDS, ids=lambda world: world.kind)
BY_CHATTING_NETWORK = pytest.mark.parametrize("make", WITH_CHATS, ids=lambda world: world.kind)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(holding, "WITHIN", 0.0)

    def connected(world: Any) -> Channel:
        monkeypatch.setitem(CHANNELS, world.kind, world.adapter())
        forget_channels()
        return connecting.connect(
            house.unit(), kind=world.kind, name=world.kind, values=world.values, by=AUTOMATION
        )

    return connected


def look() -> None:
    """One reading of each account, or all that its line has to say, is taken in."""
    Polling.objects.update(due_at=timezone.now(), claimed_at=None)
    _look_at_all_again()
    polling.read_due()
    if (claimed := holding.claim()) is not None:
        holding.hold(claimed, told_to_stop=DiscordWorld.latest.heard())
    claiming.ingest()


def _look_at_all_again() -> None:
    for row in Polling.objects.all():  # late mentions are looked at every few minutes only
        row.cursor.pop("looked", None)
        row.save(update_fields=["cursor"])


def account(world: Any) -> Account:
    card = world.adapter().card
    address = next(world.values[each.name] for each in card.fields if each.address)
    return Account(address=address.lower(), credentials=world.values)


def test_every_polled_account_of_the_registry_is_held_against_the_contract() -> None:
    read = {kind for kind, each in CHANNELS.items() if isinstance(each, Polled | Held)}
    assert read == {world.kind for world in WORLDS}
    for world in WORLDS:
        adapter = world().adapter()
        silent = {"discord", "matrix", "google_reviews"}
        assert isinstance(adapter, Publisher) or world.kind in silent
        assert not isinstance(adapter, Door)
        assert not adapter.verify(account(world()), b"{}", {})
        assert adapter.card.steps
        assert all(each.label and each.help for each in adapter.card.fields)


@BY_NETWORK
def test_every_payload_gives_our_words(make: Any, subtests: Any) -> None:
    world = make()
    payloads = json.loads((PAYLOADS / f"{world.kind}.json").read_text("utf-8"))
    for payload in payloads:
        with subtests.test(payload["name"]):
            assert payload["source"]
            body = json.dumps(payload["body"]).encode()
            items = world.adapter().parse(account(world), body, {})
            wanted = payload["items"]
            assert [told(one, like) for one, like in zip(items, wanted, strict=True)] == wanted


@pytest.mark.django_db
@BY_NETWORK
def test_what_is_said_comes_once_and_is_answered_where_it_was_said(make: Any, connect: Any) -> None:
    world = make()
    world.say("long before we were connected", ago=1)
    channel = connect(world)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    look()
    assert not Message.objects.exists()
    first = world.say("Where is my parcel?")
    look()
    Polling.objects.update(
        cursor={"from": Polling.objects.get().channel.source.occurred_at.isoformat()}
    )
    look()  # the cursor was lost: all is read anew
    [message] = Message.objects.all()
    assert (message.external_id, message.direction) == (first, "in")
    assert "Where is my parcel?" in message.text
    assert message.conversation.identity is not None
    assert message.conversation.identity.handle == world.handle_of_bob.casefold()
    assert is_public(message.conversation) is bool(world.adapter().card.public)

    answer = reply(message.conversation, text="On its way.", by=sam.acting)
    delivery.deliver(answer.pk)
    [sent] = world.sent
    assert sent.text.endswith("On its way.")
    assert sent.below in {first, ""}
    answer.refresh_from_db()
    assert (answer.external_id, answer.delivery.state) == (sent.id, "sent")
    look()
    assert Message.objects.count() == 2  # our own came back

    world.say("Thanks!", below=sent.id)
    look()
    assert Conversation.objects.count() == 1
    there = world.answer_there("You are welcome.", below=first)
    look()
    look()
    said = list(Message.objects.order_by("occurred_at", "pk").values_list("direction", "text"))
    assert [direction for direction, _ in said] == ["in", "out", "in", "out"]
    assert said[-1][1] == "You are welcome."
    assert Message.objects.get(external_id=there).author_employee is None
    assert set(Envelope.objects.values_list("state", flat=True)) <= {"done", "ignored"}


@pytest.mark.django_db
@BY_CHATTING_NETWORK
def test_a_question_to_few_is_never_answered_to_everybody(make: Any, connect: Any) -> None:
    world = make()
    channel = connect(world)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    look()
    world.say("My order number is 4711", few=True)
    look()
    [conversation] = Conversation.objects.all()
    assert not is_public(conversation)
    answer = reply(conversation, text="Thank you.", by=sam.acting)
    delivery.deliver(answer.pk)
    assert [each.audience for each in world.sent] == ["few"]
    look()
    assert Message.objects.count() == 2


@pytest.mark.django_db
@BY_NETWORK
def test_more_than_a_page_is_all_brought_and_one_that_is_unreadable_costs_itself(
    make: Any, connect: Any
) -> None:
    world = make()
    connect(world)
    world.say("first")
    look()
    for number in range(130):
        world.say(f"number {number}")
        if number == 60:
            world.say_rubbish()
    for _ in range(6):
        look()
    texts = [
        each.rpartition("number ")[2] for each in Message.objects.values_list("text", flat=True)
    ]
    assert set(map(str, range(130))) <= set(texts)
    assert len(texts) == 131
    assert Polling.objects.get().failures == 0


@pytest.mark.django_db
@BY_NETWORK
def test_what_its_author_changes_or_takes_back_follows_here(make: Any, connect: Any) -> None:
    world = make()
    connect(world)
    first, second = world.say("Mistake"), world.say("Secret")
    look()
    if "edits" in world.kept:
        world.edit(first, "Corrected")
        look()
        message = Message.objects.get(external_id=first)
        assert message.text.endswith("Corrected")
        assert message.edited_at is not None
    if "deletes" in world.kept:
        world.take_back(second)
        look()
        look()
        message = Message.objects.get(external_id=second)
        assert (message.text, message.deleted_at is None) == ("", False)
        assert not Envelope.objects.filter(body__contains=b"Secret").exists()
    assert Message.objects.get(external_id=first).deleted_at is None


@pytest.mark.django_db
@BY_NETWORK
def test_a_reading_says_what_is_wrong_and_the_cursor_stays(
    make: Any, connect: Any, subtests: Any
) -> None:
    world = make()
    connect(world)
    world.say("Hello")
    troubles = [
        (httpx.Response(429, json={}, headers={"retry-after": "120"}), None, 120),
        (httpx.Response(401, json={"error": "ExpiredOrWrong"}), False, 0),
        (httpx.Response(503, text="<html>"), None, 0),
        (httpx.Response(200, text="<html>a captive portal"), None, 0),
        (httpx.ConnectError("no"), None, 0),
        (httpx.ReadTimeout("slow"), None, 0),
    ]
    for trouble, works, wait in troubles:
        with subtests.test(str(trouble)):
            ChannelHealth.objects.update(works=None, cause="")
            before = Polling.objects.get().cursor
            world.trouble = trouble
            now = timezone.now()
            look()
            row, health = Polling.objects.get(), ChannelHealth.objects.get()
            assert (health.works, bool(health.cause)) == (works, True)
            assert {k: v for k, v in row.cursor.items() if k != "looked"} == before
            assert (row.due_at - now).total_seconds() >= wait
            assert not any(secret in health.cause for secret in world.secrets)
    assert not Envelope.objects.exists()
    world.trouble = None
    look()
    assert Message.objects.count() == 1
    assert ChannelHealth.objects.get().works is True


@BY_NETWORK
def test_a_connection_says_what_is_wrong_with_it(make: Any) -> None:
    world = make()
    assert world.adapter().check(account(world)).remarks == ()
    troubles = [
        (httpx.Response(401, json={"error": "wrong"}), False),
        (httpx.Response(503, json={}), True),
        (httpx.Response(429, json={}), True),
        (httpx.ConnectError("no"), True),
    ]
    for trouble, passing in troubles:
        world.trouble = trouble
        with pytest.raises(NotConnected) as failed:
            world.adapter().check(account(world))
        assert failed.value.passing is passing, trouble
        assert not any(secret in str(failed.value) for secret in world.secrets)


@pytest.mark.django_db
@BY_NETWORK
def test_what_the_network_refuses_is_told_apart(make: Any, connect: Any, subtests: Any) -> None:
    world = make()
    channel = connect(world)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    world.say("Hello")
    look()
    answer = reply(Conversation.objects.get(), text="Yes.", by=sam.acting)
    troubles = [
        (httpx.Response(401, json={"error": "wrong"}), "failed", "access"),
        (httpx.Response(500, json={}), "queued", "passing"),
        (httpx.ConnectError("no"), "queued", "passing"),
        (httpx.Response(429, json={}, headers={"retry-after": "9"}), "queued", "limited"),
    ]
    for trouble, state, sort in troubles:
        with subtests.test(str(trouble)):
            Delivery.objects.update(state="queued", not_before=timezone.now(), attempt=0)
            world.trouble = trouble
            delivery.deliver(answer.pk)
            row = Delivery.objects.get(pk=answer.pk)
            assert (row.state, row.trouble) == (state, sort)
            assert not any(secret in row.cause for secret in world.secrets)
    assert not world.sent


@pytest.mark.django_db
@BY_CHATTING_NETWORK
def test_files_go_along_with_an_answer_once(make: Any, connect: Any) -> None:
    world = make()
    channel = connect(world)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    world.say("What does it look like?")
    look()
    conversation = Conversation.objects.get()
    takes = taken_in(conversation)
    assert takes is not None
    files = [File("parcel.png", "image/png", b"\x89PNG " + bytes([n]) * n) for n in (1, 2)]
    answer = reply(conversation, text="Like this.", by=sam.acting, files=files)
    delivery.deliver(answer.pk)
    answer.delivery.refresh_from_db()
    assert answer.delivery.state == "sent", answer.delivery.cause
    assert sum(each.files for each in world.sent) == 2
    assert sum("Like this." in each.text for each in world.sent) == 1
    look()
    look()
    assert Message.objects.count() == 2  # all of it is known to be ours
