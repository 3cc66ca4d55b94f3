"""What the sample company says to everybody: a help centre with its first articles, and what it
listens for. Live rows, made by the rooms' verbs."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from conversations.knowledge import services
from conversations.knowledge.models import HelpCentre, Visibility
from conversations.listening.models import Place, Watch
from conversations.listening.places import add_place, pause_place
from conversations.listening.watches import begin_watch
from crm.organisation.models import Unit, User
from crm.values import Actor, Via

WRITTEN, READ = timedelta(days=9), timedelta(days=8)  # ago
UNIT = "bivouac-fr"
PLACES = (
    ("Mastodon #bivouac", "mastodon", "https://mastodon.social"),
    ("Bluesky", "bluesky_live", "https://jetstream.us-east.bsky.network"),
    ("Hacker News", "hackernews", "https://hn.algolia.com"),
)
ADDRESS = "bivouac"
FILE = Path(__file__).with_name("articles.toml")


def fill_shelf(author: User, reader: User) -> None:
    """Once: what was made by hand meanwhile is left alone."""
    if HelpCentre.objects.exists():
        return
    unit, now = Unit.objects.get(key=UNIT), timezone.now()
    writing, reading = (Actor(user, Via.OWN, f"sample {user.pk}") for user in (author, reader))
    for said in tomllib.loads(FILE.read_text(encoding="utf-8"))["article"]:
        row = services.write_article(
            said["title"],
            text=said["text"],
            language=said["language"],
            visibility=Visibility.PUBLIC,
            unit=unit,
            by=writing,
            at=now - WRITTEN,
        )
        services.submit(row, by=writing, at=now - WRITTEN)
        services.approve(row, number=1, by=reading, at=now - READ)
    HelpCentre.objects.create(
        unit=unit,
        slug=ADDRESS,
        title="Bivouac",
        welcome="Ce que l’atelier et le service client répondent le plus souvent.",
    )
    _listening(reading)


def _listening(by: Actor) -> None:
    """Places stand there paused: a sample asks nothing of strangers until somebody wants it to."""
    if not Watch.objects.exists():
        begin_watch(
            name="Bivouac",
            by=by,
            terms=["bivouac", "tente abri"],
            competitors=["Altitude & Co"],
        )
    if Place.objects.exists():
        return
    with transaction.atomic():
        for name, kind, url in PLACES:
            place = add_place(kind=kind, name=name, url=url, by=by)
            pause_place(place, paused=True, by=by)
