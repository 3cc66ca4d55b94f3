"""Ready answers: written, changed, and filled for one conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.inbox.models import Conversation
from conversations.knowledge.gaps import Filled, Value, filled
from conversations.knowledge.models import ReadyAnswer
from crm.access.models import Role
from crm.access.services import has_role
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.services import record
from crm.organisation.models import User
from crm.organisation.people import employee_of, employee_or_none
from crm.values import Actor

LONGEST_NAME = 60
LONGEST_TEXT = 10_000
MOST_OFFERED = 300
FIELDS = ("name", "text", "language", "unit", "shared", "active")
NAMES = (
    "first_name", "name", "agent", "agent_first_name", "subject", "channel", "unit", "today",
)  # fmt: skip


def keep(answer: ReadyAnswer, *, by: Actor, **fields: Any) -> ReadyAnswer:
    """Writes a new one, or changes one: the owner's own, a shared one also by the staff.

    Raises Invalid, Forbidden, Conflict `name_taken`.
    """
    is_new = answer._state.adding  # noqa: SLF001 - Django's own way to say so
    if is_new:
        answer.owner, answer.via = employee_of(by.user), by.via
        answer.occurred_at = timezone.now()
    elif not may_change(answer, by.user):
        raise Forbidden(_("only its owner or the staff may do this"), code="not_yours")
    for name in FIELDS:
        if name in fields:
            setattr(answer, name, fields[name])
    answer.name, answer.text = answer.name.strip().lstrip("/"), answer.text.strip()
    if not answer.name or not answer.text:
        raise Invalid(_("a ready answer has a name and a text"), code="empty")
    if len(answer.name) > LONGEST_NAME or len(answer.text) > LONGEST_TEXT:
        raise Invalid(_("the name or the text is too long"), code="too_long")
    try:
        with transaction.atomic():
            answer.save()
            record("ready_answer_written" if is_new else "ready_answer_changed", answer, by=by)
    except IntegrityError as error:
        raise Conflict(_("you have one of this name already"), code="name_taken") from error
    return answer


def may_change(answer: ReadyAnswer, user: User | None) -> bool:
    if user is None:
        return False
    return answer.owner.user_id == user.pk or (answer.shared and has_role(user, Role.STAFF))


@dataclass(frozen=True, slots=True)
class Offered:
    answer: ReadyAnswer
    filled: Filled


def offered(conversation: Conversation, user: User) -> list[Offered]:
    """What fits this conversation, filled: its unit's and its language's first."""
    fit = Q(unit=conversation.unit_id) | Q(unit=None)
    rows = ReadyAnswer.objects.visible_to(user).filter(fit, active=True)[:MOST_OFFERED]
    spoken = (conversation.language or "")[:2]
    ordered = sorted(rows, key=lambda row: (spoken != "" and row.language[:2] != spoken, row.name))
    values = values_of(conversation, user)
    return [
        Offered(row, filled(row.text, {**values, "today": partial(_today, row.language)}))
        for row in ordered
    ]


def _today(language: str) -> str:
    with translation.override(language[:2]):
        return date_format(timezone.localdate(), "DATE_FORMAT")


def values_of(conversation: Conversation, user: User) -> Mapping[str, Value]:
    """What the gaps are filled with; "" where nobody knows."""
    contact = conversation.identity.contact if conversation.identity else None
    name = contact.name.strip() if contact else ""
    if "@" in name:  # a mail without a name
        name = ""
    employee = employee_or_none(user)
    agent = employee.name if employee else user.name

    return {
        "first_name": lambda: name.split(" ")[0],
        "name": lambda: name,
        "agent": lambda: agent,
        "agent_first_name": lambda: agent.split(" ")[0],
        "subject": lambda: conversation.subject,
        "channel": lambda: conversation.channel.name,
        "unit": lambda: conversation.unit.name,
    }
