"""A server with Mastodon's API, as its documentation and the recorded exchanges have it."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any
from urllib.parse import parse_qs

import httpx

from conversations.channels.wire.mastodon.adapter import Mastodon
from tests.conversations.channels.wire.worlds.world import Clock, Sent

US, BOB = "100", "200"


class MastodonWorld:
    kind = "mastodon"
    values = {"account": "@brand@masto.example", "access_token": "tok-of-the-brand"}
    secrets = ("tok-of-the-brand",)
    kept = frozenset({"edits", "deletes"})
    handle_of_bob = "bob@away.example"

    def __init__(self) -> None:
        self.clock = Clock()
        self.statuses: dict[str, dict[str, Any]] = {}
        self.notices: list[dict[str, Any]] = []
        self.sent: list[Sent] = []
        self.keys: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.trouble: httpx.Response | Exception | None = None
        self.media: dict[str, int] = {}
        self.many = True  # GET /api/v1/statuses, from 4.3 on
        self.blocked = False
        self.streaming = ""

    def adapter(self) -> Mastodon:
        return Mastodon(httpx.MockTransport(self.handle))

    # --- what people do there ---

    def _status(self, who: str, text: str, *, visibility: str, below: str) -> dict[str, Any]:
        names = {US: ("brand", "Brand"), BOB: (self.handle_of_bob, "Bob B.")}
        number = str(9_000 + next(self.clock.numbers))
        met = US if who == BOB else BOB
        said = {
            "id": number,
            "uri": f"https://away.example/{number}",
            "created_at": self.clock.tick().isoformat().replace("+00:00", "Z"),
            "edited_at": None,
            "in_reply_to_id": below or None,
            "visibility": visibility,
            "spoiler_text": "",
            "content": _markup(text),
            "account": {"id": who, "acct": names[who][0], "display_name": names[who][1]},
            "mentions": [{"id": met, "acct": names[met][0]}],
            "media_attachments": [],
        }
        self.statuses[number] = said
        return said

    def say(self, text: str, *, few: bool = False, below: str = "", ago: float = 0) -> str:
        visibility = "direct" if few else "public"
        said = self._status(BOB, f"@brand {text}", visibility=visibility, below=below)
        if ago:
            said["created_at"] = "2020-01-01T00:00:00.000Z"
        number = str(next(self.clock.numbers))
        self.notices.append(
            {"id": number, "type": "mention", "created_at": said["created_at"], "status": said}
        )
        return str(said["id"])

    def edit(self, external_id: str, text: str) -> None:
        said = self.statuses[external_id]
        said["content"] = _markup(f"@brand {text}")
        said["edited_at"] = self.clock.tick().isoformat()

    def take_back(self, external_id: str) -> None:
        del self.statuses[external_id]

    def answer_there(self, text: str, *, below: str) -> str:
        above = self.statuses[below]
        answer = self._status(
            US, f"@{self.handle_of_bob} {text}", visibility=above["visibility"], below=below
        )
        return str(answer["id"])

    def say_rubbish(self) -> None:
        at = self.clock.tick().isoformat()
        rubbish = {"id": "8000", "account": 5, "content": {"a": "\0"}}
        number = str(next(self.clock.numbers))
        self.notices.append({"id": number, "type": "mention", "created_at": at, "status": rubbish})

    # --- what the server answers ---

    def handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if path == "/api/v2/media":
            return self._media(request)
        body = json.loads(request.content or b"{}")
        self.asked.append((request.method, path, body))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        if request.url.path == "/api/v2/instance":
            urls = {"streaming": self.streaming} if self.streaming else {}
            return httpx.Response(200, json={"configuration": {"urls": urls}})
        if request.url.path == "/api/v2/search":
            return self._search(parse_qs(request.url.query.decode()))
        assert str(request.url).startswith("https://masto.example/api/v1/")
        if request.headers["authorization"] != "Bearer tok-of-the-brand":
            return httpx.Response(401, json={"error": "The access token is invalid"})
        if request.method == "POST":
            return self._post(body, request.headers["idempotency-key"])
        return self._get(path, parse_qs(request.url.query.decode()))

    def _media(self, request: httpx.Request) -> httpx.Response:
        """Not ready at once, as a large one is."""
        assert b'filename="parcel.png"' in request.content
        assert b"\x89PNG" in request.content
        number = f"media{next(self.clock.numbers)}"
        self.media[number] = 0
        return httpx.Response(202, json={"id": number, "url": None})

    def _prepared(self, number: str) -> httpx.Response:
        self.media[number] += 1
        return httpx.Response(206 if self.media[number] < 2 else 200, json={"id": number})

    def _post(self, body: dict[str, Any], key: str) -> httpx.Response:
        if key in self.keys:
            return httpx.Response(200, json=self.statuses[self.keys[key]])
        below = body.get("in_reply_to_id", "")
        media = body.get("media_ids", [])
        assert all(self.media[each] >= 2 for each in media)
        said = self._status(US, body["status"], visibility=body["visibility"], below=below)
        self.keys[key] = said["id"]
        audience = "everybody" if body["visibility"] in {"public", "unlisted"} else "few"
        self.sent.append(Sent(said["id"], body["status"], below, audience, len(media)))
        return httpx.Response(200, json=said)

    def _get(self, path: str, query: dict[str, list[str]]) -> httpx.Response:
        fixed: dict[str, Any] = {
            "accounts/verify_credentials": {"id": US, "acct": "brand", "username": "brand"},
            "apps/verify_credentials": {"name": "Relais", "scopes": ["read", "write"]},
            "accounts/relationships": [{"id": BOB, "blocked_by": self.blocked}],
            f"accounts/{BOB}": {"id": BOB, "acct": self.handle_of_bob},
        }
        if path in fixed:
            return httpx.Response(200, json=fixed[path])
        if path.startswith("media/"):
            return self._prepared(path.removeprefix("media/"))
        if path == "notifications":
            assert query["types[]"] == ["mention"]
            return _page(self.notices, query)
        if path == f"accounts/{US}/statuses":
            own = [each for each in self.statuses.values() if each["account"]["id"] == US]
            return _page(own, query)
        return self._statuses(path, query)

    def _search(self, query: dict[str, list[str]]) -> httpx.Response:
        assert (query["type"], query["resolve"]) == (["statuses"], ["true"])
        found = [each for each in self.statuses.values() if each["uri"] == query["q"][0]]
        return httpx.Response(200, json={"statuses": found, "accounts": [], "hashtags": []})

    def _statuses(self, path: str, query: dict[str, list[str]]) -> httpx.Response:
        if path == "statuses" and self.many:
            there = [self.statuses[each] for each in query["id[]"] if each in self.statuses]
            return httpx.Response(200, json=[] if self.blocked else there)
        said = self.statuses.get(path.removeprefix("statuses/"))
        if said is None or self.blocked:
            return httpx.Response(404, json={"error": "Record not found"})
        return httpx.Response(200, json=said)


def _page(rows: list[dict[str, Any]], query: dict[str, list[str]]) -> httpx.Response:
    """The newest first; with `min_id` the ones right above it."""
    limit, above = int(query["limit"][0]), int(query.get("min_id", ["0"])[0])
    below = int(query.get("max_id", ["99999999"])[0])
    there = sorted((each for each in rows if above < int(each["id"]) < below), key=_number)
    page = there[:limit] if above else there[-limit:]
    return httpx.Response(200, json=page[::-1])


def _number(row: dict[str, Any]) -> int:
    return int(row["id"])


def _markup(text: str) -> str:
    named = re.sub(
        r"@([\w.]+)(@[\w.]+)?",
        r'<span class="h-card"><a href="https://away.example/@\1" class="u-url mention">'
        r"@<span>\1</span></a></span>",
        escape(text),
    )
    return f"<p>{named}</p>"
