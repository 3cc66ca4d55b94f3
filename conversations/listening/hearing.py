"""From items of a source to mentions: in batches, each once, whoever hears it how often.

Three constraints of the database carry it: an item of a source is found once, a mention is kept
once by its fingerprint, a watch sees a mention once. So two readers at the same time, or one that
died half way, add nothing twice; and what was not taken in is simply still to come.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from conversations.channels.models import Source
from conversations.channels.wire.contract import Mentioned
from conversations.listening import mood
from conversations.listening.matching import Matcher, Wanted, canonical, competitor, fingerprint
from conversations.listening.models import Finding, Mention, Sighting, Watch
from crm.language import recognise
from crm.values import Via

BATCH = 500
LONGEST_TEXT = 20_000


@dataclass(slots=True)
class Taken:
    """items: how many were looked at. new: mentions that nobody had heard. complete: all were."""

    items: int = 0
    new: int = 0
    complete: bool = True


@dataclass(frozen=True, slots=True)
class _Item:
    said: Mentioned
    digest: str
    text: str
    language: str
    heard_by: tuple[tuple[uuid.UUID, str], ...]


def watches_of(source: Source) -> Matcher:
    """Those that hear this source: its unit's and the whole company's; of a source of everybody,
    all of them."""
    return Matcher(
        Wanted(
            id=row.pk,
            terms=tuple(row.terms),
            exclusions=tuple(row.exclusions),
            competitors=tuple(row.competitors),
            language=row.language,
        )
        for row in _watches(source)
    )


def terms_for(source: Source) -> list[str]:
    """What a place that is searched is asked for, each once: our words, then the competitors'."""
    rows = list(_watches(source))
    words = [term for row in rows for term in row.terms]
    words += [word for row in rows for said in row.competitors for word in competitor(said)[1]]
    asked = (word.rstrip("*").strip() for word in words)
    return list(dict.fromkeys(word for word in asked if word))


def _watches(source: Source) -> QuerySet[Watch]:
    rows = Watch.objects.filter(ended_at=None).order_by("pk")
    if source.unit_id is None:
        return rows
    return rows.filter(Q(unit=source.unit_id) | Q(unit=None))


def take(
    items: Sequence[Mentioned],
    *,
    source: Source,
    matcher: Matcher,
    takes_all: bool,
    at: datetime,
    seconds: float = 20.0,
) -> Taken:
    """takes_all: an item that no watch asks for is a mention too.

    Stops between two batches when the time is up: what is left comes with the next reading.
    """
    taken, end = Taken(), time.monotonic() + seconds
    for begin in range(0, len(items), BATCH):
        if time.monotonic() > end:
            taken.complete = False
            break
        batch = items[begin : begin + BATCH]
        with transaction.atomic():
            taken.new += _take(batch, source, matcher, takes_all=takes_all, at=at)
        taken.items += len(batch)
    return taken


def _take(
    batch: Sequence[Mentioned],
    source: Source,
    matcher: Matcher,
    *,
    takes_all: bool,
    at: datetime,
) -> int:
    judged = {each.digest: each for each in (_judged(said, matcher) for said in batch)}
    known = _known(source, judged)
    wanted = {
        digest: each
        for digest, each in judged.items()
        if digest not in known and (takes_all or each.heard_by)
    }
    mentions, new = _kept(source, list(wanted.values()), at=at)
    Finding.objects.bulk_create(
        [
            Finding(source=source, item=digest, mention_id=mentions[digest], seen_at=at)
            for digest in wanted
        ],
        ignore_conflicts=True,
    )
    _note_sightings(judged, known | mentions, at=at)
    return new


def _judged(said: Mentioned, matcher: Matcher) -> _Item:
    text = words_of(said)
    language = recognise(text)
    digest = hashlib.sha256(said.external_id.encode("utf-8", "replace")).hexdigest()
    return _Item(said, digest, text, language, tuple(matcher.heard_by(text, language)))


def words_of(said: Mentioned) -> str:
    """Headline and text as one, the headline first and not twice."""
    title, text = said.title.strip(), said.text.strip()
    if not title or text.startswith(title):
        return text[:LONGEST_TEXT]
    return f"{title}\n\n{text}".strip()[:LONGEST_TEXT]


def _known(source: Source, judged: Mapping[str, _Item]) -> dict[str, uuid.UUID]:
    rows = Finding.objects.filter(source=source, item__in=list(judged))
    return dict(rows.values_list("item", "mention_id"))


def _kept(
    source: Source, items: Sequence[_Item], *, at: datetime
) -> tuple[dict[str, uuid.UUID], int]:
    """Item -> its mention, written where nobody has it; and how many were written."""
    if not items:
        return {}, 0
    rows = {each.digest: _mention(source, each, at=at) for each in items}
    _tell_apart(source, rows)
    prints = {row.fingerprint for row in rows.values()}
    before = set(
        Mention.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True)
    )
    fresh = {row.fingerprint: row for row in rows.values() if row.fingerprint not in before}
    Mention.objects.bulk_create(list(fresh.values()), ignore_conflicts=True)
    found = dict(Mention.objects.filter(fingerprint__in=prints).values_list("fingerprint", "pk"))
    new = sum(found[print_] == row.pk for print_, row in fresh.items())
    return {digest: found[row.fingerprint] for digest, row in rows.items()}, new


def _mention(source: Source, item: _Item, *, at: datetime) -> Mention:
    said = item.said
    address = canonical(said.url) if said.url else ""
    headline = said.title or item.text.partition("\n")[0]
    return Mention(
        source=source,
        text=item.text,
        author=said.author[:320],
        handle=said.handle[:320],
        url=said.url[:2000],
        canonical=address[:2000],
        fingerprint=fingerprint(
            address=address,
            headline=headline,
            text=item.text,
            author=said.handle or said.author,
            external_id=said.external_id,
        ),
        external_id=said.external_id[:2000],
        thread=said.thread[:500],
        stated_at=said.stated_at,
        language=item.language,
        sentiment=mood.of(item.text, item.language),
        reach=said.reach,
        occurred_at=at,
        via=Via.AUTOMATION,
    )


def _tell_apart(source: Source, rows: Mapping[str, Mention]) -> None:
    """Two items of one source that say different things are two, also where the source gives
    both one address and one headline."""
    prints = [row.fingerprint for row in rows.values()]
    there = {
        row.fingerprint: row.text
        for row in Mention.objects.filter(fingerprint__in=prints, findings__source=source)
    }
    for digest, row in rows.items():
        text = there.setdefault(row.fingerprint, row.text)
        if text != row.text:
            salted = f"{row.fingerprint}\n{source.pk}\n{digest}"
            row.fingerprint = hashlib.sha256(salted.encode()).hexdigest()


def _note_sightings(
    judged: Mapping[str, _Item], mentions: Mapping[str, uuid.UUID], *, at: datetime
) -> None:
    rows = {
        (mentions[digest], watch, competitor): Sighting(
            mention_id=mentions[digest], watch_id=watch, competitor=competitor, at=at
        )
        for digest, each in judged.items()
        if digest in mentions
        for watch, competitor in each.heard_by
    }
    Sighting.objects.bulk_create(rows.values(), ignore_conflicts=True)
