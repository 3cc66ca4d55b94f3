"""What comes back: replies, counts of the network, clicks told apart, by nobody's script."""

from __future__ import annotations

import httpx
import pytest
from django.test import Client, override_settings

from conversations.channels import claiming
from conversations.channels.models import Envelope
from conversations.editorial import forecast, learning, life, tasks
from conversations.editorial.links import addresses
from conversations.editorial.models import Clicks, Publication, Reaction
from crm.errors import Conflict, Invalid
from tests import house
from tests.conversations.editorial.plan import Desk, Double

pytestmark = pytest.mark.django_db
PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OTHER = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605.1"


@pytest.fixture
def out(desk: Desk, provider: Double) -> Publication:
    """Published through the channel, with short links."""
    row = desk.due(count_clicks=True)
    with override_settings(LOCAL=True):
        tasks.publish_due()
    row.refresh_from_db()
    assert row.state == "published"
    return row


def _counted(desk: Desk, data: object, *, delivery: str = "") -> None:
    body = httpx.Request("POST", "http://x/", json={"type": "publication.counted", "data": data})
    assert house.post_webhook(desk.channel, body.content, delivery=delivery).status_code in {
        200,
        202,
    }
    claiming.ingest()


def test_replies_are_conversations_below_it(desk: Desk, out: Publication) -> None:
    for number, handle in enumerate(("bob", "eve", "bob")):
        said = house.message(f"r{number}", "Nice!", thread="post-1", **{"from": {"handle": handle}})
        house.post_webhook(desk.channel, house.event(said))
    house.post_webhook(desk.channel, house.event(house.message("x", thread="elsewhere")))
    claiming.ingest()
    assert learning.measured(out).replies == 2


def test_totals_of_the_network_are_kept_as_they_move(desk: Desk, out: Publication) -> None:
    _counted(desk, {"id": "post-1", "metric": "Likes", "value": 4})
    _counted(desk, [{"id": str(out.pk), "metric": "likes", "value": 4}])
    _counted(desk, [{"id": "post-1", "metric": "likes", "value": 9}], delivery="same")
    _counted(desk, [{"id": "post-1", "metric": "likes", "value": 9}], delivery="same")
    values = Reaction.objects.filter(publication=out).order_by("pk").values_list("value", flat=True)
    assert list(values) == [4.0, 9.0]
    assert learning.measured(out).counts == {"likes": 9.0}
    assert not Reaction.objects.filter(compared_by__isnull=False).exists()


def test_counts_of_an_unknown_publication_are_shown_as_such(desk: Desk, out: Publication) -> None:
    _counted(desk, {"id": "nobody", "metric": "likes", "value": 4})
    assert not Reaction.objects.exists()
    assert Envelope.objects.get().reason == "counts of a publication that is not known here"


@pytest.mark.parametrize("value", ["4", True, -1, 1e13, None])
def test_what_is_no_count_is_refused_at_the_door(
    desk: Desk, out: Publication, value: object
) -> None:
    data = {"id": "post-1", "metric": "likes", "value": value}
    body = httpx.Request("POST", "http://x/", json={"type": "publication.counted", "data": data})
    assert house.post_webhook(desk.channel, body.content).status_code == 422
    assert not Reaction.objects.exists()


def test_a_short_link_leads_to_the_approved_address_and_nowhere_else(
    out: Publication, provider: Double, client: Client
) -> None:
    link = out.links.get()
    sent = provider.asked[0]["data"]["text"]
    assert f"/l/{link.code}/." in sent
    assert "brand.example" not in sent
    answer = client.get(
        f"/l/{link.code}/?next=https://evil.example/", headers={"user-agent": PERSON}
    )
    assert (answer.status_code, answer["Location"]) == (302, "https://brand.example/tent")
    for nowhere in ("/l/nothing/", "/l/https:evil.example/", f"/l/{link.code}/more/"):
        assert client.get(nowhere).status_code == 404
    assert client.post(f"/l/{link.code}/").status_code == 405


def test_people_repeats_and_robots_are_told_apart(out: Publication, client: Client) -> None:
    code = out.links.get().code
    for agent in (PERSON, PERSON, PERSON, OTHER, "Slackbot-LinkExpanding 1.0", "curl/8.5", ""):
        client.get(f"/l/{code}/", headers={"user-agent": agent})
    client.head(f"/l/{code}/", headers={"user-agent": PERSON})
    client.get(f"/l/{code}/", headers={"user-agent": OTHER, "sec-purpose": "prefetch;prerender"})
    found = learning.measured(out)
    assert (found.people, found.repeats, found.robots) == (2, 2, 5)
    assert found.value_of("Clicks") == 2
    kept = Clicks.objects.values_list("visitor", flat=True)
    assert not [one for one in kept if "127.0.0.1" in one or "Mozilla" in one]


def test_addresses_end_before_their_punctuation() -> None:
    text = "See https://a.example/x. Or (https://b.example/?q=1), https://a.example/x!"
    assert addresses(text) == ["https://a.example/x", "https://b.example/?q=1"]


def test_it_is_compared_once_and_only_when_it_is_out(desk: Desk, out: Publication) -> None:
    planned = desk.approved()
    with pytest.raises(Conflict):
        learning.compare(planned, value=1.0, by=desk.ada.acting)
    for nonsense in (float("nan"), float("inf")):
        with pytest.raises(Invalid):
            learning.compare(out, value=nonsense, by=desk.ada.acting)
    with pytest.raises(Conflict) as early:
        learning.decide(out, text="More", by=desk.ben.acting)
    assert early.value.code == "not_compared"
    learning.compare(out, value=30.0, by=desk.ada.acting)
    with pytest.raises(Conflict):
        learning.compare(out, value=10.0, by=desk.ben.acting)
    assert learning.decide(out, text="More", by=desk.ben.acting).comparison is not None


def test_forecasts_are_judged_by_author_topic_and_channel(desk: Desk) -> None:
    for topic, value in (("tents", 10.0), ("tents", 30.0), ("tents", 22.0), ("boots", 20.0)):
        row = life.confirm(desk.approved(topic=topic), by=desk.ben.acting)
        learning.compare(row, value=value, by=desk.ada.acting)
    waiting = life.confirm(desk.approved(), by=desk.ben.acting)
    rows = Publication.objects.visible_to(desk.ada.user)
    found = forecast.tables(rows)
    topics = {
        one.name: (one.compared, one.error_percent, one.bias_percent) for one in found["topic"]
    }
    assert topics == {"tents": (3, 50, 10), "boots": (1, 0, 0)}
    assert [one.name for one in found["author"]] == ["Ada"]
    assert list(forecast.to_compare(rows, at=waiting.published_at)) == [waiting]
