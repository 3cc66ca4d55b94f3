"""The language of a text, offline. It costs 60 MB and a second or more, which only workers pay:
they load it before they fork (config/celery.py), so that nobody's first offer waits for it."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

LANGUAGES = ["en", "fr"]
SHORTEST = 12  # characters: below that any guess is a toss
LONGEST = 600  # of more, the first tell the two languages apart as well


@cache
def _identifier() -> Any:
    module = importlib.import_module("py3langid")
    module.set_languages(LANGUAGES)
    return module


def load() -> None:
    """Makes the first `detect` as quick as any other."""
    _identifier().classify("")


def detect(text: str) -> str:
    """`en`, `fr`, or "" when the text is too short to say."""
    text = text.strip()
    if len(text) < SHORTEST:
        return ""
    language: str = _identifier().classify(text[:LONGEST])[0]
    return language
