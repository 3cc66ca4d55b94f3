"""Calling Discord as a bot (docs.discord.com, API v10), and what its refusals mean.

Limits are not written down here: what an answer says of them is kept to, each place by itself,
and everywhere where the answer says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, SendFailed, Trouble
from conversations.channels.wire.provider import NotRead
from conversations.channels.wire.values import text, whole

HOME = "https://discord.com/api/v10"
LARGEST = 8_000_000  # bytes of an answer
SECONDS = 12.0
EVERYWHERE = "*"
MOST_KEPT = 50  # limits that are remembered

# What its codes mean for a person (docs.discord.com/developers/topics/opcodes-and-status-codes)
_CAUSES = {
    10003: "this channel is not there any more",
    10004: "the bot is not in this server any more",
    20009: "Discord takes this content for explicit",
    40005: "the message is too large",
    50001: "the bot does not see this channel",
    50006: "there is nothing in the message",
    50007: "this person takes no direct messages of the bot",
    50008: "nobody can write in this channel",
    50013: "the bot may not write in this channel (permission Send Messages or Attach Files)",
    50083: "this thread is archived",
    160002: "the bot may not read what was said in this channel (Read Message History)",
    160005: "this thread is locked",
    200000: "the server’s automatic moderation stopped it",
    200001: "the server’s automatic moderation stopped it",
    240000: "Discord takes a link in it for harmful",
}
_BLOCKED = {10004, 50001, 50007, 50013, 50083, 160002, 160005}
_SLOW = {20016, 20028, 20029, 40003, 130000}


class Api:
    def __init__(self, account: Account, transport: httpx.BaseTransport | None) -> None:
        self._account = account
        self._transport = transport

    @property
    def token(self) -> str:
        return self._account.credentials.get("bot_token", "").strip()

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | list[str]] | None = None,
        body: Mapping[str, Any] | None = None,
        files: Sequence[File] = (),
    ) -> calling.Answer:
        """Raises SendFailed where no answer came."""
        form = {"payload_json": json.dumps(body)} if files else None
        return calling.call(
            method,
            f"{HOME}/{path}",
            headers={"authorization": f"Bot {self.token}", "user-agent": "DiscordBot (relais, 1)"},
            query=query,
            body=None if files else body,
            form=form,
            files={f"files[{number}]": file for number, file in enumerate(files)},
            transport=self._transport,
            given=calling.Given(judged=False, largest=LARGEST, seconds=SECONDS),
        )

    def asked(
        self, path: str, query: Mapping[str, str | list[str]] | None = None
    ) -> calling.Answer:
        """Whatever it answered. Raises NotRead where it did not."""
        try:
            return self.call("GET", path, query=query)
        except SendFailed as error:
            raise NotRead(str(error)) from error


# --- limits ---


def wait_of(answer: calling.Answer) -> float | None:
    """Seconds that an answer of 429 asks for."""
    return calling.seconds(answer.data.get("retry_after")) or answer.retry_after


def spent(answer: calling.Answer) -> float:
    """Seconds until this route takes another request; 0 while it does."""
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return 0.0
    return calling.seconds(answer.headers.get("x-ratelimit-reset-after", "")) or 0.0


def seconds_to_wait(account: Account, place: str) -> float:
    """What earlier answers said of this place, or of everything."""
    known = account.lent.tokens()
    ends = [calling.seconds_since(known.get(f"full:{each}", "")) for each in (place, EVERYWHERE)]
    return max(0.0, *((end or 0.0) - time.time() for end in ends))


def note_limits(account: Account, place: str, answer: calling.Answer) -> None:
    """Kept when there is something to keep: most answers say nothing of it."""
    wait = spent(answer)
    if answer.status == 429:
        wait = wait_of(answer) or 5.0
        place = EVERYWHERE if answer.data.get("global") is True else place
    if not wait:
        return
    now = time.time()
    left = {
        name: end
        for name, end in account.lent.tokens().items()
        if (calling.seconds_since(end) or 0) > now
    }
    ordered = sorted(left.items(), key=lambda each: each[1])[-MOST_KEPT:]
    account.lent.keep({**dict(ordered), f"full:{place}": str(int(now + wait) + 1)})


# --- refusals ---


def said(answer: calling.Answer) -> str:
    code = whole(answer.data, "code")
    told = _CAUSES.get(code) or text(answer.data, "message") or "no reason given"
    return f"Discord: {told}{f' ({code})' if code else ''}"[:300]


def is_refused(answer: calling.Answer) -> bool:
    return answer.status == 401


def unread(answer: calling.Answer) -> NotRead:
    return NotRead(
        f"{said(answer)} (HTTP {answer.status})",
        access=is_refused(answer),
        retry_after=wait_of(answer) if answer.status == 429 else answer.retry_after,
    )


def failure(answer: calling.Answer) -> SendFailed:
    """403 says that this place is shut to the bot, not that its token is wrong."""
    code = whole(answer.data, "code")
    trouble = None
    if is_refused(answer):
        trouble = Trouble.ACCESS
    elif answer.status == 429 or code in _SLOW:
        trouble = Trouble.LIMITED
    elif code in _BLOCKED:
        trouble = Trouble.BLOCKED
    elif answer.status in {403, 404} or code in _CAUSES:
        trouble = Trouble.PERMANENT
    return calling.refusal(answer, said(answer), wait=wait_of(answer), trouble=trouble)
