"""Bluesky by a Jetstream: every post of the network as JSON, resumed from where it was left.

The place's address is a Jetstream's (`https://jetstream.us-east.bsky.network`); one that ends with
`/subscribe` is spoken to as the first version was. Positions are times in microseconds, which mean
the same on every Jetstream, so that the address may change. Source: the lexicon
`network.bsky.jetstream.subscribeEvents` and the first version's README, bluesky-social/jetstream.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from conversations.channels.wire import strict_json
from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.email.headers import clean
from conversations.channels.wire.reading.bluesky import PROFILE, root_of, text_in
from conversations.channels.wire.reading.feeds import moment
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.reading.reader import Asked, Heard, NotHeard
from conversations.channels.wire.reading.stream import Said

POSTS = "app.bsky.feed.post"
AGAIN = 5_000_000  # microseconds that are heard twice after a pause: the edge may have gaps
EVENTS = "/xrpc/network.bsky.jetstream.subscribeEvents"


class BlueskyStream:
    def missed(self, asked: Asked) -> Heard:
        return Heard(cursor=asked.cursor)  # the stream itself begins where it was left

    def call(self, asked: Asked) -> Call:
        parts = urlsplit(asked.url)
        first = parts.path.rstrip("/").endswith("/subscribe")
        query = {"wantedCollections": POSTS} if first else {"collections": POSTS, "kinds": "commit"}
        if at := asked.cursor.get("at", ""):
            query["cursor"] = str(max(0, int(at) - AGAIN))
        path = parts.path if first else parts.path.rstrip("/").removesuffix(EVENTS) + EVENTS
        url = urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))
        return Call(url, protocol="" if first else "xrpc.v1.json")

    def said(self, frame: str, asked: Asked) -> Said | None:
        try:
            event = strict_json.loads(frame.encode("utf-8", "replace"))
        except strict_json.NotStrict:
            return None  # one frame that nobody can read does not end the stream
        if not isinstance(event, dict):
            return None
        if event.get("error"):
            raise NotHeard(f"the stream says: {str(event['error'])[:200]}")
        payload = event.get("payload")
        said = payload if isinstance(payload, dict) else event
        commit = said.get("commit") if isinstance(said.get("commit"), dict) else said
        if said.get("name") == "OutdatedCursor":
            return Said(None, asked.cursor, "more was said while nobody listened than it keeps")
        at = _microseconds(said)
        if at is None or not isinstance(commit, dict):
            return None
        return Said(_item(said, commit), {"at": str(at)})


def _microseconds(said: dict[str, Any]) -> int | None:
    first = said.get("time_us")
    if isinstance(first, int) and not isinstance(first, bool) and 0 < first < 1 << 62:
        return first
    witnessed = said.get("witnessedAt") or said.get("time")
    at = moment(witnessed) if isinstance(witnessed, str) else None
    if at is None:
        return None
    since = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _item(said: dict[str, Any], commit: dict[str, Any]) -> Mentioned | None:
    record, did, key = commit.get("record"), text_in(said, "did"), text_in(commit, "rkey")
    if commit.get("operation") != "create" or commit.get("collection") != POSTS:
        return None
    if not isinstance(record, dict) or not did.startswith("did:") or not key:
        return None
    uri = f"at://{did}/{POSTS}/{key}"
    if len(uri) > 500:
        return None
    return Mentioned(
        external_id=uri,
        url=f"{PROFILE}{quote(did, safe=':')}/post/{quote(key)}",
        text=clean(text_in(record, "text")),
        author="",
        handle=did[:300],
        thread=root_of(record) or uri,
        stated_at=moment(text_in(record, "createdAt")),
    )
