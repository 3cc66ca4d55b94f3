"""What every stream that is followed speaks: where to call, and what its frames say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.reading.line import Call
from conversations.channels.wire.reading.reader import Asked, Heard


@dataclass(frozen=True, slots=True)
class Said:
    """One event: what was said, None for nothing of ours; cursor: how far that is.

    remark: what the stream tells of itself, that something was left out.
    """

    item: Mentioned | None
    cursor: Mapping[str, str]
    remark: str = ""


class Stream(Protocol):
    def missed(self, asked: Asked) -> Heard:
        """What was said while nobody listened, where the stream itself does not repeat it."""
        ...

    def call(self, asked: Asked) -> Call:
        """Where to, from where it was left. Raises NotHeard."""
        ...

    def said(self, frame: str, asked: Asked) -> Said | None:
        """None for what is no event. Raises NotHeard when the stream says that it is over."""
        ...
