"""The plot: how the sample company's weeks change over two years.

Heard and silent at first; then pockets that try; then a policy, a community of practice and
routing; at last the coordinated months, with a few things still missing.
"""

from __future__ import annotations

from dataclasses import dataclass

WEEKS = 104
TRIES_FROM = 12
PREPARES_FROM = 60
COORDINATES_FROM = 72


@dataclass(frozen=True, slots=True)
class Mood:
    """A week. Shares lie between 0 and 1; the rest are means a week.

    answered: questions with a human answer. in_time: of those, within a day. accepted: assigned
    ones taken within a working day. planned: publications with a plan. reuse: answers that lean
    on a colleague's article.
    """

    since: int
    asked: float
    answered: float
    in_time: float
    assigned: float
    accepted: float
    mentions: float
    triaged: float
    published: float
    planned: float
    threads: float
    reuse: float


MOODS = (
    Mood(0, 3, 0.12, 0.4, 0.0, 0.0, 3, 0.1, 0.1, 0.0, 0.0, 0.0),
    Mood(TRIES_FROM, 8, 0.62, 0.5, 0.0, 0.0, 4, 0.3, 1.0, 0.0, 0.0, 0.0),
    Mood(34, 10, 0.72, 0.55, 0.05, 0.3, 5, 0.35, 1.3, 0.1, 0.0, 0.0),
    Mood(PREPARES_FROM, 13, 0.82, 0.7, 0.5, 0.5, 6, 0.6, 1.8, 0.5, 1.2, 0.05),
    Mood(COORDINATES_FROM, 18, 0.93, 0.85, 0.95, 0.85, 6.5, 0.88, 2.6, 0.92, 2.0, 0.18),
)


def mood_of(week: int) -> Mood:
    return max((mood for mood in MOODS if mood.since <= week), key=lambda mood: mood.since)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel of the company. weight: its share of what is asked once it is there."""

    id: str
    kind: str
    unit: str
    name: str
    weight: float
    since: int


OUTLETS = (
    Outlet("ch-mail", "email", "bivouac-fr", "Service client", 5, 0),
    Outlet("ch-facebook", "facebook", "bivouac-fr", "Facebook Bivouac", 2.5, 0),
    Outlet("ch-instagram", "instagram", "bivouac-fr", "Instagram @bivouac", 1.5, 26),
    Outlet("ch-webchat", "webchat", "bivouac-fr", "Chat du site", 3, 44),
    Outlet("ch-mastodon", "mastodon", "bivouac-fr", "Mastodon @bivouac", 1, 58),
    Outlet("ch-webhook", "webhook", "bivouac-fr", "Application Mon Bivouac", 2, 70),
    Outlet("ch-pro", "email", "bivouac-pro", "Bivouac Pro", 1, 0),
    Outlet("ch-interne", "internal", "bivouac-fr", "Entre collègues", 0, PREPARES_FROM),
)
PUBLISHING = ("ch-facebook", "ch-instagram", "ch-mastodon")
