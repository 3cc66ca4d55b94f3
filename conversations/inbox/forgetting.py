"""Deliveries of what was erased: a replay, a mailbox read anew, a doubled webhook.

They come with the provider's id of a message that is gone on purpose. They are dropped before
anybody is made known, and their raw bytes go with them: nobody is revived by them.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence, Set

from conversations.channels.claiming import Opened
from conversations.channels.models import Envelope
from conversations.channels.personal import empty_envelopes
from conversations.channels.wire.contract import Deleted, Echoed, Edited
from conversations.inbox.writing import Arrival
from crm.journal import tombstones

REMARK = "erased on request: it came once more"


def without_erased(arrivals: Sequence[Arrival]) -> tuple[list[Arrival], set[uuid.UUID]]:
    """What is left, and the envelopes that brought the others. One query."""
    asked = {_name(each) for each in arrivals if each.message.external_id}
    gone = tombstones.buried(tombstones.EXTERNAL, asked)
    if not gone:
        return list(arrivals), set()
    left = [each for each in arrivals if _name(each) not in gone]
    dropped = [each.envelope_id for each in arrivals if _name(each) in gone]
    return left, {each for each in dropped if each is not None}


def told_again(opened: Sequence[Opened]) -> set[uuid.UUID]:
    """Envelopes of edits and echoes of what was erased: who reads them drops them, and their bytes
    quote it once more. One query, where there is any such item."""
    named = {
        f"{one.channel.pk} {item.external_id[:500]}": one.id
        for one in opened
        for item in one.items
        if isinstance(item, Edited | Deleted | Echoed) and item.external_id
    }
    return {named[each] for each in tombstones.buried(tombstones.EXTERNAL, set(named))}


def remarks(envelopes: Set[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """Empties them; what else they brought is taken in by now."""
    if envelopes:
        empty_envelopes(Envelope.objects.filter(pk__in=envelopes), most=len(envelopes))
    return dict.fromkeys(envelopes, REMARK)


def _name(arrival: Arrival) -> str:
    return f"{arrival.channel.pk} {arrival.message.external_id[:500]}"
