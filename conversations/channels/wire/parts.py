"""A message that its network takes piece by piece: what was taken is not sent again.

Networks know a text and a file as two messages. Where the second one fails, the first has arrived:
a second try begins with what is missing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from conversations.channels.wire.contract import File, Outbound, SendFailed, Sent, Trouble

Kept = TypeVar("Kept")
SECONDS = 15.0  # after which no further part is begun: a worker has 30 for all of it
TAKEN = "taken"  # for an id, where the network gave none


def in_parts(message: Outbound, parts: Sequence[Callable[[], str]]) -> Sent:
    """Does in order what is missing. Each part returns the network's id of it.

    Raises SendFailed with what was taken so far.
    """
    taken = [*message.parts[: len(parts)], *[""] * (len(parts) - len(message.parts))]
    end = time.monotonic() + SECONDS
    for number, part in enumerate(parts):
        if taken[number]:
            continue
        try:
            taken[number] = _begun(part, late=any(taken) and time.monotonic() > end)
        except SendFailed as failure:
            failure.parts = tuple(taken) if any(taken) else ()
            raise
    first = taken[0] if taken and taken[0] != TAKEN else ""
    return Sent(first, tuple(taken) if len(taken) > 1 else ())


def uploaded(files: Sequence[File], upload: Callable[[File], Kept]) -> list[Kept]:
    """What the network calls each, where all of them go out with one message. Nobody sees them
    yet: where they take too long, all of it is tried again. Raises SendFailed."""
    end, kept = time.monotonic() + SECONDS, list[Kept]()
    for file in files:
        if time.monotonic() > end:
            raise SendFailed("the files take too long", trouble=Trouble.PASSING)
        kept.append(upload(file))
    return kept


def _begun(part: Callable[[], str], *, late: bool) -> str:
    if late:
        raise SendFailed("the rest follows", retry_after=1.0, trouble=Trouble.PASSING)
    return part() or TAKEN
