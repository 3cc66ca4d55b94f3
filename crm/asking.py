"""What somebody typed into a search box, as a question to an index of words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db import connection

from crm.words import words_in

LONGEST = 200  # characters typed
MOST_WORDS = 12
_SHORTEST_BEGINNING = 3  # letters: shorter words must be whole
_SHORTEST_STEM = 4
_PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')


class AsQuery(SearchQuery):
    """A finished tsquery: its words are taken as they are, marks of weeks too."""

    template = "(%(expressions)s)::tsquery"


def question(typed: str) -> str:
    """A tsquery that asks for all the words; "" when nothing is asked for.

    A word finds what begins with it or with its stem, English or French; "quoted words" and
    AB-123 stand one after the other; -word leaves out.
    """
    parts = [
        (bool(minus), words_in(phrase or word), bool(phrase))
        for minus, phrase, word in _PART.findall(typed.replace("\0", "")[:LONGEST])
    ]
    parts = [part for part in parts if part[1]][:MOST_WORDS]
    stems = _stems([words[0] for _, words, quoted in parts if len(words) == 1 and not quoted])
    wanted = [_asked(words, quoted, stems) for minus, words, quoted in parts if not minus]
    unwanted = ["!(" + _asked(words, True, {}) + ")" for minus, words, _ in parts if minus]
    return " & ".join([*wanted, *unwanted]) if wanted else ""


def _asked(words: Sequence[str], quoted: bool, stems: dict[str, set[str]]) -> str:
    if quoted or len(words) > 1:
        last = f"'{words[-1]}'" if quoted else _beginning(words[-1])
        return "(" + " <-> ".join([*(f"'{word}'" for word in words[:-1]), last]) + ")"
    word = words[0]
    return "(" + " | ".join(map(_beginning, sorted({word, *stems.get(word, ())}))) + ")"


def _beginning(word: str) -> str:
    return f"'{word}':*" if len(word) >= _SHORTEST_BEGINNING else f"'{word}'"


def _stems(words: list[str]) -> dict[str, set[str]]:
    """Word -> its stems that still say something."""
    if not words:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, ts_lexize('english_stem', word), ts_lexize('french_stem', word)"
            " FROM unnest(%s::text[]) AS word",
            [words],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return {
        word: {stem for stem in [*(english or ()), *(french or ())] if len(stem) >= _SHORTEST_STEM}
        for word, english, french in rows
    }
