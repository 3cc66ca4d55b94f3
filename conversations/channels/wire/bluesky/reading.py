"""What is new on an account: notifications, our own posts, chats, and what was deleted.

Notifications are shown from the newest down, sorted by what their authors say of the time; so a
walk goes down to where the last one began, and a little further for clocks that are wrong. What is
read again ends as the delivery that it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from conversations.channels.wire import watching
from conversations.channels.wire.bluesky.api import CHAT, Api, said, unread, unread_by
from conversations.channels.wire.bluesky.names import moment_of
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.provider import Found, Reading
from conversations.channels.wire.values import each, inside, text
from conversations.channels.wire.watching import instant

A_PAGE = 100
PAGES = 5  # of one sort in one reading
SECONDS = 12.0  # after which a reading begins nothing further: a worker has 30 for all of it
WRONG_CLOCKS = timedelta(minutes=10)
A_LOOK = 25  # posts that are given at once
REASONS = frozenset({"mention", "reply", "quote"})
Said = Mapping[str, Any]


@dataclass(slots=True)
class _Walk:
    api: Api
    found: list[Found] = field(default_factory=list)
    cursor: dict[str, str] = field(default_factory=dict)
    more: bool = False
    end: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.end

    def add(self, key: str, **body: Any) -> None:
        self.found.append(Found(key, json.dumps(body).encode()))


def read(api: Api, cursor: Mapping[str, str]) -> Reading:
    """cursor: `from`; `since`: known down to there; `until`, `top`: a walk that is not through;
    `own`: our newest post; `chat`: of the log; `watched`: [uri, said_at]; `looked`."""
    try:
        me = api.did()
    except SendFailed as error:
        raise unread_by(error) from error
    walk = _Walk(api, cursor=dict(cursor))
    posts = _notified(walk)
    for post in posts:
        walk.add(f"post:{text(post, 'uri')}", kind="post", post=post)
    remark = ""
    if not walk.is_late:  # else with the next reading, which goes on where each of them was
        _own(walk, me)
        remark = _chats(walk, me)
    _look_again(walk, posts)
    return Reading(walk.found, walk.cursor, more=walk.more, remark=remark)


def _notified(walk: _Walk) -> list[Said]:
    cursor, through = walk.cursor, False
    came: list[Said] = []
    since = instant(cursor.get("since", "")) or instant(cursor.get("from", ""))
    begins = instant(cursor.get("from", ""))
    floor = max(filter(None, (since - WRONG_CLOCKS if since else None, begins)), default=None)
    until, top = cursor.pop("until", ""), cursor.pop("top", "")
    for _ in range(PAGES):
        if walk.is_late:
            break
        asked: dict[str, str | list[str]] = {"limit": str(A_PAGE), "reasons": sorted(REASONS)}
        answer = walk.api.asked(
            "app.bsky.notification.listNotifications",
            {**asked, **({"cursor": until} if until else {})},
            names="notifications",
        )
        page = list(each(answer, "notifications"))
        top = top or (text(page[0], "indexedAt") if page else "")
        new = [one for one in page if _is_after(text(one, "indexedAt"), floor)]
        came += [one for one in new if text(one, "reason") in REASONS]
        until = text(answer, "cursor")
        through = len(new) < len(page) or not page or not until
        if through:
            break
    if not through:
        cursor |= {"until": until, "top": top}
        walk.more = True
    elif top:
        cursor["since"] = top
    return came[::-1]


def _is_after(at: str, floor: Any) -> bool:
    when = instant(at)
    return floor is None or when is None or when >= floor


def _own(walk: _Walk, me: str) -> None:
    """Records are named by their moment: down to the newest that is known, and a little further,
    as the apps in which we write name them by clocks of their own."""
    known, newest, below = walk.cursor.get("own", ""), "", ""
    begins, known_at = instant(walk.cursor.get("from", "")), moment_of(known)
    floor = known_at - WRONG_CLOCKS if known_at else begins
    for _ in range(PAGES):
        asked = {"repo": me, "collection": "app.bsky.feed.post", "limit": "50"}
        answer = walk.api.asked(
            "com.atproto.repo.listRecords",
            {**asked, **({"cursor": below} if below else {})},
            names="records",
        )
        page = list(each(answer, "records"))
        newest = newest or (_name(page[0]) if page else "")
        for post in page:
            if _is_after(text(inside(post, "value"), "createdAt"), begins):
                walk.add(f"own:{text(post, 'uri')}", kind="own", post=post)
        below, last = text(answer, "cursor"), moment_of(_name(page[-1])) if page else None
        if not below or last is None or floor is None or last < floor:
            break
    if newest:
        walk.cursor["own"] = max(newest, known)


def _name(record: Said) -> str:
    return text(record, "uri").rpartition("/")[2]


def _chats(walk: _Walk, me: str) -> str:
    """Chats are a service of their own, which not every password opens: what is wrong with them
    is said, and does not keep the posts from being read. Returns the remark."""
    members: dict[str, list[Said]] = {}
    begins = instant(walk.cursor.get("from", ""))
    try:
        for _ in range(PAGES):
            known = walk.cursor.get("chat", "")
            query: dict[str, str | list[str]] = {"cursor": known} if known else {}
            answer = walk.api.get("chat.bsky.convo.getLog", query, headers=CHAT)
            if not answer.is_success or not isinstance(answer.data.get("logs"), list):
                return f"direct messages can’t be read: {said(answer)}"[:300]
            for log in each(answer.data, "logs"):
                at = text(inside(log, "message"), "sentAt")
                if text(inside(log, "message"), "id") and _is_after(at, begins):
                    _logged(walk, log, me, members)
            walk.cursor["chat"] = text(answer.data, "cursor") or known
            if not answer.data["logs"] or walk.cursor["chat"] == known or not known:
                break
    except SendFailed as error:
        return f"direct messages can’t be read: {error}"[:300]
    return ""


def _logged(walk: _Walk, log: Said, me: str, members: dict[str, list[Said]]) -> None:
    place = text(log, "convoId")
    if place not in members:
        answer = walk.api.get("chat.bsky.convo.getConvo", {"convoId": place}, headers=CHAT)
        if not answer.is_success:
            raise SendFailed(said(answer))
        members[place] = list(each(inside(answer.data, "convo"), "members"))
    key = f"chat:{place}:{text(log, 'rev')}"
    walk.add(key, kind="chat", log=log, me=me, members=members[place])


def _look_again(walk: _Walk, new: list[Said]) -> None:
    known = {row[0] for row in watching.due(walk.cursor, [], at_once=0)[0]}
    rows = [[text(post, "uri"), text(post, "indexedAt")] for post in new]
    fresh = [row for row in rows if row[0] not in known]
    at_once = 0 if walk.is_late else A_LOOK
    rows, some, looked = watching.due(walk.cursor, fresh, at_once=at_once)
    gone = _gone(walk.api, [row[0] for row in some]) if some else set()
    for uri in sorted(gone):
        walk.add(f"gone:{uri}", kind="gone", uri=uri)
    walk.cursor |= {"watched": watching.kept(rows, gone=gone), "looked": looked}


def _gone(api: Api, uris: list[str]) -> set[str]:
    """Deleted, not merely hidden from us: whoever blocks us has taken nothing back."""
    answer = api.asked("app.bsky.feed.getPosts", {"uris": uris}, names="posts")
    there = {text(post, "uri") for post in each(answer, "posts")}
    return {uri for uri in uris if uri not in there and _is_gone(api, uri)}


def _is_gone(api: Api, uri: str) -> bool:
    try:
        answer = api.get(
            "app.bsky.feed.getPostThread", {"uri": uri, "depth": "0", "parentHeight": "0"}
        )
    except SendFailed as error:
        raise unread_by(error) from error
    if answer.is_success:
        kind = text(inside(answer.data, "thread"), "$type")
        return kind.endswith("#notFoundPost")
    if answer.status in {400, 404} and text(answer.data, "error") == "NotFound":
        return True
    raise unread(answer)
