"""Why a person was asked, in words for that person: from the parts kept with the offer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from ambassadors.routing.models import Availability, Offer, OfferOrigin
from ambassadors.routing.scoring import FAIR, LEFT, UNSAID

RESTED, EASY = 0.5, 0.6  # shares from which a part is worth a word


@dataclass(frozen=True, slots=True)
class Why:
    """words: the reasons, the weightiest first. points: name -> what it added to the score."""

    words: list[str]
    points: list[tuple[str, float]]
    score: float


def why_me(offer: Offer, available: Availability) -> Why:
    """`offer.conversation` is read too: its topics and its language."""
    if offer.by == OfferOrigin.MANUAL:
        return Why([_("A colleague of the staff thought of you.")], [], offer.score)
    words = list(_words(offer, available))
    if not words:
        words = [_("You were free, and it was your turn.")]
    return Why(words, named_points(offer), offer.score)


def _words(offer: Offer, available: Availability) -> Iterator[str]:
    parts, conversation = offer.parts, offer.conversation
    known = _known(conversation.topics, available)
    if parts.get("topic", 0) > 0 and known:
        yield _("You know this topic: %s.") % ", ".join(known)
    if parts.get("language", 0) > 0 and conversation.language:
        yield _("It is written in your language: %s.") % _language(conversation.language)
    if parts.get("owner", 0) > 0:
        yield _("You have answered this person before.")
    if offer.load == 0 and parts.get("free", 0) > 0:
        yield _("You carried no other question when it came.")
    if parts.get("week", 0) >= EASY * LEFT:
        yield _("Most of what you give a week was still free.")
    if parts.get("fair", 0) >= RESTED * FAIR:
        yield _("You had not been asked for some days.")


def _known(topics: Collection[str], available: Availability) -> list[str]:
    return [
        f"{topic} ({_level(available.levels.get(topic, UNSAID))})"
        for topic in topics
        if topic in available.topics
    ]


def _level(number: int) -> str:
    return {1: _("a little"), 2: _("well"), 3: _("best")}.get(number, "")


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def named_points(offer: Offer) -> list[tuple[str, float]]:
    names = {
        "topic": _("topic"),
        "language": _("language"),
        "owner": _("answered before"),
        "free": _("free now"),
        "fair": _("not asked lately"),
        "week": _("free this week"),
        "tie": _("a tie’s dice"),
    }
    return [(names.get(name, name), points) for name, points in offer.parts.items() if points]
