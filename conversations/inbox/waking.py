"""What slept long enough comes back."""

from __future__ import annotations

from datetime import datetime

from conversations.inbox import levels
from conversations.inbox.models import Conversation, Status


def end_snoozes(*, at: datetime) -> int:
    """Brings back what slept long enough. Returns how many."""
    sleeping = Conversation.objects.filter(status=Status.SNOOZED, snoozed_until__lte=at)
    woken = list(sleeping.values_list("pk", flat=True))
    count = sleeping.filter(pk__in=woken).update(
        status=Status.OPEN, snoozed_until=None, updated_at=at
    )
    levels.refresh(woken, at=at)
    return count
