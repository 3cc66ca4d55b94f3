"""Bluesky: a mention in, the reply out, seen by the customer, on the network's own servers.

Its chats are a service that nobody can run: they are held by `wire/worlds/bluesky.py` alone.
"""

from __future__ import annotations

import base64
import itertools
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from config import embedded
from conversations.channels import claiming, connecting, polling
from conversations.channels.accounts import account_of
from conversations.channels.models import Channel, Polling
from conversations.channels.wire.contract import File
from conversations.inbox import delivery
from conversations.inbox.models import Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.peers import peer
from tests.peers.prepare import PEERS, found

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]
BASE = Path(__file__).resolve().parents[2]
SECONDS = 30.0
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Person:
    """Somebody with a client of their own, which is not ours."""

    _numbers = itertools.count(1)

    def __init__(self, server: str, name: str) -> None:
        self.server, self.token = server, ""
        self.handle = f"{name}{secrets.randbelow(900_000) + 100_000}.test"
        body = {"email": f"{self.handle}@x.example", "handle": self.handle, "password": "long one"}
        told = self.post("com.atproto.server.createAccount", body)
        self.did, self.token = told["did"], told["accessJwt"]

    def post(self, method: str, body: dict[str, Any]) -> Any:
        return self._asked("POST", method, json=body)

    def get(self, method: str, **query: str) -> Any:
        return self._asked("GET", method, params=query)

    def _asked(self, verb: str, method: str, **said: Any) -> Any:
        answer = self.tried(verb, method, **said)
        assert answer.is_success, answer.text
        return answer.json()

    def tried(self, verb: str, method: str, **said: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.server}/xrpc/{method}"
        return httpx.request(verb, url, headers=headers, timeout=20, trust_env=False, **said)

    def say(self, text: str, *, to: Person, reply: Any = None) -> Any:
        start = len(text[: text.index(f"@{to.handle}")].encode()) if to.handle in text else -1
        record: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": text}
        record["createdAt"] = timezone.now().isoformat().replace("+00:00", "Z")
        if start >= 0:
            place = {"byteStart": start, "byteEnd": start + len(to.handle) + 1}
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": to.did}
            record["facets"] = [{"index": place, "features": [feature]}]
        if reply:
            record["reply"] = reply
        body = {"repo": self.did, "collection": "app.bsky.feed.post", "record": record}
        return self.post("com.atproto.repo.createRecord", body)

    def delete(self, uri: str) -> None:
        _, _, _, collection, name = uri.split("/")
        body = {"repo": self.did, "collection": collection, "rkey": name}
        self.post("com.atproto.repo.deleteRecord", body)

    def thread(self, uri: str) -> list[Any]:
        answer = self.tried("GET", "app.bsky.feed.getPostThread", params={"uri": uri})
        return answer.json()["thread"].get("replies", []) if answer.is_success else []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    here, port = tmp_path_factory.mktemp("bluesky"), peer.free_port()
    where = embedded.addresses(BASE)
    name = f"peer_bluesky_{secrets.token_hex(4)}"
    redis = [str(embedded.Redis.binary()), "--port", str(port), "--bind", "127.0.0.1"]
    env = {
        "REDIS_HOST": f"127.0.0.1:{port}",
        "DB_POSTGRES_URL": f"postgresql://relais@localhost/{name}?host={quote(str(where.sockets))}",
        "DB_POSTGRES_SCHEMA": "bsky",
        "LOG_ENABLED": "false",
    }
    node = [str(found("node")), str(Path(__file__).with_name("bluesky.js"))]
    log = here / "log"

    def ready() -> str:
        said = re.search(r"^READY (\S+)$", log.read_text(errors="replace"), re.MULTILINE)
        return said[1] if said else ""

    with psycopg.connect(
        f"host={where.sockets} user=relais dbname=postgres", autocommit=True
    ) as postgres:
        postgres.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            with (
                peer.running(
                    [*redis, "--save", ""],
                    log=here / "redis",
                    answers=lambda: peer.listens(port),
                    cwd=here,
                ),
                peer.running(
                    node,
                    log=log,
                    answers=lambda: bool(ready()),
                    cwd=PEERS / "bluesky",
                    env=env,
                ),
            ):
                yield ready()
        finally:
            postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def look() -> bool:
    for row in Polling.objects.all():
        row.cursor.pop("looked", None)
        row.due_at, row.claimed_at = timezone.now(), None
        row.save()
    polling.read_due()
    row = Polling.objects.get()
    assert row.failures == 0, row.cause
    claiming.ingest()
    return True


def connect(server: str, brand: Person) -> Channel:
    made = brand.post("com.atproto.server.createAppPassword", {"name": "relais"})
    values = {"account": brand.handle, "app_password": made["password"], "server": server}
    channel = connecting.connect(
        house.unit(), kind="bluesky", name="Bluesky", values=values, by=AUTOMATION
    )
    health = connecting.probe(channel)
    assert (health.works, health.name) == (True, f"@{brand.handle}"), health.cause
    return channel


def heard(**of: Any) -> Message:
    def now() -> Message | None:
        look()
        return Message.objects.filter(**of).first()

    return peer.eventually(now, seconds=SECONDS, what=f"{of}")


def test_a_mention_in_the_reply_out_seen_by_the_customer(server: str) -> None:
    brand, bob = Person(server, "brand"), Person(server, "bob")
    channel = connect(server, brand)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    look()
    asked = bob.say(f"Où est mon colis, @{brand.handle}?", to=brand)
    message = heard(external_id=asked["uri"])
    assert "Où est mon colis" in message.text
    identity = message.conversation.identity
    assert identity is not None
    assert identity.handle == bob.did

    words = f"Il arrive demain, @{bob.handle} 🎉 https://shop.example/suivi"
    picture = File("colis.png", "image/png", PICTURE)
    answer = reply(message.conversation, text=words, by=sam.acting, files=[picture])
    delivery.deliver(answer.pk)
    answer.refresh_from_db()
    assert answer.delivery.state == "sent", answer.delivery.cause
    [seen] = peer.eventually(lambda: bob.thread(asked["uri"]), seconds=SECONDS, what="the reply")
    post = seen["post"]
    assert (post["uri"], post["author"]["did"]) == (answer.external_id, brand.did)
    assert post["record"]["text"] == words
    assert post["embed"]["images"][0]["alt"] == "colis.png"
    shown = [
        words.encode()[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode()
        for each in post["record"]["facets"]
    ]
    assert sorted(shown) == [f"@{bob.handle}", "https://shop.example/suivi"]
    answer.delivery.state = "unknown"
    answer.delivery.save(update_fields=["state"])
    delivery.retry(answer.delivery, by=AUTOMATION)
    delivery.deliver(answer.pk)  # sent twice, there once
    look()
    assert len(bob.thread(asked["uri"])) == 1

    strands = {"root": asked, "parent": {"uri": post["uri"], "cid": post["cid"]}}
    strands["root"] = {"uri": asked["uri"], "cid": asked["cid"]}
    thanks = bob.say("Merci !", to=brand, reply=strands)
    heard(external_id=thanks["uri"])
    assert Conversation.objects.count() == 1
    assert Message.objects.count() == 3


def test_what_is_deleted_there_goes_here_and_what_we_write_there_is_recorded(server: str) -> None:
    brand, bob = Person(server, "brand"), Person(server, "bob")
    channel = connect(server, brand)
    look()
    asked = bob.say(f"My number is 4711, @{brand.handle}", to=brand)
    heard(external_id=asked["uri"])
    above = {"uri": asked["uri"], "cid": asked["cid"]}
    said = brand.say("Written in the app.", to=bob, reply={"root": above, "parent": above})
    assert heard(external_id=said["uri"]).direction == "out"
    bob.delete(asked["uri"])

    def gone() -> bool:
        look()
        return Message.objects.get(external_id=asked["uri"]).deleted_at is not None

    peer.eventually(gone, seconds=SECONDS, what="the deletion")
    assert Message.objects.get(external_id=asked["uri"]).text == ""
    tokens = account_of(Channel.objects.get(pk=channel.pk)).lent.tokens()
    assert tokens["did"] == brand.did
    with connection.cursor() as cursor:
        cursor.execute("SELECT tokens FROM conversations_networksession")
        assert tokens["access"] not in cursor.fetchone()[0]
