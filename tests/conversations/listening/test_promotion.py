"""A mention becomes a conversation on its channel: once, in its thread, and its clock starts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming, polling
from conversations.channels.connecting import connect
from conversations.channels.models import Channel
from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from conversations.listening import hearing, places
from conversations.listening.models import Mention, Promotion
from conversations.listening.promotion import offers_answer, promote
from crm.access.models import Role
from crm.errors import Conflict, Forbidden, Invalid, Unavailable
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.wire.worlds.bluesky import BlueskyWorld
from tests.conversations.channels.wire.worlds.mastodon import MastodonWorld
from tests.conversations.listening.conftest import Ear

pytestmark = pytest.mark.django_db
SAID = {
    "id": "post-7",
    "text": "My brand tent leaks",
    "url": "https://forum.example/t/7",
    "author": {"name": "Bob", "handle": "bob"},
    "thread": "t-7",
}


def _mentions(channel: Channel, *said: dict[str, Any]) -> None:
    body = house.event(list(said)).replace(b"message.received", b"mention.received")
    assert house.post_webhook(channel, body).status_code == 202
    claiming.ingest()


def _in_feed(ear: Ear, **fields: Any) -> Mention:
    place = ear.at("http://127.0.0.1:9/feed", **fields)
    item = Mentioned(external_id="1", text="Brand tents leak", url="https://a.example/1")
    matcher = hearing.watches_of(place.source)
    hearing.take([item], source=place.source, matcher=matcher, takes_all=True, at=timezone.now())
    return Mention.objects.get()


def test_a_mention_that_came_by_a_webhook_is_answered_in_its_thread(ear: Ear) -> None:
    channel = house.webhook_channel(ear.unit, callback_url="http://127.0.0.1:9/in")
    _mentions(channel, SAID)
    mention = Mention.objects.get()
    assert not Conversation.objects.exists()  # said to nobody of ours
    before = timezone.now()
    made = promote(mention, by=ear.ada.acting)
    conversation = made.conversation
    assert (conversation.channel, conversation.thread) == (channel, "t-7")
    assert (conversation.status, conversation.live) == ("open", True)
    assert conversation.waiting_since >= before
    assert conversation.messages.get().stated_at is None
    assert offers_answer(mention)
    answer = reply(conversation, text="We send a new one.", by=ear.ada.acting)
    assert answer.delivery.state == "queued"
    mention.refresh_from_db()
    assert mention.outcome == "engage"


def test_what_the_channel_goes_on_to_bring_goes_into_it(ear: Ear) -> None:
    channel = house.webhook_channel(ear.unit)
    _mentions(channel, SAID)
    conversation = promote(Mention.objects.get(), by=ear.ada.acting).conversation
    house.post_webhook(channel, house.event(house.message("post-8", thread="t-7")))
    claiming.ingest()
    assert Conversation.objects.get() == conversation
    assert Message.objects.count() == 2


def test_what_a_channel_already_brought_in_is_not_doubled(ear: Ear) -> None:
    channel = house.webhook_channel(ear.unit)
    house.post_webhook(channel, house.event(house.message("post-7", text=SAID["text"])))
    claiming.ingest()
    there = Conversation.objects.get()
    _mentions(channel, SAID)
    assert promote(Mention.objects.get(), by=ear.ada.acting).conversation == there
    assert (Conversation.objects.count(), Message.objects.count()) == (1, 1)


def test_a_mention_is_promoted_once(ear: Ear) -> None:
    mention = _in_feed(ear)
    promote(mention, by=ear.ada.acting)
    with pytest.raises(Conflict):
        promote(mention, by=ear.ada.acting)
    assert (Conversation.objects.count(), Promotion.objects.count()) == (1, 1)


def test_where_a_place_takes_no_answer_that_is_said(ear: Ear, client: Client) -> None:
    mention = _in_feed(ear)
    assert not offers_answer(mention)
    conversation = promote(mention, by=ear.ada.acting).conversation
    assert (conversation.channel.owned, conversation.channel.token) == (False, None)
    with pytest.raises(Conflict) as refused:
        reply(conversation, text="Sorry.", by=ear.ada.acting)
    assert refused.value.code == "no_way_back"
    client.force_login(ear.ada.user)
    page = f"/admin/conversations/conversation/{conversation.pk}/change/"
    shown = client.get(page).content.decode()
    assert "answer there, by hand" in shown
    assert "https://a.example/1" in shown


def test_two_mentions_of_one_place_share_its_channel(ear: Ear) -> None:
    first = _in_feed(ear)
    item = Mentioned(external_id="2", text="Brand again", url="https://a.example/2")
    matcher = hearing.watches_of(first.source)
    said = {"takes_all": True, "at": timezone.now()}
    hearing.take([item], source=first.source, matcher=matcher, **said)
    for row in Mention.objects.all():
        promote(row, by=ear.ada.acting)
    assert Channel.objects.get(kind="feed").owned is False


def test_the_clock_starts_at_the_promotion_not_when_it_was_said(ear: Ear) -> None:
    mention = _in_feed(ear)
    Mention.objects.filter(pk=mention.pk).update(stated_at=timezone.now() - timedelta(days=30))
    before = timezone.now()
    conversation = promote(mention, by=ear.ada.acting).conversation
    message = conversation.messages.get()
    assert message.occurred_at >= before
    assert conversation.occurred_at >= before
    assert message.stated_at < before - timedelta(days=29)


def test_a_mention_of_everybody_needs_a_unit(ear: Ear) -> None:
    root = house.somebody(ear.ada.employee.department, Role.STAFF)
    place = places.add_place(
        kind="feed", name="All", url="http://127.0.0.1:9/all", by=root.acting, takes_all=True
    )
    item = Mentioned(external_id="1", text="Weather", url="https://a.example/1")
    matcher = hearing.watches_of(place.source)
    hearing.take([item], source=place.source, matcher=matcher, takes_all=True, at=timezone.now())
    mention = Mention.objects.get()
    with pytest.raises(Invalid) as refused:
        promote(mention, by=root.acting)
    assert refused.value.code == "which_unit"
    caller = Caller(root.user)
    said = {"unit": str(ear.unit.pk)}
    answer = caller.post(f"mentions/{mention.pk}/promote/", said)
    assert answer.status_code == 201
    assert answer.json()["conversation"] == str(Conversation.objects.get().pk)
    assert Conversation.objects.get().unit == ear.unit


def test_nobody_promotes_into_a_unit_they_do_not_serve(ear: Ear) -> None:
    mention = _in_feed(ear)
    olga = house.somebody(house.department(house.unit("Elsewhere")), name="Olga")
    with pytest.raises(Forbidden):
        promote(mention, by=olga.acting)
    assert not Conversation.objects.exists()


@pytest.fixture(name="world", params=[MastodonWorld, BlueskyWorld], ids=["mastodon", "bluesky"])
def _world(request: Any, monkeypatch: pytest.MonkeyPatch, ear: Ear) -> Any:
    """A server on which somebody has said something of us, and the unit's account there."""
    world = request.param()
    monkeypatch.setitem(CHANNELS, world.kind, world.adapter())
    connect(ear.unit, kind=world.kind, name="Ours", values=world.values, by=ear.ada.acting)
    return world


def _there(world: Any) -> dict[str, dict[str, Any]]:
    posts: dict[str, dict[str, Any]]
    posts = world.statuses if world.kind == "mastodon" else world.posts
    return posts


def _said_there(ear: Ear, world: Any) -> Mention:
    uri = _there(world)[world.say("your brand tent leaks")]["uri"]
    place = ear.at("http://127.0.0.1:9", kind=f"{world.kind}_live")
    item = Mentioned(external_id=uri, text="your brand tent leaks", url=f"https://a.example/{uri}")
    matcher = hearing.watches_of(place.source)
    hearing.take([item], source=place.source, matcher=matcher, takes_all=True, at=timezone.now())
    return Mention.objects.get()


def test_what_was_said_on_a_network_is_answered_there_by_the_units_account(
    ear: Ear, world: Any
) -> None:
    mention = _said_there(ear, world)
    assert offers_answer(mention)
    conversation = promote(mention, by=ear.ada.acting).conversation
    asked = next(iter(_there(world)))
    assert (conversation.channel.kind, conversation.channel.name) == (world.kind, "Ours")
    assert conversation.identity.handle == world.handle_of_bob
    assert any(mention.url in each for each in conversation.messages.get().notes)
    answer = reply(conversation, text="Send it back, please", by=ear.ada.acting)
    delivery.deliver(answer.pk)
    assert (world.sent[-1].below, world.sent[-1].audience) == (asked, "everybody")

    # the account is read later: what it brings is there already
    polling.read_due()
    claiming.ingest()
    assert Conversation.objects.count() == 1
    assert Message.objects.filter(direction="in").count() == 1


def test_a_post_that_the_account_does_not_find_is_routed_and_says_so(ear: Ear, world: Any) -> None:
    mention = _said_there(ear, world)
    _there(world).clear()
    conversation = promote(mention, by=ear.ada.acting).conversation
    assert conversation.channel.token is None
    assert any("does not find it" in each for each in conversation.messages.get().notes)


def test_a_silent_server_makes_nothing_and_is_asked_again(ear: Ear, world: Any) -> None:
    mention = _said_there(ear, world)
    world.trouble = httpx.ConnectError("no route")
    with pytest.raises(Unavailable, match="Ours could not be asked"):
        promote(mention, by=ear.ada.acting)
    assert not Promotion.objects.exists()
    world.trouble = None
    assert promote(mention, by=ear.ada.acting).conversation.channel.name == "Ours"
