"""What is new on an account: mentions, our own posts, and what became of the mentions of late.

Upwards by `min_id`, page by page, so that nothing is jumped over however much has come. Mastodon
tells nobody of an edit or a deletion of a post that mentions them: the mentions of the last days
are looked at again, some at a time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conversations.channels.wire import watching
from conversations.channels.wire.mastodon.api import Api, unread
from conversations.channels.wire.mastodon.statuses import handle_of
from conversations.channels.wire.provider import Found, NotRead, Reading
from conversations.channels.wire.values import inside, text
from conversations.channels.wire.watching import instant

A_PAGE = 40
PAGES = 5  # of one sort in one reading
SECONDS = 12.0  # after which a reading begins no further page: a worker has 30 for all of it
A_LOOK = 20  # posts that Mastodon gives at once
_MENTIONS: Mapping[str, str | list[str]] = {"types[]": ["mention"]}


@dataclass(slots=True)
class _Walk:
    host: str
    found: list[Found] = field(default_factory=list)
    cursor: dict[str, str] = field(default_factory=dict)
    more: bool = False
    end: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.end

    def add(self, key: str, kind: str, status: Mapping[str, Any]) -> None:
        """With the author's whole name, by which an erasure finds it: the server leaves its own
        name out."""
        whole = handle_of(inside(status, "account"), self.host)
        body = json.dumps({"kind": kind, "from": whole, "status": status}).encode()
        self.found.append(Found(key[:200], body))


def read(api: Api, host: str, cursor: Mapping[str, str]) -> Reading:
    """host: of the account's name. cursor: `from`; `me`, our id there; `mentions`, `own`: the
    newest ids that are known; `watched`: [id, author's id, edited_at, said_at]; `looked`."""
    walk = _Walk(host, cursor=dict(cursor))
    me = cursor.get("me") or text(api.asked("accounts/verify_credentials"), "id")
    if not (me.isascii() and me.isalnum()):
        raise NotRead("the server does not say who we are")
    walk.cursor["me"] = me
    notices = _upward(api, "notifications", "mentions", walk, _MENTIONS)
    statuses = [inside(notice, "status") for notice in notices]
    for status in statuses:
        if text(status, "id"):
            walk.add(f"mention:{text(status, 'id')}", "mention", status)
    own = {"exclude_reblogs": "true"}
    for status in _upward(api, f"accounts/{me}/statuses", "own", walk, own):
        walk.add(f"own:{text(status, 'id')}", "own", status)
    _look_again(api, walk, [each for each in statuses if text(each, "id")])
    return Reading(walk.found, walk.cursor, more=walk.more)


def _upward(
    api: Api, path: str, name: str, walk: _Walk, asked: Mapping[str, str | list[str]]
) -> list[Mapping[str, Any]]:
    """What is newer than the newest that is known, oldest first."""
    known, came = walk.cursor.get(name, ""), []
    if not known:
        return _first(api, path, name, walk, asked)
    for _ in range(PAGES):
        page = api.listed(path, {**asked, "min_id": known, "limit": str(A_PAGE)})
        newest = text(page[0], "id") if page else ""
        if not newest or newest == known:
            break
        came += page[::-1]
        walk.cursor[name] = known = newest
        if len(page) < A_PAGE:
            break
        if walk.is_late:
            walk.more = True
            break
    else:
        walk.more = True
    return came


def _first(
    api: Api, path: str, name: str, walk: _Walk, asked: Mapping[str, str | list[str]]
) -> list[Mapping[str, Any]]:
    """Downwards to the moment of connecting: what was said before stays there."""
    came: list[Mapping[str, Any]] = []
    below: dict[str, str | list[str]] = {}
    for _ in range(PAGES):
        page = api.listed(path, {**asked, **below, "limit": str(A_PAGE)})
        if page and not below:
            walk.cursor[name] = text(page[0], "id")
        new = [each for each in page if _is_after(each, walk.cursor.get("from", ""))]
        came += new
        if len(new) < A_PAGE:
            break
        below = {"max_id": text(page[-1], "id")}
    return came[::-1]


def _is_after(said: Mapping[str, Any], since: str) -> bool:
    begins, at = instant(since), instant(text(said, "created_at"))
    return begins is None or at is None or at >= begins


# --- what became of them ---


def _look_again(api: Api, walk: _Walk, new: list[Mapping[str, Any]]) -> None:
    late = [_row(each) for each in new]
    rows, some, looked = watching.due(walk.cursor, late, at_once=0 if walk.is_late else A_LOOK)
    gone = _looked_at(api, walk, some) if some else set()
    walk.cursor |= {"watched": watching.kept(rows, gone=gone), "looked": looked}


def _row(status: Mapping[str, Any]) -> watching.Row:
    author = text(inside(status, "account"), "id")
    edited, said = text(status, "edited_at"), text(status, "created_at")
    return [text(status, "id"), author, edited, said]


def _looked_at(api: Api, walk: _Walk, some: list[watching.Row]) -> set[str]:
    """Returns the ids of those that are gone."""
    there = statuses_of(api, [row[0] for row in some])
    gone = set()
    for row in some:
        status = there.get(row[0])
        if status is None:
            if _is_gone(api, row):
                gone.add(row[0])
                body = json.dumps({"kind": "gone", "id": row[0]}).encode()
                walk.found.append(Found(f"gone:{row[0]}"[:200], body))
        elif text(status, "edited_at") != row[2]:
            row[2] = text(status, "edited_at")
            walk.add(f"edited:{row[0]}:{row[2]}", "edited", status)
    return gone


def statuses_of(api: Api, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    """Many at once where the server can (Mastodon 4.3), else one by one."""
    answer = api.tried("statuses", {"id[]": ids})
    if answer.is_success and answer.items is not None:
        found = [each for each in answer.items if isinstance(each, dict)]
        return {text(each, "id"): each for each in found}
    if answer.status not in {404, 405, 400}:
        raise unread(answer)
    singles = {}
    for one in ids:
        answer = api.tried(f"statuses/{one}")
        if answer.is_success:
            singles[one] = answer.data
        elif answer.status not in {404, 410}:
            raise unread(answer)
    return singles


def _is_gone(api: Api, one: watching.Row) -> bool:
    """Deleted, not merely hidden from us: whoever blocks us has taken nothing back."""
    answer = api.tried(f"statuses/{one[0]}")
    if answer.status not in {404, 410}:
        return False
    author = api.tried(f"accounts/{one[1]}")
    if not author.is_success or author.data.get("suspended") is True:
        return author.status in {404, 410}
    found = api.listed("accounts/relationships", {"id[]": [one[1]]})
    return bool(found) and not any(each.get("blocked_by") for each in found)
