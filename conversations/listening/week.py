"""A week of what is said of us and of our competitors: counts, moods, the ten most telling."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from conversations.listening.models import (
    Mention,
    MentionQuerySet,
    Sentiment,
    Sighting,
    TriageOutcome,
    Watch,
    WatchEdit,
)
from crm.organisation.models import User

MOST_TELLING = 10
MOST_OF_AN_AUTHOR = 2
LOOKED_AT = 2_000  # the newest of a week, when there are more
DAYS = 7


@dataclass(frozen=True, slots=True)
class Said:
    """How much was said of somebody, and the week before. name: "" is us."""

    name: str
    count: int
    before: int
    moods: dict[str, int] = field(default_factory=dict)

    @property
    def positive(self) -> int:
        return self.moods.get(Sentiment.POSITIVE, 0)

    @property
    def negative(self) -> int:
        return self.moods.get(Sentiment.NEGATIVE, 0)


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit of a watch added and took away, in words."""

    at: datetime
    watch: str
    by: str
    changes: list[str]


@dataclass(frozen=True, slots=True)
class Week:
    """us, them: of mentions that a watch heard; total: all."""

    monday: date
    total: int
    waiting: int
    us: Said
    them: list[Said]
    telling: list[Mention]
    edits: list[Edit]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def span(monday: date) -> tuple[datetime, datetime]:
    """Of the company's own clock."""
    zone = ZoneInfo(settings.TIME_ZONE)
    begins = datetime.combine(monday, time.min, zone)
    return begins, datetime.combine(monday + timedelta(days=DAYS), time.min, zone)


def week(user: User, monday: date) -> Week:
    """What this person may see of it."""
    visible = Mention.objects.visible_to(user)
    rows = _within(visible, monday)
    counts, moods = _counted(rows)
    before, _moods = _counted(_within(visible, monday - timedelta(days=DAYS)))
    names = sorted(set(counts) | set(before) - {""}, key=lambda name: (-counts[name], name))
    said = {name: Said(name, counts[name], before[name], moods.get(name, {})) for name in names}
    return Week(
        monday=monday,
        total=rows.count(),
        waiting=rows.waiting().count(),
        us=said.get("", Said("", 0, before[""])),
        them=[said[name] for name in names if name],
        telling=most_telling(rows),
        edits=edits(user, *span(monday)),
    )


def _within(rows: MentionQuerySet, monday: date) -> MentionQuerySet:
    begins, ends = span(monday)
    return rows.filter(occurred_at__gte=begins, occurred_at__lt=ends)


def _counted(rows: MentionQuerySet) -> tuple[Counter[str], dict[str, dict[str, int]]]:
    """Mentions by whom they are about, each once for each; and their moods."""
    seen = Sighting.objects.filter(mention__in=rows)
    found = seen.values_list("competitor", "mention__sentiment").annotate(
        number=Count("mention", distinct=True)
    )
    counts: Counter[str] = Counter()
    moods: dict[str, dict[str, int]] = {}
    for name, mood, number in found.order_by():
        counts[name] += number
        moods.setdefault(name, {})[mood] = number
    return counts, moods


def most_telling(rows: MentionQuerySet) -> list[Mention]:
    """Ten at most, two of one author: what people engaged with, what many reacted to, what
    complains, what several places carry."""
    looked_at = rows.with_names().annotate(places=Count("findings", distinct=True))
    found = sorted(looked_at.order_by("-occurred_at", "-pk")[:LOOKED_AT], key=weight, reverse=True)
    kept: list[Mention] = []
    authors: Counter[str] = Counter()
    for row in found:
        who = row.handle or row.author
        if who and authors[who] >= MOST_OF_AN_AUTHOR:
            continue
        authors[who] += 1
        kept.append(row)
        if len(kept) == MOST_TELLING:
            break
    return kept


def weight(row: Mention) -> float:
    """Ignored ones come last, whatever else they are."""
    outcomes = {TriageOutcome.ENGAGE: 4.0, TriageOutcome.WATCH: 1.5, TriageOutcome.IGNORE: -100.0}
    moods = {Sentiment.NEGATIVE: 2.0, Sentiment.MIXED: 1.0, Sentiment.POSITIVE: 1.0}
    decided = outcomes[TriageOutcome(row.outcome)] if row.outcome else 0.0
    heard_again: int = max(0, getattr(row, "places", 1) - 1)
    mood = moods.get(Sentiment(row.sentiment), 0.0)
    return decided + mood + math.log2(1 + (row.reach or 0)) + heard_again


def edits(user: User, begins: datetime, ends: datetime) -> list[Edit]:
    """Edits of the watches that this person may see, the newest first, but their beginnings."""
    watches = Watch.objects.visible_to(user)
    rows = WatchEdit.objects.filter(watch__in=watches).order_by("watch", "occurred_at", "pk")
    return sorted(
        (
            edit
            for edit in described(rows.filter(occurred_at__lt=ends).select_related("by", "unit"))
            if edit.at >= begins
        ),
        key=lambda edit: edit.at,
        reverse=True,
    )


def described(rows: Iterable[WatchEdit]) -> list[Edit]:
    """rows: of each watch in their order."""
    found = []
    before: WatchEdit | None = None
    for row in rows:
        same = before is not None and before.watch_id == row.watch_id
        changes = _changes(before, row) if same and before else [_("begun")]
        found.append(Edit(row.occurred_at, row.name, row.by.name if row.by else "–", changes))
        before = row
    return found


def _changes(before: WatchEdit, after: WatchEdit) -> list[str]:
    said = []
    for label, name in (
        (_("term"), "terms"), (_("exclusion"), "exclusions"), (_("competitor"), "competitors"),
    ):  # fmt: skip
        was, now = getattr(before, name), getattr(after, name)
        said += [f"+ {label}: {word}" for word in now if word not in was]
        said += [f"− {label}: {word}" for word in was if word not in now]
    if before.language != after.language:
        said.append(_("language: %(code)s") % {"code": after.language or _("any")})
    if before.name != after.name:
        said.append(_("name: %(name)s") % {"name": after.name})
    if before.unit_id != after.unit_id:
        said.append(_("unit: %(name)s") % {"name": after.unit or _("the whole company")})
    if after.ended and not before.ended:
        said.append(_("ended"))
    return said


@dataclass(frozen=True, slots=True)
class Volume:
    """One week of a watch. tall: its share of the tallest, in hundredths."""

    monday: date
    us: int
    them: int
    tall: int
    edits: Sequence[Edit]


def volume(watch: Watch, *, today: date, weeks: int = 12) -> list[Volume]:
    """What a watch heard week by week, with its edits beside, the newest first."""
    mondays = [monday_of(today) - timedelta(days=DAYS * n) for n in range(weeks)]
    made = described(watch.edits.select_related("by", "unit").order_by("occurred_at", "pk"))
    seen = Sighting.objects.filter(watch=watch)
    counted = []
    for monday in mondays:
        begins, ends = span(monday)
        within = Q(mention__occurred_at__gte=begins, mention__occurred_at__lt=ends)
        us = seen.filter(within, competitor="").count()
        them = seen.filter(within).exclude(competitor="").values("mention").distinct().count()
        counted.append((monday, us, them, [e for e in made if begins <= e.at < ends]))
    tallest = max((us + them for _, us, them, _ in counted), default=0) or 1
    return [
        Volume(monday, us, them, round(100 * (us + them) / tallest), changed)
        for monday, us, them, changed in counted
    ]
