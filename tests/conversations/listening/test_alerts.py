"""Mentions that come by mail: an address whose mails become mentions."""

from __future__ import annotations

import pytest

from conversations.channels import claiming
from conversations.channels.doors.mail import mailbox, store
from conversations.channels.models import Channel, Envelope
from conversations.channels.services import open_channel
from conversations.inbox.models import Conversation
from conversations.listening.models import Mention
from crm.values import AUTOMATION
from tests import house
from tests.conversations.listening.conftest import Ear

pytestmark = pytest.mark.django_db
ADDRESS = "alerts@relais.example"
GOOGLE = """<html><body><table><tr><td><a href="https://www.google.com/alerts?source=x">Google</a></td></tr>
<tr><td><a href="https://www.google.com/url?rct=j&amp;sa=t&amp;url=https://news.example/a%3Fid%3D1&amp;ct=ga&amp;usg=X"
 itemprop="url"><span itemprop="name">The <b>Brand</b> tent is great</span></a></td></tr>
<tr><td><div>Mountain News</div><div itemprop="description">Nine pairs held all winter &hellip;</div>
<a href="https://www.google.com/alerts/feedback?x">Flag as irrelevant</a></td></tr>
<tr><td><a href="https://www.google.com/url?rct=j&amp;url=https://other.example/b&amp;ct=ga">Rival opens a shop</a></td></tr>
<tr><td><a href="https://www.google.com/url?rct=j&amp;url=https://other.example/b&amp;ct=ga"><img src="x"></a></td></tr>
</table></body></html>"""  # noqa: E501


def _mail(subject: str, body: str, *, html: bool = False, id_: str = "1") -> bytes:
    kind = "html" if html else "plain"
    return (
        f"From: Alerts <alerts@service.example>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{id_}@service.example>\r\nDate: Tue, 24 Nov 2026 09:30:00 +0000\r\n"
        f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n{body}"
    ).encode()


@pytest.fixture(name="box")
def _box(ear: Ear) -> Channel:
    return open_channel(ear.unit, kind="alerts", name="Alerts", address=ADDRESS, by=AUTOMATION)


def test_each_find_of_an_alert_is_a_mention_and_none_a_conversation(ear: Ear, box: Channel) -> None:
    found = mailbox(ADDRESS)
    assert found == box
    store(box, _mail("Google Alert - brand", GOOGLE, html=True))
    claiming.ingest()
    rows = Mention.objects.order_by("url")
    assert [(row.url, row.headline) for row in rows] == [
        ("https://news.example/a?id=1", "The Brand tent is great"),
        ("https://other.example/b", "Rival opens a shop"),
    ]
    assert "Nine pairs held all winter" in rows[0].text
    assert "Flag as irrelevant" not in rows[0].text
    assert list(rows[1].sightings.values_list("competitor", flat=True)) == ["Rival"]
    assert not Conversation.objects.exists()


def test_any_other_mail_is_one_mention(box: Channel) -> None:
    store(box, _mail("F5Bot found something", "brand was named:\r\nhttps://forum.example/t/1.\r\n"))
    claiming.ingest()
    mention = Mention.objects.get()
    assert (mention.url, mention.author) == ("https://forum.example/t/1", "Alerts")
    assert mention.text.startswith("F5Bot found something")


def test_the_same_alert_again_adds_nothing_and_says_so(box: Channel) -> None:
    for number in (1, 2):
        store(box, _mail("Google Alert", GOOGLE, html=True, id_=str(number)))
        claiming.ingest()
    assert Mention.objects.count() == 2
    assert Envelope.objects.latest("pk").reason == "mentions that are known already"


def test_a_mention_by_webhook_that_is_malformed_is_refused_at_the_door(ear: Ear) -> None:
    channel = house.webhook_channel(ear.unit)
    for said in (
        {"id": "1"},
        {"id": "1", "text": "x", "url": "javascript:alert(1)"},
        {"id": "1", "text": "x", "author": "Bob"},
        {"id": "1", "text": "x", "reach": -1},
        {"id": "1", "text": "x", "stated_at": "yesterday"},
    ):
        body = house.event(said).replace(b"message.received", b"mention.received")
        assert house.post_webhook(channel, body).status_code == 422
    assert not Envelope.objects.exists()
