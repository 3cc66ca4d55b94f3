"""What may become of an answer that is held: it goes out, is written anew, or is dropped.

Who decides, and why, is the business of the rooms above; each of these runs within their
transaction and under their lock of the conversation. One decision wins: Conflict `decided`.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.utils.translation import gettext as _

from conversations.inbox import levels
from conversations.inbox.models import Conversation, Delivery, DeliveryState, Message, Status
from conversations.inbox.services import answered, clean, touch
from crm.errors import Conflict
from crm.organisation.models import Employee
from crm.wake import Task, wake


def release(
    conversation: Conversation, message: Message, *, text: str, approved_by: Employee, at: datetime
) -> None:
    """Queues it, in the words that were approved."""
    if conversation.status == Status.SPAM:
        raise Conflict(_("spam is not answered"), code="spam")
    _leave_held(message, DeliveryState.QUEUED, at=at)
    message.approved_by = approved_by
    _write(message, text, also=["approved_by"])
    answered(conversation, at=at)
    levels.refresh([conversation.pk])
    wake(Task.DELIVER, message.pk)


def rewrite(conversation: Conversation, message: Message, *, text: str) -> None:
    """Other words, held as before."""
    if not Delivery.objects.filter(message=message, state=DeliveryState.HELD).exists():
        raise _decided()
    _write(message, text)
    touch(conversation)


def drop(conversation: Conversation, message: Message, *, at: datetime) -> None:
    """It never goes out; what was said by others in the meantime stands."""
    _leave_held(message, DeliveryState.DROPPED, at=at)
    touch(conversation)


def _leave_held(message: Message, state: DeliveryState, *, at: datetime) -> None:
    changed = Delivery.objects.filter(message=message, state=DeliveryState.HELD).update(
        state=state, not_before=at, updated_at=at
    )
    if not changed:
        raise _decided()


def _decided() -> Conflict:
    return Conflict(_("this answer is not held any more"), code="decided")


def _write(message: Message, text: str, *, also: list[str] | None = None) -> None:
    text = clean(text) if text.strip() or not message.attachments.exists() else ""
    if message.delivery.template is not None and text != message.text:
        raise Conflict(
            _("an approved text goes out as it is, or not at all"), code="template_is_fixed"
        )
    message.text = text
    message.digest = hashlib.sha256(message.text.encode()).hexdigest()
    message.save(update_fields=["text", "digest", *(also or [])])
