"""Words as search sees them: no case, no accents, no punctuation; the same here and in SQL."""

from __future__ import annotations

import re
from datetime import datetime

from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models.functions import Left

_ACCENTED = "àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ"
_PLAIN = "aaaaaaceeeeiiiinoooooouuuuyy"
_COMBINING = "\u0300\u0301\u0302\u0303\u0308\u0327"  # what decomposed accents leave
# Between words. PostgreSQL's own reader takes a mail address, a path or 12-34 for one word.
_BETWEEN = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~\u00a0«»‘’“”…–—•°€£"
SEARCHED = 20_000  # characters of a text that are searched
_WEEK = 604_800  # seconds
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """What `Folded` makes of a text in SQL."""
    table = str.maketrans(_ACCENTED, _PLAIN) | dict.fromkeys(map(ord, _COMBINING))
    return text.lower().replace("œ", "oe").replace("æ", "ae").translate(table)


def words_in(text: str) -> list[str]:
    """The words of a text, folded, in their order, as they stand in an index of `worded`."""
    spaced = fold(text).translate(str.maketrans(_BETWEEN, " " * len(_BETWEEN)))
    return _WORD.findall(spaced)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


class Folded(models.Func):
    """Lower case without accents. By `translate`, which is immutable and in every PostgreSQL:
    the french dictionary does not fold accents, and no extension may be needed."""

    function = "translate"
    template = (
        "translate(replace(replace(lower(%(expressions)s), 'œ', 'oe'), 'æ', 'ae'), "
        f"'{_ACCENTED}{_COMBINING}', '{_PLAIN}')"
    )
    arity = 1
    output_field = models.TextField()


class Spaced(models.Func):
    """A folded text with spaces for its punctuation."""

    function = "translate"
    template = f"translate(%(expressions)s, '{_quoted(_BETWEEN)}', '{' ' * len(_BETWEEN)}')"
    arity = 1
    output_field = models.TextField()


def worded(text: str) -> SearchVector:
    """The words of a text, unstemmed, for an index and for what must use it."""
    return SearchVector(Spaced(Folded(Left(text, SEARCHED))), config="simple")


class Week(models.Func):
    """One word that names the week of a time; `week_of` makes the same."""

    function = "array_to_tsvector"
    template = (
        "array_to_tsvector(ARRAY['@' || (floor(extract(epoch from"
        f" %(expressions)s AT TIME ZONE 'UTC') / {_WEEK})::int)::text])"
    )
    arity = 1
    output_field = SearchVectorField()


class Joined(models.Func):
    template = "(%(expressions)s)"
    arg_joiner = " || "
    arity = 2
    output_field = SearchVectorField()


def worded_by_week(text: str, at: str) -> Joined:
    """The words of a text and the week it is of, so that one index answers "since when" too:
    a search that reads a common word's whole past, to show the newest, would never end."""
    return Joined(worded(text), Week(at))


def week_of(at: datetime) -> int:
    return int(at.timestamp() // _WEEK)
