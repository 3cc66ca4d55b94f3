"""Files that a network keeps are fetched within bounds, and what does not come is shown."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from conversations.channels import connecting
from conversations.channels.accounts import forget_channels
from conversations.channels.models import Channel
from conversations.channels.wire import calling
from conversations.channels.wire.contract import Remote
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.slack import Slack
from conversations.inbox import changes, fetching
from conversations.inbox.models import Attachment, Conversation, FileState, Message, MessageChange
from conversations.inbox.writing import announced
from crm.access.models import Role
from crm.values import AUTOMATION
from tests import house
from tests.api.hands import Caller, hear
from tests.conversations.channels.wire.samples import sample_of

pytestmark = pytest.mark.django_db
BYTES = b"\x89PNG and so on"


class Keeper(BaseHTTPRequestHandler):
    """Where the network keeps its files; `asked` holds the credentials it was shown."""

    asked: list[str] = []

    def do_GET(self) -> None:
        Keeper.asked.append(self.headers.get("authorization", ""))
        answers = {
            "/file": (200, {"content-type": "image/png"}, BYTES),
            "/page": (200, {"content-type": "text/html; charset=utf-8"}, b"<html>sign in</html>"),
            "/inside": (302, {"location": "http://10.0.0.1/file"}, b""),
            "/moved": (302, {"location": "/file"}, b""),
            "/gone": (404, {}, b""),
            "/closed": (403, {}, b""),
            "/ill": (500, {}, b""),
            "/large": (200, {"content-type": "image/png"}, b"x" * 2_000),
        }
        status, headers, body = answers[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silent."""


@pytest.fixture(scope="module")
def keeper() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def message(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Message:
    settings.LOCAL = True  # the keeper is on this machine
    forget_channels()
    monkeypatch.setitem(CHANNELS, "slack", Slack())
    sample = sample_of("slack")
    values = sample.credentials | {"team_id": "T1"}
    home = house.unit()
    network = connecting.connect(home, kind="slack", name="S", values=values, by=AUTOMATION)
    said = hear(house.webhook_channel(home)).messages.get()
    Message.objects.filter(pk=said.pk).update(channel=network)
    said.refresh_from_db()
    Keeper.asked.clear()
    return said


def _coming(message: Message, url: str, **known: Any) -> Attachment:
    remote = Remote("a.png", "image/png", url, **known)
    [row] = Attachment.objects.bulk_create(announced(message.pk, [remote]))
    return row


def _fetched(row: Attachment) -> Attachment:
    fetching.fetch_due(at=timezone.now() + timedelta(seconds=1))
    row.refresh_from_db()
    return row


def test_a_file_comes_is_kept_and_served_as_a_download(message: Message, keeper: str) -> None:
    staff = Caller(house.somebody(house.department(message.channel.unit), Role.STAFF).user)
    row = _coming(message, f"{keeper}/moved", sha256=hashlib.sha256(BYTES).hexdigest())
    where = f"conversations/{message.conversation_id}/messages/"
    [told] = staff.get(where).json()["results"]
    assert [(each["state"], each["name"]) for each in told["attachments"]] == [("coming", "a.png")]
    assert keeper not in staff.get(where).content.decode()
    assert Attachment.objects.values_list("remote", flat=True).get() == f"{keeper}/moved"
    row = _fetched(row)
    assert (row.state, row.size, row.remote, row.cause) == ("here", len(BYTES), "", "")
    with default_storage.open(row.file) as file:
        assert file.read() == BYTES
    [told] = staff.get(where).json()["results"]
    [file] = told["attachments"]
    assert (file["state"], file["size"]) == ("here", len(BYTES))
    assert Keeper.asked == ["", ""]  # no host of the network: no credentials are shown
    assert fetching.fetch_due(at=timezone.now()) == 0


LOST = {
    "/gone": "not there any more",
    "/closed": "do not open it",
    "/inside": "private network",
    "/page": "a page came",
}


def test_what_will_never_come_is_lost_at_once_with_its_cause(
    message: Message, keeper: str, subtests: Any
) -> None:
    for path, cause in LOST.items():
        with subtests.test(path):
            row = _fetched(_coming(message, keeper + path))
            assert (row.state, row.remote, row.file) == (FileState.LOST, "", "")
            assert cause in row.cause
            assert keeper not in row.cause


def test_what_is_larger_than_is_kept_is_lost(
    message: Message, keeper: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "LARGEST_FILE", 1_000)
    row = _fetched(_coming(message, f"{keeper}/large"))
    assert (row.state, "larger" in row.cause) == ("lost", True)


def test_what_may_come_later_is_tried_five_times(message: Message, keeper: str) -> None:
    for path, known in (("/ill", {}), ("/file", {"sha256": "0" * 64})):
        row = _coming(message, keeper + path, **known)
        for number, wait in enumerate(fetching.BACKOFF, start=1):
            row = _fetched(row)
            assert (row.state, row.tries) == ("coming", number)
            assert row.due_at is not None
            left = (row.due_at - timezone.now()).total_seconds()
            assert wait - 5 < left <= wait
            Attachment.objects.filter(pk=row.pk).update(due_at=timezone.now())
        assert _fetched(row).state == "lost"


def test_a_worker_that_dies_in_the_middle_costs_a_delay(message: Message, keeper: str) -> None:
    row = _coming(message, f"{keeper}/file")
    assert fetching._claim(timezone.now()) == row.pk  # noqa: SLF001 - and here it dies
    assert fetching._claim(timezone.now()) is None  # noqa: SLF001
    assert _fetched(row).state == "coming"
    assert fetching.fetch_due(at=timezone.now() + fetching.LEASE) == 1


def test_a_file_of_what_was_taken_back_meanwhile_is_not_kept(message: Message, keeper: str) -> None:
    row = _coming(message, f"{keeper}/file")
    gone = MessageChange.objects.create(
        channel=message.channel, external_id="m", kind="deleted", said_at=timezone.now()
    )
    changes._apply(message, [gone])  # noqa: SLF001 - as it comes by a delivery
    assert not Attachment.objects.filter(pk=row.pk).exists()
    assert fetching.fetch_due(at=timezone.now() + timedelta(seconds=5)) == 0


def test_without_a_connection_nothing_is_fetched(message: Message, keeper: str) -> None:
    Channel.objects.filter(pk=message.channel_id).update(token=None)
    row = _fetched(_coming(message, f"{keeper}/file"))
    assert (row.state, "not connected" in row.cause) == ("lost", True)
    assert Conversation.objects.count() == 1
