"""Matrix: a message in, the reply out, seen at a real homeserver (Synapse)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from django.utils import timezone

from conversations.channels import claiming, connecting, polling
from conversations.channels.models import Channel, Polling
from conversations.channels.wire.contract import File
from conversations.inbox import delivery, fetching
from conversations.inbox.models import Attachment, Conversation, Message
from conversations.inbox.services import reply
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.peers import peer
from tests.peers.prepare import PEERS

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]
PYTHON = PEERS / "synapse" / "bin" / "python"
SETTINGS = """
enable_registration: true
enable_registration_without_verification: true
trusted_key_servers: []
rc_message: {per_second: 1000, burst_count: 1000}
rc_registration: {per_second: 1000, burst_count: 1000}
rc_login: {address: {per_second: 1000, burst_count: 1000}}
rc_joins: {local: {per_second: 1000, burst_count: 1000}}
rc_invites: {per_user: {per_second: 1000, burst_count: 1000}}
"""


class Person:
    """Somebody with a client of their own, which is not ours."""

    _numbers = itertools.count(1)

    def __init__(self, base: str, name: str) -> None:
        self.base, self.token = f"{base}/_matrix/client/v3", ""
        body = {"username": name, "password": "a long one", "auth": {"type": "m.login.dummy"}}
        told = self.ask("POST", "/register", body)
        self.id, self.token = told["user_id"], told["access_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        answer = httpx.request(
            method, self.base + path, json=body, headers=headers, timeout=20, trust_env=False
        )
        assert answer.is_success, answer.text
        return answer.json()

    def say(self, room: str, content: dict[str, Any]) -> str:
        path = f"/rooms/{quote(room)}/send/m.room.message/t{next(self._numbers)}"
        return str(self.ask("PUT", path, content)["event_id"])

    def sees(self, room: str) -> list[dict[str, Any]]:
        found = self.ask("GET", f"/rooms/{quote(room)}/messages?dir=b&limit=50")["chunk"]
        return [each for each in found[::-1] if each["type"] == "m.room.message"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    here, port = tmp_path_factory.mktemp("synapse"), peer.free_port()
    _configure(here, port)
    command = [str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", "hs.yaml"]
    base = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{base}/health", trust_env=False).is_success
        except httpx.HTTPError:
            return False

    with peer.running(command, log=here / "log", answers=answers, cwd=here):
        yield base


def _configure(here: Path, port: int) -> None:
    made = [str(PYTHON), "-m", "synapse.app.homeserver", "--server-name", "acme.test"]
    made += ["--config-path", "hs.yaml", "--generate-config", "--report-stats=no"]
    with peer.running(
        [*made, "--data-directory", str(here)],
        log=here / "made",
        answers=(here / "hs.yaml").exists,
        cwd=here,
    ) as process:
        assert process.wait(30) == 0
    config = here / "hs.yaml"
    listener = {
        "port": port,
        "type": "http",
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": ["client"]}],
    }
    text = config.read_text()
    before, after = text[: text.index("listeners:")], text[text.index("database:") :]
    after = after[: after.index("trusted_key_servers:")]  # the last of them
    config.write_text(f"{before}listeners: [{json.dumps(listener)}]\n{after}\n{SETTINGS}")


def look() -> None:
    Polling.objects.update(due_at=timezone.now(), claimed_at=None)
    polling.read_due()
    row = Polling.objects.get()
    assert (row.failures, row.cause) == (0, "")
    claiming.ingest()


def connect(server: str, support: Person) -> Channel:
    values = {"account": support.id, "access_token": support.token, "server": server}
    channel = connecting.connect(
        house.unit(), kind="matrix", name="Matrix", values=values, by=AUTOMATION
    )
    assert connecting.probe(channel).works is True
    return channel


def test_a_message_in_the_reply_out_seen_by_the_customer(server: str) -> None:
    support, alice = Person(server, "support"), Person(server, "alice")
    channel = connect(server, support)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    look()
    room = alice.ask("POST", "/createRoom", {"invite": [support.id], "is_direct": True})["room_id"]
    look()  # the invitation is accepted
    asked = alice.say(room, {"msgtype": "m.text", "body": "Where is my parcel?"})
    look()
    message = Message.objects.get()
    assert (message.external_id, message.text) == (asked, "Where is my parcel?")
    identity = message.conversation.identity
    assert identity is not None
    assert (identity.handle, identity.contact.name) == (alice.id, "alice")

    answer = reply(message.conversation, text="On its way.", by=sam.acting)
    delivery.deliver(answer.pk)
    seen = alice.sees(room)[-1]
    assert (seen["sender"], seen["content"]["body"]) == (support.id, "On its way.")
    assert seen["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
    look()
    answer.refresh_from_db()
    assert (answer.external_id, answer.delivery.state) == (seen["event_id"], "sent")
    assert Message.objects.count() == 2

    delivery.retry(_lost(answer), by=AUTOMATION)  # sent twice, there once
    delivery.deliver(answer.pk)
    assert [each["content"]["body"] for each in alice.sees(room)].count("On its way.") == 1

    new = {"msgtype": "m.text", "body": "Where are my parcels?"}
    relation = {"rel_type": "m.replace", "event_id": asked}
    alice.say(room, {**new, "m.new_content": new, "m.relates_to": relation})
    look()
    assert Message.objects.get(external_id=asked).text == "Where are my parcels?"
    alice.ask("PUT", f"/rooms/{quote(room)}/redact/{quote(asked)}/r1", {"reason": "oops"})
    look()
    assert Message.objects.get(external_id=asked).text == ""

    support.say(room, {"msgtype": "m.text", "body": "Written in Element."})
    look()
    assert Message.objects.filter(direction="out", text="Written in Element.").exists()
    assert Conversation.objects.count() == 1


def _lost(answer: Message) -> Any:
    answer.delivery.state = "unknown"
    answer.delivery.save(update_fields=["state"])
    return answer.delivery


def test_a_file_is_fetched_and_a_gap_is_filled(server: str) -> None:
    support, alice = Person(server, "support2"), Person(server, "alice2")
    sam = house.somebody(house.department(connect(server, support).unit), Role.STAFF, name="Sam")
    room = alice.ask("POST", "/createRoom", {"invite": [support.id]})["room_id"]
    look()
    up = f"{server}/_matrix/media/v3/upload?filename=a.txt"
    bearer = {"authorization": f"Bearer {alice.token}", "content-type": "text/plain"}
    sent = httpx.post(up, content=b"a file", headers=bearer, trust_env=False)
    file = {"msgtype": "m.file", "body": "a.txt", "url": sent.json()["content_uri"]}
    alice.say(room, {**file, "info": {"mimetype": "text/plain", "size": 6}})
    look()
    assert fetching.fetch_due(at=timezone.now()) == 1
    kept = Attachment.objects.get()
    assert (kept.name, kept.state, kept.size) == ("a.txt", "here", 6)
    offer = File("offer.pdf", "application/pdf", b"%PDF offer")
    answer = reply(kept.message.conversation, text="See here.", by=sam.acting, files=[offer])
    delivery.deliver(answer.pk)
    words, shared = alice.sees(room)[-2:]
    assert (words["content"]["body"], shared["content"]["body"]) == ("See here.", "offer.pdf")
    place = shared["content"]["url"].removeprefix("mxc://")
    down = f"{server}/_matrix/client/v1/media/download/{place}"
    assert httpx.get(down, headers=bearer, trust_env=False).content == b"%PDF offer"
    for number in range(170):  # more than a sync brings, and than a page of a gap
        alice.say(room, {"msgtype": "m.text", "body": f"number {number}"})
    for _ in range(3):
        look()
    texts = set(Message.objects.values_list("text", flat=True))
    assert {f"number {number}" for number in range(170)} <= texts
    assert Message.objects.count() == 172  # with our own answer, in its two parts


def test_an_encrypted_room_is_said_to_be_unreadable_and_nothing_is_said_in_clear(
    server: str,
) -> None:
    support, alice = Person(server, "support3"), Person(server, "alice3")
    channel = connect(server, support)
    sam = house.somebody(house.department(channel.unit), Role.STAFF, name="Sam")
    state = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
    made = {"invite": [support.id], "initial_state": [state]}
    room = alice.ask("POST", "/createRoom", made)["room_id"]
    look()
    path = f"/rooms/{quote(room)}/send/m.room.encrypted/e1"
    alice.ask("PUT", path, {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA"})
    look()
    message = Message.objects.get()
    assert "encrypted" in message.notes[0]
    answer = reply(message.conversation, text="Please write in clear.", by=sam.acting)
    delivery.deliver(answer.pk)
    answer.delivery.refresh_from_db()
    assert answer.delivery.state == "failed"
    assert alice.sees(room) == []
