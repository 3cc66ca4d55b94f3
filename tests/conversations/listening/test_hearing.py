"""What a place says becomes mentions: those that a watch asks for, each once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from conversations.channels.wire.contract import Mentioned
from conversations.listening import hearing, places, reading, watches
from conversations.listening.matching import Matcher, Wanted, canonical
from conversations.listening.models import Finding, Mention, Place, Sighting, Watch, WatchEdit
from crm.access.models import Role, RoleGrant
from crm.errors import Conflict, Forbidden, Invalid
from crm.values import uuid7
from tests import house
from tests.conversations.listening.conftest import Ear
from tests.conversations.listening.server import Outside, rss

pytestmark = pytest.mark.django_db


def _seen() -> list[tuple[str, str]]:
    rows = Sighting.objects.order_by("mention__url", "competitor")
    return list(rows.values_list("mention__url", "competitor"))


# --- what a watch asks for ---


@pytest.mark.parametrize(
    ("terms", "text", "heard"),
    [
        (["brand"], "I like Brand.", True),
        (["brand"], "A BRAND, new", True),
        (["brand"], "brandy and brands", False),
        (["brand*"], "brandy", True),
        (["brand"], "#brand is @brand", True),
        (["#brand"], "brand", False),
        (["soulier d'été"], "Mes SOULIERS D'ETE", False),
        (["souliers d'été"], "Mes SOULIERS \n D'ETE !", True),
        (["C++"], "I write c++ daily", True),
        (["a.b"], "axb", False),
    ],
)
def test_a_term_is_a_word_or_a_phrase(terms: list[str], text: str, heard: bool) -> None:
    matcher = Matcher([Wanted(uuid7(), tuple(terms))])
    assert bool(matcher.heard_by(text, "")) == heard


def test_a_watch_hears_us_and_competitors_and_leaves_out_what_it_excludes() -> None:
    one = Wanted(
        uuid7(), ("brand",), exclusions=("job offer",), competitors=("Rival: rvl, the other",)
    )
    matcher = Matcher([one])
    assert matcher.heard_by("Brand or rvl?", "") == [(one.id, ""), (one.id, "Rival")]
    assert matcher.heard_by("Brand: a job offer", "") == []


def test_a_watch_of_one_language_leaves_out_another_and_keeps_the_unknown() -> None:
    matcher = Matcher([Wanted(uuid7(), ("brand",), language="fr")])
    assert not matcher.heard_by("brand", "en")
    assert matcher.heard_by("brand", "fr")
    assert matcher.heard_by("brand", "")


@pytest.mark.parametrize(
    "url",
    [
        "http://www.news.example/a/?utm_source=x&b=1&fbclid=9",
        "https://m.news.example/a?b=1#xtor=RSS-1",
        "https://amp.news.example/a/amp?b=1",
        "HTTPS://NEWS.example:443/a?b=1",
    ],
)
def test_one_page_has_one_address(url: str) -> None:
    assert canonical(url) == "news.example/a?b=1"


def test_pages_that_differ_keep_their_addresses() -> None:
    urls = ["https://a.example/p#comment-1", "https://a.example/p#comment-2", "https://a.example/P"]
    assert len({canonical(url) for url in urls}) == 3


# --- each once ---


def test_an_item_that_no_watch_asks_for_is_no_mention(ear: Ear, far: Outside) -> None:
    ear.hears(far.serves("/feed", rss(1, text="Weather")))
    assert not Mention.objects.exists()
    assert not Finding.objects.exists()


def test_a_feed_that_is_a_search_already_is_taken_whole(ear: Ear, far: Outside) -> None:
    ear.hears(far.serves("/feed", rss(1, text="Weather")), takes_all=True)
    assert Mention.objects.count() == 1
    assert not Sighting.objects.exists()


def test_a_feed_read_again_adds_what_is_new(ear: Ear, far: Outside) -> None:
    place = ear.hears(far.serves("/feed", rss(1, 2)))
    far.serves("/feed", rss(2, 3, 4))
    ear.reads(place)
    assert place.last_new == 2
    assert Mention.objects.count() == Finding.objects.count() == 4


def test_an_item_that_was_edited_stays_one_mention(ear: Ear, far: Outside) -> None:
    place = ear.hears(far.serves("/feed", rss(1)))
    far.serves("/feed", rss(1, text="Brand, corrected"))
    ear.reads(place)
    assert Mention.objects.count() == 1


def test_two_places_with_the_same_article_are_one_mention_of_two_findings(
    ear: Ear, far: Outside
) -> None:
    ear.hears(far.serves("/a", rss(1)))
    again = rss(1).replace(b"https://news.example/1", b"http://www.news.example/1?utm_source=b")
    ear.hears(far.serves("/b", again.replace(b"g1", b"other-id")))
    mention = Mention.objects.get()
    assert mention.findings.count() == 2
    assert _seen() == [("https://news.example/1", "")]


def test_two_items_with_one_address_and_one_headline_are_not_lost(ear: Ear, far: Outside) -> None:
    body = rss(1, 2).replace(b"/2<", b"/1<").replace(b"Brand 2", b"Brand 1")
    place = ear.hears(far.serves("/feed", body))
    assert Mention.objects.count() == 2
    ear.reads(place)
    assert Mention.objects.count() == 2


def test_two_watches_see_one_mention(ear: Ear, far: Outside) -> None:
    watches.begin_watch(name="More", unit=ear.unit, terms=["says"], by=ear.ada.acting)
    ear.hears(far.serves("/feed", rss(1)))
    assert Mention.objects.count() == 1
    assert Sighting.objects.count() == 2


def test_the_database_keeps_a_mention_once(ear: Ear, far: Outside) -> None:
    ear.hears(far.serves("/feed", rss(1)))
    row = Mention.objects.get()
    row.pk = uuid7()
    with pytest.raises(IntegrityError, match="a_mention_is_kept_once"), transaction.atomic():
        row.save(force_insert=True)


def test_a_watch_that_changes_looks_again_at_what_the_places_hold(ear: Ear, far: Outside) -> None:
    place = ear.hears(far.serves("/feed", rss(1, text="Weather"), etag='"1"'))
    assert place.etag
    watches.change_watch(ear.watch, terms=["weather"], by=ear.ada.acting)
    place.refresh_from_db()
    assert (place.etag, place.due_at <= timezone.now()) == ("", True)
    reading.read_due()
    assert _seen() == [("https://news.example/1", "")]


def test_language_and_mood_are_said_where_they_are_known(ear: Ear) -> None:
    place = ear.at("http://127.0.0.1:9/feed")
    texts = (
        "The brand tent is great, thanks",
        "La tente brand est nulle, quelle déception",
        "Brand 1",
    )
    items = [Mentioned(external_id=text, text=text, url=f"https://a.example/{n}")
             for n, text in enumerate(texts)]  # fmt: skip
    said = {"takes_all": False, "at": timezone.now()}
    hearing.take(items, source=place.source, matcher=hearing.watches_of(place.source), **said)
    found = Mention.objects.order_by("url").values_list("language", "sentiment")
    assert list(found) == [("en", "positive"), ("fr", "negative"), ("", "")]


# --- the job ---


def test_what_is_left_when_the_time_is_up_comes_with_the_next_reading(ear: Ear) -> None:
    place = ear.at("http://127.0.0.1:9/feed")
    items = [Mentioned(external_id=str(n), text=f"Brand {n}") for n in range(1_200)]
    said = {"source": place.source, "matcher": hearing.watches_of(place.source)}
    said |= {"takes_all": False, "at": timezone.now()}
    first = hearing.take(items, seconds=-1, **said)
    assert (first.items, first.complete) == (0, False)
    hearing.take(items[:700], **said)
    rest = hearing.take(items, **said)
    assert (rest.items, rest.new, rest.complete) == (1_200, 500, True)
    assert Mention.objects.count() == 1_200


def test_a_place_that_is_read_is_nobody_elses(ear: Ear, settings: Any) -> None:
    settings.LISTENING_AT_ONCE = 9
    place = ear.at("http://127.0.0.1:9/feed")
    now = timezone.now()
    first = reading.claim(at=now)
    assert first is not None
    assert reading.claim(at=now) is None
    late = reading.claim(at=now + reading.LEASE + timedelta(seconds=1))
    assert late is not None
    assert late.attempt == first.attempt + 1
    reading.read(late)
    place.refresh_from_db()
    settled = place.failures
    reading.read(first)  # wakes after its lease: what it says is not written
    place.refresh_from_db()
    assert (settled, place.failures) == (1, 1)


def test_slow_places_hold_no_more_workers_than_they_may(ear: Ear) -> None:
    ear.at("http://127.0.0.1:9/a")
    ear.at("http://127.0.0.1:9/b")
    assert reading.claim(at=timezone.now()) is not None
    assert reading.claim(at=timezone.now()) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_read_a_place_once(ear: Ear, far: Outside, settings: Any) -> None:
    settings.LISTENING_AT_ONCE = 9
    for number in range(4):
        ear.at(far.serves(f"/{number}", rss(number)))
    start = threading.Barrier(2)

    def worker() -> None:
        start.wait()
        reading.read_due()
        connection.close()

    threads = [threading.Thread(target=worker) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(request.path for request in far.asked) == ["/0", "/1", "/2", "/3"]
    assert Mention.objects.count() == 4


# --- who, and what stays ---


def _of_elsewhere() -> house.Somebody:
    other = house.unit("Elsewhere")
    olga = house.somebody(house.department(other), name="Olga")
    RoleGrant.objects.create(user=olga.user, role=Role.STAFF, unit=other)
    return olga


def test_staff_of_another_unit_sees_and_changes_nothing(ear: Ear, far: Outside) -> None:
    olga = _of_elsewhere()
    place = ear.hears(far.serves("/feed", rss(1)))
    assert not Mention.objects.visible_to(olga.user).exists()
    assert not Watch.objects.visible_to(olga.user).exists()
    for act in (
        lambda: watches.change_watch(ear.watch, terms=["x"], by=olga.acting),
        lambda: watches.end_watch(ear.watch, by=olga.acting),
        lambda: places.pause_place(place, paused=True, by=olga.acting),
        lambda: places.read_again(place, by=olga.acting),
        lambda: places.add_place(kind="feed", name="A", url="https://a.example/", by=olga.acting),
        lambda: watches.begin_watch(name="B", terms=["b"], by=olga.acting),
    ):
        with pytest.raises(Forbidden):
            act()
    assert WatchEdit.objects.count() == 1


def test_what_a_source_of_everybody_brought_is_of_those_whose_watch_heard_it(
    ear: Ear, far: Outside
) -> None:
    olga = _of_elsewhere()
    root = house.somebody(ear.ada.employee.department, Role.STAFF)
    place = places.add_place(
        kind="feed", name="All", url=far.serves("/feed", rss(1)), by=root.acting
    )
    ear.reads(place)
    assert Mention.objects.visible_to(ear.ada.user).count() == 1
    assert not Mention.objects.visible_to(olga.user).exists()
    watches.begin_watch(
        name="Theirs", terms=["brand"], by=olga.acting, unit=olga.employee.department.unit
    )
    ear.reads(place)
    assert Mention.objects.visible_to(olga.user).count() == 1


def test_edits_of_a_watch_are_dated_and_stay(ear: Ear) -> None:
    watches.change_watch(ear.watch, exclusions=["job"], by=ear.ada.acting)
    watches.change_watch(ear.watch, exclusions=["job"], by=ear.ada.acting)  # says nothing new
    watches.end_watch(ear.watch, by=ear.ada.acting)
    edits = WatchEdit.objects.order_by("pk").values_list("exclusions", "ended", "by__name")
    assert list(edits) == [([], False, "Ada"), (["job"], False, "Ada"), (["job"], True, "Ada")]
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        WatchEdit.objects.update(terms=["rewritten"])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"terms": [], "competitors": []}, "no_terms"),
        ({"terms": ["*"]}, "no_letter"),
        ({"terms": ["x" * 201]}, "too_long"),
        ({"terms": [f"word {n}" for n in range(101)]}, "too_many"),
        ({"language": "de"}, "unknown_language"),
        ({"name": " "}, "bad_name"),
    ],
)
def test_a_watch_that_makes_no_sense_is_refused(ear: Ear, said: Any, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        watches.change_watch(ear.watch, by=ear.ada.acting, **said)
    assert refused.value.code == code
    assert WatchEdit.objects.count() == 1


def test_a_place_is_added_once_and_only_where_it_can_be_read(ear: Ear) -> None:
    ear.at("https://news.example/feed")
    with pytest.raises(Conflict):
        ear.at("https://news.example/feed")
    for url in ("news.example", "ftp://news.example/", "https://a:b@news.example/", "https://"):
        with pytest.raises(Invalid):
            ear.at(url)
    assert Place.objects.count() == 1


def test_what_was_heard_is_neither_deleted_nor_dated_anew(ear: Ear, far: Outside) -> None:
    ear.hears(far.serves("/feed", rss(1)))
    with pytest.raises(Exception, match="Cannot delete"), transaction.atomic():
        Mention.objects.all().delete()
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        Mention.objects.update(occurred_at=timezone.now() - timedelta(days=90))
