"""What a reader has seen of a conversation, as a tag that changes with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation, Direction
from crm.errors import Conflict, Stale

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def tag(conversation: Conversation) -> str:
    """The count of writes by people, and the instant of the last change of any kind."""
    return f"{conversation.version}-{(conversation.updated_at - _EPOCH) // _MICROSECOND}"


def must_match(conversation: Conversation, if_match: str) -> None:
    """RFC 9110, If-Match, on the locked row: Stale `changed` when it names another state."""
    named = [each.strip() for each in if_match.split(",")]
    if "*" not in named and f'"{tag(conversation)}"' not in named:
        raise Stale(_("the conversation has changed since you read it"), code="changed")


def must_have_seen(conversation: Conversation, seen: str) -> None:
    """Before an answer goes out, on the locked row. `seen`: a tag, or its first number alone.

    Raises Conflict `changed` when a colleague acted since, `customer_wrote` when they wrote.
    """
    version, _dash, changed = seen.partition("-")
    if version != str(conversation.version):
        raise Conflict(_("somebody wrote meanwhile"), code="changed")
    if not (changed.isascii() and changed.isdigit()):
        return
    since = datetime.fromtimestamp(0, UTC) + int(changed[:17]) * _MICROSECOND
    if conversation.messages.filter(direction=Direction.IN, occurred_at__gt=since).exists():
        raise Conflict(
            _("the customer has written since you began; your text is kept"), code="customer_wrote"
        )
