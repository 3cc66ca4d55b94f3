"""Texts that a network approved beforehand, the only ones it takes when its window is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from conversations.channels.wire.account import Account

LONGEST_VALUE = 1_000  # characters
BLANK = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}", re.ASCII)
_RUN_OF_BLANKS = re.compile(r" {5,}")


@dataclass(frozen=True, slots=True)
class Template:
    """text: with its blanks as {{1}} or {{name}}. above, below: fixed words around it."""

    name: str
    language: str
    text: str
    above: str = ""
    below: str = ""

    @property
    def blanks(self) -> tuple[str, ...]:
        """Their names, each once, in the order of the text."""
        return tuple(dict.fromkeys(BLANK.findall(self.text)))

    def filled(self, values: Mapping[str, str]) -> str:
        """As the person reads it."""
        words = BLANK.sub(lambda found: values.get(found[1], found[0]), self.text)
        return "\n\n".join(part for part in (self.above, words, self.below) if part)


def fits(value: str) -> bool:
    """Words that a network takes for a blank: one line, no long runs of spaces."""
    is_line = value.isprintable() and bool(value.strip()) and len(value) <= LONGEST_VALUE
    return is_line and not _RUN_OF_BLANKS.search(value)


@runtime_checkable
class Templates(Protocol):
    """An adapter of a network that approves templates, which it declares by having this."""

    def templates(self, account: Account) -> Sequence[Template]:
        """Those that can be sent from here, by name. Raises NotConnected."""
        ...
