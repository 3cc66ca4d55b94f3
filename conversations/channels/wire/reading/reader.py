"""What every reader of a place speaks: an address and how far it was read in, items out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from conversations.channels.wire.contract import Mentioned
from conversations.channels.wire.reading.fetching import Bounds, Traffic


@dataclass(frozen=True, slots=True)
class Asked:
    """terms: what to search for, where the place is searched. secret: clear text, never logged.

    traffic: counted on, also by a reading that fails.
    """

    url: str
    bounds: Bounds
    traffic: Traffic = field(default_factory=Traffic)
    secret: str = ""
    etag: str = ""
    last_modified: str = ""
    cursor: Mapping[str, str] = field(default_factory=dict)
    terms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """remark: what was wrong although something was read, "" for nothing.

    moved_to: the address that it has for good from now on, "" for the same.
    """

    items: Sequence[Mentioned] = ()
    etag: str = ""
    last_modified: str = ""
    cursor: Mapping[str, str] = field(default_factory=dict)
    moved_to: str = ""
    remark: str = ""
    unchanged: bool = False


class NotHeard(Exception):
    """Nothing could be read. gone: the place says that it will never be there again.

    retry_after: seconds the server asked us to wait, when it said so.
    """

    def __init__(self, cause: str, *, gone: bool = False, retry_after: float | None = None) -> None:
        super().__init__(cause)
        self.gone = gone
        self.retry_after = retry_after


class Reader(Protocol):
    searches: bool  # asks the place for terms, rather than reading all of it

    def read(self, asked: Asked) -> Heard:
        """Raises NotHeard; any other exception is a bug that fails the one reading."""
        ...
