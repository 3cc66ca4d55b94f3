"""A server of the AT Protocol with its view of Bluesky and its chats, as the lexicons have it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import httpx

from conversations.channels.wire.bluesky.adapter import Bluesky
from conversations.channels.wire.bluesky.names import tid
from tests.conversations.channels.wire.worlds.world import Clock, Sent

US = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
BOB = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
POSTS = "app.bsky.feed.post"
CONVO = "3kconvo"


class BlueskyWorld:
    kind = "bluesky"
    values = {"account": "brand.example", "app_password": "abcd-efgh-ijkl-mnop"}
    secrets = ("abcd-efgh-ijkl-mnop", "jwt-")
    kept = frozenset({"deletes"})
    handle_of_bob = BOB

    def __init__(self) -> None:
        self.clock = Clock()
        self.posts: dict[str, dict[str, Any]] = {}
        self.notices: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.sent: list[Sent] = []
        self.asked: list[tuple[str, str, Any]] = []
        self.trouble: httpx.Response | Exception | None = None
        self.sessions = 0
        self.valid = ""
        self.refreshable = True
        self.chats = True
        self.blocked = False

    def adapter(self) -> Bluesky:
        return Bluesky(httpx.MockTransport(self.handle))

    # --- what people do there ---

    def _post(self, who: str, text: str, *, below: str, name: str = "") -> dict[str, Any]:
        number = next(self.clock.numbers)
        now = self.clock.tick()
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        uri = f"at://{who}/{POSTS}/{name or tid(int(now.timestamp() * 1e6), number)}"
        record: dict[str, Any] = {"$type": POSTS, "text": text, "createdAt": at}
        if below:
            above = self.posts[below]
            parent = {"uri": above["uri"], "cid": above["cid"]}
            root = above["record"].get("reply", {}).get("root", parent)
            record["reply"] = {"root": root, "parent": parent}
        author = {"did": who, "handle": "bob.example" if who == BOB else "brand.example"}
        post = {"uri": uri, "cid": f"cid{number}", "author": author, "record": record}
        post |= {"indexedAt": at}
        self.posts[uri] = post
        return post

    def say(self, text: str, *, few: bool = False, below: str = "", ago: float = 0) -> str:
        if few:
            return self._chat(BOB, text)
        post = self._post(BOB, text, below=below)
        if ago:
            post["indexedAt"] = post["record"]["createdAt"] = "2020-01-01T00:00:00.000Z"
        self.notices.append({**post, "reason": "reply" if below else "mention", "isRead": False})
        return str(post["uri"])

    def _chat(self, who: str, text: str) -> str:
        number = next(self.clock.numbers)
        message = {"id": f"m{number}", "text": text, "sender": {"did": who}}
        message |= {"sentAt": self.clock.tick().isoformat(), "rev": f"r{number:06d}"}
        kind = "chat.bsky.convo.defs#logCreateMessage"
        log = {"$type": kind, "rev": message["rev"], "convoId": CONVO, "message": message}
        self.logs.append(log)
        return f"{CONVO}/m{number}"

    def edit(self, external_id: str, text: str) -> None:
        raise NotImplementedError

    def take_back(self, external_id: str) -> None:
        if external_id.startswith("at://"):
            del self.posts[external_id]
            self.notices = [each for each in self.notices if each["uri"] != external_id]
            return
        number = next(self.clock.numbers)
        message = {"id": external_id.partition("/")[2], "sender": {"did": BOB}}
        message |= {"sentAt": self.clock.tick().isoformat(), "rev": f"r{number:06d}"}
        kind = "chat.bsky.convo.defs#logDeleteMessage"
        self.logs.append(
            {"$type": kind, "rev": message["rev"], "convoId": CONVO, "message": message}
        )

    def answer_there(self, text: str, *, below: str) -> str:
        return str(self._post(US, text, below=below)["uri"])

    def say_rubbish(self) -> None:
        at = self.clock.tick().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        author = {"did": BOB, "handle": 5}
        deep: Any = "x"
        for _ in range(60):
            deep = [deep]
        rubbish = {"uri": f"at://{BOB}/x\0y", "author": author, "record": {"text": deep}}
        self.notices.append({**rubbish, "reason": "mention", "indexedAt": at})

    # --- what the server answers ---

    def handle(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.removeprefix("/xrpc/")
        is_blob = method.endswith("uploadBlob")
        body = {} if is_blob else json.loads(request.content or b"{}")
        self.asked.append((request.method, method, body))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        assert str(request.url).startswith("https://bsky.social/xrpc/")
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if method.endswith(("createSession", "refreshSession")):
            return self._session(method, body, bearer)
        if bearer != self.valid:
            return _error(400, "ExpiredToken")
        if method.startswith("chat."):
            assert request.headers["atproto-proxy"].endswith("#bsky_chat")
            return self._chats(method, body, parse_qs(request.url.query.decode()))
        if is_blob:
            assert request.headers["content-type"] == "image/png"
            blob = {"$type": "blob", "ref": {"$link": f"cid{len(request.content)}"}}
            return httpx.Response(200, json={"blob": {**blob, "mimeType": "image/png"}})
        if request.method == "POST":
            return self._put(body)
        return self._get(method, parse_qs(request.url.query.decode()))

    def _session(self, method: str, body: dict[str, Any], bearer: str) -> httpx.Response:
        if method.endswith("createSession"):
            if body["password"] != "abcd-efgh-ijkl-mnop" or body["identifier"] != "brand.example":
                return _error(401, "AuthenticationRequired")
        elif not self.refreshable or not bearer.startswith("jwt-refresh"):
            return _error(400, "ExpiredToken")
        self.sessions += 1
        self.valid = f"jwt-access-{self.sessions}"
        refresh = f"jwt-refresh-{self.sessions}"
        told = {"accessJwt": self.valid, "refreshJwt": refresh, "did": US}
        return httpx.Response(200, json={**told, "handle": "brand.example"})

    def _put(self, body: dict[str, Any]) -> httpx.Response:
        assert (body["repo"], body["collection"]) == (US, POSTS)
        uri = f"at://{US}/{POSTS}/{body['rkey']}"
        if uri not in self.posts:
            reply = body["record"].get("reply", {})
            below = reply.get("parent", {}).get("uri", "")
            post = self._post(US, body["record"]["text"], below=below, name=body["rkey"])
            post["record"] = body["record"]
            images = body["record"].get("embed", {}).get("images", [])
            said = Sent(uri, body["record"]["text"], below, "everybody", len(images))
            self.sent.append(said)
        return httpx.Response(200, json={"uri": uri, "cid": self.posts[uri]["cid"]})

    def _chats(self, method: str, body: dict[str, Any], query: Any) -> httpx.Response:
        if not self.chats:
            return _error(401, "InvalidToken", "Bad token scope")
        name = method.rpartition(".")[2]
        if name == "sendMessage":
            known_as = self._chat(US, body["message"]["text"])
            self.sent.append(Sent(known_as, body["message"]["text"], "", "few"))
            return httpx.Response(200, json={"id": known_as.partition("/")[2]})
        if name == "getConvo":
            members = [{"did": US, "handle": "brand.example"}]
            members += [{"did": BOB, "handle": "bob.example", "displayName": "Bob B."}]
            return httpx.Response(200, json={"convo": {"id": CONVO, "members": members}})
        if name == "listConvos":
            return httpx.Response(200, json={"convos": []})
        since = query.get("cursor", [""])[0]
        logs = [each for each in self.logs if each["rev"] > since][:100]
        cursor = logs[-1]["rev"] if logs else since or "r000000"
        return httpx.Response(200, json={"logs": logs, "cursor": cursor})

    def _get(self, method: str, query: dict[str, list[str]]) -> httpx.Response:
        name = method.rpartition(".")[2]
        if name == "getSession":
            return httpx.Response(200, json={"did": US, "handle": "brand.example"})
        if name == "resolveHandle":
            known = {"bob.example": BOB}.get(query["handle"][0])
            return httpx.Response(200, json={"did": known}) if known else _error(400, "NotFound")
        if name == "listNotifications":
            return self._notifications(query)
        if name == "listRecords":
            own = [each for uri, each in self.posts.items() if uri.startswith(f"at://{US}/")]
            rows = [{"uri": e["uri"], "cid": e["cid"], "value": e["record"]} for e in own]
            rows.sort(key=lambda row: str(row["uri"]), reverse=True)
            return httpx.Response(200, json={"records": rows[:50]})
        return self._posts(name, query)

    def _notifications(self, query: dict[str, list[str]]) -> httpx.Response:
        until = query.get("cursor", ["9"])[0]
        rows = sorted(self.notices, key=lambda each: str(each["indexedAt"]), reverse=True)
        page = [each for each in rows if each["indexedAt"] < until][: int(query["limit"][0])]
        cursor = {"cursor": page[-1]["indexedAt"]} if page else {}
        return httpx.Response(200, json={"notifications": page, **cursor})

    def _posts(self, name: str, query: dict[str, list[str]]) -> httpx.Response:
        if name == "getPosts":
            there = [self.posts[each] for each in query["uris"] if each in self.posts]
            return httpx.Response(200, json={"posts": [] if self.blocked else there})
        assert name == "getPostThread"
        kind = "blockedPost" if self.blocked else "threadViewPost"
        if query["uri"][0] not in self.posts:
            return _error(400, "NotFound", "Post not found")
        return httpx.Response(200, json={"thread": {"$type": f"app.bsky.feed.defs#{kind}"}})


def _error(status: int, error: str, message: str = "said so") -> httpx.Response:
    return httpx.Response(status, json={"error": error, "message": message})
