"""What differs between two versions, word by word where they are short enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
BY_WORDS = 8_000  # characters of both: comparing words costs their square

Piece = tuple[str, str]  # "same", "gone" or "new", and the words


def differences(before: str, after: str) -> list[Piece]:
    pattern = _PIECES if len(before) + len(after) <= BY_WORDS else _LINES
    old, new = pattern.findall(before), pattern.findall(after)
    return list(_joined(SequenceMatcher(None, old, new, autojunk=False), old, new))


def _joined(matcher: SequenceMatcher[str], old: list[str], new: list[str]) -> Iterator[Piece]:
    for kind, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if kind == "equal":
            yield "same", "".join(old[old_from:old_to])
            continue
        if old_to > old_from:
            yield "gone", "".join(old[old_from:old_to])
        if new_to > new_from:
            yield "new", "".join(new[new_from:new_to])
