"""The language of a text, offline. It costs 60 MB and a second or more, which only workers pay:
they load it before they fork (config/celery.py), so that nobody's first offer waits for it."""

from __future__ import annotations

import importlib
import re
from copy import copy
from functools import cache
from typing import Any

LANGUAGES = ("en", "fr")
# What a text may turn out to be; a language missing here would be taken for its neighbour.
_TOLD_APART = (
    *("en", "fr", "de", "es", "it", "nl", "pt", "ca", "pl", "sv", "da", "no", "fi", "ro", "tr"),
    *("cs", "hu", "ru", "uk", "el", "ar", "he", "fa", "zh", "ja", "ko", "hi", "vi", "id", "la"),
)
SHORTEST = 12  # characters: below that any guess is a toss
SURE = 0.55  # probability: judged on the phrases of tests/crm/test_language.py
LOOKED_AT = 600  # characters: of more, the first tell the languages apart as well
_NO_WORDS = re.compile(r"https?://\S+|[@#]\w+")


@cache
def _identifier() -> Any:
    module = importlib.import_module("py3langid.langid")
    identifier = module.LanguageIdentifier.from_model_file(module.MODEL_FILE, norm_probs=True)
    identifier.set_languages(_TOLD_APART)
    return identifier


@cache
def _of_two() -> Any:
    """Asked only which of LANGUAGES is likelier: the others' columns are not even looked at, which
    halves the time. It shares the model with the other one."""
    identifier = copy(_identifier())
    identifier.set_languages(LANGUAGES)
    return identifier


def load() -> None:
    """Makes the first `detect` as quick as any other."""
    _of_two().classify("")


def first_words(subject: str, text: str) -> str:
    """What the language of a conversation is told by: how it was begun."""
    return f"{subject}\n{text}"


def detect(text: str) -> str:
    """The likelier of `en` and `fr`, or "" when the text is too short to say."""
    text = text.strip()
    if len(text) < SHORTEST:
        return ""
    return str(_of_two().classify(text[:LOOKED_AT])[0])


def recognise(text: str) -> str:
    """`en` or `fr` where it is one of them beyond reasonable doubt, else "": unknown."""
    words = _NO_WORDS.sub(" ", text[:LOOKED_AT]).strip()
    if len(words) < SHORTEST:
        return ""
    language, probability = _identifier().classify(words)
    return str(language) if language in LANGUAGES and probability >= SURE else ""
