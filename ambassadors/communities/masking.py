"""A customer's words without what says who they are: a draft that a person then reads.

Plain patterns and the names we know. They miss things (a street, a name we never heard), which
is why what goes inside is shown before it is posted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

_ADDRESS = re.compile(r"[^\s<>()@,;]+@[^\s<>()@,;]+\.[^\W\d_]{2,}")
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<!\w)@\w[\w.-]+(?:@[\w.-]+)?")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{2,4}){3,8}\b")
_NUMBER = re.compile(r"(?<![\w])\+?\(?\d(?:[\d .()/-]{3,}\d)(?!\w)")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d_])\w{8,}\b")  # order numbers, licence plates run on
SHORTEST_NAME = 3


def without_people(text: str, *, names: Iterable[str]) -> str:
    """`text` with addresses, links, accounts, long numbers and these names left out."""
    for pattern, instead in (
        (_LINK, _("[link]")),
        (_ACCOUNT, _("[name]")),
        (_ADDRESS, _("[address]")),
        (_IBAN, _("[number]")),
        (_NUMBER, _("[number]")),
        (_CODE, _("[number]")),
    ):
        text = pattern.sub(instead, text)
    words = {word for name in names for word in re.split(r"[\W_]+", name) if is_telling(word)}
    if words:
        longest_first = sorted(words, key=len, reverse=True)
        named = "|".join(re.escape(word) for word in longest_first)
        text = re.sub(rf"\b(?:{named})\b", _("[name]"), text, flags=re.IGNORECASE)
    return text


def is_telling(word: str) -> bool:
    return len(word) >= SHORTEST_NAME and not word.isdigit()
