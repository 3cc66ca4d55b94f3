"""At its minute, once, and what is said of it when that is not certain."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.test import override_settings
from django.utils import timezone

from conversations.channels import claiming
from conversations.channels.models import Envelope, Posted
from conversations.channels.services import pause
from conversations.editorial import life, publishing, tasks
from conversations.editorial.models import Publication
from conversations.inbox.models import Message
from crm.errors import Conflict
from crm.values import AUTOMATION
from tests import house
from tests.conversations.editorial.plan import Desk, Double

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("local")]


@pytest.fixture
def local():
    with override_settings(LOCAL=True):
        yield


def _state(row: Publication) -> str:
    return Publication.objects.values_list("state", flat=True).get(pk=row.pk)


def test_what_is_due_appears_and_is_noted(desk: Desk, provider: Double) -> None:
    row = desk.due()
    tasks.publish_due()
    row.refresh_from_db()
    assert (row.state, row.external_id) == ("published", "post-1")
    assert timezone.now() - row.published_at < timedelta(minutes=1)
    sent = provider.asked[0]
    assert sent["type"] == "publication.publish"
    assert sent["data"] == {"id": str(row.pk), "text": row.text, "author": "Ada"}
    tasks.publish_due()
    assert len(provider.asked) == 1


def test_what_is_not_due_or_not_approved_stays(desk: Desk, provider: Double) -> None:
    rows = [desk.approved(), desk.submitted(), desk.planned()]
    for row in rows:
        publishing.publish(row.pk)
    tasks.publish_due()
    assert provider.asked == []
    assert [_state(row) for row in rows] == ["approved", "submitted", "draft"]


def test_publish_now_takes_it_before_its_time(desk: Desk, provider: Double) -> None:
    row = life.publish_now(desk.approved(), by=desk.ada.acting)
    tasks.publish_due()
    assert _state(row) == "published"
    assert row.publish_at > timezone.now()


def test_a_busy_provider_is_tried_again_and_a_refusal_is_shown(
    desk: Desk, provider: Double
) -> None:
    row = desk.due()
    provider.answer = lambda _: httpx.Response(503, headers={"retry-after": "120"})
    publishing.publish(row.pk)
    row.refresh_from_db()
    assert (row.state, row.cause) == ("approved", "HTTP 503")
    assert timedelta(seconds=100) < row.due_at - timezone.now() < timedelta(seconds=121)
    Publication.objects.filter(pk=row.pk).update(due_at=timezone.now())
    provider.answer = lambda _: httpx.Response(400)
    publishing.publish(row.pk)
    row.refresh_from_db()
    assert (row.state, row.cause) == ("failed", "HTTP 400")
    provider.answer = lambda _: httpx.Response(200)
    life.publish_now(row, by=desk.ada.acting)
    tasks.publish_due()
    assert _state(row) == "published"
    assert provider.appeared == {str(row.pk)}


def test_a_worker_that_died_in_between_is_followed_by_the_same_id(
    desk: Desk, provider: Double
) -> None:
    row = desk.due()
    assert publishing.claim(row) == 1
    tasks.publish_due()
    assert _state(row) == "publishing"  # its lease runs
    Publication.objects.filter(pk=row.pk).update(claimed_at=timezone.now() - publishing.LEASE * 2)
    tasks.publish_due()
    assert _state(row) == "published"
    assert provider.appeared == {str(row.pk)}


def test_without_idempotency_a_lost_outcome_is_unknown_and_never_sent_blindly(
    desk: Desk, provider: Double, settings
) -> None:
    row = _by_mail(desk)
    publishing.claim(row)
    late = timezone.now() + publishing.LEASE * 2
    publishing.settle_lapsed(at=late)
    assert _state(row) == "unknown"
    tasks.publish_due()
    with pytest.raises(Conflict):
        life.publish_now(row, by=desk.ben.acting)
    assert _state(row) == "unknown"
    life.publish_again(row, by=desk.ben.acting)
    tasks.publish_due()
    assert _state(row) == "published"


def test_a_person_who_has_seen_it_confirms_what_is_unknown(desk: Desk, provider: Double) -> None:
    row = _by_mail(desk)
    publishing.claim(row)
    publishing.settle_lapsed(at=timezone.now() + publishing.LEASE * 2)
    life.confirm(row, by=desk.ben.acting)
    tasks.publish_due()
    assert _state(row) == "published"
    assert provider.asked == []


def _by_mail(desk: Desk, **options: object) -> Publication:
    home = desk.channel.unit
    desk.channel = house.mail_channel(home, options={"list_address": "news@brand.example"})
    return desk.due()


def test_a_worker_that_wakes_after_its_lease_says_nothing(desk: Desk, provider: Double) -> None:
    row = desk.due()

    def slowly(_: httpx.Request) -> httpx.Response:
        publishing.settle_lapsed(at=timezone.now() + publishing.LEASE * 2)
        return httpx.Response(200)

    provider.answer = slowly
    publishing.publish(row.pk)
    assert _state(row) == "approved"  # another worker's turn, under the same id


def test_a_mail_to_the_list_has_its_own_subject(desk: Desk, tmp_path, provider: Double) -> None:
    home = desk.channel.unit
    options = {"list_address": "news@brand.example", "mail_url": tmp_path.as_uri()}
    desk.channel = house.mail_channel(home, options=options)
    row = desk.due(text="A new tent\n\nIt is light.")
    tasks.publish_due()
    mail = (tmp_path / f"{row.pk}.eml").read_text()
    assert "To: news@brand.example" in mail
    assert "Subject: A new tent" in mail
    assert f"Message-ID: <{row.pk}@relais.example>" in mail


def test_a_channel_that_cannot_publish_waits_for_a_hand(desk: Desk, provider: Double) -> None:
    desk.channel = house.mail_channel(desk.channel.unit)  # it names no list
    row = desk.due()
    tasks.publish_due()
    assert _state(row) == "approved"
    life.confirm(row, by=desk.ada.acting, external_id="<x@brand.example>")
    row.refresh_from_db()
    assert (row.state, row.external_id) == ("published", "<x@brand.example>")


def test_a_pause_holds_and_what_missed_its_moment_is_for_a_person(
    desk: Desk, provider: Double
) -> None:
    row = desk.due()
    pause(desk.channel, paused=True, by=AUTOMATION)
    tasks.publish_due()
    assert _state(row) == "approved"
    pause(desk.channel, paused=False, by=AUTOMATION)
    publishing.settle_missed(at=timezone.now() + timedelta(hours=7))
    row.refresh_from_db()
    assert (row.state, provider.asked) == ("failed", [])
    assert "time passed" in row.cause


def test_a_channel_has_its_own_pace(desk: Desk, provider: Double) -> None:
    desk.channel.options = {"per_minute": 1}
    desk.channel.save()
    first, second = desk.due(), desk.due(text="Another")
    tasks.publish_due()
    assert sorted([_state(first), _state(second)]) == ["approved", "published"]
    waiting = Publication.objects.get(state="approved")
    assert (waiting.attempt, waiting.due_at > timezone.now()) == (0, True)


def test_our_own_publication_shown_to_us_is_nobodys_message(desk: Desk, provider: Double) -> None:
    row = desk.due()
    tasks.publish_due()
    for name in ("post-1", str(row.pk)):
        house.post_webhook(desk.channel, house.event(house.message(name, row.text)))
    house.post_webhook(desk.channel, house.event(house.message("other", "Nice!")))
    claiming.ingest()
    assert list(Message.objects.values_list("external_id", flat=True)) == ["other"]
    reasons = Envelope.objects.filter(state="done").values_list("reason", flat=True)
    assert sorted(reasons) == ["", *["what we published came back"] * 2]
    assert Posted.objects.filter(subject=row.pk).count() == 2


def test_what_is_unknown_is_known_once_the_network_shows_it(desk: Desk, provider: Double) -> None:
    row = desk.due()
    provider.answer = lambda _: 1 / 0  # an adapter's bug: it may have gone out
    publishing.publish(row.pk)
    assert _state(row) == "unknown"
    house.post_webhook(desk.channel, house.event(house.message(str(row.pk), row.text)))
    claiming.ingest()
    assert _state(row) == "published"
    assert not Message.objects.exists()
