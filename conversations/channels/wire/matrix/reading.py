"""What is new for a user: by /sync, which says where to go on, and into the gaps that it leaves.

A room in which more was said than a sync brings begins with a gap. It is walked from its end
towards what is known; what one reading does not reach stands in the cursor, so that nothing is
jumped over. Invitations are accepted as the account's settings say.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conversations.channels.wire.matrix.api import USER, Api, escaped, unread
from conversations.channels.wire.provider import Found, NotRead, Reading
from conversations.channels.wire.values import each, inside, text, whole
from conversations.channels.wire.watching import instant

IN_A_ROOM = 50  # events that a sync brings
A_PAGE = 100
PAGES = 5  # of gaps in one reading
MOST_JOINED = 10  # rooms in one reading
MOST_SECONDS = 20.0
_KINDS = ["m.room.message", "m.room.encrypted", "m.room.redaction", "m.sticker"]
_FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "timeline": {"limit": IN_A_ROOM, "types": _KINDS},
            "state": {"types": [], "lazy_load_members": True},
            "ephemeral": {"types": []},
            "account_data": {"types": []},
        },
    }
)
_OF_A_GAP = json.dumps({"types": _KINDS})
Event = Mapping[str, Any]


@dataclass(slots=True)
class _Walk:
    api: Api
    me: str
    begins: float  # milliseconds since 1970: what was said before we were connected stays there
    cursor: dict[str, str]
    end: float
    found: list[Found] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)


def read(api: Api, me: str, invites: str, cursor: Mapping[str, str]) -> Reading:
    """cursor: `from`; `since`, where the next sync begins; `gaps`: [room, from, to] each.

    me: our user id. invites: whose are accepted, see `may_invite`.
    """
    begins = instant(cursor.get("from", ""))
    floor = begins.timestamp() * 1_000 if begins else 0
    walk = _Walk(api, me, floor, dict(cursor), end=time.monotonic() + MOST_SECONDS)
    gaps = _gaps(walk)
    since = cursor.get("since", "")
    asked: dict[str, str | list[str]] = {"filter": _FILTER, "timeout": "0"}
    if since:
        asked["since"] = since
    answer = api.asked("sync", asked, names="next_batch")
    for room, told in _rooms(answer, "join"):
        timeline = inside(told, "timeline")
        if timeline.get("limited") is True and text(timeline, "prev_batch"):
            gaps.append([room, text(timeline, "prev_batch"), since])
        for event in each(timeline, "events"):
            _take(walk, room, event)
    walk.cursor["since"] = text(answer, "next_batch")
    remark = _joined(walk, answer, invites)
    left = _filled(walk, gaps)
    walk.cursor["gaps"] = json.dumps(left)
    return Reading(walk.found, walk.cursor, more=bool(left), remark=remark)


def _rooms(answer: Mapping[str, Any], state: str) -> list[tuple[str, Mapping[str, Any]]]:
    rooms = inside(answer, "rooms", state)
    return [(room, told) for room, told in rooms.items() if isinstance(told, dict)]


def _take(walk: _Walk, room: str, event: Event, *, first: bool = False) -> None:
    """first: it was said before what was found so far."""
    name = text(event, "event_id")
    if not name or whole(event, "origin_server_ts") < walk.begins:
        return
    body: dict[str, Any] = {"event": event, "room": room, "me": walk.me}
    sender, relation = text(event, "sender"), inside(event, "content", "m.relates_to")
    if text(relation, "rel_type") == "m.replace":
        body["author"] = _author(walk, room, text(relation, "event_id"))
    if sender == walk.me:
        body["others"] = _others(walk, room)
    elif text(event, "type") != "m.room.redaction":
        body["name"] = _name(walk, room, sender)
    found = Found(f"event:{name}"[:200], json.dumps(body).encode())
    walk.found.insert(0, found) if first else walk.found.append(found)


def _author(walk: _Walk, room: str, name: str) -> str:
    answer = walk.api.tried(f"rooms/{escaped(room)}/event/{escaped(name)}")
    if answer.status in {403, 404}:
        return ""
    if not answer.is_success:
        raise unread(answer)
    return text(answer.data, "sender")


def _others(walk: _Walk, room: str) -> list[str]:
    if room not in walk.others:
        answer = walk.api.tried(f"rooms/{escaped(room)}/joined_members")
        if not answer.is_success and answer.status not in {403, 404}:
            raise unread(answer)
        members = inside(answer.data, "joined")
        walk.others[room] = sorted(set(members) - {walk.me})[:10]
    return walk.others[room]


def _name(walk: _Walk, room: str, who: str) -> str:
    """What the person is called there; a name that can't be had keeps nothing back."""
    if who not in walk.names:
        answer = walk.api.tried(f"profile/{escaped(who)}/displayname")
        walk.names[who] = text(answer.data, "displayname") if answer.is_success else ""
    return walk.names[who]


# --- gaps ---


def _gaps(walk: _Walk) -> list[list[str]]:
    try:
        return [[str(word) for word in gap] for gap in json.loads(walk.cursor.get("gaps", "[]"))]
    except (TypeError, ValueError):
        return []


def _filled(walk: _Walk, gaps: list[list[str]]) -> list[list[str]]:
    """Returns what is left of them."""
    pages, left = PAGES, [gap for gap in gaps if len(gap) == 3]
    while left and pages and time.monotonic() < walk.end:
        pages -= 1
        room, start, to = left.pop(0)
        further = _one_page(walk, room, start, to)
        if further:
            left.insert(0, [room, further, to])
    return left


def _one_page(walk: _Walk, room: str, start: str, to: str) -> str:
    """Where to go on, "" when all that is new in it is known."""
    query: dict[str, str | list[str]] = {"dir": "b", "from": start, "limit": str(A_PAGE)}
    query |= {"filter": _OF_A_GAP, **({"to": to} if to else {})}
    answer = walk.api.tried(f"rooms/{escaped(room)}/messages", query)
    if answer.status in {403, 404}:
        return ""  # we were put out of the room since
    if not answer.is_success:
        raise unread(answer)
    events = list(each(answer.data, "chunk"))
    for event in events:  # the newest first
        _take(walk, room, event, first=True)
    oldest = min((whole(event, "origin_server_ts") for event in events), default=0)
    further = text(answer.data, "end")
    is_through = not further or further in {start, to} or (events and oldest < walk.begins)
    return "" if is_through or not events else further


# --- invitations ---


def may_invite(who: str, invites: str) -> bool:
    """invites: "" for everybody, `no` for nobody, else the servers whose people may."""
    wanted = {word.strip().lower() for word in invites.split(",") if word.strip()}
    found = USER.fullmatch(who)
    if wanted == {"no"} or not found:
        return False
    return not wanted or found[1].lower() in wanted


def _joined(walk: _Walk, answer: Mapping[str, Any], invites: str) -> str:
    """What is said in a room that we join now comes with the next sync. Returns the remark."""
    waiting = []
    for room, told in _rooms(answer, "invite")[:MOST_JOINED]:
        members = [
            event
            for event in each(inside(told, "invite_state"), "events")
            if text(event, "type") == "m.room.member" and text(event, "state_key") == walk.me
        ]
        who = text(members[-1], "sender") if members else ""
        if not may_invite(who, invites):
            continue
        joined = walk.api.tried(f"join/{escaped(room)}", verb="POST")
        if joined.status in {429, 500, 502, 503, 504}:
            raise unread(joined)  # it is asked again, and nothing of this reading is lost
        if not joined.is_success:
            waiting.append(who)
    if not waiting:
        return ""
    return f"an invitation could not be accepted: {', '.join(waiting)}"[:300]


def checked(me: str) -> str:
    """Raises NotRead where the account is no user of Matrix."""
    if not USER.fullmatch(me):
        raise NotRead("the account is not written as @name:server")
    return me
