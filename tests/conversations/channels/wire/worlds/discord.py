"""Discord with one server, one channel, one thread and one person who writes in private: the
gateway as a WebSocket server on loopback, the HTTP API as a fake transport.

Written from docs.discord.com/developers (gateway, gateway-events, resources/message, rate-limits).
"""

from __future__ import annotations

import atexit
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from conversations.channels.models import Polling
from conversations.channels.wire.discord.adapter import Discord
from conversations.channels.wire.discord.events import number_at
from tests.conversations.channels.wire.worlds.world import Clock, Sent

APP, ME, BOB, SERVER = "1000", "2000", "3000", "4000"
TALK, THREAD, PRIVATE = "5000", "6000", "7000"
API = "https://discord.com/api/v10/"
Frame = dict[str, Any]


@dataclass
class Session:
    """frames: what was said in it, each with its number."""

    name: str
    frames: list[str] = field(default_factory=list)
    line: ServerConnection | None = None
    acknowledged: int = 0


class DiscordWorld:
    kind = "discord"
    values = {"application_id": APP, "bot_token": "bot-secret"}
    secrets = ("bot-secret",)
    kept = frozenset({"edits", "deletes"})
    handle_of_bob = BOB
    latest: DiscordWorld

    def __init__(self) -> None:
        self.clock = Clock()
        self.sent: list[Sent] = []
        self.trouble: httpx.Response | Exception | None = None
        self.asked: list[tuple[str, str, Any]] = []
        self.messages: dict[str, list[Frame]] = {TALK: [], THREAD: [], PRIVATE: []}
        self.sessions: dict[str, Session] = {}
        self._speaking = threading.Lock()
        self.told: list[Frame] = []  # by the client, on the line
        self.greets: list[Frame | int] = []  # instead of a welcome: a frame, or a close code
        self.limit = {"total": 1000, "remaining": 999, "reset_after": 3_600_000}
        self.flags = 1 << 19
        self.guilds: list[Frame] = [{"id": SERVER}]
        self.answers: dict[str, list[httpx.Response]] = {}  # by path, in place of the real one
        self.interval, self.acks = 45_000, True
        self.codes: list[int | None] = []  # with which lines were closed by the client
        self.taken: dict[str, Frame] = {}
        self.loses_answers = False
        self.archived: list[tuple[str, str]] = []  # threads, and when they were put away
        self.path = f"/{len(_gateways.worlds)}/"
        self.names = ("127.0.0.1",)
        _gateways.open()
        _gateways.worlds[self.path] = self
        DiscordWorld.latest = self

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{_gateways.port}{self.path}"

    def adapter(self) -> Discord:
        return Discord(httpx.MockTransport(self.handle), gateways=self.names)

    # --- what people do there ---

    def number(self, *, ago: float = 0) -> str:
        at = self.clock.tick()
        return str(4_194_304 if ago else number_at(at) + next(self.clock.numbers))

    def write(self, text: str, *, place: str = TALK, by: str = BOB, **more: Any) -> Frame:
        """A message, not yet told to anybody."""
        number = more.pop("id", None) or self.number()
        message: Frame = {
            "id": number,
            "channel_id": place,
            "type": 0,
            "content": text,
            "timestamp": self.clock.tick().isoformat(),
            "edited_timestamp": None,
            "author": {"id": by, "username": "bob", "global_name": "Bob", "bot": by == ME},
            "mentions": [],
            "attachments": [],
            **more,
        }
        self.messages[place].append(message)
        return message

    def tell(self, kind: str, told: Frame, *, place: str = TALK) -> None:
        """To every session; on its line, where one is open."""
        server = {} if place == PRIVATE else {"guild_id": SERVER, "member": {"nick": None}}
        for session in self.sessions.values():
            self.put(session, {"op": 0, "t": kind, "d": {**told, **server}})

    def put(self, session: Session, frame: Frame) -> None:
        with self._speaking:
            text = json.dumps({**frame, "s": len(session.frames) + 1})
            session.frames.append(text)
            if session.line is not None:
                with suppress(ConnectionClosed):  # it is kept for who goes on with the session
                    session.line.send(text)

    def say(
        self, text: str, *, few: bool = False, below: str = "", ago: float = 0, **more: Any
    ) -> str:
        place = more.pop("place", PRIVATE if few else TALK)
        if below:
            above = dict(zip(("channel_id", "message_id"), below.split(":"), strict=True))
            more |= {"type": 19, "message_reference": above}
        more.setdefault("id", self.number(ago=ago))
        message = self.write(text, place=place, **more)
        self.tell("MESSAGE_CREATE", message, place=place)
        return f"{place}:{message['id']}"

    def edit(self, external_id: str, text: str) -> None:
        message = self._known(external_id)
        message |= {"content": text, "edited_timestamp": self.clock.tick().isoformat()}
        self.tell("MESSAGE_UPDATE", message, place=message["channel_id"])

    def take_back(self, external_id: str) -> None:
        message = self._known(external_id)
        place = message["channel_id"]
        self.messages[place].remove(message)
        self.tell("MESSAGE_DELETE", {"id": message["id"], "channel_id": place}, place=place)

    def answer_there(self, text: str, *, below: str) -> str:
        return self.say(text, below=below, by=ME, place=below.partition(":")[0])

    def say_rubbish(self) -> None:
        deep: Any = "x"
        for _ in range(60):
            deep = {"a": deep}
        told = {"id": self.number(), "channel_id": TALK, "content": "\0", "deep": deep}
        self.tell("MESSAGE_CREATE", told)

    def _known(self, external_id: str) -> Frame:
        place, _, number = external_id.partition(":")
        return next(each for each in self.messages[place] if each["id"] == number)

    def heard(self, *, longest: float = 10.0) -> Callable[[], bool]:
        """For `told_to_stop`: once all that was said on the last session is stored."""
        end = time.monotonic() + longest

        def told() -> bool:
            cursor = Polling.objects.values_list("cursor", flat=True).first() or {}
            session = self.sessions.get(cursor.get("session", ""))
            if session is None or cursor.get("gaps", "[]") != "[]" or self.greets:
                return time.monotonic() > end
            return cursor.get("seq") == str(len(session.frames)) or time.monotonic() > end

        return told

    # --- the gateway ---

    def speak(self, line: ServerConnection) -> None:
        session: Session | None = None
        line.send(json.dumps({"op": 10, "d": {"heartbeat_interval": self.interval}}))
        try:
            while True:
                said = json.loads(line.recv())
                self.told.append(said)
                if said["op"] in {2, 6}:
                    session = self._greet(line, said)
                elif said["op"] == 1 and self.acks:
                    line.send(json.dumps({"op": 11}))
        except ConnectionClosed as error:
            self.codes.append(error.rcvd.code if error.rcvd else None)
        finally:
            if session is not None and session.line is line:
                session.line = None

    def _greet(self, line: ServerConnection, said: Frame) -> Session | None:
        greeting = self.greets.pop(0) if self.greets else None
        if isinstance(greeting, int):
            line.close(greeting)
            return None
        if greeting is not None:
            line.send(json.dumps(greeting))
            return None
        if said["op"] == 2:
            return self._begin(line)
        session = self.sessions.get(said["d"]["session_id"])
        if session is None:
            line.send(json.dumps({"op": 9, "d": False}))
            return None
        with self._speaking:  # the line is known before anything is heard on it
            session.line = line
            for frame in session.frames[said["d"]["seq"] :]:
                line.send(frame)
        self.put(session, {"op": 0, "t": "RESUMED", "d": {}})
        return session

    def _begin(self, line: ServerConnection) -> Session:
        session = Session(f"session-{len(self.sessions)}", line=line)
        self.sessions[session.name] = session
        ready = {
            "v": 10,
            "session_id": session.name,
            "resume_gateway_url": self.url,
            "user": {"id": ME, "username": "support", "bot": True},
            "guilds": [{"id": SERVER, "unavailable": True}],
        }
        self.put(session, {"op": 0, "t": "READY", "d": ready})
        self.put(session, {"op": 0, "t": "GUILD_CREATE", "d": self.guild()})
        return session

    def guild(self) -> Frame:
        last = {place: said[-1]["id"] for place, said in self.messages.items() if said}
        talk = {"id": TALK, "type": 0, "last_message_id": last.get(TALK)}
        thread = {"id": THREAD, "type": 11, "parent_id": TALK, "last_message_id": last.get(THREAD)}
        forum = {"id": "8000", "type": 15, "last_message_id": self.number()}
        return {"id": SERVER, "name": "The server", "channels": [talk, forum], "threads": [thread]}

    def forget(self) -> None:
        """No session can be gone on with."""
        self.sessions.clear()

    # --- the HTTP API ---

    def handle(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        assert url.startswith(API), url
        path = url.removeprefix(API).partition("?")[0]
        body = _body(request)
        self.asked.append((request.method, path, body))
        if isinstance(self.trouble, Exception):
            raise self.trouble
        if self.trouble is not None:
            return self.trouble
        if self.answers.get(path):
            return self.answers[path].pop(0)
        if request.headers["authorization"] != "Bot bot-secret":
            return httpx.Response(401, json={"message": "401: Unauthorized", "code": 0})
        assert request.headers["user-agent"].startswith("DiscordBot (")
        return self._answer(request, path.split("/"), body)

    def _answer(self, request: httpx.Request, parts: list[str], body: Any) -> httpx.Response:
        if parts[0] == "channels":
            return self._channel(request, parts[1], parts[2:], body)
        known: dict[str, Any] = {
            "gateway/bot": {"url": self.url, "shards": 1, "session_start_limit": self.limit},
            "users/@me": {"id": ME, "username": "support", "bot": True},
            "applications/@me": {"id": APP, "name": "Support", "flags": self.flags},
            "users/@me/guilds": self.guilds,
        }
        return httpx.Response(200, json=known["/".join(parts)])

    def _channel(
        self, request: httpx.Request, place: str, parts: list[str], body: Any
    ) -> httpx.Response:
        if place not in self.messages:
            return httpx.Response(404, json={"message": "Unknown Channel", "code": 10003})
        if not parts:
            parent = {"type": 11, "parent_id": TALK} if place == THREAD else {"type": 0}
            return httpx.Response(200, json={"id": place, **parent})
        if request.method == "POST":
            return self._posted(place, body)
        if parts[0] == "threads":
            return self._archived(place, request.url.params)
        if len(parts) == 2:
            return httpx.Response(200, json=self._known(f"{place}:{parts[1]}"))
        after, limit = int(request.url.params["after"]), int(request.url.params["limit"])
        above = [each for each in self.messages[place] if int(each["id"]) > after]
        return httpx.Response(200, json=above[:limit][::-1])  # the newest first

    def _archived(self, place: str, asked: Any) -> httpx.Response:
        """The last that was put away first, two a page."""
        before = asked.get("before", "9")
        threads = [
            {
                "id": each,
                "type": 11,
                "parent_id": place,
                "last_message_id": self.messages[each][-1]["id"],
                "thread_metadata": {"archived": True, "archive_timestamp": at},
            }
            for each, at in self.archived
            if at < before
        ]
        return httpx.Response(200, json={"threads": threads[:2], "has_more": len(threads) > 2})

    def _posted(self, place: str, body: Any) -> httpx.Response:
        assert (body["enforce_nonce"], body["allowed_mentions"]["parse"]) == (True, [])
        nonce = body["nonce"]
        assert 0 < len(nonce) <= 25
        if nonce not in self.taken:
            below = body.get("message_reference", {}).get("message_id", "")
            message = self.write(body["content"], place=place, by=ME, nonce=nonce)
            self.taken[nonce] = message
            self.tell("MESSAGE_CREATE", message, place=place)
            name = f"{place}:{message['id']}"
            above = f"{place}:{below}" if below else ""
            who = "few" if place == PRIVATE else "everybody"
            self.sent.append(Sent(name, body["content"], above, who, body["files"]))
        if self.loses_answers:
            raise httpx.ReadTimeout("taken, and nobody heard of it")
        return httpx.Response(200, json=self.taken[nonce])


def _body(request: httpx.Request) -> Any:
    """Of a form in several parts: its JSON, and how many files went along."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return {**json.loads(request.content or b"{}"), "files": 0}
    parts = request.content.split(b'name="payload_json"\r\n\r\n')[1]
    told = json.loads(parts.partition(b"\r\n--")[0])
    return {**told, "files": request.content.count(b'name="files[')}


class _Gateways:
    """One server for every world of a run, each below a path of its own."""

    def __init__(self) -> None:
        self.worlds: dict[str, DiscordWorld] = {}
        self._server: Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.socket.getsockname()[1])

    def open(self) -> None:
        if self._server is None:
            self._server = serve(self._speak, "127.0.0.1", 0, process_request=self._judge)
            threading.Thread(target=self._server.serve_forever, daemon=True).start()
            atexit.register(self._server.shutdown)

    def _judge(self, line: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        if parts.path in self.worlds and parts.query == "v=10&encoding=json":
            return None
        return Response(404, HTTPStatus(404).phrase, Headers(), b"")

    def _speak(self, line: ServerConnection) -> None:
        assert line.request is not None
        self.worlds[urlsplit(line.request.path).path].speak(line)


_gateways = _Gateways()
