"""What is new below a location, from the newest change down; and, every hour, the newest reviews
once more: answers given in Google's own pages and reviews that are gone move none of their stamps.

A review counts as gone when Google says so by its name at two looks: lists lose one now and then.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from conversations.channels.wire.calling import Answer
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.google.api import REVIEWS, Api, unread, unread_by
from conversations.channels.wire.google.reviews import state_of
from conversations.channels.wire.provider import Found, NotRead, Reading
from conversations.channels.wire.values import each, inside, text
from conversations.channels.wire.watching import instant

A_PAGE = 50  # the most that Google gives
PAGES = 4  # of one walk in one reading
SECONDS = 12.0  # after which a reading begins nothing further
LOOKED = timedelta(hours=1)
OVERLAP = timedelta(minutes=10)
KNOWN = 400  # reviews whose answers and end are followed
AT_ONCE = 10  # that are asked for by name in one look
LOOKS = 2  # that must miss a review
Said = Mapping[str, Any]


@dataclass(slots=True)
class Known:
    """Of one review: when it last changed, as which messages its words came after the first, and
    at how many looks it was missed."""

    changed: str
    since: list[str] = field(default_factory=list)
    missed: int = 0


@dataclass(slots=True)
class _Walk:
    api: Api
    place: str
    cursor: dict[str, str]
    known: dict[str, Known]
    found: dict[str, Found] = field(default_factory=dict)
    end: float = field(default_factory=lambda: time.monotonic() + SECONDS)

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.end

    def add(self, name: Iterable[str], **body: Any) -> None:
        key = hashlib.sha256("\0".join(name).encode("utf-8", "replace")).hexdigest()
        key = f"{body['kind']}:{key}"
        self.found.setdefault(key, Found(key, json.dumps(body).encode()))


def read(api: Api, place: str, cursor: Mapping[str, str]) -> Reading:
    """cursor: `from`; `since`: known down to there; `page`, `top`: a walk that is not through;
    `known`: of the newest reviews, see `Known`; `looked`: when they were looked at again."""
    walk = _Walk(api, place, dict(cursor), _known(cursor))
    came = _changed(walk)
    for review in reversed(came):
        _note(walk, review)
    more = "page" in walk.cursor
    if not more and not walk.is_late:
        _look_again(walk)
    newest = sorted(walk.known.items(), key=lambda row: row[1].changed)[-KNOWN:]
    rows = [[id_, row.changed, row.missed, *row.since] for id_, row in newest]
    walk.cursor["known"] = json.dumps(rows)
    return Reading(list(walk.found.values()), walk.cursor, more=more)


def _known(cursor: Mapping[str, str]) -> dict[str, Known]:
    try:
        rows = json.loads(cursor.get("known", "[]"))
        return {str(row[0]): Known(str(row[1]), row[3:], int(row[2])) for row in rows}
    except (IndexError, TypeError, ValueError):
        return {}


def _changed(walk: _Walk) -> list[Said]:
    begins, since = instant(walk.cursor.get("from", "")), instant(walk.cursor.get("since", ""))
    floor = max(filter(None, (since - OVERLAP if since else None, begins)), default=None)
    page, top = walk.cursor.pop("page", ""), walk.cursor.pop("top", "")
    came: list[Said] = []
    for _ in range(PAGES):
        answer = _listed(walk, page)
        reviews = list(each(answer.data, "reviews"))
        top = top or (text(reviews[0], "updateTime") if reviews else "")
        new = [one for one in reviews if _is_after(one, floor)]
        came += new
        page = text(answer.data, "nextPageToken") if len(new) == len(reviews) else ""
        if not page or walk.is_late:
            break
    if page:
        walk.cursor |= {"page": page, "top": top}
    elif top:
        walk.cursor["since"] = top
    return came


def _is_after(review: Said, floor: datetime | None) -> bool:
    when = instant(text(review, "updateTime"))
    return floor is None or when is None or when >= floor


def _listed(walk: _Walk, page: str = "") -> Answer:
    """Newest change first. A location without reviews answers with an empty object."""
    query = {"pageSize": str(A_PAGE), "orderBy": "updateTime desc"}
    url = f"{REVIEWS}/{walk.place}/reviews"
    answer = _asked(walk, url, {**query, **({"pageToken": page} if page else {})})
    if not answer.is_success:
        raise unread(answer)
    if "json" not in answer.headers.get("content-type", "") or answer.items is not None:
        raise NotRead("Google’s answer is not what was asked for")
    return answer


def _asked(walk: _Walk, url: str, query: Mapping[str, str]) -> Answer:
    try:
        return walk.api.call("GET", url, query=query)
    except SendFailed as error:
        raise unread_by(error) from error


def _note(walk: _Walk, review: Said) -> None:
    """The words and the answer are two deliveries: when a review goes, its words go with it."""
    id_, changed = text(review, "reviewId"), text(review, "updateTime")
    reply = inside(review, "reviewReply")
    row = walk.known.setdefault(id_, Known(changed))
    answered, now = instant(text(reply, "updateTime")), instant(changed)
    if row.changed != changed and answered and now and now > answered:
        row.since.append(changed)
    row.changed, row.missed = changed, 0
    since = row.since[-1] if row.since else ""
    told = {name: value for name, value in review.items() if name != "reviewReply"}
    walk.add((id_, changed, since), **{"kind": "review", "id": id_, "as": since, "review": told})
    if reply:
        name = (id_, text(reply, "updateTime"), state_of(reply))
        walk.add(name, **{"kind": "reply", "id": id_, "as": since, "reply": reply})


def _look_again(walk: _Walk) -> None:
    last, now = instant(walk.cursor.get("looked", "")), datetime.now(UTC)
    if not walk.known or (last is not None and now - last < LOOKED):
        return
    walk.cursor["looked"] = now.isoformat()
    there, page, begins = dict[str, Said](), "", instant(walk.cursor.get("from", ""))
    for _ in range(PAGES):
        answer = _listed(walk, page)
        there |= {text(one, "reviewId"): one for one in each(answer.data, "reviews")}
        page = text(answer.data, "nextPageToken")
        if not page or walk.is_late:
            break
    for review in reversed(there.values()):
        if _is_after(review, begins):
            _note(walk, review)
    oldest = min((text(one, "updateTime") for one in there.values()), default="") if page else ""
    missing = [id_ for id_, row in walk.known.items() if id_ not in there and row.changed > oldest]
    for id_ in missing[:AT_ONCE]:
        if not walk.is_late:
            _ask_for(walk, id_)


def _ask_for(walk: _Walk, id_: str) -> None:
    answer = _asked(walk, f"{REVIEWS}/{walk.place}/reviews/{id_}", {})
    row = walk.known[id_]
    if answer.status != 404:
        return
    row.missed += 1
    if row.missed >= LOOKS:
        walk.add((id_,), **{"kind": "gone", "id": id_, "as": " ".join(row.since)})
        del walk.known[id_]
