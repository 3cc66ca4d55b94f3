"""What a place may do to us: every case ends, costs what it may cost, and shows as its health.

Bytes, seconds and redirects are those that the reading itself counted on the connection.
"""

from __future__ import annotations

import gzip
import threading
import time
from typing import Any

import pytest

from conversations.channels.models import Heartbeat
from conversations.listening import places, reading
from conversations.listening.models import Finding, Health, Mention, Place
from tests.conversations.listening.conftest import Ear
from tests.conversations.listening.server import Outside, Request, item, rss

pytestmark = pytest.mark.django_db
SECONDS = 2.0  # that a reading may take in these tests
SLACK = 10.0  # of a busy machine; what would go on for ever here goes on for longer
FOR_EVER = 30.0
HEADERS = 200_000


@pytest.fixture(autouse=True)
def _short(settings: Any) -> None:
    settings.LISTENING_SECONDS = SECONDS
    settings.LISTENING_BYTES = 300_000


def _troubled(place: Place, cause: str) -> None:
    assert (place.health, place.failures) == (Health.TROUBLED, 1)
    assert cause in place.cause
    assert place.due_at is not None
    assert not Heartbeat.objects.filter(source=place.source_id).exists()


# --- slow ---


def test_headers_that_drip_for_ever_end_with_the_time(ear: Ear, far: Outside) -> None:
    far.answers["/feed"] = lambda request: request.drip(
        b"HTTP/1.1 200 OK\r\nx: " * 99, pause=0.1, longest=FOR_EVER
    )
    began = time.monotonic()
    place = ear.hears(f"{far.url}/feed")
    assert time.monotonic() - began < SECONDS + SLACK
    assert SECONDS * 0.9 <= place.last_seconds < SECONDS + SLACK
    assert place.last_bytes < (SECONDS + SLACK) / 0.1
    _troubled(place, "too slow")


def test_a_body_that_drips_is_read_up_to_where_the_time_ended(ear: Ear, far: Outside) -> None:
    def drip(request: Request) -> None:
        request.raw(b"HTTP/1.1 200 OK\r\n\r\n" + rss(1, 2).replace(b"</channel></rss>", b""))
        request.drip(item(3).encode() * 9, pause=0.05, longest=FOR_EVER)

    far.answers["/feed"] = drip
    place = ear.hears(f"{far.url}/feed")
    assert SECONDS * 0.9 <= place.last_seconds < SECONDS + SLACK
    assert Mention.objects.count() == 2  # what was whole before is not lost
    _troubled(place, "too slow")


def test_a_server_that_takes_the_call_and_says_nothing(ear: Ear, far: Outside) -> None:
    far.answers["/feed"] = lambda request: time.sleep(FOR_EVER)
    place = ear.hears(f"{far.url}/feed")
    assert (place.last_bytes, place.last_redirects) == (0, 0)
    assert place.last_seconds < SECONDS + SLACK
    _troubled(place, "too slow")


class _LateAlarm(threading.Timer):
    """A machine so busy that its alarm rings when the connection has long given up."""

    def __init__(self, interval: float, function: Any) -> None:
        super().__init__(interval + SLACK, function)


def test_it_is_too_slow_by_the_clock_also_where_the_alarm_rings_late(
    ear: Ear, far: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "Timer", _LateAlarm)
    far.answers["/feed"] = lambda request: time.sleep(FOR_EVER)
    _troubled(ear.hears(f"{far.url}/feed"), "too slow")


def test_nobody_answers(ear: Ear, far: Outside) -> None:
    place = ear.hears("http://127.0.0.1:9/feed")
    assert (place.last_bytes, place.last_redirects) == (0, 0)
    _troubled(place, "nobody answers")


# --- endless ---


def _endless(request: Request, part: bytes) -> None:
    while request.raw(part):
        pass


def test_an_endless_body_is_cut_and_what_came_is_kept(ear: Ear, far: Outside) -> None:
    def endless(request: Request) -> None:
        request.raw(b"HTTP/1.1 200 OK\r\n\r\n" + rss(1, 2).replace(b"</channel></rss>", b""))
        _endless(request, item(3, text="Other").encode() * 50)

    far.answers["/feed"] = endless
    place = ear.hears(f"{far.url}/feed")
    assert 300_000 <= place.last_bytes < 300_000 + HEADERS
    assert place.last_seconds < SECONDS + SLACK
    assert Mention.objects.count() == 2
    _troubled(place, "too long: 300,000 bytes were read")


def test_endless_headers_are_cut(ear: Ear, far: Outside) -> None:
    far.answers["/feed"] = lambda request: (
        request.raw(b"HTTP/1.1 200 OK\r\n")
        and _endless(request, b"x-more: " + b"y" * 900 + b"\r\n")
    )
    place = ear.hears(f"{far.url}/feed")
    assert place.last_bytes < 300_000 + HEADERS + 70_000
    assert place.last_seconds < SECONDS + SLACK
    assert place.health == Health.TROUBLED


def test_what_unpacks_to_more_than_it_weighs_is_cut(ear: Ear, far: Outside) -> None:
    bomb = gzip.compress(rss(1).replace(b"</rss>", b" " * 50_000_000))
    far.serves("/feed", bomb, content_encoding="gzip")
    place = ear.hears(f"{far.url}/feed")
    assert place.last_bytes < 60_000
    assert Mention.objects.count() == 1
    _troubled(place, "too long")


# --- not a feed ---

_LOL = "".join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' if n else '<!ENTITY a0 "lol">' for n in range(10)
)
_FEED = "<rss><channel><item><title>&a9;</title></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "not XML"),
        (b'{"items": []}', "not XML"),
        (b"<html><body>Hello</body></html>", "a web page, not a feed"),
        (b"<!doctype html><p>Hello<br><html>", "a web page, not a feed"),
        (b"<opml><body/></opml>", "XML, but no feed (opml)"),
        (f"<!DOCTYPE l [{_LOL}]>{_FEED}".encode(), "declares entities"),
        (f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE l [{_LOL}]>{_FEED}'.encode("utf-16"),
         "declares entities"),
        (b'<!DOCTYPE l [<!ENTITY a9 SYSTEM "file:///etc/passwd">]>' + _FEED.encode(),
         "declares entities"),
        (b'<!DOCTYPE l [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>' + _FEED.encode(),
         "declares entities"),
        (b"<a>" * 90_000, "nested too deeply"),
        (b"<rss><channel><item><title>" + b"<" * 200_000, "not well formed"),
        (b"<rss><channel><item>" + b"<b>" * 90_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_feed_says_so_and_costs_nothing(
    ear: Ear, far: Outside, body: bytes, cause: str
) -> None:
    began = time.monotonic()
    place = ear.hears(far.serves("/feed", body))
    assert time.monotonic() - began < SECONDS + SLACK
    assert len(body) <= place.last_bytes < len(body) + 1_000
    assert place.last_redirects == 0
    assert not Mention.objects.exists()
    _troubled(place, cause)
    assert len(far.asked) == 1  # nothing was fetched on a document's word


def test_a_page_that_names_its_feed_is_told_with_it(ear: Ear, far: Outside) -> None:
    page = b"<html><head><link rel=alternate type=\"application/rss+xml\" href='/rss.xml'></head>"
    place = ear.hears(far.serves("/", page))
    _troubled(place, f"its feed may be {far.url}/rss.xml")


# --- statuses ---


def test_what_has_not_changed_costs_a_few_bytes_and_is_a_sign_of_life(
    ear: Ear, far: Outside
) -> None:
    url = far.serves("/feed", rss(1), etag='"v1"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT")
    place = ear.hears(url)
    assert (place.health, place.last_new) == (Health.WELL, 1)
    far.serves("/feed", b"", 304)
    place = ear.reads(place)
    asked = far.asked[-1].headers
    assert asked["if-none-match"] == '"v1"'
    assert asked["if-modified-since"] == "Mon, 02 Nov 2026 10:00:00 GMT"
    assert (place.health, place.last_items, place.failures) == (Health.WELL, 0, 0)
    assert place.last_bytes < 300
    assert place.etag == '"v1"'
    assert Heartbeat.objects.filter(source=place.source_id).count() == 1  # once an hour


def test_what_is_gone_is_left_alone_until_a_person_asks(ear: Ear, far: Outside) -> None:
    place = ear.hears(far.serves("/feed", b"bye", 410))
    assert (place.health, place.due_at) == (Health.GONE, None)
    assert "gone for good" in place.cause
    assert reading.read_due() == 0
    far.serves("/feed", rss(1))
    places.read_again(place, by=ear.ada.acting)
    assert reading.read_due() == 1
    place.refresh_from_db()
    assert (place.health, place.last_new) == (Health.WELL, 1)


@pytest.mark.parametrize(("said", "seconds"), [({"retry_after": "7200"}, 7200), ({}, 1800)])
def test_a_place_in_trouble_is_left_alone_for_longer(
    ear: Ear, far: Outside, said: dict[str, str], seconds: int
) -> None:
    place = ear.at(far.serves("/feed", b"no", 429, **said))
    before = time.time()
    ear.reads(place)
    assert place.due_at.timestamp() - before == pytest.approx(seconds, abs=5)
    assert reading.read_due() == 0
    ear.reads(place)
    assert place.failures == 2
    assert place.due_at.timestamp() - before >= 3600


# --- redirects ---


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/feed",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:192.168.0.1]/feed",
        "http://[fd00::1]/feed",
        "http://0.0.0.0/feed",
        "file:///etc/passwd",
        "http://user:password@news.example/",
    ],
)
def test_a_redirect_into_a_private_network_is_refused(ear: Ear, far: Outside, target: str) -> None:
    place = ear.hears(far.redirects("/feed", target))
    assert place.last_redirects == 1
    assert place.last_bytes < 500
    assert place.last_seconds < SECONDS
    _troubled(place, "not read: ")


def test_this_machine_is_not_read_without_the_setting(
    ear: Ear, far: Outside, settings: Any
) -> None:
    settings.LISTENING_LOOPBACK = False
    port = far.url.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"):
        place = ear.hears(f"http://{host}:{port}/feed")
        assert (place.last_bytes, place.last_redirects) == (0, 0)
        assert "private network" in place.cause
    assert not far.asked


def test_redirects_in_a_circle_end(ear: Ear, far: Outside) -> None:
    place = ear.hears(far.redirects("/feed", "/feed"))
    assert place.last_redirects == 6
    assert len(far.asked) == 6
    _troubled(place, "more than 5 redirects")


def test_a_place_that_moved_for_good_is_read_there_from_now_on(ear: Ear, far: Outside) -> None:
    far.serves("/new", rss(1))
    far.redirects("/then", "/new", 308)
    place = ear.hears(far.redirects("/old", "/then", 301))
    assert (place.url, place.last_redirects) == (f"{far.url}/new", 2)
    assert place.health == Health.WELL


def test_a_place_that_moved_for_today_keeps_its_address(ear: Ear, far: Outside) -> None:
    far.serves("/new", rss(1))
    far.redirects("/then", "/new", 308)
    place = ear.hears(far.redirects("/old", "/then", 302))
    assert (place.url, place.last_new) == (f"{far.url}/old", 1)


# --- ten thousand ---


def test_ten_thousand_new_items_are_taken_in_once(ear: Ear, far: Outside, settings: Any) -> None:
    settings.LISTENING_SECONDS, settings.LISTENING_BYTES = 12.0, 16_000_000
    feed = rss(*range(10_000))
    place = ear.hears(far.serves("/feed", feed, etag='"v1"'))
    assert len(feed) <= place.last_bytes < len(feed) + 1_000
    assert place.last_seconds < 12 + SLACK
    assert place.health == Health.WELL
    while place.etag == "":  # a slow machine takes them in several readings
        ear.reads(place)
    assert Mention.objects.count() == Finding.objects.count() == 10_000
    assert place.last_redirects == 0
    ear.reads(place)
    assert place.last_new == 0
    assert Mention.objects.count() == Finding.objects.count() == 10_000
