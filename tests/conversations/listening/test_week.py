"""A week of what is said: the page, the mail, and a watch's volume with its edits beside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from conversations.channels.wire.contract import Mentioned
from conversations.listening import digest, hearing, watches
from conversations.listening.models import DigestReader, Mention
from conversations.listening.triage import triage
from conversations.listening.week import monday_of, volume, week
from crm.access.models import RoleGrant
from tests.conversations.listening.conftest import Ear

pytestmark = pytest.mark.django_db
TUESDAY = datetime.fromisoformat("2027-03-02T10:00:00+00:00")
NEXT_MONDAY = datetime.fromisoformat("2027-03-08T08:00:00+00:00")


@pytest.fixture(name="clock")
def _clock() -> Any:
    with time_machine.travel(TUESDAY, tick=False) as clock:
        yield clock


@pytest.fixture(name="outbox")
def _outbox(settings: Any, tmp_path: Any) -> Any:
    settings.EMAIL_URL = tmp_path.as_uri()
    return tmp_path


def _hear(ear: Ear, *said: tuple[str, dict[str, Any]]) -> None:
    place = ear.at(f"http://127.0.0.1:9/{Mention.objects.count()}")
    items = [
        Mentioned(external_id=text, text=text, url=f"https://a.example/{len(text)}", **more)
        for text, more in said
    ]
    matcher = hearing.watches_of(place.source)
    hearing.take(items, source=place.source, matcher=matcher, takes_all=False, at=timezone.now())


def _of(ear: Ear, text: str) -> Mention:
    return Mention.objects.get(text=text)


def test_the_most_telling_come_first_and_two_of_an_author(clock: Any, ear: Ear) -> None:
    _hear(
        ear,
        ("Brand is a word", {"author": "A"}),
        ("The brand tent is terrible, a scam", {"author": "B", "reach": 7}),
        ("Brand, seen by many people here", {"author": "C", "reach": 900}),
        *((f"Brand spam number {n} of the same person", {"author": "D", "reach": n + 1_000})
          for n in range(10, 16)),
    )  # fmt: skip
    triage([_of(ear, "Brand is a word")], outcome="engage", by=ear.ada.acting)
    triage([_of(ear, "Brand, seen by many people here")], outcome="ignore", by=ear.ada.acting)
    said = week(ear.ada.user, monday_of(TUESDAY.date()))
    assert [row.author for row in said.telling] == ["D", "D", "B", "A", "C"]
    assert (said.total, said.us.count, said.us.negative, said.waiting) == (9, 9, 1, 7)


def test_a_week_is_counted_by_whom_it_is_about_beside_the_one_before(clock: Any, ear: Ear) -> None:
    _hear(ear, ("Brand or Rival?", {}), ("Rival alone here", {}))
    clock.shift(timedelta(days=7))
    _hear(ear, ("Brand again today", {}))
    said = week(ear.ada.user, monday_of(timezone.localdate()))
    assert (said.us.count, said.us.before) == (1, 1)
    assert [(each.name, each.count, each.before) for each in said.them] == [("Rival", 0, 2)]


def test_the_week_goes_by_mail_to_who_asked_for_it_once(clock: Any, ear: Ear, outbox: Any) -> None:
    assert digest.send_due(at=NEXT_MONDAY) == 0
    digest.ask_for(ear.ada.user, wanted=True)
    _hear(ear, ("The brand tent is great, thanks", {"author": "Nina", "reach": 3}))
    watches.change_watch(ear.watch, exclusions=["job"], by=ear.ada.acting)
    assert digest.send_due(at=TUESDAY) == 0  # the week still runs
    clock.move_to(NEXT_MONDAY)
    assert digest.send_due(at=NEXT_MONDAY - timedelta(hours=2)) == 0  # too early in the day
    assert [digest.send_due(at=NEXT_MONDAY) for _ in range(3)] == [1, 0, 0]
    [mail] = outbox.iterdir()
    said = mail.read_bytes().decode()
    assert "One mention of us" in said
    for words in ("The brand tent is great", "https://a.example/31", "exclusion: job", "Nina"):
        assert words in said
    digest.ask_for(ear.ada.user, wanted=False)
    assert digest.send_due(at=NEXT_MONDAY + timedelta(days=7)) == 0
    assert settings.BASE_URL in said


def test_who_serves_nothing_any_more_is_sent_nothing(clock: Any, ear: Ear, outbox: Any) -> None:
    digest.ask_for(ear.ada.user, wanted=True)
    _hear(ear, ("Brand", {}))
    RoleGrant.objects.filter(user=ear.ada.user).delete()
    clock.move_to(NEXT_MONDAY)
    digest.send_due(at=NEXT_MONDAY)
    assert not list(outbox.iterdir())


def test_the_page_of_a_week_shows_it_and_asks_for_the_mail(
    clock: Any, ear: Ear, client: Client
) -> None:
    _hear(ear, ("The brand tent is great, thanks", {}))
    client.force_login(ear.ada.user)
    where = "/admin/conversations/mention/"
    shown = client.get(f"{where}week/").content.decode()
    assert "The brand tent is great" in shown
    assert "Each Monday by mail" in shown
    client.post(f"{where}digest/", {"wanted": "1"})
    assert DigestReader.objects.get().user == ear.ada.user
    assert "No longer by mail" in client.get(f"{where}week/?week=nonsense").content.decode()
    for asked in ("2027-02-24", "1600-01-01", "9999-12-31"):
        assert client.get(f"{where}week/?week={asked}").status_code == 200


def test_the_edits_of_a_watch_stand_beside_its_volume(clock: Any, ear: Ear, client: Client) -> None:
    _hear(ear, ("Brand one", {}), ("Rival and brand", {}))
    clock.shift(timedelta(days=7))
    watches.change_watch(ear.watch, terms=["brand tent"], exclusions=["job"], by=ear.ada.acting)
    now, before, *_ = volume(ear.watch, today=timezone.localdate())
    assert (now.us, now.them, before.us, before.them, before.tall) == (0, 0, 2, 1, 100)
    assert now.edits[0].changes == ["+ term: brand tent", "− term: brand", "+ exclusion: job"]
    assert before.edits[0].changes == ["begun"]
    client.force_login(ear.ada.user)
    page = f"/admin/conversations/watch/{ear.watch.pk}/change/"
    assert "+ exclusion: job" in client.get(page).content.decode()
