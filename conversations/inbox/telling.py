"""Mail to colleagues about conversations: asked in, asked for, deadlines near. Each once.

The row says what is to be told (`told_at` is null): a sweep claims it, then sends. A mail lost is
better than one sent twice; the same fact stands on the conversation's page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.channels.notices import send_notice
from conversations.channels.wire.contract import Party
from conversations.inbox.models import (
    Conversation,
    Deadline,
    Direction,
    Message,
    Participant,
    ParticipantRole,
    Takeover,
    TakeoverState,
)
from crm.access.models import Role
from crm.organisation.models import User
from crm.organisation.people import in_language_of

EXCERPT = 600  # characters of the question in the mail
MOST_LISTED = 20
MOST_TOLD = 200  # rows a sweep
STALE = timedelta(hours=24)  # what could not be told for so long is no news any more


def tell_invited(*, at: datetime) -> int:
    """Tells those who were asked into a conversation. Returns how many."""
    waiting = Participant.objects.filter(invited_at__gt=at - STALE, told_at=None).select_related(
        "user", "invited_by", "conversation__channel"
    )
    told = 0
    for row in waiting[:MOST_TOLD]:
        if Participant.objects.filter(pk=row.pk, told_at=None).update(told_at=at):
            with in_language_of(row.user):
                _send(row.user, _invited_subject(row), _invited_text(row))
            told += 1
    return told


def _invited_subject(row: Participant) -> str:
    who = row.invited_by.name if row.invited_by else _("A colleague")
    return _("%(who)s asks you in: %(what)s") % {"who": who, "what": _named(row.conversation)}


def _invited_text(row: Participant) -> str:
    wanted = (
        _("You may read this one conversation and answer the customer.")
        if row.role == ParticipantRole.HELPING
        else _("You may read this one conversation and write notes that only colleagues see.")
    )
    return "\n".join(
        [_("Hello %s,") % row.user, "", wanted, "", *_question(row.conversation), "", _where(row)]
    )


def _where(row: Participant) -> str:
    return _link(row.conversation, row.user)


def tell_takeovers(*, at: datetime) -> int:
    """Tells the owner that a colleague asks, and who asked what came of it."""
    waiting = Takeover.objects.filter(occurred_at__gt=at - STALE, told_at=None).select_related(
        *("asker__user", "owner__user", "taker", "conversation__channel")
    )
    told = 0
    for row in waiting.exclude(state=TakeoverState.LAPSED)[:MOST_TOLD]:
        if Takeover.objects.filter(pk=row.pk, told_at=None).update(told_at=at):
            _tell_takeover(row)
            told += 1
    return told


def _tell_takeover(row: Takeover) -> None:
    is_owners = row.state in {TakeoverState.ASKED, TakeoverState.FORCED}
    user = (row.owner if is_owners else row.asker).user
    if user is None:
        return
    with in_language_of(user):
        names = {"asker": row.asker.name, "owner": row.owner.name, "taker": str(row.taker or "")}
        wanted = (
            _("%(asker)s asks you to hand your conversation over to %(taker)s.")
            if row.taker
            else _("%(asker)s asks to take over your conversation.")
        )
        given = (
            _("%(asker)s has given your conversation to %(taker)s.")
            if row.taker
            else _("%(asker)s has taken your conversation over.")
        )
        handed = (
            _("%(owner)s has handed the conversation over to %(taker)s.")
            if row.taker
            else _("%(owner)s has handed the conversation over to you.")
        )
        said = {
            TakeoverState.ASKED: wanted % names,
            TakeoverState.AGREED: handed % names,
            TakeoverState.REFUSED: _("%(owner)s keeps the conversation.") % names,
            TakeoverState.FORCED: given % names,
        }[TakeoverState(row.state)]
        text = "\n".join([said, "", _link(row.conversation, user)])
        _send(user, f"{said} {_named(row.conversation)}"[:200], text)


def tell_deadlines(*, at: datetime) -> int:
    """One mail a person, whatever it holds: the assignee and the unit's staff. Returns mails."""
    waiting = (
        Deadline.objects.soon(at)
        .filter(warned_at__gt=at - STALE, told_at=None)
        .select_related("conversation__assignee__user", "conversation__channel")
        .order_by("due_at")
    )
    rows = [
        row
        for row in waiting[:MOST_TOLD]
        if Deadline.objects.filter(pk=row.pk, told_at=None).update(told_at=at)
    ]
    mails: dict[int, tuple[User, list[Deadline]]] = {}
    staff = _staff({row.conversation.unit_id for row in rows})
    for row in rows:
        owner = row.conversation.assignee.user if row.conversation.assignee else None
        for user in {*staff.get(row.conversation.unit_id, ()), *([owner] if owner else [])}:
            mails.setdefault(user.pk, (user, []))[1].append(row)
    for user, found in mails.values():
        with in_language_of(user):
            _send(user, _near_subject(found), _near_text(found, user))
    return len(mails)


def _staff(units: Iterable[object]) -> dict[object, list[User]]:
    users = User.objects.filter(is_active=True, role_grants__role=Role.STAFF)
    return {
        unit: list(users.filter(Q(role_grants__unit=unit) | Q(role_grants__unit=None)).distinct())
        for unit in units
    }


def _near_subject(rows: list[Deadline]) -> str:
    if len(rows) == 1:
        return _("Due soon or late: %s") % _named(rows[0].conversation)
    words = ngettext("%s deadline is near or over", "%s deadlines are near or over", len(rows))
    return words % len(rows)


def _near_text(rows: list[Deadline], user: User) -> str:
    lines = []
    for row in rows[:MOST_LISTED]:
        due = date_format(timezone.localtime(row.due_at), "DATETIME_FORMAT")
        lines += [
            f"{_named(row.conversation)}",
            f"  {row.get_clock_display()}: {due}",
            f"  {_link(row.conversation, user)}",
            "",
        ]
    if len(rows) > MOST_LISTED:
        lines.append(_("and %s more") % (len(rows) - MOST_LISTED))
    return "\n".join(lines)


def _named(conversation: Conversation) -> str:
    return conversation.subject or _("a question on %s") % conversation.channel.name


def _question(conversation: Conversation) -> list[str]:
    message = (
        Message.objects.filter(conversation=conversation, direction=Direction.IN)
        .order_by("-occurred_at", "-pk")
        .first()
    )
    return [f"> {line}" for line in (message.text[:EXCERPT] if message else "").splitlines()]


def _link(conversation: Conversation, user: User) -> str:
    """The page in the staff's site for who may enter it, else one of the person's own pages."""
    if user.is_staff:
        page = reverse("admin:conversations_conversation_change", args=[conversation.pk])
        return f"{settings.BASE_URL}{page}"
    return f"{settings.BASE_URL}{settings.EMPLOYEE_HOME}conversations/{conversation.pk}/"


def _send(user: User, subject: str, text: str) -> None:
    send_notice(to=Party(user.email, user.name), subject=subject, text=text)
