"""A sent answer turns out wrong: it is corrected, withdrawn, or should have been escalated."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from ambassadors.governance.models import Correction, CorrectionKind
from conversations.inbox.models import Direction, Message
from conversations.inbox.rights import serves
from conversations.inbox.services import locked
from crm.errors import Conflict, Forbidden
from crm.journal.services import record
from crm.values import Actor


def correct(message: Message, *, kind: CorrectionKind, by: Actor) -> Correction:
    """Notes that a sent answer was wrong; for its author and the unit's staff. Once a kind.

    What is sent can't be called back: the customer is told by a further answer.
    """
    with transaction.atomic():
        conversation = locked(message.conversation)
        author = message.author_employee
        own = author is not None and by.user is not None and author.user_id == by.user.pk
        if by.user is None or not (own or serves(conversation, by.user)):
            raise Forbidden(_("only the unit's staff may do this"), code="staff_only")
        if message.direction != Direction.OUT or message.sent_at is None:
            raise Conflict(_("this was never sent"), code="not_sent")
        if Correction.objects.filter(message=message, kind=kind).exists():
            raise Conflict(_("this is known already"), code="known")
        correction = Correction.objects.create(
            message=message, kind=kind, via=by.via, occurred_at=timezone.now()
        )
        record("answer_corrected", message, by=by, kind=kind.value)
    return correction
