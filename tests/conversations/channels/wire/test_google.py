"""What is special about Google's reviews: one answer a review, no numbers of people, quotas."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from conversations.channels import connecting
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Envelope
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Outbound, Party, SendFailed, Sent, Trouble
from conversations.channels.wire.google import reading
from conversations.channels.wire.google.api import NOT_OPENED
from conversations.channels.wire.provider import NotConnected, NotRead
from conversations.channels.wire.registry import CHANNELS
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.errors import Invalid
from crm.values import AUTOMATION, uuid7
from tests import house
from tests.api.hands import Caller
from tests.conversations.channels.wire.test_polled_contract import look
from tests.conversations.channels.wire.worlds.google import PLACE, GoogleWorld, error

FROM = {"from": "2026-01-01T00:00:00+00:00"}


def _account() -> Account:
    return Account(address=PLACE, credentials=GoogleWorld.values)


def _answer(review: str, text: str = "We are sorry.", *known: str) -> Outbound:
    return Outbound(str(uuid7()), "", review, Party("x"), text, references=known)


def _kinds(read: Any) -> list[tuple[str, str]]:
    said = [json.loads(one.body) for one in read.found]
    return [(one["kind"], one["as"]) for one in said]


def test_a_token_is_bought_once_an_hour_and_anew_when_it_is_refused() -> None:
    world, account = GoogleWorld(), _account()
    for _ in range(4):
        world.adapter().read(account, FROM)
    assert world.tokens == 1
    account.lent.keep({"access": "ya29.1", "ends_at": "1"})
    world.adapter().read(account, FROM)
    assert world.tokens == 2
    account.lent.keep({**account.lent.tokens(), "access": "ya29.taken-back"})
    world.adapter().read(account, FROM)
    assert world.tokens == 3
    revoked = replace(account, credentials={**GoogleWorld.values, "refresh_token": "x"})
    revoked.lent.keep({})
    with pytest.raises(NotRead, match="Token has been revoked") as failed:
        world.adapter().read(revoked, FROM)
    assert failed.value.access


def test_an_answer_never_takes_the_place_of_one_that_nobody_read_here() -> None:
    world, account = GoogleWorld(), _account()
    review = world.say("Late.")
    there = world.answer_there("Call us.", below=review)
    with pytest.raises(SendFailed, match="somebody answered") as failed:
        world.adapter().send(account, _answer(review))
    assert failed.value.permanent
    assert not world.sent
    first = world.adapter().send(account, _answer(review, "We are sorry.", review, there))
    second = world.adapter().send(
        account, _answer(review, "It is here.", review, first.external_id)
    )
    assert [each.text for each in world.sent] == ["We are sorry.", "It is here."]
    assert second == Sent(world.sent[-1].id)


def test_what_arrived_although_its_answer_was_lost_is_not_put_there_again() -> None:
    world, account = GoogleWorld(), _account()
    review = world.say("Late.")
    message = _answer(review)

    def loses(request: httpx.Request) -> httpx.Response:
        answer = world.handle(request)
        if request.method == "PUT":
            raise httpx.ReadTimeout("slow")
        return answer

    adapter: Any = type(world.adapter())(httpx.MockTransport(loses))
    with pytest.raises(SendFailed) as failed:
        adapter.send(account, message)
    assert (failed.value.unknown, failed.value.permanent) == (False, False)
    assert world.adapter().send(account, message) == Sent(world.sent[0].id)
    assert len(world.sent) == 1


def test_a_review_that_a_list_forgets_is_not_gone_before_google_says_so_twice() -> None:
    world, account = GoogleWorld(), _account()
    review = world.say("Late.")
    cursor: Any = world.adapter().read(account, FROM).cursor
    id_ = review.removeprefix("review:")
    steps = [(True, True), (True, True), (True, False), (False, True), (True, False), (True, False)]
    kept, told = world.reviews[id_], []
    for forgotten, is_there in steps:
        world.forgetful = {id_} if forgotten else set()
        if is_there:
            world.reviews[id_] = kept
        else:
            world.reviews.pop(id_, None)
        read = world.adapter().read(account, {**cursor, "looked": ""})
        cursor = read.cursor
        told.append([kind for kind, _ in _kinds(read)])
    assert told[3] == ["review"]  # seen again: counted from the beginning
    assert [kinds for kinds in told if "gone" in kinds] == [told[5]] == [["gone"]]
    assert json.loads(cursor["known"]) == []


def test_reviews_are_looked_at_again_every_hour_and_only_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, account = GoogleWorld(), _account()
    review = world.say("Late.")
    cursor = world.adapter().read(account, FROM).cursor
    world.answer_there("Call us.", below=review)
    assert _kinds(world.adapter().read(account, cursor)) == [("review", ""), ("reply", "")]
    soon = {**cursor, "since": world.clock.now.isoformat(), "looked": cursor["looked"]}
    world.clock.now += timedelta(hours=1)
    soon["since"] = world.clock.now.isoformat()
    assert _kinds(world.adapter().read(account, soon)) == []
    ago = (datetime.now(UTC) - timedelta(minutes=61)).isoformat()
    later = world.adapter().read(account, {**soon, "looked": ago})
    assert _kinds(later) == [("review", ""), ("reply", "")]
    monkeypatch.setattr(reading, "KNOWN", 3)
    for number in range(5):
        world.say(f"number {number}")
    assert len(json.loads(world.adapter().read(account, later.cursor).cursor["known"])) == 3


def test_what_is_wrong_with_a_connection_is_said(subtests: Any) -> None:
    world = GoogleWorld()
    checked = world.adapter().check(_account())
    assert (checked.name, checked.remarks, checked.expires_at) == ("Bivouac, Lyon", (), None)
    closed = error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", quota_limit_value="0")
    off = error(403, "PERMISSION_DENIED", "Google My Business API has not been used in project 7")
    weekly = {"access_token": "ya29.1", "expires_in": 3599, "refresh_token_expires_in": 604_799}
    narrow = {"access_token": "ya29.1", "expires_in": 3599, "scope": "openid email"}
    for answer, part, passing in (
        (closed, NOT_OPENED, False),
        (off, "has not been used in project 7", False),
        (error(429, "RESOURCE_EXHAUSTED", "Quota exceeded"), "Quota exceeded", True),
        (error(404, "NOT_FOUND", "Requested entity was not found."), "no such location", False),
        (error(503, "UNAVAILABLE", "Try again"), "Try again", True),
        (httpx.Response(200, json=narrow), "without the right", False),
    ):
        with subtests.test(part):
            handler = _after_the_token(world, answer, is_token="scope" in answer.text)
            with pytest.raises(NotConnected, match=re.escape(part)) as failed:
                type(world.adapter())(httpx.MockTransport(handler)).check(_account())
            assert failed.value.passing is passing
    for wrong, why in (("locations/202", "is written"), ("accounts/101/locations/9", "no such")):
        with pytest.raises(NotConnected, match=why) as failed:
            world.adapter().check(replace(_account(), address=wrong))
        named = "it manages accounts/101/locations/202 (Bivouac, Lyon)"
        assert (failed.value.passing, named in str(failed.value)) == (False, True)
    handler = _after_the_token(world, httpx.Response(200, json=weekly), is_token=True)
    end = type(world.adapter())(httpx.MockTransport(handler)).check(_account()).expires_at
    assert end is not None
    assert timedelta(days=6) < end - datetime.now(UTC) < timedelta(days=8)


def _after_the_token(world: GoogleWorld, answer: httpx.Response, *, is_token: bool) -> Any:
    def handler(request: httpx.Request) -> httpx.Response:
        asks_for_token = request.url.host == "oauth2.googleapis.com"
        if is_token and not asks_for_token:
            return httpx.Response(200, json={})
        return answer if asks_for_token is is_token else world.handle(request)

    return handler


def test_limits_are_told_from_refusals_and_waited_for() -> None:
    world, account = GoogleWorld(), _account()
    review = world.say("Late.")
    world.adapter().read(account, FROM)
    old = {"error": {"code": 403, "message": "x", "errors": [{"reason": "rateLimitExceeded"}]}}
    slow = httpx.Response(429, json={}, headers={"retry-after": "90"})
    for answer, trouble, wait in (
        (httpx.Response(403, json=old), Trouble.LIMITED, None),
        (slow, Trouble.LIMITED, 90.0),
        (error(403, "PERMISSION_DENIED", "no"), Trouble.ACCESS, None),
        (error(400, "INVALID_ARGUMENT", "no"), Trouble.PERMANENT, None),
        (error(404, "NOT_FOUND", "no"), Trouble.PERMANENT, None),
    ):
        world.trouble = answer
        with pytest.raises(SendFailed) as failed:
            world.adapter().send(account, _answer(review))
        assert (failed.value.trouble, failed.value.retry_after) == (trouble, wait)
    with pytest.raises(SendFailed, match="names no review"):
        world.adapter().send(account, _answer("review:../../x"))


@pytest.mark.django_db
def test_a_review_that_changes_after_our_answer_asks_for_another_one(
    monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    world = GoogleWorld()
    monkeypatch.setitem(CHANNELS, world.kind, world.adapter())
    forget_channels()
    unit = house.unit()
    connecting.connect(unit, kind=world.kind, name="Lyon", values=world.values, by=AUTOMATION)
    sam = house.somebody(house.department(unit), Role.STAFF, name="Sam")
    review = world.say("It leaks.", stars="ONE")
    look()
    world.edit(review, "It leaks a lot.")
    look()
    [conversation] = Conversation.objects.all()
    [message] = Message.objects.all()
    assert message.text == "★☆☆☆☆ (1/5)\n\nIt leaks a lot."
    client.force_login(sam.user)
    page = reverse("admin:conversations_conversation_change", args=[conversation.pk])
    replaced = "yours takes the place of the one before"
    shown = client.get(page).content.decode()
    assert "Everybody can read what you answer here." in shown
    assert replaced not in shown
    caller, path = Caller(sam.user), f"conversations/{conversation.pk}/"
    terms = caller.get(path).json()["answering"]
    assert (terms["is_public"], terms["replaces"], terms["files"]) == (True, False, None)

    with pytest.raises(Invalid) as refused:  # it counts bytes
        reply(conversation, text="é" * 2_049, by=sam.acting)
    assert refused.value.code == "too_long_for_channel"
    first = reply(conversation, text="A new one is on its way.", by=sam.acting)
    delivery.deliver(first.pk)
    world.reviews[review.removeprefix("review:")]["reviewReply"]["reviewReplyState"] = "APPROVED"
    look()
    first.delivery.refresh_from_db()
    assert first.delivery.state == "delivered"
    conversation.refresh_from_db()
    assert conversation.status == "waiting"
    assert replaced in client.get(page).content.decode()
    assert caller.get(path).json()["answering"]["replaces"]

    world.edit(review, "The new one is dry. Thank you!")
    look()
    conversation.refresh_from_db()
    assert (Conversation.objects.count(), conversation.status) == (1, "open")
    said = list(Message.objects.order_by("occurred_at").values_list("direction", "text"))
    assert said[0] == ("in", "★☆☆☆☆ (1/5)\n\nIt leaks a lot.")
    assert said[2] == ("in", "★☆☆☆☆ (1/5)\n\nThe new one is dry. Thank you!")

    world.state = "REJECTED"
    second = reply(conversation, text="Call me on 0123.", by=sam.acting)
    delivery.deliver(second.pk)
    look()
    second.delivery.refresh_from_db()
    assert second.delivery.state == "failed"
    assert "does not show this answer" in second.delivery.cause

    world.take_back(review)
    look()
    look()
    assert set(Message.objects.filter(direction="in").values_list("text", flat=True)) == {""}
    for words in (b"leaks", b"is dry"):
        assert not Envelope.objects.filter(body__contains=words).exists()
