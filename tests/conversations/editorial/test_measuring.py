"""Networks are asked how what we published is doing: seldom enough, and nothing counts twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.test import override_settings
from django.utils import timezone

from conversations.channels import claiming, polling
from conversations.channels.connecting import connect
from conversations.channels.wire.registry import CHANNELS
from conversations.editorial import measuring, publishing
from conversations.editorial.learning import measured
from conversations.editorial.models import Publication, Reaction
from tests.conversations.channels.wire.worlds.bluesky import BlueskyWorld
from tests.conversations.channels.wire.worlds.mastodon import MastodonWorld
from tests.conversations.editorial.plan import Desk, Double
from tests.house import webhook_channel

pytestmark = pytest.mark.django_db
CALLBACK = "http://127.0.0.1:9/in"


@pytest.fixture(name="world", params=[MastodonWorld, BlueskyWorld], ids=["mastodon", "bluesky"])
def _world(request: Any, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Any:
    world = request.param()
    monkeypatch.setitem(CHANNELS, world.kind, world.adapter())
    unit = desk.channel.unit
    desk.channel = connect(
        unit, kind=world.kind, name="Ours", values=world.values, by=desk.ada.acting
    )
    return world


def _out(desk: Desk) -> Publication:
    row = desk.due(text="The new tent is here")
    publishing.publish(row.pk)
    row.refresh_from_db()
    assert row.state == "published", row.cause
    return row


def _likes(world: Any, row: Publication, number: int) -> None:
    if world.kind == "mastodon":
        world.statuses[row.external_id] |= {"favourites_count": number, "reblogs_count": 1}
    else:
        world.posts[row.external_id] |= {"likeCount": number, "repostCount": 1}


def test_likes_are_asked_for_and_kept_where_they_moved(desk: Desk, world: Any) -> None:
    row, now = _out(desk), timezone.now()
    _likes(world, row, 3)
    assert measuring.measure_due(at=now) == 1
    assert measured(row).counts == {"likes": 3, "reposts": 1}
    assert measured(row).value_of("Likes") == 3

    _likes(world, row, 5)
    assert measuring.measure_due(at=now + timedelta(minutes=59)) == 0  # asked within the hour
    assert measuring.measure_due(at=now + timedelta(minutes=61)) == 1
    assert measured(row).counts == {"likes": 5, "reposts": 1}
    assert Reaction.objects.count() == 3  # what did not move adds nothing
    later = now + timedelta(days=3)
    assert measuring.measure_due(at=later) == 1
    assert measuring.measure_due(at=later + timedelta(hours=11)) == 0
    assert measuring.measure_due(at=later + timedelta(hours=12)) == 1
    assert measuring.measure_due(at=now + timedelta(days=31)) == 0  # no comparison counts any more


def test_what_is_gone_or_a_network_that_is_silent_changes_nothing(desk: Desk, world: Any) -> None:
    row, now = _out(desk), timezone.now()
    _likes(world, row, 3)
    world.trouble = httpx.ConnectError("no route")
    assert measuring.measure_due(at=now) == 0
    world.trouble = None
    assert measuring.measure_due(at=now + timedelta(hours=1)) == 1
    world.take_back(row.external_id)
    assert measuring.measure_due(at=now + timedelta(hours=2)) == 0
    assert measured(row).counts == {"likes": 3, "reposts": 1}


def test_an_answer_below_it_is_a_reply(desk: Desk, world: Any) -> None:
    row = _out(desk)
    world.say("Does it come in green?", below=row.external_id)
    polling.read_due()
    claiming.ingest()
    assert measured(row).replies == 1


def test_a_paused_channel_is_not_asked(desk: Desk, world: Any) -> None:
    row = _out(desk)
    _likes(world, row, 3)
    asked = len(world.asked)
    desk.channel.paused_at = timezone.now()
    desk.channel.save()
    assert measuring.measure_due() == 0
    assert len(world.asked) == asked


def test_what_no_network_counts_does_not_stand_before_what_one_does(
    desk: Desk, world: Any, provider: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MOST", 1)
    ours, desk.channel = desk.channel, webhook_channel(desk.channel.unit, callback_url=CALLBACK)
    with override_settings(LOCAL=True):
        assert _out(desk).counted_at is None
    desk.channel = ours
    asked, new = _out(desk), _out(desk)
    Publication.objects.filter(pk=asked.pk).update(counted_at=timezone.now() - timedelta(hours=5))
    _likes(world, new, 3)
    assert measuring.measure_due() == 1
    assert measured(new).counts == {"likes": 3, "reposts": 1}
    assert measured(asked).counts == {}
