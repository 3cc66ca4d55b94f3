"""Whether a text praises or complains: a signal from a list of words, in English and French.

Nothing is guessed: a text in another language, or without a word that says so, is `unknown`. Judged
on the phrases of tests/conversations/listening/test_mood.py.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conversations.listening.models import Sentiment
from crm.words import fold

LOOKED_AT = 5_000  # characters
NEGATION_REACHES = 3  # words
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[!?]|[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_ELIDED = re.compile(r"\b(?:[jmtslcd]|qu)'")  # of j'adore, but not of n'est


@dataclass(frozen=True, slots=True)
class _Words:
    """Whole words, and beginnings of words (`decu*`)."""

    whole: frozenset[str]
    stems: tuple[str, ...]

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and (word in self.whole or word.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class _Lexicon:
    good: _Words
    bad: _Words
    negations: _Words
    phrases: tuple[tuple[str, str], ...]  # a phrase, and the word that stands for it


def of(text: str, language: str) -> Sentiment:
    """mixed: it does both."""
    lexicon = _lexicons().get(language)
    if lexicon is None:
        return Sentiment.UNKNOWN
    good, bad = _counted(text, lexicon)
    if good and bad:
        return Sentiment.MIXED
    if good:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if bad else Sentiment.UNKNOWN


def _counted(text: str, lexicon: _Lexicon) -> tuple[int, int]:
    folded = fold(text[:LOOKED_AT]).replace("’", "'")
    folded = _ELIDED.sub("", folded)
    for phrase, stands_for in lexicon.phrases:
        folded = folded.replace(phrase, stands_for)
    good = bad = 0
    reach = 0  # how many more words a negation turns round
    for word in _WORD.findall(folded):
        if word in "!?":
            reach = 0
        elif word in lexicon.negations:
            reach = NEGATION_REACHES
        elif word in lexicon.good or word in lexicon.bad:
            praises = (word in lexicon.good) != bool(reach)
            good, bad, reach = good + praises, bad + (not praises), 0
        else:
            reach = max(0, reach - 1)
    return good, bad


@cache
def _lexicons() -> dict[str, _Lexicon]:
    said = tomllib.loads((Path(__file__).parent / "mood.toml").read_text(encoding="utf-8"))
    return {language: _lexicon(words) for language, words in said.items()}


def _lexicon(said: dict[str, str]) -> _Lexicon:
    phrases = [
        (_ELIDED.sub("", phrase.strip()), stands_for)
        for name, stands_for in (("good_phrases", " praised "), ("bad_phrases", " blamed "))
        for phrase in said[name].split("|")
    ]
    return _Lexicon(
        good=_words(said["good"] + " praised"),
        bad=_words(said["bad"] + " blamed"),
        negations=_words(said["negations"]),
        phrases=tuple(sorted(phrases, key=lambda pair: -len(pair[0]))),
    )


def _words(said: str) -> _Words:
    words = fold(said).split()
    stems = tuple(word.rstrip("*") for word in words if word.endswith("*"))
    return _Words(frozenset(word for word in words if not word.endswith("*")), stems or ("\0",))
