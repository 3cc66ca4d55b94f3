"""A channel's own pace holds for messages: what is over it waits, and no try is counted."""

from __future__ import annotations

import pytest
from django.test import override_settings
from django.utils import timezone

from conversations.channels import sending
from conversations.inbox import delivery
from conversations.inbox.models import Delivery
from conversations.inbox.services import reply
from crm.values import uuid7
from tests.api.hands import hear
from tests.conversations.editorial.plan import Desk, desk, provider

pytestmark = pytest.mark.django_db


@pytest.fixture(name="desk")
def _desk() -> Desk:
    return desk()


def test_messages_over_the_pace_wait_their_turn(desk: Desk, monkeypatch) -> None:
    desk.channel.options = {"per_minute": 1}
    desk.channel.save()
    said = [
        reply(hear(desk.channel, thread=str(n)), text="Yes.", by=desk.ada.acting) for n in range(2)
    ]
    with provider(monkeypatch) as double, override_settings(LOCAL=True):
        for message in said:
            delivery.deliver(message.pk)
    assert len(double.asked) == 1
    waiting = Delivery.objects.get(state="queued")
    assert (waiting.message_id, waiting.attempt) == (said[1].pk, 0)
    assert waiting.not_before > timezone.now()


@pytest.mark.parametrize("pace", [None, 0, -1, "2", True, 1.5])
def test_nonsense_is_no_pace(desk: Desk, pace: object) -> None:
    desk.channel.options = {"per_minute": pace}
    assert [sending.seconds_to_wait(desk.channel) for _ in range(3)] == [0, 0, 0]


def test_a_mail_of_ours_is_known_on_every_channel_and_any_other_id_on_its_own(desk: Desk) -> None:
    subject, elsewhere = uuid7(), uuid7()
    sending.note(desk.channel, ["<a@b>", "post-1", "", "post-1"], subject=subject)
    asked = {(channel, name) for channel in (desk.channel.pk, elsewhere) for name in _NAMES}
    found = sending.ours(asked)
    assert {(channel == elsewhere, name) for channel, name in found} == {
        (False, "<a@b>"),
        (True, "<a@b>"),
        (False, "post-1"),
    }
    assert set(found.values()) == {subject}


_NAMES = ("<a@b>", "post-1", "other", "")
