"""Files go along with answers, within what a channel takes; each arrives once, or is seen."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.channels import claiming
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel
from conversations.channels.services import open_channel
from conversations.channels.wire.contract import File, Receipt
from conversations.inbox import delivery, enclosing, receipts
from conversations.inbox.models import Attachment, Conversation, Delivery, Message, Upload
from conversations.inbox.services import reply
from crm.errors import Invalid
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller, a_key, hear
from tests.conversations.editorial.plan import Desk, desk, provider
from tests.conversations.inbox import whatsapp
from tests.rows import row_counts

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 our offer"


@pytest.fixture(autouse=True)
def _files_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "files")},
        }
    }


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return desk()


def hand_in(
    caller: Caller, conversation: Conversation, *, data: bytes = PDF, name: str = "offer.pdf"
) -> Any:
    path = f"conversations/{conversation.pk}/files/?name={name}"
    return caller.raw("POST", path, data, "application/octet-stream")


def write(caller: Caller, conversation: Conversation, **body: Any) -> Any:
    said = {"text": "Here.", "kind": "reply", **body}
    return caller.post(f"conversations/{conversation.pk}/messages/", said, key=a_key())


def test_a_file_is_handed_in_and_goes_out_with_the_message_that_names_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.LOCAL = True
    conversation, ada = hear(desk.channel), Caller(desk.ada.user)
    answer = hand_in(ada, conversation, name="../offer.pdf")
    assert answer.status_code == 201, answer.content
    given = answer.json()
    assert (given["name"], given["type"], given["size"]) == ("offer.pdf", "application/pdf", 18)
    answer = write(ada, conversation, text="", files=[given["id"]])
    assert answer.status_code == 201, answer.content
    [told] = answer.json()["attachments"]
    assert (told["name"], told["state"]) == ("offer.pdf", "here")
    assert not Upload.objects.exists()
    with provider(monkeypatch) as double:
        delivery.deliver(Message.objects.get(direction="out").pk)
    [sent] = double.asked[0]["data"]["attachments"]
    assert (sent["name"], base64.b64decode(sent["base64"])) == ("offer.pdf", PDF)
    assert Delivery.objects.get().state == "sent"


def test_a_file_is_its_givers_for_one_conversation_and_one_message(desk: Desk) -> None:
    conversation, other = hear(desk.channel), hear(desk.channel, thread="t2")
    ada, ben = Caller(desk.ada.user), Caller(desk.ben.user)
    given = hand_in(ada, conversation).json()["id"]
    before = row_counts()
    for caller, place in ((ben, conversation), (ada, other)):
        answer = write(caller, place, files=[given])
        assert (answer.status_code, answer.json()["code"]) == (400, "unknown_file")
    note = write(ada, conversation, kind="note", files=[given])
    assert (note.status_code, note.json()["code"]) == (400, "note_with_files")
    assert row_counts() == before
    assert write(ada, conversation, files=[given]).status_code == 201
    assert write(ada, conversation, files=[given]).json()["code"] == "unknown_file"
    stranger = house.somebody(house.department(desk.channel.unit))
    assert hand_in(Caller(stranger.user), conversation).status_code == 404


def test_a_repeat_with_the_same_key_hands_in_once_and_what_waits_too_long_is_gone(
    desk: Desk,
) -> None:
    conversation, ada = hear(desk.channel), Caller(desk.ada.user)
    path = f"conversations/{conversation.pk}/files/?name=a.txt"
    send = {"Idempotency-Key": a_key()}
    first, again = (
        ada.raw("POST", path, b"hello", "application/octet-stream", **send) for _ in range(2)
    )
    assert (first.status_code, again.json()) == (201, first.json())
    other = ada.raw("POST", path, b"other", "application/octet-stream", **send)
    assert other.status_code == 422
    [upload] = Upload.objects.all()
    assert default_storage.exists(upload.file)
    assert enclosing.forget_unsent(at=timezone.now()) == 0
    assert enclosing.forget_unsent(at=timezone.now() + timedelta(days=1, minutes=1)) == 1
    assert not Upload.objects.exists()


def test_what_a_channel_does_not_take_is_refused_and_nothing_is_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, subtests: Any
) -> None:
    conversation, ada = hear(desk.channel), Caller(desk.ada.user)
    before = row_counts()
    with subtests.test("by the API"):
        answer = hand_in(ada, conversation, data=b"x" * 10_000_001)
        assert (answer.status_code, answer.json()["code"]) == (400, "file_too_large")
        answer = hand_in(ada, conversation, data=b"x" * (enclosing.LARGEST + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert hand_in(ada, conversation, data=b"").json()["code"] == "empty_file"
        assert write(ada, conversation, text=" ").status_code == 400
    cases = {
        "file_too_large": [File("a.bin", "x/y", b"x" * 6_000_000)] * 2,
        "too_many_files": [File("a.txt", "text/plain", b"x")] * 21,
        "empty_file": [File("a.txt", "text/plain", b"")],
    }
    for code, files in cases.items():
        with subtests.test(code), pytest.raises(Invalid) as refused:
            reply(conversation, text="Here.", files=files, by=desk.ada.acting)
        assert refused.value.code == code
    for kind, code in (("whatsapp", "file_type_refused"), ("sms", "no_files_here")):
        Channel.objects.filter(pk=desk.channel.pk).update(kind=kind)
        conversation = Conversation.objects.get(pk=conversation.pk)
        files = [File("a.exe", "application/x-msdownload", b"MZ")]
        with subtests.test(code), pytest.raises(Invalid) as refused:
            reply(conversation, text="Here.", files=files, by=desk.ada.acting)
        assert refused.value.code == code
        assert hand_in(ada, conversation, name="a.exe").json()["code"] == code
    assert row_counts() == before


def test_the_pages_send_files_and_keep_the_words_of_a_refused_answer(desk: Desk) -> None:
    conversation, browser = hear(desk.channel), Client()
    browser.force_login(desk.ada.user)
    page = f"/admin/conversations/conversation/{conversation.pk}/"
    assert 'name="files"' in browser.get(f"{page}change/").content.decode()
    large = SimpleUploadedFile("large.bin", b"x" * 10_000_001)
    refused = browser.post(f"{page}do/reply/", {"text": "My words.", "files": large})
    assert refused.status_code == 400
    assert "My words." in refused.content.decode()
    assert "large.bin is too large" in refused.content.decode()
    assert not Message.objects.filter(direction="out").exists()
    for address in (f"{page}do/reply/", reverse("my_act", args=[conversation.pk, "reply"])):
        files = [SimpleUploadedFile(f"{n}.txt", b"hello", "text/html") for n in (1, 2)]
        answer = browser.post(address, {"text": "Here.", "files": files})
        assert answer.status_code == 302, answer.content[:2_000]
    assert Attachment.objects.count() == 4
    assert Attachment.objects.filter(type="text/html", size=5).count() == 4
    shown = browser.get(f"{page}change/").content.decode()
    assert "1.txt" in shown


# --- in parts ---


@pytest.fixture(name="meta")
def _meta(monkeypatch: pytest.MonkeyPatch, settings: Any) -> whatsapp.Meta:
    return whatsapp.meta(monkeypatch, settings)


def test_what_arrived_is_not_sent_again_and_each_part_is_known(
    desk: Desk, meta: whatsapp.Meta
) -> None:
    conversation = whatsapp.begun(desk.channel.unit)
    files = [File("a.pdf", "application/pdf", PDF), File("b.png", "image/png", b"\x89PNG")]
    message = reply(conversation, text="Both.", files=files, by=desk.ada.acting)
    meta.turns = [200, 503]
    delivery.deliver(message.pk)
    row = Delivery.objects.get()
    assert (row.state, row.parts) == ("queued", ["wamid.1", ""])
    Delivery.objects.update(not_before=timezone.now())
    delivery.deliver(message.pk)
    row.refresh_from_db()
    assert (row.state, row.parts) == ("sent", ["wamid.1", "wamid.2"])
    assert [each["type"] for each in meta.sent] == ["document", "image"]
    assert Message.objects.get(pk=message.pk).external_id == "wamid.1"
    lost = Receipt(("wamid.2",), "failed", cause="Meta 131053: media", trouble=None)
    assert receipts.take([(message.channel, message.pk, lost)]) == set()
    row.refresh_from_db()
    assert (row.state, row.parts, row.cause) == ("failed", ["wamid.1", ""], "Meta 131053: media")
    delivery.retry(row, by=desk.ada.acting)
    delivery.deliver(message.pk)
    assert [each["type"] for each in meta.sent] == ["document", "image", "image"]
    row.refresh_from_db()
    assert (row.state, row.parts) == ("sent", ["wamid.1", "wamid.3"])


def test_a_visitor_of_the_chat_gets_their_own_files_and_nobody_elses(desk: Desk) -> None:
    forget_channels()
    channel = open_channel(desk.channel.unit, kind="webchat", name="Site", by=AUTOMATION)
    lou, stranger = Client(), Client()
    base = f"/chat/{channel.token}/"
    for visitor in (lou, stranger):
        visitor.get(base)
    said = json.dumps({"id": "message-1", "text": "Hello?"})
    assert lou.post(f"{base}say/", said, content_type="application/json").status_code == 202
    claiming.ingest()
    conversation = Conversation.objects.get(channel=channel)
    file = File("plan.svg", "image/svg+xml", b"<svg/>")
    message = reply(conversation, text="Look.", files=[file], by=desk.ada.acting)
    assert lou.get(f"{base}messages/").json()["messages"][-1]["text"] == "Hello?"
    address = f"{base}files/{Attachment.objects.get().pk}/"
    assert lou.get(address).status_code == 404  # not out yet
    delivery.deliver(message.pk)
    [told] = lou.get(f"{base}messages/").json()["messages"][-1]["files"]
    assert told["name"] == "plan.svg"
    answer = lou.get(address)
    assert b"".join(answer.streaming_content) == b"<svg/>"
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code == 404
