"""Gaps in a ready answer: {{first_name}}. What is known fills them, the rest is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

GAP = re.compile(r"\{\{[ \t]{0,5}([^{}\n]{1,60}?)[ \t]{0,5}\}\}")
Value = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Filled:
    """missing: the gaps that are still in the text, each once, in their order."""

    text: str
    missing: tuple[str, ...]


def filled(text: str, values: Mapping[str, Value]) -> Filled:
    """Gaps whose value is unknown or empty stay, for a person to fill."""
    found: dict[str, str] = {}

    def put(match: re.Match[str]) -> str:
        name = match[1]
        if name not in found:
            found[name] = values[name]().strip() if name in values else ""
        return found[name] or f"{{{{{name}}}}}"

    said = GAP.sub(put, text)
    return Filled(said, tuple(name for name, value in found.items() if not value))
