"""A homeserver with one room, as the client-server specification has it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx

from conversations.channels.wire.matrix.adapter import Matrix
from tests.conversations.channels.wire.worlds.world import Clock, Sent

US, BOB = "@support:brand.example", "@bob:away.example"
ROOM = "!room:brand.example"


class MatrixWorld:
    kind = "matrix"
    values = {"account": US, "access_token": "syt_secret"}
    secrets = ("syt_secret",)
    kept = frozenset({"edits", "deletes"})
    handle_of_bob = BOB

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        self.sent: list[Sent] = []
        self.taken: dict[str, str] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.trouble: httpx.Response | Exception | None = None
        self.invited_by = ""
        self.joined: list[str] = []
        self.members = [US, BOB]
        self.encrypted = False

    def adapter(self) -> Matrix:
        return Matrix(httpx.MockTransport(self.handle))

    # --- what people do there ---

    def put(self, who: str, content: dict[str, Any], **more: Any) -> str:
        name = f"$event{next(self.clock.numbers)}"
        at = int(self.clock.tick().timestamp() * 1_000)
        event = {"type": "m.room.message", "event_id": name, "sender": who, "content": content}
        self.events.append({**event, "origin_server_ts": at, **more})
        return name

    def say(self, text: str, *, few: bool = False, below: str = "", ago: float = 0) -> str:
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if below:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": below}}
        name = self.put(BOB, content)
        if ago:
            self.events[-1]["origin_server_ts"] = 1_577_836_800_000
        return name

    def edit(self, external_id: str, text: str) -> None:
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": external_id}
        edit = {"msgtype": "m.text", "body": f"* {text}", "m.new_content": new}
        self.put(BOB, {**edit, "m.relates_to": relation})

    def take_back(self, external_id: str) -> None:
        self.put(BOB, {"redacts": external_id}, type="m.room.redaction", redacts=external_id)
        for event in self.events:
            if event["event_id"] == external_id:
                event["content"] = {}
                event["unsigned"] = {"redacted_because": {"event_id": "$r"}}

    def answer_there(self, text: str, *, below: str) -> str:
        relation = {"m.in_reply_to": {"event_id": below}}
        return self.put(US, {"msgtype": "m.text", "body": text, "m.relates_to": relation})

    def say_rubbish(self) -> None:
        deep: Any = "x"
        for _ in range(60):
            deep = {"a": deep}
        self.put(BOB, {"msgtype": "m.text", "body": "\0", "deep": deep})

    # --- what the server answers ---

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/_matrix/media/v3/upload":
            return self._upload(request)
        path = request.url.raw_path.decode().partition("?")[0].removeprefix("/_matrix/client/v3/")
        body = json.loads(request.content or b"{}")
        self.asked.append((request.method, path, body))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        assert str(request.url).startswith("https://brand.example/_matrix/client/v3/")
        if request.headers["authorization"] != "Bearer syt_secret":
            return _error(401, "M_UNKNOWN_TOKEN")
        parts = [unquote(part) for part in path.split("/")]
        return self._answer(parts, parse_qs(request.url.query.decode()), body)

    def _upload(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer syt_secret"
        assert request.url.params["filename"] == "parcel.png"
        return httpx.Response(200, json={"content_uri": f"mxc://brand.example/{len(self.events)}"})

    def _answer(self, parts: list[str], query: dict[str, list[str]], body: Any) -> httpx.Response:
        if parts[0] == "rooms":
            return self._room(parts[2:], query, body)
        if parts[0] == "sync":
            return httpx.Response(200, json=self._sync(query))
        if parts[0] == "join":
            self.joined.append(parts[1])
            self.invited_by = ""
            return httpx.Response(200, json={"room_id": parts[1]})
        if parts[0] == "profile":
            return httpx.Response(200, json={"displayname": "Bob B."})
        assert parts == ["account", "whoami"]
        return httpx.Response(200, json={"user_id": US, "device_id": "D"})

    def _room(self, parts: list[str], query: dict[str, list[str]], body: Any) -> httpx.Response:
        if parts[0] == "messages":
            return httpx.Response(200, json=self._below(query))
        if parts[0] == "joined_members":
            return httpx.Response(200, json={"joined": {each: {} for each in self.members}})
        if parts[0] == "send":
            return self._send(parts[-1], body)
        there: list[Any] = [each for each in self.events if each["event_id"] == parts[-1]]
        if parts == ["state", "m.room.encryption"]:
            there = [{}] if self.encrypted else []
        return httpx.Response(200, json=there[0]) if there else _error(404, "M_NOT_FOUND")

    def _send(self, name: str, content: dict[str, Any]) -> httpx.Response:
        if name not in self.taken:
            unsigned = {"transaction_id": name}
            self.taken[name] = self.put(US, content, unsigned=unsigned)
            below = content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id", "")
            files = int("url" in content)
            self.sent.append(Sent(self.taken[name], content["body"], below, "few", files))
        return httpx.Response(200, json={"event_id": self.taken[name]})

    def _sync(self, query: dict[str, list[str]]) -> dict[str, Any]:
        limit = json.loads(query["filter"][0])["room"]["timeline"]["limit"]
        since = int(query.get("since", ["s0"])[0][1:])
        new = self.events[since:]
        start = max(since, len(self.events) - limit)
        timeline = {
            "events": self.events[start:],
            "limited": len(new) > limit,
            "prev_batch": f"t{start}",
        }
        rooms: dict[str, Any] = {"join": {ROOM: {"timeline": timeline}}} if new else {}
        if self.invited_by:
            member = {"type": "m.room.member", "state_key": US, "sender": self.invited_by}
            rooms["invite"] = {"!new:away.example": {"invite_state": {"events": [member]}}}
        return {"next_batch": f"s{len(self.events)}", "rooms": rooms}

    def _below(self, query: dict[str, list[str]]) -> dict[str, Any]:
        start, to = int(query["from"][0][1:]), int(query.get("to", ["s0"])[0][1:])
        first = max(to, start - int(query["limit"][0]))
        chunk = self.events[first:start][::-1]
        return {"chunk": chunk, "start": f"t{start}", **({"end": f"t{first}"} if first else {})}


def _error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"errcode": code, "error": "said so"})
