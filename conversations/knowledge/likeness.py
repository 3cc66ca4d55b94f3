"""Whether a text holds another: shared runs of words, in linear time, without a database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm.values import sort_key

RUN = 4  # words that must follow each other in both texts
LEAST_WORDS = 6  # shorter articles are found only when whole
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """of_whole: share of the article's runs that the text holds; runs: how many those are."""

    of_whole: float
    runs: int


def runs_of(text: str) -> frozenset[tuple[str, ...]]:
    """Every run of `RUN` words; a shorter text is one run."""
    words = _WORD.findall(sort_key(text))
    if len(words) < RUN:
        return frozenset({tuple(words)} if words else ())
    return frozenset(zip(*(words[shift:] for shift in range(RUN)), strict=False))


def likeness(article: str, runs: frozenset[tuple[str, ...]]) -> Likeness:
    """runs: those of the text that may hold the article."""
    own = runs_of(article)
    shared = len(own & runs)
    return Likeness(of_whole=shared / len(own) if own else 0.0, runs=shared)


def was_used(article: str, runs: frozenset[tuple[str, ...]], *, claimed: bool) -> bool:
    """Whether the text uses the article: most of it, or a long passage of a long one.

    claimed: the author said so; then a third of it, or one long sentence, is enough.
    """
    found = likeness(article, runs)
    if claimed:
        return found.of_whole >= 0.3 or found.runs >= 12
    if len(_WORD.findall(article)) < LEAST_WORDS:
        return False  # "Thank you for your patience." proves nothing
    return found.of_whole >= 0.5 or found.runs >= 40
