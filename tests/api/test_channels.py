"""Channels and envelopes through the API, for the staff of their units."""

import pytest

from conversations.channels import claiming
from conversations.channels.models import Envelope
from conversations.inbox.models import Message
from crm.access.models import Role
from tests import house
from tests.api.hands import Caller, hear
from tests.rows import row_counts

pytestmark = pytest.mark.django_db


@pytest.fixture
def brand():
    return house.unit()


@pytest.fixture
def staff(brand):
    return Caller(house.somebody(house.department(brand), Role.STAFF).user)


@pytest.fixture
def channel(brand):
    return house.webhook_channel(brand)


def test_a_channel_is_told_without_its_secret(staff, channel, brand):
    [told] = staff.get("channels/").json()["results"]
    assert told == {
        "id": str(channel.pk),
        "kind": "webhook",
        "name": "Shop",
        "unit": brand.source_id,
        "address": "",
        "owned": True,
        "url": f"http://testserver/hooks/{channel.token}/",
        "callback_url": "",
        "paused": False,
        "reopen_days": 14,
        "keep_days": None,
        "closed_at": None,
    }
    assert channel.secret not in staff.get(f"channels/{channel.pk}/").content.decode()


def test_staff_set_the_callback_and_pause(staff, channel):
    url = "http://127.0.0.1:8099/answers"
    answer = staff.patch(f"channels/{channel.pk}/", {"callback_url": url, "paused": True})
    assert (answer.json()["callback_url"], answer.json()["paused"]) == (url, True)
    channel.refresh_from_db()
    assert (channel.callback_url, channel.is_open) == (url, False)
    answer = staff.patch(f"channels/{channel.pk}/", {"paused": False})
    assert (answer.json()["callback_url"], answer.json()["paused"]) == (url, False)


REFUSED_CALLBACKS = [
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//127.0.0.1/",
    "answers",
    "http://",
    "http://user:secret@127.0.0.1/",
    "http://10.0.0.1/",
    "http://192.168.1.1:8080/",
    "http://172.16.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/",
    "http://0.0.0.0/",
    "http://224.0.0.1/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[::]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[64:ff9b::a00:1]/",
    "http://[2002:a00:1::]/",
    "http://0x0a000001/",
    "http://167772161/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1/a b",
    "http://127.0.0.1\\@10.0.0.1/",
    "http://exämple.com/",
]


def test_a_callback_into_a_private_network_is_refused(staff, channel, subtests):
    before = row_counts()
    for url in REFUSED_CALLBACKS:
        with subtests.test(url):
            answer = staff.patch(f"channels/{channel.pk}/", {"callback_url": url, "paused": True})
            assert (answer.status_code, answer.json()["code"]) == (400, "callback_refused")
            channel.refresh_from_db()
            assert (channel.callback_url, channel.paused_at) == ("", None)
            assert row_counts() == before


def test_this_machine_is_called_back_in_local_mode_only(staff, channel, settings, subtests):
    for local, status in ((True, 200), (False, 400)):
        settings.LOCAL = local
        for url in ("http://127.0.0.1:8099/", "http://localhost:8099/", "http://[::1]:8099/"):
            with subtests.test(url, local=local):
                channel.callback_url = ""
                channel.save()
                answer = staff.patch(f"channels/{channel.pk}/", {"callback_url": url})
                assert answer.status_code == status


def test_an_envelope_names_the_messages_it_brought(staff, channel):
    conversation = hear(channel)
    [told] = staff.get("envelopes/", state="done", channel=str(channel.pk)).json()["results"]
    envelope = Envelope.objects.get()
    assert told == {
        "id": str(envelope.pk),
        "channel": str(channel.pk),
        "state": "done",
        "reason": "",
        "messages": [str(conversation.messages.get().pk)],
        "received_at": told["received_at"],
    }
    assert staff.get("envelopes/", state="failed").json()["results"] == []


def test_only_what_failed_or_was_ignored_is_read_again(staff, channel):
    hear(channel)
    envelope = Envelope.objects.get()
    refused = staff.post(f"envelopes/{envelope.pk}/replay/")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_failed")
    Envelope.objects.update(state="failed", reason="a bug")
    answer = staff.post(f"envelopes/{envelope.pk}/replay/")
    assert (answer.status_code, answer.json()["state"]) == (200, "waiting")
    claiming.ingest()
    envelope.refresh_from_db()
    assert (envelope.state, Message.objects.count()) == ("done", 1)


def test_lists_cost_the_same_however_many_rows(staff, channel, django_assert_max_num_queries):
    for number in range(6):
        hear(channel, thread=f"t{number}")
    with django_assert_max_num_queries(6):
        assert len(staff.get("envelopes/").json()["results"]) == 6
    with django_assert_max_num_queries(5):
        assert len(staff.get("channels/").json()["results"]) == 1
