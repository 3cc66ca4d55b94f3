"""What of a gateway's events is kept, and what was said while no session was open.

A new session tells each server's channels with the number of the last message in them. Numbers
rise with time: where that is above what was known, the channel is read from there on, page by
page. What is left to be read stands in the cursor, beside the number of the event that told it, so
that nobody who dies meanwhile loses it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.discord import api as rest
from conversations.channels.wire.discord.api import Api
from conversations.channels.wire.discord.events import number_at
from conversations.channels.wire.provider import Found, NotRead
from conversations.channels.wire.values import each, inside, text, whole
from conversations.channels.wire.watching import instant

A_PAGE = 100
MARGIN = 60_000 << 22  # a minute: numbers of two channels do not rise quite together
LONG = 50 * 60_000 << 22  # threads are put away by themselves after an hour of silence
ARCHIVED = "archived:"  # in place of a number: the threads of a channel that were put away
MOST_PRIVATE = 100  # conversations in private that are looked into after a pause
PAUSE = 5.0  # seconds after an answer that did not come
_READ = {0, 2, 5, 10, 11, 12, 13}  # channels with messages of their own; 10 to 12 are threads
_THREADS = {10, 11, 12}
_WITH_THREADS = {0, 5, 15, 16}
_MESSAGES = {"MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"}
_CHANNELS = {"CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"}
Query = dict[str, str | list[str]]


class Catching:
    """cursor: shared with the line. `last`: the highest number that was heard; `behind`: from
    where the servers in `awaited` are caught up with; `gaps`: what is left, [channel, after,
    server] each (see `ARCHIVED`); `private`: channels of two people."""

    def __init__(self, account: Account, api: Api, cursor: dict[str, str]) -> None:
        self._api, self._cursor = api, cursor
        named = account.credentials.get("channels", "").replace(",", " ").split()
        self._wanted = frozenset(named)
        self._parents: dict[str, str] = {}  # of threads; "" for what hangs below nothing
        self._not_before = 0.0
        self.remark = ""

    def begin(self, told: Mapping[str, Any]) -> None:
        """A session that knows nothing of an earlier one."""
        started = instant(self._cursor.get("from", ""))
        first = number_at(started) if started else 0
        behind = str(max(first, number(self._cursor, "last") - MARGIN))
        self._cursor["behind"] = behind
        self._cursor["awaited"] = json.dumps([text(one, "id") for one in each(told, "guilds")])
        self._add([[place, behind, ""] for place in self._list("private")])

    # --- as it is said ---

    def heard(self, kind: str, told: Mapping[str, Any], frame: str) -> list[Found]:
        """Raises NotRead where it can't be known yet whether it is to be heard."""
        if kind == "GUILD_CREATE":
            self._meet(told)
        elif kind in _CHANNELS:
            self._note(told)
        elif kind == "THREAD_LIST_SYNC":
            for thread in each(told, "threads"):
                self._note(thread)
        if kind not in _MESSAGES or not self._is_heard(told):
            return []
        if kind == "MESSAGE_UPDATE" and not text(told, "edited_timestamp"):
            return []  # Discord unfolded a link
        if kind == "MESSAGE_CREATE":
            self._move(told)
        return [Found(_key(kind, told), self._body(told, frame))]

    def _body(self, told: Mapping[str, Any], frame: str) -> bytes:
        """The frame as it came, in one object with what parsing it takes."""
        beside = {"me": self._cursor.get("me", ""), "parent": self._parent(told)}
        return f'{json.dumps(beside)[:-1]}, "event": {frame}}}'.encode()

    def _move(self, told: Mapping[str, Any]) -> None:
        said = number(told, "id")
        if said > number(self._cursor, "last"):
            self._cursor["last"] = str(said)
        place = text(told, "channel_id")
        if not text(told, "guild_id"):
            private = [one for one in self._list("private") if one != place]
            self._cursor["private"] = json.dumps([*private, place][-MOST_PRIVATE:])

    def _is_heard(self, told: Mapping[str, Any]) -> bool:
        if not self._wanted or not text(told, "guild_id"):
            return True
        return text(told, "channel_id") in self._wanted or self._parent(told) in self._wanted

    # --- what hangs below what ---

    def _note(self, channel: Mapping[str, Any]) -> None:
        is_thread = whole(channel, "type") in _THREADS
        self._parents[text(channel, "id")] = text(channel, "parent_id") if is_thread else ""

    def _parent(self, told: Mapping[str, Any]) -> str:
        place = text(told, "channel_id")
        if not text(told, "guild_id"):
            return ""
        if place not in self._parents:
            self._ask(place)
        return self._parents.get(place, "")

    def _ask(self, place: str) -> None:
        """Once a channel and line. Without an answer nothing is held back, unless some channels
        only are to be heard."""
        if not self._wanted and time.monotonic() < self._not_before:
            return  # Discord asked us to wait
        try:
            answer = self._api.asked(f"channels/{place}")
        except NotRead:
            if self._wanted:
                raise
            return
        if answer.is_success:
            self._note({**answer.data, "id": place})
        elif answer.status in {403, 404}:
            self._parents[place] = ""
        else:
            self._not_before = time.monotonic() + (rest.wait_of(answer) or PAUSE)
            if self._wanted:
                raise rest.unread(answer)

    # --- what was said meanwhile ---

    def _meet(self, guild: Mapping[str, Any]) -> None:
        """One that the bot has joined only now has no past here."""
        name, awaited = text(guild, "id"), self._list("awaited")
        behind = number(self._cursor, "behind")
        places = [*each(guild, "channels"), *each(guild, "threads")]
        for one in places:
            self._note(one)
        if name not in awaited:
            return
        self._add(self._newer(places, name))
        if number_at(datetime.now(UTC)) - behind > LONG:
            self._add(
                [
                    [text(one, "id"), ARCHIVED, name]
                    for one in places
                    if whole(one, "type") in _WITH_THREADS and self._is_wanted(one, name)
                ]
            )
        self._cursor["awaited"] = json.dumps([one for one in awaited if one != name])

    def _newer(self, places: Iterable[Mapping[str, Any]], server: str) -> list[list[str]]:
        """Those in which something was said since."""
        behind = number(self._cursor, "behind")
        return [
            [text(one, "id"), str(behind), server]
            for one in places
            if whole(one, "type") in _READ
            and number(one, "last_message_id") > behind
            and self._is_wanted(one, server)
        ]

    def _is_wanted(self, place: Mapping[str, Any], server: str) -> bool:
        return self._is_heard({"channel_id": text(place, "id"), "guild_id": server})

    @property
    def is_behind(self) -> bool:
        """Whether there is something to read at once."""
        return time.monotonic() >= self._not_before and bool(self._gaps())

    def page(self) -> list[Found] | None:
        """One page of what is left, None for nothing to read now."""
        if not self.is_behind:
            return None
        (place, after, server), *others = self._gaps()
        if after.startswith(ARCHIVED):
            return self._put_away(place, after.removeprefix(ARCHIVED), server, others)
        query: Query = {"after": after, "limit": str(A_PAGE)}
        answer = self._asked(f"channels/{place}/messages", query)
        if answer is None:
            return None
        said = [one for one in answer.items or () if isinstance(one, dict)]
        messages = sorted(said, key=lambda one: number(one, "id"))
        found = [each for one in messages for each in self._as_said(one, server)]
        further = number(messages[-1], "id") if len(messages) >= A_PAGE else 0
        rest_of_it = [[place, str(further), server]] if further > int(after) else []
        self._cursor["gaps"] = json.dumps([*rest_of_it, *others])
        return found

    def _put_away(
        self, place: str, before: str, server: str, others: list[list[str]]
    ) -> list[Found] | None:
        """Finds threads to read in, the last that was put away first."""
        query: Query = {"limit": str(A_PAGE), **({"before": before} if before else {})}
        answer = self._asked(f"channels/{place}/threads/archived/public", query)
        if answer is None:
            return None
        threads = list(each(answer.data, "threads"))
        for one in threads:
            self._note(one)
        last = text(inside(threads[-1], "thread_metadata"), "archive_timestamp") if threads else ""
        at = instant(last)
        behind = number(self._cursor, "behind")
        more = answer.data.get("has_more") is True and at is not None and number_at(at) > behind
        further = [[place, f"{ARCHIVED}{last}", server]] if more and last != before else []
        self._cursor["gaps"] = json.dumps([*further, *others])
        self._add(self._newer(threads, server))
        return []

    def _as_said(self, message: Mapping[str, Any], server: str) -> Iterator[Found]:
        """As the gateway would have told it: what was changed since, as changed."""
        told = {**message, **({"guild_id": server} if server else {})}
        if not (number(told, "id") and text(told, "channel_id")):
            return
        self._move(told)
        for kind in ("MESSAGE_CREATE", "MESSAGE_UPDATE"):
            if kind == "MESSAGE_CREATE" or text(told, "edited_timestamp"):
                event = json.dumps({"op": 0, "t": kind, "d": told})
                yield Found(_key(kind, told), self._body(told, event))

    def _asked(self, path: str, query: Query) -> calling.Answer | None:
        """None for an answer to wait for; a channel that is shut to us is as if it were empty."""
        try:
            answer = self._api.asked(path, query)
        except NotRead as error:
            self._wait(PAUSE, str(error))
            return None
        if rest.is_refused(answer):
            raise rest.unread(answer)
        if answer.status in {400, 403, 404}:
            return answer
        if not answer.is_success or (answer.items is None and "threads" not in answer.data):
            self._wait(rest.wait_of(answer) or PAUSE, rest.said(answer))
            return None
        self._not_before = time.monotonic() + rest.spent(answer)
        self.remark = ""
        return answer

    def _wait(self, seconds: float, cause: str) -> None:
        self._not_before = time.monotonic() + seconds
        self.remark = f"what was said meanwhile is not read yet: {cause}"[:300]

    # --- lists in the cursor ---

    def _list(self, name: str) -> list[str]:
        try:
            return [str(one) for one in json.loads(self._cursor.get(name, "[]"))]
        except (TypeError, ValueError):
            return []

    def _gaps(self) -> list[list[str]]:
        try:
            return [[str(word) for word in gap] for gap in json.loads(self._cursor["gaps"])]
        except (KeyError, TypeError, ValueError):
            return []

    def _add(self, gaps: list[list[str]]) -> None:
        """What is to be read already from an earlier message on stays so."""
        known = {(gap[0], gap[1].startswith(ARCHIVED)) for gap in self._gaps()}
        new = [gap for gap in gaps if (gap[0], gap[1].startswith(ARCHIVED)) not in known]
        if new:
            self._cursor["gaps"] = json.dumps([*self._gaps(), *new])


def number(said: Mapping[str, Any], name: str) -> int:
    """One of Discord's, 0 for none: its time stands in it, so that they rise."""
    found = text(said, name)
    return int(found) if found.isascii() and found.isdigit() and len(found) <= 20 else 0


def _key(kind: str, told: Mapping[str, Any]) -> str:
    """The same for the same change, whichever way it is heard; longer ones become a digest."""
    if kind == "MESSAGE_DELETE_BULK":
        ids = told.get("ids")
        names = ",".join(map(str, ids)) if isinstance(ids, list) else ""
        return f"bulk:{text(told, 'channel_id')}:{names}"
    name = f"{text(told, 'channel_id')}:{text(told, 'id')}"
    if kind == "MESSAGE_UPDATE":
        return f"edited:{name}:{text(told, 'edited_timestamp')}"
    return f"{'said' if kind == 'MESSAGE_CREATE' else 'deleted'}:{name}"
