"""What is special about Discord: where an answer stands, limits of a place and of everything, why
it is refused, and files whose address is over after a day."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Outbound, Party, Remote, SendFailed
from conversations.channels.wire.discord import events
from conversations.channels.wire.discord.adapter import Discord
from conversations.channels.wire.provider import NotFetched
from tests.conversations.channels.wire.worlds.discord import APP, BOB, TALK, THREAD, DiscordWorld

OURS = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001"


def account() -> Account:
    return Account(address=APP, credentials=DiscordWorld.values)


def answer(thread: str = f"server:{TALK}", below: str = "", **more: Any) -> Outbound:
    return Outbound(OURS, "", thread, Party(BOB), "Yes.", in_reply_to=below, **more)


def test_an_answer_stands_where_the_question_was_asked() -> None:
    world = DiscordWorld()
    asked = world.say("And now?", place=THREAD)
    sent = world.adapter().send(account(), answer(below=asked))
    assert sent.external_id.startswith(f"{THREAD}:")
    assert world.sent[-1].below == asked
    world.adapter().send(account(), replace(answer("dm:7000"), id=OURS[:-1] + "2"))
    assert (world.sent[-1].id.partition(":")[0], world.sent[-1].below) == ("7000", "")
    for nowhere in ("server:", "dm:../users", "", "server:²"):
        with pytest.raises(SendFailed) as failed:
            world.adapter().send(account(), answer(nowhere))
        assert failed.value.permanent


def test_a_sending_that_is_repeated_arrives_once_and_our_id_comes_back() -> None:
    world = DiscordWorld()
    asked = world.say("Where is it?")
    first = world.adapter().send(account(), answer(below=asked))
    assert world.adapter().send(account(), answer(below=asked)) == first
    assert len(world.sent) == 1
    nonce = next(iter(world.taken))
    assert (events.ours_of(nonce), len(nonce)) == (OURS, 22)
    assert events.ours_of("!" * 22) == events.ours_of("123") == ""


@pytest.mark.parametrize(
    ("status", "code", "trouble", "cause"),
    [
        (403, 50001, "blocked", "does not see this channel"),
        (403, 50007, "blocked", "takes no direct messages"),
        (403, 50013, "blocked", "may not write"),
        (403, 160002, "blocked", "Read Message History"),
        (400, 50083, "blocked", "archived"),
        (404, 10003, "permanent", "not there any more"),
        (400, 50035, "permanent", "Invalid Form Body"),
        (400, 240000, "permanent", "harmful"),
        (403, 0, "permanent", "no reason given"),
        (401, 0, "access", "HTTP 401"),
        (503, 0, "passing", "HTTP 503"),
    ],
)
def test_what_is_refused_is_said_in_words(status: int, code: int, trouble: str, cause: str) -> None:
    world = DiscordWorld()
    told = {"code": code, **({"message": "Invalid Form Body"} if code == 50035 else {})}
    world.trouble = httpx.Response(status, json=told)
    with pytest.raises(SendFailed, match=cause) as failed:
        world.adapter().send(account(), answer())
    assert failed.value.trouble == trouble
    assert failed.value.permanent is (trouble != "passing")


def test_limits_are_kept_to_by_the_place_and_everywhere_where_discord_says_so() -> None:
    world, mine = DiscordWorld(), account()
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "60.5"}
    world.trouble = httpx.Response(200, json={"id": "1"}, headers=spent)
    world.adapter().send(mine, answer())
    world.trouble, before = None, len(world.asked)
    with pytest.raises(SendFailed) as failed:
        world.adapter().send(mine, answer())
    assert (failed.value.trouble, len(world.asked)) == ("limited", before)
    assert failed.value.retry_after is not None
    assert 55 < failed.value.retry_after < 65
    world.adapter().send(mine, answer("server:6000"))  # another place has its own
    told = {"retry_after": 30.2, "global": True}
    world.trouble = httpx.Response(429, json=told, headers={"retry-after": "31"})
    with pytest.raises(SendFailed) as failed:
        world.adapter().send(mine, answer("server:6000"))
    assert failed.value.retry_after == 30.2
    world.trouble = None
    with pytest.raises(SendFailed, match="no more there for now"):
        world.adapter().send(mine, answer("dm:7000"))
    assert "bot-secret" not in str(mine.lent.tokens())
    mine.lent.keep({name: str(int(time.time()) - 1) for name in mine.lent.tokens()})
    world.adapter().send(mine, answer("dm:7000"))


def test_a_file_whose_address_is_over_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    world = DiscordWorld()
    fetched: list[str] = []

    def fetch(remote: Remote, url: str, *, hosts: Any, **_: Any) -> File:
        assert not hosts  # the token is shown to no file's host
        fetched.append(url)
        return File(remote.name, remote.type, b"x")

    monkeypatch.setattr(calling, "fetch_file", fetch)
    there = "https://cdn.discordapp.com/attachments/1/11/a.png"
    fresh = f"{there}?ex={int(time.time()) + 3_600:x}&hm=2"
    message = world.write("look", attachments=[{"id": "11", "url": fresh, "filename": "a.png"}])
    named = f"{TALK}:{message['id']}:11"
    adapter = world.adapter()
    adapter.fetch(account(), Remote("a.png", "image/png", f"{named} {fresh}"))
    assert world.asked == []
    adapter.fetch(account(), Remote("a.png", "image/png", f"{named} {there}?ex=1&hm=1"))
    assert fetched == [fresh, fresh]
    world.trouble = httpx.Response(404, json={"code": 10008})
    with pytest.raises(NotFetched) as gone:
        adapter.fetch(account(), Remote("a.png", "image/png", f"{named} {there}?ex=1&hm=1"))
    assert gone.value.permanent
    odd = Remote("a.png", "image/png", "nothing https://cdn.discordapp.com/a?ex=zz")
    adapter.fetch(account(), odd)
    assert fetched[-1] == "https://cdn.discordapp.com/a?ex=zz"


def test_numbers_of_discord_hold_their_time() -> None:
    at = datetime.fromisoformat("2016-04-30T11:18:25.796Z")
    number = 175928847299117063  # the example of docs.discord.com/developers/reference
    assert events.number_at(at) <= number < events.number_at(at) + (1 << 22)
    assert not Discord().verify(account(), b"{}", {})
