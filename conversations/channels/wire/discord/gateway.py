"""Discord's gateway, version 10: a line on which the network says what happens.

Its number of each event (`seq`) is told back to it only once the event is stored, and a line that
ends is gone on with from there: what came in between is said again. Where Discord no longer knows
the session, a new one begins, and what was said meanwhile is read by the HTTP API, see `catching`.
Source: docs.discord.com/developers/events/gateway and /gateway-events.
"""

from __future__ import annotations

import hashlib
import json
import logging
import random
import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from conversations.channels.wire import strict_json
from conversations.channels.wire.account import Account
from conversations.channels.wire.discord import api as rest
from conversations.channels.wire.discord.api import Api
from conversations.channels.wire.discord.catching import Catching
from conversations.channels.wire.provider import Found, NotRead, Over, Reading
from conversations.channels.wire.reading.line import Call, HungUp, Line
from conversations.channels.wire.reading.reader import NotHeard
from conversations.channels.wire.values import inside, text, whole

logger = logging.getLogger(__name__)

DISPATCH, BEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11
# servers, what is said in them, what is said to us alone, and its words
INTENTS = 1 << 0 | 1 << 9 | 1 << 12 | 1 << 15
LARGEST = 32_000_000  # bytes of a frame: a large server tells all of its channels at once
HELLO_SECONDS = 15.0
WELCOME_SECONDS = 60.0
RESERVE = 10  # beginnings of a session that are left alone: who uses all loses the token
OURS = 4_000  # a code of our own: 1000 and 1001 would end the session
_ENDED = {1000, 1001, 4003, 4007, 4009}  # the session is over, and a new one may begin
_NEVER = {
    4004: "Discord does not take the bot token: reset it, and enter the new one",
    4010: "Discord refuses the line (invalid shard)",
    4011: "the bot is in too many servers for one line (sharding required)",
    4012: "Discord refuses the line (its version is not known there)",
    4013: "Discord refuses the line (an intent that it does not know)",
    4014: (
        "the bot may not read what people write: switch on the Message Content Intent "
        "(Developer Portal, Bot), then test the connection"
    ),
}


class Gateway:
    """cursor: `from`; `session`, `seq`, `resume` (where to go on), `me` (the bot's user); and
    what `catching` keeps."""

    def __init__(
        self, account: Account, cursor: Mapping[str, str], *, api: Api, names: Collection[str]
    ) -> None:
        self._account, self._api, self._names = account, api, names
        self._cursor = dict(cursor)
        self._kept = self._cursor.get("seq", "")
        self._catching = Catching(account, api, self._cursor)
        self._welcome = self._reads = False
        self._acked = True
        self._began = time.monotonic()
        self._line = self._opened()
        try:
            interval = self._greeted()
        except BaseException:
            self.close()
            raise
        self._interval = interval
        self._next_beat = time.monotonic() + interval * random.random()  # noqa: S311 - no secret

    # --- what the room asks ---

    def hear(self, *, seconds: float) -> Reading | None:
        self._beat_when_due()
        if not self._welcome and time.monotonic() - self._began > WELCOME_SECONDS:
            raise NotRead("Discord began no session")
        self._reads = not self._reads
        if self._reads and self._welcome:  # by turns: what is said now is not kept waiting
            found = self._catching.page()
            if found is not None:
                return self._reading(found)
        until_beat = max(0.0, self._next_beat - time.monotonic())
        frame = self._frame(seconds=0.0 if self._catching.is_behind else min(seconds, until_beat))
        return self._reading(self._taken(frame)) if frame is not None else None

    def _reading(self, found: list[Found]) -> Reading:
        return Reading(found, dict(self._cursor), remark=self._catching.remark)

    def kept(self, cursor: Mapping[str, str]) -> None:
        self._kept = cursor.get("seq", "")

    def close(self) -> None:
        self._line.close(OURS)

    # --- opening ---

    def _opened(self) -> Line:
        """Where the session is gone on with, else where all begin."""
        resume = self._cursor.get("resume", "")
        if self._cursor.get("session") and resume:
            try:
                return self._called(resume)
            except (NotHeard, NotRead) as error:
                logger.info("discord: not resumed there: %s", error)
        try:
            return self._called(self._address())
        except NotHeard as error:
            raise NotRead(str(error), retry_after=error.retry_after) from error

    def _address(self) -> str:
        """Raises NotRead also where no session may begin for now."""
        answer = self._api.asked("gateway/bot")
        if not answer.is_success:
            raise rest.unread(answer)
        limit = inside(answer.data, "session_start_limit")
        if not self._cursor.get("session") and limit and whole(limit, "remaining") <= RESERVE:
            wait = min(max(whole(limit, "reset_after") / 1_000, 60.0), 86_400.0)
            raise NotRead("Discord lets no further session begin today", retry_after=wait)
        return text(answer.data, "url")

    def _called(self, url: str) -> Line:
        """The token is told on it: only to Discord's own names, and encrypted."""
        parts = urlsplit(url)
        host, here = parts.hostname or "", self._account.loopback
        known = any(
            host == name or (name[0] == "." and host.endswith(name)) for name in self._names
        )
        if not known or parts.scheme not in {"wss", *(["ws"] if here else [])}:
            raise NotRead("Discord names a gateway that is not its own")
        scheme = "https" if parts.scheme == "wss" else "http"
        query = urlencode({"v": "10", "encoding": "json"})
        where = urlunsplit((scheme, parts.netloc, parts.path or "/", query, ""))
        return Line(Call(where, largest=LARGEST, pings=False), loopback=here)

    def _greeted(self) -> float:
        """Who we are, and from where. Returns the seconds between two heartbeats."""
        frame = self._frame(seconds=HELLO_SECONDS)
        hello = _event(frame) if frame else None
        if hello is None or whole(hello, "op") != HELLO:
            raise NotRead("Discord’s gateway says nothing")
        interval = whole(inside(hello, "d"), "heartbeat_interval") / 1_000
        if session := self._cursor.get("session", ""):
            told: dict[str, Any] = {"session_id": session, "seq": self._seq()}
            self._say(RESUME, {"token": self._api.token, **told})
        else:
            properties = {"os": "linux", "browser": "relais", "device": "relais"}
            told = {"intents": INTENTS, "properties": properties}
            self._say(IDENTIFY, {"token": self._api.token, **told})
        return min(max(interval, 0.1), 600.0)

    # --- the line ---

    def _say(self, op: int, told: Any) -> None:
        try:
            self._line.say(json.dumps({"op": op, "d": told}))
        except HungUp as error:
            raise self._ended(error) from error
        except NotHeard as error:
            raise self._over(str(error)) from error

    def _frame(self, *, seconds: float) -> str | None:
        try:
            return self._line.frame(seconds=seconds)
        except HungUp as error:
            raise self._ended(error) from error
        except NotHeard as error:
            raise self._over(str(error)) from error

    def _ended(self, error: HungUp) -> Exception:
        code = error.code
        if code in _NEVER:
            return NotRead(f"{_NEVER[code]} ({code})", access=code == 4004, final=True)
        if code in _ENDED:
            return self._over(f"the session ended ({code})", anew=True)
        return self._over(f"the line ended ({code})", wait=5.0 if code == 4008 else 0.0)

    def _over(self, cause: str, *, anew: bool = False, wait: float = 0.0) -> Exception:
        """An end before the welcome is a failure: the next try comes later from time to time."""
        if anew and self._cursor.get("session"):
            self._forget()
        elif not self._welcome:
            return NotRead(cause, retry_after=wait or None)
        wait += random.random()  # noqa: S311 - so that not all call again at one moment
        return Over(cause, cursor=dict(self._cursor), wait=wait)

    def _forget(self) -> None:
        for name in ("session", "seq", "resume"):
            self._cursor.pop(name, None)

    # --- heartbeats ---

    def _beat_when_due(self) -> None:
        now = time.monotonic()
        if now < self._next_beat:
            return
        if not self._acked:
            raise self._over("Discord no longer answers: the line is dead")
        self._acked, self._next_beat = False, now + self._interval
        self._beat()

    def _beat(self) -> None:
        self._say(BEAT, int(self._kept) if self._kept.isdigit() else None)

    def _seq(self) -> int:
        said = self._cursor.get("seq", "")
        return int(said) if said.isdigit() else 0

    # --- what is said ---

    def _taken(self, frame: str) -> list[Found]:
        event = _event(frame)
        if event is None:  # kept as it came: it fails where that is seen
            digest = hashlib.sha256(frame.encode()).hexdigest()
            return [Found(f"frame:{digest}", frame.encode())]
        op = whole(event, "op")
        if op == DISPATCH:
            return self._dispatched(event, frame)
        if op == BEAT:
            self._beat()
        elif op == ACK:
            self._acked = True
        elif op == RECONNECT:
            raise self._over("Discord asks to call again")
        elif op == INVALID:
            wait = 1.0 + 4.0 * random.random()  # noqa: S311 - as Discord asks
            again = event.get("d") is True
            raise self._over("Discord no longer knows the session", anew=not again, wait=wait)
        return []

    def _dispatched(self, event: Mapping[str, Any], frame: str) -> list[Found]:
        """Its number counts once it is read without fault: what raises is said again."""
        kind, told = text(event, "t"), inside(event, "d")
        if kind == "READY":
            self._begun(told)
        elif kind == "RESUMED":
            self._welcome = True
        found = self._catching.heard(kind, told, frame)
        if (number := whole(event, "s")) > 0:
            self._cursor["seq"] = str(number)
        return found

    def _begun(self, told: Mapping[str, Any]) -> None:
        session = text(told, "session_id")
        if not session:
            raise NotRead("Discord begins a session without a name")
        self._welcome = True
        self._cursor |= {
            "session": session,
            "resume": text(told, "resume_gateway_url"),
            "me": text(inside(told, "user"), "id"),
        }
        self._catching.begin(told)


def _event(frame: str) -> Mapping[str, Any] | None:
    """None for what is no JSON object."""
    try:
        value = strict_json.mended(frame.encode("utf-8", "replace"))
    except strict_json.NotStrict:
        return None
    return value if isinstance(value, dict) else None
