"""Which files a network takes along with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Takes:
    """Which files a network takes along with an answer.

    most: files in one message. largest: bytes of one; together: of all. types: what it takes, each
    with the bytes that one of it may have ("image/*" for all of a sort); empty for anything.
    public: also where everybody reads. private: also where only few do.
    """

    most: int
    largest: int
    together: int
    types: Mapping[str, int] = field(default_factory=dict)
    public: bool = False
    private: bool = True

    def largest_of(self, kind: str) -> int:
        """Bytes that a file of this type may have; 0 where none is taken."""
        if not self.types:
            return self.largest
        sort = f"{kind.partition('/')[0]}/*"
        return min(self.largest, self.types.get(kind, self.types.get(sort, 0)))


@runtime_checkable
class Attaches(Protocol):
    """An adapter whose answers may carry files, which it declares by saying which."""

    takes: Takes


@runtime_checkable
class AttachesInPublic(Attaches, Protocol):
    """Where everybody reads, other files are taken than where few do."""

    takes_in_public: Takes
